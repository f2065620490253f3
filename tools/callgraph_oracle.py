#!/usr/bin/env python3
"""Judge call graph edges by the running program: every call of the caller is evaluated in its imported module, and one must lead to the callee.

Usage: context_dump [--root src] --edges REPO | tools/callgraph_oracle.py REPO [--root src] [--show]
Prints one JSON object: edges, right, wrong, unknown (not importable, or hidden in a wrapper), precision over those judged.
It imports the repo's code: run it in an environment made for that. Shares nothing with src/python/: ast, symtable and live objects.
"""

import argparse
import ast
import functools
import importlib
import inspect
import json
import os
import pathlib
import symtable
import sys
import types


def places(thing, depth=0):
    """(file, first line) of every function that calling `thing` can start with, as far as objects show it."""
    if depth > 6:
        return
    if isinstance(thing, (staticmethod, classmethod)) or inspect.ismethod(thing):
        yield from places(thing.__func__, depth + 1)
    elif isinstance(thing, property):
        for part in (thing.fget, thing.fset, thing.fdel):
            yield from places(part, depth + 1)
    elif isinstance(thing, functools.partial):
        yield from places(thing.func, depth + 1)
    elif isinstance(thing, type):
        for name in ("__new__", "__init__"):
            yield from places(inspect.getattr_static(thing, name, None), depth + 1)
    elif isinstance(thing, types.FunctionType):
        file = thing.__code__.co_filename
        frozen = sys.modules.get(file[len("<frozen "):-1]) if file.startswith("<frozen ") else None
        yield getattr(frozen, "__file__", None) or file, thing.__code__.co_firstlineno
        yield from places(getattr(thing, "__wrapped__", None), depth + 1)
        for cell in thing.__closure__ or ():  # a decorator without functools.wraps
            try:
                inner = cell.cell_contents
            except ValueError:
                continue
            if isinstance(inner, (types.FunctionType, staticmethod, classmethod)):
                yield from places(inner, depth + 1)
    elif thing is not None:
        for name in ("func", "callback", "__wrapped__", "fget"):  # cached_property, click commands, lru_cache, our packages' own properties
            inner = inspect.getattr_static(thing, name, None)
            if inner is None:
                inner = getattr(thing, "__dict__", {}).get(name)
            if isinstance(inner, (types.FunctionType, staticmethod, classmethod)):
                yield from places(inner, depth + 1)


