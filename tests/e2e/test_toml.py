"""Our TOML reader beside Python's tomllib, on documents that are easy to get wrong, and on every case of toml-test for TOML 1.0.
toml_dump is built beside the program; `make peers` fetches the cases (pinned in deps/test-lock.json)."""
import datetime
import json
import math
import os
import pathlib
import subprocess

import pytest
from conftest import BINARY, ROOT

tomllib = pytest.importorskip("tomllib")
DUMP = pathlib.Path(os.environ.get("MG_TOML_DUMP") or BINARY.parent / "toml_dump")
pytestmark = pytest.mark.skipif(not DUMP.is_file(), reason="toml_dump is not built")

DOCUMENTS = [
    "", "\n", "# only a comment", "a=1", "a = 1 # c", "'a b'.\"c\".d = 1", "\"\" = 1", "a . b = 1\na.\tc = 2", "1.2 = 3", "a = 1\r\nb = 2\r\n",
    "a = 1\rb = 2", "a = 1\n\r\n", "a = +0", "a = -0", "a = 00", "a = 0_1", "a = 1__0", "a = _1", "a = 1_", "a = 0x_1", "a = 0xdead_BEEF",
    "a = 0XFF", "a = +0xff", "a = 0b102", "a = 0o18", "a = 9223372036854775807", "a = -9223372036854775808", "a = 1.", "a = .1", "a = 1.e3", "a = 1e+3",
    "a = 1_0.5_0e1_0", "a = inf", "a = +inf", "a = -nan", "a = Inf", "a = True", "a = tru", "a = truefalse", "a = 1979-05-27", "a = 1979-05-27 07:32:00.5",
    "a = 1979-05-27t07:32:00z", "a = 1979-05-27T07:32:00+24:00", "a = 07:32:00", "a = 7:32:00", "a = 07:32", "a = 24:00:00", "a = 1900-02-29",
    "a = 2000-02-29", "a = 1979-05-27 # c", "a = 1979-05-27 \nb = 1", "a = ''", "a = ''''''", "a = '''\n'''", "a = ''''x'''''", "a = '''x''''''",
    "a = \"\"\"\"x\"\"\"\"\"", "a = \"\"\"a\\\n\n  b\"\"\"", "a = \"\"\"a\\  \n  b\"\"\"", "a = \"\"\"a\\ b\"\"\"", "a = \"\"\"a\r\nb\"\"\"", "a = \"\"\"a\rb\"\"\"", "a = \"a\tb\"",
    "a = \"a\\tb\"", "a = \"\\U0001F600\"", "a = \"\\U00110000\"", "a = \"\\uD800\"", "a = \"\\e\"", "a = \"\x7f\"", "# \x7f", "a = 'é'", "é = 1", "'é' = 1",
    "a = []", "a = [,]", "a = [1,]", "a = [1,,2]", "a = [\n1 # c\n,\n2\n]", "a = [1 2]", "a = [[],[{}]]", "a = {}", "a = {b=1,}", "a = {,}", "a = {b=1,b=2}",
    "a = {b.c=1,b.d=2}", "a = {b={c=1},b.d=2}", "a = {b=1\n}", "a = {b=[\n1\n]}", "a = {b='''\n'''}", "[a]\n[a.b]\n[a.c]", "[a.b]\n[a]", "[a]\n[a]", "[a.b]\n[a]\nb=1",
    "[a.b]\n[a]\nb.c=1", "[a.b.c]\n[a]\nb.d=1", "[a.b.c]\n[a]\nb.d=1\n[a.b]", "a.b=1\n[a.c]", "[t]\na.b=1\n[t.a]", "[t]\na.b=1\n[t.a.c]", "a={}\n[a.b]", "a={}\na.b=1", "a=1\na.b=2",
    "[[a]]\n[[a]]\n[a.b]", "[a]\n[[a]]", "[[a]]\n[a]", "a=[]\n[[a]]", "a=[{}]\n[a.b]", "[[a.b]]\n[a]", "[[a.b]]\n[a.b.c]\n[[a.b]]\n[a.b.c]", "[[a]]\n[[a.b]]\n[a.b]",
    "[]", "[a.]", "[.a]", "[a]x", "[ a . 'b' ]", "[a", "[[a]", "[[a] ]", "[ [a]]", "[a]\nb", "= 1", "a =", "a = 1 2", "a b = 1", "a = \"", "a = '\n'", "\"\"\"a\"\"\" = 1",
    "a.b.c = 1\na.b = 2", "a.b = 1\na.b.c = 2", "a = 1 \t# x\n\t b = 2\t", "[a] # x", "[a]\n'b'=1\n\"b\"=2", "a = \"\\\n\"",
]


