"""One mutant against some tests in one fork: bare set-up, call and teardown, a limit for each test, proof that the mutated lines ran."""
import signal
import sys
import time
import traceback
import types

from . import forks, reload, trace, wire

CRASHES = (TypeError, NameError, AttributeError)
SECONDS_PER_TEST = 0.02  # a limit below the timer's grain would fire at once


class Plan:
    """One mutant job. `run` is executed in the fork; `on_record` keeps what the parent must know when the child dies."""

    def __init__(self, request, target, code, host):
        self.ticket, self.target, self.code, self.host = request["id"], target, code, host
        self.bail = bool(request.get("bail", True))
        self.wall = float(request["wall"])
        self.tests = list(request["tests"])
        self.limits = list(request.get("limits") or [])
        self.lines = request.get("line") or 0, request.get("end_line") or 0
        self.at, self.at_hit = (self.tests[0] if self.tests else 0), False
        self.end = None  # when the whole process must have ended

    def on_record(self, child, record):
        if "begin" in record:
            self.end = self.end or child.deadline
            child.deadline = min(self.end, time.monotonic() + self.wall_of(record["begin"]))
            # What an earlier test left behind (a cache, a shared fixture) may be what fails now: with `bail` a hit holds from then on.
            self.at, self.at_hit = record["begin"], self.at_hit and self.bail
        elif "hit" in record:
            self.at_hit = True
        elif "run" in record:
            failed, hit = record["run"][1:3]  # at_hit knows of hits in processes that the test has forked, too
            record["run"][2] = hit or self.at_hit and (self.bail or not failed)

    def wall_of(self, test):
        """What waits for ever (a lock, a queue) uses no processor time: a wall deadline of its own for each test."""
        limits = [limit for index, limit in zip(self.tests, self.limits) if index == test and limit > 0]
        return 1.0 + 3.0 * max(limits) if limits else self.wall

    def run(self, emit):
        host = self.host
        host.enter_fork()
        self.target.swap(self.code)
        reload.install(self.target, self.code)
        tracker = trace.HitTracker(self.code, self.lines[0], self.lines[1], lambda: emit({"hit": 1}, shared=True))
        items = [host.items[index] for index in self.tests]
        for turn, item in enumerate(items):
            emit({"begin": self.tests[turn]})
            forks.seed_random()
            limit = self.limits[turn] if turn < len(self.limits) else 0.0
            runner = Runner(item, items[turn + 1] if turn + 1 < len(items) else None, tracker, self.bail, host)
            if limit > 0:
                signal.setitimer(signal.ITIMER_PROF, max(limit, SECONDS_PER_TEST))
            if not (self.bail and tracker.hit):
                tracker.arm()
            host.plugin.run(runner)
            signal.setitimer(signal.ITIMER_PROF, 0)
            found = runner.failure
            if found is None:
                emit({"run": [self.tests[turn], False, tracker.hit, False, False, ""]})
                continue
            crash = is_crash(found.exception, tracker.ids)
            emit({"run": [self.tests[turn], True, found.hit, crash, found.phase != "call", found.text]})
            if self.bail:
                return


class Failure:
    def __init__(self, phase, exception, hit, text):
        self.phase, self.exception, self.hit, self.text = phase, exception, hit, text


