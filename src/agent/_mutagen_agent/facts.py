"""What may be asserted about a value, an object's state, printed text or an exception: only what holds in the next process too."""

import datetime
import io
import itertools
import opcode
import os
import platform
import re
import sys
import tempfile
import time

from .values import MAX_TEXT, SCALARS, path_to, source_of

MAX_ATTRIBUTES = 8
MAX_LISTED = 50
MAX_MATCH = 120
DAY = 86400.0
SET_TEXT = re.compile(r"\{(?:'[^']*'|\"[^\"]*\")(?:, (?:'[^']*'|\"[^\"]*\"))+\}|frozenset\(\{")
LISTED = re.compile(r"'?\w+'?(?:, '?\w+'?)+")  # of the call's own keywords: they may have come through a set
SINGLETONS = (None, True, False, Ellipsis, NotImplemented)
SPEAKS_ITS_CONTENT = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset)  # what was refused there must not come back as text
VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
RAISE = frozenset(opcode.opmap[name] for name in ("RAISE_VARARGS", "RERAISE") if name in opcode.opmap)
# Texts that C code gives these, alike in all versions.
STABLE_TEXTS = (KeyError, IndexError, UnicodeError, StopIteration)
STABLE_WORDS = ("invalid literal for int()", "could not convert string to float", "substring not found")  # of a ValueError


class Screen:
    """Refuses what belongs to this process or moment: addresses, paths, hashes, the time. What the call itself says may pass."""

    def __init__(self, folders):
        places = {place for folder in folders if folder for place in (folder, os.path.realpath(folder))}
        places |= {tempfile.gettempdir(), "/tmp/", os.path.expanduser("~") + "/", platform.node()}
        places = sorted(place for place in places if len(place) > 3)
        self.now = time.time()
        self.today = datetime.date.today()
        moments = [str(self.today + datetime.timedelta(days=n)) for n in (-1, 0, 1)] + [str(int(self.now))[:6]]
        self.bad = re.compile("|".join([" at 0x"] + [re.escape(text) for text in places + moments]))
        self.said = ""
        self.variables = {}
        self.hashed = False  # the call asked for a hash or an id

    def text(self, value):
        return self.clean_until(value) == len(value)

    def clean_until(self, value):
        """Where the first bad piece begins; the length when there is none."""
        for found in self.bad.finditer(value):
            if found.group() not in self.said:
                return found.start()
        return len(value)

    def number(self, value):
        size = abs(value)
        if size < 1e9:
            return True
        if any(abs(size - self.now * unit) < 3 * DAY * unit for unit in (1, 1e3, 1e6, 1e9)) and str(int(size)) not in self.said:
            return False
        return not (isinstance(value, int) and size >= 1 << 24 and self.is_identity(value))

    def is_identity(self, value):
        if str(value) in self.said:
            return False
        if self.hashed:
            return True
        for thing in list(self.variables.values()):
            try:
                if value == id(thing) or value == hash(thing) and not isinstance(thing, (int, float)):
                    return True
            except TypeError:
                pass
        return "hash(" in self.said

    def moment(self, value):
        if isinstance(value, datetime.date):
            day = value.date() if isinstance(value, datetime.datetime) else value
            return abs((day - self.today).days) > 2 or str(day.year) in self.said and str(day.day) in self.said
        return not hasattr(value, "version") or value.version != 1  # a UUID made from the time


def fact(form, of, source, imports=(), attribute=""):
    return {"form": form, "of": of, "attribute": attribute, "source": source, "imports": list(imports)}


def of_value(name, value, screen):
    """Facts about a value, most telling first."""
    if any(value is one for one in SINGLETONS):
        return [fact("is", name, repr(value))]
    if type(value) is float and value != value:
        return [fact("nan", name, "")]
    source = source_of(value, None, screen)
    if source is not None:
        return [comparison(name, value, source)]
    kind = type(value)
    if hasattr(kind, "__next__") and not isinstance(value, io.IOBase) or isinstance(value, VIEWS):
        listed = list(itertools.islice(value, MAX_LISTED + 1))
        source = source_of(listed, None, screen) if len(listed) <= MAX_LISTED else None
        return [fact("list", name, source.asserted, source.asserted_imports)] if source else [of_type(name, value)]
    return of_object(name, value, state_of(value, screen), screen)


def comparison(name, value, source):
    flat = None
    if type(value) in (float, complex) or type(value) in (list, tuple):
        flat = value if type(value) in (list, tuple) else ()
    elif type(value) is dict:
        flat = value.values()
    if source.floats and flat is not None and all(type(item) in SCALARS for item in flat) and "nan_ok" not in source.asserted:
        return fact("approx", name, source.text, source.imports)
    return fact("eq", name, source.asserted, source.asserted_imports)


def of_type(name, value):
    return fact("type", name, repr(type(value).__name__))


def of_object(name, value, state, screen):
    facts = [attribute_fact(name, attribute, source) for attribute, source in list(state.items())[:MAX_ATTRIBUTES]]
    if not isinstance(value, SPEAKS_ITS_CONTENT):
        text = text_of(value, screen)
        if text is not None:
            facts.append(fact("str", name, repr(text)))
    if hasattr(type(value), "__len__") and not (isinstance(value, (str, bytes)) and len(value) <= MAX_TEXT):  # else refused for what it says
        try:
            facts.append(fact("len", name, repr(len(value))))
        except Exception:
            pass
    says_nothing = callable(value) and not facts  # "function", "partial": any other would do as well
    return facts + ([] if says_nothing else [of_type(name, value)])