class Caller:
    def __init__(self, tree, table, module, path, def_line):
        self.module, self.path, self.chain = module, path, []
        self.node = self.find(tree, def_line, [])
        self.tables = self.find_tables(table)

    def find(self, node, line, chain):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if not isinstance(child, ast.ClassDef) and child.lineno == line:
                    self.chain = chain + [child]
                    return child
                found = self.find(child, line, chain + [child])
            else:
                found = self.find(child, line, chain)
            if found:
                return found
        return None

    def find_tables(self, table):
        tables = []
        for node in self.chain:
            first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
            table = next(child for child in self.children(table) if child.get_name() == node.name and child.get_lineno() in (first, node.lineno))
            tables.append(table)
        return tables

    @staticmethod
    def children(table):
        for child in table.get_children():
            yield child
            if "type" in str(child.get_type()).lower() and "param" in str(child.get_type()).lower():
                yield from child.get_children()

    def calls(self, node=None):
        for child in self.node.body if node is None else ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                for decorator in child.decorator_list:
                    yield from self.calls(ast.Expr(decorator))
                continue
            if isinstance(child, ast.Call):
                yield child.func
            yield from self.calls(child)

    def receiver(self, name):
        """The class whose instance the name is: by the definition that has it as first parameter."""
        for at in range(len(self.chain) - 1, 0, -1):
            node, above = self.chain[at], self.chain[at - 1]
            if isinstance(node, ast.ClassDef):
                continue
            arguments = node.args.posonlyargs + node.args.args
            if arguments and arguments[0].arg == name and isinstance(above, ast.ClassDef):
                thing = self.module
                for part in self.chain[:at]:
                    if not isinstance(part, ast.ClassDef):
                        return None
                    thing = getattr(thing, part.name)
                if thing.__module__ != self.module.__name__ or thing.__qualname__ != ".".join(part.name for part in self.chain[:at]):
                    raise LookupError("another class has the name now")
                return thing
            if name in [argument.arg for argument in arguments]:
                return None
        return None

    def local(self, name):
        """What a local name of an enclosing function is: an import or a nested definition, as places or as an object."""
        for at in range(len(self.chain) - 1, -1, -1):
            if isinstance(self.chain[at], ast.ClassDef):
                continue
            symbol = self.lookup(at, name)
            if symbol is None or not symbol.is_local() or symbol.is_global():
                continue
            for inner in ast.walk(self.chain[at]):
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name == name and inner is not self.chain[at]:
                    lines = [inner.lineno] + [decorator.lineno for decorator in inner.decorator_list]
                    yield "place", (str(self.path), min(lines))
                elif isinstance(inner, ast.Import):
                    for alias in inner.names:
                        if (alias.asname or alias.name.split(".")[0]) == name:
                            importlib.import_module(alias.name)
                            yield "object", importlib.import_module(alias.name if alias.asname else alias.name.split(".")[0])
                elif isinstance(inner, ast.ImportFrom):
                    for alias in inner.names:
                        if (alias.asname or alias.name) == name:
                            package = self.module.__package__ if inner.level else None
                            source = importlib.import_module("." * inner.level + (inner.module or ""), package)
                            yield "object", getattr(source, alias.name) if hasattr(source, alias.name) else importlib.import_module(
                                source.__name__ + "." + alias.name)
                elif isinstance(inner, ast.ClassDef) and inner.name == name:
                    for method in inner.body:
                        if isinstance(method, ast.FunctionDef):
                            lines = [method.lineno] + [decorator.lineno for decorator in method.decorator_list]
                            yield "place", (str(self.path), min(lines))
            return

    def is_live(self):
        """Whether the imported module runs this text at all, and not a replacement from elsewhere."""
        thing, node = self.module, self.chain[0]
        for node in self.chain:
            thing = inspect.getattr_static(thing, node.name, None)
            if not isinstance(node, ast.ClassDef):
                break
        lines = [node.lineno] + [decorator.lineno for decorator in node.decorator_list]
        return any(os.path.realpath(file) == str(self.path) and line == min(lines) for file, line in places(thing))

    def lookup(self, at, name):
        try:
            return self.tables[at].lookup(name)
        except KeyError:
            return None

    def resolve(self, function):
        attributes = []
        while isinstance(function, ast.Attribute):
            attributes.insert(0, function.attr)
            function = function.value
        if not isinstance(function, ast.Name):
            return
        name, symbol = function.id, self.lookup(len(self.tables) - 1, function.id)
        # Under a name that the function does not have itself (a comprehension's or lambda's), Python's own tables are one level down: skip.
        if symbol is None:
            symbol_is_global = not any(self.lookup(at, name) and self.lookup(at, name).is_local() for at in range(len(self.tables))
                                       if not isinstance(self.chain[at], ast.ClassDef))
        else:
            symbol_is_global = symbol.is_global()
        found = []
        if name in ("self", "cls") and attributes:
            found = [("object", self.receiver(name))]
        elif symbol_is_global:
            found = [("object", vars(self.module).get(name))]
        else:
            found = list(self.local(name))
        for kind, thing in found:
            if kind == "place":
                yield thing
                continue
            for attribute in attributes:
                private = attribute.startswith("__") and not attribute.endswith("__") and isinstance(thing, type)
                thing = None if thing is None else inspect.getattr_static(thing, f"_{thing.__name__.lstrip('_')}{attribute}" if private else attribute, None)
            yield from places(thing)


@functools.lru_cache(None)
def load(path, name):
    text = path.read_text()
    return ast.parse(text), symtable.symtable(text, str(path), "exec"), importlib.import_module(name)


@functools.lru_cache(None)
def places_called(path, name, def_line):
    """Where the calls of one function lead, by the imported module."""
    tree, table, module = load(path, name)
    caller = Caller(tree, table, module, path, def_line)
    if not caller.is_live():
        raise LookupError("the caller is not what the module has under its name")
    return {(os.path.realpath(file), line) for function in caller.calls() for file, line in caller.resolve(function)}


def judge(edge, root):
    caller, callee = edge["caller"], edge["callee"]
    return (str(root / callee["path"]), callee["line"]) in places_called(root / caller["path"], caller["module"], caller["def_line"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("repo", type=pathlib.Path)
    parser.add_argument("--root", default=".")
    parser.add_argument("--show", action="store_true", help="name every edge that is not right")
    options = parser.parse_args()
    root = options.repo.resolve()
    sys.path.insert(0, str(root / options.root))
    counts = {"right": 0, "wrong": 0, "unknown": 0}
    for line in sys.stdin:
        edge = json.loads(line)
        try:
            right = judge(edge, root)
            verdict = "right" if right else "wrong"
        except (Exception, SystemExit) as error:  # the repo's own code runs here
            verdict, right = "unknown", error
        counts[verdict] += 1
        if options.show and verdict != "right":
            print(verdict, edge["caller"]["path"], edge["caller"]["qualname"], "->", edge["callee"]["path"], edge["callee"]["qualname"], right, file=sys.stderr)
    judged = counts["right"] + counts["wrong"]
    print(json.dumps({"edges": sum(counts.values()), **counts, "precision": round(counts["right"] / judged, 4) if judged else None}))
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
