"""What a test may leave behind in its process: whether anything that is looked at has changed since it was marked.

Looked at: globals of the repo's modules, attributes of their classes and of instances that stand there, containers in them, closures and
default values; attributes and containers of other instances that stand there (somebody else's cache), and closures of other functions (its
decorator); living objects by type; environment, folder, threads, descriptors, import state, warnings, logging.
"""
import _signal
import collections
import gc
import itertools
import logging
import operator
import os
import re
import signal
import struct
import sys
import types
import warnings

from . import forks

WHICH = object.__hash__  # as id, which raises an audit event each time
# Built-in kinds of containers and what gives their contents: subclasses are code of the repo, so their own methods are not asked.
BOXES = {dict: dict.values, list: list.__iter__, set: set.__iter__, collections.deque: collections.deque.__iter__, bytearray: bytearray.__iter__}
EACH, VALUES = itertools.chain.from_iterable, operator.methodcaller("values")
MOST_PLACES = 20000  # beyond, looking at them costs more than a process
MOST_ITEMS = 1000  # of one container; beyond, only their number is compared
PLAIN = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType, str, bytes, int, float, complex, bool, type(None))
SIGNALS = tuple(map(int, (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD)))  # signal.getsignal goes by way of two enums


class State:
    def __init__(self, host):
        self.host = host
        self.gather()
        self.small = sum(map(len, self.spaces)) <= MOST_PLACES
        self.mark()  # what a first one makes is there before anything is compared
        self.values = self.items = ()  # this process, and forks that compare nothing, keep nobody's values alive

    def mark(self, repo=True):
        """Remembers how things stand: the values themselves, so that no new one can come to stand at the address of an old one. `repo`: False where
        nothing has run since the last time that could have changed the repo's modules."""
        if len(sys.modules) != self.modules:
            repo = True
            self.gather()
        if repo:
            self.values, self.items = tuple(EACH(map(VALUES, self.spaces))), tuple(self.each_item())
            self.equals, self.sizes = self.of_replaced(), self.of_boxes()
        self.living, self.around = self.of_living(), self.of_around()

    def changed(self):
        """(living objects, what stands around, the repo's modules) since the last mark. All that is done for each place is done by built-in functions."""
        if len(sys.modules) != self.modules:
            return True, True, True
        living, around = self.of_living() != self.living, self.of_around() != self.around
        same = (sum(map(len, self.spaces)) == len(self.values) and all(map(operator.is_, EACH(map(VALUES, self.spaces)), self.values))
                and self.of_replaced() == self.equals and self.of_boxes() == self.sizes and all(map(operator.is_, self.each_item(), self.items)))
        return living, around, not same

    def of_living(self):
        gc.collect()
        living = collections.Counter(map(type, gc.get_objects()))
        living.pop(re.Pattern, None)  # in the cache of `re`, which is never wrong
        return hash(frozenset(living.items()))

    def of_around(self):
        return hash((
            self.modules, tuple(os.environ._data.items()), os.getcwd(), tuple(sys.path), names("/proc/self/task"),
            names("/proc/self/fd"), self.files(), *map(WHICH, (sys.stdin, sys.stdout, sys.stderr, warnings.filters, sys.gettrace())),
            sys.getrecursionlimit(), len(warnings.filters),
            logging.root.level, logging.root.manager.disable, len(logging.root.handlers), len(logging.root.manager.loggerDict),
            tuple(map(_signal.getsignal, SIGNALS)), len(sys.meta_path), len(sys.path_hooks)))

    def of_replaced(self):
        return hash(tuple(map(of_value, EACH(map(VALUES, self.replaced)))))

    def of_boxes(self):
        return hash(tuple([tuple(map(kind.__len__, boxes)) for kind, _values, boxes in self.boxes]))

    def each_item(self):
        return EACH([EACH(map(values, boxes)) for _kind, values, boxes in self.boxes if values])

    def detail(self):
        """Of each space, as bytes."""
        return struct.pack("%dq" % len(self.spaces), *[hash(tuple(map(WHICH, space.values()))) for space in self.spaces])

    def learn(self, before, now):
        """Of two details around a test that left nothing behind: what it replaces each time by something equal is compared by value from now on."""
        places = range(len(self.spaces)) if len(before) == len(now) else ()
        changed = [place for place in places if before[8 * place:8 * place + 8] != now[8 * place:8 * place + 8]]
        for place in reversed(changed):
            self.replaced.append(self.spaces.pop(place))

    def files(self):
        """Without what pytest makes for tmp_path: each test has its own folder there."""
        folder = forks.child_folder(os.getpid())
        return tuple(name for name in names(folder) if name != "pytest") if folder else ()

    def gather(self):
        """The places to be looked at; new modules bring new ones."""
        self.modules = len(sys.modules)
        self.spaces, self.replaced, self.known = [], [], set()
        self.found = {kind: [] for kind in BOXES}
        real_file = self.host.index.real_file
        modules = [module for module in list(sys.modules.values()) if type(module) is types.ModuleType
                   and type(module.__dict__.get("__file__")) is str and real_file(module.__dict__["__file__"])]
        self.names = {module.__dict__.get("__name__") for module in modules}
        for module in modules:
            self.space(module.__dict__)
        for functions in self.host.index.by_place.values():
            for function in functions:
                self.add(function)
        self.boxes = []
        for kind, boxes in self.found.items():
            large = [box for box in boxes if kind.__len__(box) > MOST_ITEMS]
            self.boxes += [(kind, BOXES[kind], [box for box in boxes if kind.__len__(box) <= MOST_ITEMS]), (kind, None, large)]

    def space(self, values):
        self.spaces.append(values)
        for value in list(values.values()):
            self.add(value)

    def function(self, function):
        for value in (function.__defaults__ or ()) + tuple((function.__kwdefaults__ or {}).values()):
            self.add(value)
        for cell in function.__closure__ or ():
            try:
                self.add(cell.cell_contents)
            except ValueError:
                continue  # empty
        if function.__dict__:
            self.space(function.__dict__)

    def add(self, value):
        kind = type(value)
        if kind in PLAIN and kind is not types.FunctionType or WHICH(value) in self.known:
            return
        self.known.add(WHICH(value))
        if kind is types.FunctionType:
            self.function(value)
            return
        for built_in in BOXES:
            if issubclass(kind, built_in):
                self.found[built_in].append(value)
                return
        if issubclass(kind, type):
            if type.__getattribute__(value, "__module__") in self.names:
                self.space(type.__getattribute__(value, "__dict__"))
            return
        try:
            inside, home = object.__getattribute__(value, "__dict__"), type.__getattribute__(kind, "__module__")
        except Exception:
            return
        if type(inside) is dict and home in self.names:
            self.space(inside)
        elif type(inside) is dict:
            self.spaces.append(inside)
            for part in list(inside.values()):
                if issubclass(type(part), tuple(BOXES)):
                    self.add(part)


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
