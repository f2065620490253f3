"""Starting and collecting: settings of the repo, errors, the tests' folder, and imports that never leave the copy."""
import os
import shutil
import sys

import pytest
from driver import Bench


def test_answers_of_start_and_collect(repo):
    repo.write("src/pkg/__init__.py", "def f(): return 1\n")
    repo.write("tests/unit/test_a.py", "from pkg import f\ndef test_a(): assert f() == 1\nclass TestC:\n    def test_b(self): pass\n")
    repo.write("tests/conftest.py", "")
    repo.write("tests/unit/test_broken.py", "import not_there_at_all\n")
    repo.roots = [os.path.join(repo.path, "src")]
    repo.start()
    assert repo.started["python"] == "%d.%d.%d" % sys.version_info[:3] and repo.started["pytest"] == pytest.__version__
    assert isinstance(repo.started["plugins"], list)
    assert repo.collected["tests"] == [
        {"id": "tests/unit/test_a.py::test_a", "file": "tests/unit/test_a.py"},
        {"id": "tests/unit/test_a.py::TestC::test_b", "file": "tests/unit/test_a.py"},
    ]
    assert [error["where"] for error in repo.collected["errors"]] == ["tests/unit/test_broken.py"]
    assert repo.collected["errors"][0]["text"].startswith("ModuleNotFoundError")
    assert repo.collected["tests_dir"] == "tests" and repo.collected["threads"] == 1 and repo.collected["notes"] == []


