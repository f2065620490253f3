"""Places for mutant processes, shared by all sessions: locked files, so that a killed session gives its places back by itself. There are `jobs`, and spare
ones for those that run while others are in a wait that is not expected to end."""
import fcntl
import os

from . import wire

RETRY_SECONDS = 0.005


def spare(jobs):
    """How many spare places there are. With one job nothing runs beside anything: whether tests can stand that has not been tried."""
    return 2 * jobs if jobs > 1 else 0


class Slots:
    def __init__(self, folder, jobs):
        os.makedirs(folder, exist_ok=True)
        self.numbers = {}  # descriptor -> which place it holds
        self.held = []  # those taken so far of all
        self.rest = {}  # descriptor -> all other ones, which it stands for
        self.last = 0  # a worker that has this process's target in place is taken again
        self.jobs = max(1, jobs)
        self.paths = [os.path.join(folder, "slot-%d" % number) for number in range(self.jobs + spare(jobs))]

    def acquire(self, may_be_spare=False):
        """A descriptor that holds one place, -1 when all are taken."""
        for turn in range(self.jobs):
            number = (self.last + turn) % self.jobs
            fd = self.take(number)
            if fd >= 0:
                self.last = number
                return fd
        for number in range(self.jobs, len(self.paths) if may_be_spare else 0):
            fd = self.take(number)
            if fd >= 0:
                return fd
        return -1

    def acquire_all(self):
        """A descriptor that stands for all places, -1 as long as one is taken: then the others are held until the next try. In their order, so
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
        fd = os.open(self.paths[number], os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return -1
        self.numbers[fd] = number
        wire.private_fds.add(fd)  # the fork must not keep the place when we are gone
        return fd

    def number(self, fd):
        return self.numbers[fd]

    def release(self, fd):
        for one in self.rest.pop(fd, ()):
            self.release(one)
        wire.private_fds.discard(fd)
        os.close(fd)
