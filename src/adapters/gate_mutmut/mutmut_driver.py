"""Runs a real mutmut 3 on one function (or file) of a repo and says what it made and found. Started by the gate in the repo's own interpreter.

    python mutmut_driver.py REQUEST ANSWER        both JSON files

The request: repo (a copy of which only a copy is used), work (an empty folder), path (source file, relative), qualname ("" = the whole file),
roots (import roots, relative), tests (node ids or files; none: nothing is run), site (where mutmut is; its packages come behind the repo's own),
add ([[path, text], …] written into the copy first), seconds (wall limit).
The answer: version, problem (why there are no verdicts), mutants: name, start, end (bytes of the file), replacement, exit (mutmut's own code or null).
Mutants are read from mutmut's generated file: the variant and the original of one function differ in the mutated span. Verdicts are read from its .meta file.
"""
import ast
import configparser
import json
import os
import shutil
import signal
import subprocess
import sys

STOPPED = "stopped"
LEFT_OUT = (".git", ".hg", ".mutagen", ".venv", "venv", ".tox", ".nox", "node_modules", "mutants", "__pycache__", ".pytest_cache")
# The repo's own packages win; mutmut's come behind them.
START = "import sys; sys.path.extend([p for p in %r if p]); sys.argv[0] = 'mutmut'; from mutmut.__main__ import cli; cli()"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    answer = {"version": "", "problem": "", "mutants": []}
    try:
        judge(request, answer)
    except (OSError, ValueError, KeyError, SyntaxError) as error:
        answer["problem"] = one_line("%s: %s" % (type(error).__name__, error))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(answer, file)


