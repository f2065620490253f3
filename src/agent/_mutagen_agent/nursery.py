"""A process that has imported pytest, its plugins and other people's modules, but nothing of the repo: new interpreters, a fork each.

The zygote starts it and holds the other end of a socket of whole messages: the path of a job, the pipe for its records, and a pipe for how
it ended. The child that asks stands for the job: its process group, its folder, its deadline, its end."""
import array
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from . import forks, wire

STARTED, REFUSED = b"+", b"-"
READY_SECONDS = 60.0


# ---- the zygote's side ----


def start(host):
    """(socket, "") of a nursery that can be trusted, else (None, why not)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    package = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(host.scratch, "nursery.json")
    with open(path, "w") as file:
        json.dump({"start": host.settings, "modules": others(host), "rewritten": rewritten(), "environ_changed": environ_changed()}, file)
    null = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        subprocess.Popen([sys.executable, package, "nursery", path, str(theirs.fileno())], env=forks.settings["environ"], pass_fds=[theirs.fileno()], **null)
    except OSError as exc:
        return None, str(exc)
    theirs.close()
    ours.settimeout(READY_SECONDS)
    try:
        said = json.loads(ours.recv(1 << 16).decode("ascii") or '{"problem": "it ended by itself"}')
    except (OSError, ValueError) as exc:
        said = {"problem": str(exc) or type(exc).__name__}
    ours.settimeout(None)
    if said["problem"]:
        ours.close()
        return None, said["problem"]
    wire.private_fds.add(ours.fileno())
    return ours, ""


def others(host):
    """[[name, file]] of what the zygote has loaded from outside the repo, in its order."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and getattr(module, "__name__", None) == name and not name.startswith(("_mutagen_agent", "__main__")):
            if not in_repo(host.repo, host.settings, file):
                found.append([name, os.path.realpath(file)])
    return found


def in_repo(repo, settings, file):
    real = os.path.realpath(file)
    return any(real.startswith(os.path.realpath(root) + os.sep) for root in (repo, settings.get("original")) if root)


def rewritten():
    return [name for name, module in list(sys.modules.items()) if is_rewritten(module)]


def is_rewritten(module):
    return type(getattr(module, "__loader__", None)).__name__ == "AssertionRewritingHook"


def environ_changed():
    """What the repo sets while it is imported may be what a module reads while it is: names, to be told."""
    before = forks.settings["environ"]
    own = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION")
    return sorted(name for name in set(before) | set(os.environ) if before.get(name) != os.environ.get(name) and name not in own)


# ---- the side of the child that stands for a job ----


def become(sock, path, emit):
    """Has the job run by a fork of the nursery and ends as that does. Comes back only when it cannot be run there."""
    reader, writer = os.pipe()
    pipe, mark = emit.pipe
    message = json.dumps({"path": path, "mark": mark.decode("ascii"), "group": os.getpid(), "environ": job_environ()}).encode("ascii")
    try:
        sock.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pipe, writer]).tobytes())])
    except OSError:
        os.close(writer)
        return
    os.close(writer)
    sock.close()
    said = b""
    while True:
        piece = os.read(reader, 64)
        if not piece:
            break
        said += piece
    os.close(reader)
    if not said.startswith(STARTED):
        return
    status = said[1:].split(b"\n")[0]
    number = int(status) if status.isdigit() else signal.SIGKILL
    if number:
        signal.signal(number, signal.SIG_DFL) if number not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), number)
    os._exit(0)


def job_environ():
    return {name: os.environ[name] for name in ("TMPDIR", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT") if name in os.environ}


# ---- the nursery ----


def main(path, fd):
    os.set_inheritable(int(fd), False)
    sock = socket.socket(fileno=wire.out_of_reach(int(fd)))
    forks.die_with_parent()
    with open(path) as file:
        what = json.load(file)
    try:
        problem = prepare(what)
    except BaseException as exc:
        problem = "%s: %s" % (type(exc).__name__, wire.one_line(exc))
    sock.send(json.dumps({"problem": problem}).encode("ascii"))
    if problem:
        os._exit(0)
    gc.collect()
    gc.freeze()
    Nursery(sock).serve()
    os._exit(0)


def prepare(what):
    """Imports; why the outcome cannot be trusted, or an empty text."""
    from . import zygote

    for part in ("baseline", "collect", "fresh", "host", "mutant"):
        importlib.import_module("_mutagen_agent." + part)
    settings = what["start"]
    zygote.settle(settings, inside=True)
    problem = warm_up_pytest(settings)
    if problem:
        return problem
    if what["environ_changed"]:
        return "importing the tests changes the environment (%s)" % ", ".join(what["environ_changed"][:3])
    problem = import_others(what["modules"], set(what["rewritten"]))
    return problem or check(settings, what["modules"], set(what["rewritten"]))


def warm_up_pytest(settings):
    """A whole session of pytest in an empty folder: its plugins come in as they always do, rewritten, and the repo's options and conftests do not."""
    import pytest

    from . import collect

    folder = os.path.join(settings["scratch"], "nursery")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "pytest.ini"), "w") as file:
        file.write("[pytest]\n")
    with open(os.path.join(folder, "test_of_nursery.py"), "w") as file:
        file.write("def test_nothing(): assert 1\n")
    paths, modules = list(sys.path), set(sys.modules)
    os.chdir(folder)
    try:
        arguments = collect.arguments([folder], False, folder, settings["scratch"], int(settings.get("seed") or 0))
        code = int(pytest.main(arguments + ["--collect-only"], plugins=[]))
    finally:
        os.chdir(settings["repo"])
        sys.path[:] = paths
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("test_of_nursery", "conftest"):
        if name not in modules:
            sys.modules.pop(name, None)
    sys.path_importer_cache.clear()
    return "pytest with its plugins alone ends with code %d" % code if code else ""


