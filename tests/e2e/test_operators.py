"""Which operators work: flags and settings, the listing, and what the agent does with mutants that are no plain change of code."""
import json
import os
import sys

import pytest

from conftest import ROOT

SOURCE = '''import re


def scale(value, factor=2, *, sign=1, note="x"):
    text = re.sub("a", "b", "aaa")
    return value * factor * sign


def first(items):
    for item in items:
        if item:
            return item
    return None


def guarded(text):
    try:
        return int(text)
    except (ValueError, TypeError):
        return -1


def outer(value):
    def twice(by=2):
        return value * by
    return twice()
'''
TESTS = '''from pkg.mod import first, guarded, outer, scale


def test_all():
    assert scale(3) == 6
    assert first([0, 5]) == 5
    assert not first([])
    assert guarded("x") == -1
    assert outer(3) == 6
'''
FILES = {"pkg/__init__.py": "", "pkg/mod.py": SOURCE, "tests/test_mod.py": TESTS}


def mutants(desk, *settings):
    """{(operator, replacement, line): status} of a score with these lines in the table [mutation]."""
    config = desk.folder / "c.toml"
    config.write_text("[mutation]\n" + "\n".join(settings))
    done = desk("score", "repo", "-c", config, "--json", "out.json", "--no-progress")
    assert done.code == 0, done
    found = {}
    for file in json.loads((desk.folder / "out.json").read_text())["files"].values():
        for mutant in file["mutants"]:
            found[mutant["mutatorName"], mutant["replacement"], mutant["location"]["start"]["line"]] = mutant["status"]
    return found


def names(found):
    return {name for name, _, _ in found}


def test_defaults_are_given_to_the_live_function(desk):
    desk.repo(FILES)
    assert mutants(desk, 'operators = ["DEF"]', "level = 2") == {
        ("DEF", "2 + 1", 4): "Killed",
        ("DEF", "1 + 1", 4): "Killed",
        ("DEF", '""', 4): "Survived",
        ("DEF", "2 + 1", 24): "Killed",
    }


def test_only_some_operators(desk):
    desk.repo(FILES)
    assert names(mutants(desk, 'operators = ["ZIL", "EXR"]')) == {"ZIL", "EXR"}
    everything = names(mutants(desk, "level = 1"))
    assert {"AOR", "ZIL", "RVR"} <= everything and "XMT" not in everything and "OIL" not in everything
    assert names(mutants(desk, "level = 1", 'operators = ["-AOR", "+XMT"]')) == everything - {"AOR"} | {"XMT"}


def test_an_exception_that_no_test_raises_survives(desk):
    desk.repo(FILES)
    assert mutants(desk, 'operators = ["EXR", "CRP-none"]', "level = 2") == {
        ("EXR", "(ValueError,)", 19): "Survived",
        ("EXR", "(TypeError,)", 19): "Killed",
        ("CRP-none", '""', 13): "Survived",
    }


def test_the_same_bytecode_is_ignored_although_the_file_imports_what_it_calls(desk):
    """`re.sub` is other bytecode where the file imports `re`: a mutant that folds into the same constant must be known as equal all the same."""
    source = 'import re\n\n\ndef f(x):\n    y = re.sub("b", "c", x, 1 << 0)\n    return y\n'
    desk.repo({"pkg/__init__.py": "", "pkg/mod.py": source, "tests/test_mod.py": 'from pkg.mod import f\n\n\ndef test_f():\n    assert f("bb") == "cb"\n'})
    found = mutants(desk, 'operators = ["BOR", "CRP-str"]', "level = 2")
    assert found == {("BOR", ">>", 5): "Ignored", ("CRP-str", '""', 5): "Killed"}


def test_twins_count_once(desk):
    """`assert True` and no assertion at all are one change."""
    source = "def f(x, y):\n    assert x == 1\n    return y\n"
    desk.repo({"pkg/__init__.py": "", "pkg/mod.py": source, "tests/test_mod.py": "from pkg.mod import f\n\n\ndef test_f():\n    assert f(1, 2) == 2\n"})
    found = mutants(desk, "level = 3", 'operators = ["ROR", "SDL"]')
    assert sorted([found["SDL", "pass", 2], found["ROR", "(True)", 2]]) == ["Ignored", "Survived"]
    assert found["ROR", "(False)", 2] == "Killed"


