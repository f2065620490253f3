"""`score --json` against the published schema, and its verdicts replayed on disk: text from the JSON alone, plain pytest, no code of ours."""
import json
import shutil
import subprocess
import sys
import tarfile

import pytest

from conftest import ROOT

PACKAGE = "mutation-testing-report-schema@3.8.4"
STATUSES = {"Killed", "Survived", "NoCoverage", "Timeout", "RuntimeError", "Ignored"}

# CRLF and characters of one, two and four bytes before the mutated spans; tabs; two statements on a line.
SOURCE = ('# caf\u00e9 \U0001f40d\r\n\r\n\r\ndef label(count):\r\n    "\U0001f40d"\r\n    caf\u00e9 = "\U0001f40d\U0001f40d" if count < 1 else "x"\r\n'
          '    if count > 10 and caf\u00e9:\r\n        caf\u00e9 = caf\u00e9 + "\U0001f40d"; count = count - 1\r\n    return caf\u00e9, count\r\n')
TABS = "class C:\n\t@staticmethod\n\tdef total(a, b=2):\n\t\ttotal = 0\n\t\tfor x in range(a):\n\t\t\tif x % 2 == 0: total += x\n\t\t\telse:\n\t\t\t\ttotal -= b\n\t\treturn total\n"
TESTS = '''from pkg.label import label
from pkg.tabs import C


def test_label():
    assert label(0) == ("\U0001f40d\U0001f40d", 0)
    assert label(11)[1] == 10


def test_total():
    assert C.total(3) == 0
'''
FILES = {"pkg/__init__.py": "", "pkg/label.py": SOURCE, "pkg/tabs.py": TABS, "tests/test_pkg.py": TESTS}


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    from conftest import Desk
    desk = Desk(tmp_path_factory.mktemp("scored"))
    desk.repo(FILES)
    result = desk("score", "repo", "--json", "out.json")
    assert result.code == 0, result
    return desk, json.loads((desk.folder / "out.json").read_text("utf-8"))


def units(text):
    """Offsets of `text` by UTF-16 code unit, as JavaScript counts."""
    offsets = []
    for index, character in enumerate(text):
        offsets += [index] * (2 if ord(character) > 0xFFFF else 1)
    return offsets + [len(text)]


def offset(source, position):
    lines = source.split("\n")
    return sum(len(line) + 1 for line in lines[:position["line"] - 1]) + units(lines[position["line"] - 1])[position["column"] - 1]


def mutated(source, mutant):
    start, end = (offset(source, mutant["location"][side]) for side in ("start", "end"))
    return source[:start] + mutant["replacement"] + source[end:]


def test_the_form(scored):
    _, report = scored
    assert report["schemaVersion"] == "2" and report["thresholds"] == {"high": 80, "low": 60} and report["framework"]["name"] == "Mutagen"
    assert set(report["files"]) == {"pkg/label.py", "pkg/tabs.py"}
    tests = {test["id"] for file in report["testFiles"].values() for test in file["tests"]}
    ids = [mutant["id"] for file in report["files"].values() for mutant in file["mutants"]]
    assert len(ids) == len(set(ids)) > 15
    for path, file in report["files"].items():
        assert file["language"] == "python" and file["source"] == FILES[path]
        for mutant in file["mutants"]:
            assert mutant["status"] in STATUSES and mutant["mutatorName"] and mutant["description"]
            assert set(mutant.get("killedBy", ())) <= tests
            assert (mutant["status"] == "Killed") == ("killedBy" in mutant)


def test_facts_that_the_form_has_no_place_for(scored):
    desk, report = scored
    statuses = [mutant["status"] for file in report["files"].values() for mutant in file["mutants"]]
    facts = report["mutagen"]
    assert report["config"] == {"level": 1, "matrix": False} and facts["status"] == "succeeded" and facts["mutantsFound"] == len(statuses)
    assert (facts["verdicts"]["killed"], facts["verdicts"]["survived"]) == (statuses.count("Killed"), statuses.count("Survived"))
    assert facts["static"] == {"judged": 0, "leftOut": 0} and "verified" not in facts
    result = desk("score", "repo", "--static", "--verify", "4", "--json", "static.json", "--target", "pkg.label*")
    assert result.code == 0, result
    static = json.loads((desk.folder / "static.json").read_text("utf-8"))
    found = [mutant for file in static["files"].values() for mutant in file["mutants"] if mutant.get("static")]
    assert static["mutagen"]["static"] == {"judged": len(found), "leftOut": 0}
    assert static["mutagen"]["verified"] == {"replayed": 4, "agree": 4}, static["mutagen"]


