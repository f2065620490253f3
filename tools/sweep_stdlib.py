#!/usr/bin/env python3
"""Every mutant of a standard library: it parses, compiles alone as the agent compiles it, and differs in bytecode from the original and its siblings.

Usage: tools/sweep_stdlib.py [--dump build/mutants_dump] [--level 3] [--python PATH]... [--files N | MODULE...] [--list]

Without --python: every CPython 3.8 to 3.14 on the PATH and in ~/.pyenv/versions; those that are missing are printed as skipped.
MODULE is relative to the library (json/decoder.py); --files N takes an even sample of N files. Exit 1 when a mutant is invalid. Those that equal
the original or a sibling are counted: the agent drops them before they run (verdict `ignored`).
The same file is the worker: it runs inside the interpreter whose library is swept, with the agent's own compiler.
"""
import ast
import collections
import json
import os
import sys
import warnings

VERSIONS = ["3.%d" % minor for minor in range(8, 15)]
SKIPPED_FOLDERS = ("site-packages", "test", "tests", "idle_test", "__pycache__")
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


# ---- the worker: any Python from 3.8 on ----

class Stand:
    """What the agent's compiler asks of a target."""

    def __init__(self, function, code, source):
        self.original_source, self.alone = lambda: source, None
        self.code, self.name, self.scopes = code, function["name"], function["scopes"]
        self.first_line, self.body_indent = function["first_line"], function["body_indent"]
        self.dead, self.kept = {}, []
        self.functions, self.defaults = (), {}  # nothing of the library is imported: defaults are compared in judge()


def codes_of(path, text, codes):
    found = {}
    for code in codes.all_codes(compile(text, path, "exec", dont_inherit=True)):
        found.setdefault((code.co_firstlineno, code.co_name), code)
    return found


def other_defaults(defaults, name, before, after):
    """A default of the function is no part of its code."""
    before, after = (defaults.arguments_of(source.decode(), name) for source in (before, after))
    return ast.dump(before) != ast.dump(after)


def judge(function, text, originals, codes, target, defaults):
    """(operator, span, what is wrong) of each bad mutant of one function; None when CPython made no code of it (a dead branch)."""
    original = originals.get((function["first_line"], function["name"]))
    if original is None:
        return None
    start = text.rfind(b"\n", 0, function["start"]) + 1
    if start == 0 and text.startswith(b"\xef\xbb\xbf"):
        start = 3
    stand, seen, bad = Stand(function, original, text[start:function["end"]].decode()), {}, []
    for mutant in function["mutants"]:
        old = text[mutant["start"]:mutant["end"]].decode()
        source = text[start:mutant["start"]] + mutant["replacement"].encode() + text[mutant["end"]:function["end"]]
        if source.count(b"\n") != text.count(b"\n", start, function["end"]):
            bad.append((mutant, old, "invalid", "another number of lines"))
        elif not mutant["parses"]:
            bad.append((mutant, old, "invalid", "the parser does not understand it"))
        else:
            try:
                code = codes.compile_alone(stand, source.decode())
            except target.Refused as refused:
                if refused.same_code and mutant["operator"] == "DEF" and other_defaults(defaults, function["name"], text[start:function["end"]], source):
                    continue
                bad.append((mutant, old, "equal" if refused.same_code else "invalid", refused.reason))
                continue
            twin = seen.setdefault(codes.fingerprint(code), mutant)
            if twin is not mutant:
                bad.append((mutant, old, "twin", "%s -> %s" % (twin["operator"], twin["replacement"])))
    return bad


def work():
    """Reads functions as JSON lines, prints what is bad and at the end the counts."""
    sys.path.insert(0, os.path.join(ROOT, "src", "agent"))
    from _mutagen_agent import codes, defaults, target

    warnings.simplefilter("ignore")
    counts, path, text, originals = collections.Counter(), None, b"", {}
    for line in sys.stdin:
        function = json.loads(line)
        if function["path"] != path:
            path = function["path"]
            with open(path, "rb") as file:
                text = file.read()
            try:
                originals = codes_of(path, text, codes)
            except (SyntaxError, ValueError) as error:
                print(json.dumps({"note": "%s: not Python here: %s" % (path, error)}))
                originals = {}
            counts["files"] += 1
        bad = judge(function, text, originals, codes, target, defaults)
        if bad is None:
            counts["not_here"] += len(function["mutants"])
            continue
        counts["functions"] += 1
        counts["mutants"] += len(function["mutants"])
        for mutant, old, kind, why in bad:
            counts[kind] += 1
            print(json.dumps({"kind": kind, "why": why, "operator": mutant["operator"], "old": old, "new": mutant["replacement"],
                              "where": "%s:%d %s" % (path, text.count(b"\n", 0, mutant["start"]) + 1, function["qualname"])}))
    print(json.dumps({"counts": counts}))


