"""Python source for values: an expression that evaluates to an equal value of the same type, or nothing at all."""

import collections
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import types
import uuid

from .names import evaluate, path_to

MAX_TEXT = 2048
MAX_DEPTH = 6
MAX_NODES = 200
SCALARS = (int, float, complex, str, bytes, bool, type(None))
REPR_IS_SOURCE = {
    datetime.datetime: "datetime", datetime.date: "datetime", datetime.time: "datetime", datetime.timedelta: "datetime",
    datetime.timezone: "datetime", decimal.Decimal: "decimal", fractions.Fraction: "fractions", uuid.UUID: "uuid",
}
FLAG_NAMES = ("ASCII", "IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "VERBOSE")
PATH_TYPES = (pathlib.PosixPath, pathlib.PurePosixPath, pathlib.WindowsPath, pathlib.PureWindowsPath)


class NoSource(Exception):
    """The value cannot be written down."""


class AnyValue:
    """Lets every value pass; facts.Screen is the strict one."""

    def text(self, value):
        return " at 0x" not in value

    def number(self, value):
        return True

    def moment(self, value):
        return True


class Source:
    """`text` is exact; `asserted` has pytest.approx around floats that stand inside a container."""

    __slots__ = ("text", "asserted", "imports", "asserted_imports", "floats")

    def __init__(self, text, asserted, imports, floats):
        self.text = text
        self.asserted = asserted
        self.imports = imports
        self.asserted_imports = sorted(set(imports) | {"import pytest"}) if asserted != text else imports
        self.floats = floats


class Writer:
    def __init__(self, home=None, screen=None):
        self.home = home
        self.screen = screen or AnyValue()
        self.imports = set()
        self.nodes = 0
        self.length = 0
        self.floats = False
        self.approx = False
        self.proven = True  # False: made by a constructor, must be evaluated once to be believed

    def write(self, value, depth=0):
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise NoSource()
        kind = type(value)
        scalar = self.SIMPLE.get(kind)
        text = scalar(self, value, depth) if scalar else self.other(value, kind, depth)
        self.length += len(text) if scalar and kind in SCALARS else 0
        if self.length > MAX_TEXT or len(text) > MAX_TEXT:
            raise NoSource()
        return text

    def need(self, where):
        if where is None:
            raise NoSource()
        if where[1]:
            self.imports.add(where[1])
        return where[0]

    def constant(self, value, depth):
        return repr(value)

    def integer(self, value, depth):
        if value.bit_length() > 4 * MAX_TEXT or not self.screen.number(value):
            raise NoSource()
        return repr(value)

    def real(self, value, depth):
        if not self.screen.number(value):
            raise NoSource()
        if value != value or value in (float("inf"), float("-inf")):
            if value != value and not self.approx:
                raise NoSource()  # never equal to itself
            text = "float('%r')" % value
            return text if value == value else "pytest.approx(%s, nan_ok=True)" % text
        if (value * 8).is_integer() and abs(value) < 1e12:  # 2.5, 0.125: exact wherever they are computed
            return repr(value)
        self.floats = True
        return "pytest.approx(%r)" % value if self.approx and depth else repr(value)

    def imaginary(self, value, depth):
        if value != value or abs(value) == float("inf"):
            raise NoSource()
        self.floats = True
        return "pytest.approx(%r)" % value if self.approx and depth else repr(value)

    def string(self, value, depth):
        if len(value) > MAX_TEXT or not self.screen.text(value):
            raise NoSource()
        return repr(value)

    def octets(self, value, depth):
        if len(value) > MAX_TEXT or not self.screen.text(value.decode("latin-1")):
            raise NoSource()
        return repr(value)

    def items(self, values, depth):
        if len(values) > MAX_NODES:
            raise NoSource()
        return ", ".join([self.write(item, depth + 1) for item in values])

    def list(self, value, depth):
        return "[" + self.items(value, depth) + "]"

    def tuple(self, value, depth):
        return "(" + self.items(value, depth) + (",)" if len(value) == 1 else ")")

    def set(self, value, depth):
        if not value:
            return "set()"
        approx, self.approx = self.approx, False
        try:
            values = sorted(value)
            texts = [self.write(item, depth + 1) for item in values] if len({type(item) for item in values}) == 1 else None
        except TypeError:
            texts = None
        if texts is None:
            texts = sorted([self.write(item, depth + 1) for item in value])
        self.approx = approx
        return "{" + ", ".join(texts) + "}"

    def frozen(self, value, depth):
        return "frozenset(" + (self.set(value, depth) if value else "") + ")"

    def dict(self, value, depth):
        if len(value) > MAX_NODES:
            raise NoSource()
        return "{" + ", ".join(["%s: %s" % (self.key(key, depth), self.write(item, depth + 1)) for key, item in value.items()]) + "}"

    def key(self, value, depth):
        approx, self.approx = self.approx, False
        text = self.write(value, depth + 1)
        self.approx = approx
        return text

    def exact(self, value, depth):
        """Parts of a constructor's arguments are written without pytest.approx."""
        self.proven = False
        return self.key(value, depth)

    def library(self, value, depth):
        if not self.screen.moment(value):
            raise NoSource()
        module = REPR_IS_SOURCE[type(value)]
        self.proven = False
        self.imports.add("import " + module)
        text = repr(value)
        return text if text.startswith(module + ".") else module + "." + text

    def path(self, value, depth):
        if value.is_absolute():
            raise NoSource()
        name = "Path" if type(value) is type(pathlib.Path()) else type(value).__name__
        self.imports.add("import pathlib")
        return "pathlib.%s(%s)" % (name, self.string(str(value), depth))

    def pattern(self, value, depth):
        flags = [name for name in FLAG_NAMES if value.flags & getattr(re, name)]
        self.imports.add("import re")
        self.proven = False
        text = self.write(value.pattern, depth)
        return "re.compile(%s%s)" % (text, ", " + " | ".join(["re." + name for name in flags]) if flags else "")

    def span(self, value, depth):
        return "%s(%s, %s, %s)" % (type(value).__name__, self.key(value.start, depth), self.key(value.stop, depth), self.key(value.step, depth))

    def buffer(self, value, depth):
        return "bytearray(%s)" % self.octets(bytes(value), depth)

    def ordered(self, value, depth):
        self.imports.add("import collections")
        return "collections.OrderedDict(%s)" % (self.list(list(value.items()), depth) if value else "")

    def counter(self, value, depth):
        self.imports.add("import collections")
        return "collections.Counter(%s)" % (self.dict(value, depth) if value else "")

    def default(self, value, depth):
        self.imports.add("import collections")
        factory = "None" if value.default_factory is None else self.need(path_to(value.default_factory, self.home))
        return "collections.defaultdict(%s, %s)" % (factory, self.dict(value, depth))

    def queue(self, value, depth):
        self.imports.add("import collections")
        return "collections.deque(%s%s)" % (self.list(list(value), depth), "" if value.maxlen is None else ", maxlen=%d" % value.maxlen)

    def object(self, value, depth):
        return self.need(path_to(value, self.home))

    def other(self, value, kind, depth):
        if isinstance(value, enum.Enum):
            if kind.__members__.get(value.name) is not value:
                raise NoSource()
            return self.need(path_to(kind, self.home)) + "." + value.name
        if isinstance(value, type) or isinstance(value, types.FunctionType):
            return self.object(value, depth)
        if kind in PATH_TYPES:
            return self.path(value, depth)
        from . import instances
        return instances.write(self, value, kind, depth)

    SIMPLE = {}


Writer.SIMPLE = {
    type(None): Writer.constant, bool: Writer.constant, type(Ellipsis): Writer.constant, type(NotImplemented): Writer.constant,
    int: Writer.integer, float: Writer.real, complex: Writer.imaginary, str: Writer.string, bytes: Writer.octets,
    list: Writer.list, tuple: Writer.tuple, set: Writer.set, frozenset: Writer.frozen, dict: Writer.dict,
    bytearray: Writer.buffer, range: Writer.span, slice: Writer.span, type(re.compile("")): Writer.pattern,
    collections.OrderedDict: Writer.ordered, collections.Counter: Writer.counter, collections.defaultdict: Writer.default,
    collections.deque: Writer.queue, types.BuiltinFunctionType: Writer.object,
}
Writer.SIMPLE.update({kind: Writer.library for kind in REPR_IS_SOURCE})


def source_of(value, home=None, screen=None):
    """A Source for the value, or None. `home`: a module through whose names classes are preferred."""
    writer = Writer(home, screen)
    try:
        text = writer.write(value)
        imports = sorted(writer.imports)
        if not writer.proven:
            again = evaluate(text, imports)
            if type(again) is not type(value) or not bool(again == value):
                return None
        asserted = text
        if writer.floats and type(value) not in SCALARS:
            writer = Writer(home, screen)
            writer.approx = True
            asserted = writer.write(value)
        return Source(text, asserted, imports, writer.floats)
    except Exception:  # a hostile __eq__ or __repr__ among others
        return None
