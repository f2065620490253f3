"""The process that has imported and collected, and has run no test: everything else is forked from it."""
import os
import platform
import random
import select
import signal
import sys
import time

from . import forks, paths, slots, wire

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "POLARS_MAX_THREADS")


class Zygote:
    def __init__(self, channel):
        self.channel = channel
        self.host = None
        self.listener = None
        self.redirection = None
        self.sessions = set()

    def main(self):
        request = self.expect("start")
        self.answer(request, prepare(request, self))
        request = self.expect("collect")
        kind, text, addopts = self.collect(request)
        self.answer(request, dict(wire.failure(kind, text), addopts=addopts))
        self.leave()

    def expect(self, operation):
        while True:
            request = self.channel.receive()
            if request is None:
                self.leave()
            if request.get("op") == operation:
                return request
            self.answer(request, wire.failure("protocol", "expected %s" % operation))

    def answer(self, request, answer):
        answer.setdefault("ok", True)
        answer["id"] = request.get("id")
        self.channel.send(answer)

    def collect(self, request):
        """Runs pytest, whose loop becomes ours. Comes back only when pytest gave up before: (kind, text, what it would take of the repo's addopts)."""
        import pytest

        from . import ahead, collect, host, only

        settings = self.start
        part = only.plugins(settings["repo"], request.get("only"))
        plugin = collect.Plugin(lambda session: self.loop(session, request), self.teller(request))
        plugin.ahead = ahead.Ahead(part)
        self.host = host.Host(settings, plugin)
        self.host.keep_addopts = request.get("keep_addopts", True)
        arguments = collect.arguments(
            request.get("args") or [], request.get("keep_addopts", True), settings["repo"], settings["scratch"], self.host.seed
        )
        heard = self.listener = Listener(sys.stderr)
        try:
            watch = request.get("watch") or None
            self.host.imported.on(watch and {os.path.realpath(os.path.join(settings["repo"], file)) for file in watch})  # until the loop begins
            self.host.threads.on()
            self.host.opened.start()
            self.host.needs.start()
            self.began = time.process_time()
            code = int(pytest.main(arguments, plugins=[plugin] + part))
        except BaseException as exc:
            refused = isinstance(exc, ImportError) and "Error importing plugin" in str(exc)  # -p in the repo's own options
            return "usage" if refused else "collect", "%s: %s" % (type(exc).__name__, exc), ""
        text = plugin.internal or heard.said() or "pytest ended with code %d before it ran anything" % code
        kind = "usage" if code == 4 and "conftest" not in text else "collect"
        return kind, text.replace(settings["repo"] + os.sep, ""), collect.without_refused(plugin.addopts, heard.heard)

    def teller(self, request):
        """Tells mutagen which file is being imported: it may end or hang this process, and then only the other end can say so."""
        from . import collect

        owner, last = os.getpid(), [""]

        def tell(path):
            self.host.threads.importing(path)
            if path != last[0] and os.getpid() == owner:
                last[0] = path
                self.channel.send({"id": request.get("id"), "event": "importing", "file": path and collect.relative(path, self.host.repo)})

        return tell

    def loop(self, session, request):
        try:
            self.listener.stop()
            self.serve(session, request)
        except BaseException:
            wire.log_exception()
        self.leave()

    def serve(self, session, request):
        from . import baseline, collect, mutant, nursery, opened, trace, workers

        host = self.host
        host.plugin.importing = None
        if host.plugin.ahead is not None:
            host.plugin.ahead.stop()
        host.plugin.ahead = None  # a session collects files of its own
        host.imported.off()
        host.threads.off()
        host.opened.active = host.needs.active = False
        read, _wide = host.opened.take()
        host.collect_seconds = time.process_time() - self.began
        host.adopt(session)
        notes = self.redirection.strays() + host.find_unforkable()
        mutant.warm_up()
        trace.know_modules()
        if host.settings.get("static"):
            host.importers(".")  # reads every file once, for all sessions
            host.nursery, why_not = nursery.start(host)
            if why_not:
                notes.append("Each mutant of what runs on import needs a new interpreter, several times slower: %s." % why_not)
        random.seed(host.seed)
        host.files.begin()
        host.fixtures.apart = host.files.writers
        host.freeze()
        host.workers = workers.Farm(host)
        tests = collect.describe_items(host.items, host.repo)
        imported = {collect.relative(path, host.repo): lines for path, lines in host.imported.all_lines().items()}
        self.answer(request, {
            "tests": tests, "errors": host.plugin.errors, "notes": notes, "threads": collect.thread_count(), "tests_dir": host.tests_dir(),
            "opened": opened.read_on_import(read), "imported": imported, "asked": host.needs.take()[1],
        })
        host.workers.open_again()
        while True:
            request = self.channel.receive()
            if request is None:
                return
            if request.get("op") == "baseline":
                baseline.Baseline(request, host, self.channel).run()
            elif request.get("op") == "session":
                self.answer(request, self.fork_session())
            else:
                self.answer(request, wire.failure("protocol", "unknown operation %s" % request.get("op")))
            self.reap()

    def fork_session(self):
        from . import session

        self.host.look()

        fd = self.channel.take_fd()
        if fd < 0:
            return wire.failure("protocol", "no descriptor came with the request")
        forks.flush()
        pid = os.fork()
        if pid == 0:
            try:
                session.start(fd, self.host)
            except BaseException:
                wire.log_exception()
            finally:
                os._exit(1)
        os.close(fd)
        self.sessions.add(pid)
        return {"pid": pid}

    def reap(self):
        for pid in list(self.sessions):
            try:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self.sessions.discard(pid)
            except ChildProcessError:
                self.sessions.discard(pid)

    def leave(self):
        """Sessions get a moment to kill their own children and to put files back."""
        for number, patience in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 0.2)):
            end = time.monotonic() + patience
            self.reap()
            for pid in self.sessions:
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
            while self.sessions and time.monotonic() < end:
                select.select([], [], [], 0.005)
                self.reap()
        if self.host is not None and self.host.workers is not None:
            self.host.workers.close()
        forks.flush()
        os._exit(0)


