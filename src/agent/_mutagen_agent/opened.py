"""Which files a test looks into, by an audit hook: what it depends on beside code."""
import os
import sys

from . import bytecode, shared_files
from .needs import CONNECTS

PROCESSES = frozenset(("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"))
MOST = 2000
WRITTEN = "\0written"  # among the paths: the copy is written to


class Opened:
    """Paths on a stack of sets, as the lines are: the innermost gets them, and gives them on when it is popped. Folders end with "/"."""

    def __init__(self, repo, scratch, needs=None):
        """`needs`: needs.Needs, which hears of connections through the same hook: a second one would be called for every event, too."""
        self.needs = needs
        self.repo, self.scratch = os.path.realpath(repo), os.path.realpath(scratch)
        skipped = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, "/proc", "/sys", "/dev", self.scratch}
        self.skipped = tuple(os.path.realpath(path).rstrip("/") + "/" for path in skipped)
        self.stack, self.wide, self.active, self.installed = [set()], False, False, False
        self.connects = False  # since it was last set to False: something was asked of another address
        self.known = {}
        self.files = shared_files.Files(repo, scratch)

    def start(self):
        self.active = True
        self.install()

    def install(self):
        if not self.installed:
            self.installed = True
            sys.addaudithook(self.hook)  # there is no way to take it off again

    def watch_writes(self, on_write):
        """From now on in this process: called with a path of the copy before it is written to."""
        self.install()
        self.files.on_write = on_write

    def hook(self, event, args):
        if event in shared_files.WATCHED and self.files.on_write is not None:
            active, self.active = self.active, False  # it may keep the whole copy aside: no test has opened that
            try:
                self.files.hear(event, args)
            finally:
                self.active = active
        if event in CONNECTS:
            self.connects = True
            if self.needs is not None:
                self.needs.hear(event, args)
        if not self.active or event == "object.__getattr__":  # the most frequent one by far while lines are traced
            return
        if event in ("open", "sqlite3.connect", "os.truncate"):
            self.note(args[0], "")
        elif event in ("os.listdir", "os.scandir"):
            self.note("." if args[0] is None else args[0], "/")
        elif event in PROCESSES:
            self.wide = True

    def note(self, path, end):
        if isinstance(path, int):
            return
        try:
            path = os.fsdecode(path)
            if not os.path.isabs(path):
                path = os.path.join(os.getcwd(), path)
            key = path + end
            if key not in self.known:
                self.known[key] = self.name(path, end)
            if self.known[key]:
                self.stack[-1].add(self.known[key])
        except Exception:
            return  # a path that is none fails where it is used

    def name(self, path, end):
        real = os.path.realpath(path)
        if real == self.repo or real.startswith(self.repo + "/"):
            return os.path.relpath(real, self.repo) + end
        return "" if (real + "/").startswith(self.skipped) or bytecode.is_of_the_user(real) else real + end

    def push(self):
        self.stack.append(set())

    def pop(self):
        paths = self.stack.pop()
        self.stack[-1] |= paths
        return paths

    def take(self):
        """All paths since the last time, and whether that may not be all: other processes were started."""
        paths, self.stack = self.stack[0], [set()]
        wide, self.wide = self.wide or len(paths) > MOST, False
        return paths, wide


def listed(paths):
    return [path for path in sorted(paths)[:MOST] if path.isprintable()]


def read_on_import(paths):
    """Without code: that is known by its imports."""
    return listed(path for path in paths if not path.endswith((".py", ".pyc", ".so", ".pth", "/")))
