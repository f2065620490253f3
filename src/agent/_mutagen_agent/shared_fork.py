"""Mutants that are forked behind the set-up of session fixtures, and the proof that each verdict is what a set-up of its own would have given.

A mutant may leave something behind in what is shared. So no verdict is believed that leans on it:
- tests are tried first: run once without a mutant, they must pass and leave rows and files as they were (else: no worker for them);
- a failing test is run once more behind the mutant, in the same process without it or else in a fork of its own, and must pass: then what
  earlier mutants have left was not the cause;
- a survivor is believed while rows and files are as they were at first: nothing was there that could have hidden it;
- behind a mutant that was killed or hung, and wherever one of these does not hold, the test that it was in must pass and leave all clean.
Where this fails, the mutant sets its fixtures up by itself, and the worker does so anew.
"""
import os
import select
import sys
import time

from . import codes, forks, inside, mutant, reload, session, shared_state, wire, workers


CLEAN = "clean"


def is_unchanged(target, code):
    return codes.fingerprint(code) == codes.fingerprint(codes.original_alone(target))


class Shared(mutant.Plan):
    """A mutant whose session fixtures stand already."""

    def __init__(self, request, worker, code, folder="", after_each=False):
        super().__init__(request, worker.target, code, worker.host, folder)  # never a fresh one: Farm.away sends none here
        self.holder, self.after_each = worker.holder, after_each

    def run(self, emit):
        host, runs = self.host, []
        host.enter_fork()
        host.tears_down = True
        kept = Kept(host.session, self.holder.given)
        mutant.watch_writes(host, emit, False)
        self.target.swap(self.code)
        undo = reload.install(self.target, self.code)
        tracker = self.tracker
        tracker.on_hit = lambda: emit({"hit": 1}, shared=True)
        beside = inside.Beside({"mutation": self.mutation()}, self.folder) if self.folder else None

        def tell(record, shared=False, later=False):
            emit(record, shared, later)
            if "run" in record:
                runs.append(record["run"])
                if self.after_each:
                    emit({"state": self.state(kept), "of": record["run"][0]})

        mutant.run_items(self.sequence(host.items), host, self.bail, tracker, tell, self.loops, beside)
        failed = [run[0] for run in runs if run[1]]
        if failed and not self.folder:
            tracker.disarm()
            self.target.restore()
            undo()
            for test, limit in zip(self.tests, self.limits):
                if test in failed:
                    emit({"begin": test})
                    emit({"passes": test} if mutant.passes(host.items[test], limit, host, tracker) else {"doubt": test})
        emit({"state": self.state(kept, bool(failed)), "of": -1})

    def state(self, kept, coarse=False):
        """What this process leaves behind. `coarse`: only whether the fixtures still stand."""
        try:
            if not kept.stands():
                return "a shared fixture was torn down"
            same = coarse or self.holder.state.digest() == self.holder.clean
            return CLEAN if same else "rows or files are not as they were"
        except BaseException as exc:
            return "%s: %s" % (type(exc).__name__, wire.one_line(exc))
        finally:
            if not self.after_each:
                try:
                    shared_state.release()
                except BaseException:
                    wire.log_exception()


class Kept:
    """In a mutant's fork: the end of the last test tears down what this fork has set up for its session, and not what it was given."""

    def __init__(self, session, given):
        self.state, self.given = session._setupstate, given
        self.finalizers = self.of(session)
        self.count = len(self.finalizers)
        self.teardown, self.session = self.state.teardown_exact, session
        self.state.teardown_exact = self.exact
        for one in given:
            one.finish = lambda request: None  # up to pytest 7 each test that uses one asks the session to finish it

    def of(self, session):
        """pytest's list of what is to be called at the end of the session."""
        stack = self.state.stack
        return stack[session][0] if isinstance(stack, dict) else self.state._finalizers.setdefault(session, [])

    def exact(self, *arguments):
        self.teardown(*arguments[:-1], arguments[-1] or self.session)
        if arguments[-1] is None:
            while len(self.finalizers) > self.count:
                self.finalizers.pop()()

    def stands(self):
        return all(one.cached_result for one in self.given) and len(self.finalizers) >= self.count


