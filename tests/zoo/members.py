"""What a member of the zoo is: how its repository is made, and what is expected of the program there."""
import dataclasses
import pathlib
import textwrap

# A function whose test pins most of it, one whose test looks at half, and one that no test calls.
CALC = '''"""Small sums."""


def price(quantity: int, unit: int) -> int:
    """What so many pieces cost; ten or more are one piece cheaper."""
    total = quantity * unit
    if quantity >= 10:
        total -= unit
    return total


def label(n: int) -> str:
    if n < 0:
        return "negative"
    if n == 0:
        return "zero"
    return "positive"


def share(part: float, whole: float) -> float:
    if whole == 0:
        return 0.0
    return part / whole
'''
CALC_TESTS = '''

def test_price():
    assert price(9, 5) == 45
    assert price(10, 5) == 45


def test_label():
    assert label(-3) == "negative"
'''
# Verdicts of CALC's mutants under CALC_TESTS: every member that holds just these two has them, however it is laid out.
KNOWN = {"Killed": 9, "Survived": 4, "NoCoverage": 13}


@dataclasses.dataclass
class Member:
    name: str
    make: object  # called with the folder of the repository; may return the folder to name on the command line
    exit: int = 0  # of `run`
    kept: int = 0  # functions of which `run` keeps tests, at least
    score_exit: int = 0
    verdicts: dict = None  # of `score`, exactly; None = not looked at
    says: tuple = ()  # phrases of what the two commands print
    silent: tuple = ()  # phrases that must not be there
    arguments: tuple = ()  # for both commands
    environment: dict = dataclasses.field(default_factory=dict)
    venv: bool = False  # runs in build/zoo, which holds the packages
    given: bool = False  # a project whose own environment would have to be made: the interpreter is named with --python
    some: bool = False  # of the share for every day
    run: bool = True
    score: bool = True


MEMBERS = []


def member(name, **expected):
    """Registers the function below it, whose docstring says what is special."""

    def register(make):
        MEMBERS.append(Member(name, make, **expected))
        return make

    return register


def write(repo, files):
    for path, text in files.items():
        file = pathlib.Path(repo) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())


def calc_tests(module):
    return "from %s import label, price\n%s" % (module, CALC_TESTS)
