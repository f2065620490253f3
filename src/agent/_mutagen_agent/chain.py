"""Mutants that run one after the other in one process, for fast tests: there a process for each costs many times what its test does.

What one leaves behind must decide nothing for the next. So a kill is believed only as far as this holds:
- before its first mutant each test runs without one, until it leaves the process as it found it, and passes;
- behind each kill the test passes on the unchanged function, put in place the same way, in the same process: neither what is left there nor
  the change of code itself makes it fail. The mutant alone is the difference, so its lines have run: before CPython 3.12, where watching them
  is dear, nobody watches;
- behind each mutant the process is as it was before: globals, attributes and containers of the repo's modules, living objects by
  type, environment, folder, threads, descriptors. One that is not is left.
Anything else (a death, a test that cannot be run twice, most survivors) is run again in a process of its own.

A survivor is believed in a *clean* process: one where the very first run of each test, without a mutant, has left nothing, however deep, not in the
repo's modules, not around, and not in modules that the repo's refer to (deep.py). Otherwise what a mutant does not do any more could have been done already (an entry, a
registration, an option). A test that leaves something there ends the process; it and mutants of its have another one for each worker, where survivors
are not believed. One whose tests are all that enter its function is settled so. One that other tests come by, too, is run again by itself with these,
but need not meet the tests beside, which do not enter its function: they would find nothing.
"""
import base64
import contextlib
import marshal
import os
import sys
import time

from . import codes, forks, mutant, reload, target as targets, trace, wire

MOST_SECONDS = 0.005  # a test that takes longer gains nothing here: it runs twice for each kill
SHORTER = 0.47  # seconds by which limits are shorter here (0.03 and five times what the test takes): what passes one is run by itself anyway
MOST_RESIDUES = 3  # times that a test may end a process before it is left out
MOST_WARMING = 4
MOST_STAINS = 6  # tests that may end a clean process by what they leave, and one more for every two survivors that are settled in one
MOST_TESTS = 8  # of one mutant: the killer of the last one comes first, and what these do not kill is run by itself anyway
ENOUGH = 6  # mutants that show whether a target's tests are good for this
WATCHED = trace.MONITORING is not None
LEAST_VERDICTS = 3  # that a process must bring on the average, or starting it costs more than it saves


class Chains:
    """In a session: the processes, one for each place of a worker, and the tests that cannot run there."""

    def __init__(self, session):
        self.session, self.running = session, {}
        self.tests = Learned(os.path.join(session.scratch, "chained-tests"), session.known)
        self.begin()
        self.book = os.path.join(session.scratch, "chains")  # what the targets before this one came to
        self.before = None

    def link(self, request, code):
        """A Link when this mutant may be run in a chain, else None."""
        session, target = self.session, self.session.target
        tests, limits, host = request["tests"], request.get("limits") or [], session.host
        if not request.get("chain") or len(limits) != len(tests) or not self.pays():
            return None
        if host.state is None or not host.state.small or target.is_module or target.fresh or id(code) in target.defaults:
            return None
        if host.starters is None or host.starters.intersection(tests) or host.unforkable.intersection(tests):
            return None
        fit = [(test, limit) for test, limit in zip(tests, limits) if test not in self.tests.unfit and 0.0 <= mutant.seconds_of(limit) <= MOST_SECONDS][:MOST_TESTS]
        if not fit:
            return None
        return Link(self, dict(request, tests=[test for test, _limit in fit], limits=[limit for _test, limit in fit]), code, len(fit) == len(tests))

    def is_clean(self, tests):
        """Whether a clean process may run these tests."""
        stains = self.tests.stains
        return self.session.host.state.others is not None and len(stains) < MOST_STAINS + self.tests.settled // 2 and stains.isdisjoint(tests)

    def pays(self):
        """Whether those that were begun, for this target and for the ones before, were worth it."""
        if self.tried >= ENOUGH and 5 * self.won < self.tried or self.started >= LEAST_VERDICTS and self.won < LEAST_VERDICTS * self.started:
            return False
        if self.before is None:
            self.before = book(self.book)
        targets, started, won = self.before
        self.asked = True
        return started < 10 + targets // 2 or won >= LEAST_VERDICTS * started  # what holds for some targets need not for all

    def begin(self):
        """Another target. The processes stay: nothing of it is in them before they hear of it."""
        self.asked = False
        self.tests.read()
        self.tried = self.won = self.started = 0  # mutants of this target, those of them that were settled in a chain, and processes begun for it

    def note(self):
        """What the target came to."""
        if self.asked:
            with open(self.book, "a") as file:
                file.write("%d %d\n" % (self.started, self.won))
            if self.before is not None:
                self.before = self.before[0] + 1, self.before[1] + self.started, self.before[2] + self.won
        self.begin()

    def drop(self):
        """What they were forked from is not what the session is any more."""
        self.note()
        for chain in list(self.running.values()):
            self.end(chain, chain.child, False)

    def end(self, chain, child, late):
        """`child`: the mutant that is in it, or the process without one."""
        if self.running.get(chain.place) is chain:
            del self.running[chain.place]
        wire.private_fds.discard(chain.jobs)
        os.close(chain.jobs)
        wire.private_fds.discard(chain.child.fd)
        return forks.finish(child, late)


