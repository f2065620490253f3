"""Type hints as data for C: every hint becomes one of its kinds, and one that nobody understands becomes `any`."""
import collections
import collections.abc
import enum
import inspect
import sys
import types
import typing

from . import annotations, names, values

MAX_CLASSES = 3  # constructors within constructors
MOST_CLASSES = 40  # within one constructor, however deep
MAX_DEPTH = 8
MAX_VALUES = 40
SIMPLE = {type(None): "none", None: "none", bool: "bool", int: "int", float: "float", complex: "complex", str: "str", bytes: "bytes",
          bytearray: "bytes", memoryview: "bytes"}
SAMPLES = {
    "pathlib.Path": ("import pathlib", ["pathlib.Path('a.txt')", "pathlib.Path('dir/b.tar.gz')", "pathlib.Path('.')"]),
    "pathlib.PurePath": ("import pathlib", ["pathlib.PurePath('a.txt')", "pathlib.PurePath('dir/b.tar.gz')"]),
    "pathlib.PurePosixPath": ("import pathlib", ["pathlib.PurePosixPath('/srv/a.txt')", "pathlib.PurePosixPath('b')"]),
    "os.PathLike": ("import pathlib", ["pathlib.Path('a.txt')", "pathlib.Path('dir/b.tar.gz')"]),
    "decimal.Decimal": ("import decimal", ["decimal.Decimal('%s')" % n for n in ("1.5", "0", "-2.25", "100", "0.01")]),
    "fractions.Fraction": ("import fractions", ["fractions.Fraction(%s)" % n for n in ("1, 2", "0", "-7, 3", "5")]),
    "datetime.datetime": ("import datetime", ["datetime.datetime(2020, 2, 29, 12, 30, 15)", "datetime.datetime(1999, 12, 31)",
                                              "datetime.datetime(2021, 1, 1, tzinfo=datetime.timezone.utc)"]),
    "datetime.date": ("import datetime", ["datetime.date(2020, 2, 29)", "datetime.date(1999, 12, 31)", "datetime.date(2021, 3, 1)"]),
    "datetime.time": ("import datetime", ["datetime.time(0, 0)", "datetime.time(12, 30, 15)", "datetime.time(23, 59, 59)"]),
    "datetime.timedelta": ("import datetime", ["datetime.timedelta(%s)" % n for n in ("0", "days=1", "seconds=90", "days=-1", "hours=25")]),
    "datetime.tzinfo": ("import datetime", ["datetime.timezone.utc", "datetime.timezone(datetime.timedelta(hours=2))"]),
    "uuid.UUID": ("import uuid", ["uuid.UUID(int=0)", "uuid.UUID('12345678-1234-5678-1234-567812345678')"]),
    "re.Pattern": ("import re", ["re.compile('a+')", "re.compile(r'(\\w+)-(\\d+)')", "re.compile('')"]),
    "io.StringIO": ("import io", ["io.StringIO('')", "io.StringIO('a\\nb\\n')"]),
    "io.BytesIO": ("import io", ["io.BytesIO(b'')", "io.BytesIO(b'a\\nb\\n')"]),
    "range": ("", ["range(0)", "range(3)", "range(2, 10, 3)"]),
    "slice": ("", ["slice(None)", "slice(1, 3)", "slice(None, None, -1)"]),
    "collections.OrderedDict": ("import collections", ["collections.OrderedDict()", "collections.OrderedDict([('a', 1), ('b', 2)])"]),
    "collections.Counter": ("import collections", ["collections.Counter()", "collections.Counter('abca')"]),
}
SAMPLES["datetime.timezone"] = SAMPLES["datetime.tzinfo"]
SAMPLES["typing.TextIO"] = SAMPLES["typing.IO"] = SAMPLES["io.TextIOBase"] = SAMPLES["io.TextIOWrapper"] = SAMPLES["io.StringIO"]
SAMPLES["typing.BinaryIO"] = SAMPLES["io.BytesIO"]
SAMPLES["pathlib.PosixPath"] = SAMPLES["pathlib._local.Path"] = SAMPLES["pathlib.Path"]
ABC = collections.abc
CONTAINERS = {
    list: "list", set: "set", frozenset: "frozenset", dict: "dict", tuple: "tuple", collections.deque: "list", collections.defaultdict: "dict",
    ABC.Sequence: "list", ABC.MutableSequence: "list", ABC.Set: "set", ABC.MutableSet: "set", ABC.Mapping: "dict", ABC.MutableMapping: "dict",
    ABC.Iterable: "iterable", ABC.Iterator: "iterable", ABC.Generator: "iterable", ABC.Collection: "iterable", ABC.Container: "iterable",
    ABC.Reversible: "iterable", ABC.KeysView: "iterable", ABC.ValuesView: "iterable", ABC.AsyncIterable: "any", ABC.AsyncIterator: "any",
}
PROTOCOLS = {"SupportsInt": "int", "SupportsIndex": "int", "SupportsFloat": "float", "SupportsAbs": "float", "SupportsRound": "float",
             "SupportsComplex": "complex", "SupportsBytes": "bytes", "Sized": "list", "Hashable": "str", "ByteString": "bytes", "Buffer": "bytes",
             "Text": "str", "LiteralString": "str", "AnyStr": "str", "Number": "int", "Real": "float", "Rational": "int", "Integral": "int"}
