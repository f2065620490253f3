"""Nothing is lost: runs that are killed, interrupted or out of budget go on where they stopped, and end where an undisturbed run ends."""
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest
from conftest import BINARY, OPS, tree

COUNT = 14  # more than wait for one confirmation, so that a run in the middle has stored something


def source(count=COUNT, shift=0):
    return "\n\n".join(f"def f{i:02}(n: int) -> int:\n    if n > {i + shift}:\n        return n + 2\n    return n - 1\n" for i in range(count))


def make(desk, count=COUNT, **more):
    test = "from calc.ops import f00\n\n\ndef test_f00():\n    assert f00(0) == -1\n"
    return desk.repo({"calc/__init__.py": "", "calc/ops.py": source(count), "tests/test_ops.py": test}, **more)


def stored(desk, run_id):
    """Each finished target of the run, with the seconds it took: a target that is done again takes others."""
    with sqlite3.connect(f"file:{desk.folder / '.mutagen' / 'mutagen.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT qualified_name, state, seconds FROM targets WHERE run_id = ? ORDER BY 1", (run_id,))
        return {name: (state, seconds) for name, state, seconds in rows}


def report_of(desk):
    return json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())


def applied(desk, run_id):
    folder = desk.folder / f"applied-{run_id}"
    told = desk("apply", "--run-id", run_id, "--into", folder)
    assert told.code == 0, told
    return tree(folder)


def test_a_run_killed_at_random_moments_ends_like_an_undisturbed_one(desk):
    """MUTAGEN_ROUNDS says how often it is killed."""
    repo = make(desk)
    before = tree(repo)
    assert desk("run", "repo", "--run-id", "whole", "--no-progress").code == 0
    whole = stored(desk, "whole")
    assert len(whole) == COUNT
    moments, seen = random.Random(5), {}
    for turn in range(int(os.environ.get("MUTAGEN_ROUNDS") or 2)):
        process = desk.start("run", "repo", "--run-id", "cut", "--no-progress")
        wanted = "[processing]" if turn else "kept "  # the first one lives until something is stored
        for line in process.stderr:
            if line.startswith(wanted):
                break
        time.sleep(moments.uniform(0, 1.5))
        process.kill()
        process.communicate()
        now = stored(desk, "cut")
        assert {name: now.get(name) for name in seen} == seen, "a finished target was done again"
        seen = now
    assert seen
    told = desk("run", "repo", "--run-id", "cut", "--no-progress")
    assert told.code == 0, told
    now = stored(desk, "cut")
    assert {name: now[name] for name in seen} == seen
    assert {name: state for name, (state, _) in now.items()} == {name: state for name, (state, _) in whole.items()}
    assert applied(desk, "cut") == applied(desk, "whole")
    assert tree(repo) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_what_it_has_and_says_how_to_go_on(desk, number):
    make(desk)
    process = desk.start("run", "repo", "--run-id", "cut", "--no-progress")
    for line in process.stderr:
        if line.startswith("kept "):
            break
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    report = report_of(desk)
    assert report["status"] == "cancelled" and report["stop_reason"] == "cancelled"
    done = stored(desk, "cut")
    assert len(done) == report["targets"]["total"] and report["targets"]["left"] == COUNT - len(done)
    assert "To go on: the same command with --run-id cut" in out, out
    assert desk("run", "repo", "--run-id", "cut", "--no-progress").code == 0
    now = stored(desk, "cut")
    assert len(now) == COUNT and {name: now[name] for name in done} == done


def test_a_limit_of_targets_is_the_runs_and_goes_on_when_it_is_raised(desk):
    make(desk, 5)
    seen = {}
    for limit, expected, code in ((2, 2, 3), (2, 2, 3), (1, 2, 3), (4, 4, 3), (0, 5, 0), (2, 5, 0)):
        told = desk("run", "repo", "--run-id", "b", "--max-targets", str(limit), "--no-progress")
        now = stored(desk, "b")
        assert told.code == code and len(now) == expected and {name: now[name] for name in seen} == seen, told
        report = report_of(desk)
        assert report["targets"]["left"] == 5 - expected
        assert report["status"] == ("partial" if code else "succeeded")
        if code:
            assert report["stop_reason"] == "max_targets_reached" and "the same command with --run-id b and a higher --max-targets" in told.out, told
        seen = now


def worked(desk, run_id):
    with sqlite3.connect(f"file:{desk.folder / '.mutagen' / 'mutagen.db'}?mode=ro", uri=True) as db:
        return db.execute("SELECT total(seconds) FROM sessions WHERE run_id = ?", (run_id,)).fetchone()[0]


def test_the_wall_clock_is_the_runs_too(desk):
    make(desk, 6)
    (desk.folder / "m.toml").write_text("orchestrator.max_wallclock_seconds = 1\n")
    told = desk("run", "repo", "--run-id", "w", "-c", "m.toml", "--no-progress")
    assert told.code == 3 and report_of(desk)["stop_reason"] == "wallclock_exceeded", told
    left, first = report_of(desk)["targets"]["left"], stored(desk, "w")
    assert left <= 6  # 0 when it was over before there was a function to count
    used = worked(desk, "w")
    assert used >= 1
    told = desk("run", "repo", "--run-id", "w", "-c", "m.toml", "--no-progress")
    assert told.code == 3 and stored(desk, "w") == first, told
    assert "the same command with --run-id w and a higher --max-time" in told.out, told
    assert worked(desk, "w") > used
    assert desk("run", "repo", "--run-id", "w", "--max-time", "100000", "--no-progress").code == 0
    assert len(stored(desk, "w")) == 6 and report_of(desk)["targets"]["left"] == 0