def book(path):
    """Targets so far, their processes and verdicts."""
    try:
        with open(path) as file:
            rows = [tuple(map(int, line.split())) for line in file]
    except (OSError, ValueError):
        return 0, 0, 0  # none yet; one that is being written is read the next time
    rows = [row for row in rows if len(row) == 2]
    return len(rows), sum(row[0] for row in rows), sum(row[1] for row in rows)


class Learned:
    """What sessions have learned of tests, each from all: `unfit` ones cannot run in such a process, the first run of `stains` leaves something, and
    `settled` survivors were believed in clean ones. In a file of lines; generated tests have other numbers in other sessions, and do not stand there."""

    def __init__(self, path, known):
        self.path, self.known, self.at = path, known, 0
        self.unfit, self.residues, self.stains, self.settled = set(), {}, set(), 0

    def note(self, kind, test=0):
        self.take(kind, test)
        if test < self.known:
            with open(self.path, "a") as file:
                file.write("%d %s %d\n" % (os.getpid(), kind, test))

    def read(self):
        """What others have noted since."""
        try:
            with open(self.path) as file:
                file.seek(self.at)
                text = file.read()
        except OSError:
            return  # nobody has yet
        whole = text[: text.rfind("\n") + 1]
        self.at += len(whole)  # they are ASCII
        for line in whole.splitlines():
            who, kind, test = line.split()
            if int(who) != os.getpid():
                self.take(kind, int(test))

    def take(self, kind, test):
        if kind == "settled":
            self.settled += 1
        elif kind == "stain":
            self.stains.add(test)
        elif kind == "residue":
            self.residues[test] = self.residues.get(test, 0) + 1
        if kind == "unfit" or self.residues.get(test, 0) >= MOST_RESIDUES:
            self.unfit.add(test)


class Chain:
    """One process, as its session knows it."""

    def __init__(self, chains, place):
        self.place = place  # the number of the worker, and whether it is clean
        reader, self.jobs = os.pipe()
        reader, self.jobs = wire.out_of_reach(reader), wire.out_of_reach(self.jobs)
        wire.private_fds.update((reader, self.jobs))
        session = chains.session
        session.host.freeze()
        key = Served(session, reader, place[1])
        self.target = None  # that it knows of
        self.child = forks.spawn(key, key.run, 3600.0, None, forks.settings["workers"] + place[0], (reader,))
        self.child.fd = wire.out_of_reach(self.child.fd)
        wire.private_fds.discard(reader)
        wire.private_fds.add(self.child.fd)
        os.close(reader)


class Link:
    """One mutant for a chain; stands for the child in the session's pool, as workers.Away does."""

    next, sets_up, ahead = None, True, True

    def __init__(self, chains, request, code, whole):
        self.chains, self.request, self.code, self.whole = chains, request, code, whole  # whether these are all of its tests

    def carry(self, plan):
        self.plan = plan
        return self

    def send(self, number):
        chains, plan, target = self.chains, self.plan, self.plan.target
        place = number, chains.is_clean(plan.tests)
        chain = chains.running.get(place)
        if chain is None:
            chain = chains.running[place] = Chain(chains, place)
            chains.started += 1
        self.chain = chain
        child = forks.Child(plan, chain.child.pid, chain.child.fd, time.monotonic() + 2.0 * plan.wall, plan.on_record, chain.child.mark)
        child.worker = number
        child.end = lambda late: self.end(child, late)
        plan.on_start(child)
        job = {"request": dict(self.request, limits=[limit - SHORTER for limit in plan.limits], source=""), "code": packed(self.code),
               "loops": None if plan.loops is None else list(plan.loops.items()),
               "target": None if chain.target is target else self.about(target)}
        chain.target = target
        data = wire.encode(job)
        try:
            while data:
                data = data[forks.WRITE(chain.jobs, data):]
        except OSError:
            pass  # its end of file will be read
        return child

    def about(self, target):
        """What the process has to know of a target: what it is, and its unchanged code."""
        return {"request": target.request, "unchanged": packed(codes.original_alone(target))}

    def end(self, child, late):
        said = said_in(child.records)
        for test in said["stains"] if said else ():
            self.chains.tests.note("stain", test)
        if child.complete and not child.error and said is not None and not said["leaves"]:
            return forks.Ended(child.key, child.records, "done", 0, time.monotonic() - child.started, "")
        return self.chains.end(self.chain, child, late)

    def answer(self, ended):
        """The final message; None when the mutant has to be run in a process of its own."""
        said = said_in(ended.records)
        plan, chains = self.plan, self.chains
        chains.tried += 1
        if said is None:
            return None
        for test in said["unfit"]:
            chains.tests.note("unfit", test)
        for test in said["residue"] if said["leaves"] else ():
            chains.tests.note("residue", test)
        if not said["believed"]:
            return None
        quiet = self.whole and said["all"] and not said["leaves"]
        settles = quiet and (self.request.get("near") or 0) <= len(plan.tests)
        answer = dict(mutant.answer(ended, plan.host), quiet=quiet, settles=settles, proved=True)
        for run in answer["runs"]:
            run[2] = run[1] or run[2] or said["all"]  # a kill: its lines have run; where all tests pass, they have in one of them
        if settles:
            chains.tests.note("settled")
        chains.won += settles or any(run[1] for run in answer["runs"])
        return answer


