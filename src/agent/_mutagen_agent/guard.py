"""Holds a fork still while it runs unknown calls: limits of time, no effects outside its own folder, no input, a clock that is watched."""

import datetime
import io
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import types

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = frozenset((
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn",
    "os.kill", "os.killpg", "signal.pthread_kill", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "socket.getnameinfo", "socket.sendto", "socket.sendmsg", "webbrowser.open", "urllib.Request",
    "http.client.connect", "ftplib.connect", "smtplib.connect", "ctypes.dlsym", "ctypes.call_function", "builtins.input",
    "builtins.breakpoint", "resource.setrlimit", "syslog.syslog", "_thread.start_new_thread", "_thread.start_joinable_thread",
    "os.chflags", "os.lchflags",
))
# Arguments that are paths, and the place of the dir_fd that goes with each (None = there is none).
PATHS = {
    "os.remove": ((0, 1),), "os.rmdir": ((0, 1),), "os.mkdir": ((0, 2),), "os.rename": ((0, 2), (1, 3)), "os.link": ((0, 2), (1, 3)),
    "os.symlink": ((1, 2),), "os.truncate": ((0, None),), "os.chmod": ((0, 2),), "os.chown": ((0, 3),), "os.utime": ((0, 3),),
    "os.setxattr": ((0, None),), "os.removexattr": ((0, None),), "os.chdir": ((0, None),), "shutil.rmtree": ((0, 1),),
    "sqlite3.connect": ((0, None),),
}
LISTINGS = frozenset(("os.listdir", "os.scandir"))
CLOCK_NAMES = ("now", "today", "utcnow")
HERE = "current"
BLOCKED_CALLS = 2  # of one fork: then others that wait like them are given up early
BLOCKED_SECONDS = 0.1
HARD_LIMIT = int(signal.SIGVTALRM)
OTHER_TIME = 86400.0 * 4321 + 12345.678  # how far the second run's time.time() is from the first one's


class Stopped(BaseException):
    """A limit was passed. Nothing under test may mistake it for an exception of its own."""


class Denied(BaseException):
    """An effect that must not happen."""


class NoInput(io.TextIOBase):
    def __init__(self, guard):
        self.guard = guard

    def readable(self):
        return True

    def read(self, size=-1):
        self.guard.deny("standard input")

    readline = read

    def fileno(self):
        raise io.UnsupportedOperation("fileno")


class Guard:
    """One a fork; `spoilt` says why the current call's outcome cannot be trusted."""

    def __init__(self, scratch):
        self.spoilt = ""
        self.armed = False
        self.timed_out = False
        self.blocked = 0  # calls that were waiting for something when their time was over
        self.moved = False
        self.home = os.path.realpath(tempfile.gettempdir())
        self.here = os.path.join(self.home, HERE, "")  # where calls are made: stands for any folder that tests may be run in
        self.roots = tuple({os.path.join(os.path.realpath(root), "") for root in (scratch, self.home) if root})

    def install(self):
        os.makedirs(self.here, exist_ok=True)
        os.chdir(self.here)
        sys.stdin = NoInput(self)
        signal.signal(signal.SIGPROF, self.on_limit)
        signal.signal(signal.SIGALRM, self.on_limit)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)  # the hard limit: ends the fork even inside C code
        for name in ("mkfifo", "mknod"):  # raise no audit event
            setattr(os, name, lambda *args, **kwargs: self.deny("special file"))
        for name in ("_start_new_thread", "_start_joinable_thread"):  # audited in new versions only
            if hasattr(threading, name):
                setattr(threading, name, lambda *args, **kwargs: self.deny("thread"))
        sys.addaudithook(self.on_event)

    def arm(self, cpu, wall, patience=None):
        """`patience`: seconds after which a call that is found waiting is given up."""
        if patience is None:
            patience = BLOCKED_SECONDS if self.blocked >= BLOCKED_CALLS else wall
        self.spoilt, self.timed_out, self.armed = "", False, True
        self.begun, self.used, self.naps, self.wall = time.monotonic(), time.process_time(), naps(), wall
        signal.setitimer(signal.ITIMER_PROF, cpu, 0.01)  # again and again: a bare `except:` may swallow it
        signal.setitimer(signal.ITIMER_VIRTUAL, 2 * cpu + 0.5)
        signal.setitimer(signal.ITIMER_REAL, min(patience, wall), 0.1)

    def disarm(self):
        self.armed = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self.moved:
            self.moved = False
            os.chdir(self.here)

    def on_limit(self, number, frame):
        if not self.armed:
            return
        passed = time.monotonic() - self.begun
        waiting = number == signal.SIGALRM and naps() > self.naps and time.process_time() - self.used < passed / 10
        if number == signal.SIGALRM and passed < self.wall and not waiting:
            return
        self.blocked += waiting
        self.spoilt, self.timed_out = "waits" if waiting else "limit", True
        raise Stopped()

    def deny(self, what):
        self.spoilt = what
        raise Denied(what)

    def on_event(self, event, args):
        if event == "open":
            self.on_open(*args)
        elif not self.armed:
            return
        elif event in FORBIDDEN or (event == "ctypes.dlopen" and args and args[0]):
            self.deny(event)
        elif event in LISTINGS:
            if self.is_above(args[0]):
                self.deny("a folder of this machine")
        elif event in PATHS:
            for path, folder in PATHS[event]:
                if not self.inside(args[path], args[folder] if folder is not None and folder < len(args) else -1, event == "os.chdir"):
                    self.deny(event)
            self.moved = self.moved or event == "os.chdir"

    def on_open(self, path, mode, flags):
        if not self.armed or not isinstance(path, (str, bytes, os.PathLike)):
            return
        if (isinstance(flags, int) and flags & WRITING) or (isinstance(mode, str) and set(mode) & set("wax+")):
            if not self.inside(path, -1) and os.fsdecode(path) != os.devnull:
                self.deny("open")

    def is_above(self, path):
        """The folders around ours: what is in them is this machine's, other forks' folders among it. Importing looks into those on sys.path."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        full = os.path.realpath(os.fsdecode(path) or ".")
        folder = os.path.join(full, "")
        return folder != self.here and self.here.startswith(folder) and full not in map(os.path.realpath, sys.path)

    def inside(self, path, folder, entering=False):
        """Whether this may be changed: temporary files that the call makes for itself. The current folder is the user's when the test is run:
        a file that is written there stays there, and one that stands there makes another outcome."""
        if isinstance(path, int):
            path = "/proc/self/fd/%d" % path
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        path = os.fsdecode(path)
        if path == ":memory:":
            return True
        if isinstance(folder, int) and folder >= 0:
            path = os.path.join("/proc/self/fd/%d" % folder, path)
        parent, name = os.path.split(os.path.abspath(path) if "/proc/self/fd" not in path else path)
        full = os.path.join(os.path.realpath(parent), name)
        if os.path.islink(full) and name:
            full = os.path.realpath(full)
        full = os.path.join(full, "")
        return full.startswith(self.roots) and (entering or not full.startswith(self.here))


def naps():
    """How often this process has gone to sleep by itself; one that only finds no processor has not."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def other_world(modules):
    """What must not matter, made different in the second run: random numbers, the command line, the time module's clock, where new objects lie."""
    random.seed(987654321)
    sys.argv[1:] = ["--no-such-option"]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None and hasattr(numpy, "seed"):
        numpy.seed(987654321)
    later = lambda real=time.time: real() + OTHER_TIME  # noqa: E731
    clocks = {"time": later, "time_ns": lambda: int(later() * 1e9), "strftime": lambda form, *at, real=time.strftime: real(form, *(at or [moved["gmtime"]()]))}
    for name in ("localtime", "gmtime", "ctime"):
        clocks[name] = lambda at=None, real=getattr(time, name): real(later() if at is None else at)
    moved = dict(clocks)
    for name, clock in clocks.items():
        real = getattr(time, name)
        for module in [time] + modules:
            for key, value in list(vars(module).items()):
                if value is real:
                    setattr(module, key, clock)
    return [bytearray(size) for size in range(16, 4096, 8)] + [object() for _ in range(999)]


