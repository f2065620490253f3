"""The zoo: small repositories, each one thing, and what a first `mutagen run` and `mutagen score` make of them.

    python tests/zoo/zoo.py [--some] [--keep FOLDER] [NAME…]

Prints a row for each (name, expected, got, seconds) and every difference; exit 1 when there was one. The interpreter is build/venv's, for members
that stand on packages build/zoo's (tools/zoo-requirements.txt). Set MUTAGEN_BINARY to try another program."""
import argparse
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.modules.setdefault("zoo", sys.modules[__name__])  # members import it by name

import members  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MUTAGEN_BINARY") or ROOT / "build" / "mutagen").resolve()
ORDER = ("Killed", "Timeout", "Survived", "NoCoverage", "RuntimeError", "Pending")


def python_of(venv):
    return str(ROOT / "build" / ("zoo" if venv else "venv") / "bin" / "python")


class Skipped(Exception):
    pass


def skip_without_headers():
    asked = "import os, sysconfig; print(os.path.join(sysconfig.get_paths()['include'], 'Python.h'))"
    header = subprocess.run([python_of(True), "-c", asked], text=True, capture_output=True, check=True).stdout.strip()
    if not os.path.isfile(header) or not shutil.which("cc"):
        raise Skipped("a C compiler and %s are needed" % header)


class Visit:
    """One member: its repository, the two commands, what came out."""

    def __init__(self, animal, desk):
        self.animal, self.desk = animal, desk
        self.said, self.wrong = "", []
        (desk / "tmp").mkdir()
        repo = desk / "repo"
        repo.mkdir()
        self.repo = animal.make(repo) or repo
        self.began = time.monotonic()

    def command(self, *arguments):
        animal = self.animal
        left_out = ("VIRTUAL_ENV", "MUTAGEN_PYTHON", "PYTHONPATH")
        env = {name: value for name, value in os.environ.items() if name not in left_out}
        env.update(animal.environment, TMPDIR=str(self.desk / "tmp"))
        named = ("--python", python_of(animal.venv))
        done = subprocess.run([BINARY, *arguments, self.repo, "--no-progress", *named, *animal.arguments], cwd=self.desk, env=env, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=600, check=False)
        self.said += done.stdout + done.stderr
        return done.returncode

    def expect(self, what, wanted, got):
        if wanted != got:
            self.wrong.append("%s: expected %s, got %s" % (what, wanted, got))

    def score(self):
        self.expect("exit of score", self.animal.score_exit, self.command("score", "--json", "score.json"))
        found = {}
        if (self.desk / "score.json").is_file():
            for file in json.loads((self.desk / "score.json").read_text())["files"].values():
                for mutant in file["mutants"]:
                    found[mutant["status"]] = found.get(mutant["status"], 0) + 1
        found.pop("Ignored", None)
        if self.animal.verdicts is not None:
            self.expect("verdicts", short(self.animal.verdicts), short(found))
        return found

    def run(self):
        self.expect("exit of run", self.animal.exit, self.command("run", "--run-id", "zoo"))
        report = self.desk / ".mutagen" / "reports" / "report.json"
        kept = json.loads(report.read_text())["targets"]["kept"] if report.is_file() else 0
        if kept < self.animal.kept:
            self.wrong.append("functions kept: expected at least %d, got %d" % (self.animal.kept, kept))
        return kept

    def whole(self):
        before = snapshot(self.repo)
        found = self.score() if self.animal.score else {}
        kept = self.run() if self.animal.run else 0
        self.got = "%s, kept %d" % (short(found), kept)
        if snapshot(self.repo) != before:
            self.wrong.append("the repository has changed: %s" % sorted(set(snapshot(self.repo)) ^ set(before))[:3])
        for phrase in self.animal.says:
            if phrase not in self.said:
                self.wrong.append("nobody said %r" % phrase)
        for phrase in self.animal.silent:
            if phrase in self.said:
                self.wrong.append("somebody said %r" % phrase)
        left = [path.name for path in (self.desk / "tmp").iterdir()]
        if left:
            self.wrong.append("left in the temporary folder: %s" % ", ".join(left))
        self.seconds = time.monotonic() - self.began


def short(verdicts):
    return " ".join("%s %d" % (name, verdicts[name]) for name in ORDER if name in verdicts) or "no verdict"


def snapshot(folder):
    """Every file with its bytes, links not followed."""
    found = {}
    for place, _folders, files in os.walk(folder):
        for name in files:
            path = os.path.join(place, name)
            if not os.path.islink(path) and ".git" not in pathlib.Path(path).parts:
                found[path] = pathlib.Path(path).read_bytes()
    return found


def visit(animal, desk):
    """True when all is as expected."""
    try:
        made = Visit(animal, desk)
        made.whole()
    except Skipped as exc:
        print("%-34s skipped: %s" % (animal.name, exc), flush=True)
        return True
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as exc:
        print("%-34s FAIL: %s" % (animal.name, exc), flush=True)
        return False
    expected = "%s, kept >= %d" % ("-" if animal.verdicts is None else short(animal.verdicts), animal.kept)
    print("%-34s %-46s %-46s %6.1f  %s" % (animal.name + ("*" if animal.given else ""), expected, made.got, made.seconds, "FAIL" if made.wrong else "ok"), flush=True)
    if made.wrong:
        print("".join("    %s\n" % line for line in made.wrong) + "".join("    | %s\n" % line for line in made.said.splitlines()[-60:]), end="", flush=True)
    return not made.wrong


def main():
    for name in ("layouts", "sources", "suites", "libraries"):
        importlib.import_module(name)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--some", action="store_true", help="the share for every day")
    parser.add_argument("--keep", help="leave the repositories in this folder")
    given = parser.parse_args()
    chosen = [animal for animal in members.MEMBERS if (animal.some or not given.some) and (not given.names or animal.name in given.names)]
    unknown = set(given.names) - {animal.name for animal in members.MEMBERS}
    if unknown or not chosen:
        sys.exit("zoo: no such member: %s; there are %s" % (", ".join(sorted(unknown)), ", ".join(animal.name for animal in members.MEMBERS)))
    print("%-34s %-46s %-46s %7s" % ("name", "expected", "got", "seconds"), flush=True)
    failed, began = 0, time.monotonic()
    home = pathlib.Path(tempfile.mkdtemp(prefix="mutagen-zoo-"))
    try:
        for number, animal in enumerate(chosen):
            desk = (pathlib.Path(given.keep) if given.keep else home) / ("%02d" % number)
            desk.mkdir(parents=True)
            failed += not visit(animal, desk)
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", str(home)], check=False)
        shutil.rmtree(home, ignore_errors=True)
    print("zoo: %d members, %d as expected, %d not, %.0f s" % (len(chosen), len(chosen) - failed, failed, time.monotonic() - began))
    if any(animal.given for animal in chosen):
        print("* its own environment would have to be made: the interpreter was named with --python")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
