"""One message = one line of JSON over a Unix stream socket; a request may carry descriptors (SCM_RIGHTS)."""
import array
import fcntl
import json
import os
import socket
import traceback

LIMIT = 64 << 20

# Sockets that belong to this process alone: every fork closes them, so that the other end sees our death.
private_fds = set()


FIRST_OWN_FD = 900


def out_of_reach(fd):
    """Moves a descriptor of ours up, where code under test that writes to or closes the low ones does not meet it."""
    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_OWN_FD)
    except (OSError, ValueError):
        return fd  # a low limit on open files
    os.close(fd)
    return moved


class Channel:
    def __init__(self, fd):
        fd = out_of_reach(fd)
        self.sock = socket.socket(fileno=fd)
        self.sock.setblocking(True)
        self.sock.set_inheritable(False)
        self.fds = []  # received, not yet taken
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.unread = []
        self.ended = False
        private_fds.add(fd)

    def fileno(self):
        return self.sock.fileno()

    def fill(self):
        """Reads what is there (blocks when nothing is); sets `ended` at end of file."""
        try:
            data, ancillary, _flags, _address = self.sock.recvmsg(1 << 18, socket.CMSG_SPACE(8 * array.array("i").itemsize))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, ancillary = b"", []
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
                self.fds.extend(numbers)
        if not data:
            self.ended = True
        self.incoming += data
        if len(self.incoming) > LIMIT and b"\n" not in self.incoming:
            self.ended = True

    def messages(self):
        """Takes the complete messages that have been read so far."""
        end = self.incoming.rfind(b"\n")
        if end < 0:
            return []
        lines = bytes(self.incoming[:end]).split(b"\n")
        del self.incoming[: end + 1]
        return [json.loads(line.decode("utf-8")) for line in lines if line.strip()]

    def receive(self):
        """The next message, waiting for it; None at end of file."""
        while not self.unread:
            if self.ended:
                return None
            self.fill()
            self.unread.extend(self.messages())
        return self.unread.pop(0)

    def take_fd(self):
        return self.fds.pop(0) if self.fds else -1

    def queue(self, message):
        self.outgoing += encode(message)

    def flush(self):
        """Writes as much of the queue as the other end takes now. True when the queue is empty."""
        while self.outgoing:
            try:
                sent = self.sock.send(self.outgoing, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError:
                self.ended = True
                self.outgoing.clear()
                return True
            del self.outgoing[:sent]
        return True

    def send(self, message):
        """Blocks until the message, and what was queued before it, is out. The other end's death is ours."""
        self.queue(message)
        try:
            self.sock.sendall(self.outgoing)
        except OSError:
            os._exit(0)
        self.outgoing.clear()

    def close(self):
        private_fds.discard(self.sock.fileno())
        self.sock.close()


ENCODE = json.JSONEncoder(separators=(",", ":"), default=str).encode
DECODE = json.JSONDecoder().decode  # tests may replace json.loads


def encode(message):
    # ASCII only: lone surrogates of odd test ids survive as escapes.
    return ENCODE(message).encode("ascii") + b"\n"


def log_exception():
    """The traceback for the log; a log that cannot be written (a full disk) is no reason to die."""
    try:
        traceback.print_exc()
    except Exception:
        pass


# Names of the private copy, which mean nothing to the user: taken out of every text for him.
hidden = []


def one_line(text, limit=200):
    """The first line of a text that says something, cut to `limit` characters."""
    for line in str(text).splitlines():
        for place in hidden:
            line = line.replace(place, "")
        line = "".join(c if c.isprintable() else " " for c in line).strip()
        if line:
            return line[:limit]
    return ""


def last_line(text, limit=200):
    return one_line("\n".join(reversed(str(text).splitlines())), limit)


def failure(kind, text):
    return {"ok": False, "kind": kind, "text": one_line(" ".join(str(text).split()), 500) or kind}
