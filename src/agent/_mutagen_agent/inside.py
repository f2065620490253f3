"""Python processes that a test starts: they find us by a sitecustomize of ours, and get the mutant, or tell which lines they run."""
import json
import os

from . import forks

# In front of PYTHONPATH. Must parse on any Python; the sitecustomize that would have been found otherwise still is.
SITE = '''import os, sys
here = os.path.dirname(os.path.abspath(__file__))
try:
    job = os.environ.get("MUTAGEN_INSIDE")
    if job and sys.version_info >= (3, 8) and os.path.exists(job):
        sys.path.insert(0, %r)
        try:
            from _mutagen_agent import inside
        finally:
            del sys.path[0]
        inside.begin(job)
except Exception:
    pass
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
del sys.modules["sitecustomize"]
import sitecustomize  # where there is no other, that error is the one which `site` expects, and is silent about
'''


def install(scratch):
    """Writes the sitecustomize; the folder that has to be on PYTHONPATH."""
    folder = os.path.join(scratch, "site")
    path = os.path.join(folder, "sitecustomize.py")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        with open(path, "w") as file:
            file.write(SITE % os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return folder


SEEN = "inside.seen"


class Beside:
    """In the process that runs tests: what its own children are told, and what they answered."""

    def __init__(self, job, folder=""):
        folder = folder or forks.child_folder(os.getpid())
        self.job, self.seen, self.read_to = os.path.join(folder, "inside.json"), os.path.join(folder, SEEN), 0
        with open(self.job, "w") as file:
            json.dump(dict(job, seen=self.seen), file)
        os.environ["MUTAGEN_INSIDE"] = self.job

    def answers(self):
        """What came since the last time."""
        try:
            with open(self.seen) as file:
                file.seek(self.read_to)
                text = file.read()
                self.read_to = file.tell()
        except OSError:
            return []
        return [json.loads(line) for line in text.splitlines() if line]


def begin(path):
    """In a process that a test has started."""
    from . import mutation, trace, wire

    with open(path) as file:
        job = json.load(file)
    seen = wire.out_of_reach(os.open(job["seen"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))

    def tell(what):
        try:
            os.write(seen, json.dumps(what).encode("ascii") + b"\n")
        except OSError:
            pass  # closed by the code under test: what it runs from now on is not known

    if job.get("mutation"):
        mutation.Mutation(job["mutation"], lambda: tell(1)).install()
        return
    collector = trace.LineCollector(job["files"], os.path.realpath)
    collector.relay(tell)
    collector.start()
