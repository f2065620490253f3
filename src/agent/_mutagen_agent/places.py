"""A module's text, its tree, and edits of it by bytes."""
import ast


class NoPlace(Exception):
    """The text cannot be edited here."""


class Text:
    def __init__(self, source):
        self.data = source.encode("utf-8", "surrogatepass")
        if b"\r" in self.data.replace(b"\r\n", b"") or b"\f" in self.data or self.data.startswith(b"\xef\xbb\xbf"):
            raise NoPlace()  # lines or columns are counted in more than one way
        self.tree = ast.parse(source)
        self.starts = [0]
        for number, byte in enumerate(self.data):
            if byte == 10:
                self.starts.append(number + 1)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def start(self, node):
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node):
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node):
        return self.data[self.start(node):self.end(node)].decode("utf-8", "surrogatepass")

    def ancestors(self, node):
        while node in self.parents:
            node = self.parents[node]
            yield node

    def position(self, offset):
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= offset else (low, middle)
        return low + 1, offset - self.starts[low]

    def function(self, code):
        """The definition that was compiled to `code`."""
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
                if min([node.lineno] + [one.lineno for one in node.decorator_list]) == code.co_firstlineno:
                    return node
        raise NoPlace()

    def statement(self, function, line):
        """The innermost statement of the function that covers the line; none when two simple ones share it."""
        found = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno]
        if not found:
            raise NoPlace()
        innermost = max(found, key=lambda node: len(list(self.ancestors(node))))
        rivals = [node for node in found if self.parents[node] is self.parents[innermost]]
        if len(rivals) != 1:
            raise NoPlace()
        return innermost

    def apply(self, edits):
        data, end = self.data, len(self.data) + 1
        for first, last, text in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            if not 0 <= first <= last <= len(self.data) or last > end:
                raise NoPlace()
            data, end = data[:first] + text.encode("utf-8") + data[last:], first
        return data

    def patches(self, edits):
        """Edits (first, last, text) in the form of the protocol; the edited text is Python."""
        try:
            ast.parse(self.apply(edits).decode("utf-8"))
        except (SyntaxError, ValueError):
            raise NoPlace()
        found = []
        for first, last, text in sorted(edits):
            line, column = self.position(first)
            end_line, end_column = self.position(last)
            found.append({"line": line, "column": column, "end_line": end_line, "end_column": end_column, "replacement": text})
        return found


def literal(node):
    """A value that is spelled out: constants, signs, displays."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.USub, ast.UAdd)) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.BinOp):  # 1 + 2j, "a" * 3
        return literal(node.left) and literal(node.right)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(spelled_out(one) for one in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and spelled_out(key) for key in node.keys) and all(spelled_out(one) for one in node.values)
    return False


def spelled_out(node):
    """Also a call of something by its name with such values, as it stands inside a display or where a result is expected: Decimal("1.5")."""
    if literal(node):
        return True
    if isinstance(node, ast.Call) and dotted(node.func):
        return all(spelled_out(one) for one in node.args) and all(one.arg and spelled_out(one.value) for one in node.keywords)
    return isinstance(node, ast.Attribute) and bool(dotted(node))  # Color.RED


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id] + parts[::-1])