class Worker(session.Session):
    """A session's target in a process that has the fixtures; the mutants are its children."""

    def __init__(self, holder, name):
        super().__init__(None, holder.host)
        self.holder, self.name, self.read_to = holder, name, 0
        self.connection = None

    def replay(self, path):
        """What the session was told since the last time."""
        with open(path, "rb") as file:
            file.seek(self.read_to)
            text = file.read()
            self.read_to += len(text)
        for line in text.splitlines():
            request = wire.json.loads(line.decode("ascii"))
            if request["op"] == "target":
                self.set_target(request)
            else:
                self.load(request, write=False)

    def judge(self, job):
        """The reply to the session. One with `again` says that the fixtures may not be as they were."""
        self.replay(job["log"])
        self.target.marks = False  # whether code may carry them is the session's to find out
        self.limits = dict(zip(job["request"]["tests"], job["request"]["limits"]))
        found = self.trial(job["trial"], job["each"]) if job["trial"] else {}
        if "again" in found:
            return found
        request = job["request"]
        code = self.target.compile(request["source"], same_allowed=not request.get("line"))
        plan = Shared(request, self, code, job["folder"])
        plan.loops = None if job["loops"] is None else dict(map(tuple, job["loops"]))
        ended = self.one(plan)
        runs = [record["run"] for record in ended.records if "run" in record]
        failed = [run[0] for run in runs if run[1]]
        if job["noop"] and (failed or ended.how != "done"):
            return dict(found, again="does not pass twice", leaky=failed or [plan.at])
        if plan.writes is not None:
            return dict(found, again="is about to write into the copy")
        why = self.why_not(plan, ended, failed)
        if why:
            return dict(found, again=why)
        return dict(found, answer=mutant.answer(ended, self.host), loops=list(self.target.loops.items()))

    def why_not(self, plan, ended, failed):
        """Why the verdict may lean on what is shared; "" when it does not."""
        if ended.how != "done":
            return self.control([plan.at])
        state = last(ended.records, "state", "of")
        passing = {record["passes"] for record in ended.records if "passes" in record}
        if failed and state == CLEAN:
            doubts = [test for test in failed if test not in passing]
            return self.control(doubts) if doubts else ""
        return "" if state == CLEAN else state

    def control(self, tests, after_each=False):
        """Runs tests without a mutant; "" when all pass and leave what is shared as it was at first."""
        ended = self.one(self.unchanged(tests, after_each))
        if ended.how != "done" or any(record["run"][1] for record in ended.records if "run" in record):
            return "a test does not pass any more without the mutant"
        state = last(ended.records, "state", "of")
        return "" if state == CLEAN else state

    def unchanged(self, tests, after_each):
        limits = [4.0 * self.limits[test] for test in tests]
        request = {"id": 0, "source": "", "bail": False, "wall": 10.0 + 4.0 * sum(limits), "tests": tests, "limits": limits}
        return Shared(request, self, self.target.code, after_each=after_each)

    def trial(self, tests, each):
        """Tests that no worker has run yet. `each`: it is known that one of them leaves something behind, and asked which."""
        if not each:
            ended = self.one(self.unchanged(tests, False))
            failed = [record["run"][0] for record in ended.records if "run" in record and record["run"][1]]
            if ended.how == "done" and not failed and last(ended.records, "state", "of") == CLEAN:
                return {"tried": tests}
            if failed:
                return {"leaky": failed, "again": "does not pass in a worker"}
            return {"each": True, "again": "leaves something behind"}
        ended = self.one(self.unchanged(tests, True))
        for record in ended.records:
            if "run" in record and record["run"][1] or "of" in record and record["of"] >= 0 and record["state"] != CLEAN:
                return {"leaky": [record["of"] if "of" in record else record["run"][0]], "again": "leaves something behind"}
        return {"leaky": tests, "again": "leave something behind"}

    def one(self, plan):
        """Runs one plan in a fork. Ends this process when the session has gone."""
        pool = forks.Pool(1)
        pool.running.append(forks.spawn(plan, plan.run, plan.wall, plan.on_record, self.holder.number))
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLRDHUP)
        for fd in pool.filenos():
            poll.register(fd, select.POLLIN)
        while True:
            for fd, _event in poll.poll(pool.timeout() * 1000.0 + 0.5):
                if fd == self.connection.fileno():
                    pool.kill()
                    os._exit(workers.AGAIN)
            ended = pool.step()
            if ended:
                return ended[0]
            if not pool.filenos():  # at its end of file it is only waited for
                time.sleep(0.001)


def last(records, name, of):
    """The state that the process told at its very end."""
    found = [record[name] for record in records if name in record and record.get(of) == -1]
    return found[-1] if found else "it did not tell"


def serve(holder, name):
    """In a fork of the holder: the messages for this session. Does not return."""
    sys.dont_write_bytecode = True
    worker = Worker(holder, name)
    while workers.peek(holder.sock) == name:
        worker.connection = workers.take(holder.sock)
        job = worker.connection.receive()
        if job is None:
            continue
        try:
            answer = worker.judge(job)
        except Exception as exc:
            wire.log_exception()
            answer = {"again": "%s: %s" % (type(exc).__name__, exc)}
        workers.reply(worker.connection, answer)
        if "again" in answer:
            os._exit(workers.AGAIN)
    os._exit(0)
