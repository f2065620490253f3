"""What a test may leave behind in its process: whether anything that is looked at has changed since it was marked.

Looked at: globals of the repo's modules, attributes of their classes and of instances that stand there, containers in them, closures and
default values; attributes and containers of other instances that stand there (somebody else's cache), and closures of other functions (its
decorator); living objects by type; environment, folder, threads, descriptors, import state, warnings, logging, locale, decimal and other contexts.
What hangs deeper, and what stands in modules that the repo's refer to, is deep.py's.
"""
import _locale
import _signal
import abc
import collections
import contextvars
import gc
import itertools
import logging
import os
import re
import signal
import struct
import sys
import types
import unittest
import warnings

from . import forks

WHICH = object.__hash__  # as id, which raises an audit event each time
# Built-in kinds of containers and what gives their contents: subclasses are code of the repo, so their own methods are not asked.
BOXES = {dict: dict.values, list: list.__iter__, set: set.__iter__, collections.deque: collections.deque.__iter__, bytearray: bytearray.__iter__}
EACH = itertools.chain.from_iterable
POINTER = struct.calcsize("P")
MOST_PLACES = 20000  # beyond, looking at them behind each mutant costs more than a process
MOST_ITEMS = 1000  # of one container; beyond, only their number is compared
PLAIN = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType, str, bytes, int, float, complex, bool, type(None))
SIGNALS = tuple(map(int, (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD)))  # signal.getsignal goes by way of two enums


class State:
    """Attributes: small (whether looking at it costs less than a process), others (deep.Deep, None: there are too many places)."""

    def __init__(self, host):
        self.host = host
        self.gather()
        self.small = self.repo.count <= MOST_PLACES
        self.others = None
        self.mark()  # what a first one makes is there before anything is compared
        self.repo.forget()  # this process, and forks that compare nothing, keep nobody's values alive

    def mark(self, repo=True):
        """Remembers how things stand. `repo`: False where nothing has run since the last time that could have changed the repo's modules."""
        if len(sys.modules) != self.modules:
            repo = True
            self.gather()
        if repo:
            self.repo.mark()
        self.living, self.around = self.of_living(), self.of_around()

    def changed(self):
        """(living objects, what stands around, the repo's modules) since the last mark."""
        if len(sys.modules) != self.modules:
            return True, True, True
        return self.of_living() != self.living, self.of_around() != self.around, not self.repo.same()

    def of_living(self):
        gc.collect()
        living = collections.Counter(map(type, gc.get_objects()))
        living.pop(re.Pattern, None)  # in the cache of `re`, which is never wrong
        return hash(frozenset(living.items()))

    def of_around(self):
        loggers = logging.root.manager.loggerDict
        return hash((
            self.modules, tuple(os.environ._data.items()), os.getcwd(), tuple(sys.path), names("/proc/self/task"),
            names("/proc/self/fd"), self.files(), *map(WHICH, (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, warnings.filters, sys.gettrace())),
            sys.getrecursionlimit(), len(warnings.filters), abc.get_cache_token(), _locale.setlocale(_locale.LC_ALL, None), of_contexts(),
            logging.root.manager.disable, len(loggers), of_logger(logging.root), tuple(map(of_logger, loggers.values())),
            tuple(map(_signal.getsignal, SIGNALS)), len(sys.meta_path), len(sys.path_hooks)))

    def files(self):
        """Without what pytest makes for tmp_path: each test has its own folder there."""
        folder = forks.child_folder(os.getpid())
        return tuple(name for name in names(folder) if name != "pytest") if folder else ()

    def gather(self):
        """The places to be looked at; new modules bring new ones."""
        self.modules = len(sys.modules)
        real_file = self.host.index.real_file
        self.modules_of_repo = [module for module in list(sys.modules.values()) if type(module) is types.ModuleType
                                and type(module.__dict__.get("__file__")) is str and real_file(module.__dict__["__file__"])]
        self.repo = Places(self.modules_of_repo)
        for functions in self.host.index.by_place.values():
            self.repo.extend(functions)