UNIONS = tuple(kind for kind in (typing.Union, getattr(types, "UnionType", None)) if kind is not None)
WRAPPERS = ("Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar", "TypeGuard", "Unpack")


def make(kind, **more):
    made = {"kind": kind, "name": "", "module": "", "variadic": False, "values": [], "imports": [], "of": [], "params": []}
    made.update(more)
    return made


class Hints:
    """Describes hints as seen from one module. `parameters(cls)` gives a constructor's params (describe.py)."""

    def __init__(self, home, parameters):
        self.home = home
        self.parameters = parameters
        self.classes = []  # being described, outermost first
        self.described = 0

    def describe(self, hint, depth=0):
        try:
            return self.of(hint, depth)
        except Exception:  # exotic hints must never cost a target
            return make("any")

    def of(self, hint, depth):
        if depth > MAX_DEPTH:
            return make("any")
        try:
            if hint in SIMPLE:
                return make(SIMPLE[hint])
        except TypeError:
            pass
        if isinstance(hint, (str, typing.ForwardRef)):
            hint = annotations.resolve(getattr(hint, "__forward_arg__", hint), annotations.namespace(sys.modules.get(self.home)))
            return make("any") if isinstance(hint, str) else self.of(hint, depth + 1)
        if isinstance(hint, typing.TypeVar):
            return self.type_variable(hint, depth)
        if hasattr(hint, "__supertype__"):  # NewType
            return self.of(hint.__supertype__, depth + 1)
        if hasattr(hint, "__value__") and type(hint).__name__ == "TypeAliasType":
            return self.of(hint.__value__, depth + 1)
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        name = getattr(origin, "__name__", None) or getattr(origin, "_name", None) or str(origin)
        if hasattr(hint, "__metadata__") or any(name.endswith(wrapper) for wrapper in WRAPPERS) and args:
            return self.of(getattr(hint, "__origin__", None) if hasattr(hint, "__metadata__") else args[0], depth + 1)
        if origin in UNIONS or type(hint) in UNIONS:
            return self.union(args, depth)
        if origin is typing.Literal or name == "Literal":
            return self.literal(args)
        if origin is ABC.Callable or hint is typing.Callable or hint is ABC.Callable:
            return make("callable")
        if origin is type or hint is type:
            return self.type_of_type(args)
        return self.container(origin or hint, args, depth) or self.named(origin or hint, depth)

    def type_variable(self, hint, depth):
        if hint.__name__ == "AnyStr":
            return make("str")
        if hint.__constraints__:
            return self.union(hint.__constraints__, depth)
        return self.of(hint.__bound__, depth + 1) if hint.__bound__ is not None else make("any")

    def union(self, args, depth):
        found = []
        for arg in args:
            one = self.describe(arg, depth + 1)
            for part in one["of"] if one["kind"] == "union" else [one]:
                if part not in found:
                    found.append(part)
        return found[0] if len(found) == 1 else make("union", of=found)

    def literal(self, args):
        sources = [values.source_of(arg, self.home) for arg in args]
        imports = sorted({line for source in sources if source for line in source.imports})
        return make("literal", values=[source.text for source in sources if source], imports=imports)

    def type_of_type(self, args):
        where = values.path_to(args[0], self.home) if args and isinstance(args[0], type) else None
        if where is None:
            return make("sample", values=["int", "str", "list"]) if not args else make("any")
        return make("sample", values=[where[0]], imports=[where[1]] if where[1] else [])

    def container(self, origin, args, depth):
        kind = CONTAINERS.get(origin) if isinstance(origin, type) else None
        if kind is None:
            return None
        if kind == "any":
            return make("any")
        if kind == "tuple":
            variadic = len(args) == 2 and args[1] is Ellipsis
            if args == ((),):  # Tuple[()] before 3.11
                args = ()
            parts = [self.describe(arg, depth + 1) for arg in (args[:1] if variadic else args)]
            return make("tuple", of=parts, variadic=variadic) if args else make("tuple", of=[make("any")], variadic=True)
        count = 2 if kind == "dict" else 1
        parts = [self.describe(arg, depth + 1) for arg in args[:count]]
        return make(kind, of=parts + [make("any")] * (count - len(parts)))

    def named(self, hint, depth):
        name = getattr(hint, "__name__", None) or getattr(hint, "_name", None) or ""
        full = "%s.%s" % (getattr(hint, "__module__", ""), getattr(hint, "__qualname__", name))
        sample = SAMPLES.get(full.replace("builtins.", "")) or SAMPLES.get("typing." + name if full.startswith("typing") else full)
        if sample:
            return make("sample", name=name, values=list(sample[1]), imports=[sample[0]] if sample[0] else [])
        if full.split(".")[0] in ("typing", "typing_extensions", "collections", "numbers") and name in PROTOCOLS:
            return make(PROTOCOLS[name], of=[make("any")] if PROTOCOLS[name] == "list" else [])
        if not isinstance(hint, type) or hint is object or full.startswith("typing."):
            return make("any")
        if hasattr(hint, "__total__") and issubclass(hint, dict):
            return self.typed_dict(hint)
        return self.class_of(hint)

    def typed_dict(self, hint):
        """A few complete dicts; `any` when a field has no simple value."""
        fields = typing.get_type_hints(hint)
        examples = []
        for turn in (0, 1):
            pairs = []
            for key, field in fields.items():
                text = example(self.describe(field, MAX_DEPTH - 2), turn)
                if text is None:
                    return make("dict", of=[make("str"), make("any")])
                pairs.append("%r: %s" % (key, text))
            examples.append("{%s}" % ", ".join(pairs))
        return make("sample", name=hint.__name__, values=examples if examples[0] != examples[1] else examples[:1])

    def class_of(self, kind):
        where = place_of(kind, self.home)
        if where is None:
            return make("any")
        if issubclass(kind, enum.Enum):
            return make("enum", name=where[1], module=where[0], values=list(kind.__members__)[:MAX_VALUES])
        if inspect.isabstract(kind) or getattr(kind, "_is_protocol", False):
            kind = next((sub for sub in concrete_subclasses(kind) if place_of(sub, self.home)), None)
            where = place_of(kind, self.home) if kind else None
            if where is None:
                return make("any")
        self.described = self.described + 1 if self.classes else 0  # trees of classes that name each other have very many branches
        if kind in self.classes or len(self.classes) >= MAX_CLASSES or self.described > MOST_CLASSES:
            return make("class", name=where[1], module=where[0]) if no_arguments(kind) else make("any")
        self.classes.append(kind)
        try:
            return make("class", name=where[1], module=where[0], params=self.parameters(kind))
        finally:
            self.classes.pop()


