"""Forked children with a deadline: each sends records over a pipe, leaves by _exit, and is killed with its whole process group."""
import _signal
import json
import os
import random
import resource  # here, not in each fork: loading it there costs more than many tests
import select
import shutil
import signal
import stat
import sys
import tempfile
import time
import traceback

from . import slots, wire

END = b"."  # the line by which a child proves that it came to its end
WRITE = os.write  # tests may replace it
LOOK_SECONDS = 0.02  # between two looks at the threads of a process
REAP_SECONDS = 0.05  # a grandchild may keep the pipe open: so look whether the child itself is still there

# leash: end of file there ends run_many, and us; environ: ours before any code of the repo ran; jobs: workers that code under test may see;
# workers: how many of their names are taken by those that have set up session fixtures
settings = {"scratch": "", "memory_limit_mb": 0, "seed": 0, "leash": -1, "environ": None, "jobs": 1, "workers": 0}


class Ended:
    """How one child ended. `how`: 'done' (it proved its end), 'timeout' (killed at its deadline), 'died' (anything else). `asleep`: at its deadline it
    waited for something that no processor would have brought."""

    __slots__ = ("key", "records", "how", "signal", "seconds", "error", "asleep")

    def __init__(self, key, records, how, signal_number, seconds, error, asleep=False):
        self.key, self.records, self.how = key, records, how
        self.signal, self.seconds, self.error, self.asleep = signal_number, seconds, error, asleep


class Child:
    """A running child. `deadline` (time.monotonic) may be moved by an on_record callback."""

    def __init__(self, key, pid, fd, deadline, on_record, mark=b""):
        self.key, self.pid, self.fd, self.deadline, self.on_record, self.mark = key, pid, fd, deadline, on_record, mark
        self.started = time.monotonic()
        self.on_look = None  # called with this when it may have gone on without a word
        self.tail = b""
        self.records = []
        self.complete = self.at_eof = False
        self.error = ""
        self.slot = -1
        self.worker = 0
        self.asleep = False  # it waits, and another one may run meanwhile

    def gone(self):
        return has_exited(self.pid)

    def end(self, late):
        return finish(self, late)

    def read(self):
        while True:
            try:
                data = os.read(self.fd, 1 << 18)
            except (BlockingIOError, InterruptedError):
                return
            if not data:
                self.at_eof = True
                return
            lines = (self.tail + data).split(b"\n") if b"\n" in data else [self.tail + data]
            self.tail = lines.pop()
            for line in lines:
                self.take(line)

    def take(self, line):
        if not line.startswith(self.mark):
            return  # the code under test wrote into our pipe
        line = line[len(self.mark):]
        if line == END:
            self.complete = True
            return
        try:
            record = json.loads(line.decode("ascii"))
        except ValueError:
            return
        if isinstance(record, dict) and "\0error" in record:
            self.error = record["\0error"]
            return
        self.records.append(record)
        if self.on_record:
            self.on_record(self, record)


