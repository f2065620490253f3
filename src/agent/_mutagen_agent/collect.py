"""pytest as a library: its arguments, and the plugin that turns pytest's run loop into ours by public hooks only."""
import collections
import os
import re
import shlex
import sys
from importlib import metadata

import _pytest.capture
import pytest

from . import wire

# Arguments that take the edge off a plugin: parallel workers, reruns, coverage, random order, its own timeouts.
PLUGIN_ARGUMENTS = {
    "xdist": ["-n0"],
    "cov": ["--no-cov"],
    "rerunfailures": ["--reruns=0"],
    "timeout": ["--timeout=0"],
    "benchmark": ["--benchmark-disable"],
}


def installed_plugins():
    """Distributions that bring pytest plugins, without their `pytest-`."""
    found = set()
    for distribution in metadata.distributions():
        try:
            if any(entry.group == "pytest11" for entry in distribution.entry_points):
                found.add((distribution.metadata["Name"] or "").lower().replace("_", "-").replace("pytest-", "", 1))
        except Exception:
            continue  # a broken installation of something else is not our business
    return sorted(name for name in found if name)


def without_refused(addopts, said):
    """The repo's addopts as one text without the options that pytest said not to know, and without words behind these that may be their values."""
    refused = {word for words in re.findall(r"unrecognized arguments: (.*)", said) for word in words.split(" ")}
    kept, value = [], False
    for word in addopts:
        if word in refused:
            value = word.startswith("--") and "=" not in word
        elif not (value and not word.startswith("-")):
            kept.append(word)
            value = False
    return " ".join(map(shlex.quote, kept)) if refused else ""


def arguments(given, keep_addopts, repo, scratch, seed):
    """`keep_addopts`: True, or what stands for the repo's own addopts, or False where nothing does."""
    added = ["-s", "-q", "--maxfail=0", "--rootdir=" + repo, "-o", "cache_dir=" + os.path.join(scratch, "pytest_cache")]
    added += ["-W", "ignore::pytest.PytestConfigWarning"]  # a missing testpaths folder is no error for us, whatever filterwarnings says
    if not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        off = switched_off(given, repo) if keep_addopts else set()
        plugins = [name for name in installed_plugins() if name not in off]
        for name in plugins:
            added += PLUGIN_ARGUMENTS.get(name, [])
        if "randomly" in plugins:
            added += ["--randomly-seed=%d" % seed, "--randomly-dont-reorganize"]
    if keep_addopts is not True:
        added += ["-o", "addopts=" + (keep_addopts or "")]
    return list(given) + added


