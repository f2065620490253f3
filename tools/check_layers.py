#!/usr/bin/env python3
"""Holds the rooms of src/ apart: who may include what, and what the pure room may call.

Usage: tools/check_layers.py [ROOT] [CORE_LIBRARY] [TRACER]     one line per finding, exit code 1 when there is any
"""

import pathlib
import re
import subprocess
import sys

ROOMS = {
    "base": {"base"},
    "os": {"base", "os"},
    "core": {"base", "core"},
    "python": {"base", "core", "python"},
    "ports": {"base", "core", "ports"},
    "engine": {"base", "core", "python", "ports", "engine"},
    "generate": {"base", "core", "python", "ports", "generate"},
    "services": {"base", "core", "python", "ports", "services"},
    "adapters": {"base", "os", "core", "ports", "adapters"},  # of the adapters only the own folder, see below
    "agent": set(),  # loaded into any interpreter
    "cli": {"base", "os", "core", "python", "ports", "engine", "generate", "services", "adapters", "cli"},
}
PURE = {"core", "python"}  # no input, no output, no clock, no environment
PURE_SYSTEM = {"assert.h", "inttypes.h", "limits.h", "math.h", "float.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "string.h",
               "stdlib.h", "ctype.h"}  # stdlib.h for qsort and bsearch: the linker's view below watches the rest
AGENT_SYSTEM = {"stdbool.h", "stddef.h", "stdint.h"}  # no C library
PYTHON_SYSTEM = PURE_SYSTEM | {"tree_sitter/api.h", "pthread.h"}  # pthread_once: the grammar is looked up once
SYMBOLS = re.compile(r"^(mem\w+|str(len|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk|nlen)|bcmp|qsort|bsearch|floor|ceil|fmod|pow|log\w*|round|fabs|"
                     r"__\w+_chk|__stack_chk_fail|__(asan|ubsan)_\w+|_GLOBAL_OFFSET_TABLE_|mg_\w+)$")
AGENT_SYMBOLS = re.compile(r"^(_?Py\w+|__tls_get_addr)$")  # the latter is every loader's, for variables of a thread
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)')


def check_includes(src):
    for path in sorted(src.rglob("*.[ch]")):
        place = path.relative_to(src).parts
        room = place[0]
        if room not in ROOMS:
            yield f"{path}: `{room}` is no room"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, name = match.groups()
            if kind == "<":
                if room in PURE and name not in (PYTHON_SYSTEM if room == "python" else PURE_SYSTEM):
                    yield f"{path}:{number}: {room} is pure and may not include <{name}>"
                if room == "agent" and name not in AGENT_SYSTEM:
                    yield f"{path}:{number}: the agent may not include <{name}>: it stands on no C library"
                continue
            parts = name.split("/")
            if "/" not in name and (path.parent / name).exists():
                yield f"{path}:{number}: includes are written from src/: {'/'.join(place[:-1])}/{name}"
            elif (parts[0] in ROOMS or room == "agent") and parts[0] not in ROOMS[room]:
                yield f"{path}:{number}: {room} may not include {name}"
            elif room == "adapters" and parts[0] == "adapters" and parts[1] != place[1]:
                yield f"{path}:{number}: the adapter {place[1]} may not include another's {name}"
            elif room == "adapters" and place[1] == "memory" and parts[0] == "os":
                yield f"{path}:{number}: the memory adapter may not touch the system"


def check_symbols(library):
    shared = pathlib.Path(library).suffix == ".so"
    allowed, who = (AGENT_SYMBOLS, "the agent is loaded into any interpreter") if shared else (SYMBOLS, "core is pure")
    options = ["-u", "-A", "--format=posix"] + ["-D"] * shared
    listing = subprocess.run(["nm", *options, str(library)], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in listing.splitlines():
        where, _, rest = line.partition(": ")
        symbol = rest.split(" ")[0].split("@")[0]
        if symbol and not allowed.match(symbol):
            yield f"{where}: {who} and may not call {symbol}"


def main(argv):
    root = pathlib.Path(argv[1] if len(argv) > 1 else ".")
    findings = list(check_includes(root / "src"))
    for library in argv[2:]:
        findings += check_symbols(library)
    print("\n".join(findings) if findings else "layers: ok")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
