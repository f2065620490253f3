"""What hangs deeper than state_of looks behind each mutant: in containers, in slots, in other people's instances, in built-in objects, in the process.

A clean chain compares it, since there a survivor is believed: what a test did on its first run may stay done, wherever it stands.
"""
import _signal
import functools
import gc
import itertools
import os
import random
import signal
import sys
import types

from . import codes, state_of

MOST_PLACES = 50000  # looked at behind survivors alone, so more than behind each mutant: 7 ms each 100,000
NEVER_WRONG = frozenset(("sys", "re", "linecache", "functools", "typing", "types", "pytest", "_pytest", "pluggy", "_mutagen_agent"))  # caches, and what runs the tests
HEAP_TYPE = 1 << 9  # of __flags__: a class that can be changed
SIGNALS = tuple(map(int, signal.valid_signals()))
OF_PYTEST = frozenset(("last_type", "last_value", "last_traceback", "last_exc", "stdin", "stdout", "stderr"))  # of sys: looked at elsewhere, or nobody's
MOST = 100000  # characters, bytes or numbers of one object
OF_TESTS = frozenset(("pytest", "_pytest", "pluggy", "_mutagen_agent", "_abc"))  # and caches of isinstance: what is registered has a number (state_of)
# Not followed: what cannot be changed, what leads from anywhere to everywhere, and caches of functions: a line that they hide has not run.
LEAVES = (types.CodeType, types.FrameType, types.TracebackType, types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType,
          types.MethodDescriptorType, types.ClassMethodDescriptorType, types.MethodWrapperType, functools._lru_cache_wrapper)


def of_buffer(buffer):
    return buffer.closed or (buffer.tell(), buffer.getvalue()[:MOST])


# Built-in objects that nothing refers from: what tells their state.
READERS = {
    ("array", "array"): lambda value: (len(value), value[:MOST].tobytes()), ("_io", "StringIO"): of_buffer, ("_io", "BytesIO"): of_buffer,
    ("_random", "Random"): lambda value: random.Random.getstate(value) if isinstance(value, random.Random) else value.getstate(),
    ("builtins", "generator"): lambda value: value.gi_frame and value.gi_frame.f_lasti, ("itertools", "count"): repr, ("decimal", "Context"): repr,
    ("_thread", "_local"): lambda value: [(name, state_of.WHICH(part)) for name, part in value.__dict__.items()],
    ("numpy", "ndarray"): lambda value: value.size <= MOST and value.tobytes(),
}


class Deep(state_of.Places):
    """Attributes: inside (objects whose referents are compared), read ((what tells it, object), ...)."""

    def __init__(self, modules, most):
        self.inside, self.read = [], []
        super().__init__(modules, most)

    def mark(self):
        self.told = state_of.unseen(self.all_told())  # first: the frame of a generator is made when it is asked for
        super().mark()
        self.referents = state_of.unseen(self.each_referent())
        self.of_referents = state_of.addresses(self.referents)

    def same(self):
        return state_of.addresses(self.each_referent()) == self.of_referents and self.all_told() == self.told and super().same()

    def each_referent(self):
        return tuple(gc.get_referents(*self.inside) + [value for name, value in sys.__dict__.items() if name not in OF_PYTEST])

    def all_told(self):
        return [told(reader, value) for reader, value in self.read] + of_process()

    def function(self, function):
        super().function(function)
        self.inside.extend(function.__closure__ or ())

    def own(self, functions):
        """The repo's: their attributes and default values may be put in place by their tests."""
        self.extend(functions)
        for function in functions:
            if not function.__dict__:  # the others' are looked at anyway
                self.space(function.__dict__)
        self.inside.extend(functions)

    def add(self, value):
        kind = type(value)
        if state_of.WHICH(value) in self.known:
            return
        if issubclass(kind, type):
            self.of_class(value)
        elif kind is types.MethodType:
            self.todo.append(value.__self__)
        elif kind is types.FunctionType or kind not in state_of.PLAIN and not issubclass(kind, LEAVES) and home(kind) not in OF_TESTS:
            self.of_object(value, kind)

    def of_class(self, value):
        self.known.add(state_of.WHICH(value))
        if type.__getattribute__(value, "__flags__") & HEAP_TYPE and home(value) not in NEVER_WRONG:
            self.space(type.__getattribute__(value, "__dict__"), issubclass(value, state_of.unittest.TestCase))

    def of_object(self, value, kind):
        super().add(value)
        if kind is types.FunctionType or kind is tuple:
            return
        box = next((built_in for built_in in state_of.BOXES if issubclass(kind, built_in)), None)
        if box is not None:
            self.todo.extend(itertools.islice(state_of.BOXES[box](value), state_of.MOST_ITEMS))
        reader = reader_of(kind)
        if reader is not None:
            self.read.append((reader, value))
        if gc.is_tracked(value) and box is not kind and (reader is None or kind is types.GeneratorType):  # the others' reader tells all
            self.inside.append(value)
            if kind is types.GeneratorType and value.gi_frame is not None:
                self.inside.append(value.gi_frame)  # before 3.11 it holds the variables
            self.count += 1
            self.todo.extend(gc.get_referents(value))


