"""One mutant against some tests in one fork: bare set-up, call and teardown, a limit for each test, proof that the mutated lines ran."""
import codecs
import mmap
import os
import shutil
import signal
import sys
import time
import traceback
import types

import _pytest._code

from . import codes, forks, fresh as new_interpreter, inside, mutation, reload, trace, wire

CRASHES = (TypeError, NameError, AttributeError)
SECONDS_PER_TEST = 0.02  # a limit below the timer's grain would fire at once
WORTH_A_LOOK = 0.05  # seconds of a test before it is looked at whether it waits
GIVES_WAY = 0.05  # seconds of waiting behind which the processor is given to another: not for long, where the test waits by itself
WAITS_IN_CHAIN = 0.3  # seconds of one wait: it is run again by itself anyway
WORTH_TELLING = 0.05  # seconds of a test: below, its limit (0.5 s and five times what it takes: engine/pump.h) is not in question


class Plan:
    """One mutant job. `run` is executed in the fork; `on_record` keeps what the parent must know when the child dies."""

    def __init__(self, request, target, code, host, folder="", watched=True):
        self.source, self.fresh, self.folder = request["source"], bool(request.get("fresh")), folder
        self.new_interpreter, self.nursery = bool(request.get("exec")), False
        self.request, self.plain = request, code
        self.ticket, self.target, self.code, self.host = request["id"], target, code, host
        self.bail = bool(request.get("bail", True))
        self.wall = float(request["wall"])
        self.tests = list(request["tests"])
        self.limits = list(request.get("limits") or [])
        self.lines = request.get("line") or 0, request.get("end_line") or 0
        self.at, self.at_hit, self.begun = (self.tests[0] if self.tests else 0), False, False
        self.end = None  # when the whole process must have ended
        # Calls and rounds of loops that each test makes in the unchanged function; None: they are being counted.
        self.loops = target.loops if self.lines[0] or self.fresh else None
        self.limited = 0
        self.uncounted = None  # the test in which a loop goes round very often, where it is not known how often it may
        self.counting = None  # the unchanged function, for that: the plan that waits for it
        self.away = None  # workers.Away: a worker runs it
        self.alone = False  # its tests write into the copy: nothing runs beside it, and the copy is put back behind it
        self.parts = None  # shared_files.Parts
        self.scanned = False  # programs were started: the copy is looked at behind them
        self.wrote = self.doubtful = False  # whether they, or somebody else meanwhile, have written into it
        self.turn_of_copy = 0
        self.writes = None  # the test that was about to write into the copy, -1: none had begun
        self.took = []  # [test, seconds] of those that took long and passed
        self.own, self.missed = request.get("own") or 0, []  # the first tests, which are known to run the lines; those that passed and did not
        self.page, self.turn = None, 0  # memory shared with the fork, see Page; and the turn that was found there last
        self.wait, self.test_began, self.stuck = forks.Wait(), 0.0, False
        self.told_asleep = not request.get("yields")  # that another job may be handed over meanwhile
        if self.fresh or host.unforkable.intersection(self.tests):
            self.fresh = True
            self.wall += 10.0 + 5.0 * host.collect_seconds
        # What can be made before the fork is made there: in the fork each page that it touches is copied first.
        self.tracker = None if self.fresh or not watched else trace.HitTracker(code, *self.lines)
        self.control = not self.lines[0] and not self.bail  # the unchanged function, against all its tests
        if self.tracker and target.marks and (self.bail or self.control or not codes.suspends(code)):
            self.code = self.tracker.carry_marks(target, self.source, code)

    def on_start(self, child):
        """In a fork the first test begins at once, and says nothing of it."""
        if self.tests and not self.fresh:
            self.on_record(child, {"begin": self.tests[0]})
        if not self.fresh:
            child.on_look = self.look

    def before_start(self):
        """It has its place: nobody has the copy for itself."""
        self.turn_of_copy = self.host.files.turn()

    def when_over(self):
        """When its process has ended, as long as it has its place."""
        self.wrote = bool(self.scanned and self.host.files.put_back())
        self.doubtful = self.host.files.turn() != self.turn_of_copy

    def look(self, child):
        """Takes in which test the fork is at, whether others may run meanwhile, and ends it where nothing is to come any more."""
        self.look_at_page(child)
        worth = time.monotonic() - self.test_began >= WORTH_A_LOOK
        if worth:
            self.wait.look(child.pid)
        child.asleep = worth and self.wait.idle_seconds() >= GIVES_WAY
        limits = self.limits_of(self.at) if child.asleep and (self.away or self.at_hit and self.lines[0]) else ()
        if limits and self.wait.seconds() >= (WAITS_IN_CHAIN if self.away else longest_wait(limits)):
            self.stuck = True
            child.deadline = time.monotonic()

    def look_at_page(self, child):
        turn = self.page.turn() if self.page else self.turn
        if turn != self.turn:
            self.turn = turn
            self.on_record(child, {"begin": self.tests[turn]})

    def runs(self, records):
        """What became of its tests. Those that a fork had not told when it was ended have passed: it stops at the first that does not."""
        runs = [record["run"] for record in records if "run" in record]
        if not self.page:
            return runs
        told = {run[0]: run for run in runs}
        return [told.get(test, [test, False, False, False, False, ""]) for test in self.tests[: self.turn]] + [run for run in runs if run[0] == self.at]

    def on_record(self, child, record):
        if "writes" in record:
            self.look_at_page(child)
        if "begin" in record:
            self.begun = True
            self.end = self.end or child.deadline
            self.test_began = time.monotonic()
            child.deadline = min(self.end, self.test_began + self.wall_of(record["begin"]))
            # What an earlier test left behind (a cache, a shared fixture) may be what fails now: with `bail` a hit holds from then on.
            self.at, self.at_hit = record["begin"], self.at_hit and self.bail
        elif "hit" in record:
            self.wait = self.wait if self.at_hit else forks.Wait()  # what it waited for before is not the mutant's fault
            self.at_hit = True
        elif "starts" in record:
            self.scanned = True
        elif "writes" in record:
            self.writes = self.at if self.begun else -1
        elif "nursery" in record:
            self.nursery = True
        elif "limit" in record:
            self.limited = record["limit"]
        elif "count" in record:
            self.uncounted = record["count"]
        elif "took" in record:
            self.took.append(record["took"])
        elif "missed" in record:
            self.missed.append(record["missed"])
        elif "loops" in record:
            test, count = record["loops"]
            self.target.loops[test] = max(count, self.target.loops.get(test, 0))
        elif "run" in record:
            failed, hit = record["run"][1:3]  # at_hit knows of hits in processes that the test has forked, too
            record["run"][2] = hit or self.at_hit and (self.bail or not failed)

    def wall_of(self, test):
        """What waits for ever (a lock, a queue) uses no processor time: a wall deadline of its own for each test."""
        limits = self.limits_of(test)
        return wall_limit(max(limits)) if limits else self.wall

    def limits_of(self, test):
        return [limit for index, limit in zip(self.tests, self.limits) if index == test and limit > 0]

    def run(self, emit):
        if self.fresh:
            new_interpreter.become(self.fresh_job(), emit, None if self.new_interpreter else self.host.nursery)
        host = self.host
        host.enter_fork()
        host.forget_troubles()
        watch_writes(host, emit, self.alone)
        self.target.swap(self.code)
        reload.install(self.target, self.code)
        self.tracker.on_hit = lambda: emit({"hit": 1}, shared=True)
        beside = inside.Beside({"mutation": self.mutation()}, self.folder) if self.folder else None
        run_items(self.sequence(host.items), host, self.bail, self.tracker, emit, self.loops, beside, begun=True, ask=True, page=self.page,
                  own=self.own)

    def keeps(self):
        """The descriptor that the child needs to ask the nursery."""
        return {self.host.nursery.fileno()} if self.fresh and self.host.nursery is not None else ()

    def sequence(self, items):
        """(number, item, CPU limit) of each test."""
        return [(test, items[test], limit) for test, limit in zip(self.tests, self.limits + [0.0] * len(self.tests))]

    def mutation(self):
        """The mutated file, for whoever imports it anew."""
        target, path = self.target, os.path.realpath(os.path.join(self.host.repo, self.target.file))
        text = self.source if target.is_module else mutation.spliced(path, self.source, target.first_line, target.end_line)
        return {
            "path": path, "text": text, "name": target.name, "first_line": target.first_line, "line": self.lines[0], "end_line": self.lines[1],
        }

    def fresh_job(self):
        seconds = 5.0 + 10.0 * self.host.collect_seconds
        return dict(self.host.fresh_job(self.tests), mutation=self.mutation(), limits=self.limits, bail=self.bail, import_seconds=seconds, alone=self.alone,
                    loops={str(test): count for test, count in (self.loops or {}).items()}, folder=self.folder)

    def clean_up(self):
        """Behind the process: whether the mutated lines ran in a program that a test had started."""
        if not self.folder:
            return False
        try:
            return os.path.getsize(os.path.join(self.folder, inside.SEEN)) > 0
        except OSError:
            return False
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def watch_writes(host, emit, alone):
    """In a process that runs a mutant: what shall write into the copy does so with nothing beside it, or not at all."""
    def stop(_path):
        emit({"writes": 1}, shared=True)
        os._exit(0)

    def look_behind():
        emit({"starts": 1}, shared=True)
        host.files.on_start = lambda: None

    host.opened.watch_writes((lambda _path: None) if alone else stop)
    host.files.on_start = look_behind