class Runner:
    """Runs one item by its hooks, without reports. Called by the plugin inside the pytest_runtest_protocol wrappers of everybody else."""

    def __init__(self, item, nextitem, tracker, bail, host):
        self.item, self.nextitem, self.tracker, self.bail, self.host = item, nextitem, tracker, bail, host
        self.phase = ""
        self.failure = None
        self.judge = self.by_report if needs_reports(item, host) else self.by_exception

    def __call__(self):
        item = self.item
        forget_explanations()
        if hasattr(item, "_request") and not item._request:
            item._initrequest()
        leave_results(item)
        if self.bail and getattr(item, "failfast", None) is False:
            item.failfast = True  # unittest goes on after a failed subtest: a thousand of them can cost seconds
        passed = self.do("setup", item.ihook.pytest_runtest_setup)
        if passed:
            self.do("call", item.ihook.pytest_runtest_call)
        if self.failure is None or not self.bail:
            self.do("teardown", item.ihook.pytest_runtest_teardown, nextitem=self.nextitem)
        if hasattr(item, "_request"):
            item._request = False
            item.funcargs = None

    def do(self, phase, hook, **arguments):
        """Runs one phase; False when nothing may follow it."""
        self.phase = phase
        try:
            return self.judge(phase, hook, arguments)
        except BaseException as exc:  # the protocol itself broke: pytest's own hooks run code of the repo
            self.fail(exc)
            return False

    def by_exception(self, phase, hook, arguments):
        try:
            hook(item=self.item, **arguments)
        except BaseException as exc:
            return self.note(exc)
        collected = getattr(self.item, "_excinfo", None)  # unittest keeps what was raised to itself
        if phase == "call" and collected:
            return self.note(collected.pop(0).value)
        return True

    def by_report(self, phase, hook, arguments):
        from _pytest.runner import CallInfo

        call = CallInfo.from_call(lambda: hook(item=self.item, **arguments), when=phase)
        report = self.item.ihook.pytest_runtest_makereport(item=self.item, call=call)
        if report.failed:
            exc = call.excinfo.value if call.excinfo is not None else None
            self.fail(exc, "" if exc is not None else wire.one_line(report.longrepr))
        return report.passed

    def note(self, exc):
        """An exception that is no failure: skipping and the imperative xfail, as in the baseline's reports."""
        if isinstance(exc, self.host.harmless):
            return False
        self.fail(exc)
        return False

    def fail(self, exc, text=""):
        if self.failure is None:
            self.failure = Failure(self.phase, exc, self.tracker.hit, text or describe(exc))


def describe(exc):
    if exc is None:
        return "failed"
    try:
        text = wire.one_line(str(exc))
    except Exception:
        text = ""
    name = type(exc).__name__
    return ("%s: %s" % (name, text) if text else name)[:200]


def is_crash(exc, code_ids):
    """Raised in the mutated code itself, by an operation on the wrong thing."""
    if not isinstance(exc, CRASHES):
        return False
    tb = exc.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    return tb is not None and id(tb.tb_frame.f_code) in code_ids


def needs_reports(item, host):
    """Items whose outcome only a report tells: xfail marks, expected failures, unknown kinds, hooks of the repo that read reports."""
    if host.reads_reports or item.get_closest_marker("xfail") is not None or not isinstance(item, host.known_items):
        return True
    function = getattr(item, "obj", None)
    owner = getattr(item, "cls", None)
    return bool(getattr(function, "__unittest_expecting_failure__", False) or getattr(owner, "__unittest_expecting_failure__", False))


def leave_results(item):
    """tmp_path looks up at its end what the reports said of its test; without reports nobody has told it."""
    tmpdir = sys.modules.get("_pytest.tmpdir")
    key, stash = getattr(tmpdir, "tmppath_result_key", None), getattr(item, "stash", None)
    if key is not None and stash is not None:
        stash.setdefault(key, {})


def forget_explanations():
    """The long explanation of a failed comparison costs more than most tests; the mutant's text does with the short one."""
    util = sys.modules.get("_pytest.assertion.util")
    if isinstance(util, types.ModuleType) and hasattr(util, "_reprcompare"):
        util._reprcompare = None


def warm_up():
    """Walks the failure path once, so that forks find its modules and caches in place."""
    try:
        raise AssertionError("warm")
    except AssertionError as exc:
        describe(exc)
        is_crash(exc, ())
        traceback.format_exception_only(type(exc), exc)


def answer(ended, host):
    """The final message of one job."""
    plan = ended.key
    timed_out = ended.how == "timeout" or (ended.how == "died" and ended.signal == signal.SIGPROF)
    end = "done" if ended.how == "done" else "timeout" if timed_out else "died"
    reason = ended.error
    if end == "died" and not reason:
        reason = "ended by signal %d" % ended.signal if ended.signal else "the process left without a verdict"
    return {
        "id": plan.ticket, "ok": True, "end": end, "same_code": False, "at": plan.at, "at_hit": plan.at_hit, "reason": reason,
        "runs": [record["run"] for record in ended.records if "run" in record], "seconds": round(ended.seconds, 6),
    }


def refused(request, exc):
    return {"end": "refused", "same_code": exc.same_code, "at": 0, "at_hit": False, "runs": [], "reason": exc.reason, "seconds": 0.0}
