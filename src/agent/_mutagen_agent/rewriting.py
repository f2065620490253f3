"""Most of a collection's time is pytest's rewriting of asserts. It is not done again where pytest has done it beside the user's files, and is not held up by the
garbage collector. What comes of it is the same code."""
import functools
import gc
import os

from _pytest.assertion import rewrite

from . import bytecode


def quicken():
    """Once in an interpreter, before pytest begins."""
    for name, quicker in (("_read_pyc", also_of_the_user), ("_rewrite_test", without_collector)):
        real = getattr(rewrite, name, None)
        if real is not None and not hasattr(real, "__wrapped__"):
            setattr(rewrite, name, quicker(real))


def also_of_the_user(read):
    @functools.wraps(read)
    def read_pyc(source, pyc, *more):
        code = read(source, pyc, *more)
        if code is None:
            theirs = bytecode.of_the_user(str(source), os.path.basename(str(pyc)))
            code = read(source, type(pyc)(theirs), *more) if theirs else None
            if code is not None:
                bytecode.rename(code, str(source))
        return code

    return read_pyc


def without_collector(rewrite_test):
    """A tree of many thousand nodes is no garbage, and all that was there before would be looked through, again and again."""
    @functools.wraps(rewrite_test)
    def undisturbed(*arguments, **named):
        was_on = gc.isenabled()
        gc.disable()
        try:
            return rewrite_test(*arguments, **named)
        finally:
            if was_on:
                gc.enable()

    return undisturbed