def test_score_takes_the_same_flags(desk):
    """Also from the cache: other operators are another question."""
    desk.repo(FILES)
    for operators, wanted in (("ZIL", {"ZIL"}), ("ZIL,RVR", {"ZIL", "RVR"}), ("ZIL", {"ZIL"})):
        done = desk("score", "repo", "--operators", operators, "--json", "out.json", "--no-progress")
        assert done.code == 0, done
        files = json.loads((desk.folder / "out.json").read_text())["files"].values()
        assert {mutant["mutatorName"] for file in files for mutant in file["mutants"]} == wanted


def test_flags_and_mistakes(desk):
    repo = desk.repo()
    done = desk("run", repo, "--operators", "-RRO")
    assert done.code == 64 and done.err.strip() == "mutagen: --operators: mutation.operators has no 'RRO'; did you mean 'ROR'?"
    done = desk("run", repo, "--level", "4")
    assert done.code == 64 and "mutation.level must be a whole number from 1 to 3, not '4'" in done.err
    done = desk("run", repo, "--operators", "ROR", "--level", "1", "--no-progress", "--target", "calc.ops.clamp")
    assert done.code == 0, done
    report = (desk.folder / ".mutagen" / "reports" / "report.json").read_text()
    assert '"ROR"' in report and '"RVR"' not in report


def test_the_listing_names_every_operator(desk):
    done = desk("operators")
    assert done.code == 0 and done.err == ""
    lines = done.out.splitlines()
    assert lines[0].split()[:2] == ["operator", "level"]
    assert any(line.startswith("EXR") and "except (A, B): h()  ->  try: g() | except (B,): h()" in line for line in lines)
    assert len([line for line in lines if line[:3].isupper()]) == 32


@pytest.fixture
def mutmut(desk):
    """A file of settings for it. MUTAGEN_TEST_MUTMUT names a folder with mutmut's packages (make test makes build/mutmut)."""
    made = sorted((ROOT / "build" / "mutmut").glob("lib/python3*/site-packages"))
    site = os.environ.get("MUTAGEN_TEST_MUTMUT") or (made and str(made[-1]))
    if not site or f"python{sys.version_info[0]}.{sys.version_info[1]}" not in site:
        pytest.skip("no mutmut for this Python")
    config = desk.folder / "c.toml"
    config.write_text(f'[mutation]\nbackend = "mutmut"\nmutmut_site = "{site}"\n')
    return config


def test_mutmut_gets_the_variables_that_are_passed_on(desk, mutmut):
    tests = "import os\nfrom calc import clamp\n\n\ndef test_clamp():\n    assert os.environ['SHOP_TOKEN'] == 'x' and clamp(0, 0) == 0 and clamp(-1, 0) == 0\n"
    desk.repo({"calc.py": "def clamp(value, low):\n    if value < low:\n        return low + 0\n    return value\n", "test_calc.py": tests})
    done = desk("score", "repo", "-c", mutmut, "--env", "SHOP_TOKEN", "--json", "out.json", "--no-progress", SHOP_TOKEN="x")
    assert done.code == 0, done
    found = [mutant for file in json.loads((desk.folder / "out.json").read_text())["files"].values() for mutant in file["mutants"]]
    assert "Killed" in {mutant["status"] for mutant in found}, found


def test_a_second_opinion_by_mutmut(desk, mutmut):
    desk.repo(FILES)
    done = desk("score", "repo", "-c", mutmut, "--target", "pkg.mod.guarded", "--json", "out.json", "--no-progress")
    assert done.code == 0, done
    found = [mutant for file in json.loads((desk.folder / "out.json").read_text())["files"].values() for mutant in file["mutants"]]
    assert {mutant["mutatorName"] for mutant in found} == {"mutmut"}
    assert [mutant["replacement"] for mutant in found if mutant["status"] == "Survived"] == ["None"], found  # int(None): the TypeError is caught
    done = desk("score", "repo", "-c", mutmut, "--sample", "3")
    assert done.code == 1 and "backend mutmut makes its own mutants" in done.err