VALIDATOR = "jsonschema==4.23.0"
VALIDATE = "import json, sys, jsonschema; jsonschema.validate(json.load(open(sys.argv[1], encoding='utf-8')), json.load(open(sys.argv[2], encoding='utf-8')))"


def schema_tools():
    """A Python with the validator and the schema of the npm package, both pinned, kept in build/ from one time to the next."""
    folder = ROOT / "build" / "schema"
    python, schema = folder / "venv" / "bin" / "python", folder / (PACKAGE.replace("@", "-") + ".json")
    if not shutil.which("npm") and not schema.is_file():
        pytest.skip("npm is not installed")
    if subprocess.run([python, "-c", "import jsonschema"], capture_output=True, check=False).returncode if python.exists() else True:
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        done = subprocess.run([python, "-m", "pip", "install", "-q", VALIDATOR], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(f"{VALIDATOR} cannot be fetched: {done.stderr[-200:]}")
    if not schema.is_file():
        done = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(f"{PACKAGE} cannot be fetched: {done.stderr[-200:]}")
        with tarfile.open(next(folder.glob("*.tgz"))) as package:
            schema.write_bytes(package.extractfile("package/src/mutation-testing-report-schema.json").read())
    return python, schema


def test_the_published_schema(scored):
    desk, report = scored
    python, schema = schema_tools()
    assert desk("score", "repo", "--matrix", "--json", "matrix.json").code == 0
    assert any(mutant.get("coveredBy") for file in report["files"].values() for mutant in file["mutants"])
    assert desk("score", "repo", "--static", "--verify", "2", "--json", "verified.json").code == 0
    for name in ("out.json", "matrix.json", "verified.json"):
        done = subprocess.run([python, "-c", VALIDATE, desk.folder / name, schema], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (desk.folder / "bad.json").write_text(json.dumps({**report, "files": {"a": {"language": "python"}}}))
    assert subprocess.run([python, "-c", VALIDATE, desk.folder / "bad.json", schema], capture_output=True, check=False).returncode, "the validator can say no"


def test_every_location_is_the_span(scored):
    _, report = scored
    for file in report["files"].values():
        for mutant in file["mutants"]:
            text = mutated(file["source"], mutant)
            assert text != file["source"] and text.count("\n") == file["source"].count("\n")
            compile(text, "mutant", "exec")


def test_verdicts_hold_on_disk(scored):
    desk, report = scored
    repo = desk.folder / "replay"
    shutil.copytree(desk.folder / "repo", repo)
    environment = desk.environment(PYTHONDONTWRITEBYTECODE="1")
    seen = {"Killed": 0, "Survived": 0, "NoCoverage": 0}
    for path, file in report["files"].items():
        for mutant in file["mutants"]:
            if seen.get(mutant["status"], 9) >= 6:
                continue
            seen[mutant["status"]] += 1
            (repo / path).write_bytes(mutated(file["source"], mutant).encode())
            done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=repo, env=environment, capture_output=True, text=True,
                                  timeout=60, check=False)
            assert done.returncode == (1 if mutant["status"] == "Killed" else 0), (mutant, done.stdout)
            (repo / path).write_bytes(file["source"].encode())
    assert seen["Killed"] > 2 and seen["Survived"] > 0, seen


def test_standard_output(scored):
    desk, report = scored
    result = desk("score", "repo", "--json", "-")
    assert result.code == 0, result
    again = json.loads(result.out)
    for file in (*again["files"].values(), *report["files"].values()):
        for mutant in file["mutants"]:
            mutant.pop("duration", None)
    assert again == report
