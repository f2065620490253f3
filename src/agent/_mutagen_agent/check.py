"""Compiles a text without running any of it: in a fork, because a text may be more than the compiler can bear."""
import warnings

from . import forks, wire

SECONDS = 20.0


def problem(source):
    """Empty, or "line 3: invalid syntax"."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.encode("utf-8"), "<module>", "exec", 0, True)
    except SyntaxError as exc:
        line = "line %d: " % exc.lineno if exc.lineno else ""
        return line + wire.one_line(exc.msg or type(exc).__name__)
    except UnicodeError:
        return "the text is not UTF-8"
    except (RecursionError, MemoryError, OverflowError):
        return "nested too deeply for this Python"
    except ValueError as exc:
        return wire.one_line(exc) or "not Python"
    return ""


def check(source):
    results = []
    forks.run_many([("check", lambda emit: emit({"problem": problem(source)}), SECONDS)], 1, results.append)
    ended = results[0]
    if ended.how == "done" and ended.records:
        return ended.records[-1]["problem"]
    return "too much for this Python's compiler"
