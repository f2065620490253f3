"""What a failing test should have said: the value that stood where another was expected, and the edits of its text that say so."""
import ast
import builtins
import enum
import inspect
import re
import types

from . import facts, places, tables, values
from .places import NoPlace

NOTHING = object()
SINGLETONS = (None, True, False)
OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}
OPERATOR = re.compile(rb"==|!=|<=|>=|<|>|\bis\s+not\b|\bis\b")
PAIRS = (  # unittest's methods that compare their first two arguments
    "assertEqual", "assertEquals", "assertIs", "assertListEqual", "assertTupleEqual", "assertDictEqual", "assertSetEqual", "assertSequenceEqual",
    "assertMultiLineEqual", "assertNotEqual", "assertIsNot", "assertGreater", "assertGreaterEqual", "assertLess", "assertLessEqual",
    "assertAlmostEqual", "assertAlmostEquals",
)
SINGLES = ("assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone")


class Site:
    """A place in the text where a value is expected. `inline`: in the comparison itself, so that its operator may change, too."""

    def __init__(self, node, inline, approx=False):
        self.node, self.inline, self.approx = node, inline, approx


class Repair:
    def __init__(self, item, exc, compared, source, screen, repo):
        self.item, self.exc, self.compared, self.screen, self.repo = item, exc, compared, screen, repo
        self.text = places.Text(source)
        self.code = inspect.unwrap(getattr(item.obj, "__func__", item.obj)).__code__
        self.function = self.text.function(self.code)
        self.frame, self.line, self.inner = self.find_frame()
        self.params = dict(getattr(getattr(item, "callspec", None), "params", {}))
        self.table = tables.Table(item, self.text, self.function)
        self.screen.said = self.text.of(self.function) + repr(self.params)[:20000]
        self.screen.variables = dict(self.frame.f_locals)
        self.imports = set()  # lines that the edits need beside what the module has

    def find_frame(self):
        """The test's own frame, its line, and the frames that it called, outermost first."""
        found, trace, inner = None, self.exc.__traceback__, []
        while trace is not None:
            if trace.tb_frame.f_code is self.code:
                found, inner = trace, []
            elif found is not None:
                inner.append(trace.tb_frame)
            trace = trace.tb_next
        if found is None:
            raise NoPlace()
        return found.tb_frame, found.tb_lineno, inner

    def found(self):
        """{"actual", "patches", "drop", "table", "cases"}, or None."""
        edits = []
        self.actual = NOTHING
        try:
            edits = self.look() or []
        except NoPlace:
            pass
        found = {"actual": "", "patches": [], "drop": []}
        if self.actual is not NOTHING:
            source = values.source_of(self.actual, None, self.screen)
            found["actual"] = self.local(source.text, source.imports)[0] if source else ""
        try:
            found["patches"] = self.text.patches(edits + self.import_edits()) if edits else []
        except NoPlace:
            pass
        if not found["patches"]:
            found.update(self.table.drop())
        return found if found["actual"] or found["patches"] or found["drop"] else None

    # --- what kind of failure is it

    def look(self):
        statement = self.text.statement(self.function, self.line)
        own = not self.inner
        if isinstance(self.exc, AssertionError) and isinstance(statement, ast.Assert) and own:
            return self.plain_assert(statement, statement.test)
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(self.exc, AssertionError) and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and self.inner:
            if dotted_self(call.func) and (self.inner[0].f_globals.get("__name__") or "").startswith("unittest"):
                return self.unittest_assert(statement, call)
        if isinstance(self.exc, AssertionError) and self.compared is not None and self.inner and not own and self.in_helper():
            self.actual = self.compared[1]
            return []
        return self.raises(statement)

    def in_helper(self):
        return self.inner[-1].f_code.co_filename == self.code.co_filename

    def fixed(self, statement):
        """Whether the body's text may be edited for this one failure: not when other cases or turns of a loop run the same text."""
        looped = any(isinstance(node, (ast.For, ast.While, ast.AsyncFor)) for node in self.text.ancestors(statement))
        return not looped and not self.params

    # --- assert a == b

    def plain_assert(self, statement, test):
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self.comparison(statement, test)
        inner = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
        if not isinstance(inner, (ast.Call, ast.Name, ast.Attribute, ast.Subscript)):
            return []
        if isinstance(inner, ast.Call) and self.is_general(inner.func):
            self.actual = self.evaluate(inner.args[0]) if inner.args else NOTHING
            return []
        value = self.actual = self.evaluate(inner)
        if value is NOTHING or not self.fixed(statement):
            return []
        written = self.write(value)
        if written is None:
            raise NoPlace()
        first, last = self.text.start(test), self.text.end(test)
        return [(first, last, "%s %s %s" % (self.text.of(inner), "is" if is_singleton(value) else "==", written))]

    def is_general(self, node):
        """isinstance, all, math.isclose: what they answer says nothing by itself."""
        function = self.evaluate(node, once=True)
        return function is NOTHING or isinstance(function, types.BuiltinFunctionType) or getattr(builtins, getattr(function, "__name__", ""), None) is function

    def comparison(self, statement, test):
        operator = OPERATORS[type(test.ops[0])]
        left, right = test.left, test.comparators[0]
        if self.compared is not None and self.compared[0] == operator:
            actual, expected = self.compared[1:]
        else:
            actual, expected = self.evaluate(left), self.evaluate(right)
        sites = self.site(left, statement), self.site(right, statement)
        turned = sites[0] is not None and (sites[1] is None or self.is_own(right) and not self.is_own(left))
        if operator in ("in", "not in"):
            self.actual = expected if literal_side(left) else actual
            return []
        if turned:
            actual, expected, sites = expected, actual, sites[::-1]
        self.actual = actual
        site = sites[1]
        if site is None or actual is NOTHING or not self.may_edit(site, statement):
            return []
        edits = self.replace(site, actual, operator)
        between = self.text.end(left), self.text.start(right)
        wanted = "is" if is_singleton(actual) or operator in ("is", "is not") and is_unique(actual) else "=="
        if operator != wanted:
            if not site.inline:
                return edits if operator == "==" else []
            edits.append(self.operator_edit(between, wanted))
        return edits

    def operator_edit(self, between, wanted):
        data = self.text.data[between[0]:between[1]]
        found = list(OPERATOR.finditer(data))
        if b"#" in data or len(found) != 1:
            raise NoPlace()
        return between[0] + found[0].start(), between[0] + found[0].end(), wanted

    def is_own(self, node):
        """Whether the expression calls something: the other side is then what was expected."""
        return any(isinstance(one, (ast.Call, ast.Await)) for one in ast.walk(node)) and not literal_side(node)

    def may_edit(self, site, statement):
        if self.table.holds(site.node):
            return not any(isinstance(node, (ast.For, ast.While)) for node in self.text.ancestors(statement))
        return self.fixed(statement)

    def site(self, node, statement):
        """Where the value of this side is written: here, in a variable that is used once, in the parametrize table."""
        if isinstance(node, ast.Call) and places.dotted(node.func).split(".")[-1] == "approx" and node.args:
            inner = self.site(node.args[0], statement)
            return Site(inner.node, inner.inline, True) if inner is not None else None
        if literal_side(node) and (places.literal(node) or self.names_only_classes(node)) or self.is_constant(node):
            return Site(node, True)
        if not isinstance(node, ast.Name) or self.uses(node.id) != 1:
            return None
        cell = self.table.cell(node.id)
        if cell is not None:
            return Site(cell, False)
        given = [one for one in ast.walk(self.function) if isinstance(one, ast.Name) and one.id == node.id and isinstance(one.ctx, ast.Store)]
        parent = self.text.parents.get(given[0]) if len(given) == 1 else None
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and parent.targets[0] is given[0] and places.literal(parent.value):
            looped = any(isinstance(one, (ast.For, ast.While, ast.AsyncFor)) for one in self.text.ancestors(parent))
            return None if looped else Site(parent.value, False)
        return None

    def names_only_classes(self, node):
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and not isinstance(self.evaluate(one.func, once=True), type):
                return False
        return True

    def is_constant(self, node):
        """Color.RED, int: what is unique by its name."""
        if isinstance(node, ast.Attribute) and places.dotted(node) or isinstance(node, ast.Name) and node.id not in self.frame.f_locals:
            return is_unique(self.evaluate(node, once=True))
        return False

    def uses(self, name):
        return sum(isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load) for one in ast.walk(self.function))

    def replace(self, site, value, operator):
        node = site.node
        approx = self.text.parents.get(node) if site.approx and site.inline else None
        numeric = type(value) in (int, float, complex, list, tuple, dict)
        if approx is not None and not numeric:
            node = approx
        written = self.write(value, exact=site.approx and numeric)
        if written is None:
            raise NoPlace()
        return [(self.text.start(node), self.text.end(node), written)]

    # --- self.assertEqual(a, b)

    def unittest_assert(self, statement, call):
        name = call.func.attr
        variables = self.inner[0].f_code.co_varnames
        if not call.args or len(variables) < 2 or any(isinstance(one, ast.Starred) for one in call.args):
            return []
        given = [self.inner[0].f_locals.get(one, NOTHING) for one in variables[1:3]]
        if name in SINGLES:
            return self.single(statement, call, given[0])
        if name not in PAIRS or len(call.args) < 2 or len(given) < 2:
            return []
        sites = self.site(call.args[0], statement), self.site(call.args[1], statement)
        turned = sites[0] is not None and (sites[1] is None or self.is_own(call.args[1]) and not self.is_own(call.args[0]))
        actual, site = (given[1], sites[0]) if turned else (given[0], sites[1])
        self.actual = actual
        if site is None or actual is NOTHING or not self.may_edit(site, statement):
            return []
        written = self.write(actual, exact=name.startswith("assertAlmost"))
        if written is None:
            raise NoPlace()
        edits = [(self.text.start(site.node), self.text.end(site.node), written)]
        keeps = name.startswith("assertAlmost") or name in ("assertEqual", "assertEquals") or name == "assertIs" and is_singleton(actual)
        if name.endswith("Equal") and name not in ("assertNotEqual", "assertGreaterEqual", "assertLessEqual") and type(given[0]) is type(given[1]):
            keeps = True
        if not keeps:
            if len(call.args) > 2 or call.keywords:
                raise NoPlace()
            edits.append(self.method_edit(call, "assertEqual"))
        return edits

    def single(self, statement, call, value):
        self.actual = value
        if len(call.args) != 1 or call.keywords or not self.fixed(statement) or isinstance(call.args[0], (ast.Compare, ast.BoolOp)):
            return []
        if isinstance(call.args[0], ast.Call) and self.is_general(call.args[0].func):
            return []
        name = "assertIs" if is_singleton(value) else "assertEqual"
        written = self.write(value)
        last = self.text.end(call.args[0])
        if written is None or self.text.data[last:self.text.end(call)].replace(b",", b"").strip() != b")":
            raise NoPlace()
        return [self.method_edit(call, name), (last, last, ", " + written)]

    def method_edit(self, call, name):
        last = self.text.end(call.func)
        return last - len(call.func.attr), last, name

    # --- with pytest.raises(ValueError, match="…")

    def raises(self, statement):
        call, block = self.raises_call(statement)
        if call is None:
            return []
        if type(self.exc).__name__ == "Failed" and str(self.exc).startswith("DID NOT RAISE"):
            return self.did_not_raise(block)
        exc = self.exc
        if self.inner and (self.inner[-1].f_globals.get("__name__") or "").split(".")[0] in ("_pytest", "pytest", "unittest"):
            exc = exc.__context__  # match= did not fit what was raised
            if exc is None:
                return []
        elif not self.inner or self.inner[-1].f_code.co_filename == self.code.co_filename:
            return []  # raised by the test itself: a wrong call, a wrong name
        if not self.fixed(statement):
            return []
        seen = facts.of_exception(exc, self.screen, self.repo, True)
        expected = self.evaluate(call.args[0], once=True) if call.args else NOTHING
        if seen is None or expected is NOTHING:
            return []
        name, import_line, message = seen[:3]
        edits = []
        if not isinstance(exc, expected):
            written = self.local(name, [import_line] if import_line else [], keep=True)
            edits.append((self.text.start(call.args[0]), self.text.end(call.args[0]), written))
        pattern = self.pattern_node(call)
        if pattern is not None and not self.matches(pattern, exc):
            edits.append(self.pattern_edit(call, pattern, message))
        return edits

    def raises_call(self, statement):
        """The raises call around the statement or in it, and the `with` statement that has it."""
        for node in [statement] + list(self.text.ancestors(statement)):
            if isinstance(node, (ast.With, ast.AsyncWith)):
                for one in node.items:
                    if is_raises(one.context_expr):
                        return one.context_expr, node
            if node is self.function:
                break
        if isinstance(statement, ast.Expr) and is_raises(statement.value) and len(statement.value.args) > 1:
            return statement.value, None
        return None, None

    def pattern_node(self, call):
        for one in call.keywords:
            if one.arg == "match":
                return one.value
        regex = isinstance(call.func, ast.Attribute) and call.func.attr == "assertRaisesRegex"
        return call.args[1] if regex and len(call.args) > 1 else None

    def matches(self, node, exc):
        pattern = self.evaluate(node, once=True)
        try:
            return pattern is None or re.search(pattern, str(exc)) is not None
        except Exception:
            return False

    def pattern_edit(self, call, node, message):
        if message:
            return self.text.start(node), self.text.end(node), quoted(facts.pattern_of(message))
        keyword = next((one for one in call.keywords if one.value is node), None)
        if keyword is None or len(call.keywords) != 1:
            raise NoPlace()
        first = self.text.end(call.args[-1])
        if not re.fullmatch(rb"\s*,\s*match\s*=\s*", self.text.data[first:self.text.start(node)]):
            raise NoPlace()
        return first, self.text.end(node), ""

    def did_not_raise(self, block):
        """The call returns after all: what it returns can be asserted."""
        if block is None or len(block.items) != 1 or block.items[0].optional_vars is not None or len(block.body) != 1:
            return []
        inner = block.body[0]
        if not isinstance(inner, ast.Expr) or not isinstance(inner.value, (ast.Call, ast.Attribute, ast.Subscript)):
            return []
        self.actual = self.evaluate(inner.value)
        written = self.write(self.actual) if self.actual is not NOTHING and self.fixed(block) else None
        if written is None:
            return []
        operator = "is" if is_singleton(self.actual) else "=="
        return [(self.text.start(block), self.text.end(block), "assert %s %s %s" % (self.text.of(inner.value), operator, written))]

    # --- values and names

    def evaluate(self, node, once=False):
        """The value of an expression in the failing frame; twice, when it may have effects."""
        space = dict(self.frame.f_globals)
        space.update(self.frame.f_locals)
        try:
            code = compile(ast.Expression(node), "<examined>", "eval", 0, True)
            value = eval(code, space)
            if once:
                return value
            first, second = values.source_of(value, None, self.screen), values.source_of(eval(code, space), None, self.screen)
        except Exception:
            return NOTHING
        return value if first is not None and second is not None and first.text == second.text else NOTHING

    def write(self, value, exact=False):
        source = values.source_of(value, None, self.screen)
        if source is None:
            return None
        text, imports = source.text, source.imports
        if not exact and source.floats:
            if type(value) in (float, complex):
                text, imports = "pytest.approx(%s)" % text, sorted(set(imports) | {"import pytest"})
            else:
                text, imports = source.asserted, source.asserted_imports
            if getattr(self.frame.f_globals.get("pytest"), "__name__", "") != "pytest":
                text, imports = source.text, source.imports
        return self.local(text, imports, keep=True)

    def local(self, text, imports, keep=False):
        """The expression by the names that the module has; what it lacks is remembered when the text is to be `keep`t."""
        text, needed = rename(text, imports, self.frame.f_globals)
        if not keep:
            return text, needed
        self.imports.update(needed)
        return text

    def import_edits(self):
        if not self.imports:
            return []
        for node in self.text.tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
                at = self.text.start(node)
                return [(at, at, "".join(line + "\n" for line in sorted(self.imports)))]
        raise NoPlace()


