"""From pytest's reports to one outcome and one line of text per test."""
from . import wire


class Outcome:
    """Gathers the reports of one test. The worst phase wins; a failing part (subtests) fails the whole."""

    RANK = ("passed", "skipped", "xfailed", "failed", "error")

    def __init__(self):
        self.name, self.text, self.seconds, self.called = "passed", "", 0.0, False

    def add(self, report):
        self.seconds += getattr(report, "duration", 0.0) or 0.0
        self.called |= getattr(report, "when", None) == "call"
        name = phase_outcome(report)
        if self.RANK.index(name) > self.RANK.index(self.name):
            self.name, self.text = name, report_text(report)

    def fail(self, name, text):
        self.name, self.text = name, wire.one_line(text)


def phase_outcome(report):
    if report.failed:
        return "failed" if getattr(report, "when", "call") == "call" else "error"
    if hasattr(report, "wasxfail"):
        return "xfailed"  # also when it passed unexpectedly: either way it cannot fail
    if report.skipped:
        # A skipped part of a test does not make the test a skipped one.
        return "passed" if getattr(report, "context", None) is not None else "skipped"
    return "passed"


def report_text(report):
    detail = report.longrepr
    missing = getattr(detail, "errorstring", None)  # a fixture that is not there; its last line is only where it was asked for
    if isinstance(missing, str) and missing.strip():
        return wire.one_line(missing.strip().splitlines()[0])
    if report.skipped or hasattr(report, "wasxfail"):
        if isinstance(detail, tuple) and len(detail) == 3:
            return wire.one_line(detail[2])
        return wire.one_line(getattr(report, "wasxfail", "") or "")
    crash = getattr(detail, "reprcrash", None)
    if crash is not None and getattr(crash, "message", ""):
        return wire.one_line(crash.message)
    return wire.last_line(detail)


def can_fail(found, item, lines):
    """Whether a test that did not pass may turn into one that fails: then a mutant can be killed by it. An expected failure does by passing or by
    another exception; one that skips itself in its body, behind code of the repo, by what it does before that."""
    if found.name == "skipped":
        return found.called and bool(lines)
    return found.name == "xfailed" and may_disappoint(item)


def may_disappoint(item):
    try:
        from _pytest.skipping import evaluate_xfail_marks

        found = evaluate_xfail_marks(item)
        return bool(found is not None and found.run and (found.strict or found.raises is not None))
    except Exception:
        return False
