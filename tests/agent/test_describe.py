"""What describe says about parameters, receivers, doctests and reach, whatever the hints look like."""
import sys

import pytest
from driver import Bench

MODULE = '''
    """Things to describe.

    >>> add(1, 2)
    3
    >>> total = add(1, 1)
    >>> add(total, 5)
    7
    >>> add(unknown, 5)
    7
    >>> add(1, "x")
    Traceback (most recent call last):
    TypeError: no
    """
    import abc
    import collections.abc
    import dataclasses
    import datetime
    import decimal
    import enum
    import functools
    import pathlib
    import re
    import typing
    import uuid
    from typing import TYPE_CHECKING, Any, AnyStr, Callable, Dict, Iterable, List, Mapping, NamedTuple, NewType, Optional, Sequence, Set, Tuple, TypeVar, Union

    if TYPE_CHECKING:
        from nowhere import Ghost

    LIMITS = {"low": 1}
    MISSING = object()
    UserId = NewType("UserId", int)
    N = TypeVar("N", int, float)
    B = TypeVar("B", bound=str)

    class Color(enum.Enum):
        RED = 1
        BLUE = "b"

    class Point(NamedTuple):
        x: int
        y: float = 0.5

    @dataclasses.dataclass
    class Box:
        name: str
        corner: Point
        parent: "Optional[Box]" = None
        tags: List[str] = dataclasses.field(default_factory=list)

    class Shape(abc.ABC):
        @abc.abstractmethod
        def area(self): ...

        def twice(self):
            return 2 * self.area()

    class Square(Shape):
        """
        >>> Square(3).area()
        9
        """
        def __init__(self, side: int = 1):
            self.side = side

        def area(self):
            return self.side ** 2

        @property
        def wide(self) -> bool:
            return self.side > 10

        @wide.setter
        def wide(self, value):
            self.side = 11

        @staticmethod
        def unit(n: int):
            return n

        @classmethod
        def make(cls, side: "decimal.Decimal"):
            return cls(side)

        def __hidden(self):
            return 1

        def grow(self, by=2, *, color: Color = Color.RED):
            return self.side + by

    class Word(str):
        def __new__(cls, text: Any = "", again=None):
            return super().__new__(cls, text)

        def loud(self):
            return self.upper()

    class Lonely(abc.ABC):
        @abc.abstractmethod
        def must(self): ...

        def may(self):
            return 1

    BIG = Square(100)
    _SMALL = Square(0)

    def add(a, b):
        """
        >>> add(2, 3)
        5
        """
        return a + b

    def hints(a: int, b: Optional[str], c: "int | None", d: Union[int, str, None], e: Dict[str, List[int]], f: Sequence[bool],
              g: Mapping[str, "Ghost"], h: Tuple[int, ...], i: Tuple[int, str], j: Color, k: Box, l: UserId, m: N, n: B, o: AnyStr,
              p: Callable[[int], str], q: pathlib.Path, r: decimal.Decimal, s: "re.Pattern[str]", t: "list[tuple[int, bytes]]",
              u: Iterable[complex], v: "Ghost | None", w: Any, x: Set[datetime.date], y: "typing.Literal['a', 2]", z: collections.abc.Set) -> "Box":
        return 1

    def odd(a: 12, b: "this is ( not python", c: "NoSuch[int]", d: object, e: "lambda: 0", f: typing.Type[int]):
        return 1

    def defaults(a=1, b=None, c="x", d=LIMITS, e=MISSING, f=Color.BLUE, g=(), h=[1.5], i=Point(1, 2), j=lambda x: x, k=-1.5, l: str = None,
                 *rest: int, m=frozenset({2, 1}), n, **more: str):
        return 1

    def shadowed():
        return 1

    shadowed = 3

    def once(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs)
        return inner

    @once
    def wrapped(a: int, b: str = "z"):
        return a

    @functools.lru_cache(maxsize=None)
    def cached(a: int):
        return a

    def outer():
        def inner():
            return 1
        return inner

    KEEP = outer()

    async def waits(a: uuid.UUID):
        return a

    def yields():
        yield 1

    try:
        class Meta(typing.TypedDict):
            title: str
            size: int
    except AttributeError:
        Meta = dict

    def typed(a: Meta):
        return a
'''


