"""Places for mutant processes, shared by all sessions: locked files, so that a killed session gives its places back by itself. A process needs a
number, which nobody else has as long as it lives, and one of `jobs` turns to run, which it gives back while it waits."""
import fcntl
import os

from . import wire

RETRY_SECONDS = 0.005


def spare(jobs):
    """How many processes may be asleep beside those that run. With one job nothing runs beside anything: whether tests can stand that has not been tried."""
    return max(2 * jobs, min(8 * jobs, 32)) if jobs > 1 else 0


class Slots:
    def __init__(self, folder, jobs):
        os.makedirs(folder, exist_ok=True)
        self.jobs = max(1, jobs)
        self.numbers = {}  # descriptor -> which number it holds
        self.turns = {}  # descriptor of a number -> that of the turn to run that goes with it
        self.held = []  # those taken so far of all
        self.rest = {}  # descriptor -> all other ones, which it stands for
        self.paths = [os.path.join(folder, "slot-%d" % number) for number in range(self.jobs + spare(jobs))]
        self.turn_paths = [os.path.join(folder, "turn-%d" % number) for number in range(self.jobs)]
        self.order = list(range(len(self.paths)))  # those first that we have had last: a worker, or a chain, that has this session's target in place
        self.queue_path = os.path.join(folder, "queue")
        self.queue = -1  # held by the session that is the next to get a turn

    def acquire(self, most):
        """A descriptor that holds a number below `most`, and a turn to run; -1 when all are taken."""
        if self.queue < 0:
            self.queue = lock(self.queue_path)
        if self.queue < 0:
            return -1
        turn = first(map(lock, self.turn_paths))
        if turn < 0:
            return -1
        unlock(self.queue)
        self.queue = -1
        fd = first(map(self.take, [number for number in self.order if number < most]))
        if fd < 0:
            unlock(turn)
            return -1
        self.turns[fd] = turn
        self.order.remove(self.numbers[fd])
        self.order.insert(0, self.numbers[fd])
        return fd

    def sleep(self, fd):
        """What has this number is asleep: another one may run."""
        if self.turns.get(fd, -1) >= 0:
            unlock(self.turns[fd])
            self.turns[fd] = -1

    def wake(self, fd):
        """It runs again, and has a turn as soon as there is one."""
        if self.turns.get(fd, 0) < 0:
            self.turns[fd] = first(map(lock, self.turn_paths))

    def acquire_all(self):
        """A descriptor that stands for all numbers, -1 as long as one is taken: then the others are held until the next try. In their order, so
        that of two who want them all one gets them."""
        while len(self.held) < len(self.paths):
            fd = self.take(len(self.held))
            if fd < 0:
                return -1
            self.held.append(fd)
        fd = self.held[0]
        self.rest[fd], self.held = self.held[1:], []
        return fd

    def give_up(self):
        """What acquire_all has got so far."""
        while self.held:
            self.release(self.held.pop())

    def take(self, number):
        fd = lock(self.paths[number])
        if fd >= 0:
            self.numbers[fd] = number
        return fd

    def number(self, fd):
        return self.numbers[fd]

    def release(self, fd):
        for one in self.rest.pop(fd, ()):
            self.release(one)
        self.sleep(fd)
        self.turns.pop(fd, None)
        unlock(fd)


def lock(path):
    """A descriptor that holds the lock, -1 when somebody else does."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return -1
    wire.private_fds.add(fd)  # the fork must not keep the place when we are gone
    return fd


def unlock(fd):
    wire.private_fds.discard(fd)
    os.close(fd)


def first(descriptors):
    return next((fd for fd in descriptors if fd >= 0), -1)