def test_the_time_of_a_killed_session_counts(desk):
    make(desk, 6)
    process = desk.start("run", "repo", "--run-id", "k", "--no-progress")
    for line in process.stderr:
        if line.startswith("[processing]"):
            break
    time.sleep(1)
    process.kill()
    process.communicate()
    used = worked(desk, "k")
    assert used > 0
    told = desk("run", "repo", "--run-id", "k", "--max-time", f"{used:.6f}", "--no-progress")
    assert told.code == 3 and report_of(desk)["stop_reason"] == "wallclock_exceeded", told
    assert desk("run", "repo", "--run-id", "k", "--no-progress").code == 0


def test_parts_of_a_run_share_its_limit(desk):
    make(desk, 4)
    assert desk("run", "repo", "--run-id", "p", "--target", "*.f00", "--no-progress").code == 0
    told = desk("run", "repo", "--run-id", "p", "--target", "*.f0[123]", "--max-targets", "2", "--no-progress")
    assert told.code == 3 and report_of(desk)["targets"]["left"] == 2, told


def test_changed_sources_are_done_again_and_nothing_old_is_called_finished(desk):
    repo = make(desk, 4)
    assert desk("run", "repo", "--run-id", "c", "--no-progress").code == 0
    first = stored(desk, "c")
    (repo / "calc" / "ops.py").write_text(source(3, shift=50))
    told = desk("run", "repo", "--run-id", "c", "--max-targets", "1", "--no-progress")
    assert told.code == 3 and report_of(desk)["targets"]["left"] == 2, told
    assert desk("run", "repo", "--run-id", "c", "--no-progress").code == 0
    now = stored(desk, "c")
    assert sorted(now) == sorted(first)[:3] and all(now[name] != first[name] for name in now)
    folder = desk.folder / "new"
    assert desk("apply", "--run-id", "c", "--into", folder).code == 0
    assert "5" in (folder / "test_generated_calc_ops.py").read_text()
    passed = subprocess.run([desk.environment()["MUTAGEN_PYTHON"], "-m", "pytest", "-q", "-p", "no:cacheprovider", folder], cwd=repo, check=False,
                            env={**desk.environment(), "PYTHONPATH": str(repo), "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True)
    assert passed.returncode == 0, passed.stdout


def test_our_own_applied_files_change_nothing(desk):
    make(desk, 3)
    assert desk("run", "repo", "--run-id", "a", "--no-progress").code == 0
    first = stored(desk, "a")
    assert desk("apply", "--run-id", "a").code == 0
    told = desk("run", "repo", "--run-id", "a", "--no-progress")
    assert told.code == 0 and stored(desk, "a") == first, told


def test_a_repo_that_holds_the_storage_root_stays_clean_for_git(desk):
    repo = make(desk, 2)
    subprocess.run(["git", "init", "-q", repo], check=True)
    git = ["git", "-C", repo, "-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    before = tree(repo / "calc"), tree(repo / "tests")
    for command in (["run", "."], ["score", "."], ["report"], ["doctor", "."]):
        told = subprocess.run([BINARY, *command], cwd=repo, env=desk.environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=200, check=False)
        assert told.returncode == 0, told
        assert subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True).stdout == b""
    assert (tree(repo / "calc"), tree(repo / "tests")) == before
    assert (repo / ".mutagen" / ".gitignore").read_text() == "*\n" and list(desk.tmp.iterdir()) == []


def test_what_needs_no_test_takes_no_place(desk):
    """--max-targets counts functions that tests are written for: neither the longest, which is well tested, nor one that cannot be imported."""
    ops = OPS + "\n\ndef large(n: int) -> int:\n" + "".join(f"    n = n + {number}\n" for number in range(1, 12)) + "    return n\n"
    desk.repo({"calc/__init__.py": "", "calc/ops.py": ops, "calc/gone.py": "import nowhere_to_be_found\n\n\ndef lost(n):\n    n = n + 1\n    return n * 2\n",
               "tests/test_ops.py": "from calc.ops import clamp, large\n\ndef test_large(): assert large(1) == 67\n\ndef test_clamp(): clamp(5, 1, 3), clamp(2, 1, 3), clamp(0, 1, 3)\n"})
    told = desk("run", "repo", "--run-id", "m", "--max-targets", "2", "--no-progress")
    states = stored(desk, "m")
    assert told.code == 0 and len(states) == 4, (told, states)
    assert told.out.count("\n  kept ") == 2 and "Targets satisfied / unfinished: 1 / 0" in told.out, told
    assert desk("run", "repo", "--run-id", "m", "--max-targets", "2", "--no-progress").code == 0
