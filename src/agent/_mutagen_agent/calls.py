"""Pieces of a probe: one call compiled, what became of it, where a fork stands, and two runs made one observation."""
import mmap
import struct

from . import facts

UNSTABLE = {"stable": False, "raised": False, "exception": "", "exception_import": "", "match": "", "raised_by_arguments": False,
            "facts": [], "lines": [], "seconds": 0.0, "whole": False, "trouble": ""}


class Program:
    """One call, compiled."""

    def __init__(self, call):
        setup, text = call.get("setup") or "", call["call"]
        self.watch = [name for name in call.get("watch") or () if isinstance(name, str)]
        self.said = setup + "\n" + text
        self.setup = compile(setup, "<setup>", "exec", 0, True) if setup.strip() else None
        self.call = compile(text.strip(), "<call>", "eval", 0, True)


class Outcome:
    __slots__ = ("variables", "result", "error", "in_setup", "stream", "seconds")

    def output(self):
        return self.stream.getvalue()


class Progress:
    """A number shared with the forks: which call one is at, when it dies there."""

    def __init__(self, places):
        self.memory = mmap.mmap(-1, 4 * max(1, places))

    def set(self, place, number):
        struct.pack_into("<i", self.memory, 4 * place, number)

    def get(self, place):
        return struct.unpack_from("<i", self.memory, 4 * place)[0]


def merge(first, second):
    """One observation from two runs: what both saw. A run that saw nothing is a word for why, or None when it was not made."""
    for one in (first, second):
        if not isinstance(one, dict):
            return dict(UNSTABLE, trouble=one or "")
    seen = dict(first, seconds=second["seconds"])
    if first["match"] != second["match"]:
        seen["whole"], shared = False, 0
        while shared < min(len(first["match"]), len(second["match"])) and first["match"][shared] == second["match"][shared]:
            shared += 1
        seen["match"] = facts.cut(first["match"], shared)
    if any(first[key] != second[key] for key in ("raised", "exception", "exception_import", "raised_by_arguments", "facts")):
        return dict(UNSTABLE, trouble="differs")
    seen["match"] = facts.pattern_of(seen["match"])
    return seen
