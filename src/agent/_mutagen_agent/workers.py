"""Workers that have set up the expensive session fixtures once, with xdist's identity; mutants are forked from them, one at a time.

    zygote ── keeper gw0 ── holder: fixtures are set up ── a session's target in place ── mutant
           └─ keeper gw1 ── ...

A keeper has a socket on which each job arrives as a descriptor of a connection. Whoever is innermost looks at the next message without
taking it: one that is for another session makes it leave, and the process around it goes on. A holder whose fixtures can no longer be
trusted tears them down and leaves; the keeper forks the next.
"""
import array
import functools
import json
import os
import signal
import socket
import time
import traceback
import warnings

from . import forks, shared_fork, shared_state, wire

AGAIN = 3  # exit code of a process behind which the fixtures have to be set up anew
MOST_TRIES = 6  # fixtures that are found not to be shareable, one after the other
PATIENCE = 20.0  # seconds for the teardown at the end


class Farm:
    """In the zygote: starts and ends the keepers. In its sessions: says which mutants go there."""

    def __init__(self, host):
        self.host, self.table = host, host.fixtures
        self.folder = os.path.join(host.scratch, "slots")
        self.count = len(host.items)
        self.sockets, self.pids = [], []
        self.tried, self.leaky = set(), set()  # tests that leave what they share as it was; tests that do not
        self.failed = set()  # mutants that a worker could not judge

    def open(self):
        """Once the baseline has seen what the fixtures cost. Returns what the user has to know."""
        if self.sockets or os.environ.get("MUTAGEN_WORKERS") == "off":  # bench/session_fixtures.py compares
            return []
        end = time.monotonic() + PATIENCE
        for _try in range(MOST_TRIES):
            if not self.table.plan() or time.monotonic() > end:
                break
            self.start(0)
            answer = self.check(min(self.seconds(), end + PATIENCE - time.monotonic()))
            if answer.get("fit"):
                for number in range(1, self.host.jobs):
                    self.start(number)
                break
            self.close()
            self.table.bad[answer.get("key") or self.table.shared[-1]] = answer.get("why") or "setting it up once more failed"
        self.table.save(os.path.join(self.folder, "fixtures.json"))
        obstacles = sorted(self.table.obstacles().items(), key=lambda one: self.table.fixtures[one[0]].order)
        return [self.sentence(key, why) for key, why in obstacles[:5]]

    def open_again(self):
        """In a zygote that stands in for one which a test has killed."""
        if self.table.load(os.path.join(self.folder, "fixtures.json")):
            self.open()

    def sentence(self, key, why):
        count = sum(key in keys and self.table.is_expensive(test) for test, keys in self.table.uses.items())
        name, seconds = key.split("#")[0], max(self.table.cost(test) for test, keys in self.table.uses.items() if key in keys)
        return "The session fixture %s cannot be shared by mutants (%s): for %d test%s every mutant sets its fixtures up by itself, %.1f s each." % (
            name, why, count, "s"[count == 1:], seconds)

    def start(self, number):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours, theirs = (socket.socket(fileno=wire.out_of_reach(one.detach())) for one in (ours, theirs))
        self.sockets.append(ours)
        forks.flush()
        pid = os.fork()
        if pid == 0:
            try:
                for one in self.sockets:
                    one.close()
                Keeper(number, theirs, self.host).run()
            except BaseException:
                wire.log_exception()
            finally:
                os._exit(1)
        theirs.close()
        self.pids.append(pid)

    def check(self, seconds):
        """Whether the first worker can be set up; {"why", "key"} when not."""
        connection = self.connect(0, "")
        connection.settimeout(seconds)
        try:
            line = connection.makefile("rb").readline()
            return json.loads(line.decode("utf-8")) if line else {}
        except OSError:
            return {"why": "setting it up once more does not end"}
        finally:
            connection.close()

    def seconds(self):
        """Wall time for setting up, beside other work."""
        return 30.0 + 10.0 * self.table.seconds()

    def connect(self, number, session):
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = array.array("i", [theirs.fileno()])
            try:
                self.sockets[number].sendmsg([session.encode("ascii") or b"-"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
            except OSError:
                pass  # no keeper any more: then nobody has the other end, and end of file says so
        return socket.socket(fileno=wire.out_of_reach(ours.detach()))

    def close(self):
        """End of file is what ends them: they tear down what they have set up."""
        for one in self.sockets:
            one.close()
        end = time.monotonic() + PATIENCE
        while self.pids and time.monotonic() < end:
            for pid in list(self.pids):
                if forks.has_exited(pid):
                    os.waitpid(pid, 0)
                    self.pids.remove(pid)
            if self.pids:
                time.sleep(0.002)
        self.sockets, self.pids = [], []

    # In a session.

    def in_session(self):
        wire.private_fds.update(one.fileno() for one in self.sockets)
        forks.settings["workers"] = len(self.sockets)

    def __bool__(self):
        return bool(self.sockets)

    def note(self, session, request):
        """Workers repeat it when they come to this session."""
        if not session.log:
            session.log = os.path.join(self.folder, "session-%d-%d" % (os.getpid(), time.monotonic_ns()))
            self.read_trials()
        with open(session.log, "ab") as file:
            file.write(wire.encode(request))

    def away(self, session, request, code, ahead=False):
        """An Away when a worker is the place for this mutant, else None."""
        tests, table, target = request["tests"], self.table, session.target
        if request.get("fresh") or target.is_module or self.host.unforkable.intersection(tests) or self.leaky.intersection(tests):
            return None
        if not any(table.is_expensive(test) for test in tests) or not all(table.is_shareable(test) for test in tests):
            return None
        first, last = request.get("line") or 0, request.get("end_line") or 0
        noop = not first and shared_fork.is_unchanged(target, code)
        if not first or id(code) in target.defaults or first < target.code.co_firstlineno + 1:
            first, last = target.first_line, target.end_line  # a changed default is felt on every line
        if not noop and table.runs_lines(target.file, first, last):
            return None  # setting up runs the mutant: it has to do that itself
        if (request["source"], tuple(tests)) in self.failed:
            return None
        return Away(self, session, request, code, noop, ahead=ahead)

    def trials_path(self):
        return os.path.join(self.folder, "trials")

    def read_trials(self):
        """What earlier sessions have found out."""
        try:
            with open(self.trials_path()) as file:
                for line in file:
                    test, good = line.split()
                    (self.tried if good == "1" else self.leaky).add(int(test))
        except OSError:
            pass

    def tell_trials(self, tests, good):
        (self.tried if good else self.leaky).update(tests)
        known = [test for test in tests if test < self.count]  # those of a generated module have other numbers tomorrow
        with open(self.trials_path(), "a") as file:
            file.write("".join("%d %d\n" % (test, good) for test in known))


class Away:
    """In a session: one mutant that a worker runs. Stands for the child in the session's pool."""

    sets_up = False  # its tests find their session fixtures set up

    def __init__(self, farm, session, request, code, noop, each=False, ahead=False):
        self.farm, self.session, self.request, self.code, self.noop, self.each = farm, session, request, code, noop, each
        self.ahead = ahead  # its tests are the first of a job: session.Session.ahead
        self.next = None

    def carry(self, plan):
        self.plan = plan
        return self

    def send(self, number):
        farm, session = self.farm, self.session
        trial = [test for test in self.request["tests"] if test not in farm.tried]
        job = {"log": session.log, "request": self.request, "folder": self.plan.folder, "trial": trial, "each": self.each, "noop": self.noop,
               "loops": None if self.plan.loops is None else list(self.plan.loops.items())}
        child = forks.Child(self.plan, -1, -1, 0.0, None)
        child.worker = number
        connection = farm.connect(number, os.path.basename(session.log))
        try:
            connection.sendall(wire.encode(job))
        except OSError:
            pass  # its end of file will be read
        wire.private_fds.add(connection.fileno())
        connection.setblocking(False)
        child.connection, child.fd = connection, connection.fileno()
        # The worker holds the mutant's own deadlines; this one is for a worker that is lost.
        child.deadline = time.monotonic() + farm.seconds() + 30.0 + (4.0 + len(trial)) * self.plan.wall
        child.gone = lambda: False
        child.read = lambda: self.read(child)
        child.end = lambda late: self.end(child)
        return child

    def read(self, child):
        try:
            forks.Child.read(child)
        except OSError:
            child.at_eof = True  # reset: a worker went without having read the job

    def end(self, child):
        wire.private_fds.discard(child.fd)
        child.connection.close()
        return forks.Ended(child.key, child.records, "away", 0, time.monotonic() - child.started, "")

    def answer(self, ended):
        """The final message; None when the mutant has to be run once more, as `next` says."""
        farm, plan = self.farm, self.plan
        reply = ended.records[0] if ended.records else {"again": "the worker was lost"}
        for good, tests in ((1, reply.get("tried")), (0, reply.get("leaky"))):
            if tests:
                farm.tell_trials(tests, good)
        if "answer" in reply:
            for test, count in reply.get("loops") or ():
                plan.target.loops[test] = max(count, plan.target.loops.get(test, 0))
            return dict(reply["answer"], id=plan.ticket)
        plan.clean_up()
        if reply.get("each") and not self.each:
            self.next = Away(farm, self.session, self.request, self.code, self.noop, each=True, ahead=self.ahead)
        elif not reply.get("leaky"):
            farm.failed.add((self.request["source"], tuple(self.request["tests"])))
        return None


class Keeper:
    """Holds the name of one worker for the whole run. Forks a holder for the next message, again and again."""

    def __init__(self, number, sock, host):
        self.number, self.sock, self.host, self.failures = number, sock, host, 0

    def run(self):
        os.setpgid(0, 0)
        for fd in wire.private_fds:
            os.close(fd)
        wire.private_fds.clear()
        wire.private_fds.add(self.sock.fileno())
        forks.settings["leash"] = -1
        while peek(self.sock) is not None:
            forks.flush()
            pid = os.fork()
            if pid == 0:
                try:
                    Holder(self.number, self.sock, self.host).run()
                except BaseException:
                    wire.log_exception()
                finally:
                    os._exit(1)
            _pid, status = os.waitpid(pid, 0)
            forks.remove_folder(pid)
            if status and peek(self.sock) is not None:
                self.failures += 1
                take(self.sock).close()  # it may be this very job that ends holders
                while self.failures > 3 and peek(self.sock) is not None:
                    take(self.sock).close()
        os._exit(0)


def peek(sock):
    """For whom the next message is; None at the end."""
    while True:
        try:
            data = sock.recv(200, socket.MSG_PEEK)
        except InterruptedError:
            continue
        return data.decode("ascii") or None


def take(sock):
    """The connection that the next message brings."""
    _data, ancillary, _flags, _address = sock.recvmsg(200, socket.CMSG_SPACE(array.array("i").itemsize))
    numbers = array.array("i")
    for _level, _kind, payload in ancillary:
        numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
    return wire.Channel(numbers[0])


def reply(channel, message):
    """Whoever asked may be gone."""
    try:
        channel.sock.sendall(wire.encode(message))
    except OSError:
        pass
    channel.close()


class Holder:
    """Has the fixtures."""

    def __init__(self, number, sock, host):
        self.number, self.sock, self.host, self.table = number, sock, host, host.fixtures

    def run(self):
        forks.prepare_child(self.number, wire.private_fds)
        self.host.enter_fork()
        problem = self.set_up()
        while problem:
            if peek(self.sock) is None:
                self.leave()
            reply(take(self.sock), dict(problem, again=problem["why"]))
        while True:
            session = peek(self.sock)
            if session is None:
                self.leave()
            if session == "-":
                reply(take(self.sock), {"fit": True})
                continue
            forks.flush()
            pid = os.fork()
            if pid == 0:
                try:
                    forks.die_with_parent()
                    shared_fork.serve(self, session)
                except BaseException:
                    wire.log_exception()
                finally:
                    os._exit(AGAIN)
            _pid, status = os.waitpid(pid, 0)
            if status:
                self.leave()

    def set_up(self):
        """None, or {"key", "why"} of what cannot be shared."""
        host, before = self.host, shared_state.Snapshot()
        forks.seed_random()
        self.blocker, self.given = None, []
        host.plugin.watch = self
        signal.alarm(int(10 + 10 * self.table.seconds()))
        key = ""
        try:
            start_session(host.session)
            for key in self.table.shared:
                item = host.items[self.table.fixtures[key].test]
                self.fixture(item, key.split("#")[0])
                shared_state.release()
                shared_state.release_pools()
                why = before.unsafe()
                if why:
                    return {"key": key, "why": why}
            if shared_state.databases() is not None and host.config.pluginmanager.hasplugin("django"):
                self.blocker = self.fixture(host.items[self.table.fixtures[self.table.shared[0]].test], "django_db_blocker")
            self.state = shared_state.State(forks.child_folder(os.getpid()), self.blocker)
            self.clean = self.state.digest()
            shared_state.release()
        except BaseException as exc:
            text = wire.last_line("".join(traceback.format_exception_only(type(exc), exc)))
            return {"key": key, "why": "setting it up once more fails: %s" % text}
        finally:
            signal.alarm(0)
            host.plugin.watch = None
        host.index.extend()
        host.freeze()
        return None

    def fixture_begins(self, _fixturedef):
        """For the plugin, as long as it is set up."""

    def fixture_ends(self, fixturedef, _request):
        self.given.append(fixturedef)

    fixture_finished = fixture_begins

    def fixture(self, item, name):
        """What an item asks for by name, and nothing else of it."""
        item._initrequest()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the item itself is not being set up, and pytest says so
                return item._request.getfixturevalue(name)
        finally:
            item._request = False
            item.funcargs = None

    def leave(self):
        """As at the end of a run of pytest. Does not return."""
        state = self.host.session._setupstate
        signal.alarm(int(10 + 10 * self.table.seconds()))
        try:
            getattr(state, "teardown_all", functools.partial(state.teardown_exact, None))()
            shared_state.release()
        except BaseException:
            wire.log_exception()
        os._exit(0)


def start_session(session):
    """The session alone, without the tests' modules and classes."""
    state = session._setupstate
    (state.prepare if hasattr(state, "prepare") else state.setup)(session)
