"""`jobs` places for mutant processes, shared by all sessions: locked files, so that a killed session gives its places back by itself."""
import fcntl
import os

from . import wire

RETRY_SECONDS = 0.005


class Slots:
    def __init__(self, folder, count):
        os.makedirs(folder, exist_ok=True)
        self.numbers = {}  # descriptor -> which place it holds
        self.last = 0  # a worker that has this process's target in place is taken again
        self.paths = [os.path.join(folder, "slot-%d" % number) for number in range(max(1, count))]

    def acquire(self):
        """A descriptor that holds one place, -1 when all are taken."""
        for turn in range(len(self.paths)):
            number = (self.last + turn) % len(self.paths)
            fd = os.open(self.paths[number], os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(fd)
            else:
                self.numbers[fd] = self.last = number
                wire.private_fds.add(fd)  # the fork must not keep the place when we are gone
                return fd
        return -1

    def number(self, fd):
        return self.numbers[fd]

    def release(self, fd):
        wire.private_fds.discard(fd)
        os.close(fd)
