"""Annotations as objects: evaluated where that works, else piece by piece, so that one unknown name spoils only its own place."""
import ast
import builtins
import collections.abc
import functools
import importlib.util
import pathlib
import re
import sys
import typing
import warnings

ABC = collections.abc


def namespace(module):
    """Names a hint may use: typing and friends below the module's own."""
    space = {"typing": typing, "collections": collections, "pathlib": pathlib, "re": re, "Path": pathlib.Path}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names on their way out
        space.update((key, getattr(ABC, key)) for key in ABC.__all__)
        space.update((key, getattr(typing, key)) for key in typing.__all__)
    space.update(vars(builtins))
    if module is not None:
        space.update(only_for_checkers(module))
        space.update(vars(module))
    return space


@functools.lru_cache(maxsize=64)
def only_for_checkers(module):
    """Names imported under `if TYPE_CHECKING:`, where their module is loaded already: nothing is imported for a hint."""
    found = {}
    try:
        with open(module.__file__, encoding="utf-8") as file:
            text = file.read()
        tree = ast.parse(text) if "TYPE_CHECKING" in text else ast.Module([], [])
    except Exception:
        return found
    package = getattr(module, "__package__", None) or ""
    for block in tree.body:
        if not isinstance(block, ast.If) or "TYPE_CHECKING" not in ast.dump(block.test):
            continue
        for node in block.body:
            if not isinstance(node, ast.ImportFrom):
                continue
            try:
                name = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            except (ImportError, ValueError):
                continue
            for alias in node.names:
                if hasattr(sys.modules.get(name), alias.name):
                    found[alias.asname or alias.name] = getattr(sys.modules[name], alias.name)
    return found


GENERIC = {"list": "List", "dict": "Dict", "set": "Set", "frozenset": "FrozenSet", "tuple": "Tuple", "type": "Type", "deque": "Deque",
           "defaultdict": "DefaultDict", "OrderedDict": "OrderedDict", "Counter": "Counter"}


def resolve(text, space):
    """A string hint as an object; parts that cannot be evaluated become Any, and new syntax works on old versions."""
    if not isinstance(text, str):
        return text
    try:
        return eval(text, dict(space))
    except Exception:
        pass
    try:
        return walk(ast.parse(text.strip(), mode="eval").body, space)
    except Exception:
        return typing.Any


def walk(node, space):
    if isinstance(node, ast.Constant):
        return resolve(node.value, space) if isinstance(node.value, str) else node.value
    if isinstance(node, ast.Name):
        return space.get(node.id, typing.Any)
    if isinstance(node, ast.Attribute):
        return getattr(walk(node.value, space), node.attr, typing.Any)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return typing.Union[walk(node.left, space), walk(node.right, space)]
    if isinstance(node, (ast.Tuple, ast.List)):
        return tuple(walk(item, space) for item in node.elts)
    if isinstance(node, ast.Subscript):
        index = node.slice.value if type(node.slice).__name__ == "Index" else node.slice
        base = walk(node.value, space)
        if base is typing.Any:
            return base
        name = getattr(node.value, "id", None) or getattr(node.value, "attr", "")
        generic = getattr(typing, GENERIC.get(name, name), None) if sys.version_info < (3, 9) else None
        if name == "Callable":
            return typing.Callable
        inner = index.value if name == "Literal" and isinstance(index, ast.Constant) else walk(index, space)
        return (generic or base)[inner]
    return typing.Any


def of_function(function, module):
    """{name: hint} of a function; tolerant where typing.get_type_hints is not."""
    try:
        if sys.version_info >= (3, 14):
            import annotationlib
            raw = annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF)
        else:
            raw = dict(getattr(function, "__annotations__", None) or {})
    except Exception:
        return {}
    if not any(isinstance(hint, str) for hint in raw.values()):
        return raw
    space = namespace(sys.modules.get(getattr(function, "__module__", None)) or module)
    return {name: resolve(hint, space) for name, hint in raw.items()}
