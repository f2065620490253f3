"""A second process compiles test files from the last to the first while pytest imports them from the first to the last: rewriting their asserts
takes longer than importing them, and a run starts without byte code of its own. Where it is not there in time, pytest does it as ever."""
import fnmatch
import os
import pathlib
import signal
import sys
import time
import warnings

from . import collect, forks, shared_files

LEAST_BYTES = 30000  # together: less is done before a process has started
MOST_FILES = 20000
SETTLED_SECONDS = 3.0  # a file that was changed a moment ago may change again within the second by which byte code is known to fit


class Ahead:
    def __init__(self, parts=()):
        """`parts`: of only.py, where a part of the tests is collected."""
        self.parts, self.pid = parts, 0

    def start(self, session):
        """Before collection. What is known of pytest's inside is used by the process alone: it fails there."""
        if sys.dont_write_bytecode or len(os.sched_getaffinity(0)) < 2 or collect.thread_count() > 1:
            return
        forks.flush()
        parent = os.getpid()
        try:
            files = [(path, size) for path, size in test_files(session.config) if not any(part.leaves_out(path) for part in self.parts)]
            if sum(size for _path, size in files) < LEAST_BYTES:
                return
            self.pid = os.fork()
        except Exception:  # a file that has just gone, a value in the configuration that pytest is about to complain of
            return
        if self.pid == 0:
            try:
                sys.settrace(None)
                forks.stand_apart()
                if os.getppid() == parent:  # it was there to be died with
                    compile_all([path for path, _size in reversed(files)], session.config)
            finally:
                os._exit(0)

    def stop(self):
        if not self.pid:
            return
        try:
            if not forks.has_exited(self.pid):  # or the repo's code has waited for it: then its number may be another process's
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except OSError:
            pass
        self.pid = 0


def test_files(config):
    """(path, size) of what pytest will most likely collect, in about its order. A folder whose conftest.py is still to come is left out: it may
    change what compiling comes to."""
    patterns, unwanted = config.getini("python_files"), config.getini("norecursedirs")
    loaded = {getattr(plugin, "__file__", None) for plugin in config.pluginmanager.get_plugins()}
    count = 0
    for place in dict.fromkeys(str(arg).split("::")[0] for arg in config.args):
        for folder, folders, names in os.walk(os.path.abspath(place)):
            folders[:] = sorted(name for name in folders if name[:1] not in "._" and name not in shared_files.PRIVATE
                                and not any(fnmatch.fnmatch(name, pattern) for pattern in unwanted)
                                and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg")))
            conftest = os.path.join(folder, "conftest.py")
            if os.path.exists(conftest) and conftest not in loaded:
                folders[:] = []
                continue
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.endswith(".py") and any(fnmatch.fnmatch(name, pattern) for pattern in patterns) and count < MOST_FILES:
                    count += 1
                    about = os.stat(path)
                    if about.st_mtime < time.time() - SETTLED_SECONDS:
                        yield path, about.st_size


class Quiet:
    @staticmethod
    def trace(_text):
        pass


def compile_all(paths, config):
    from _pytest.assertion import rewrite

    warnings.simplefilter("error")  # what compiling warns of, pytest is to be warned of
    for path in paths:
        path = pathlib.Path(path)
        folder = rewrite.get_cache_dir(path)
        kept = folder / (path.name[:-3] + rewrite.PYC_TAIL)
        if kept.exists() or rewrite._read_pyc(path, kept) is not None:
            continue
        try:
            about, code = rewrite._rewrite_test(path, config)
        except Exception:
            continue  # pytest will meet it, too
        os.makedirs(str(folder), exist_ok=True)
        rewrite._write_pyc(Quiet, code, about, kept)