class Pool:
    """At most `jobs` children at once, and one more, up to `spare`, for each that is asleep; the rest waits in order. For an event loop: poll filenos()
    for at most timeout(), then step()."""

    def __init__(self, jobs, slots=None, spare=0):
        self.jobs, self.spare = max(1, int(jobs)), spare
        self.slots = slots  # shared with other processes, or None
        self.files, self.clearing = None, False  # shared_files.Files, where the copy is shared
        self.waiting = []
        self.running = []

    def submit(self, key, fn, wall_seconds, on_record=None, keep=()):
        """`keep`: descriptors of wire.private_fds that the child needs."""
        self.waiting.append((key, fn, wall_seconds, on_record, keep))
        self.start()

    def start(self):
        while self.waiting and self.has_room() and self.is_clear():
            alone = getattr(self.waiting[0][0], "alone", False)  # with nothing beside it, in no session
            slot = (self.slots.acquire_all() if alone else self.slots.acquire(self.jobs + self.spare)) if self.slots else -1
            if self.slots and slot < 0:
                return  # timeout() brings us back
            key, fn, wall_seconds, on_record, keep = self.waiting.pop(0)
            if alone:
                key.host.files.enter()
            if getattr(key, "before_start", None):
                key.before_start()
            away = getattr(key, "away", None)  # somebody else forks it
            number = self.worker(slot)
            self.running.append(away.send(number) if away else
                                spawn(key, fn, wall_seconds, on_record, settings["workers"] + number, keep))
            if not away and getattr(key, "on_start", None):
                key.on_start(self.running[-1])
            self.running[-1].slot = slot

    def has_room(self):
        return len(self.running) < self.jobs + min(self.spare, sum(child.asleep for child in self.running))

    def is_clear(self):
        """The copy is put back when a session that had it for itself was killed: its places come free a moment later than its end is known. False
        as long as that has to be waited for."""
        if self.files is None or not os.path.exists(self.files.dirty):
            if self.clearing:
                self.slots.give_up()
            self.clearing = False
            return True
        self.clearing = True
        slot = self.slots.acquire_all()
        if slot >= 0:
            self.clearing = False
            if os.path.exists(self.files.dirty):  # it has not been done meanwhile, by the session itself or by another one
                self.files.leave()
            self.slots.release(slot)
        return slot >= 0

    def worker(self, slot):
        """The number of the worker that the next child is: no two at once have the same."""
        if slot >= 0:
            return self.slots.number(slot)
        taken = {child.worker for child in self.running}
        return min(number for number in range(len(taken) + 1) if number not in taken)

    def busy(self):
        return bool(self.running or self.waiting)

    def filenos(self):
        return [child.fd for child in self.running if not child.at_eof]

    def timeout(self):
        """Seconds until step() has something to look at; None when nothing runs."""
        if self.waiting and self.has_room():
            return slots.RETRY_SECONDS
        if not self.running:
            return None
        return max(0.0, min(REAP_SECONDS, min(child.deadline for child in self.running) - time.monotonic()))

    def step(self):
        """Reads what the children sent, ends those that are over or late, starts waiting ones. Returns the list of Ended."""
        ended = []
        for child in list(self.running):
            gone = child.gone()  # asked before reading: what it wrote is then all there
            child.read()
            if child.on_look:
                child.on_look(child)
            if child.slot >= 0:
                (self.slots.sleep if child.asleep else self.slots.wake)(child.slot)
            late = time.monotonic() >= child.deadline
            if gone or late or child.complete or child.at_eof:
                self.running.remove(child)
                ended.append(self.finish(child, late and not gone))
        self.start()
        return ended

    def kill(self):
        self.waiting = []
        for child in self.running:
            self.finish(child, False)
        self.running = []

    def finish(self, child, late):
        ended = child.end(late)
        if getattr(child.key, "alone", False):
            child.key.host.files.leave()
        elif getattr(child.key, "when_over", None):
            child.key.when_over()
        if child.slot >= 0:
            self.slots.release(child.slot)
        return ended


def run_many(tasks, jobs, on_result):
    """Runs (key, fn, wall_seconds) tasks, fn(emit) each in a child of its own; on_result(Ended) as they end."""
    pool = Pool(jobs)
    tasks = iter(tasks)
    more = True
    while more or pool.busy():
        while more and len(pool.running) < pool.jobs:
            try:
                key, fn, wall_seconds = next(tasks)
            except StopIteration:
                more = False
            else:
                pool.submit(key, fn, wall_seconds)
        wait(pool)
        for ended in pool.step():
            on_result(ended)
    drop_folders()


def wait(pool):
    """Sleeps until the pool has something to do. Leaves the process when mutagen has gone."""
    poll = select.poll()
    for fd in pool.filenos():
        poll.register(fd, select.POLLIN)
    leash = settings["leash"]
    if leash >= 0:
        poll.register(leash, select.POLLRDHUP)
    timeout = pool.timeout()
    if timeout is None:
        return
    for fd, _event in poll.poll(timeout * 1000.0 + 0.5):
        if fd == leash:
            pool.kill()
            os._exit(0)


