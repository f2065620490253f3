"""What tests miss: addresses that refuse, variables that are not set; and a baseline that pauses."""
import socket

import pytest

TESTS = '''
    import os, socket
    import pytest
    from mod import Settings

    def port(): return int(open("port").read())

    @pytest.fixture(scope="session")
    def database(): socket.create_connection(("localhost", port()), timeout=5)

    def test_first(database): pass
    def test_second(database): pass
    def test_wrapped():
        try:
            socket.create_connection(("127.0.0.1", port()), timeout=5)
        except OSError as exc:
            raise RuntimeError("no database") from exc
    def test_caught():
        try:
            socket.create_connection(("127.0.0.1", port()), timeout=5)
        except OSError:
            pass
        assert 0, "something else"
    def test_redis(): raise RuntimeError("Error 111 connecting to cache:6379. Connection refused.")
    def test_get(): assert os.environ.get("MOD_GET")
    def test_in(): assert "MOD_IN" in os.environ
    def test_getenv(): assert os.getenv("MOD_GETENV", "default") == "other"
    def test_set(monkeypatch):
        monkeypatch.setenv("MOD_SET", "x")
        assert os.environ["MOD_SET"] == "y"
    def test_item(): Settings()
    def test_copies(): assert os.environ.copy()["MOD_COPIED"]
    def test_dict(): assert "MOD_COPIED" in {**os.environ}
    def test_items(): assert [name for name, value in os.environ.items() if name == "MOD_COPIED"]
    def test_passes(): assert os.environ.get("MOD_UNUSED") is None
'''
MODULE = '''
    import os
    AT_IMPORT = os.environ.get("MOD_AT_IMPORT")
    class Settings:
        def __init__(self): self.url = os.environ["MOD_ITEM"]
'''


@pytest.fixture
def shut():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def by_name(bench, events):
    return {bench.ids()[event["test"]].split("::")[1]: event for event in events}


def test_addresses_and_variables(repo, shut):
    repo.write("mod.py", MODULE)
    repo.write("test_mod.py", TESTS)
    repo.write("port", str(shut))
    collected = repo.start()
    assert collected["asked"] == ["MOD_AT_IMPORT"]
    told = by_name(repo, repo.baseline(files=["mod.py"]))
    assert told["test_first"]["refused"] == told["test_second"]["refused"], "pytest keeps the exception of the fixture"
    assert told["test_first"]["refused"][0].endswith(":%d" % shut)
    assert told["test_wrapped"]["refused"] == ["127.0.0.1:%d" % shut]
    assert told["test_redis"]["refused"] == ["cache:6379"]
    assert told["test_passes"]["refused"] == []
    asked = {name: event["asked"] for name, event in told.items()}
    assert asked["test_get"] == ["MOD_GET"] and asked["test_in"] == ["MOD_IN"] and asked["test_getenv"] == ["MOD_GETENV"]
    assert asked["test_copies"] == asked["test_dict"] == asked["test_items"] == ["*"], "what is looked up in a copy nobody sees"
    assert asked["test_item"] == ["MOD_ITEM"] and asked["test_set"] == [], "what a test sets itself it does not miss"


def test_collection_errors_say_what_they_miss(repo, shut):
    repo.write("test_a.py", "import os\nURL = os.environ['MOD_URL']\n")
    repo.write("test_b.py", "import socket\nsocket.create_connection(('127.0.0.1', %d))\n" % shut)
    errors = {error["where"]: error for error in repo.start()["errors"]}
    assert errors["test_a.py"]["asked"] == ["MOD_URL"] and errors["test_a.py"]["refused"] == []
    assert errors["test_b.py"]["refused"] == ["127.0.0.1:%d" % shut] and errors["test_b.py"]["asked"] == []


def test_a_pause_comes_between_two_tests(repo):
    repo.write("mod.py", "def f(): return 1\n")
    repo.write("test_mod.py", "from mod import f\n" + "".join("def test_%d(): assert f()\n" % n for n in range(5)))
    repo.start()
    told = list(repo.baseline(files=["mod.py"], pause=1e-6))
    assert [event["test"] for event in told] == [0], "the first test is always run, and none is cut off"
    assert [event["test"] for event in repo.baseline(files=["mod.py"], tests=[1, 2, 3, 4])] == [1, 2, 3, 4]
