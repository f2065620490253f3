"""Default values of parameters: not part of a function's code, so a mutant of one is found by comparing literals with the live function."""
import ast

LITERAL = (ast.Expression, ast.Constant, ast.UnaryOp, ast.BinOp, ast.unaryop, ast.operator)


def changed(target, source):
    """[(function, its __defaults__, its __kwdefaults__)] where a literal of the text is not what the function has; empty when all agree."""
    arguments = arguments_of(source, target.name)
    found = []
    for function in target.functions if arguments is not None else ():
        plain, named = list(function.__defaults__ or ()), dict(function.__kwdefaults__ or {})
        different = False
        if len(plain) == len(arguments.defaults):
            for i, node in enumerate(arguments.defaults):
                different |= put(plain, i, node)
        for argument, node in zip(arguments.kwonlyargs, arguments.kw_defaults):
            if node is not None and argument.arg in named:
                different |= put(named, argument.arg, node)
        if different:
            found.append((function, tuple(plain) or None, named or None))
    return found


def arguments_of(source, name):
    lead = source[: len(source) - len(source.lstrip(" \t"))]
    try:
        tree = ast.parse("if 1:\n" + source if lead else source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            return node.args
    return None


def put(values, key, node):
    """Stores the literal when it differs from what is there; a value that is no literal was computed on import and stays."""
    expression = ast.Expression(node)
    if not all(isinstance(part, LITERAL) for part in ast.walk(expression)):
        return False
    try:
        value = eval(compile(expression, "<default>", "eval"), {"__builtins__": {}})
    except Exception:
        return False
    if type(value) is type(values[key]) and repr(value) == repr(values[key]):
        return False
    values[key] = value
    return True


def give(changes):
    """Puts them on; returns what was there before, in the same form."""
    before = []
    for function, plain, named in changes:
        before.append((function, function.__defaults__, function.__kwdefaults__))
        function.__defaults__, function.__kwdefaults__ = plain, named
    return before
