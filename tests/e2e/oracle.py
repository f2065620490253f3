"""The word that verdicts are held against: the mutant written into the file, then plain pytest."""
import os
import pathlib
import resource
import signal
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from replay import splice  # noqa: E402

CLAIMS = {"Killed": "fails", "Timeout": "fails", "Survived": "passes", "NoCoverage": "passes", "Ignored": "passes"}


def plain_pytest(repo, *arguments, cpu_seconds=2):
    """Whether pytest ends with 0, in a fork: as in a new process, since only pytest has been imported before; ten times as fast."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            sys.stdout = sys.stderr = open(os.devnull, "w")
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            os.chdir(repo)
            sys.path.insert(0, str(repo))
            sys.dont_write_bytecode = True
            os.environ.update(PYTEST_ADDOPTS="", PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(repo))
            os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(repo), *arguments])))
        finally:
            os._exit(99)
    end = time.monotonic() + 30.0
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            kill_group(pid)
            return status == 0
        time.sleep(0.002)
    kill_group(pid)
    os.waitpid(pid, 0)
    return False


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass


def describe(path, mutant):
    line = mutant["location"]["start"]["line"]
    return f"{path}:{line} {mutant['mutatorName']} -> {mutant['replacement']!r} is {mutant['status']} ({mutant.get('statusReason', '')})"


def is_twin(mutant):
    """Left out because another mutant, which is judged, has the same bytecode: it claims nothing of its own."""
    return mutant["status"] == "Ignored" and "equals another mutant" in mutant.get("statusReason", "")


def kills(share):
    """Every so many kills are replayed, or all of them (MUTAGEN_ROWS=all)."""
    return 1 if os.environ.get("MUTAGEN_ROWS") == "all" else share


def disagreements(repo, files, judge=plain_pytest, every_kill=1, skip=()):
    """Mutants whose status plain pytest contradicts, one line each; with every_kill = 8 only each eighth kill is looked at."""
    wrong = []
    for path, found in files.items():
        file = repo / path
        original = file.read_bytes()
        for number, mutant in enumerate(found["mutants"]):
            if is_twin(mutant) or (mutant["status"] == "Killed" and number % every_kill) or mutant.get("statusReason", "").startswith(skip or "\0"):
                continue
            file.write_bytes(splice(original.decode(), mutant).encode())
            try:
                seen = "passes" if judge(repo) else "fails"
            finally:
                file.write_bytes(original)
            if CLAIMS.get(mutant["status"], "nothing") != seen:
                wrong.append(f"{describe(path, mutant)}, but pytest {seen}")
    return wrong