def packed(code):
    return base64.b64encode(marshal.dumps(code)).decode("ascii")


def unpacked(text):
    return marshal.loads(base64.b64decode(text))


def said_in(records):
    """What the process told of the mutant at its end; None when it did not come to that."""
    return next((record["chain"] for record in reversed(records) if "chain" in record), None)


class Served:
    """In the process: runs one mutant after the other."""

    def __init__(self, session, reader, clean):
        self.session, self.reader, self.host, self.clean = session, reader, session.host, clean
        self.warm = set()  # tests that may be run here
        self.marked = False  # whether the state between two mutants is
        self.left = self.stained = False  # whether the test that was warmed up last has left something, but living objects; at its first run, in a clean process
        self.unchanged = ""  # code of the target, packed: made of it, tuples would be among the living, and collections come to leave them out
        self.started = False  # a program was started: nobody knows what it has changed

    def run(self, emit):
        host = self.host
        host.enter_fork()
        host.forget_troubles()
        host.tears_down = True
        mutant.watch_writes(host, emit, False)
        told = host.files.on_start
        host.files.on_start = lambda: (setattr(self, "started", True), told())
        self.emit, self.end = forks.teller(*emit.pipe)
        self.state = host.state
        for module in self.state.modules_of_repo:  # the first warning would make it; each test forgets what the one before it has warned of
            module.__dict__.setdefault("__warningregistry__", {})
        with os.fdopen(self.reader, "rb", closefd=False) as jobs:
            for line in jobs:
                if self.answer(line):
                    break
        os._exit(0)

    def answer(self, line):
        """Whether this process is of no more use."""
        said = self.judged(line)
        self.emit({"chain": said}, later=True)
        self.end()
        return said["leaves"]

    def judged(self, line):
        """What the session is told, see nothing(). States are compared here, where nothing of a mutant is alive."""
        warmed, said = False, nothing()  # as alive as what is said later
        if self.turn_to(wire.DECODE(line.decode("ascii"))["target"]) and self.marked:
            self.state.mark(repo=False)  # nothing has run since it was found to be the same
        while True:
            said = self.one(wire.DECODE(line.decode("ascii")), not warmed)
            if self.started or said["residue"] and any(self.state.changed()) or self.needs_clean(said) and not self.is_clean_still():
                return dict(said, leaves=True)
            if said["cold"] < 0:
                return said
            warm = self.warm_up(said["cold"], said["limit"])
            if self.stained:
                return dict(said, leaves=True, stains=[said["cold"]], residue=[])
            if not warm:
                return dict(said, leaves=not self.goes_on(), unfit=[said["cold"]], residue=[])
            self.warm.add(said["cold"])
            warmed = self.marked = True
            self.state.mark()

    def goes_on(self):
        """Behind a test that is not to be run here: no mutant has run since, so objects that it keeps alive count for nothing."""
        left = self.left or any(self.state.changed()[1:]) or not self.is_clean_still()
        self.state.mark()
        return self.marked and not self.started and not left

    def needs_clean(self, said):
        """Whether a survivor is about to be believed, or another test's first run to be compared with how things are now."""
        return self.marked and (said["all"] or said["cold"] >= 0)

    def is_clean_still(self):
        """Whether a clean process is; the others need not be."""
        return not self.clean or self.state.others.same()

    def turn_to(self, request):
        """Another target, when it is one. Whether it is."""
        if request is not None:
            if self.session.target.request != request["request"]:
                self.session.target = targets.Target(request["request"], self.host.index)
            self.session.target.marks = False  # the texts that they would be compiled from are not here
            self.unchanged = request["unchanged"]
        return request is not None

    def one(self, job, may_warm):
        """Runs the first tests of one mutant, until one fails, or one has not been warmed up: of those, one for each mutant."""
        plan = mutant.Plan(job["request"], self.session.target, unpacked(job["code"]), self.host)
        plan.loops = None if job["loops"] is None else dict(map(tuple, job["loops"]))
        plan.tracker.on_hit = lambda: self.emit({"hit": 1}, shared=True)
        return self.tests(plan, may_warm)

    def tests(self, plan, may_warm):
        said = nothing()
        sequence = plan.sequence(self.host.items)
        for turn, (test, item, limit) in enumerate(sequence):
            if test not in self.warm and not may_warm:
                return dict(said, believed=True)
            if test not in self.warm:
                return dict(said, cold=test, limit=limit)
            said["residue"] = [test]
            run = self.mutated(plan, sequence[turn], WATCHED, turn == 0)
            if run[1]:
                passes = self.passes(item, limit)
                return dict(said, believed=passes and (run[2] or not WATCHED), leaves=not passes)
        return self.survivor(dict(said, believed=True), plan, sequence)

    def survivor(self, said, plan, sequence):
        """Whether all of its tests have run, left nothing behind, and come by its lines."""
        if self.clean:
            for one in () if WATCHED else sequence:
                if plan.tracker.hit:
                    break
                if self.mutated(plan, one, True, told=True)[1]:
                    return dict(said, believed=False, leaves=True)
            said["all"] = plan.tracker.hit
        return said

    def mutated(self, plan, one, watched, first=False, told=False):
        """Runs one test on the mutant; what run_items says of it. `first`: the session knows that it begins; `told`: what it came to."""
        runs = []

        def tell(record, shared=False, later=False):
            if "run" in record:
                runs.append(record["run"])
            if not (told and "run" in record):
                self.emit(record, shared, later)

        tracker = plan.tracker if watched else mutant.Unwatched(plan.tracker.ids)
        with self.in_place(plan.code):
            try:
                mutant.run_items([one], self.host, True, tracker, tell, plan.loops, begun=first)
            finally:
                plan.tracker.disarm()
                plan.tracker.on_limit = None  # it knows the test, and would be among the living
        return runs[0]

    def passes(self, item, limit):
        """Whether the test passes on the unchanged function, put in place as the mutant is."""
        with self.in_place(unpacked(self.unchanged)):
            return mutant.passes(item, limit, self.host)

    @contextlib.contextmanager
    def in_place(self, code):
        target = self.session.target
        target.swap(code)
        undo = reload.install(target, code)
        try:
            yield
        finally:
            target.restore()
            undo()

    def warm_up(self, test, limit):
        """Whether the test passes without a mutant, again and again, and comes to leave the process as it was."""
        item = self.host.items[test]
        self.left, self.stained, detail = False, False, b""
        made = hasattr(item, "addFailure") and "tearDown_exceptions" not in vars(item.cls)
        if made:
            item.cls.tearDown_exceptions = []  # unittest's own, made when the first test of a class is over
            self.state.mark()
        if self.clean and (made or not self.marked):
            self.state.others.mark()
        if not self.warm or hasattr(item, "addFailure"):
            if not self.marked:
                self.state.mark()
            self.rehearse(item, limit)
            left = any(self.state.changed()[1:])
            self.left, self.stained = self.marked and left, self.clean and left
            self.state.mark()
        for turn in range(MOST_WARMING):
            if not mutant.passes(item, limit, self.host) or self.started:
                return False
            living, around, repo = self.state.changed()
            self.left = self.left or around or repo
            if turn == 0:
                self.stained = self.stained or self.clean and (around or repo or not self.state.others.same())
                if self.stained:
                    return False
            if turn and not (living or around or repo):
                return True
            last, detail = detail, self.state.repo.detail()
            self.state.repo.learn(last, detail)
            self.state.mark()
        return False

    def rehearse(self, item, limit):
        """What the first failure makes, of pytest's and of ours, is there before anything is compared. A unittest keeps something itself."""
        item.runtest = lambda: fail(item)
        try:
            self.passes(item, limit)
        finally:
            del item.runtest


def nothing():
    """What a mutant may have come to: whether what its tests said is believed; whether the process is left; tests that are not to be run here, and the
    one that was run last; one that has left something at first; a test to be warmed up first, and its limit; whether all of its tests have come by its lines,
    passed and left nothing, in a clean process."""
    return {"believed": False, "leaves": False, "unfit": [], "residue": [], "stains": [], "cold": -1, "limit": 0.0, "all": False}


def fail(item):
    try:
        raise AssertionError("rehearsal")
    except AssertionError:
        if not hasattr(item, "addFailure"):
            raise
        item.addFailure(None, sys.exc_info())
