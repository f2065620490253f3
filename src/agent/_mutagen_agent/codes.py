"""Code objects: compiling one function alone at its place in the file, comparing, and pairing nested codes."""
import ast
import hashlib
import sys
import types
import warnings

from . import defaults

GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200
KIND = GENERATOR | COROUTINE | ASYNC_GENERATOR
STARS = 0x04 | 0x08
FLAVOURS = {GENERATOR: "generator", COROUTINE: "coroutine", ASYNC_GENERATOR: "async_generator"}


def flavour(code):
    return FLAVOURS.get(code.co_flags & KIND, "function")


def unwrap(function):
    seen = 0
    while hasattr(function, "__wrapped__") and seen < 50:
        function, seen = function.__wrapped__, seen + 1
    return function


def compile_alone(target, source, same_allowed=False):
    from . import target as target_module

    old, dead = target.code, []
    for _attempt in range(3):
        new = compile_once(target, source, dead)
        lost_yield = old.co_flags & (GENERATOR | ASYNC_GENERATOR) and not new.co_flags & (GENERATOR | ASYNC_GENERATOR)
        more = (["yield"] if lost_yield else []) + lost(old, new) + lost_inside(old, new)
        if not more or any(word in dead for word in more):
            break
        dead = dead + more
    if new.co_freevars != old.co_freevars:
        raise target_module.Refused("free variables differ: (%s) became (%s)" % (", ".join(old.co_freevars), ", ".join(new.co_freevars)))
    if (new.co_flags ^ old.co_flags) & KIND:
        raise target_module.Refused("a %s became a %s" % (flavour(old), flavour(new)))
    if parameters(new) != parameters(old):
        raise target_module.Refused("the parameters differ")
    if not same_allowed and (same(old, new) or same(original_alone(target), new)):
        changed = defaults.changed(target, source)
        if not changed:
            raise target_module.Refused("the bytecode equals the original's", same_code=True)
        target.defaults[id(new)] = new, changed
    if dead:
        target.dead[id(new)] = dead
        target.kept.append(new)
    return new


def compile_file(source, path, same_allowed):
    """The code of a whole file; raises Refused."""
    from . import mutation, target as target_module

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            new, old = (compile(text, path, "exec", 0, True) for text in (source, mutation.read(path)))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as exc:
            raise target_module.Refused("does not compile: %s" % exc) from None
    if not same_allowed and same(old, new):
        raise target_module.Refused("the bytecode equals the original's", same_code=True)
    return new


def original_alone(target):
    """The unchanged function compiled like its mutants. From 3.11 on, `re.sub(…)` is other bytecode where the same file imports `re`."""
    if target.alone is None:
        from . import target as target_module

        try:
            target.alone = compile_once(target, target.original_source(), [])
        except (target_module.Refused, OSError, UnicodeError):
            target.alone = target.code
    return target.alone


def future_flags():
    from . import target as target_module

    return target_module.FUTURE_FLAGS


