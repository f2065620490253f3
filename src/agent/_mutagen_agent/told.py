"""What a mutant's call came to, in words for a reader who sees the original's beside it."""
import itertools

from . import facts
from .names import path_to
from .values import source_of

MOST = 400  # characters; C shortens both sides alike


def keep_elements(outcome, expected):
    """An iterator can be looked at once: comparing and telling both do, so that its elements take its place."""
    if outcome.error is None and expected.checks and expected.checks[0][0] == "list" and hasattr(type(outcome.result), "__next__"):
        try:
            outcome.result = list(itertools.islice(outcome.result, facts.MAX_LISTED + 1))
        except Exception as error:
            outcome.error = error


def of_mutant(outcome, expected, index, screen, repo):
    """The same thing that fact `index` of the original is about; -1: what the call gave or raised. Evaluates code under test."""
    if outcome.error is not None:
        return of_error(outcome.error, screen, repo, expected.raised and type(outcome.error) is expected.error)
    if index < 0 or expected.raised:
        return of_value(outcome.result, screen)
    form, of, attribute = expected.checks[index][:3]
    if form == "output":
        return "prints " + repr(outcome.output()[:MOST]) if outcome.output() else "prints nothing"
    value = outcome.result if of == "result" else outcome.variables.get(of)
    try:
        if form == "attr":
            value = getattr(value, attribute)
        elif form == "type":
            value = type(value).__name__
        elif form in ("len", "str"):
            value = len(value) if form == "len" else str(value)
    except Exception as error:
        return of_error(error, screen, repo)
    return of_value(value, screen)


def of_value(value, screen):
    """Its source; its kind when there is none."""
    if type(value) is float and value != value:
        return "nan"
    source = source_of(value, None, screen)
    if source is not None and len(source.text) <= MOST:
        return source.text
    name = type(value).__name__
    return "%s %s object" % ("an" if name[:1].lower() in "aeiou" else "a", name)


def of_error(error, screen, repo, same_class=False):
    """`same_class`: as the original's, so that the words are the difference. An assertion could not have the interpreter's own; the reader may."""
    where = path_to(type(error))
    text = facts.text_of_exception(error, screen, repo) or (facts.clean_text(error, screen) if same_class else "")
    return "raises %s" % (where[0] if where else type(error).__name__) + ("(%r)" % text[:MOST] if text else "")
