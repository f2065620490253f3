"""The existing tests on the original code, in forks of the zygote, one after the other, with full reports and traced lines."""
import os
import sys
import time

from . import forks, fresh as new_interpreter, inside, opened, reports, session_fixtures, trace, wire

OVERRUN = 0.25  # of the time until no further test is begun: so much longer may the running one take
TRACED_FACTOR, TRACED_MOST = 20.0, 300.0  # what tracing may cost a test before CPython 3.12: so many times its own time, and no more than that

SEVERITY = ("passed", "skipped", "xfailed", "failed", "error", "timeout", "crashed")


class Watch:
    """In the fork: what the plugin's hooks feed while tests run."""

    def __init__(self, files, host):
        self.host = host
        self.collector = trace.LineCollector([os.path.realpath(os.path.join(host.repo, file)) for file in files], host.index.real_file)
        self.traced = bool(files)
        if self.traced:
            self.collector.start()
        self.fixture_lines = {}  # fixture definition -> lines of its set-up
        self.opened = host.opened
        self.fixture_opened = {}  # fixture definition -> files its set-up looked into
        self.outcome = None
        self.used = {}
        self.session = None  # session_fixtures.Recorder
        self.wrote, self.writes = set(), False  # paths of the copy that the test itself wrote; whether it, or what its fixtures once set up, did
        self.emit, self.test, self.owner = None, 0, os.getpid()  # the running test, for what it forks
        self.opened.watch_writes(self.on_write)

    def on_write(self, path):
        self.opened.files.keep()
        if os.getpid() != self.owner and self.emit is not None:
            self.emit({"writes": self.test, "paths": [path]}, shared=True)
        self.wrote.add(path)
        if self.traced:
            self.opened.stack[-1].add(opened.WRITTEN)

    def report(self, report):
        if self.outcome is not None:
            self.outcome.add(report)

    def fixture_begins(self, fixturedef):
        if self.session is not None and session_fixtures.is_session(fixturedef):
            self.session.begins()
        if self.traced:
            self.collector.push()
            self.opened.push()

    def fixture_ends(self, fixturedef, request):
        lines = self.collector.pop() if self.traced else ()
        if self.session is not None and session_fixtures.is_session(fixturedef):
            self.session.ends(fixturedef, request, lines, self.opened.wide)
        if self.traced:
            self.fixture_lines.setdefault(fixturedef, set()).update(lines)
            self.fixture_opened.setdefault(fixturedef, set()).update(self.opened.pop())

    def teardown_begins(self, item):
        # The request forgets its fixtures at the end; those set up for an earlier test are in here too.
        request = getattr(item, "_request", None)
        self.used = dict(getattr(request, "_fixture_defs", None) or {})
        if self.session is not None:
            self.session.uses(self.used.values())

    def fixture_finished(self, fixturedef):
        if self.session is not None:
            self.session.finished(fixturedef)

    def run(self, item, nextitem):
        """Runs one test; the baseline's event, and whether this process may go on."""
        self.outcome, self.used, self.wrote, sound = reports.Outcome(), {}, set(), True
        self.host.needs.take()
        if self.traced:
            self.collector.take()
            self.collector.fresh()
            self.opened.take()
        self.opened.connects = False
        started = time.perf_counter()
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        except BaseException as exc:  # pytest.exit, KeyboardInterrupt: the set-up state behind them is anybody's guess
            self.outcome.fail("failed", "%s: %s" % (type(exc).__name__, exc))
            sound = False
        elapsed = time.perf_counter() - started
        lines, files, wide = set(), set(), False
        if self.traced:
            lines = self.collector.take()
            files, wide = self.opened.take()
            for fixturedef in self.used.values():
                lines |= self.fixture_lines.get(fixturedef, set())
                files |= self.fixture_opened.get(fixturedef, set())
        self.writes = bool(self.wrote) or opened.WRITTEN in files
        found = self.outcome
        self.outcome = None
        refused, asked = self.host.needs.take()
        return {
            "outcome": found.name, "seconds": round(found.seconds or elapsed, 6), "lines": trace.ranges(lines), "text": found.text,
            "can_fail": reports.can_fail(found, item, lines),
            "opened": opened.listed(files), "wide": wide, "special": self.opened.connects, "refused": refused, "asked": asked,
        }, sound