def compile_once(target, source, dead):
    from . import target as target_module

    flags = target.code.co_flags & target_module.FUTURE_FLAGS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `x is 1` must not fail under -W error
            text, path = build(target, source, dead)
            module = compile(text, target.code.co_filename, "exec", flags, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as exc:
        raise target_module.Refused("does not compile: %s" % exc) from None
    found = dig(module, path)
    if found is None:
        raise target_module.Refused("the source holds no function %s" % target.name)
    return found


def lost(old, new):
    return [name for name in old.co_freevars if name not in new.co_freevars]


def lost_inside(old, new):
    """Of functions inside: (name, first line, free variable). Closures made before would not take the new code. Lambdas have no end to write to, and the
    compiler's own variables no name."""
    return [(inner.co_name, inner.co_firstlineno, name) for was, inner in partners(old, new) if inner.co_name.isidentifier()
            for name in lost(was, inner) if name.isidentifier()]


def build(target, source, dead):
    """The file reduced to this function: headers of its scopes on the lines before it, so that every line keeps its number. `dead`: words that stand at
    its end, and are not run, or those of lost_inside() at the ends of functions inside."""
    lead = source[: len(source) - len(source.lstrip(" \t"))]
    scopes = target.scopes[-(target.first_line - 1):] if target.first_line > 1 else []
    names = [name for name in target.code.co_freevars if name not in ("__class__", "__classdict__", target.name)]
    innermost_def = max((i for i, scope in enumerate(scopes) if scope["kind"] == "def"), default=-1)
    last_class = max((i for i, scope in enumerate(scopes) if scope["kind"] == "class"), default=-1)
    headers, path = [], []
    for i, scope in enumerate(scopes):
        indent = lead[: scope["indent"]]
        if scope["kind"] == "class":
            # Free variables without a def around: type parameters of the class.
            generic = "[%s]" % ", ".join(names) if i == last_class and innermost_def < 0 and names and sys.version_info >= (3, 12) else ""
            headers.append("%sclass %s%s:" % (indent, scope["name"], generic))
            path.append(scope["name"])
        elif scope["kind"] == "def":
            inner = names + ([target.name] if target.name in target.code.co_freevars else [])
            headers.append("%sdef %s(%s):" % (indent, scope["name"], ", ".join(inner if i == innermost_def else [])))
            path.append(scope["name"])
        else:
            headers.append(indent + "if 1:")
    padding = "\n" * (target.first_line - 1 - len(headers))
    text = padding + "".join(header + "\n" for header in headers) + source.rstrip("\r\n")
    own, inside = [word for word in dead if type(word) is str], [word for word in dead if type(word) is tuple]
    if own and target.body_indent:
        text += "\n" + body_lead(source, target.body_indent) + "if 0: " + "; ".join(own)
    elif own:
        text += "; " + "; ".join(own)
    return with_dead_ends(text + "\n", inside, target) if inside else text + "\n", path + [target.name]


def with_dead_ends(text, inside, target):
    """On the lines that are there: behind the last statement of each of these functions."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines, ends = text.encode("utf-8", "surrogatepass").split(b"\n"), {}
    tree = compile(text, target.code.co_filename, "exec", target.code.co_flags & future_flags() | ast.PyCF_ONLY_AST, True)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
            ends[node.name, first] = node.end_lineno, node.end_col_offset
    for (line, column), name in sorted(((ends[word[:2]], word[2]) for word in inside if word[:2] in ends), reverse=True):
        lines[line - 1] = lines[line - 1][:column] + b"; 0 and " + name.encode() + lines[line - 1][column:]
    return b"\n".join(lines).decode("utf-8", "surrogatepass")


def body_lead(source, width):
    for line in source.splitlines()[1:]:
        lead = line[: len(line) - len(line.lstrip(" \t"))]
        if len(lead) == width and line.strip():
            return lead
    return " " * width


def dig(code, path):
    """Follows scope names through co_consts, past the hidden scopes of type parameters. The last of a name is the shell's own."""
    if not path:
        return code
    for const in reversed(code.co_consts):
        if isinstance(const, types.CodeType):
            found = None
            if const.co_name == path[0]:
                found = dig(const, path[1:])
            elif const.co_name.startswith("<generic parameters of"):
                found = dig(const, path)
            if found is not None:
                return found
    return None


def parameters(code):
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & STARS, code.co_varnames[:count]


def same(a, b):
    return (
        a.co_code == b.co_code
        and a.co_names == b.co_names
        and a.co_varnames == b.co_varnames
        and a.co_freevars == b.co_freevars
        and a.co_cellvars == b.co_cellvars
        and getattr(a, "co_exceptiontable", b"") == getattr(b, "co_exceptiontable", b"")
        and same_const(a.co_consts, b.co_consts)
    )


def same_const(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, types.CodeType):
        return a.co_name == b.co_name and same(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same_const(x, y) for x, y in zip(a, b))
    if isinstance(a, frozenset):
        return a == b and sorted(map(repr, a)) == sorted(map(repr, b))
    return a == b and repr(a) == repr(b)  # repr tells 0.0 from -0.0; nan is not equal to itself, and then counts as a change


def fingerprint(code):
    """Equal for two variants of one function that do the same, whatever their line numbers."""
    return hashlib.sha1(repr(parts(code)).encode("utf-8", "surrogatepass")).digest()


def parts(code):
    return (
        code.co_flags, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, getattr(code, "co_exceptiontable", b""),
        [const_parts(const) for const in code.co_consts],
    )


def const_parts(const):
    if isinstance(const, types.CodeType):
        return const.co_name, parts(const)
    if isinstance(const, tuple):
        return [const_parts(inner) for inner in const]
    return sorted(map(repr, const)) if isinstance(const, frozenset) else repr(const)


def nested(code):
    return [const for const in code.co_consts if isinstance(const, types.CodeType)]


def partners(old, new):
    """(old nested code, new nested code) at every depth, by name and turn."""
    pairs, turns = [], {}
    for code in nested(new):
        turns.setdefault(code.co_name, []).append(code)
    for code in nested(old):
        if turns.get(code.co_name):
            pairs.append((code, turns[code.co_name].pop(0)))
            pairs.extend(partners(*pairs[-1]))
    return pairs


def suspends(code):
    """Whether it, or code in it, can be left and come back to."""
    return any(one.co_flags & KIND for one in all_codes(code))


def all_codes(code):
    found = [code]
    for inner in nested(code):
        found.extend(all_codes(inner))
    return found
