"""What tests want from outside and do not get: addresses that refuse a connection, variables that are not set. Names only, never values."""
import errno
import os
import re
import socket
import sys

MOST = 50
ALL = "*"  # stands for the name of a variable when all are read: what is looked up in the copy is not known
CONNECTS = frozenset(("socket.connect", "socket.getaddrinfo"))
# What they look up is for themselves, or about to be set.
PYTEST, MOCK = os.sep + "_pytest" + os.sep, os.path.join("unittest", "mock.py")
NOBODY_THERE = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
# How drivers that connect by themselves, in C, tell it: their connects raise no event.
TOLD = (
    re.compile(r"server at \"(?P<host>[^\"]+)\"(?: \([^)]*\))?, port (?P<port>\d+) failed: Connection refused"),
    re.compile(r"[Cc]an't connect to \S+ server on '(?P<host>[^':]+)(?::(?P<port>\d+))?'"),
    re.compile(r"Error \d+ connecting to (?P<host>[^\s:]+):(?P<port>\d+)\. Connection refused"),
    re.compile(r"(?P<host>[\w.-]+):(?P<port>\d+): \[Errno 111\] Connection refused"),
    re.compile(r"Connect call failed \('(?P<host>[^']+)', (?P<port>\d+)"),
)


class Needs:
    def __init__(self, repo):
        self.inside = os.path.realpath(repo) + os.sep
        self.active = self.installed = False
        self.tried, self.asked, self.refused = [], [], []
        self.known = {}  # an exception that pytest keeps for later tests, by its number: itself and its addresses

    def start(self):
        self.active = True
        if not self.installed:
            self.installed = True
            self.listen()

    def hear(self, event, args):
        """One of CONNECTS, told by the hook of opened.Opened."""
        if not self.active:
            return
        try:
            if event == "socket.connect" and isinstance(args[1], (tuple, str, bytes)):
                self.note(self.tried, name_of(args[1]))
            elif event == "socket.getaddrinfo":
                self.note(self.tried, name_of((args[0], args[1])))
        except Exception:
            return  # an address that is none fails where it is used

    @staticmethod
    def note(names, name):
        if name in names:
            names.remove(name)  # the latest comes last
        if name and len(names) < MOST:
            names.append(name)

    def listen(self):
        """Every way to read a variable that is not set, `in` too, comes through `lookup`; every way to copy all, through `walk`."""
        kind = type(os.environ)
        original, original_walk = kind.__getitem__, kind.__iter__

        def lookup(environ, key):
            try:
                return original(environ, key)
            except KeyError:
                if self.active and environ is os.environ and isinstance(key, str) and key not in self.asked and self.is_of_repo(sys._getframe(1)):
                    self.note(self.asked, key)
                raise

        def walk(environ):
            if self.active and environ is os.environ and ALL not in self.asked and self.is_of_repo(sys._getframe(1)):
                self.note(self.asked, ALL)
            return original_walk(environ)

        kind.__getitem__, kind.__iter__ = lookup, walk

    def is_of_repo(self, frame):
        for _depth in range(40):
            file = frame.f_code.co_filename if frame is not None else ""
            if not file or PYTEST in file or file.endswith(MOCK):
                return False
            if file.startswith(self.inside):
                return True
            frame = frame.f_back
        return False

    def failed(self, exc):
        """A test, its set-up or a file's import ended with this exception."""
        known = self.known.get(id(exc))
        if known is None:
            known = (exc, self.addresses(exc))
            if len(self.known) < 1000:
                self.known[id(exc)] = known
        for name in known[1]:
            self.note(self.refused, name)

    def addresses(self, exc):
        found, seen, refused = [], set(), False
        while exc is not None and id(exc) not in seen and len(seen) < 20:
            seen.add(id(exc))
            text = str(exc)[:4000]
            for pattern in TOLD:
                for match in pattern.finditer(text):
                    self.note(found, name_of((match.group("host"), match.group("port"))))
            refused |= isinstance(exc, socket.gaierror) or (isinstance(exc, OSError) and exc.errno in NOBODY_THERE) or "Connection refused" in text
            exc = exc.__cause__ or exc.__context__
        return found or (self.tried[-1:] if refused else [])

    def take(self):
        """What has come up since the last time: addresses that refused, variables asked for."""
        refused, asked = self.refused, self.asked
        self.tried, self.asked, self.refused = [], [], []
        return refused, [name for name in asked if name.isprintable() and len(name) < 200]


def name_of(address):
    if not isinstance(address, tuple):
        return os.fsdecode(address).replace("\0", "@")  # a Unix socket
    host, port = address[0], address[1]
    host = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    name = "[%s]" % host if ":" in host else host
    return "%s:%s" % (name, port) if port not in (None, "", 0) else name
