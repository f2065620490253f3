"""`jobs` places for mutant processes, shared by all sessions: locked files, so that a killed session gives its places back by itself."""
import fcntl
import os

from . import wire

RETRY_SECONDS = 0.005


class Slots:
    def __init__(self, folder, count):
        os.makedirs(folder, exist_ok=True)
        self.numbers = {}  # descriptor -> which place it holds
        self.held = []  # those taken so far of all
        self.rest = {}  # descriptor -> all other ones, which it stands for
        self.last = 0  # a worker that has this process's target in place is taken again
        self.paths = [os.path.join(folder, "slot-%d" % number) for number in range(max(1, count))]

    def acquire(self):
        """A descriptor that holds one place, -1 when all are taken."""
        for turn in range(len(self.paths)):
            number = (self.last + turn) % len(self.paths)
            fd = self.take(number)
            if fd >= 0:
                self.last = number
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
