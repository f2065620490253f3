"""Before CPython 3.12: calls compiled into the code under watch: at the entry of each of its functions one that begins to trace lines there, and in
each of its loops one that counts the rounds.

Tracing from the start of a test slows down all code of the test; so it begins where the function is entered. No line moves, names, parameters and free
variables stay. Code that reads byte code could still notice: the unchanged function is run the same way first (session.py), and when a test then says
anything else than without the calls, none are made.
"""
import ast
import types
import warnings

from . import codes

ENTERED, ROUND = "\0mutagen: entered", "\0mutagen: round"  # compiled as constants; the functions to be called take their places


COMPREHENSIONS = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))
COMPOUND = frozenset(getattr(ast, name, None) for name in ("If", "For", "AsyncFor", "While", "With", "AsyncWith", "Try", "TryStar", "Match"))
LOOPS = (ast.While, ast.For, ast.AsyncFor)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Unmarkable(Exception):
    pass


def marked(target, source, plain, lines, calls):
    """`plain`, the code of `source`, with calls of calls[ENTERED] and calls[ROUND]; raises Unmarkable."""
    return filled(with_places(target, source, plain, lines), calls)


def with_places(target, source, plain, lines):
    """The same with constants where the calls are to be."""
    text, path = codes.build(target, source, target.dead.get(id(plain), []))
    flags = plain.co_flags & codes.future_flags()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a constant is called
            tree = compile(text, plain.co_filename, "exec", flags | ast.PyCF_ONLY_AST, True)
            Marking(target.first_line, lines).mark(tree, path, plain)
            found = codes.dig(compile(tree, plain.co_filename, "exec", flags, True), path)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, TypeError):
        raise Unmarkable from None
    if found is None or found.co_freevars != plain.co_freevars or found.co_flags != plain.co_flags:
        raise Unmarkable
    return found


def filled(code, calls):
    consts = tuple(filled(const, calls) if isinstance(const, types.CodeType) else calls.get(const, const) if type(const) is str else const
                   for const in code.co_consts)
    return code.replace(co_consts=consts)


class Marking(ast.NodeTransformer):
    """Only the nodes of the target itself: the scopes around it stand on lines before it, and are not run."""

    def __init__(self, first_line, lines):
        self.first_line, self.lines = first_line, lines
        self.line = 0  # of the calls: that of the target's header, where no statement of a body stands

    def mark(self, tree, path, plain):
        """Without functions inside, only the way to the target is gone: visiting every node costs more than compiling."""
        if any(one.co_name not in COMPREHENSIONS for one in codes.all_codes(plain)[1:]):
            self.visit(tree)
            return
        node, names = tree, list(path)
        while names:
            inner = [child for child in node.body if isinstance(child, SCOPES + (ast.If,))]
            if not inner:
                raise Unmarkable
            node = inner[-1]
            if isinstance(node, SCOPES):
                if node.name != names.pop(0):
                    raise Unmarkable
        self.check(node)
        self.insert(node)

    def visit_FunctionDef(self, node):
        if node.lineno < self.first_line:
            self.generic_visit(node)
            return node
        self.check(node)
        self.generic_visit(node)
        self.insert(node)
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.generic_visit(node)
        if self.line:
            if node.body.lineno <= self.line:
                raise Unmarkable
            # `entered` returns None: the value is that of the body.
            node.body = ast.copy_location(ast.BoolOp(ast.Or(), [self.call(ENTERED), node.body]), node.body)
        return node

    def check(self, node):
        if not self.line:
            self.line = node.lineno
            if self.lines[0] <= self.line <= self.lines[1]:
                raise Unmarkable
        if node.body[0].lineno <= self.line:
            raise Unmarkable

    def insert(self, node):
        self.count_rounds(node.body)
        node.body.insert(1 if is_docstring(node.body[0]) else 0, self.statement(ENTERED))

    def count_rounds(self, body):
        """In the loops of one function; functions inside have their own turn."""
        for node in body:
            if type(node) not in COMPOUND:
                continue
            for part in ("body", "orelse", "finalbody"):
                self.count_rounds(getattr(node, part, ()))
            for part in getattr(node, "handlers", ()) or getattr(node, "cases", ()):
                self.count_rounds(part.body)
            if isinstance(node, LOOPS):
                node.body.insert(0, self.statement(ROUND))

    def statement(self, place):
        call = self.call(place)
        return ast.copy_location(ast.Expr(call), call)

    def call(self, place):
        where = {"lineno": self.line, "col_offset": 0, "end_lineno": self.line, "end_col_offset": 0}
        return ast.Call(ast.Constant(place, kind=None, **where), [], [], **where)


def is_docstring(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
