"""One forked process for one target: answers its own socket, loads generated tests, runs mutants in forks of its own."""
import errno
import importlib
import os
import select
import signal
import sys

from . import chain, codes, collect, forks, mutant, reload, shared_files, slots, target, trace, wire

UNKNOWN = 1 << 40  # rounds of loops that the unchanged function did not come to tell: there is no limit then
MACHINE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENFILE)  # no target's fault: they end the run


class Session:
    """Attributes for the operations: scratch, repo, jobs, channel, host (items, config, index, plugin), target."""

    def __init__(self, channel, host):
        self.channel, self.host = channel, host
        self.scratch, self.repo, self.jobs = host.scratch, host.repo, host.jobs
        self.target = None
        spare = 0 if host.workers else slots.spare(host.jobs)  # there is a worker for each of the jobs, and no other
        self.pool = forks.Pool(host.jobs, host.slots, spare)
        self.known = len(host.items)  # tests that the baseline has seen
        self.chains = chain.Chains(self)
        self.folders = 0
        self.doubted = None  # how the unchanged function ended with markers, when not well
        self.written = {}  # absolute path -> bytes before, or None
        self.log = ""  # where workers read what target this is, and which tests were loaded
        self.loaded = []  # (first, behind the last, text): which tests came from which text
        self.operations = {
            "target": self.set_target, "describe": self.describe, "probe": self.probe, "load": self.load, "mutant": self.mutant,
            "check": self.check, "examine": self.examine,
        }

    def serve(self):
        """The event loop; never returns."""
        try:
            while True:
                self.wait()
                if self.channel.ended:
                    break
                for message in self.channel.messages():
                    self.take(message)
                for ended in self.pool.step():
                    if not self.doubts(ended):
                        self.settle(ended)
                self.tell_asleep()
        except BaseException:
            wire.log_exception()
        self.close()

    def tell_asleep(self):
        """For mutants that have come to be asleep others may be handed over."""
        for child in self.pool.running if self.pool.spare else ():
            if child.asleep and not child.key.told_asleep:
                child.key.told_asleep = True
                self.channel.queue({"id": child.key.ticket, "ok": True, "end": "asleep"})

    def settle(self, ended):
        plan = ended.key
        away, parts = plan.away, plan.parts
        if plan.counting:
            self.counted(plan)
            return
        answer = mutant.answer(ended, self.host) if away is None else away.answer(ended)
        if self.must_be_repeated(plan):
            self.begin(parts.request, plan.plain, parts.alone_too)
        elif plan.uncounted is not None and away is None:
            self.count(plan)
        elif answer is None and (away.next or not away.ahead):
            self.submit(away.request, away.code, parts, away=away.next)  # once more: by itself, or in a worker that was set up again
        elif away is not None and away.ahead:
            if answer is None or answer["end"] == "done" and not answer.get("settles") and not any(run[1] for run in answer["runs"]):
                if answer is not None:
                    request = passed_last(parts.request, answer)
                    if answer.get("quiet"):
                        request = shortened(request, request.get("near") or len(away.request["tests"]))
                    parts = shared_files.Parts(request, self.host.files.writers, self.host.unforkable)
                    parts.ahead = True
                self.go_on(parts, plan.plain)
            else:
                self.channel.queue(dict(answer, ahead=True))
        else:
            whole = parts.add(answer)
            if whole is None:
                self.go_on(parts, plan.plain)
            else:
                self.channel.queue(whole)

    def count(self, plan):
        """A mutant's loop goes round more often than any may, and nobody knows yet how often it does in the unchanged function."""
        test = plan.uncounted
        limits = [2.0 * limit for index, limit in zip(plan.tests, plan.limits) if index == test]
        request = {"id": plan.ticket, "source": self.target.original_source(), "bail": True, "wall": plan.wall, "tests": [test], "limits": limits}
        self.submit(request, codes.original_alone(self.target), plan.parts, plan.alone, counting=plan)

    def counted(self, plan):
        plan.clean_up()
        self.target.loops.setdefault(plan.tests[0], UNKNOWN)
        self.submit(plan.counting.request, plan.counting.plain, plan.parts, plan.alone)

    def must_be_repeated(self, plan):
        """Whether the copy was, or would have been, written to by a test that does not do so without the mutant, or by somebody else meanwhile."""
        tests, files = plan.request["tests"], self.host.files
        if plan.writes is not None:
            found = [plan.writes] if plan.writes >= 0 else tests
        elif plan.wrote:
            found = tests  # by a program: it could not be stopped, and those beside it, of other sessions, too, may have seen it
        elif plan.doubtful:
            plan.parts.alone_too.update(tests)  # then nobody can write meanwhile
            return True
        else:
            return False
        plan.parts.alone_too.update(found)
        files.writers.update(test for test in found if test >= self.known)  # a generated one
        return True

    def wait(self):
        poll = select.poll()
        poll.register(self.channel.fileno(), select.POLLIN | (0 if self.channel.flush() else select.POLLOUT))
        for fd in self.pool.filenos():
            poll.register(fd, select.POLLIN)
        timeout = self.pool.timeout()
        for fd, event in poll.poll(None if timeout is None else timeout * 1000.0 + 0.5):
            if fd == self.channel.fileno() and event & ~select.POLLOUT:
                self.channel.fill()

    def take(self, request):
        answer = self.handle(request)
        if answer is not None:
            answer.setdefault("ok", True)
            answer["id"] = request.get("id")
            self.channel.queue(answer)

    def handle(self, request):
        """The answer of one request; None when it comes later."""
        operation = self.operations.get(request.get("op"))
        if operation is None:
            return wire.failure("protocol", "unknown operation %s" % request.get("op"))
        if self.target is None and request["op"] not in ("target", "load", "check", "examine"):
            return wire.failure("protocol", "no target has been set")
        try:
            answer = operation(request)
            if self.host.workers and request["op"] in ("target", "load"):
                self.host.workers.note(self, request)
            return answer
        except Exception as exc:
            wire.log_exception()
            machine = isinstance(exc, OSError) and exc.errno in MACHINE_ERRORS
            return wire.failure("machine" if machine else "agent", "%s: %s" % (type(exc).__name__, exc))

    def set_target(self, request):
        self.chains.note()
        loaded = set(sys.modules)
        try:
            self.target = target.Target(request, self.host.index)
        except target.NotImportable as exc:
            return wire.failure("import", str(exc))
        answer = {"importers": self.host.importers(self.target.file)} if self.host.settings.get("static") else {}
        if self.target.is_module:
            return dict(answer, functions=0, freevars=[], flavour="function", imported=[])
        self.target.fresh = reload.of_repo(set(sys.modules) - loaded, self.host.index)
        if len(sys.modules) != len(loaded):
            self.chains.drop()
        self.host.freeze()
        code = self.target.code
        path = os.path.realpath(os.path.join(self.repo, self.target.file))
        ran = trace.ranges(self.host.imported.lines_of(path, self.target.first_line, self.target.end_line))
        return dict(
            answer, functions=len(self.target.functions), freevars=list(code.co_freevars) if code else [], flavour=self.target.flavour(),
            imported=[[first, last] for _file, first, last in ran], has_imported=bool(self.target.fresh),
        )

    def describe(self, _request):
        return importlib.import_module("_mutagen_agent.describe").describe(self.target, self)

    def probe(self, request):
        return importlib.import_module("_mutagen_agent.probe").probe(self.target, request, self)

    def load(self, request, write=True):
        path = os.path.realpath(os.path.join(self.repo, request["path"]))
        if not path.startswith(os.path.realpath(self.repo) + os.sep):
            return wire.failure("path", "%s lies outside the repo" % request["path"])
        if write:
            if path not in self.written:
                self.written[path] = read_bytes(path)
                self.host.files.note_loaded(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(request["source"].encode("utf-8", "surrogatepass"))
        if self.target is not None:
            self.target.fresh, self.target.marks = [], True  # the generated tests know these modules, and have not been asked about markers
        self.chains.drop()
        first = len(self.host.items)
        self.host.forget_module(path)
        tests, errors = self.host.collect_file(path)
        self.loaded.append((first, len(self.host.items), request["source"]))
        self.host.index.extend()
        self.host.freeze()
        if self.host.unforkable:
            self.host.find_unforkable()
        for number in range(first, len(self.host.items)):
            self.host.fixtures.guess(number, self.host.items[number])
        return {
            "tests": tests, "errors": errors, "notes": [], "threads": collect.thread_count(), "tests_dir": self.host.tests_dir(), "first": first,
        }

    def source_of(self, item):
        """The text that a generated test was collected from; None for the repo's own."""
        for first, end, source in self.loaded:
            if any(item is one for one in self.host.items[first:end]):
                return source
        return None

    def check(self, request):
        return {"problem": importlib.import_module("_mutagen_agent.check").check(request["source"])}

    def examine(self, request):
        if any(not 0 <= test < len(self.host.items) for test in request["tests"]):
            return wire.failure("protocol", "there is no such test")
        return importlib.import_module("_mutagen_agent.examine").examine(request, self)

    def mutant(self, request):
        try:
            code = self.target.compile(request["source"], same_allowed=not request.get("line"))
        except target.Refused as exc:
            return mutant.refused(request, exc)
        self.begin(request, code)
        return None

    def begin(self, request, code, alone=()):
        parts = shared_files.Parts(request, self.host.files.writers, self.host.unforkable, alone)
        ahead = None if alone else self.ahead(request, code)
        if ahead:
            self.submit(ahead.request, code, parts, away=ahead)
        else:
            self.go_on(parts, code)

    def ahead(self, request, code):
        """Somebody who runs the first tests of the job, those that run its lines, where that costs little. A kill is one; otherwise the job is begun."""
        own = request.get("own") or 0
        first = shortened(request, own)
        if not own or self.host.files.writers.intersection(first["tests"]):
            return None
        workers = self.host.workers
        if not workers:
            return self.chains.link(first, code)
        if workers.away(self, request, code):
            return None  # all of it is run there
        return workers.away(self, first, code, ahead=True) or self.chains.link(first, code)

    def go_on(self, parts, code):
        request, alone = parts.take()
        away = self.host.workers.away(self, request, code) if self.host.workers and not alone else None
        self.submit(request, code, parts, alone, away)

    def doubts(self, ended):
        """The unchanged function has run with markers, and a test failed: it is run without them, and so is everything when that is better."""
        plan = ended.key
        if not plan.control or plan.fresh or plan.away or plan.counting or plan.writes is not None:
            return False
        failed = [ended.how] + sorted(record["run"][0] for record in ended.records if "run" in record and record["run"][1])
        if plan.tracker.marked and failed != ["done"]:
            plan.target.marks, self.doubted = False, failed
            plan.clean_up()
            self.submit(plan.request, plan.plain, plan.parts, plan.alone)
            return True
        if failed == self.doubted:
            plan.target.marks = True  # it was not the markers
        self.doubted = None
        return False

    def submit(self, request, code, parts, alone=False, away=None, counting=None):
        plan = mutant.Plan(request, self.target, code, self.host, self.place_beside(request["tests"]), watched=away is None)
        plan.counting = counting
        plan.page = mutant.Page() if plan.bail and not plan.fresh and away is None else None
        plan.parts, plan.alone, plan.scanned = parts, alone, bool(plan.folder) and self.host.starters is not None
        if away is None or away.sets_up:
            plan.limits = self.host.fixtures.limits(plan.tests, plan.limits)
            plan.wall += 4.0 * (sum(plan.limits) - sum(request.get("limits") or []))
        plan.away = away and away.carry(plan)
        self.pool.submit(plan, plan.run, plan.wall, plan.on_record, plan.keeps())

    def place_beside(self, tests):
        """A folder for what programs that these tests start have to say, where they start any."""
        if self.host.starters is not None and not self.host.starters.intersection(tests):
            return ""
        self.folders += 1
        folder = os.path.join(self.scratch, "forks", "beside-%d-%d" % (os.getpid(), self.folders))
        os.makedirs(folder)
        return folder

    def close(self):
        self.pool.kill()
        self.chains.drop()
        for path, before in self.written.items():
            try:
                if before is None:
                    os.unlink(path)
                else:
                    with open(path, "wb") as file:
                        file.write(before)
            except OSError:
                pass
        forks.drop_folders()
        forks.flush()
        os._exit(0)


def shortened(request, count):
    """The job with its first tests only."""
    return dict(request, tests=request["tests"][:count], limits=(request.get("limits") or [])[:count])


def passed_last(request, answer):
    """The job with those of its own tests behind its others that have passed ahead of it: they are the least likely to detect the mutant now."""
    passed, tests, limits, own = {run[0] for run in answer["runs"]}, request["tests"], request.get("limits") or [], request.get("own") or 0
    order = sorted(range(own), key=lambda turn: tests[turn] in passed) + list(range(own, len(tests)))
    return dict(request, tests=[tests[turn] for turn in order], limits=[limits[turn] for turn in order] if limits else [])


def read_bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def start(fd, host):
    """In the fork: becomes the session that answers on `fd`."""
    os.setpgid(0, 0)
    forks.die_with_parent()
    kept = {host.nursery.fileno()} if host.nursery is not None else set()
    for private in wire.private_fds - kept:
        os.close(private)
    wire.private_fds.intersection_update(kept)
    sys.dont_write_bytecode = True  # a test file loaded twice within a second must not be served from a stale .pyc
    channel = wire.Channel(fd)
    forks.settings["leash"] = channel.fileno()
    session = Session(channel, host)
    session.pool.files = host.files
    if host.workers:
        host.workers.in_session()
    signal.signal(signal.SIGTERM, lambda _number, _frame: session.close())
    session.serve()