def spawn(key, fn, wall_seconds, on_record, worker=0, keep=()):
    reader, writer = os.pipe()
    writer = wire.out_of_reach(writer)
    mark = os.urandom(6).hex().encode("ascii")
    folder = take_folder()
    flush()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            folders[os.getpid()] = folder
            run_child(fn, writer, mark, worker, keep)
        finally:
            os._exit(1)
    folders[pid] = folder
    os.close(writer)
    try:
        os.setpgid(pid, pid)
    except OSError:
        pass  # the child was faster
    os.set_blocking(reader, False)
    child = Child(key, pid, reader, time.monotonic() + wall_seconds, on_record, mark)
    child.worker = worker
    return child


def run_child(fn, writer, mark, worker, keep=()):
    prepare_child(worker, keep)
    report(fn, writer, mark)


def teller(writer, mark):
    """(emit, end): `emit` tells the reader of the pipe a record, `end` proves the end."""
    owner, kept = os.getpid(), []

    def write(line, shared=False, later=False):
        if os.getpid() != owner and not shared:
            os._exit(0)  # the code under test forked and came back to us: only one of us may report
        kept.append(b"\n" + mark + line)  # a line of its own, whatever was written into the pipe before
        if later:
            return
        data = b"".join(kept)
        kept.clear()
        while data:
            data = data[WRITE(writer, data):]

    def emit(record, shared=False, later=False):
        """`later`: together with the next one, which follows before anybody else's code runs. Each write wakes the reader."""
        write(wire.encode(record), shared, later)

    return emit, lambda: write(END + b"\n")


def report(fn, writer, mark):
    """Calls fn(emit) and proves the end to the reader of the pipe. Never returns."""
    emit, end = teller(writer, mark)

    def leave():
        end()
        os._exit(0)

    emit.pipe, emit.end = (writer, mark), leave  # for a child that goes on as a new interpreter
    try:
        fn(emit)
        end()
    except BaseException as exc:  # also SystemExit: nothing may pass beyond this frame
        emit({"\0error": wire.last_line("".join(traceback.format_exception_only(type(exc), exc)), 500)})
    os._exit(0)


def prepare_child(worker, keep=()):
    """What every fork of ours that runs tests does first: it stands apart, has its own temporary folder and the name of a worker."""
    stand_apart(keep)
    for number in (signal.SIGPROF, signal.SIGALRM, signal.SIGVTALRM, signal.SIGTERM):
        _signal.signal(number, _signal.SIG_DFL)  # signal.signal goes by way of three enums
    if settings["memory_limit_mb"]:
        size = int(settings["memory_limit_mb"]) << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    folder = child_folder(os.getpid())
    if folder:
        if os.getpid() not in folders:
            os.makedirs(folder, 0o700)
        tempfile.tempdir = os.environ["TMPDIR"] = folder
    # What xdist tells its workers: tests that give each one a database, a port or a file of its own go by it.
    os.environ["PYTEST_XDIST_WORKER"] = "gw%d" % worker
    os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(settings["jobs"] + settings["workers"])
    seed_random()


def stand_apart(keep=()):
    """Own process group, gone with its parent, no sockets of ours, silence. `keep`: descriptors of wire.private_fds that stay open."""
    os.setpgid(0, 0)
    die_with_parent()
    for fd in wire.private_fds.difference(keep):
        try:
            os.close(fd)
        except OSError:
            pass
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def seed_random():
    random.seed(settings["seed"])
    numpy = sys.modules.get("numpy.random")
    if numpy is not None and hasattr(numpy, "seed"):
        numpy.seed(settings["seed"] % (1 << 32))