def judge(request, answer):
    work = os.path.join(request["work"], "repo")
    shutil.copytree(request["repo"], work, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    for path, text in request.get("add", []):
        full = os.path.join(work, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    tests = request["tests"]
    if not tests:  # mutmut makes mutants only on the way to a run
        tests = ["mutagen_no_test.py"]
        with open(os.path.join(work, tests[0]), "w", encoding="utf-8") as file:
            file.write("def test_nothing():\n    pass\n")
    settle(work, request, tests)
    code, output = run(request, work, pattern(request))
    answer["version"] = version(request, work)
    generated = os.path.join(work, "mutants", request["path"])
    if not os.path.exists(generated):
        answer["problem"] = "mutmut made no mutants: " + last_line(output)
        return
    with open(os.path.join(work, request["path"]), "rb") as file:
        source = file.read()
    with open(generated, "rb") as file:
        variants = file.read()
    codes = verdicts(generated)
    if request["tests"] and code != STOPPED and codes and all(code is None for code in codes.values()):
        # Its first run measures and checks in one process, where some suites fail the second time; the next run finds the measurement done.
        code, output = run(request, work, pattern(request))
        codes = verdicts(generated)
    answer["mutants"] = list(mutants(source, variants, codes, request["qualname"]))
    if code == STOPPED:
        answer["problem"] = output
    elif request["tests"] and answer["mutants"] and all(mutant["exit"] is None for mutant in answer["mutants"]):
        answer["problem"] = "mutmut gave no verdict (exit %d): %s" % (code, last_line(output))


def verdicts(generated):
    if not os.path.exists(generated + ".meta"):
        return {}
    with open(generated + ".meta", encoding="utf-8") as file:
        return json.load(file)["exit_code_by_key"]


def settle(work, request, tests):
    """mutmut's configuration is a [mutmut] section; the repo's pytest settings stay in force."""
    own = configparser.ConfigParser(interpolation=None)
    own.read(os.path.join(work, "setup.cfg"))
    top = request["path"].split("/")[0]
    root = next((root for root in request.get("roots", []) if root and request["path"].startswith(root + "/")), "")
    paths = [root or top]
    extra = sorted(name for name in os.listdir(work) if name not in (*LEFT_OUT, top, root.split("/")[0]))
    lists = {"source_paths": paths, "only_mutate": [request["path"]], "also_copy": extra, "pytest_add_cli_args_test_selection": tests}
    if own.has_section("mutmut"):
        own.remove_section("mutmut")
    own.add_section("mutmut")
    for key, values in lists.items():
        own.set("mutmut", key, "\n" + "\n".join(values))
    own.set("mutmut", "use_git_change_detection", "false")
    with open(os.path.join(work, "setup.cfg"), "w", encoding="utf-8") as file:
        own.write(file)
    project = os.path.join(work, "pyproject.toml")
    if os.path.exists(project):
        with open(project, encoding="utf-8") as file:
            text = file.read()
        if "[tool.mutmut]" in text:  # it would win over setup.cfg
            with open(project, "w", encoding="utf-8") as file:
                file.write(text.replace("[tool.mutmut]", "[tool.mutmut_of_the_repo]"))


def module_of(request):
    path = request["path"][: -len(".py")].replace("/", ".")
    for root in request.get("roots", []):
        if root and request["path"].startswith(root + "/"):
            path = path[len(root) + 1:]
    return path[: -len(".__init__")] if path.endswith(".__init__") else path


def pattern(request):
    names = request["qualname"].split(".") if request["qualname"] else []
    if not names:
        return module_of(request) + ".*"
    last = "x_" + names[0] if len(names) == 1 else "xǁ%sǁ%s" % (names[-2], names[-1])
    return "%s.%s__mutmut_*" % (module_of(request), last)


def run(request, work, names):
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    argv = [sys.executable, "-c", START % [request.get("site", "")], "run", "--max-children", str(request.get("jobs", 2)), names]
    child = subprocess.Popen(argv, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output = child.communicate(timeout=request.get("seconds", 600))[0]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output = child.communicate()[0]
        return STOPPED, "mutmut was stopped after %d s" % request["seconds"]
    return child.returncode, output.decode("utf-8", "replace")


def version(request, work):
    argv = [sys.executable, "-c", START % [request.get("site", "")], "--version"]
    done = subprocess.run(argv, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return one_line(done.stdout.decode("utf-8", "replace"))


def functions_of(tree):
    """{(class name or "", function name): node} of what mutmut can mutate: top-level functions and methods of top-level classes."""
    found = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found["", node.name] = node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found[node.name, inner.name] = inner
    return found


def offsets(text):
    starts = [0]
    for line in text.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def span(node, starts):
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def after_name(text, name):
    """What follows `def name` of a function's text."""
    at = text.index(name.encode(), text.index(b"def ") + 4)
    return text[at + len(name.encode()):]


def mutants(source, variants, codes, qualname):
    originals, starts = functions_of(ast.parse(source)), offsets(source)
    changed, changed_starts = functions_of(ast.parse(variants)), offsets(variants)
    for (owner, name), node in changed.items():
        base, found, number = name.rpartition("__mutmut_")
        if not found or not number.isdigit():
            continue
        of = split_name(base)
        if of is None or of not in originals or (qualname and ".".join(filter(None, of)) != qualname):
            continue
        start, end = span(originals[of], starts)
        old = after_name(source[start:end], of[1])
        begin, stop = span(node, changed_starts)
        new = after_name(variants[begin:stop], name)
        if new == old:
            continue
        head = common(old, new)
        tail = common(old[head:][::-1], new[head:][::-1])
        while head and (old[head] if head < len(old) else 0) & 0xC0 == 0x80:
            head -= 1  # never within a character
        first = end - len(old) + head
        key = next((key for key in codes if key.endswith("." + name)), None)
        yield {"name": key or name, "start": first, "end": end - tail, "replacement": new[head:len(new) - tail].decode("utf-8", "replace"),
               "exit": codes.get(key)}


def split_name(base):
    if base.startswith("xǁ"):
        parts = base[2:].split("ǁ")
        return (parts[0], parts[1]) if len(parts) == 2 else None
    return ("", base[2:]) if base.startswith("x_") else None


def common(a, b):
    count = 0
    for x, y in zip(a, b):
        if x != y:
            break
        count += 1
    return count


def one_line(text):
    return " ".join(str(text).split())[:300]


def last_line(text):
    lines = [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return one_line(" / ".join(lines[-3:]))


if __name__ == "__main__":
    main()
