"""The parametrize table of a test: which of its elements the running case came from, and how to take that out."""
import ast
import re

from . import places
from .places import NoPlace


class Table:
    """Empty (no cell, no drop) unless the test has one parametrize mark whose table is spelled out on the function itself."""

    def __init__(self, item, text, function):
        self.item, self.text = item, text
        self.cells, self.element, self.display, self.names, self.ids = {}, None, None, [], None
        try:
            self.find(function)
        except NoPlace:
            self.cells, self.element = {}, None

    def find(self, function):
        spec = getattr(self.item, "callspec", None)
        marks = list(self.item.iter_markers("parametrize")) if spec is not None else []
        calls = [one for one in function.decorator_list if is_parametrize(one)]
        if len(marks) != 1 or len(calls) != 1:
            return
        call = calls[0]
        given = {one.arg: one.value for one in call.keywords}
        names = call.args[0] if call.args else given.get("argnames")
        display = call.args[1] if len(call.args) > 1 else given.get("argvalues")
        self.names = argument_names(names)
        if not self.names or not isinstance(display, (ast.List, ast.Tuple)) or any(isinstance(one, ast.Starred) for one in display.elts):
            return
        place = getattr(spec, "indices", {}).get(self.names[0])
        if place is None or place >= len(display.elts) or "indirect" in given:
            return
        element = display.elts[place]
        cells = self.cells_of(element)
        for name, cell in cells.items():
            self.check(cell, spec.params[name])
        self.cells, self.element, self.display, self.place = cells, element, display, place
        self.ids = given.get("ids")

    def cells_of(self, element):
        if isinstance(element, ast.Call):
            if places.dotted(element.func) not in ("pytest.param", "param"):
                return {self.names[0]: element} if len(self.names) == 1 else self.refuse()
            parts = element.args
        elif len(self.names) == 1:
            parts = [element]
        else:
            parts = element.elts if isinstance(element, (ast.Tuple, ast.List)) else self.refuse()
        if len(parts) != len(self.names) or any(isinstance(one, ast.Starred) for one in parts):
            self.refuse()
        return dict(zip(self.names, parts))

    def refuse(self):
        raise NoPlace()

    def check(self, cell, value):
        """What is spelled out must be what the case got: pytest may have put the cases into another order."""
        try:
            spelled = ast.literal_eval(cell)
        except Exception:
            return
        if type(spelled) is not type(value) or repr(spelled) != repr(value):
            self.refuse()

    def cell(self, name):
        cell = self.cells.get(name)
        return cell if cell is not None and places.spelled_out(cell) else None

    def holds(self, node):
        return any(node is cell for cell in self.cells.values())

    def drop(self):
        """{"drop", "table", "cases", "least"}: edits without this case; nothing when it cannot be taken out."""
        if self.element is None:
            return {}
        edits = [self.without(self.element, self.display)]
        if isinstance(self.ids, (ast.List, ast.Tuple)) and len(self.ids.elts) == len(self.display.elts):
            edits.append(self.without(self.ids.elts[self.place], self.ids))
        elif self.ids is not None and not isinstance(self.ids, (ast.Lambda, ast.Name, ast.Attribute)):
            return {}
        try:
            patches = self.text.patches(edits)
        except NoPlace:
            return {}
        least = 2 if isinstance(self.display, ast.Tuple) else 1
        return {"drop": patches, "table": self.text.position(self.text.start(self.display)), "cases": len(self.display.elts), "least": least}

    def without(self, element, display):
        """The element, its comma, and the whole line when nothing else stands on it."""
        data, first, last = self.text.data, self.text.start(element), self.text.end(element)
        comma = re.match(rb"\s*,", data[last:self.text.end(display)])
        last += comma.end() if comma else 0
        line = data.rfind(b"\n", 0, first) + 1
        rest = re.match(rb"[ \t]*(#[^\n]*)?\r?\n", data[last:])
        if rest and not data[line:first].strip() and line > self.text.start(display):
            return line, last + rest.end(), ""
        return first, last + len(re.match(rb"[ \t]*", data[last:]).group()), ""


def is_parametrize(node):
    return isinstance(node, ast.Call) and places.dotted(node.func).split(".")[-1] == "parametrize"


def argument_names(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    if isinstance(node, (ast.Tuple, ast.List)) and all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in node.elts):
        return [one.value for one in node.elts]
    return []