@pytest.fixture
def describe(repo):
    repo.write("pkg/__init__.py", "")
    repo.write("pkg/things.py", MODULE)
    repo.start()

    def ask(qualname, **more):
        bench = Bench(repo, "pkg/things.py", qualname)
        assert bench.target["ok"], bench.target
        answer = bench.wire.ask("describe")
        assert answer["ok"], answer
        return answer
    return ask


def show(kind):
    text = kind["kind"] + ("..." if kind["variadic"] else "")
    if kind["name"] and kind["kind"] != "sample":
        text += ":" + kind["module"] + "." + kind["name"]
    if kind["of"]:
        text += "[" + ", ".join(show(one) for one in kind["of"]) + "]"
    if kind["kind"] in ("enum", "literal"):
        text += "=" + ",".join(kind["values"])
    if kind["params"]:
        text += "(" + ", ".join(p["name"] + ":" + show(p["type"]) for p in kind["params"]) + ")"
    return text


POINT = "class:pkg.things.Point(x:int, y:float)"
BOX = "class:pkg.things.Box(name:str, corner:%s, parent:union[any, none], tags:list[str])" % POINT


def test_every_hint_has_its_kind(describe):
    found = describe("hints")
    assert {p["name"]: show(p["type"]) for p in found["params"]} == {
        "a": "int", "b": "union[str, none]", "c": "union[int, none]", "d": "union[int, str, none]", "e": "dict[str, list[int]]", "f": "list[bool]",
        "g": "dict[str, any]", "h": "tuple...[int]", "i": "tuple[int, str]", "j": "enum:pkg.things.Color=RED,BLUE", "k": BOX, "l": "int",
        "m": "union[int, float]", "n": "str", "o": "str", "p": "callable", "q": "sample", "r": "sample", "s": "sample",
        "t": "list[tuple[int, bytes]]", "u": "iterable[complex]", "v": "union[any, none]", "w": "any", "x": "set[sample]",
        "y": "literal='a',2", "z": "set[any]",
    }
    assert show(found["returns"]) == BOX


def test_samples_evaluate_with_their_imports(describe):
    for parameter in describe("hints")["params"] + describe("waits")["params"] + describe("typed")["params"]:
        space = {}
        for line in parameter["type"]["imports"]:
            exec(line, space)
        if parameter["type"]["kind"] == "sample":
            assert parameter["type"]["values"]
            for value in parameter["type"]["values"]:
                eval(value, space)


def test_nonsense_hints_become_any(describe):
    found = describe("odd")
    assert [show(p["type"]) for p in found["params"]] == ["any", "any", "any", "any", "any", "sample"]


def test_defaults_are_written_down_when_that_is_safe(describe):
    found = {p["name"]: p for p in describe("defaults")["params"]}
    assert {name: p["default"] for name, p in found.items()} == {
        "a": "1", "b": "None", "c": "'x'", "d": "pkg.things.LIMITS", "e": "pkg.things.MISSING", "f": "pkg.things.Color.BLUE", "g": "()",
        "h": "[1.5]", "i": "pkg.things.Point(x=1, y=2)", "j": "", "k": "-1.5", "l": "None", "rest": "", "m": "frozenset({1, 2})", "n": "", "more": "",
    }
    assert {name for name, p in found.items() if not p["has_default"]} == {"rest", "n", "more"}
    assert [(p["kind"], show(p["type"])) for p in found.values()][10:] == [
        ("positional", "float"), ("positional", "union[str, none]"), ("args", "int"), ("keyword", "frozenset[int]"), ("keyword", "any"), ("kwargs", "str"),
    ]
    assert show(found["d"]["type"]) == "dict[str, int]" and show(found["h"]["type"]) == "list[float]" and show(found["j"]["type"]) == "callable"


def test_receivers(describe):
    grow = describe("Square.grow")
    both = "union:pkg.things.Square[class:pkg.things.Square(side:int), class:pkg.things.Square.make(side:sample)]"
    assert show(grow["receiver"]) == both  # by its constructor, and by a class method that makes one
    assert grow["receiver_values"] == ["pkg.things.BIG", "pkg.things._SMALL"]
    assert [(p["name"], p["default"], show(p["type"])) for p in grow["params"]] == [
        ("by", "2", "int"), ("color", "pkg.things.Color.RED", "enum:pkg.things.Color=RED,BLUE"),
    ]
    assert describe("Square.unit")["receiver"] is None
    make = describe("Square.make")
    assert make["receiver"] is None and [(p["name"], show(p["type"])) for p in make["params"]] == [("side", "sample")]
    twice = describe("Shape.twice")  # abstract itself, but a concrete class inherits the method
    assert show(twice["receiver"]) == both and twice["unreachable"] == ""


