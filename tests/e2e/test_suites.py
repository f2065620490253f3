"""Suites as they are: what does not pass is grouped by cause in every report, says what it misses, and takes nothing from the rest."""
import json
import signal
import socket
import subprocess
import sys

import pytest

from conftest import OPS, TEST_OPS

HELPED = TEST_OPS + '''
import os
import socket
import subprocess
import sys
import pytest

@pytest.fixture(scope="module")
def database():
    with socket.create_connection(("127.0.0.1", int(open("port").read())), timeout=5) as connection:
        yield connection

@pytest.mark.parametrize("n", range(3))
def test_orders(database, n): pass

def test_direct():
    socket.create_connection(("127.0.0.1", int(open("port").read())), timeout=5)

def test_url(): assert os.environ["SHOP_URL"]
def test_token(): assert "SHOP_TOKEN" in os.environ
def test_never_set(): assert os.environ["SHOP_NEVER"]

def test_driver():
    raise OSError('connection to server at "db.example.org", port 5432 failed: Connection refused\\n\\tIs the server running')
'''


@pytest.fixture
def shut():
    """A port of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def test_causes_are_told_in_every_report(desk, shut):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": HELPED, "tests/test_gone.py": "import surely_not_installed\n",
               "port": str(shut)})
    told = desk("run", "repo", "--run-id", "r", "--no-progress", SHOP_URL="secret-one", SHOP_TOKEN="secret-two", ANTHROPIC_API_KEY="secret-three")
    assert told.code == 0 and "kept" in told.err, told
    refused = f"127.0.0.1:{shut} refused the connection"
    reports = desk.folder / ".mutagen" / "reports"
    report = json.loads((reports / "report.json").read_text())
    causes = {cause["reason"].split(": ")[1] if cause["count"] > 1 or "refused" in cause["reason"] else cause["example"]: cause for cause in report["causes"]}
    assert causes[refused]["count"] == 4, "three whose set-up failed once, and one that tried itself"
    assert causes["db.example.org:5432 refused the connection"]["count"] == 1
    assert report["causes"][0]["example"] == "tests/test_ops.py::test_orders[0]"
    assert "tests/test_gone.py" not in causes and "tests/test_gone.py" in {entry["test"] for entry in report["set_aside"]}, "a note names its module"
    assert report["withheld_variables"] == ["SHOP_TOKEN", "SHOP_URL"], "not those that are not set, not a provider's key"
    assert len(report["set_aside"]) == 9 and report["existing_tests"] == {"total": 9, "passed": 1, "skipped": 0, "xfailed": 0, "not_run": 0}
    text = (reports / "report.md").read_text()
    assert refused in text and "--env SHOP\\_TOKEN --env SHOP\\_URL" in text, text
    assert refused in told.out and f"run {desk.folder}/repo --env SHOP_TOKEN --env SHOP_URL" in told.out.replace("\n    ", " "), told
    assert not any("secret-" in part for part in (told.out, told.err, text, json.dumps(report)))


def test_a_copied_environment(desk):
    """What is looked up in a copy nobody sees; what the repo names of what was withheld is told."""
    tests = TEST_OPS + "\nimport os\n\ndef test_env():\n    env = dict(os.environ)\n    assert env['SHOP_URL']\n"
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": tests})
    told = desk("score", "repo", "--no-progress", SHOP_URL="a", SHOP_TOKEN="b")
    hint, = [line for line in told.err.splitlines() if "read the whole environment" in line]
    assert told.code == 0 and hint.endswith("--env SHOP_URL") and "SHOP_TOKEN" not in told.err, told
    told = desk("score", "repo", "--no-progress", "--env", "SHOP_URL", SHOP_URL="a", SHOP_TOKEN="b")
    assert told.code == 0 and "test_env" not in told.err and "whole environment" not in told.err, told


def test_the_command_that_is_told_works(desk, shut):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": HELPED, "port": str(shut)})
    told = desk("score", "repo", "--no-progress", "--env", "SHOP_URL", "--env", "SHOP_TOKEN", SHOP_URL="a", SHOP_TOKEN="b")
    assert told.code == 0 and "withheld" not in told.err and "test_url" not in told.err and "test_token" not in told.err, told
    (desk.folder / "m.toml").write_text('[sandbox]\npass_env = ["SHOP_URL"]\n')
    told = desk("-c", "m.toml", "score", "repo", "--no-progress", SHOP_URL="a", SHOP_TOKEN="b")
    assert told.code == 0 and "test_url" not in told.err and "to pass them on" in told.err and "--env SHOP_TOKEN" in told.err, told


@pytest.mark.parametrize("name, says", [("ANTHROPIC_API_KEY", "a model provider's key is never passed on to tests"), ("HOME", "tests get a value of ours"),
                                        ("PYTHONPATH", "tests get a value of ours"), ("A=B", "takes the name of a variable")])
def test_what_is_never_passed_on(desk, name, says):
    desk.repo()
    told = desk("score", "repo", "--env", name, ANTHROPIC_API_KEY="k")
    assert told.code == 1 and says in told.err and told.err.count("\n") == 1, told


def long_suite(desk):
    """1,950 tests of 50 ms, then those of the one function that is looked at, in the last file."""
    other = "import time\nimport pytest\n\n@pytest.mark.parametrize('n', range(150))\ndef test_it(n): time.sleep(0.05)\n"
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, **{f"tests/test_a{n:02d}.py": other for n in range(13)}, "tests/test_z.py": TEST_OPS})


def test_first_verdicts_do_not_wait_for_a_long_suite(desk):
    long_suite(desk)
    process = desk.start("score", "repo", "--target", "calc.ops.clamp", "--no-progress")
    for said in process.stderr:
        if said.startswith(("first verdicts after", "[selecting]")):
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert " and 1 tests: " in said and "1950 tests follow" in said, said
    assert process.returncode == 130


def test_calls_that_the_search_makes_up_get_no_passed_variable(desk):
    """The tests have it; what the search calls must not reach a database that the user lends to his tests."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": 'import os\n\n\ndef where(n: int) -> str:\n    if n < 0:\n        return "none"\n    return os.environ.get("SHOP_URL", "unset")\n',
               "tests/test_ops.py": 'import os\nfrom calc.ops import where\n\ndef test_where(): assert os.environ["SHOP_URL"] and where\n'})
    told = desk("run", "repo", "--run-id", "r", "--no-progress", "--env", "SHOP_URL", SHOP_URL="lent-to-tests")
    assert told.code == 0, told
    report = (desk.folder / ".mutagen" / "reports" / "report.json").read_text()
    assert json.loads(report)["existing_tests"] == {"total": 1, "passed": 1, "skipped": 0, "xfailed": 0, "not_run": 0}
    assert "unset" in report, "the calls were made, and the tests that say so did not survive the confirmation, which has the variable"
    assert "lent-to-tests" not in report + told.out + told.err, report


