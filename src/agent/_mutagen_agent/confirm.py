"""Plain pytest in a new interpreter: the last word on generated tests. The run is forked off before anything is imported, for its deadline."""
import contextlib
import importlib.util
import os
import py_compile
import sys

from . import forks, reload, shared_files, wire, zygote


def main():
    channel = wire.Channel(3)
    forks.settings["leash"] = channel.fileno()
    request = channel.receive()
    if request is None:
        os._exit(0)
    try:
        answer = run(request)
    except Exception as exc:
        answer = wire.failure("agent", "%s: %s" % (type(exc).__name__, exc))
    answer.setdefault("ok", True)
    answer["id"] = request.get("id")
    channel.send(answer)
    os._exit(0)


def run(request):
    zygote.settle(request)
    files, results = shared_files.Files(request["repo"], request["scratch"]), []
    placed = files.look_back()
    with imported(request):
        forks.run_many([("confirm", lambda emit: child(request, emit), float(request.get("seconds") or 60.0))], 1, results.append)
    files.put_back(placed)
    ended = results[0]
    tests = [record["test"] for record in ended.records if "test" in record]
    errors = [record["error"] for record in ended.records if "error" in record]
    began = [record["begin"] for record in ended.records if "begin" in record]
    reason = {"done": "it ends pytest", "timeout": "no end in time"}.get(ended.how) or ended.error or "ended by signal %d" % ended.signal
    if len(began) > len(tests):  # with "done", too: an interrupt or pytest.exit ends pytest without a report
        tests.append({"id": began[-1], "outcome": "timeout" if ended.how == "timeout" else "crashed", "text": reason})
    elif ended.how != "done":
        errors.append({"where": ".", "text": reason})
    return {"tests": tests, "errors": errors}


@contextlib.contextmanager
def imported(request):
    """`imported`: a file of the repo and a text. Meanwhile an import of the file runs the text, by byte code that Python does not hold against the
    file; who reads the file, or starts it by its path, gets what is in it. Byte code lies in our scratch, not in the copy."""
    if not request.get("imported"):
        yield
        return
    path, text = request["imported"]
    path = os.path.join(request["repo"], path)
    cached, source = importlib.util.cache_from_source(path), os.path.join(request["scratch"], "imported.py")
    with open(source, "w", encoding="utf-8", newline="", errors="surrogateescape") as file:
        file.write(text)
    py_compile.compile(source, cached, path, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    try:
        yield
    finally:
        os.unlink(cached)


def child(request, emit):
    import pytest

    from . import collect, reports

    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        os.environ.pop(name, None)  # plain pytest has no workers
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True  # a test file changed within a second must not be served from a stale .pyc

    class Observer:
        def __init__(self):
            self.outcome = None

        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items):
            if request.get("reversed"):
                items.reverse()

        @pytest.hookimpl(hookwrapper=True)
        def pytest_make_collect_report(self):
            before = set(sys.modules)
            outcome = yield
            if outcome.get_result().failed:
                forget_modules(set(sys.modules) - before, request["repo"])

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logstart(self, nodeid):
            self.outcome = reports.Outcome()
            emit({"begin": nodeid})

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(self, report):
            if self.outcome is not None:
                self.outcome.add(report)

        @pytest.hookimpl(trylast=True)
        def pytest_runtest_logfinish(self, nodeid):
            if self.outcome is not None:
                emit({"test": {"id": nodeid, "outcome": self.outcome.name, "text": self.outcome.text}})
                if request.get("stop_at_failure") and self.outcome.name in ("failed", "error"):
                    self.session.shouldstop = "one failure is enough"
                self.outcome = None

        @pytest.hookimpl(tryfirst=True)
        def pytest_sessionstart(self, session):
            self.session = session
            collect.tame_hypothesis()

    os.chdir(request["repo"])
    given = ["--continue-on-collection-errors", *(request.get("files") or [])]  # a file that does not import costs its own tests alone
    for nodeid in request.get("deselect") or []:
        given += ["--deselect", nodeid]
    given += request.get("args") or []
    arguments = collect.arguments(
        given, request.get("keep_addopts", True), request["repo"], request["scratch"], int(request.get("seed") or 0)
    )
    if request.get("stop_at_failure"):
        arguments.append("--continue-on-collection-errors")  # and no -x: it would take them for failures
    plugin = collect.Plugin()
    code = int(pytest.main(arguments, plugins=[plugin, Observer()]))
    for error in plugin.errors:
        emit({"error": error})
    if code in (3, 4) and not plugin.errors:
        emit({"error": {"where": ".", "text": "pytest ended with code %d" % code}})


def forget_modules(names, repo):
    """What a file that does not import has left half made: the next one would find it, and by itself it does not."""
    folder = os.path.join(os.path.realpath(repo), "")
    files = {name: getattr(sys.modules.get(name), "__file__", None) for name in names}
    reload.forget([name for name, file in files.items() if type(file) is str and os.path.realpath(file).startswith(folder)])
