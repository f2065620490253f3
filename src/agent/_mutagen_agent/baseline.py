"""The existing tests on the original code, in forks of the zygote, one after the other, with full reports and traced lines."""
import os
import time

from . import forks, reports, trace, wire


class Watch:
    """In the fork: what the plugin's hooks feed while tests run."""

    def __init__(self, files, host):
        self.host = host
        self.collector = trace.LineCollector([os.path.realpath(os.path.join(host.repo, file)) for file in files], host.index.real_file)
        self.traced = bool(files)
        self.fixture_lines = {}  # fixture definition -> lines of its set-up
        self.outcome = None
        self.used = {}

    def report(self, report):
        if self.outcome is not None:
            self.outcome.add(report)

    def fixture_begins(self, _fixturedef):
        if self.traced:
            self.collector.push()

    def fixture_ends(self, fixturedef):
        if self.traced:
            self.fixture_lines.setdefault(fixturedef, set()).update(self.collector.pop())

    def teardown_begins(self, item):
        # The request forgets its fixtures at the end; those set up for an earlier test are in here too.
        request = getattr(item, "_request", None)
        self.used = dict(getattr(request, "_fixture_defs", None) or {})

    def run(self, item, nextitem):
        """Runs one test; the baseline's event, and whether this process may go on."""
        self.outcome, self.used, sound = reports.Outcome(), {}, True
        if self.traced:
            self.collector.take()
            self.collector.fresh()
        started = time.perf_counter()
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        except BaseException as exc:  # pytest.exit, KeyboardInterrupt: the set-up state behind them is anybody's guess
            self.outcome.fail("failed", "%s: %s" % (type(exc).__name__, exc))
            sound = False
        elapsed = time.perf_counter() - started
        lines = set()
        if self.traced:
            lines = self.collector.take()
            for fixturedef in self.used.values():
                lines |= self.fixture_lines.get(fixturedef, set())
        found = self.outcome
        self.outcome = None
        return {
            "outcome": found.name, "seconds": round(found.seconds or elapsed, 6), "lines": trace.ranges(lines), "text": found.text,
        }, sound


class Baseline:
    def __init__(self, request, host, channel):
        self.host, self.channel, self.id = host, channel, request.get("id")
        self.files = request.get("files") or []
        tests = request.get("tests")
        self.tests = list(range(len(host.items))) if tests is None else list(tests)
        self.timeout = float(request.get("timeout") or 30.0)
        self.done = 0  # tests whose event has been sent
        self.began = None  # when the running one began
        self.forked = []  # (file, line) that processes forked by the running test have executed

    def run(self):
        pool = forks.Pool(1)
        while self.done < len(self.tests):
            before = self.done
            pool.submit("baseline", self.child, self.timeout + 30.0, self.on_record)
            while pool.busy():
                forks.wait(pool)
                for ended in pool.step():
                    self.ended(ended, before)
        self.channel.send({"id": self.id, "ok": True})

    def child(self, emit):
        self.host.enter_fork()
        watch = self.host.plugin.watch = Watch(self.files, self.host)
        items = [self.host.items[index] for index in self.tests[self.done:]]
        if watch.traced:
            watch.collector.start()
            os.register_at_fork(after_in_child=lambda: watch.collector.relay(lambda line: emit({"line": line}, shared=True)))
        modules = 0
        for turn, item in enumerate(items):
            emit({"begin": turn})
            forks.seed_random()
            event, sound = watch.run(item, items[turn + 1] if turn + 1 < len(items) else None)
            emit({"event": event})
            if not sound:
                return
            modules = self.host.clear_caches(modules)

    def on_record(self, child, record):
        if "begin" in record:
            self.began = time.monotonic()
            child.deadline = self.began + self.timeout
        elif "line" in record:
            self.forked.append(record["line"])
        else:
            child.deadline = time.monotonic() + self.timeout + 30.0
            self.began = None
            self.send(record["event"])

    def ended(self, ended, before):
        """A child that did not come to its end: the test it was in pays, the next fork goes on behind it."""
        if ended.how == "done" and self.done > before:
            return
        seconds = time.monotonic() - self.began if self.began is not None else 0.0
        self.began = None
        if ended.how == "timeout":
            text, outcome = "no end within %g s" % self.timeout, "timeout"
        else:
            text = ended.error or ("ended by signal %d" % ended.signal if ended.signal else "the process left without a verdict")
            outcome = "crashed"
        if self.done < len(self.tests):
            self.send({"outcome": outcome, "seconds": round(seconds, 6), "lines": [], "text": wire.one_line(text)})

    def send(self, event):
        event.update(id=self.id, event="test", test=self.tests[self.done])
        event["lines"] = event["lines"] + [[file, line, line] for file, line in self.forked]
        self.forked = []
        self.done += 1
        self.channel.send(event)