def test_no_tests_at_all_still_serves(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.start()
    assert repo.collected["ok"] and repo.collected["tests"] == [] and repo.collected["tests_dir"] == "tests"
    bench = Bench(repo, "mod.py", "f")
    assert bench.target["functions"] == 1
    loaded = bench.wire.ask("load", path="tests/test_new.py", source="from mod import f\ndef test_f(): assert f(1) == 2\n")
    assert loaded["first"] == 0 and len(loaded["tests"]) == 1
    assert bench.verdict("n + 1", "n - 1", [0]) == ("killed", True)


def test_a_missing_testpaths_folder_is_no_error_even_where_warnings_are(repo):
    repo.write("pytest.ini", "[pytest]\ntestpaths = tests\nfilterwarnings = error\n")
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    assert repo.start()["tests"] == []


def test_tests_beside_the_code_belong_beside_the_code(repo):
    repo.write("lib/test_a.py", "def test_a(): pass\n")
    repo.start()
    assert repo.collected["tests_dir"] == "lib"


def test_addopts_are_kept_or_dropped(repo):
    repo.write("pytest.ini", "[pytest]\naddopts = -x --maxfail=1 -m 'not slow'\nmarkers = slow\n")
    repo.write("test_a.py", "import pytest\n@pytest.mark.slow\ndef test_slow(): pass\ndef test_fast(): pass\n")
    assert [test["id"] for test in repo.start()["tests"]] == ["test_a.py::test_fast"]
    assert len(repo.start(keep_addopts=False)["tests"]) == 2


@pytest.mark.parametrize("only, ids", [
    (["tests.py"], ["tests.py::test_a"]),
    (["tests.py::test_a", "other/checks.py"], ["tests.py::test_a", "other/checks.py::test_a"]),
    (["other"], ["other/test_b.py::test_a"]),
    (["build/test_b.py"], ["build/test_b.py::test_a"]),
    (["docs/use.txt"], ["docs/use.txt::use.txt"]),
    (["not_there.py"], []),
    (["tests.py", "setup.cfg"], ["tests.py::test_a"]),
], ids=str)
def test_what_is_named_is_collected_as_on_the_command_line(repo, only, ids):
    """Files whatever their names, places outside of testpaths, folders that pytest does not look into; one without a test takes nothing from the others."""
    repo.write("setup.cfg", "[tool:pytest]\ntestpaths = unit\n")
    repo.write("docs/use.txt", ">>> 1 + 1\n2\n")
    for path in ("unit/test_b.py", "tests.py", "other/checks.py", "other/test_b.py", "build/test_b.py", "build/checks.py"):
        repo.write(path, "def test_a(): pass\n")
    answer = repo.start(only=only)
    assert answer["ok"] and sorted(repo.ids()) == sorted(ids), answer


def test_unknown_options_are_a_usage_error(repo):
    repo.write("pytest.ini", "[pytest]\naddopts = --no-such-option\n")
    repo.write("test_a.py", "def test_a(): pass\n")
    answer = repo.start()
    assert not answer["ok"] and answer["kind"] == "usage" and "--no-such-option" in answer["text"], answer
    assert repo.start(keep_addopts=False)["ok"]


def test_options_that_pytest_knows_stay_where_it_refuses_others(repo):
    repo.write("pytest.ini", "[pytest]\naddopts = --no-such=1 --other value -m 'not slow' --nothing --doctest-modules\nmarkers = slow\n")
    repo.write("test_a.py", '''
        import pytest
        @pytest.mark.slow
        def test_slow(): pass
        def test_fast():
            """
            >>> 1
            1
            """
    ''')
    refused = repo.start()
    assert refused["kind"] == "usage" and refused["addopts"] == "-m 'not slow' --doctest-modules", refused
    assert {test["id"] for test in repo.start(keep_addopts=refused["addopts"])["tests"]} == {"test_a.py::test_a.test_fast", "test_a.py::test_fast"}


def test_a_failure_of_pytest_itself_is_told_by_its_exception(repo):
    repo.write("conftest.py", """
        def pytest_sessionstart():
            raise RuntimeError("the plugin is unhappy\\nFor a reason: that takes two lines")
    """)
    answer = repo.start()
    assert not answer["ok"] and answer["text"] == "pytest itself fails here: RuntimeError: the plugin is unhappy", answer


def test_a_broken_conftest_is_a_collect_error(repo):
    repo.write("conftest.py", "import not_there_at_all\n")
    answer = repo.start()
    assert not answer["ok"] and answer["kind"] == "collect" and "conftest" in answer["text"], answer


def test_threads_at_import_are_noted(repo):
    repo.write("test_a.py", """
        import threading, time
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        def test_a(): pass
        """)
    repo.start()
    assert repo.collected["threads"] == 2 and "thread" in repo.collected["notes"][0]
    assert repo.outcomes() == {"test_a": "passed"}


@pytest.mark.parametrize("kind", ["path", "setuptools", "editables"])
def test_an_editable_install_of_the_original_is_redirected(repo, kind):
    for where in (repo.original, repo.path):
        repo.write("src/pkg/__init__.py", "def where():\n    return %r\n" % os.path.basename(where), where)
    repo.write("tests/test_where.py", "import os, sys, subprocess, pkg\ndef test_where(): assert pkg.where() == 'copy'\n")
    site = os.path.join(os.path.dirname(repo.path), "site")
    source = os.path.join(repo.original, "src")
    os.makedirs(site)
    if kind == "path":
        startup = "import sys; sys.path.append(%r)\n" % source
    elif kind == "setuptools":
        repo.write("__editable___pkg_finder.py", """
            import sys, importlib.util
            MAPPING = {"pkg": %r}
            class _EditableFinder:
                @classmethod
                def find_spec(cls, name, path=None, target=None):
                    if name in MAPPING:
                        return importlib.util.spec_from_file_location(name, MAPPING[name] + "/__init__.py", submodule_search_locations=[MAPPING[name]])
            def install(): sys.meta_path.append(_EditableFinder)
            """ % os.path.join(source, "pkg"), site)
        startup = "import __editable___pkg_finder as finder; finder.install()\n"
    else:
        repo.write("my_redirector.py", """
            import sys, importlib.util
            class RedirectingFinder:
                _redirections = {"pkg": %r}
                @classmethod
                def find_spec(cls, name, path=None, target=None):
                    if name in cls._redirections:
                        return importlib.util.spec_from_file_location(name, cls._redirections[name])
            sys.meta_path.append(RedirectingFinder)
            """ % os.path.join(source, "pkg", "__init__.py"), site)
        startup = "import my_redirector\n"
    repo.write("sitecustomize.py", startup, site)
    repo.environment["PYTHONPATH"] = site
    repo.start()
    assert repo.collected["notes"] == [] and repo.collected["errors"] == []
    assert repo.outcomes() == {"test_where": "passed"}


def test_a_module_already_loaded_from_the_original_is_reported(repo):
    repo.write("early.py", "", repo.original)
    repo.environment["PYTHONPATH"] = repo.original
    site = os.path.join(os.path.dirname(repo.path), "site")
    repo.write("sitecustomize.py", "import early\n", site)
    repo.environment["PYTHONPATH"] += os.pathsep + site
    repo.write("test_a.py", "def test_a(): pass\n")
    repo.start()
    assert len(repo.collected["notes"]) == 1 and "early" in repo.collected["notes"][0]


def test_nothing_is_written_into_the_repo(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_a.py", "from mod import f\ndef test_a(tmp_path): (tmp_path / 'x').write_text('x'); assert f(1) == 2\n")
    repo.start()
    repo.baseline()
    bench = Bench(repo, "mod.py", "f")
    bench.mutant("n + 1", "n - 1", ["test_a"])
    bench.wire.ask("load", path="tests/test_gen.py", source="def test_gen(): pass\n")
    assert sorted(os.listdir(repo.path)) == ["mod.py", "test_a.py", "tests"]
    repo.close()
    assert os.listdir(os.path.join(repo.path, "tests")) == []
    assert os.listdir(repo.original) == []
    shutil.rmtree(repo.scratch)


def test_each_file_is_announced_before_its_import(repo):
    repo.write("tests/test_a.py", "def test_a(): pass\n")
    repo.write("tests/test_b.py", "import os\nos._exit(0)\n")
    with pytest.raises(AssertionError, match="gone"):
        repo.start()
    assert [event["file"] for event in repo.zygote.events] == ["tests/test_a.py", "", "tests/test_b.py"]


def test_a_conftest_that_raises_is_named_with_its_error(repo):
    repo.write("tests/conftest.py", "raise RuntimeError('no luck')\n")
    repo.write("tests/test_a.py", "def test_a(): pass\n")
    repo.start()
    assert not repo.collected["ok"] and "'tests/conftest.py'" in repo.collected["text"] and "no luck" in repo.collected["text"]


def test_lines_that_run_on_import_are_told_of_the_files_that_are_watched(repo):
    """Other files' functions may run meanwhile, and a watched one's when one of them calls it."""
    repo.write("pkg/__init__.py", "")
    repo.write("pkg/a.py", "def f():\n    return 1\n")
    repo.write("pkg/b.py", "from pkg.a import f\ndef g():\n    return f() + 1\n")
    repo.write("test_a.py", "from pkg.b import g\nVALUE = g()\ndef test_a(): assert VALUE == 2\n")
    assert set(repo.start()["imported"]) == {"pkg/a.py", "pkg/b.py"}
    assert set(repo.start(watch=["pkg/a.py"])["imported"]) == {"pkg/a.py"}
    assert Bench(repo, "pkg/a.py", "f").target["imported"] == [[2, 2]]


SEVERAL_FILES = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor: nothing is done beside")
LONG = "".join("def test_%d():\n    assert %d + 1 == %d\n" % (n, n, n + 1) for n in range(900))


def write_settled(repo, path, text):
    """As files of a checkout are: not of this very second."""
    os.utime(repo.write(path, text), (1600000000, 1600000000))


@SEVERAL_FILES
@pytest.mark.parametrize("only, others", [((), True), (("test_a.py", "test_z.py"), False)])
def test_the_last_test_files_are_compiled_while_the_first_is_imported(repo, only, others):
    write_settled(repo, "test_a.py", "import os, time\nPLACE = %r\nEND = time.monotonic() + 30\n"
                  "def there():\n    return any('test_z' in name for _, _, names in os.walk(PLACE) for name in names)\n"
                  "while not there() and time.monotonic() < END:\n    time.sleep(0.01)\n"
                  "EARLY = there()\ndef test_a(): assert EARLY\n" % os.path.join(repo.scratch, "pycache"))
    write_settled(repo, "test_z.py", LONG)
    write_settled(repo, "test_zz.py", LONG)
    repo.environment = {"PYTHONDONTWRITEBYTECODE": ""}
    repo.start(only=only)
    assert [event["outcome"] for event in repo.baseline(tests=[0, 900])] == ["passed", "passed"]
    assert any("test_zz" in name for _, _, names in os.walk(os.path.join(repo.scratch, "pycache")) for name in names) is others


@SEVERAL_FILES
def test_what_compiling_a_test_file_warns_of_is_not_lost(repo):
    repo.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    write_settled(repo, "test_a.py", LONG)
    write_settled(repo, "test_b.py", "def test_b():\n    assert (1, 'always true')\n")
    write_settled(repo, "sub/conftest.py", "")
    write_settled(repo, "sub/test_c.py", "def test_c(): pass\n")
    repo.environment = {"PYTHONDONTWRITEBYTECODE": ""}
    repo.start()
    assert len(repo.ids()) == 901 and [error["where"] for error in repo.collected["errors"]] == ["test_b.py"]


def test_the_set_up_of_a_package_finds_the_module_that_was_imported(repo):
    """It is run all the same, and looks for nothing."""
    repo.write("conftest.py", "import _pytest.python\nLOOKED, REAL = [], _pytest.python.import_path\n"
               "def counted(path, **more):\n    LOOKED.append(path.name)\n    return REAL(path, **more)\n_pytest.python.import_path = counted\n")
    repo.write("tests/__init__.py", "CALLS = []\ndef setup_module():\n    CALLS.append(1)\n")
    repo.write("tests/test_a.py", "import conftest, tests\ndef test_a(): assert tests.CALLS == [1] and conftest.LOOKED == ['test_a.py']\n")
    repo.start()
    assert [event["outcome"] for event in repo.baseline()] == ["passed"]
