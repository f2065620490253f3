"""The static pass against CPython itself: every mutant compiles, every function is where CPython sees it, every diff applies.

Needs the tool `mutants_dump` of a build: its path in MUTANTS_DUMP, or beside the program.
The chosen modules are a share: tools/sweep_stdlib.py (make sweep) takes the whole library of every interpreter there is.
"""

import ast
import inspect
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import warnings

import pytest
from conftest import BINARY, share

ROOT = pathlib.Path(__file__).resolve().parents[2]
STDLIB = pathlib.Path(sysconfig.get_path("stdlib"))
MODULES = [
    "argparse.py", "textwrap.py", "json/decoder.py", "difflib.py", "ast.py", "configparser.py", "statistics.py",
    "typing.py", "dataclasses.py", "asyncio/tasks.py", "asyncio/base_events.py", "tokenize.py", "pathlib.py",
]
SOME = ["textwrap.py", "json/decoder.py", "configparser.py", "dataclasses.py", "asyncio/base_events.py", "tokenize.py", "awkward"]
AWKWARD = '''
def f(x, y):
    match x, y:
        case 1, _: return 2
        case (a, b) if a: return a
        case [1, *r]:
            return r
        case {"k": v, **kw}: return v
        case _: return None
async def g(w):
    v = f"{w!r:{w}}" f'{w if v else "c"}' "d" """
    multi""", f"""{w +
    1}"""
    async with w as b, v: pass
    return [y async for y in w if y]
async def o(w):
    if (yield w): return
    z = lambda: (yield)
class K(object):
\tdef h(self):
\t\tif self == 1 and \\
\t\t   self:
\t\t\tx = not \\
\t\t\t  self; y = 2
\t\ttry: pass
\t\texcept TypeError: self.b = (1,
\t\t  2); self.d = 3;
\t\tif x:
\t\t\traise ValueError(
\t\t\t); 
\t\tdel self[1
\t\t]; x = 1
\t\treturn(x)
def i(é="ü"):
    "doc"; return "ü𝒳" + é(é == 3, "𝒳" in "é")
def m(n, q):
    for i in (n or  # a comment with )
              q):
        while i: n -= (
            1
        ); break
    else:
        n[1:2, ::3] = 2 if n else 3
    if (n := q): n.d()
    elif(not n): q[n:][
        : # comment
        2] += 1
    return 1if n in q else-n, *q
'''


def find_tool():
    found = os.environ.get("MUTANTS_DUMP") or BINARY.parent / "mutants_dump"
    if not os.path.isfile(found):
        pytest.skip("mutants_dump is not built")
    return str(found)


def dump(*arguments):
    done = subprocess.run([find_tool(), *map(str, arguments)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def compiles(text, what):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, what, "exec", dont_inherit=True)
        except SyntaxError as error:
            return str(error)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    path = tmp_path_factory.mktemp("awkward") / "awkward.py"
    path.write_text(AWKWARD, encoding="utf-8")
    assert compiles(AWKWARD, "awkward.py") is None
    return path


@pytest.fixture(params=share([(name,) for name in [*MODULES, "awkward"]], lambda name: name in SOME))
def source(request, awkward):
    path = awkward if request.param == "awkward" else STDLIB / request.param
    if not path.exists():
        pytest.skip(f"no {request.param} in this Python")
    return path


def test_every_mutant_compiles_and_differs(source):
    """By the agent's own compiler: none is invalid; few equal the original or a sibling, and those are dropped before they run."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "sweep_stdlib.py", "--dump", find_tool(), "--python", sys.executable, source],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = [int(number) for number in re.findall(r"(\d+) (?:mutants|invalid|equal to)", done.stdout)]
    mutants, invalid, equal, twins = counts
    assert mutants > 100 and invalid == 0 and equal + twins <= 2 + mutants // 200, done.stdout


def code_objects(code):
    for const in code.co_consts:
        if inspect.iscode(const):
            if const.co_name.startswith("<"):
                yield from code_objects(const)
            else:
                yield const
                yield from code_objects(const)


def test_functions_are_where_cpython_sees_them(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = list(code_objects(compile(source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=0)))
    expected = {}
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            statements = [inner for statement in body for inner in ast.walk(statement) if isinstance(inner, ast.stmt)]
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            expected[node.lineno] = (node.name, first, node.end_lineno, len(statements), isinstance(node, ast.AsyncFunctionDef))
    found = {f["def_line"]: (f["qualname"].rpartition(".")[2], f["first_line"], f["end_line"], f["statements"], bool(f["async"]))
             for f in dump("--functions", source)}
    assert found == expected
    generators = {code.co_firstlineno for code in codes if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)}
    assert {f["first_line"] for f in dump("--functions", source) if f["generator"]} == generators


def test_body_lines_are_lines_with_code(source):
    """A line that can never run would make every function look badly covered."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = list(code_objects(compile(source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=0)))
    running = {line for code in codes for _, _, line in code.co_lines() if line}
    dead = {(f["qualname"], line) for f in dump("--functions", source) for line in f["body_lines"] if line not in running}
    assert len(dead) <= 2, dead


def test_the_two_trust_checks_compile(source):
    for function in dump("--functions", source):
        if function["nested"]:
            continue
        shells = "".join(" " * indent + ("class X:\n" if kind == 0 else "if 1:\n") for kind, indent in function["scopes"])
        for form in ("noop", "raising"):
            assert compiles(shells + function[form], source.name) is None, function
        assert function["noop"].count("\n") == function["raising"].count("\n")


@pytest.mark.parametrize("tool", [["patch", "-p1", "-s"], ["git", "apply", "--whitespace=nowarn"]], ids=["patch", "git"])
@pytest.mark.parametrize("last", ["\n", ""], ids=["newline", "no newline at the end"])
def test_diffs_apply(tmp_path, awkward, tool, last):
    if not shutil.which(tool[0]):
        pytest.skip(f"no {tool[0]}")
    (tmp_path / "pkg").mkdir()
    path = tmp_path / "pkg" / "mod.py"
    text = awkward.read_text(encoding="utf-8").rstrip("\n") + last
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([find_tool(), "--level", "3", "--diff", "pkg/mod.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    mutants = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(mutants) > 50
    for mutant in mutants[::5] + mutants[-4:]:
        raw = text.encode()
        wanted = raw[: mutant["start"]] + mutant["replacement"].encode() + raw[mutant["end"] :]
        subprocess.run(tool, input=mutant["diff"].encode(), cwd=tmp_path, check=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
        assert path.read_bytes() == wanted
        path.write_bytes(raw)
