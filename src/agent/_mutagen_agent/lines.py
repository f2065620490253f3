"""Which lines of the target each single call runs: by sys.monitoring where it exists, by sys.settrace before."""
import sys

from . import codes, trace


class Traced:
    """start() before a call, stop() after it; `seen` then holds its lines."""

    def __init__(self, ids):
        self.ids = ids
        self.seen = set()

    def start(self):
        self.seen.clear()
        sys.settrace(self.on_call)

    def stop(self):
        sys.settrace(None)

    def on_call(self, frame, event, arg):
        return self.on_line if id(frame.f_code) in self.ids else None

    def on_line(self, frame, event, arg):
        if event == "line":
            self.seen.add(frame.f_lineno)
        return self.on_line


class Monitored:
    def __init__(self, found):
        self.seen = seen = set()
        line = trace.MONITORING.events.LINE
        tool = trace.Tool.get()
        trace.MONITORING.register_callback(tool, line, lambda code, number: seen.add(number))
        for code in found:
            trace.MONITORING.set_local_events(tool, code, line)

    def start(self):
        self.seen.clear()

    def stop(self):
        pass


class Silent:
    """For runs that are not traced; a profile function may watch them instead."""

    def __init__(self, on_profile=None):
        self.seen = ()
        self.on_profile = on_profile

    def start(self):
        if self.on_profile:
            sys.setprofile(self.on_profile)

    def stop(self):
        if self.on_profile:
            sys.setprofile(None)


def codes_of(target):
    """The target's code and all code nested in it, from every live function; by id, since hashing a code object is slow."""
    roots = [function.__code__ for function in target.functions] or [target.code]
    return {id(code): code for root in roots if root is not None for code in codes.all_codes(root)}


def recorder(target):
    found = codes_of(target)
    if trace.MONITORING is not None:
        try:
            return Monitored(list(found.values()))
        except RuntimeError:
            pass  # no free tool id
    return Traced(frozenset(found))
