"""A mutated file as the importer gives it out: in new interpreters, ours and those that tests start."""
import _frozen_importlib_external as external
import os
import types

from . import trace


class Mutation:
    """`what`: path (real), text (of the whole file), name and first_line of the function ("<module>" = all of it), line, end_line."""

    def __init__(self, what, on_hit):
        self.path, self.text, self.name, self.first_line = what["path"], what["text"], what["name"], what["first_line"]
        self.lines, self.on_hit = (what["line"], what["end_line"]), on_hit
        self.what = what
        self.code = self.tracker = None
        self.most = self.on_limit = None

    # As a trace.HitTracker, also as long as nobody has imported the file.
    @property
    def hit(self):
        return self.tracker is not None and self.tracker.hit

    @property
    def ids(self):
        return self.tracker.ids if self.tracker is not None else ()

    @property
    def jumps(self):
        return self.tracker.jumps if self.tracker is not None else 0

    def mark(self):
        if self.tracker is None:  # only a program that a test has started knows the file
            self.tracker = trace.HitTracker(compile("", self.path, "exec"), 0, 0, self.on_hit)
        self.tracker.mark()

    def arm(self):
        if self.tracker is not None:
            self.tracker.arm()

    def watch_loops(self, count, on_limit):
        self.most, self.on_limit = count, on_limit
        if self.tracker is not None:
            self.tracker.watch_loops(count, on_limit)

    def install(self):
        get_code = external.SourceLoader.get_code

        def mutated(loader, name):
            file = loader.get_filename(name)
            return self.compiled(file) if os.path.realpath(file) == self.path else get_code(loader, name)

        external.SourceLoader.get_code = mutated

    def compiled(self, file):
        if self.code is None:
            self.code = compile(self.text, file, "exec", 0, True)
            own = self.code if self.name == "<module>" else find(self.code, self.first_line, self.name)
            self.tracker = trace.HitTracker(own or self.code, self.lines[0], self.lines[1], self.on_hit)
            if self.on_limit is not None:
                self.tracker.watch_loops(self.most, self.on_limit)
            self.tracker.arm()
        return self.code


def find(code, first_line, name):
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            found = const if (const.co_firstlineno, const.co_name) == (first_line, name) else find(const, first_line, name)
            if found is not None:
                return found
    return None


def spliced(path, source, first_line, end_line):
    """The file's text with `source`, whole lines, in the place of a function; no line moves."""
    text = read(path)
    lines = text.split("\n")
    return "\n".join(lines[: first_line - 1] + source.rstrip("\r\n").split("\n") + lines[end_line:])


def read(path):
    with open(path, "rb") as file:
        return file.read().decode("utf-8-sig")