class Listener:
    """Hears what pytest writes to sys.stderr while it parses its arguments and collects: what it says last is the error for the user. The stream itself
    stays where it is: modules keep it, and compare."""

    def __init__(self, stream):
        self.stream, self.heard, self.original = stream, "", stream.write
        stream.write = self.write

    def write(self, text):
        self.heard = (self.heard + text)[-8000:]
        return self.original(text)

    def stop(self):
        del self.stream.write

    def said(self):
        lines = self.heard.splitlines()
        broken = [line for line in lines if line.startswith("ImportError while loading conftest")]
        causes = [line[1:].strip() for line in lines if line.startswith("E ")]
        if broken and causes:
            return "%s: %s" % (broken[0].rstrip("."), causes[-1])
        for line in [line for line in lines if ": error: " in line] + lines:
            if "rror" in line:
                return wire.one_line(line.replace("ERROR: usage: ", ""), 500)
        return wire.last_line(self.heard, 500)


def prepare(request, zygote):
    """Start: the environment, the paths, pytest itself."""
    zygote.start = request
    zygote.redirection = settle(request, inside=True)
    try:
        import pytest
    except BaseException as exc:
        return wire.failure("no_pytest", "cannot import pytest in %s: %s" % (sys.executable, wire.one_line(exc)))
    if not hasattr(pytest, "__version__") or not hasattr(pytest, "hookimpl"):
        return wire.failure("no_pytest", "the module that is imported as pytest is another one: %s" % getattr(pytest, "__file__", "a folder"))
    version = tuple(int(part) for part in pytest.__version__.split(".")[:2])
    if version < (6, 2):
        return wire.failure("no_pytest", "pytest %s is too old: 6.2 is the first that works" % pytest.__version__)
    from . import collect

    return {"python": platform.python_version(), "pytest": pytest.__version__, "plugins": collect.installed_plugins()}


def settle(request, inside=False):
    """What holds for zygote and confirmation alike: current folder, import paths, byte code and temporary files inside scratch.
    With `inside`, Python processes that tests start find us, too."""
    repo, scratch = request["repo"], request["scratch"]
    forks.settings.update(scratch=scratch, memory_limit_mb=int(request.get("memory_limit_mb") or 0), seed=int(request.get("seed") or 0))
    forks.settings.update(pass_env=request.get("pass_env") or [])
    os.makedirs(os.path.join(scratch, "forks"), exist_ok=True)
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    if sys.pycache_prefix is None:
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = os.path.join(scratch, "pycache")
    sys.dont_write_bytecode = False  # PYTHONDONTWRITEBYTECODE is meant for folders of the user's; every interpreter of ours would compile all again
    wire.hidden[:] = [os.path.join(folder, "") for folder in dict.fromkeys((repo, os.path.realpath(repo)))]
    os.chdir(repo)
    redirection = paths.Redirection(repo, request.get("original") or "")
    redirection.install(request.get("import_roots") or [])
    paths.find_commands(request.get("installed") or "")
    if inside:
        from . import bytecode, inside as part

        if request.get("original"):
            bytecode.know(repo, request["original"])

        folder = part.install(scratch)
        rest = [entry for entry in os.environ["PYTHONPATH"].split(os.pathsep) if entry and entry != folder]
        os.environ["PYTHONPATH"] = os.pathsep.join([folder] + rest)
    jobs = int(request.get("jobs") or 1)
    forks.settings.update(environ=dict(os.environ), jobs=jobs + slots.spare(jobs))
    return redirection


def main():
    channel = wire.Channel(3)
    forks.settings["leash"] = channel.fileno()
    Zygote(channel).main()