def rename(text, imports, space):
    """`decimal.Decimal(…)` as the module says it: `Decimal(…)` after `from decimal import Decimal`. (text, import lines still needed)"""
    if "\n" in text:
        return text, list(imports)
    edits, needed = [], []
    nodes = [node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, (ast.Attribute, ast.Name)) and places.dotted(node)]
    for line in imports:
        name, scope = line.split()[-1], {}
        exec(line, scope)
        spelled = [node for node in nodes if places.dotted(node) == name or places.dotted(node).rpartition(".")[0] == name and line.startswith("import ")]
        known = [known_name(places.dotted(node), scope, space) for node in spelled if places.dotted(node) != name or line.startswith("from ")]
        if known and all(known):
            spelled = [node for node in spelled if places.dotted(node) != name or line.startswith("from ")]
            edits += [(node.col_offset, node.end_col_offset, short) for node, short in zip(spelled, known)]
        elif not resolves(space, name, scope):
            needed.append(line)
    data = text.encode("utf-8")
    for first, last, short in sorted(edits, reverse=True):
        data = data[:first] + short.encode("utf-8") + data[last:]
    return data.decode("utf-8"), needed


def known_name(spelled, scope, space):
    """By which name the module knows what is spelled so; its own one first."""
    thing, short = eval(spelled, dict(scope)), spelled.rpartition(".")[2]
    if space.get(short, NOTHING) is thing:
        return short
    return next((name for name, one in space.items() if one is thing and name.isidentifier()), None)