class Page:
    """Where a fork says which of its tests it is at: each message by the pipe would wake the reader, and tests may be shorter than that takes."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 4)

    def set_turn(self, turn):
        self.memory[:] = turn.to_bytes(4, "little")

    def turn(self):
        return int.from_bytes(self.memory[:], "little")


def run_items(sequence, host, bail, tracker, emit, loops, beside=None, at_import=False, begun=False, ask=False, page=None, own=0):
    """The tests one after the other, until the first that fails with `bail`. `at_import`: the lines have run before all of them.
    `begun`: the reader knows that the first one begins. `page`: where the others are told; None: to the reader. `loops`: rounds that they make in
    the unchanged function, None: they are counted; where one is not known, it is asked for with `ask` when there are very many. `own`: the first so many are known to run the lines: which of them do not is told."""
    for turn, (number, item, limit) in enumerate(sequence):
        if page is not None:
            page.set_turn(turn)
        elif turn or not begun:
            emit({"begin": number})
        forks.seed_random()
        runner = Runner(item, sequence[turn + 1][1] if turn + 1 < len(sequence) else None, tracker, bail, host)
        runner.beside = beside
        if limit > 0:
            signal.setitimer(signal.ITIMER_PROF, max(limit, SECONDS_PER_TEST))
        count = None if loops is None else loops.get(number)
        asked = number if ask and loops is not None and count is None else None
        started = time.perf_counter()
        tracker.watch_loops(count if asked is None else 0, lambda most, asked=asked: stop_loop(most, asked, emit))
        if not (bail and tracker.hit):
            tracker.arm()
        elif turn < own:
            tracker.look()
        host.plugin.run(runner)
        signal.setitimer(signal.ITIMER_PROF, 0)
        found, hit = runner.failure, at_import or runner.has_hit()
        if loops is None and tracker.counts():
            emit({"loops": [number, tracker.jumps]}, later=True)
        if found is None:
            seconds = time.perf_counter() - started
            if turn < own and not tracker.seen and beside is None:  # what an earlier test has left may answer for the lines
                emit({"missed": number}, later=True)
            if seconds > WORTH_TELLING:
                emit({"took": [number, round(seconds, 3)]}, later=True)
            emit({"run": [number, False, hit, False, False, ""]}, later=True)
            continue
        crash = is_crash(found.exception, tracker.ids)
        emit({"run": [number, True, at_import or found.hit, crash, found.phase != "call", found.text]}, later=True)
        if bail:
            return


def run_fresh(job, items, others, host, emit):
    """In a new interpreter that has collected with the mutated file. A test that is not there any more does not fail."""
    tracker, at_import = job["mutated"], job["mutated"].hit
    limits = dict(zip(job["ids"], job["limits"] + [0.0] * len(job["ids"])))
    sequence = []
    for number, id in zip(job["tests"], job["ids"]):
        if id in items:
            sequence.append((number, items[id], limits[id]))
        sequence += [(number, item, limits[id]) for base, item in others if base == id]
    beside = inside.Beside({"mutation": tracker.what}, job["folder"]) if job["folder"] else None
    signal.setitimer(signal.ITIMER_PROF, 0)
    for number in [number for number, id in zip(job["tests"], job["ids"]) if id not in items]:
        emit({"begin": number})
        emit({"run": [number, False, at_import, False, False, ""]})
    loops = {int(test): count for test, count in job["loops"].items()}
    run_items(sequence, host, job["bail"], tracker, emit, loops, beside, at_import)


def stop_loop(most, asked, emit):
    """An endless loop is known by its rounds, or by its calls of the function, long before its time is over; nothing that it swallows can keep it alive."""
    emit({"limit": most} if asked is None else {"count": asked}, shared=True)
    os._exit(0)


class Unwatched:
    """Stands for a tracker where nobody asks which lines run. `ids`: of the codes whose crashes are the mutant's."""

    hit, jumps = False, 0

    def __init__(self, ids=()):
        self.ids = ids

    def watch_loops(self, _count, _on_limit):
        pass

    def counts(self):
        return False

    def arm(self):
        pass


