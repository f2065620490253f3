#!/usr/bin/env python3
"""House rules that no compiler knows, and that each header compiles alone.

Usage: tools/check_style.py [ROOT] [--headers INCLUDE_FOLDER...]     one line per finding, exit code 1 when there is any
"""

import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

MAX_LINES = 800
MAX_COLUMNS = 200  # the formatter holds 150 where a line can be broken at all
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|tmpnam|mktemp|alloca)\s*\(")
STRINGS_AND_COMMENTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*', re.S)
PRINTING = re.compile(r"\b(printf|puts|putchar|exit)\s*\(")


def check_text(path, room):
    text = path.read_text()
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, at most {MAX_LINES}"
    if not text.startswith(("/*", "//")):
        yield f"{path}:1: a file opens with one or two lines on its purpose"
    code = STRINGS_AND_COMMENTS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for number, line in enumerate(code.splitlines(), 1):
        if BANNED.search(line):
            yield f"{path}:{number}: {BANNED.search(line).group(1)} is banned"
        if room not in ("cli", "tests", "tools") and PRINTING.search(line):
            yield f"{path}:{number}: only cli/ prints or exits"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield f"{path}:{number}: unfinished work belongs into an issue"


def check_header(root, folders, path):
    include = [f"-I{root / 'src'}"] + [f"-I{folder}" for folder in folders]
    done = subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror", *include, "-x", "c", "-include",
                           str(path.resolve()), "/dev/null"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [] if done.returncode == 0 else [f"{path}: does not compile alone: {done.stdout.splitlines()[0]}"]


def main(argv):
    root = pathlib.Path(argv[1] if len(argv) > 1 and not argv[1].startswith("--") else ".")
    folders = argv[argv.index("--headers") + 1:] if "--headers" in argv else None
    findings = []
    for top in ("src", "tests", "tools"):
        for path in sorted((root / top).rglob("*.[ch]")):
            findings += check_text(path, path.relative_to(root / top).parts[0] if top == "src" else top)
    if folders is not None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(lambda path: check_header(root, folders, path), sorted((root / "src").rglob("*.h"))):
                findings += found
    print("\n".join(findings) if findings else "style: ok")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