def run_tests(tests, items, host, emit, watch, until=None, scan=False):
    """In a fork or a new interpreter: the tests by their numbers and their items (None = it is not there), each with its events.
    None is begun after the moment `until`, but for the first one. `scan`: a look at the copy behind each, not only where it is known to be needed."""
    host.plugin.watch = watch
    host.enter_fork()
    files, beside = host.files, None
    watch.emit, watch.owner = emit, os.getpid()
    files.look()
    if watch.traced:
        os.register_at_fork(after_in_child=lambda: watch.collector.relay(lambda line: emit({"line": line}, shared=True)))
        beside = inside.Beside({"files": list(watch.collector.numbers)})
        watch.opened.start()
        host.needs.start()
    starts = Starts()
    if not host.unforkable.intersection(tests):
        watch.session = session_fixtures.Recorder(watch)
    modules = 0
    for turn, item in enumerate(items):
        if turn and is_over(until):
            return
        emit({"begin": turn})
        forks.seed_random()
        starts.any = False
        if item is None:
            emit({"event": {"outcome": "error", "seconds": 0.0, "lines": [], "text": "was not collected again in a new interpreter"}})
            continue
        watch.test = tests[turn]
        if watch.session is not None:
            watch.session.test = tests[turn]
        event, sound = watch.run(item, items[turn + 1] if turn + 1 < len(items) else None)
        for line in beside.answers() if beside else ():
            emit({"line": line})
            starts.any = True  # by a way that raises no event: multiprocessing
        if starts.any:
            emit({"starts": tests[turn]})
            files.keep()  # not every way of starting a program is told before
        unseen = files.look() if scan or watch.writes or (watch.traced and starts.any) else ()
        if unseen or watch.writes:
            emit({"writes": tests[turn], "paths": sorted(watch.wrote.union(unseen if scan or starts.any else ()))})
        for record in watch.session.take() if watch.session is not None else ():
            emit({"session": record})
        emit({"event": event})
        if not sound:
            return
        modules = host.clear_caches(modules)


def is_over(until):
    return until is not None and time.monotonic() >= until