def test_what_cannot_be_called_says_why(describe):
    assert describe("shadowed")["unreachable"] == "not importable: the name shadowed stands for something else"
    assert describe("outer.inner")["unreachable"] == "not importable: outer is no class of the module"
    assert describe("Square.__hidden")["unreachable"] == "not importable: the name is mangled outside its class"
    assert describe("Lonely.may")["unreachable"] == "not importable: no object of class Lonely can be made"
    must = describe("Shape.area")
    assert must["is_abstract"] and must["unreachable"]
    for name in ("add", "wrapped", "cached", "Square.area", "Square.make", "Square.unit", "waits"):
        assert describe(name)["unreachable"] == "", name


def test_wrappers_and_flavours(describe):
    assert [(p["name"], show(p["type"])) for p in describe("wrapped")["params"]] == [("a", "int"), ("b", "str")]
    assert [p["name"] for p in describe("cached")["params"]] == ["a"]
    assert describe("waits")["is_async"] and describe("yields")["is_generator"]
    assert not describe("add")["is_async"] and not describe("add")["is_generator"]


def test_doctests_that_call_the_target(describe):
    assert describe("add")["doctests"] == [
        {"source": "add(2, 3)", "want": "5"}, {"source": "add(1, 2)", "want": "3"}, {"source": "add(add(1, 1), 5)", "want": "7"},
    ]
    assert describe("Square.area")["doctests"] == [{"source": "Square(3).area()", "want": "9"}]


def test_a_module_hidden_by_its_package_is_named_in_another_way(repo):
    repo.write("pkg/__init__.py", "from .things import things\n")
    repo.write("pkg/things.py", "class C:\n    def m(self, a=None):\n        return a\n\nBIG = C()\nNONE = object()\n\ndef things(a=NONE):\n    return a\n")
    repo.start()
    assert Bench(repo, "pkg/things.py", "things").wire.ask("describe")["params"][0]["default"] == "NONE"
    assert Bench(repo, "pkg/things.py", "C.m").wire.ask("describe")["receiver_values"] == ["BIG"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are newer")
def test_type_parameters(repo):
    repo.write("new.py", "type Pair[T] = tuple[T, T]\n\ndef f[T: int](a: T, b: list[T], c: Pair[int]) -> T:\n    return a\n")
    repo.start()
    found = Bench(repo, "new.py", "f").wire.ask("describe")
    assert [show(p["type"]) for p in found["params"]][:2] == ["int", "list[int]"]


def test_what_a_text_is_made_of_is_text(describe):
    """Word(0) would be one, too, but nobody writes it."""
    assert [param["type"]["kind"] for param in describe("Word.loud")["receiver"]["params"]] == ["str", "any"]


def test_what_takes_anything_in_new_is_made_by_its_initializer(repo):
    repo.write("m.py", """
        class Proxy:
            def __new__(cls, *args, **kwargs):
                return super().__new__(cls)
            def __init__(self, wrapped, /, *, name=""):
                self.wrapped = wrapped
            def get(self):
                return self.wrapped
    """)
    repo.start()
    params = Bench(repo, "m.py", "Proxy.get").wire.ask("describe")["receiver"]["params"]
    assert [(param["name"], param["kind"]) for param in params] == [("wrapped", "positional_only"), ("name", "keyword")]


def test_classes_that_name_each_other_are_described_in_few_words(repo):
    """A tree of twelve kinds of nodes, each of which may hold each: all ways down would be thousands."""
    kinds = ["Node%d" % n for n in range(12)]
    nodes = "".join("@dataclasses.dataclass\nclass %s:\n    left: \"Tree\"\n    right: \"Tree\" = None\n\n" % kind for kind in kinds)
    text = "import dataclasses\nfrom typing import Union\n\n" + nodes + "Tree = Union[%s]\n\ndef depth(tree: Tree, other: Tree) -> int:\n    return 1\n" % ", ".join(kinds)
    repo.write("m.py", text)
    repo.start()
    found = Bench(repo, "m.py", "depth").wire.ask("describe")["params"]

    def count(described):
        return 1 + sum(map(count, described["of"])) + sum(count(param["type"]) for param in described["params"])

    assert [param["type"]["kind"] for param in found] == ["union", "union"] and 100 < count(found[0]["type"]) < 3000 and found[0]["type"] == found[1]["type"]
