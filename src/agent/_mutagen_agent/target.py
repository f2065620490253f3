"""The target function: its live function objects, compiling one variant of it alone, and swapping that in."""
import __future__

import functools
import gc
import importlib
import os
import sys
import types
import warnings

from . import codes, defaults, forks, wire

FUTURE_FLAGS = functools.reduce(lambda flags, name: flags | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0)

IMPORT_SECONDS = 60.0
MODULE = "<module>"  # the name of a target that is what a file runs when it is imported


class Refused(Exception):
    """The source cannot stand in for the target's code."""

    def __init__(self, reason, same_code=False):
        super().__init__(reason)
        self.reason, self.same_code = wire.one_line(reason), same_code


class NotImportable(Exception):
    pass


class Index:
    """Every live function object whose code stands in the repo's copy. Built by gc, because names lie: decorators, wrappers, registries."""

    def __init__(self, repo):
        self.repo = os.path.realpath(repo)
        self.files = {}  # co_filename -> absolute real path within the copy, or ""
        self.by_place = {}  # (real path, first line, name) -> functions
        self.by_code = {}  # id(code) -> functions; the functions keep the codes alive
        self.caches = []  # lru_cache wrappers of the repo: (wrapper, was empty before any test ran)
        self.seen = set()

    def real_file(self, filename):
        found = self.files.get(filename)
        if found is None:
            path = os.path.realpath(os.path.join(self.repo, filename)) if not filename.startswith("<") else ""
            found = self.files[filename] = path if path.startswith(self.repo + os.sep) else ""
        return found

    def extend(self):
        """Takes in what has come since. Objects frozen by gc.freeze are not seen again: so it is cheap, and must come before freezing."""
        for thing in gc.get_objects():
            kind = type(thing)
            if kind is types.FunctionType:
                self.add(thing)
            elif kind is functools._lru_cache_wrapper and id(thing) not in self.seen:
                inner = codes.unwrap(thing)
                if type(inner) is types.FunctionType and self.real_file(inner.__code__.co_filename):
                    self.seen.add(id(thing))
                    self.caches.append((thing, thing.cache_info().currsize == 0))

    def add(self, function):
        code = function.__code__
        path = self.real_file(code.co_filename)
        if path and id(function) not in self.seen:
            self.seen.add(id(function))
            self.by_place.setdefault((path, code.co_firstlineno, code.co_name), []).append(function)
            self.by_code.setdefault(id(code), []).append(function)

    def clear_caches(self, functions=()):
        """Empties caches that tests filled. One filled at import may hold a singleton others know: it stays, unless it caches `functions`."""
        wanted = {id(function) for function in functions}
        for cache, was_empty in self.caches:
            if was_empty or id(codes.unwrap(cache)) in wanted:
                cache.cache_clear()


class Target:
    """Attributes: file (relative), module, module_name, qualname, name, functions, code, first_line, end_line, scopes, indent, body_indent, fresh."""

    def __init__(self, request, index):
        self.request = request
        self.file, self.module_name = request["file"], request["module"]
        self.qualname, self.name = request["qualname"], request["name"]
        self.first_line, self.end_line = request["first_line"], request["end_line"]
        self.indent, self.body_indent = request.get("indent", 0), request.get("body_indent", 0)
        self.scopes = request.get("scopes") or []
        self.index, self.loops = index, {}
        self.known = {}  # fingerprint of a mutant's code -> its source
        self.is_module = self.name == MODULE
        if self.is_module:
            self.module, self.functions, self.code, self.swapped, self.fresh = None, [], None, [], []
            return
        self.module = import_module(self.module_name)
        index.extend()
        place = os.path.realpath(os.path.join(index.repo, self.file)), self.first_line, self.name
        self.functions = list(index.by_place.get(place, ()))
        if not self.functions:
            import_again(self.module_name)
        self.code = self.functions[0].__code__ if self.functions else None
        self.swapped = []  # (function, its original code)
        self.alone = None  # see codes.original_alone
        self.defaults = {}  # id(code) -> (code, defaults that go with it)
        self.dead, self.kept = {}, []  # id(code) -> what codes.build had to add; these codes, so that no id comes again
        self.marks = True  # whether codes may carry markers: until the unchanged function fails with them, and passes without
        self.defaults_before = []
        self.fresh = []  # modules that only we have imported: a test that imports them does it anew

    def flavour(self):
        return codes.flavour(self.code) if self.code else "function"

    def original_source(self):
        with open(os.path.join(self.index.repo, self.file), encoding="utf-8-sig", newline="") as file:
            return "".join(file.readlines()[self.first_line - 1 : self.end_line])

    def compile(self, source, same_allowed=False):
        """The code object of `source` (the function's text with its decorators) in place of the target's; raises Refused."""
        if self.is_module:
            code = codes.compile_file(source, os.path.join(self.index.repo, self.file), same_allowed)
        elif self.code is None:
            raise Refused("the function has no live function object")
        else:
            code = codes.compile_alone(self, source, same_allowed)
        if not same_allowed and (self.is_module or id(code) not in self.defaults) and self.known.setdefault(codes.fingerprint(code), source) != source:
            raise Refused("the bytecode equals another mutant's", same_code=True)
        return code

    def swap(self, code):
        """Gives `code` to every live function of the target in this process, and its nested codes to closures made from the old ones."""
        for function in self.functions:
            for old, new in codes.partners(function.__code__, code):
                for closure in self.index.by_code.get(id(old), ()):
                    self.give(closure, new)
        for function in self.functions:
            self.give(function, code)
        self.defaults_before = defaults.give(self.defaults[id(code)][1]) if id(code) in self.defaults else []
        self.index.clear_caches(self.functions)

    def give(self, function, code):
        old = function.__code__
        if old is not code and old.co_freevars == code.co_freevars:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function.__code__ = code
            self.swapped.append((function, old))

    def restore(self):
        for function, code in reversed(self.swapped):
            function.__code__ = code
        defaults.give(self.defaults_before)
        self.swapped, self.defaults_before = [], []
        self.index.clear_caches(self.functions)


def import_module(name):
    """A package whose own import has failed leaves modules of it that were imported before: whoever imports one then does not hear of it."""
    parents = [name[:end] for end in range(len(name)) if name[end] == "."]
    if name in sys.modules and all(parent in sys.modules for parent in parents):
        return sys.modules[name]
    try:
        for parent in parents:
            importlib.import_module(parent)
        return importlib.import_module(name)
    except BaseException as exc:  # modules that call sys.exit at import exist
        text = wire.one_line(exc)
        raise NotImportable(type(exc).__name__ + (": " + text if text else "")) from None


def import_again(name):
    """pytest leaves a module whose import failed where it was, half made: only a new import says what is wrong with it. In a process of its own: it
    binds the new module in its package, and whatever it registers is there twice."""
    ended = []
    forks.run_many([("import", lambda emit: import_anew(name, emit), IMPORT_SECONDS)], 1, ended.append)
    if ended[0].records:
        raise NotImportable(ended[0].records[0]["problem"])


def import_anew(name, emit):
    del sys.modules[name]
    try:
        import_module(name)
    except NotImportable as exc:
        emit({"problem": str(exc)})