def plain(tree):
    """Tagged JSON as tomllib would have read it."""
    if isinstance(tree, list):
        return [plain(item) for item in tree]
    if set(tree) == {"type", "value"} and isinstance(tree["value"], str):
        kind, text = tree["type"], tree["value"]
        stamp = text.upper().replace("T", " ").replace("Z", "+00:00")
        read = {"string": str, "integer": int, "float": float, "bool": lambda word: word == "true",
                "datetime": lambda _: datetime.datetime.fromisoformat(stamp), "datetime-local": lambda _: datetime.datetime.fromisoformat(stamp),
                "date-local": datetime.date.fromisoformat, "time-local": datetime.time.fromisoformat}
        return read[kind](text)
    return {key: plain(value) for key, value in tree.items()}


def same(left, right):
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and left == right


@pytest.mark.parametrize("text", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_agrees_with_tomllib(text):
    try:
        expected = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError):
        expected = None
    answer = subprocess.run([DUMP], input=text.encode(), capture_output=True, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    got = plain(json.loads(answer.stdout)) if answer.returncode == 0 else None
    assert same(got, expected) if expected is not None else got is None, answer.stderr.decode()


# ---- toml-test ----

CORPUS = ROOT / "build" / "toml-test" / "tests"
COUNTS = {"valid": 208, "invalid": 501}  # of the pinned version


def normal(tree):
    """Tagged JSON with numbers and times in one spelling, so that 1e3 equals 1000.0 and a time zone's Z equals +00:00."""
    if isinstance(tree, list):
        return [normal(item) for item in tree]
    if set(tree) != {"type", "value"} or not isinstance(tree["value"], str):
        return {key: normal(value) for key, value in tree.items()}
    kind, value = tree["type"], tree["value"]
    if kind == "float":
        return kind, "nan" if math.isnan(float(value)) else float(value)
    if kind == "integer":
        return kind, int(value)
    if kind in ("datetime", "datetime-local"):
        return kind, datetime.datetime.fromisoformat(value.upper().replace("T", " ").replace("Z", "+00:00"))
    if kind == "time-local":
        return kind, datetime.time.fromisoformat(value)
    return kind, value


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the cases of toml-test are not there: make peers")
def test_every_case_of_toml_test():
    names = [name for name in (CORPUS / "files-toml-1.0.0").read_text().split() if name.endswith(".toml")]
    wrong, count = [], {"valid": 0, "invalid": 0}
    for name in names:
        kind = name.split("/")[0]
        count[kind] += 1
        answer = subprocess.run([DUMP], input=(CORPUS / name).read_bytes(), capture_output=True, check=False)
        if kind == "invalid":
            wrong += [f"{name}: accepted"] * (answer.returncode != 1)
        elif answer.returncode != 0:
            wrong.append(f"{name}: {answer.stderr.decode()}")
        elif normal(json.loads(answer.stdout)) != normal(json.loads((CORPUS / name).with_suffix(".json").read_text())):
            wrong.append(f"{name}: read differently")
    assert (wrong, count) == ([], COUNTS)