def attribute_fact(name, attribute, source):
    return fact("attr", name, *source, attribute=attribute)


def state_of(value, screen):
    """Public attributes and properties that can be written down: {name: (source, imports)}, sorted."""
    kind = type(value)
    if isinstance(value, type) or kind.__module__ == "builtins" or callable(value) and hasattr(value, "__code__"):
        return {}
    names = set(getattr(value, "__dict__", ()))
    for base in kind.__mro__[:-1]:
        slots = base.__dict__.get("__slots__", ())
        names.update([slots] if isinstance(slots, str) else slots)
        names.update(key for key, item in base.__dict__.items() if isinstance(item, property))
    state = {}
    for key in sorted(key for key in names if isinstance(key, str) and key.isidentifier() and not key.startswith("_"))[:4 * MAX_ATTRIBUTES]:
        try:
            item = getattr(value, key)
        except Exception:
            continue
        if item is value:
            continue
        source = source_of(item, None, screen)
        if source is not None and len(source.text) <= 200:
            text, imports = source.asserted, source.asserted_imports
            if source.floats and type(item) in (float, complex):
                text, imports = "pytest.approx(%s)" % text, ["import pytest"]
            state[key] = (text, imports)
    return state


def text_of(value, screen):
    """str(value) when its class says how, and the text is clean."""
    kind = type(value)
    if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__ or isinstance(value, io.IOBase):
        return None
    try:
        text = str(value)
    except Exception:
        return None
    return text if len(text) <= MAX_TEXT and screen.text(text) and not SET_TEXT.search(text) else None


class Watched:
    """A variable before the call; facts() tells what the call changed in it."""

    def __init__(self, name, value, screen):
        self.name = name
        self.screen = screen
        self.source = self.write(value)
        self.is_object = type(value).__module__ != "builtins"
        self.state = state_of(value, screen) if self.is_object else {}
        self.text = text_of(value, screen) if self.is_object and not self.state else None

    def write(self, value):
        source = None if hasattr(type(value), "__next__") else source_of(value, None, self.screen)
        return source.text if source else None

    def facts(self, value):
        if hasattr(type(value), "__next__"):
            return []
        if not self.is_object:
            return of_value(self.name, value, self.screen) if self.source is not None and self.write(value) not in (self.source, None) else []
        state = state_of(value, self.screen)
        changed = [key for key in state if state[key] != self.state.get(key)]
        if changed:
            return [attribute_fact(self.name, key, state[key]) for key in changed[:MAX_ATTRIBUTES]]
        text = text_of(value, self.screen) if not self.state else None
        if text is not None and text != self.text:
            return [fact("str", self.name, repr(text))]
        if self.source is not None and self.write(value) not in (self.source, None):
            return of_value(self.name, value, self.screen)
        return []


def of_output(text, screen):
    return [fact("output", "result", repr(text))] if text and len(text) <= MAX_TEXT and screen.text(text) else []


def of_exception(error, screen, repo, entered):
    """(class expression, import line, text, raised by the call's own arguments, whether that is all of the text), or None."""
    text = text_of_exception(error, screen, repo)
    for kind in type(error).__mro__:
        if kind in (Exception, BaseException, object) and kind is not type(error):
            break
        where = path_to(kind)
        if where is None or any(part.startswith("_") for part in where[0].split(".")) and not is_of_repo(kind, repo):
            continue
        if kind in (Exception, BaseException) and not text:
            break
        return where[0], where[1], text, isinstance(error, TypeError) and not entered, bool(text) and text == str(error)
    return None


def is_of_repo(kind, repo):
    """Private names of others come and go with their versions."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return type(file) is str and file.startswith(os.path.join(repo, ""))


def text_of_exception(error, screen, repo):
    """The part of str(error) that stays: the first line, up to the first piece that belongs to this process."""
    frame, raised = None, False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        code = trace.tb_frame.f_code
        raised = trace.tb_lasti >= 0 and code.co_code[trace.tb_lasti] in RAISE
        frame = code.co_filename
    builtin = type(error).__module__ == "builtins"
    if builtin and not raised and not isinstance(error, STABLE_TEXTS) and not (isinstance(error, ValueError) and str(error).startswith(STABLE_WORDS)):
        return ""
    if isinstance(error, (TypeError, AttributeError)) and not (frame or "").startswith(os.path.join(repo, "")):
        return ""  # worded by a library or the interpreter: changes with its version
    return clean_text(error, screen)


def clean_text(error, screen):
    """The same, whoever has worded it."""
    try:
        text = str(error)
    except Exception:
        return ""
    whole = text.split("\n")[0]
    found = SET_TEXT.search(whole)
    keywords = [run.start() for run in LISTED.finditer(whole) if all(word + "=" in screen.said for word in re.findall(r"\w+", run.group()))]
    end = min([screen.clean_until(whole), found.start() if found else len(whole), MAX_MATCH] + keywords)
    return cut(whole, end)


def cut(text, end):
    """text[:end], shortened to whole words when something was left out; empty when too little remains."""
    if end >= len(text):
        return text.strip()
    kept = (text[:end] if text[end].isspace() else re.sub(r"\S*$", "", text[:end])).strip()
    return kept if len(kept) >= 5 else ""


def pattern_of(text):
    """A regular expression for exactly this text, with no more backslashes than it needs."""
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)
