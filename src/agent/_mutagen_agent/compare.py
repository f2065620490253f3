"""Does a mutant's outcome pass the assertions that the original's observation would become?"""
import itertools
import re

from . import facts, values

CRASHES = (TypeError, NameError, AttributeError)


class Expected:
    """An observation made ready for comparing: each fact's expression evaluated once, as its test would do it."""

    def __init__(self, observation):
        self.raised = observation["raised"]
        self.checks = []
        self.error = self.pattern = self.whole = None
        if self.raised:
            line = observation["exception_import"]
            self.error = values.evaluate(observation["exception"], [line] if line else [])
            self.pattern = re.compile(observation["match"]) if observation["match"] else None
            self.whole = re.compile(whole(observation["match"])) if observation["whole"] else None
        for one in observation["facts"]:
            expected = values.evaluate(one["source"], one["imports"]) if one["source"] else None
            if one["form"] == "approx":
                expected = values.evaluate("pytest.approx(%s)" % one["source"], one["imports"] + ["import pytest"])
            self.checks.append((one["form"], one["of"], one["attribute"], expected, one["source"]))

    def differs(self, outcome, own_codes):
        """None, or (kind, index of the fact or -1). Evaluates code under test: to be called under guard."""
        error = outcome.error
        if error is not None:
            expected = self.raised and not outcome.in_setup
            if expected and isinstance(error, self.error) and (self.pattern is None or self.pattern.search(str(error))):
                return None
            if isinstance(error, CRASHES) and not (expected and issubclass(self.error, type(error))) and raised_in(error, own_codes):
                return "crash", -1
            return "fact", -1
        if self.raised:
            return "fact", -1
        for index, (form, of, attribute, expected, source) in enumerate(self.checks):
            value = outcome.output() if form == "output" else outcome.variables.get(of) if of != "result" else outcome.result
            try:
                passes = holds(form, value, attribute, expected, source)
            except Exception:  # the test would fail just so
                passes = False
            if not passes:
                return "fact", index
        return None

    def unseen(self, outcome):
        """What a stricter assertion could tell apart, or None: the result's "type", a dict's "order", the "whole" message."""
        if self.raised:
            return "whole" if self.whole is not None and not self.whole.search(str(outcome.error)) else None
        if not self.checks:
            return None
        form, of = self.checks[0][:2]
        if of != "result" or form not in ("eq", "approx"):
            return None
        expected = self.result()
        if type(outcome.result) is not type(expected):
            return "type"
        if type(expected) is dict and list(outcome.result) != list(expected):
            return "order"
        return None


    def result(self):
        expected = self.checks[0][3]
        return getattr(expected, "expected", expected)  # what stands within pytest.approx


def whole(match):
    return "^" + match + "$"


def holds(form, value, attribute, expected, source):
    if form == "is":
        return value is expected
    if form in ("eq", "approx", "output"):
        return bool(value == expected)
    if form == "nan":
        return value != value and isinstance(value, (int, float))
    if form == "type":
        return type(value).__name__ == expected
    if form == "len":
        return len(value) == expected
    if form == "str":
        return str(value) == expected
    if form == "list":
        return list(itertools.islice(value, facts.MAX_LISTED + 1)) == expected
    value = getattr(value, attribute)
    return value is expected if source in ("None", "True", "False") else bool(value == expected)


def raised_in(error, own_codes):
    """Whether the frame that raised runs one of these codes."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and id(trace.tb_frame.f_code) in own_codes


def entered(error, own_codes):
    trace = error.__traceback__
    while trace is not None:
        if id(trace.tb_frame.f_code) in own_codes:
            return True
        trace = trace.tb_next
    return False
