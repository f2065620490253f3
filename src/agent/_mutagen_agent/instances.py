"""Constructor expressions for instances of importable classes that know when they are equal."""

import dataclasses
import inspect

from .values import NoSource, evaluate, path_to

_signatures = {}  # class -> its constructor's parameters: asked for again and again
BUILTIN_BASES = (str, int, float, bytes, list, dict, tuple, set, frozenset)


def write(writer, value, kind, depth):
    if isinstance(value, BaseException) or kind.__eq__ is object.__eq__ or inspect.ismodule(value):
        raise NoSource()
    where = path_to(kind, writer.home)
    if where is None:
        raise NoSource()
    for ways in ((by_fields,), (by_repr, by_signature), (by_base,)):
        start = state_of(writer)
        found = []
        for way in ways:
            text = attempt(way, writer, value, kind, where, depth)
            if text is not None:
                found.append((len(text), text, state_of(writer)))
            restore(writer, start)
        if found:  # repr() often spells out what the constructor would fill in
            _length, text, end = min(found, key=lambda one: one[0])
            restore(writer, end)
            writer.need(where)
            return text
    raise NoSource()


def state_of(writer):
    return set(writer.imports), writer.nodes, writer.length, writer.floats, writer.proven


def restore(writer, state):
    imports, writer.nodes, writer.length, writer.floats, writer.proven = state
    writer.imports = set(imports)


def attempt(way, writer, value, kind, where, depth):
    """The text of one way of writing, when it evaluates to an equal value of the same type."""
    before = state_of(writer)
    try:
        text = way(writer, value, kind, where[0], depth)
        if text is not None:
            again = evaluate(text, sorted(writer.imports | ({where[1]} if where[1] else set())))
            if type(again) is kind and bool(again == value) and not bool(again != value):
                return text
    except Exception:  # whatever the class does when it is built from these arguments
        pass
    restore(writer, before)
    return None


def call(writer, name, pairs, depth):
    return "%s(%s)" % (name, ", ".join([(key + "=" if key else "") + writer.exact(item, depth) for key, item in pairs]))


def by_fields(writer, value, kind, name, depth):
    """Dataclasses, attrs classes, named tuples: fields equal to a plain default are left out."""
    if dataclasses.is_dataclass(kind):
        fields = [(f.name, f.name, f.default) for f in dataclasses.fields(value) if f.init]
        nothing = dataclasses.MISSING
    elif hasattr(kind, "__attrs_attrs__"):
        fields = [(f.name, getattr(f, "alias", None) or f.name.lstrip("_"), f.default) for f in kind.__attrs_attrs__ if f.init]
        nothing = object()
    elif isinstance(value, tuple) and hasattr(kind, "_fields"):
        defaults = getattr(kind, "_field_defaults", {})
        nothing = object()
        fields = [(f, f, defaults.get(f, nothing)) for f in kind._fields]
    else:
        return None
    pairs = []
    for attribute, argument, default in fields:
        item = getattr(value, attribute)
        if default is nothing or type(item) is not type(default) or item != default:
            pairs.append((argument, item))
    return call(writer, name, pairs, depth)


def by_repr(writer, value, kind, name, depth):
    text = repr(value)
    if kind.__repr__ is object.__repr__ or not text.startswith(kind.__name__ + "(") or not writer.screen.text(text):
        return None
    writer.proven = False
    return name[:len(name) - len(kind.__name__)] + text


def by_signature(writer, value, kind, name, depth):
    """Constructor parameters that are kept in attributes of the same name."""
    if kind not in _signatures:
        _signatures[kind] = inspect.signature(kind).parameters
    pairs, names = [], _signatures[kind]
    for parameter in names.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        held = [a for a in (parameter.name, "_" + parameter.name) if hasattr(value, a)]
        if not held:
            if parameter.default is parameter.empty:
                return None
            continue
        item = getattr(value, held[0])
        if parameter.default is parameter.empty or type(item) is not type(parameter.default) or item != parameter.default:
            leading = parameter.name == next(iter(names)) and parameter.kind is not parameter.KEYWORD_ONLY  # `Version(1, patch=2)`
            pairs.append(("" if leading or parameter.kind is parameter.POSITIONAL_ONLY else parameter.name, item))
    return call(writer, name, pairs, depth)


def by_base(writer, value, kind, name, depth):
    for base in BUILTIN_BASES:
        if isinstance(value, base):
            return call(writer, name, [("", base(value))], depth)
    return None