def of(state):
    """What is to be compared beside a state_of.State; None: there are too many places."""
    functions = [function for found in state.host.index.by_place.values() for function in found]
    found = Deep(state.modules_of_repo + referred_to(state.modules_of_repo, functions), MOST_PLACES)
    found.own(functions)
    found.extend(parameters(state.host.items))
    return found if found.count <= MOST_PLACES else None


def parameters(items):
    """What parametrized tests are given: pytest's items hold it, and a test may change it in place."""
    return [value for item in items for value in getattr(getattr(item, "callspec", None), "params", {}).values()]


def referred_to(modules, functions):
    """Other modules that these name, or whose functions and classes they do, or that one of `functions` could import: and of packages all
    that is loaded."""
    own = {module.__dict__.get("__name__") for module in modules}
    homes = map(home_of, state_of.EACH([list(module.__dict__.values()) for module in modules]))
    words = state_of.EACH([code.co_names for function in functions for code in codes.all_codes(function.__code__)])
    found = {name for name in state_of.EACH((homes, words)) if type(name) is str and name in sys.modules}
    packages = tuple({name.split(".")[0] + "." for name in found} - {"importlib.", "encodings.", "unittest."})
    return [module for name, module in list(sys.modules.items()) if type(module) is types.ModuleType and (name in found or name.startswith(packages))
            and name not in own and name.split(".")[0] not in NEVER_WRONG]


def home_of(value):
    """The name of the module that a value is, or comes from."""
    kind = type(value)
    if kind is types.ModuleType:
        return value.__dict__.get("__name__")
    if kind in (types.FunctionType, types.BuiltinFunctionType):
        return value.__module__
    return type.__getattribute__(value if issubclass(kind, type) else kind, "__module__")


def home(kind):
    """The package that a class comes from."""
    name = type.__getattribute__(kind, "__module__")
    return name.split(".")[0] if type(name) is str else ""


def reader_of(kind):
    for base in type.__getattribute__(kind, "__mro__"):
        reader = READERS.get((type.__getattribute__(base, "__module__"), type.__getattribute__(base, "__name__")))
        if reader is not None:
            return reader
    return None


def told(reader, value):
    try:
        return reader(value)
    except Exception as exc:  # it is closed, or another thread's
        return type(exc).__name__


def of_process():
    """What stands in no object."""
    mask = os.umask(0o077)
    os.umask(mask)
    csv, sockets, system = map(sys.modules.get, ("_csv", "_socket", "faulthandler"))
    return [mask, list(map(_signal.getsignal, SIGNALS)), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), os.getpriority(os.PRIO_PROCESS, 0),
            [(name, state(csv.get_dialect(name))) for name in csv.list_dialects()] if csv else None, csv and csv.field_size_limit(),
            getattr(sys, "get_int_max_str_digits", int)(), sockets and sockets.getdefaulttimeout(), system and system.is_enabled(), list(sys.argv)]


def state(dialect):
    return [getattr(dialect, name) for name in ("delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting", "skipinitialspace")]