def passes(item, limit, host, tracker=Unwatched()):
    """Whether the test passes as things are, in this process: the unchanged code is to be in place."""
    forks.seed_random()
    runner = Runner(item, None, tracker, False, host)
    signal.setitimer(signal.ITIMER_PROF, max(limit, SECONDS_PER_TEST))
    host.plugin.run(runner)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return runner.failure is None


class Failure:
    def __init__(self, phase, exception, hit, text):
        self.phase, self.exception, self.hit, self.text = phase, exception, hit, text


class Runner:
    """Runs one item by its hooks, without reports. Called by the plugin inside the pytest_runtest_protocol wrappers of everybody else."""

    def __init__(self, item, nextitem, tracker, bail, host):
        self.item, self.nextitem, self.tracker, self.bail, self.host = item, nextitem, tracker, bail, host
        self.phase = ""
        self.failure = None
        self.beside = None
        self.judge = self.by_report if needs_reports(item, host) else self.by_exception

    def __call__(self):
        item = self.item
        forget_explanations()
        if hasattr(item, "_request") and not item._request:
            item._initrequest()
        leave_results(item)
        renew_names(item)
        if self.bail and getattr(item, "failfast", None) is False:
            item.failfast = True  # unittest goes on after a failed subtest: a thousand of them can cost seconds
        passed = self.do("setup", item.ihook.pytest_runtest_setup)
        if passed:
            self.do("call", item.ihook.pytest_runtest_call)
        if self.failure is None or not self.bail or self.host.tears_down:
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
            self.failure = Failure(self.phase, exc, self.has_hit(), text or describe(exc))

    def has_hit(self):
        """Here, or in a program that the test has started."""
        if self.beside is not None and not self.tracker.hit and self.beside.answers():
            self.tracker.mark()
        return self.tracker.hit


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