def switched_off(given, repo):
    """Plugins that the repo's own options leave out (`-p no:randomly`): pytest does not know their arguments then."""
    texts = [" ".join(given), os.environ.get("PYTEST_ADDOPTS", "")]
    for name in ("pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg"):
        try:
            with open(os.path.join(repo, name), encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        except OSError:
            pass
    found = re.findall(r"-p[\s\"',=]*no:(?:pytest[-_])?([\w-]+)", "\n".join(texts))
    return {name.replace("_", "-") for name in found}


def captures(config):
    """Whether the repo's own options, without our `-s`, let pytest capture."""
    words = list(config.getini("addopts")) + os.environ.get("PYTEST_ADDOPTS", "").split()
    return not any(word == "--capture=no" or re.match(r"-[vqxl]*s[vqxl]*$", word) for word in words)


def forget_warnings(config):
    """Pytest keeps each one for its summary, and for plugins that come later: in a process that goes on they would be taken for something that a test has
    left."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(getattr(reporter, "stats", None), dict):
        reporter.stats.pop("warnings", None)
    history = getattr(config.hook.pytest_warning_recorded, "_call_history", None)
    if isinstance(history, list):
        history.clear()


class Plugin:
    """Registered with pytest. Each hook does nothing until `loop`, `runner` or `watch` is set."""

    def __init__(self, loop=None, importing=None):
        self.loop = loop  # called instead of pytest's run loop, with the pytest session
        self.importing = importing  # told the file of each test module before its import, "" after it
        self.ahead = None  # ahead.Ahead
        self.runner = None  # runs the one item of a mutant
        self.watch = None  # looks on during the baseline
        self.needs = None  # hears of what went wrong, and may know what was missing
        self.errors = []
        self.addopts = []  # the repo's own
        self.internal = ""  # what made pytest itself give up
        self.streams, self.mends_streams = (sys.stdout, sys.stderr), False

    def run(self, runner):
        """One item by `runner`, inside whatever other plugins wrap around a test (warnings, Django, asyncio)."""
        self.runner = runner
        try:
            runner.item.ihook.pytest_runtest_protocol(item=runner.item, nextitem=runner.nextitem)
        except BaseException as exc:
            runner.fail(exc)
        finally:
            self.runner = None
            forget_warnings(runner.item.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config):
        self.addopts = list(early_config.getini("addopts"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        """We run without pytest's capture. What it does beside capturing, tests rely on: reading standard input fails, everything can be printed, and
        before each step of a test sys.stdout and sys.stderr are what they were, whatever an earlier one has put there."""
        self.mends_streams = captures(config)
        if not self.mends_streams:
            return
        for stream in self.streams:
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")
        blind = getattr(_pytest.capture, "DontReadFromInput", None)
        if blind is not None:
            sys.stdin = blind()

    def mend_streams(self):
        if self.mends_streams:
            sys.stdout, sys.stderr = self.streams

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self):
        self.mend_streams()
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self):
        self.mend_streams()
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        if self.ahead is not None:
            self.ahead.start(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        if self.loop is None:
            return None
        # Registered last means called first, also before plugins that came with a conftest.
        session.config.pluginmanager.unregister(self)
        session.config.pluginmanager.register(self, "mutagen")
        self.loop(session)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if self.runner is None or self.runner.item is not item:
            return None
        self.runner()
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        if self.runner is not None and report.failed and self.runner.failure is None:
            self.runner.fail(None, wire.one_line(getattr(getattr(report.longrepr, "reprcrash", None), "message", "") or "a subtest failed"))
        if self.watch is not None:
            self.watch.report(report)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if self.watch is not None:
            self.watch.fixture_begins(fixturedef)
        yield
        if self.watch is not None:
            self.watch.fixture_ends(fixturedef, request)

    @pytest.hookimpl(trylast=True)
    def pytest_fixture_post_finalizer(self, fixturedef):
        if self.watch is not None:
            self.watch.fixture_finished(fixturedef)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item):
        self.mend_streams()
        if self.watch is not None:
            self.watch.teardown_begins(item)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self, collector):
        if self.importing is not None and isinstance(collector, pytest.Module):
            self.importing(item_file(collector))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report):
        if self.importing is not None:
            self.importing("")
        if report.failed:
            text = wire.last_line(report.longrepr)
            refused, asked = self.needs.take() if self.needs else ([], [])
            self.errors.append({"where": report.nodeid or ".", "text": text[1:].strip() if text.startswith("E ") else text, "refused": refused, "asked": asked})

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self, call):
        if self.needs is not None and self.needs.active and call.excinfo is not None:
            self.needs.failed(call.excinfo.value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo):
        self.internal = "pytest itself fails here: %s" % wire.one_line("%s: %s" % (excinfo.typename, excinfo.value), 300)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self):
        tame_hypothesis()


def tame_hypothesis():
    """The same examples every time, no clock, no database. Built on the repo's own profile, so that its example counts stay."""
    try:
        from hypothesis import HealthCheck, settings
    except Exception:
        return
    try:
        settings.register_profile(
            "mutagen", parent=settings(), derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        settings.load_profile("mutagen")
    except Exception:
        return


def tame_items(items):
    """The same for tests with settings of their own, which go before the profile."""
    if "hypothesis" not in sys.modules:
        return
    from hypothesis import HealthCheck, settings

    for item in items:
        function = getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None))
        own = getattr(function, "_hypothesis_internal_use_settings", None)
        if own is not None:
            function._hypothesis_internal_use_settings = settings(
                own, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
            )


def know_packages(items):
    """From pytest 8 on the set-up of a package looks for its module by path, each time: in a fork that costs as much as a test. It is given the module
    that the collection has imported, as long as that is the one."""
    find = getattr(_pytest.python, "importtestmodule", None)
    if find is None:
        return
    loaded, known = {}, {}
    for module in list(sys.modules.values()):
        loaded.setdefault(getattr(module, "__dict__", {}).get("__file__"), []).append(module)
    for package in {node for item in items for node in item.listchain() if isinstance(node, pytest.Package)}:
        path = package.path / "__init__.py"
        if len(loaded.get(str(path), ())) == 1:
            known[path] = loaded[str(path)][0]

    def found(path, config):
        module = known.get(path)
        return module if module is not None and sys.modules.get(module.__name__) is module else find(path, config)

    _pytest.python.importtestmodule = found


def item_file(item):
    return os.path.realpath(str(getattr(item, "path", None) or item.fspath))


def find_locations(items):
    """Once, for all forks: pytest looks up where a test stands before it runs, and keeps it. Only for its own kinds of tests, whose code that is."""
    for item in items:
        if type(item).__module__.startswith("_pytest."):
            try:
                item.location
            except Exception:
                continue  # it will fail there, too


def relative(path, repo):
    root = os.path.realpath(repo)
    return os.path.relpath(path, root) if path == root or path.startswith(root + os.sep) else path


def describe_items(items, repo):
    return [{"id": item.nodeid, "file": relative(item_file(item), repo)} for item in items]


def tests_dir(files):
    """The folder where new tests belong: the top one named tests or test that holds most test files, else the fullest folder of test files."""
    named, plain = collections.Counter(), collections.Counter()
    for file in set(files):
        if os.path.isabs(file):
            continue
        parts = file.split(os.sep)[:-1]
        plain["/".join(parts)] += 1
        for depth, part in enumerate(parts):
            if part in ("tests", "test"):
                named["/".join(parts[: depth + 1])] += 1
                break
    for counter in (named, plain):
        if counter:
            return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[0][0]
    return "tests"


def thread_count():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1