def import_others(modules, rewritten):
    for name, _file in modules:
        if name in sys.modules or name in rewritten:
            continue
        try:
            importlib.import_module(name)
        except BaseException as exc:
            return "%s cannot be imported by itself (%s)" % (name, type(exc).__name__)
    return ""


def check(settings, modules, rewritten):
    from . import collect

    known = dict(modules)
    if collect.thread_count() > 1:
        return "an installed module starts threads when it is imported"
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or getattr(module, "__name__", None) != name or name.startswith(("_mutagen_agent", "__main__")):
            continue
        if in_repo(settings["repo"], settings, file):
            return "an installed module imports %s of the repo" % name
        if name not in known and not is_standard(file) and name.split(".")[0] not in ("_pytest", "pytest"):
            return "%s is loaded only where the repo's options are not read" % name
        if name in known and known[name] != os.path.realpath(file):
            return "the repo brings a %s of its own" % name
        if name in rewritten and not is_rewritten(module):
            return "%s is loaded before pytest can rewrite it" % name
    return ""


def is_standard(file):
    real = os.path.realpath(file)
    return real.startswith(os.path.realpath(os.path.dirname(os.__file__)) + os.sep) and "site-packages" not in real and "dist-packages" not in real


class Nursery:
    def __init__(self, sock):
        self.sock = sock
        self.ends = {}  # pid -> the pipe for how it ended

    def serve(self):
        alarm, tell = os.pipe()
        for fd in (alarm, tell):
            os.set_blocking(fd, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        self.own = [alarm, tell]
        poll = select.poll()
        for fd in (alarm, self.sock.fileno()):
            poll.register(fd, select.POLLIN)
        while True:
            for fd, _event in poll.poll():
                if fd == alarm:
                    self.drain(alarm)
                elif not self.take():
                    return
            self.reap()

    def drain(self, fd):
        try:
            while os.read(fd, 4096):
                pass
        except BlockingIOError:
            pass

    def take(self):
        message, ancillary, _flags, _address = self.sock.recvmsg(1 << 16, socket.CMSG_SPACE(2 * array.array("i").itemsize))
        numbers = array.array("i")
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
        if not message:
            return False
        writer, end = numbers
        job = json.loads(message.decode("ascii"))
        pid = os.fork()
        if pid == 0:
            try:
                self.child(job, writer, end)
            finally:
                os._exit(1)
        os.close(writer)
        self.ends[pid] = end
        return True

    def reap(self):
        while self.ends:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            end = self.ends.pop(pid, -1)
            if end >= 0:
                try:
                    os.write(end, b"%d\n" % (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0))
                except OSError:
                    pass  # nobody waits any more
                os.close(end)

    def child(self, job, writer, end):
        from . import fresh

        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGPROF, signal.SIGALRM, signal.SIGVTALRM, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for fd in self.own + list(self.ends.values()):
            os.close(fd)
        self.sock.close()
        forks.die_with_parent()
        os.setpgid(0, job["group"])  # who kills the one that asked kills us; when that one has gone, so do we
        os.write(end, STARTED)
        os.close(end)
        writer = wire.out_of_reach(writer)
        os.environ.update(job["environ"])
        tempfile.tempdir = None
        random.seed()
        forks.settings["environ"].update(job["environ"])
        if forks.settings["memory_limit_mb"]:
            size = int(forks.settings["memory_limit_mb"]) << 20
            forks.resource.setrlimit(forks.resource.RLIMIT_AS, (size, size))
        importlib.invalidate_caches()
        with open(job["path"]) as file:
            task = json.load(file)

        def run(emit):
            emit({"nursery": 1})
            fresh.run(task, emit, settled=True)

        forks.report(run, writer, job["mark"].encode("ascii"))
