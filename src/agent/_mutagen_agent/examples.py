"""Doctest examples that call the target: one expression and what it printed, with earlier assignments put in place."""
import ast
import builtins
import doctest
import sys

MAX_EXAMPLES = 40
MAX_LENGTH = 400


def of_target(target, owner):
    """Of the function's own docstring, then its class's and its module's; each example once."""
    documents = [function.__doc__ for function in target.functions[:1]]
    documents += [getattr(owner, "__doc__", None), getattr(target.module, "__doc__", None)]
    documents += [getattr(member, "__doc__", None) for member in vars(owner).values()] if owner is not None else []
    found, seen = [], set()
    for text in documents:
        if not isinstance(text, str) or ">>>" not in text:
            continue
        for example in of_text(text, target):
            if example["source"] not in seen and len(found) < MAX_EXAMPLES:
                seen.add(example["source"])
                found.append(example)
    return found


def of_text(text, target):
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:  # not a doctest after all
        return
    assigned = {}
    for example in examples:
        try:
            tree = ast.parse(example.source)
        except (SyntaxError, ValueError):
            continue
        if len(tree.body) != 1:
            continue
        statement = tree.body[0]
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            assigned[name] = inline(example.source, statement.value, assigned, target)
        if not isinstance(statement, ast.Expr) or not example.want or example.exc_msg or example.options:
            continue
        if "..." in example.want or "<BLANKLINE>" in example.want or not calls(statement.value, target.name):
            continue
        source = inline(example.source, statement.value, assigned, target)
        if source is not None and len(source) <= MAX_LENGTH:
            yield {"source": source, "want": example.want[:-1] if example.want.endswith("\n") else example.want}


def calls(tree, name):
    """Whether the expression calls the target, or reads it as a property."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == name:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            return True
    return False


def inline(source, tree, assigned, target):
    """The expression's text with variables of earlier examples replaced by their expressions; None when a name is unknown to the module."""
    data = source.encode("utf-8")
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)

    def place(node):
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    known = vars(target.module)
    edits, done = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in known and node.value.id not in assigned:
            # `package.function` where the module knows the function by its own name
            package = sys.modules.get(node.value.id)
            if package is not None and node.attr in known and getattr(package, node.attr, None) is known[node.attr]:
                edits.append((*place(node), node.attr))
                done.add(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or node.id in bound or node in done:
            continue
        if node.id in assigned:
            if assigned[node.id] is None:
                return None
            edits.append((*place(node), assigned[node.id]))
        elif node.id not in known and not hasattr(builtins, node.id):
            return None
    first, last = place(tree)
    for begin, end, text in sorted(edits, reverse=True):
        data = data[:begin] + text.encode("utf-8") + data[end:]
        last += len(text.encode("utf-8")) - (end - begin)
    return " ".join(data[first:last].decode("utf-8").split("\n")).strip()
