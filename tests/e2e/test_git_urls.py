"""`run` and `score` on git URLs: real git, over file://, git's own HTTP backend, plain files, and servers that fail."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest
from conftest import OPS, TEST_OPS, tree
from git_server import BACKEND, GitServer

TOKEN = "tok-5d41402abc4b2a76"


def git(folder, *arguments):
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    return subprocess.run(["git", "-C", folder, *arguments], env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def origin(desk):
    """A repository with three commits: the first has no test; a branch `other` has one more function; a tag on the second."""
    folder = desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS}, name="work")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    (folder / "tests").mkdir()
    (folder / "tests/test_ops.py").write_text(TEST_OPS)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "two")
    git(folder, "tag", "v1")
    git(folder, "checkout", "-qb", "other")
    (folder / "calc/more.py").write_text("def double(x: int) -> int:\n    if x > 3:\n        return x * 2\n    return x + 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "three")
    git(folder, "checkout", "-q", "main")
    subprocess.run(["git", "clone", "-q", "--bare", folder, desk.folder / "srv" / "calc.git"], check=True, capture_output=True)
    git(desk.folder / "srv/calc.git", "update-server-info")
    desk.settings = desk.folder / "settings.toml"
    desk.settings.write_text("ingest.retry_backoff_seconds = 0\nmutation.witnesses = false\n")
    return desk.folder / "srv" / "calc.git"


def score(desk, url, *more, **env):
    return desk("-c", desk.settings, "score", url, "--no-progress", *more, **env)


def clones(desk):
    root = desk.folder / ".mutagen/repos"
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.exists() else []


def everything(desk):
    """All text that a run left behind, in files and in the store."""
    return b"".join(path.read_bytes() for path in (desk.folder / ".mutagen").rglob("*") if path.is_file())


@pytest.mark.parametrize("form", ["file://{0}", "FILE://{0}", "git+file://{0}@main", "{0}"])
def test_local_git_urls(desk, origin, form):
    result = score(desk, form.format(origin))
    assert result.code == 0 and "clamp" in result.out, result
    assert [path.name.rsplit("-", 1)[0] for path in clones(desk)] == ["calc"]
    assert list(desk.tmp.iterdir()) == []


def test_branch_and_rev(desk, origin):
    url = f"file://{origin}"
    first = git(origin, "rev-parse", "main~1")
    assert "double" in score(desk, url, "--branch", "other", "--all").out
    assert "double" not in score(desk, url, "--branch", "v1", "--all").out
    assert "no test" in score(desk, url, "--rev", first).err
    assert "no test" in score(desk, url, "--rev", "v1~1").err
    assert len(clones(desk)) == 4
    for arguments, words in [(["--branch", "gone"], "has no branch or tag 'gone'"), (["--rev", "abcdef1"], "has no commit, branch or tag 'abcdef1'"),
                             (["--branch", "-uevil"], "is no name of a branch"), (["--branch", "a:b"], "is no name of a branch")]:
        result = score(desk, url, *arguments)
        assert result.code in (1, 64) and words in result.err and len(result.err.splitlines()) <= 2, result
    assert score(desk, url, "--branch", "main", "--rev", "v1").code == 64
    assert score(desk, desk.folder / "work", "--branch", "main").code == 64
    assert len(clones(desk)) == 4 and not [path for path in (desk.folder / ".mutagen/repos").iterdir() if path.name.startswith(".new")]


def test_a_local_folder_wins_over_its_name(desk, origin):
    weird = desk.folder / "https:" / "host.example"
    weird.mkdir(parents=True)
    (weird / "mod.py").write_text("def f(x):\n    y = x + 1\n    return y\n")
    (weird / "test_mod.py").write_text("from mod import f\n\n\ndef test_f():\n    assert f(1) == 2\n")
    result = score(desk, "https://host.example")
    assert result.code == 0 and clones(desk) == [], result


def test_a_run_goes_on_and_applies(desk, origin):
    url = f"file://{origin}"
    first = desk("run", url, "--run-id", "x", "--max-targets", "1", "--no-progress")
    assert first.code == 3, first
    second = desk("run", url, "--run-id", "x", "--no-progress")
    assert second.code == 0 and "working on" in second.err and "begun anew" not in second.out + second.err, second
    clone, = clones(desk)
    assert git(clone, "status", "--porcelain") == ""
    applied = desk("apply", "--run-id", "x")
    assert applied.code == 0 and str(clone) in applied.out, applied
    assert git(clone, "status", "--porcelain").startswith("??")


def test_upstream_moves(desk, origin):
    url, work = f"file://{origin}", desk.folder / "work"
    score(desk, url)
    (work / "calc/late.py").write_text("def late(x):\n    y = x - 1\n    return y\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "late")
    git(work, "push", "-q", origin, "main")
    assert "late" in score(desk, url, "--all").out
    clone, = clones(desk)
    (clone / "calc/ops.py").write_text(OPS + "\n\ndef mine(x):\n    y = x + 3\n    return y\n")
    changed = score(desk, url, "--all")
    assert "changes that are not committed" in changed.err and "mine" in changed.out, changed
    origin.rename(origin.with_name("away"))
    assert "mine" in score(desk, url, "--all").out


def test_old_clones_go_when_another_is_made(desk, origin):
    """But none with work in it that nobody else has: changes, files that git does not know, commits."""
    url = f"file://{origin}"
    wanted = {"main": None, "v1": None, "other": None}
    for name in wanted:
        score(desk, url, "--branch", name)
        wanted[name], = set(clones(desk)) - set(filter(None, wanted.values()))
    (wanted["v1"] / "tests/test_of_mine.py").write_text("")
    for clone in wanted.values():
        lock = clone.with_name(clone.name + ".lock")
        os.utime(lock, (time.time() - 31 * 86400,) * 2)
    score(desk, url, "--branch", "other")  # is used again, and nothing is made
    assert len(clones(desk)) == 3
    result = score(desk, url)
    assert result.code == 0 and "removed 1 clone that nobody used for 30 days" in result.err, result
    assert wanted["main"] not in clones(desk) and len(clones(desk)) == 3 and wanted["v1"] in clones(desk)


@pytest.mark.skipif(not BACKEND.exists(), reason="git's http-backend is not installed")
def test_credentials_get_in_and_nowhere_else(desk, origin):
    with GitServer(origin.parent, password=f"me:{TOKEN}") as server, GitServer(origin.parent) as elsewhere:
        refused = score(desk, f"http://{server.host}/calc.git")
        assert refused.code == 1 and "access denied" in refused.err and len(refused.err.splitlines()) == 2, refused
        wrong = score(desk, f"http://me:not-{TOKEN}@{server.host}/calc.git")
        assert wrong.code == 1 and TOKEN not in wrong.err and clones(desk) == [], wrong
        result = desk("run", f"HTTP://me:{TOKEN}@{server.host}/calc.git", "--run-id", "x", "--no-progress", "--max-targets", "1")
        assert result.code == 3, result
        assert TOKEN not in result.out + result.err and TOKEN.encode() not in everything(desk)
        assert sum(auth is not None for _, auth in server.requests) >= 2
        server.http.redirect, server.http.password = f"http://{elsewhere.host}", ""
        elsewhere.http.password = "x:y"
        led = score(desk, f"http://me:{TOKEN}@{server.host}/calc.git", "--branch", "other")
        assert led.code == 1 and elsewhere.requests and not any(auth for _, auth in elsewhere.requests), led
        server.http.redirect, server.http.password = "", f"me:{TOKEN}"
        query = score(desk, f"http://{server.host}/calc.git?access_token={TOKEN}")
        assert TOKEN not in query.out + query.err and TOKEN.encode() not in everything(desk), query


def test_dumb_http(desk, origin):
    with GitServer(origin.parent, dumb=True) as server:
        assert score(desk, f"http://{server.host}/calc.git").code == 0
        gone = score(desk, f"http://{server.host}/gone.git")
        assert gone.code == 1 and "there is no git repository" in gone.err and len(clones(desk)) == 1, gone


def test_only_the_network_is_tried_again(desk, origin):
    with GitServer(origin.parent, dumb=True) as server:
        server.faults[:] = [500, "close"]
        assert score(desk, f"http://{server.host}/calc.git").code == 0
        server.faults[:] = [503] * 9
        before = len(server.requests)
        busy = score(desk, f"http://{server.host}/calc.git", "--branch", "other")
        assert busy.code == 1 and "503" in busy.err and "tried 3 times" in busy.err, busy
        assert len(server.requests) - before == 3
        server.faults[:] = [404] * 9
        before = len(server.requests)
        assert score(desk, f"http://{server.host}/calc.git", "--branch", "third").code == 1
        assert len(server.requests) - before <= 2  # git itself may ask for another name
        server.faults[:] = []
        host = server.host
    stale = score(desk, f"http://{host}/calc.git")  # nobody is there any more, but the clone is
    assert stale.code == 0 and "cannot be reached" in stale.err, stale
    assert len(clones(desk)) == 1


def test_a_server_that_hangs(desk, origin):
    with GitServer(origin.parent, dumb=True) as server:
        server.faults[:] = ["hang"]
        slow = desk.folder / "slow.toml"
        slow.write_text("[ingest]\ncommand_timeout_seconds = 1\n")
        result = desk("-c", slow, "score", f"http://{server.host}/calc.git")
        assert result.code == 1 and "longer than 1 seconds" in result.err, result
        server.http.hanging.clear()
        server.faults[:] = ["hang"]
        process = desk.start("score", f"http://{server.host}/calc.git")
        assert server.http.hanging.wait(30)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130 and time.monotonic() - began < 20, err
        left = [entry.read_bytes() for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline") if entry.exists()]
        assert not [line for line in left if server.host.encode() in line]
        assert clones(desk) == [] and not list((desk.folder / ".mutagen/repos").glob(".new*"))


@pytest.mark.parametrize("url, words", [
    ("ext::sh -c touch% pwned", "remote helpers"),
    ("s3://bucket/x.git", "no such transport"),
    ("ssh://-oProxyCommand=touch pwned/x", "begin with '-'"),
    ("-oProxyCommand=touch pwned:x/y", "unknown option"),
    ("git@-host:x/y", "begin with '-'"),
    ("https:///x", "names no host"),
    ("https://host.example", "names no repository"),
    ("http://a\nb.example/x", "control character"),
])
def test_what_is_refused(desk, url, words):
    result = desk("score", url)
    assert result.code in (1, 64) and words in result.err and len(result.err.splitlines()) == 1, result
    assert tree(desk.folder) == {}


def test_diff_gets_the_history(desk, origin):
    url = f"file://{origin}"
    score(desk, url, "--branch", "other")
    result = score(desk, url, "--branch", "other", "--diff", "origin/main", "--all")
    assert result.code == 0 and "double" in result.out and "clamp" not in result.out, result


def test_settings_of_the_cloned_repo(desk, origin):
    """As those of a local one: what is harmless counts, the rest is refused by name; flags, variables and -c win."""
    url, work = f"file://{origin}", desk.folder / "work"
    (work / "mutagen.toml").write_text("score_threshold = 0.99\nprovider = 'command'\ntargets = ['calc.ops.clamp']\n[storage]\nroot = 'elsewhere'\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "settings")
    git(work, "push", "-q", origin, "main")
    told = desk("score", url, "--no-progress", "--all")
    assert told.code == 2 and "below the threshold 0.990" in told.err and "clamp" in told.out and "grade" not in told.out, told
    refusal, = [line for line in told.err.splitlines() if "cannot set" in line]
    assert "provider" in refusal and "storage.root" in refusal and str(clones(desk)[0] / "mutagen.toml") in refusal and not (desk.folder / "elsewhere").exists()
    assert desk("score", url, "--no-progress", "--fail-under", "0").code == 0
    assert desk("score", url, "--no-progress", MUTAGEN_SCORE_THRESHOLD="0").code == 0
    named = score(desk, url, "--all")
    assert named.code == 0 and "grade" in named.out and "cannot set" not in named.err, named
    (work / "mutagen.toml").write_text("score_treshold = 0.9\n")
    git(work, "commit", "-qam", "typo")
    git(work, "push", "-q", origin, "main")
    wrong = desk("score", url, "--no-progress")
    assert wrong.code == 1 and "mutagen.toml:1" in wrong.err and "score_threshold" in wrong.err, wrong


def test_doctor_of_a_url(desk, origin):
    told = desk("doctor", f"file://{origin}", "--branch", "other", "--json")
    checks = {check["name"]: check for check in json.loads(told.out)["checks"]}
    assert told.code == 0 and checks["interpreter"]["level"] == "ok" and len(clones(desk)) == 1, told
    gone = desk("doctor", f"file://{origin}-gone")
    assert gone.code == 1 and "[ERROR] repository: there is no git repository at" in gone.out and "git clone" in gone.out, gone
    assert "[ OK  ] git" in gone.out and "interpreter" not in gone.out, gone


def test_submodules_are_named(desk, origin):
    work = desk.folder / "work"
    git(work, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(origin), "dep")
    git(work, "commit", "-qm", "dep")
    result = score(desk, f"file://{work}")
    assert "1 submodule is not cloned" in result.err and "submodule update --init" in result.err, result
