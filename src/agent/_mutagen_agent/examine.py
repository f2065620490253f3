"""Runs loaded tests on the original with pytest's own reports, and asks for each failing one what it should have said (repair.py).

Twice, in two processes: what a test compared with is only told when both saw the same."""
import os
import random
import sys
import time

from . import facts, forks, guard, repair, reports, wire

MAX_LINES = 40
MAX_BYTES = 4000
OTHER_SEED = 987654321


class Look:
    """One item, phase by phase, as pytest's own runner does it. Called by the plugin inside the pytest_runtest_protocol wrappers."""

    def __init__(self, item, nextitem, on_failure):
        self.item, self.nextitem, self.on_failure = item, nextitem, on_failure
        self.outcome = reports.Outcome()
        self.failure = None  # the plugin looks at it
        self.longest = ""
        self.compared = None  # (operator, left, right) of the last comparison that failed

    def __call__(self):
        item = self.item
        self.listen()
        if hasattr(item, "_request") and not item._request:
            item._initrequest()
        if self.do("setup", item.ihook.pytest_runtest_setup):
            self.do("call", item.ihook.pytest_runtest_call)
        self.do("teardown", item.ihook.pytest_runtest_teardown, nextitem=self.nextitem)
        if hasattr(item, "_request"):
            item._request = False
            item.funcargs = None

    def listen(self):
        """pytest's rewritten asserts tell the values that they compared: evaluating them again could have effects."""
        util = sys.modules.get("_pytest.assertion.util")
        real = getattr(util, "_reprcompare", None)

        def record(operator, left, right):
            self.compared = operator, left, right
            return real(operator, left, right) if real is not None else None
        if util is not None:
            util._reprcompare = record

    def do(self, phase, hook, **arguments):
        from _pytest.runner import CallInfo

        call = CallInfo.from_call(lambda: hook(item=self.item, **arguments), when=phase)
        report = self.item.ihook.pytest_runtest_makereport(item=self.item, call=call)
        self.outcome.add(report)
        if report.failed and not self.longest:
            self.longest = report.longreprtext
            excinfo = call.excinfo if phase == "call" else None
            self.on_failure(self, excinfo.value if excinfo is not None else None)
        return report.passed

    def fail(self, exc, text=""):
        """By the plugin: the protocol itself broke, or a part of the test (a subtest) failed."""
        if self.failure is None:
            self.failure = exc or text
            self.outcome.fail("failed", text or "%s: %s" % (type(exc).__name__, wire.one_line(exc)))


class Examination:
    def __init__(self, request, session):
        self.session, self.host = session, session.host
        self.tests = list(request["tests"])
        self.seconds = float(request["seconds"])
        self.results = {}
        self.began = None

    def run(self):
        self.wrote = False
        first = self.turn(self.tests, False)
        failing = [test for test in self.tests if first[test]["repair"] is not None]
        again = self.turn(failing, True) if failing else {}
        tests = []
        for test in self.tests:
            found = first[test]["repair"]
            if found is not None and again[test]["repair"] != found:
                found = None
            tests.append(dict(first[test], test=test, repair=found))
        repair.keep_one_case(tests)
        return [self.answer(one) for one in tests]

    def answer(self, one):
        found = one.pop("repair") or {"actual": "", "patches": []}
        one.update(actual=found["actual"], patches=found["patches"])
        return one

    # --- one turn over the tests: a fork, and a further one behind each that ends it

    def turn(self, tests, second):
        self.results, self.running = {}, None
        while len(self.results) < len(tests):
            left = [test for test in tests if test not in self.results]
            pool = forks.Pool(1)
            pool.submit("examine", lambda emit, left=left: self.child(left, second, emit), self.seconds + 30.0, self.on_record)
            while pool.busy():
                forks.wait(pool)
                for ended in pool.step():
                    self.ended(ended, left)
            if self.wrote:
                self.host.files.put_back()
        return self.results

    def on_record(self, child, record):
        if "begin" in record:
            self.running, self.failed = record["begin"], None
            child.deadline = time.monotonic() + self.seconds
        elif "writes" in record:
            self.wrote = True
        elif "failed" in record:
            self.failed = record["failed"]  # known even when looking at it ends the process
        else:
            child.deadline = time.monotonic() + self.seconds + 30.0
            self.results[self.running], self.running = record["test"], None

    def ended(self, ended, left):
        if ended.how == "done" and all(test in self.results for test in left):
            return
        test = self.running if self.running is not None else next((test for test in left if test not in self.results), None)
        if test is None:
            return
        result = self.failed if self.running is not None else None
        if result is None:
            late = ended.how == "timeout"
            text = "no end within %g s" % self.seconds if late else ended.error or (
                "ended by signal %d" % ended.signal if ended.signal else "the process left without a verdict")
            result = {"outcome": "timeout" if late else "crashed", "text": text}
        self.results[test], self.running = dict(result, repair=None), None

    # --- inside a fork

    def child(self, tests, second, emit):
        host = self.host
        host.enter_fork()
        option = host.config.option
        option.tbstyle, option.showlocals, option.fulltrace = "short", False, False
        host.opened.watch_writes(lambda _path: (host.files.keep(), emit({"writes": 1}, shared=True)))
        kept = guard.other_world(guard.modules_of(host.repo)) if second else None
        items = [host.items[test] for test in tests]
        for turn, item in enumerate(items):
            emit({"begin": tests[turn]})
            forks.seed_random()
            if second:
                random.seed(OTHER_SEED)
            look = Look(item, items[turn + 1] if turn + 1 < len(items) else None, self.explain)
            look.repair = None
            look.emit = emit
            host.plugin.run(look)
            emit({"test": dict(self.told(look), repair=look.repair)})
        del kept

    def told(self, look):
        text = "" if look.outcome.name == "passed" else shorten(look.longest or look.outcome.text, self.session)
        return {"outcome": look.outcome.name, "text": text}

    def explain(self, look, exc):
        look.emit({"failed": self.told(look)})
        source = self.session.source_of(look.item)
        if exc is None or source is None:
            return
        try:
            screen = facts.Screen((self.session.repo, self.session.scratch))
            look.repair = repair.Repair(look.item, exc, look.compared, source, screen, self.session.repo).found()
        except Exception:
            wire.log_exception()


def shorten(text, session):
    """At most MAX_LINES lines and MAX_BYTES bytes, paths relative to the repo: all of the way, or its ends, and what was raised."""
    for folder, name in ((session.repo, ""), (session.scratch, "<tmp>/")):
        for place in sorted({folder, os.path.realpath(folder)}, key=len, reverse=True):
            text = text.replace(os.path.join(place, ""), name)
    lines = ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.splitlines()]
    raised = len(lines)
    while raised and lines[raised - 1].startswith("E "):
        raised -= 1
    way, said = lines[:raised], [line[:500] for line in lines[raised:]]
    if len(said) > 26:
        said = said[:25] + ["E   ..."]
    room = MAX_LINES - len(said)
    if len(way) > room:
        way = way[:4] + ["..."] + way[len(way) - (room - 5):]
    kept = "\n".join(way + said)
    while len(kept.encode("utf-8", "replace")) > MAX_BYTES:
        longest = max(way + said, key=len)
        for part in (way, said):
            part[:] = [line[:len(line) * 2 // 3] + " ..." if line is longest and len(line) > 12 else line for line in part]
        kept = "\n".join(way + said)
    return kept


def examine(request, session):
    return {"tests": Examination(request, session).run()}