def renew_names(item):
    """What a doctest sees: doctest clears it behind each run, and pytest fills it in only when it makes the item."""
    test = getattr(item, "dtest", None)
    if test is None:
        return
    if not hasattr(item, "names_at_first"):
        item.names_at_first = dict(test.globs)
    test.globs.clear()
    test.globs.update(item.names_at_first)


def forget_explanations():
    """The long explanation of a failed comparison costs more than most tests; the mutant's text does with the short one."""
    util = sys.modules.get("_pytest.assertion.util")
    if isinstance(util, types.ModuleType) and hasattr(util, "_reprcompare"):
        util._reprcompare = None


def warm_up():
    """Walks the failure path once, so that forks find its modules and caches in place."""
    codecs.lookup("utf-8-sig")
    try:
        raise AssertionError("warm")
    except AssertionError as exc:
        describe(exc)
        is_crash(exc, ())
        traceback.format_exception_only(type(exc), exc)
    _pytest._code.ExceptionInfo[BaseException]  # what a failing unittest asks for: typing keeps it


def seconds_of(limit):
    """What a test takes, from its limit of processor time (0.5 s and five times that: engine/pump.h)."""
    return (limit - 0.5) / 5.0


def is_certain(limit, asleep):
    """Whether a limit is so far from what the test takes that no busy machine explains it: 50 times, where the processor was used; 20 times, where the
    test's process was asleep at its wall limit."""
    return wall_limit(limit) >= 20.0 * seconds_of(limit) if asleep else limit >= 50.0 * seconds_of(limit)


def longest_wait(limits):
    """Seconds that a test may be in one wait before nothing more is expected of it: ten times what all of it takes, which no busy machine explains either."""
    return max([2.0] + [10.0 * seconds_of(limit) for limit in limits])


def wall_limit(limit):
    """Seconds that a test may wait, by its limit of processor time."""
    return 1.0 + 3.0 * limit


def answer(ended, host):
    """The final message of one job."""
    plan = ended.key
    timed_out = ended.how == "timeout" or (ended.how == "died" and (plan.limited or ended.signal == signal.SIGPROF))
    end = "done" if ended.how == "done" else "timeout" if timed_out else "died"
    spent = (ended.signal == signal.SIGPROF or ended.asleep) and all(is_certain(limit, ended.asleep) for limit in plan.limits_of(plan.at))
    plan.at_hit = plan.clean_up() or plan.at_hit
    reason = "it was called, or a loop went round, more than %d times" % plan.limited if plan.limited else ended.error
    if plan.stuck and not reason:
        reason = "one wait took more than %g s" % longest_wait(plan.limits_of(plan.at))
    if end == "died" and not reason:
        reason = "ended by signal %d" % ended.signal if ended.signal else "the process left without a verdict"
    return {
        "id": plan.ticket, "ok": True, "end": end, "same_code": False, "at": plan.at, "at_hit": plan.at_hit, "reason": reason,
        "certain": bool(plan.limited or spent or plan.stuck and ended.asleep), "runs": plan.runs(ended.records), "took": plan.took, "missed": plan.missed, "nursery": plan.nursery, "seconds": round(ended.seconds, 6),
    }


def refused(request, exc):
    return {"end": "refused", "same_code": exc.same_code, "at": 0, "at_hit": False, "runs": [], "reason": exc.reason, "seconds": 0.0}
