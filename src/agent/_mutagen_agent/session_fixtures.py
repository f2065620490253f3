"""What session fixtures cost and which lines they run, as the baseline sees it: which of them mutants may share, and for which tests."""
import json
import os
import time

EXPENSIVE = 0.05  # seconds that the session fixtures of one test take: below, a fork sets them up faster than it is proved that it need not


def is_session(fixturedef):
    return getattr(fixturedef, "scope", "") == "session"


def key(fixturedef):
    """The same fixture in every process that has collected these tests: its name first."""
    function = fixturedef.func
    return "%s#%s:%s" % (fixturedef.argname, getattr(function, "__module__", ""), getattr(function, "__qualname__", ""))


class Recorder:
    """In the baseline's process: one record for each set-up and each teardown of a session fixture, and what each test uses."""

    def __init__(self, watch):
        self.watch = watch
        self.timing = []  # [began, seconds that others took meanwhile], the innermost last
        self.finishing = []
        self.records, self.test = [], 0

    def begins(self):
        self.timing.append([time.perf_counter(), 0.0])

    def ends(self, fixturedef, request, lines, starts):
        """`lines` ran meanwhile; `starts`: other processes may have run, too."""
        began, inner = self.timing.pop()
        seconds = time.perf_counter() - began
        if self.timing:
            self.timing[-1][1] += seconds
        self.note(fixturedef, "set_up", lines, seconds=seconds - inner, test=self.test, starts=starts,
                  single=hasattr(request, "param") or getattr(fixturedef, "params", None) is not None)
        fixturedef.addfinalizer(lambda: self.finish(fixturedef))  # the last one added is the first to be called

    def finish(self, fixturedef):
        self.finishing.append(fixturedef)
        self.watch.collector.push()

    def finished(self, fixturedef):
        if self.finishing and self.finishing[-1] is fixturedef:
            self.finishing.pop()
            self.note(fixturedef, "finished", self.watch.collector.pop())

    def note(self, fixturedef, what, lines, **more):
        self.records.append(dict(more, what=what, key=key(fixturedef), lines=sorted(lines)))

    def uses(self, fixturedefs):
        found = [key(one) for one in fixturedefs if is_session(one)]
        if found:
            self.records.append({"what": "uses", "test": self.test, "keys": found})

    def take(self):
        records, self.records = self.records, []
        return records


class Fixture:
    def __init__(self, order, test):
        self.order, self.test = order, test  # by which test it is set up
        self.seconds, self.lines = float("inf"), {}  # path -> set of lines
        self.single = self.starts = self.finished = False


class Table:
    """In the zygote and its sessions."""

    def __init__(self):
        self.fixtures, self.uses = {}, {}  # key -> Fixture; test -> keys
        self.bad = {}  # key -> why it cannot be shared
        self.apart = frozenset()  # tests that write into the copy: it is put back behind each, and with it what a worker would have written
        self.shared = []  # keys that a worker sets up, in this order

    def take(self, record, files):
        if record["what"] == "uses":
            self.uses[record["test"]] = record["keys"]
            return
        one = self.fixtures.setdefault(record["key"], Fixture(len(self.fixtures), record.get("test", 0)))
        for file, line in record["lines"]:
            one.lines.setdefault(files[file], set()).add(line)
        if record["what"] == "finished":
            one.finished = True
            return
        one.seconds = min(one.seconds, record["seconds"])
        one.single |= record["single"]
        one.starts |= record["starts"]

    def guess(self, test, item):
        """A test that no baseline has seen. Nothing hangs on it: a wrong guess costs a try in a worker."""
        names = {key.split("#")[0] for key in self.shared if self.fixtures[key].seconds > EXPENSIVE}
        if names.intersection(getattr(item, "fixturenames", ())) or names and item.get_closest_marker("django_db") is not None:
            self.uses[test] = list(self.shared)

    def why_not(self, key):
        """Why mutants cannot share this fixture; "" when they can."""
        one = self.fixtures.get(key)
        if key in self.bad:
            return self.bad[key]
        if one is None or not one.finished:
            return "it was not seen to its end"
        if one.single:
            return "it has parameters"
        return "it starts programs" if one.starts else ""

    def cost(self, test):
        return sum(self.fixtures[key].seconds for key in self.uses.get(test, ()) if key in self.fixtures)

    def is_expensive(self, test):
        return self.cost(test) > EXPENSIVE

    def is_shareable(self, test):
        return test not in self.apart and not any(self.why_not(key) for key in self.uses.get(test, ()))

    def plan(self):
        """Decides what a worker sets up: everything that tests with expensive fixtures use, in the order in which it was seen."""
        keys = {key for test in self.uses if self.is_expensive(test) and self.is_shareable(test) for key in self.uses[test]}
        self.shared = sorted(keys, key=lambda key: self.fixtures[key].order)
        return self.shared

    def obstacles(self):
        """{key: why} of what keeps tests with expensive fixtures from sharing them."""
        tests = [test for test in self.uses if self.is_expensive(test)]
        return {key: self.why_not(key) for test in tests for key in self.uses[test] if self.why_not(key)}

    def runs_lines(self, file, first, last):
        """Whether setting up, or tearing down, what a worker shares runs any of these lines."""
        return any(first <= line <= last for key in self.shared for line in self.fixtures[key].lines.get(file, ()))

    def seconds(self):
        return sum(self.fixtures[key].seconds for key in self.shared)

    def limits(self, tests, limits):
        """CPU limits for tests in a fork that has to set the fixtures up: the first test that uses one pays for it."""
        paid, found = set(), []
        for test, limit in zip(tests, limits):
            new = [key for key in self.uses.get(test, ()) if key not in paid and key in self.fixtures]
            paid.update(new)
            found.append(limit + 5.0 * sum(self.fixtures[key].seconds for key in new) if limit > 0 else limit)
        return found

    def save(self, path):
        rows = {key: dict(vars(one), lines={file: sorted(lines) for file, lines in one.lines.items()}) for key, one in self.fixtures.items()}
        with open(path + ".new", "w") as file:
            json.dump({"fixtures": rows, "uses": list(self.uses.items()), "bad": self.bad}, file)
        os.replace(path + ".new", path)

    def load(self, path):
        try:
            with open(path) as file:
                saved = json.load(file)
        except (OSError, ValueError):
            return False
        for key, row in saved["fixtures"].items():
            one = self.fixtures[key] = Fixture(row["order"], row["test"])
            vars(one).update(row, lines={file: set(lines) for file, lines in row["lines"].items()})
        self.uses = {test: keys for test, keys in saved["uses"]}
        self.bad = saved["bad"]
        return True