folders = {}  # pid -> its temporary folder
spare = []  # folders that have been left as they were: making one costs more than many tests


def take_folder():
    if not settings["scratch"]:
        return ""
    while spare:
        folder = spare.pop()
        if is_pristine(folder):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
    while True:
        take_folder.count += 1
        folder = os.path.join(settings["scratch"], "forks", "%d-%d" % (os.getpid(), take_folder.count))
        try:
            os.makedirs(folder, 0o700)
        except FileExistsError:
            continue
        return folder


take_folder.count = 0


def drop_folders():
    for folder in spare:
        shutil.rmtree(folder, ignore_errors=True)
    spare.clear()


def is_pristine(folder):
    try:
        found = os.lstat(folder)
        return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 and not os.listdir(folder)
    except OSError:
        return False


def child_folder(pid):
    if pid in folders:
        return folders[pid]
    return os.path.join(settings["scratch"], "forks", str(pid)) if settings["scratch"] else ""


def remove_folder(pid):
    folder = child_folder(pid)
    if folder and folders.pop(pid, "") and is_pristine(folder):
        spare.append(folder)
    elif folder:
        shutil.rmtree(folder, ignore_errors=True)


def finish(child, late):
    """Kills the child's group, reaps it and tells how it ended."""
    if child.at_eof and not child.complete:  # it is dying: let it, so that the signal we report is its own
        patience = time.monotonic() + REAP_SECONDS
        while not has_exited(child.pid) and time.monotonic() < patience:
            time.sleep(0.0005)
    asleep = late and sleepers(child.pid) is not None
    for kill in (lambda: os.killpg(child.pid, signal.SIGKILL), lambda: os.kill(child.pid, signal.SIGKILL)):
        try:
            kill()
        except OSError:
            pass
    _pid, status = os.waitpid(child.pid, 0)
    child.read()
    os.close(child.fd)
    remove_folder(child.pid)
    how = "done" if child.complete and not child.error else "timeout" if late else "died"
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) and how == "died" else 0
    return Ended(child.key, child.records, how, number, time.monotonic() - child.started, child.error, asleep)


def sleepers(pid):
    """How often each thread of a process has gone to sleep, where all of them sleep now and it has no process of its own that could be on the way: not
    for want of a processor. None otherwise, or where nobody can tell."""
    counts = {}
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/status" % (pid, thread), "rb") as file:
                about = dict(line.split(b":", 1) for line in file.read().splitlines() if b":" in line)
            with open("/proc/%d/task/%s/children" % (pid, thread), "rb") as file:
                if about[b"State"].split()[0] != b"S" or file.read().strip():
                    return None
            counts[thread] = about[b"voluntary_ctxt_switches"]
    except (OSError, IndexError, KeyError):
        return None
    return counts or None


class Wait:
    """What a process waits for, as far as a look now and then can tell."""

    def __init__(self):
        self.counts, self.since, self.quiet, self.looked = None, 0.0, 0.0, 0.0

    def look(self, pid):
        now = time.monotonic()
        if now - self.looked >= LOOK_SECONDS:
            counts = sleepers(pid)
            if counts is None or self.counts is None:
                self.quiet = now
            if counts is None or counts != self.counts:
                self.counts, self.since = counts, now
            self.looked = now

    def seconds(self):
        """How long it has been in one and the same wait: all of its threads asleep, and none of them woken meanwhile."""
        return self.looked - self.since

    def idle_seconds(self):
        """How long each look has found all of its threads asleep, if for another wait now and then."""
        return self.looked - self.quiet


def has_exited(pid):
    # Not reaped here: until then nobody else can get this pid, and its group can be killed safely.
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def load_prctl():
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except Exception:
        return None


prctl = load_prctl()


def die_with_parent():
    """Asks Linux to kill us when the process that forked us ends: also when we hang in somebody's import."""
    if prctl is not None:
        prctl(1, signal.SIGKILL, 0, 0, 0)