# ---- the driver ----

def find_pythons():
    """{version: path}: the first interpreter found of each version."""
    import pathlib
    import shutil

    found = {}
    for version in VERSIONS:
        candidates = [shutil.which("python" + version)]
        candidates += sorted(pathlib.Path.home().glob(".pyenv/versions/%s.*/bin/python" % version))
        for candidate in filter(None, candidates):
            if version_of(candidate)[:len(version) + 1] == version + ".":
                found[version] = str(candidate)
                break
    return found


def version_of(python):
    import subprocess

    done = subprocess.run([str(python), "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def library_files(python, modules, sample):
    import pathlib
    import subprocess

    where = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], capture_output=True, text=True, check=True)
    library = pathlib.Path(where.stdout.strip())
    if modules:
        return [str(library / module) for module in modules if (library / module).exists()]
    files = [str(path) for path in sorted(library.rglob("*.py")) if not set(path.relative_to(library).parts) & set(SKIPPED_FOLDERS)]
    return files[:: max(1, len(files) // sample)] if sample else files


def sweep(python, dump, level, files):
    """(counts, bad mutants, notes) of one interpreter."""
    import subprocess

    source = subprocess.Popen([dump, "--level", str(level), "--sweep", *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    worker = subprocess.Popen([python, "-X", "utf8", "-E", os.path.abspath(__file__), "--worker"], stdin=source.stdout, stdout=subprocess.PIPE)
    source.stdout.close()
    bad, notes, counts = [], [], None
    for line in worker.stdout:
        record = json.loads(line)
        if "counts" in record:
            counts = collections.Counter(record["counts"])
        elif "note" in record:
            notes.append(record["note"])
        else:
            bad.append(record)
    notes += source.stderr.read().decode().splitlines()
    if worker.wait() or source.wait() or counts is None:
        sys.exit("sweep: the worker under %s failed" % python)
    return counts, bad, notes


def main():
    import argparse
    import time

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dump", default=os.path.join(ROOT, "build", "mutants_dump"))
    options.add_argument("--level", type=int, default=3)
    options.add_argument("--python", action="append", default=[])
    options.add_argument("--files", type=int, default=0)
    options.add_argument("--list", action="store_true", help="print every bad mutant, not only the first 20 of a kind")
    options.add_argument("modules", nargs="*", metavar="MODULE")
    args = options.parse_args()
    pythons = {version_of(python): python for python in args.python} if args.python else find_pythons()
    failed = False
    for version in ([] if args.python else VERSIONS):
        if version not in pythons:
            print("CPython %s: not found, skipped" % version)
    for version, python in pythons.items():
        started = time.monotonic()
        counts, bad, notes = sweep(python, args.dump, args.level, library_files(python, args.modules, args.files))
        print("CPython %s: %d files, %d functions, %d mutants: %d invalid, %d equal to the original, %d equal to another; %d in code this Python drops (%.0f s)" % (
            version_of(python), counts["files"], counts["functions"], counts["mutants"], counts["invalid"], counts["equal"], counts["twin"],
            counts["not_here"], time.monotonic() - started), flush=True)
        for note in notes:
            print("  note: " + note)
        for kind in ("invalid", "equal", "twin"):
            of_kind = [record for record in bad if record["kind"] == kind]
            if of_kind:
                per_operator = collections.Counter(record["operator"] for record in of_kind)
                print("  %s: %s" % (kind, ", ".join("%s %d" % pair for pair in per_operator.most_common())))
            for record in of_kind if args.list else of_kind[:20]:
                print("    %(where)s: %(operator)s %(old)r -> %(new)r: %(why)s" % record)
        failed |= bool(counts["invalid"]) or not counts["mutants"]
    if not pythons:
        print("sweep: no interpreter found")
    return 1 if failed or not pythons else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--worker"]:
        work()
    else:
        sys.exit(main())