def test_a_fixture_that_is_not_there_is_one_cause(desk):
    """Its tests differ in the place where they ask for it, which pytest says last."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS,
               "tests/test_ops.py": TEST_OPS + "def test_a(benchmark): pass\n\ndef test_b(benchmark): pass\n\ndef test_c(benchmark): pass\n"})
    told = desk("score", "repo", "--no-progress")
    assert told.code == 0 and "3 tests stop with an error in their set-up or teardown: fixture 'benchmark' not found\n" in told.err, told


def test_a_test_that_needs_all_the_depth_there_is_finds_it(desk):
    """Our frames lie below it, too: as far as under plain pytest it can go down under us, with a mutant as without."""
    deep = '''
import os
from calc.ops import clamp

def test_depth():
    def down(n):
        try:
            return down(n + 1)
        except RecursionError:
            return n

    clamp(5, 1, 3)
    if "SHOP_PLAIN" in os.environ:
        open("depth", "w").write(str(down(0)))
    assert down(0) >= int(open("depth").read())
'''
    repo = desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": deep})
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=repo, check=True, stdout=subprocess.DEVNULL, env=desk.environment(SHOP_PLAIN="1"))
    assert int((repo / "depth").read_text()) > 900
    told = desk("score", "repo", "--target", "calc.ops.clamp", "--json", "score.json")
    assert told.code == 0, told
    mutants = json.loads((desk.folder / "score.json").read_text())["files"]["calc/ops.py"]["mutants"]
    assert mutants and {mutant["status"] for mutant in mutants} <= {"Survived", "NoCoverage"} and "Survived" in {mutant["status"] for mutant in mutants}, told


@pytest.mark.parametrize("theirs", ["", "import sys\nsys.stdout.write('theirs\\n')\n"])
def test_programs_that_tests_start_say_nothing_of_ours(desk, theirs):
    """Neither where there is another sitecustomize, which runs as ever, nor where there is none."""
    child = TEST_OPS + f'''
import os
import subprocess
import sys

def test_child():
    done = subprocess.run([sys.executable, "-c", "from calc.ops import clamp; print(clamp(5, 1, 3))"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout == {"theirs" * bool(theirs)!r} + {chr(10) * bool(theirs)!r} + "3" + chr(10), done
'''
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": child, **({"sitecustomize.py": theirs} if theirs else {})})
    told = desk("score", "repo", "--target", "calc.ops.clamp", "--no-witnesses", "--json", "score.json")
    assert told.code == 0 and "fails" not in told.err, told