class Places:
    """Where values stand in some modules, and in what stands there. Attributes: count (of values and of what is in containers). All that is done for each place
    is done by built-in functions."""

    def __init__(self, modules, most=sys.maxsize):
        """`most`: no more than that are looked for."""
        self.spaces, self.replaced, self.boxes, self.known, self.todo = [], [], {kind: [] for kind in BOXES}, set(), []
        self.large = {kind: [] for kind in BOXES}
        self.names = {module.__dict__.get("__name__") for module in modules}
        self.count, self.most = 0, most
        for module in modules:
            self.space(module.__dict__)
        self.extend(())

    def extend(self, values):
        self.todo.extend(values)
        while self.todo and self.count <= self.most:
            self.add(self.todo.pop())

    def mark(self):
        """Remembers the values themselves, so that no new one can come to stand at the address of an old one."""
        self.values, self.items = unseen(tuple(EACH(self.spaces))), unseen(tuple(self.each_item()))
        self.addresses, self.equals, self.sizes = addresses(self.values) + addresses(self.items), self.of_replaced(), self.of_boxes()

    def same(self):
        """Whether they are as they were when they were marked."""
        now = addresses(tuple(EACH(self.spaces))) + addresses(tuple(self.each_item()))
        return now == self.addresses and self.of_replaced() == self.equals and self.of_boxes() == self.sizes

    def forget(self):
        self.values, self.items, self.addresses = (), (), None

    def each_item(self):
        return EACH([EACH(map(BOXES[kind], boxes)) for kind, boxes in self.boxes.items()])

    def of_replaced(self):
        return hash(tuple(map(of_value, EACH(self.replaced))))

    def of_boxes(self):
        return hash(tuple([tuple(map(kind.__len__, boxes)) for found in (self.boxes, self.large) for kind, boxes in found.items()]))

    def detail(self):
        """Of each space, as bytes."""
        return struct.pack("%dq" % len(self.spaces), *[hash(tuple(map(WHICH, space))) for space in self.spaces])

    def learn(self, before, now):
        """Of two details around a test that left nothing behind: what it replaces each time by something equal is compared by value from now on."""
        places = range(len(self.spaces)) if len(before) == len(now) else ()
        changed = [place for place in places if before[8 * place:8 * place + 8] != now[8 * place:8 * place + 8]]
        for place in reversed(changed):
            self.replaced.append(self.spaces.pop(place))

    def space(self, values, replaces=False):
        """`replaces`: something there is replaced each time: unittest makes a new list of errors in each class that it is done with."""
        (self.replaced if replaces else self.spaces).append(values.values())
        self.count += len(values)
        self.todo.extend(list(values.values()))

    def function(self, function):
        self.todo.extend((function.__defaults__ or ()) + tuple((function.__kwdefaults__ or {}).values()))
        for cell in function.__closure__ or ():
            try:
                self.todo.append(cell.cell_contents)
            except ValueError:
                continue  # empty
        if function.__dict__:
            self.space(function.__dict__)

    def box(self, kind, value):
        length = kind.__len__(value)
        (self.boxes if length <= MOST_ITEMS else self.large)[kind].append(value)
        self.count += min(length, MOST_ITEMS)

    def add(self, value):
        kind = type(value)
        if kind in PLAIN and kind is not types.FunctionType or WHICH(value) in self.known:
            return
        self.known.add(WHICH(value))
        if kind is types.FunctionType:
            self.function(value)
            return
        if kind is tuple:
            self.todo.extend(value[:MOST_ITEMS])
            return
        for built_in in BOXES:
            if issubclass(kind, built_in):
                self.box(built_in, value)
                return
        if issubclass(kind, type):
            if type.__getattribute__(value, "__module__") in self.names:
                self.space(type.__getattribute__(value, "__dict__"), issubclass(value, unittest.TestCase))
            return
        try:
            inside, home = object.__getattribute__(value, "__dict__"), type.__getattribute__(kind, "__module__")
        except Exception:
            return
        if type(inside) is dict and home in self.names:
            self.space(inside)
        elif type(inside) is dict:
            self.spaces.append(inside.values())
            self.count += len(inside)
            self.todo.extend(part for part in list(inside.values()) if issubclass(type(part), tuple(BOXES)))


def load_ctypes():
    """(string_at, PyObject_GC_UnTrack of Python's own C API); without them, or where tuples are made in another way, all this takes longer."""
    try:
        import ctypes

        untrack = ctypes.pythonapi.PyObject_GC_UnTrack
        untrack.argtypes, untrack.restype = [ctypes.py_object], None
        sample = None, untrack
        if read(ctypes.string_at, sample) == struct.pack("2P", id(None), id(untrack)):
            return ctypes.string_at, untrack
    except Exception:
        pass
    return None, lambda _container: None


def read(string_at, values):
    return string_at(id(values) + tuple.__basicsize__, POINTER * len(values))


string_at, untrack = load_ctypes()


def unseen(container):
    """A large container of ours that collections need not go through: it is in no cycle, and looking at each of its elements takes longer than all else that
    they do."""
    untrack(container)
    return container


def addresses(values):
    """Where each of a tuple's values lives, behind the tuple's own fields: whether two tuples have the very same values is seen without asking any of them."""
    if string_at is None:
        return b"".join([b"%x " % WHICH(value) for value in values])
    return read(string_at, values)


def of_logger(logger):
    """Those that are only in the way to another one have nothing."""
    if type(logger) is logging.PlaceHolder:
        return 0
    found = object.__getattribute__(logger, "__dict__").get
    return found("level"), found("disabled"), found("propagate"), len(found("handlers", ())), len(found("filters", ()))


def of_contexts():
    decimal = sys.modules.get("decimal")
    number = decimal.getcontext() if type(decimal) is types.ModuleType else None
    return (number and (number.prec, number.rounding, number.Emin, number.Emax, number.capitals, number.clamp, tuple(number.traps.values())),
            tuple([(WHICH(variable), WHICH(value)) for variable, value in contextvars.copy_context().items()]))


def of_value(value):
    kind = type(value)
    if kind in (str, bytes, int, float, bool, type(None)):
        return hash((kind, value))
    return hash((kind, 0)) if kind in (list, dict, set) and not value else WHICH(value)


def names(folder):
    try:
        return tuple(sorted(os.listdir(folder)))
    except OSError:
        return ()