class Tables:
    """Lists and sets of the repo's modules. A call that changes one would spoil its neighbours: it is told, and undone."""

    def __init__(self, modules):
        found = {id(value): value for module in modules for value in list(vars(module).values()) if type(value) in (list, set)}
        self.tables = [table for table in found.values() if len(table) <= 5000][:200]
        self.copies = [table.copy() for table in self.tables]
        self.lengths = [len(table) for table in self.tables]

    def were_changed(self):
        if [len(table) for table in self.tables] == self.lengths:
            return False
        for table, copy in zip(self.tables, self.copies):
            table.clear()
            table.extend(copy) if type(table) is list else table.update(copy)
        return True


_real = {}


def modules_of(repo):
    """Loaded modules whose file stands in the repo."""
    prefix = os.path.join(os.path.realpath(repo), "")
    files = [(module, getattr(module, "__file__", None)) for module in list(sys.modules.values())]
    files = [(module, file) for module, file in files if isinstance(file, str)]
    for _module, file in files:
        if file not in _real:
            _real[file] = os.path.realpath(file)
    return [module for module, file in files if _real[file].startswith(prefix)]


def code_of(member):
    try:
        return getattr(getattr(member, "__func__", member), "__code__", None)
    except Exception:
        return None  # a stand-in for something that is not there now, as Flask's `request`


def needs_watch(modules):
    """Whether the modules know datetime, hash or id at all; only then is every call of C code looked at."""
    known = [datetime, datetime.datetime, datetime.date]
    for module in modules:
        for value in list(vars(module).values()):
            if any(value is thing for thing in known):
                return True
            members = list(vars(value).values()) if issubclass(type(value), type) else [value]
            codes = [code_of(member) for member in members]
            if any({"hash", "id", "__hash__"} & set(code.co_names) for code in codes if isinstance(code, types.CodeType)):
                return True
    return False


def watcher(guard, screen):
    """A profile function: asking datetime for the current moment spoils a call; large numbers of one that hashes are not to be asserted."""
    def on_profile(frame, event, arg):
        if event != "c_call":
            return
        if arg is hash or arg is id or arg.__name__ == "__hash__":
            screen.hashed = True
        elif arg.__name__ in CLOCK_NAMES:
            owner = getattr(arg, "__self__", None)
            if isinstance(owner, type) and issubclass(owner, datetime.date):
                guard.spoilt = "clock"
    return on_profile
