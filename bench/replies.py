"""The same model replies through two rules, side by side.

old: one shot, all or nothing: the first fence (or the whole text) is the module; every test passes and the module alone reaches 80 %, or all is lost.
new: mutagen run with --strategy model: every test judged alone, wrong literals mended, replies 2, 3, … after feedback.

Usage: bench/replies.py --binary build/mutagen [--python build/venv/bin/python]     (the corpus is tests/corpus/model, the repo examples/shop)
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from model_server import ModelServer  # noqa: E402

CORPUS = ROOT / "tests" / "corpus" / "model"
SHOP = ROOT / "examples" / "shop"
FENCE = re.compile(r"```[A-Za-z0-9_+-]*\n(.*?)```", re.DOTALL)
THRESHOLD = 0.8
DETECTED = ("Killed", "Timeout")
ALIVE = ("Survived", "NoCoverage")


def mutagen(arguments, folder, options):
    environment = {**os.environ, "MUTAGEN_PYTHON": options.python}
    return subprocess.run([options.binary, *map(str, arguments)], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def statuses(file):
    report = json.loads(file.read_text())
    return [mutant["status"] for entry in report["files"].values() for mutant in entry["mutants"]]


def detected(file):
    found = statuses(file)
    return sum(status in DETECTED for status in found), sum(status in DETECTED + ALIVE for status in found)


def old_rule(target, folder, options):
    """(kept, mutants killed by what is kept, what happened)"""
    reply = (CORPUS / f"{target}.1.md").read_text()
    fence = FENCE.search(reply)
    repo = folder / "repo"
    shutil.copytree(SHOP, repo)
    shutil.rmtree(repo / "tests")
    (repo / "tests").mkdir()
    (repo / "tests" / "test_reply.py").write_text((fence.group(1) if fence else reply).strip() + "\n")
    environment = {**os.environ, "PYTHONPATH": str(repo / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([options.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], cwd=repo, env=environment, capture_output=True,
                         text=True, check=False)
    if ran.returncode != 0:
        return False, 0, "does not run" if ran.returncode != 1 else "a test fails"
    mutagen(["score", repo, "--target", target, "--json", "score.json", "--no-progress"], folder, options)
    killed, scorable = detected(folder / "score.json")
    kept = killed >= THRESHOLD * scorable
    return kept, killed if kept else 0, f"{killed}/{scorable}"


def new_rule(target, folder, options):
    with ModelServer(CORPUS) as server:
        mutagen(["run", SHOP, "--provider", "compatible", "--base-url", server.base_url, "--model", "corpus", "--max-cost", "0", "--strategy", "model",
                 "--target", target, "--no-progress"], folder, options)
        calls = len(server.requests)
    report = json.loads((folder / ".mutagen" / "reports" / "report.json").read_text())
    stats = next((entry for entry in report["target_stats"] if entry["qualified_name"] == target), None)
    if stats is None:
        return False, 0, "not selected", calls
    before, after = stats["before"], stats["after"]
    gained = sum(after.get(key, 0) - before.get(key, 0) for key in ("killed", "timeout"))
    if stats["status"] == "satisfied":
        return None, 0, "its own tests reach the threshold", calls
    return stats["status"] == "kept", gained, stats["reason"], calls


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "mutagen")
    parser.add_argument("--python", default=str(ROOT / "build" / "venv" / "bin" / "python"))
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    targets = sorted({path.name[: -len(".1.md")] for path in CORPUS.glob("*.1.md")})
    totals = [0, 0, 0, 0, 0]
    print("| target | old: kept | kills | why | new: kept | kills | calls | why |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for target in targets:
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            kept, kills, why = old_rule(target, pathlib.Path(first), options)
            now_kept, now_kills, now_why, calls = new_rule(target, pathlib.Path(second), options)
        if now_kept is None:
            continue
        totals = [a + b for a, b in zip(totals, (kept, kills, now_kept, now_kills, calls))]
        print(f"| {target} | {'yes' if kept else 'no'} | {kills} | {why} | {'yes' if now_kept else 'no'} | {now_kills} | {calls} | {now_why} |", flush=True)
    print(f"| **all** | **{totals[0]}** | **{totals[1]}** | | **{totals[2]}** | **{totals[3]}** | **{totals[4]}** | |")


if __name__ == "__main__":
    main()