def no_arguments(kind):
    try:
        return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in inspect.signature(kind).parameters.values())
    except Exception:
        return False


def example(described, turn):
    """One expression for a simple type, or None."""
    simple = {"none": ["None"], "bool": ["True", "False"], "int": ["1", "0"], "float": ["1.5", "0.0"], "complex": ["1j"], "str": ["'a'", "''"],
              "bytes": ["b'a'", "b''"], "list": ["[]"], "set": ["set()"], "frozenset": ["frozenset()"], "dict": ["{}"], "iterable": ["[]"]}
    kind = described["kind"]
    if kind == "union":
        return example(described["of"][turn % len(described["of"])], turn)
    choices = described["values"] if kind == "literal" else simple.get(kind)
    return choices[turn % len(choices)] if choices else None


def place_of(kind, home=None):
    """(module, qualified name) by which a class can be imported, or None; the home module's own name for it is preferred."""
    module, name = getattr(kind, "__module__", None), getattr(kind, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    if home and names.resolve(home, name) is kind:
        return home, name
    if "<" not in name and names.resolve(module, name) is kind:
        return module, name
    found = [key for key, value in vars(sys.modules[home]).items() if value is kind] if home in sys.modules else []
    return (home, found[0]) if found else None


def concrete_subclasses(kind, depth=0):
    for sub in kind.__subclasses__():
        if not inspect.isabstract(sub) and not getattr(sub, "_is_protocol", False) and sub.__module__.split(".")[0] == kind.__module__.split(".")[0]:
            yield sub
        if depth < 3:
            yield from concrete_subclasses(sub, depth + 1)


def of_value(value, describer, depth=0):
    """The type of a default value, for parameters without a hint."""
    kind = type(value)
    if value is None or depth > 3:
        return make("any")
    if kind in SIMPLE:
        return make(SIMPLE[kind])
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return make("callable")
    if isinstance(value, type):
        return describer.type_of_type((value,))
    if kind in (list, set, frozenset):
        return make(CONTAINERS[kind], of=[of_value(next(iter(value)), describer, depth + 1) if value else make("any")])
    if kind is tuple:
        return make("tuple", of=[of_value(item, describer, depth + 1) for item in value] or [make("any")], variadic=not value)
    if kind is dict:
        key, item = next(iter(value.items())) if value else (None, None)
        return make("dict", of=[of_value(key, describer, depth + 1), of_value(item, describer, depth + 1)])
    return describer.describe(kind)