def resolves(space, name, scope):
    try:
        return eval(name, dict(space)) is eval(name, dict(scope))
    except Exception:
        return False


def is_singleton(value):
    return any(value is one for one in SINGLETONS)


def is_unique(value):
    return isinstance(value, (type, enum.Enum))


def literal_side(node):
    return places.literal(node) or isinstance(node, ast.Call) and places.spelled_out(node)


def is_raises(node):
    name = places.dotted(node.func) if isinstance(node, ast.Call) else ""
    return name in ("pytest.raises", "raises", "self.assertRaises", "self.assertRaisesRegex") and bool(node.args)


def dotted_self(node):
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def quoted(pattern):
    plain = '"%s"' % pattern
    if "\\" in pattern and '"' not in pattern and pattern.isprintable():
        return "r" + plain
    return repr(pattern) if "\\" in pattern or '"' in pattern or not pattern.isprintable() else plain


def keep_one_case(tests):
    """A case that cannot be repaired is dropped from its table, as long as one stays."""
    dropped = {}
    for one in tests:
        found = one["repair"]
        if found and not found["patches"] and found["drop"]:
            dropped.setdefault(tuple(found["table"]), []).append(found)
    for found in dropped.values():
        if len(found) <= found[0]["cases"] - found[0]["least"]:
            for one in found:
                one["patches"] = one["drop"]