class Starts:
    """Whether the running test starts programs: they are not forks of ours, and may run the repo's code all the same."""

    EVENTS = frozenset(("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "_posixsubprocess.fork_exec"))

    def __init__(self):
        self.any = False
        sys.addaudithook(self.on_event)

    def on_event(self, event, _args):
        if event in self.EVENTS:
            self.any = True


class Lane:
    """One sequence over all tests. Several beside each other show which tests cannot stand a second copy of themselves."""

    def __init__(self, baseline):
        self.baseline = baseline
        self.events = []  # one for each test that has ended
        self.began = None  # when the running one began
        self.forked = []  # (file, line) that other processes of the running test have executed
        self.runs = self.single = False  # a process of its is there; with nothing beside it
        # The next test passed its deadline, traced. Was that the tracing? 'untraced': it runs without, 'longer': and now traced once more.
        self.chance, self.limit, self.untraced = None, baseline.timeout, None

    def done(self):
        return len(self.events)

    def submit(self, pool):
        """The next tests, up to where a fork has to be followed by a new interpreter, or the other way round; one that runs alone, alone."""
        tests, host = self.baseline.tests, self.baseline.host
        first = last = self.done()
        fresh = tests[first] in host.unforkable
        self.single = self.baseline.is_alone(first)
        only_one = self.chance or self.single or self.baseline.apart_all
        while last < len(tests) and (tests[last] in host.unforkable) == fresh and (last == first or not (only_one or self.baseline.is_alone(last))):
            last += 1
        self.runs, part = True, tests[first:last]
        self.started, self.part_end = first, last
        timeout, traced = self.limit + 30.0, self.chance != "untraced"
        if self.chance:
            self.baseline.channel.send({"id": self.baseline.id, "event": "again", "seconds": timeout})
        wall = self.baseline.before_stop(timeout + (60.0 if fresh else 0.0), first)
        pool.submit(self, lambda emit: self.baseline.child(part, fresh, emit, traced), wall, self.on_record)

    def on_record(self, child, record):
        timeout = self.limit
        if "begin" in record:
            self.began = time.monotonic()
            child.deadline = self.began + self.baseline.before_stop(timeout, self.done())
        elif "line" in record:
            self.forked.append(record["line"])
        elif "session" in record:
            self.baseline.host.fixtures.take(record["session"], self.baseline.files)
        elif "writes" in record:
            self.baseline.host.files.note(record["writes"], record["paths"])
        elif "starts" in record:
            if self.baseline.host.starters is not None:
                self.baseline.host.starters.add(record["starts"])
        else:
            child.deadline = time.monotonic() + self.baseline.before_stop(timeout + 30.0, self.done())
            self.began = None
            self.take(record["event"])

    def take(self, event):
        if self.chance == "untraced":
            self.untraced, self.forked = event, []
            return
        event["lines"] = event["lines"] + [[file, line, line] for file, line in self.forked]
        self.forked = []
        self.events.append(event)

    def ended(self, ended):
        """A child that did not come to its end: the test it was in pays, the next one goes on behind it."""
        self.runs = False
        if is_over(self.baseline.end_of(self.done())):
            return  # the last test was not given its time: there is no event for it
        chance, limit = self.chance, self.limit
        self.chance, self.limit = None, self.baseline.timeout
        if chance == "untraced":
            self.decide()
            return
        if ended.how == "done" and self.done() > self.started:
            return
        if ended.how == "timeout" and not chance and self.baseline.files and trace.MONITORING is None and self.done() < self.part_end:
            self.chance, self.began = "untraced", None
            return
        seconds = time.monotonic() - self.began if self.began is not None else 0.0
        self.began = None
        if ended.how == "timeout":
            text, outcome = "no end within %g s%s" % (limit, " while its lines were traced" if chance else ""), "timeout"
        else:
            text = ended.error or ("ended by signal %d" % ended.signal if ended.signal else "the process left without a verdict")
            outcome = "crashed"
        if self.done() < self.part_end:
            self.take({"outcome": outcome, "seconds": round(seconds, 6), "lines": [], "text": wire.one_line(text)})


    def decide(self):
        """Behind the run without tracing: once more with it, or what came of it is the outcome."""
        event, self.untraced = self.untraced, None
        if event and event["outcome"] in ("passed", "xfailed"):
            self.chance = "longer"
            self.limit = min(self.baseline.timeout + TRACED_FACTOR * event["seconds"], max(TRACED_MOST, self.baseline.timeout))
        else:
            self.take(event or {"outcome": "timeout", "seconds": self.baseline.timeout, "lines": [], "text": "no end within %g s" % self.baseline.timeout})


class Baseline:
    def __init__(self, request, host, channel):
        self.host, self.channel, self.id = host, channel, request.get("id")
        self.files = request.get("files") or []
        tests = request.get("tests")
        self.tests = list(range(len(host.items))) if tests is None else list(tests)
        self.timeout = float(request.get("timeout") or 30.0)
        pause = float(request.get("pause") or 0.0)
        self.until = time.monotonic() + pause if pause else None
        stop = float(request.get("stop") or 0.0)
        self.stop = time.monotonic() + stop if stop else None  # what runs then is ended
        self.late = min(self.stop, self.until + OVERRUN * pause) if pause and stop else self.stop  # for what is not spared: the other pass needs time, too
        self.spares_first = not self.files or host.starters is None  # where no part has been traced yet, or there would be no result
        self.apart_all = bool(request.get("apart"))  # each test in a fork of its own
        self.scan = not self.files and host.files.unclaimed  # who wrote is still to be found out: one after the other
        copies = 1 if self.scan else max(1, int(request.get("copies") or 1))
        self.lanes = [Lane(self) for _copy in range(copies)]
        self.sent = 0
        # Known before the pass: what only comes to light in it would hold up lanes at different tests.
        self.apart = frozenset() if self.files else frozenset(host.files.writers)

    def run(self):
        if self.files:
            self.host.files.claimed = set()
            self.host.starters = self.host.starters or set()  # of an earlier part of the tests
        if self.host.workers is not None:
            self.host.workers.close()  # the tests of this part are to have their names, and what goes with these: databases, ports
        if self.host.unforkable:
            self.host.files.keep()  # a new interpreter does not know what it was like
        pool = forks.Pool(len(self.lanes))
        for lane in self.lanes:
            self.go_on(lane, pool)
        while pool.busy():
            forks.wait(pool)
            for ended in pool.step():
                lane = ended.key
                lane.ended(ended)
                if lane.single and not is_over(self.stop):
                    self.behind(lane, pool)
                else:
                    self.go_on(lane, pool)
            self.send()
        forks.drop_folders()
        files = self.host.files
        files.settle(bool(self.files))
        # Behind the second pass nothing else uses the workers' names: their fixtures can be set up.
        notes = [] if self.files else files.sentences(lambda test: self.host.items[test].nodeid)
        if self.host.workers is not None and not self.files:
            notes += self.host.workers.open()
        self.channel.send({"id": self.id, "ok": True, "notes": notes, "workers": self.host.workers is not None and bool(self.host.workers.sockets)})

    def before_stop(self, seconds, turn):
        """`seconds`, or what is left for the test that comes at this turn."""
        end = self.end_of(turn)
        return seconds if end is None else min(seconds, max(0.0, end - time.monotonic()))

    def end_of(self, turn):
        """The moment at which the test that comes at this turn is ended."""
        return self.stop if turn == 0 and self.spares_first else self.late

    def is_alone(self, turn):
        return self.tests[turn] in self.apart

    def go_on(self, lane, pool):
        """The next tests of a lane. One that writes into the copy waits for all lanes, and the first runs it for all of them."""
        turn = lane.done()
        if turn >= len(self.tests) or turn and is_over(self.until) or is_over(self.end_of(turn)):
            return
        if not self.is_alone(turn):
            lane.submit(pool)
        elif not any(one.runs or one.done() != turn for one in self.lanes):
            self.host.files.put_back()
            self.lanes[0].submit(pool)

    def behind(self, lane, pool):
        self.host.files.put_back()
        lane.single = False
        for one in self.lanes[1:]:
            one.events.append(dict(lane.events[-1]))
        for one in self.lanes:
            self.go_on(one, pool)

    def child(self, tests, fresh, emit, traced=True):
        files = self.files if traced else []
        if fresh:
            new_interpreter.become(dict(self.host.fresh_job(tests), lines_of=files, scan=self.scan), emit)
        run_tests(tests, [self.host.items[index] for index in tests], self.host, emit, Watch(files, self.host), self.until, self.scan)

    def is_special(self, test):
        """What the zygote has to know of it is not in its event: it must run in every session."""
        host = self.host
        return test in host.files.writers or test in host.unforkable or test in (host.starters or ()) or host.fixtures.is_expensive(test)

    def send(self):
        while self.sent < min(lane.done() for lane in self.lanes):
            event = merged([lane.events[self.sent] for lane in self.lanes])
            event.update(id=self.id, event="test", test=self.tests[self.sent])
            event["special"] = self.is_special(event["test"]) or any(lane.events[self.sent].get("special") for lane in self.lanes)
            self.sent += 1
            self.channel.send(event)


def merged(events):
    """One event for all copies of a test: the worst, with the best time."""
    worst = dict(max(events, key=lambda event: SEVERITY.index(event["outcome"])))
    worst["seconds"] = min(event["seconds"] for event in events)
    return worst
