"""Keeps imports inside the private copy: sys.path entries and editable installs that point into the user's repo are redirected."""
import os
import sys
import sysconfig


class Redirection:
    def __init__(self, repo, original):
        self.repo = os.path.realpath(repo)
        self.originals = {os.path.realpath(original), os.path.abspath(original)} if original else set()
        self.originals.discard(self.repo)
        # An environment inside the repo (.venv) is not the repo.
        environments = {sys.prefix, sys.exec_prefix, sys.base_prefix} | set(sysconfig.get_paths().values())
        self.environments = [os.path.realpath(path) for path in environments if path]

    def moved(self, path):
        """The place in the copy for a path in the original, else None."""
        if not isinstance(path, str) or not path or not os.path.isabs(path):
            return None
        for candidate in (os.path.normpath(path), os.path.realpath(path)):
            for original in self.originals:
                if candidate == original or candidate.startswith(original + os.sep):
                    inside_copy = candidate == self.repo or candidate.startswith(self.repo + os.sep)
                    if inside_copy or self.in_environment(candidate, original):
                        return None
                    return os.path.join(self.repo, os.path.relpath(candidate, original)) if candidate != original else self.repo
        return None

    def in_environment(self, path, original):
        if any(part in ("site-packages", "dist-packages") for part in path.split(os.sep)):
            return True
        real = os.path.realpath(path)
        return any(
            environment.startswith(original + os.sep) and (real == environment or real.startswith(environment + os.sep))
            for environment in self.environments
        )

    def install(self, import_roots):
        """Import roots first; everything else redirected. Also for interpreters that the tests start."""
        rest = [self.moved(entry) or entry for entry in sys.path]
        roots = [os.path.abspath(root) for root in import_roots]
        sys.path[:] = unique(roots + rest)
        inherited = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
        os.environ["PYTHONPATH"] = os.pathsep.join(unique(roots + [self.moved(entry) or entry for entry in inherited]))
        for finder in list(sys.meta_path):
            self.redirect_finder(finder)
        for path in list(sys.path_importer_cache):
            if self.moved(path):
                del sys.path_importer_cache[path]

    def redirect_finder(self, finder):
        """Editable finders keep name -> path tables: in their module (setuptools), class (editables) or instance (scikit-build)."""
        kind = finder if isinstance(finder, type) else type(finder)
        if (kind.__module__ or "").split(".")[0] in ("_frozen_importlib", "_frozen_importlib_external", "importlib", "_pytest", "zipimport"):
            return
        module = sys.modules.get(kind.__module__)
        for holder in (finder, kind, module):
            for name, value in list(getattr(holder, "__dict__", {}).items()):
                if isinstance(value, dict) and not name.startswith("__"):
                    self.redirect_table(value)

    def redirect_table(self, table):
        for key, value in list(table.items()):
            if isinstance(value, str) and self.moved(value):
                table[key] = self.moved(value)
            elif isinstance(value, list):
                value[:] = [self.moved(entry) or entry for entry in value]
            elif isinstance(value, tuple) and any(self.moved(entry) for entry in value):
                table[key] = tuple(self.moved(entry) or entry for entry in value)

    def strays(self):
        """Sentences about modules that came from the original all the same."""
        found = []
        for name, module in sorted(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if self.moved(path):
                found.append("Module %s was loaded from the original repo (%s), not from the private copy." % (name, path))
        return found[:20]


def find_commands(installed):
    """As if the interpreter's environment were activated: its commands come first. `installed` has metadata and commands of the project where
    that is not installed: what is there otherwise goes before it."""
    entries = (os.environ.get("PATH") or os.defpath).split(os.pathsep)
    own = os.path.dirname(sys.executable)
    if own not in entries:
        entries.insert(0, own)
    if installed:
        entries.append(os.path.join(installed, "bin"))
        sys.path.append(installed)
        os.environ["PYTHONPATH"] = os.pathsep.join([entry for entry in (os.environ.get("PYTHONPATH"), installed) if entry])
    os.environ["PATH"] = os.pathsep.join(entries)


def unique(entries):
    seen, found = set(), []
    for entry in entries:
        key = os.path.realpath(entry or ".")
        if key not in seen:
            seen.add(key)
            found.append(entry)
    return found
