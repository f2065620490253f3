"""Which tests come to import which modules: read from import statements, since at run time only the first importer of a module is seen."""
import ast
import os
import sys


class Imports:
    """Over files of the repo. A text that is the name of a loaded module counts too: import_module, pytest_plugins, settings."""

    def __init__(self, repo):
        self.repo = os.path.realpath(repo)
        self.named = {}  # real path -> names
        self.files = {}  # name of a loaded module of the repo -> real path
        self.loaded = -1

    def look(self):
        if len(sys.modules) != self.loaded:
            self.loaded = len(sys.modules)
            for name, module in list(sys.modules.items()):
                file = getattr(module, "__file__", None)
                if name not in self.files and isinstance(file, str):
                    path = os.path.realpath(file)
                    if path.startswith(self.repo + os.sep):
                        self.files[name] = path
            self.named = {}  # which texts are names of modules may have changed

    def modules_of(self, path):
        self.look()
        return {name for name, file in self.files.items() if file == path}

    def names_in(self, path):
        """Modules that the file's statements name, with the packages around them."""
        found = self.named.get(path)
        if found is None:
            packages = [name if os.path.basename(path) == "__init__.py" else name.rpartition(".")[0] for name in self.modules_of(path)]
            try:
                with open(path, "rb") as file:
                    tree = ast.parse(file.read())
            except (OSError, SyntaxError, ValueError, RecursionError):
                tree = ast.Module(body=[], type_ignores=[])
            found = self.named[path] = set()
            for node in ast.walk(tree):
                for name in statement_names(node, packages):
                    found.update(prefixes(name))
        return found

    def reached_from(self, files):
        """Names of all modules that importing these files can bring in, and the files of the repo among them."""
        self.look()
        names, waiting, seen = set(), list(files), set()
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            for name in self.names_in(path):
                if name not in names:
                    names.add(name)
                    if name in self.files:
                        waiting.append(self.files[name])
        return names, seen

    def tests_of(self, items_files, modules, files):
        """Indices of the tests whose file, or a conftest.py above it, comes to import one of `modules` or `files`."""
        verdicts, found = {}, []
        for index, path in enumerate(items_files):
            if path not in verdicts:
                names, seen = self.reached_from([path] + conftests(path, self.repo))
                verdicts[path] = bool(names & modules or seen & files)
            if verdicts[path]:
                found.append(index)
        return found


def statement_names(node, packages):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        bases = [node.module or ""]
        if node.level:
            above = [".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) for package in packages]
            bases = [".".join(part for part in (base, node.module) if part) for base in above]
        return [name for base in bases for name in [base] + ["%s.%s" % (base, alias.name) for alias in node.names]]
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in sys.modules:
        return [node.value]
    return []


def prefixes(name):
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def conftests(path, repo):
    found, folder = [], os.path.dirname(path)
    while folder.startswith(repo):
        found.append(os.path.join(folder, "conftest.py"))
        if folder == repo:
            break
        folder = os.path.dirname(folder)
    return [file for file in found if os.path.isfile(file)]
