"""The call graph against the running program: no edge of it may lead where the call does not (tools/callgraph_oracle.py is the judge).

Needs the tool `context_dump` of a build: its path in CONTEXT_DUMP, or beside the program.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest
from conftest import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
STDLIB = pathlib.Path(sysconfig.get_path("stdlib"))
PARTS = ["json", "email", "logging", "unittest", "asyncio", "concurrent", "argparse.py", "difflib.py", "configparser.py", "statistics.py", "ast.py",
         "dataclasses.py", "tarfile.py", "inspect.py", "pickletools.py", "textwrap.py"]


def find_tool():
    found = os.environ.get("CONTEXT_DUMP") or BINARY.parent / "context_dump"
    if not os.path.isfile(found):
        pytest.skip("context_dump is not built")
    return str(found)


def test_no_edge_is_wrong(tmp_path):
    for part in PARTS:
        if (STDLIB / part).is_dir():
            shutil.copytree(STDLIB / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "test", "tests"))
        else:
            shutil.copy(STDLIB / part, tmp_path / part)
    edges = subprocess.run([find_tool(), "--edges", tmp_path], stdout=subprocess.PIPE, check=True).stdout
    judged = subprocess.run([sys.executable, ROOT / "tools" / "callgraph_oracle.py", STDLIB, "--show"], input=edges, capture_output=True)
    counts = json.loads(judged.stdout)
    assert counts["wrong"] == 0, judged.stderr.decode()
    assert counts["right"] > 1000
    assert counts["unknown"] < counts["right"] / 4
