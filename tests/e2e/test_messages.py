"""Every error message that a user can meet, provoked through the command line and held in one file: tests/corpus/messages.txt.

Read that file as a stranger would: does each line say what is wrong, where, and what to do? `MUTAGEN_UPDATE_MESSAGES=1` writes it anew.
A second test looks through the sources for messages that the file never shows; tests/corpus/messages-internal.txt lists those that no
command line leads to, each with a reason.
"""
import fnmatch
import http.server
import json
import os
import re
import shlex
import shutil
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import OPS, ROOT, TEST_OPS, Desk

GOLDEN = ROOT / "tests" / "corpus" / "messages.txt"
INTERNAL = ROOT / "tests" / "corpus" / "messages-internal.txt"
UPDATE = os.environ.get("MUTAGEN_UPDATE_MESSAGES")
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENROUTER_API_KEY")
ALL = {"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS}
GRADE = "--target calc.ops.grade --no-progress"
CASES = []  # (section, command, set-up, variables)


def case(section, command, *setup, **variables):
    CASES.append((section, command, setup, variables))


# ---- what may have to be there before ----

def repo(desk):
    desk.repo()


def files(**texts):
    """Names are written with __ for / and _dot_ for a dot: calc__ops_dot_py."""
    def put(desk):
        for name, text in texts.items():
            path = desk.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    put.shown = texts
    return put


def tree(**texts):
    def put(desk):
        desk.repo({**ALL, **{name.replace("__", "/").replace("_dot_", "."): text for name, text in texts.items()}})
    put.shown = {"repo__" + name: text for name, text in texts.items()}
    return put


def folder(name):
    return lambda desk: (desk.folder / name).mkdir(parents=True)


def link(name, target):
    return lambda desk: (desk.folder / name).symlink_to(target)


def before(command, **variables):
    def do(desk):
        desk(*shlex.split(command), **variables)
    return do


def sql(statement, name="mutagen.db"):
    def do(desk):
        with sqlite3.connect(desk.folder / ".mutagen" / name) as database:
            database.execute(statement)
        database.close()
    return do


def git(*commands):
    def do(desk):
        for command in commands:
            done = os.system(f"cd {shlex.quote(str(desk.folder / 'repo'))} && git -c user.name=x -c user.email=x@x {command} >/dev/null 2>&1")
            assert done == 0, command
    return do


def replaced(name, old, new):
    def do(desk):
        path = desk.folder / name
        path.write_text(path.read_text().replace(old, new))
    return do


def removed(name):
    return lambda desk: (desk.folder / name).rename(desk.folder / "gone")


def locked(desk):
    """Somebody else works on run `one`."""
    import fcntl

    desk.lock = open(desk.folder / ".mutagen" / "locks" / "one.lock", "r+")
    fcntl.flock(desk.lock, fcntl.LOCK_EX)
    LOCKS.append(desk.lock)


LOCKS = []
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable
PYTHON_WITHOUT_PYTEST = files(venv__bin__python="#!/bin/sh\nexec " + BASE_PYTHON + " -S \"$@\"\n")


def executable(name):
    return lambda desk: (desk.folder / name).chmod(0o755)


# ---- the command line ----

for line in ("", "rnu .", "frobnicate", "run", "run ''", "show", "run a b", "report x", "run . --treshold 0.5", "run . --xyzzy", "--xyzzy run .", "run . -x",
             "report --jobs 2", "run . --jobs", "run . --run-id=", "run . --no-progress=1", "run . --run-id a/b", "apply --into d --patch p",
             "run . --threshold 1.1", "run . --jobs -1", "run . --keep some", "run . --provider nobody", "run . --operators ROX",
             "run . --operators everything", "run . --operators ROR,", "run . --log-level loud"):
    case("the command line", line)
case("the command line", "run repo --model gpt-5", repo)
case("the command line", "run repo --command cat --provider openai", repo)
case("the command line", "score repo --sample 0", repo)
case("the command line", "score repo --max-time soon", repo)

# ---- settings ----

for text in ("[mutation]\nlevl = 2\n", "gizmo = 2\n", "[mutatoin]\n", "[gizmo]\n", "[mutation]\nlevel = 9\n", "jobs = '2'\n", "[llm]\nenabled = true\n",
             "jobs = \n", "jobs = 1\njobs = 2\n", "[mutation\n", "a = \"\\q\"\n", b"a = '\xff'\n"):
    case("settings", "run repo -c m.toml", repo, files(m_dot_toml=text))
case("settings", "run repo -c nowhere.toml", repo)
case("settings", "run repo -c m.toml", repo, folder("m.toml"))
case("settings", "run repo -c m.toml", repo, files(m_dot_toml="#" * (1 << 20) + "\n"))
case("settings", "run repo", repo, MUTAGEN_CONFIG="nowhere.toml")
case("settings", "config repo", tree(mutagen_dot_toml="jobs = 0\n[llm]\nmodel = 'x'\n"))
case("settings", "config repo", tree(pyproject_dot_toml="[tool.mutagen]\nprovider = 'command'\nlevel = 1\n"))
case("settings", "config repo", repo, MUTAGEN_MUTATION_LEVLE="1")
case("settings", "config repo", repo, MUTAGEN_QQQ="1")
case("settings", "run repo", repo, MUTAGEN_JOBS="many")
case("settings", "run repo --log-file m.toml/log", repo, files(m_dot_toml=""))
case("settings", "run repo --log-file calc", repo, folder("calc"))
case("settings", f"run repo {GRADE}", repo, files(_dot_env="MUTAGEN_BASE_URL=http://x\n"))
case("settings", f"run repo {GRADE}", repo, files(m_dot_toml="[llm]\nbase_url = 'http://x'\n"), MUTAGEN_CONFIG="m.toml")

# ---- the repo ----

case("the repo", "run nowhere")
case("the repo", "run file.py", files(file_dot_py=""))
case("the repo", "run empty", folder("empty"))
case("the repo", "run repo/calc", repo)
case("the repo", f"run repo {GRADE}", lambda desk: desk.repo({"ops.py": b"x = '\xff'\n"}))
case("the repo", "run repo", repo, TMPDIR="/nowhere")
case("the repo", "run repo --target no.such.thing --no-progress", repo)
case("the repo", "score repo --target no.such.thing --no-progress", repo)
case("the repo", "score repo --no-progress", lambda desk: desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS}))
case("the repo", f"score repo {GRADE}", lambda desk: desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests.py": "def test_nothing():\n    pass\n"}))
case("the repo", f"score repo {GRADE}", tree(tests__test_ops_dot_py="def test_red():\n    assert False\n"))
case("the repo", f"score repo {GRADE}", tree(tests__test_ops_dot_py="import no_such_package\n"))
case("the repo", f"score repo {GRADE} --tests tests/nothing.py", repo)
case("the repo", f"score repo {GRADE}", tree(pytest_dot_ini="[pytest]\naddopts = --no-such-option\n"))
case("the repo", f"score repo {GRADE}", tree(pytest_dot_ini="[pytest]\naddopts = --no-such-option --strict-markers\n"))
case("the repo", f"score repo {GRADE}", tree(conftest_dot_py="import os\nos._exit(3)\n"))
case("the repo", f"score repo {GRADE}", tree(tests__test_bad_dot_py="import os\nos.kill(os.getpid(), 9)\n"))
case("the repo", f"score repo {GRADE} --fail-under 0.9", repo)
case("the repo", f"run repo {GRADE} --max-targets 1 --threshold 1 --operators XMT", repo)
case("the repo", "run repo --no-progress --target calc.hard.f --threshold 1",
     tree(calc__hard_dot_py="def f(a):\n    b = open('/dev/null').read()\n    return len(b) + id(a)\n"))
case("the repo", "score repo --no-progress --matrix", repo, MUTAGEN_MUTATION_BACKEND="mutmut")
case("the repo", "score repo --no-progress --target calc.ops.grade", tree(calc__bad_dot_py="def f(:\n    pass\n"))

# ---- Python and pytest ----

case("Python and pytest", "run repo --python nowhere", repo)
case("Python and pytest", "run repo", repo, VIRTUAL_ENV="/nowhere")
case("Python and pytest", "run repo", repo, MUTAGEN_PYTHON="nowhere")
case("Python and pytest", "run repo", repo, MUTAGEN_PYTHON="", PATH="/nowhere")
case("Python and pytest", "run repo --no-progress --python venv", repo, PYTHON_WITHOUT_PYTEST, executable("venv/bin/python"))
case("Python and pytest", "run repo --no-progress --python fake", repo, files(fake="not a program\n"), executable("fake"))
case("Python and pytest", "run repo --no-progress --python fake", repo, files(fake="#!/nowhere/python\n"), executable("fake"))
case("Python and pytest", "run repo --no-progress --python fake", repo, files(fake="#!/bin/sh\necho hello; exit 7\n"), executable("fake"))

# ---- what is stored ----

DONE = before(f"run repo {GRADE} --run-id one")
case("what is stored", "report")
case("what is stored", "show mutant abc")
case("what is stored", "show target abc", repo, before(f"score repo {GRADE}"))
case("what is stored", "show mutant abc", repo, before(f"score repo {GRADE}"))
case("what is stored", "show mutant ''", repo, before(f"score repo {GRADE}"))
case("what is stored", "report --run-id two", repo, DONE)
case("what is stored", "apply --run-id two", repo, DONE)
case("what is stored", "apply", repo, DONE, removed("repo"))
case("what is stored", "apply --into out", repo, DONE, files(out=""))
case("what is stored", "apply --patch out", repo, DONE, folder("out"))
case("what is stored", "apply", repo, DONE, before("apply"), lambda desk: [path.write_text("mine\n") for path in (desk.folder / "repo" / "tests").glob("test_*") if path.name != "test_ops.py"])
case("what is stored", "run repo --run-id one", lambda desk: desk.repo(name="other"), before(f"run other {GRADE} --run-id one"), repo)
case("what is stored", "run repo --run-id one", repo, DONE, locked)
case("what is stored", "report --run-id one", repo, DONE, sql("DELETE FROM reports"))
case("what is stored", "report", repo, DONE, sql("DELETE FROM reports"))
case("what is stored", "report", repo, DONE, sql("UPDATE runs SET state = 'lost'"))
case("what is stored", "report", repo, DONE, sql("PRAGMA user_version = -3"))
case("what is stored", "run repo", repo, files(_dot_mutagen__MUTAGEN="", _dot_mutagen__locks=""))
case("what is stored", f"score repo {GRADE}", repo, files(_dot_mutagen__other="mine"))
case("what is stored", "run repo", repo, files(_dot_mutagen__other="mine"))
case("what is stored", "run repo", repo, files(_dot_mutagen="mine"))
case("what is stored", "run repo", repo, files(m_dot_toml="storage.root = 'file/below'\n", file=""), MUTAGEN_CONFIG="m.toml")
case("what is stored", "report", repo, DONE, lambda desk: (desk.folder / ".mutagen" / "mutagen.db").write_bytes(b"no database at all, but long enough to look like one" * 40))
case("what is stored", "report", repo, DONE, sql("PRAGMA user_version = 999"))
case("what is stored", "report", repo, DONE, sql("PRAGMA application_id = 7"))
case("what is stored", "prompts --into out", before("prompts --into out"))
case("what is stored", "score repo --no-progress --json out --target calc.ops.grade", repo, folder("out"))

# ---- what has changed ----

case("what has changed", "score repo --no-progress --diff main", repo)
case("what has changed", "score repo --no-progress --diff HEAD", repo, git("init -q"))
case("what has changed", "score repo --no-progress --diff nothing", repo, git("init -q", "add -A", "commit -qm x"))
case("what has changed", "score repo --no-progress --diff other", repo, git("init -q -b main", "add -A", "commit -qm x", "checkout -q --orphan other", "commit -qm y", "checkout -q main"))
case("what has changed", "score repo --no-progress --diff HEAD", repo, git("init -q", "add -A", "commit -qm x"))
case("what has changed", "score repo --no-progress --diff other", repo, git("init -q -b main", "add -A", "commit -qm x", "branch other", "checkout -q --orphan third"))
case("what has changed", "score repo --no-progress --diff HEAD", repo, PATH="/nowhere")

# ---- models ----

ASK = f"run repo {GRADE} --strategy model --max-repair 0"
for provider in ("anthropic", "openai", "gemini"):
    case("models", f"{ASK} --provider {provider}", repo)
case("models", f"{ASK} --provider openrouter", repo, OPENROUTER_API_KEY="sk-or-0123456789")
case("models", f"{ASK} --provider compatible --model m", repo)
case("models", f"{ASK} --provider command", repo)
case("models", f"{ASK} --provider replay", repo)
case("models", f"{ASK} --provider replay", repo, MUTAGEN_LLM_REPLAY="nowhere")
case("models", f"{ASK} --provider replay --max-cost 0", repo, folder("replies"), MUTAGEN_LLM_REPLAY="replies")
case("models", f"{ASK} --provider anthropic", repo, link(".env", "elsewhere"), files(elsewhere="ANTHROPIC_API_KEY=sk-ant-0123456789\n"))
case("models", f"{ASK} --provider openai", repo, OPENAI_API_KEY="not a key at all")
for address in ("localhost:80", "http://u:p@127.0.0.1", "http://", "http://127.0.0.1/?a=b"):
    case("models", f"{ASK} --provider compatible --model m --max-cost 0 --base-url {address}", repo)
case("models", f"{ASK} --provider compatible --model m --base-url http://127.0.0.1:9", repo)
case("models", f"{ASK} --provider compatible --model m --max-cost 0 --base-url http://127.0.0.1:9", repo, MUTAGEN_LLM_MAX_RETRIES="0")
case("models", f"{ASK} --provider openai", repo, OPENAI_API_KEY="sk-0123456789", MUTAGEN_LLM_PRICE_INPUT="1", MUTAGEN_MODEL="own")
case("models", f"{ASK} --provider anthropic", repo, ANTHROPIC_API_KEY="sk-ant-0123456789", MUTAGEN_LLM_API="responses")
case("models", f"{ASK} --provider openai --model 'a b'", repo, OPENAI_API_KEY="sk-0123456789")
case("models", f"{ASK} --provider anthropic", repo, ANTHROPIC_API_KEY="sk-ant-0123456789", MUTAGEN_LLM_PROMPTS="nowhere")
for text in ("{{nothing}}", "{{#target}}", "{{/target}}", "{{target"):
    case("models", f"{ASK} --provider anthropic", repo, before("prompts --into p"), files(p__generate_dot_txt=text), ANTHROPIC_API_KEY="sk-ant-0123456789",
         MUTAGEN_LLM_PROMPTS="p")
case("models", f"{ASK} --provider anthropic", repo, ANTHROPIC_API_KEY="sk-ant-0123456789", MUTAGEN_GENERATION_USE_RETRIEVAL="true", MUTAGEN_GENERATION_EMBEDDER="http")
case("models", f"{ASK} --provider anthropic", repo, ANTHROPIC_API_KEY="sk-ant-0123456789", MUTAGEN_GENERATION_USE_RETRIEVAL="true", MUTAGEN_GENERATION_EMBEDDER="http",
     MUTAGEN_GENERATION_EMBEDDING_MODEL="m")
case("models", f"{ASK} --provider anthropic", repo, ANTHROPIC_API_KEY="sk-ant-0123456789", MUTAGEN_GENERATION_USE_RETRIEVAL="true", MUTAGEN_GENERATION_EMBEDDER="http",
     MUTAGEN_GENERATION_EMBEDDING_MODEL="m", OPENAI_API_KEY="sk-0123456789")
for program in ("false", "true", "kill -9 $$", "printf '\\377'", "no-such-program"):
    case("models", f"{ASK} --provider command --max-cost 0 --command {shlex.quote(program)}", repo, MUTAGEN_LLM_MAX_RETRIES="0")
case("models", f"run repo {GRADE} --provider anthropic --dry-run", repo, MUTAGEN_GENERATION_USE_RETRIEVAL="true", MUTAGEN_GENERATION_EMBEDDER="http")
for status in (401, 403, 404, 429, 500, 301, 200):
    case("models", f"{ASK} --provider compatible --model m --max-cost 0 --base-url PEER/{status}", repo, MUTAGEN_LLM_MAX_RETRIES="0",
         MUTAGEN_LLM_API_KEY="sk-0123456789abcdef")
case("models", f"{ASK} --provider compatible --model m --max-cost 0 --base-url PEER/big", repo, MUTAGEN_LLM_MAX_RETRIES="0", MUTAGEN_LLM_MAX_RESPONSE_MB="1")
case("models", f"{ASK} --provider compatible --model m --max-cost 0 --base-url PEER/200", repo, files(ca="no certificate"), MUTAGEN_LLM_CA_FILE="nowhere.pem")


# ---- running them ----

class Peer(http.server.BaseHTTPRequestHandler):
    """Answers with the status that its path names, and never with a reply of a model."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.path.split("/")[1]
        body = b"x" * (3 << 20) if kind == "big" else json.dumps({"error": {"message": "this is the provider's own text", "type": "some_kind"}}).encode()
        if kind == "200":
            body = b"<html>a login page</html>"
        self.send_response(200 if kind == "big" else int(kind))
        if kind == "301":
            self.send_header("Location", "https://elsewhere.example/v1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # it read as much as it wanted

    def log_message(self, *_):
        pass


def shown(text, desk, peer):
    """stderr without progress, and without what is another one each time or elsewhere."""
    lines = [line for line in text.splitlines() if not re.match(r"\[\w+\] |run [0-9a-f]{12}$|run one$|note: tests run without your keys|"
                                                                r"(kept|satisfied) ", line)]
    text = "\n".join(lines)
    for pattern, word in ((re.escape(peer), "PEER"), (re.escape(re.sub("^http://", "", peer)), "PEER"), (re.escape(str(desk.tmp)), "TMP"),
                          (re.escape(str(desk.folder)), "HERE"), (re.escape(os.path.dirname(sys.executable)), "PYTHON"),
                          (r"\S*/python3\.\d+\b", "PYTHON"), (r"mutagen-\w{6}\b", "mutagen-XXXXXX"), (r"process \d+", "process N"), (r"\b[0-9a-f]{12}\b", "ID"), (r"\b[0-9a-f]{40,64}\b", "HASH"),
                          (r"pytest \d+\.\d+\.\d+", "pytest N"), (r"Python \d+\.\d+\.\d+", "Python N"), (r"\d+\.\d+ s\b", "N s"), (r"\d+ ms\b", "N ms"), (r"\b\d+%", "N%"), (r"0x[0-9a-f]+", "0xN")):
        text = re.sub(pattern, word, text)
    return text


def play(number, root, peer):
    section, command, setup, variables = CASES[number]
    desk = Desk(root / f"m{number}")
    for step in setup:
        step(desk)
    return told_by(number, desk, peer)


def play_behind_a_run(numbers, root, peer):
    """Cases that begin with DONE, one after the other in the folder of one such run, which is each time as that run left it."""
    desk = Desk(root / "done")
    repo(desk)
    DONE(desk)
    shutil.copytree(desk.folder, root / "kept")
    for number in numbers:
        shutil.rmtree(desk.folder)
        shutil.copytree(root / "kept", desk.folder)
        for step in CASES[number][2][2:]:
            step(desk)
        yield told_by(number, desk, peer)


def told_by(number, desk, peer):
    section, command, setup, variables = CASES[number]
    env = {name: value.replace("PEER", peer) for name, value in variables.items()}
    told = desk(*shlex.split(command.replace("PEER", peer)), **env)
    said = " ".join([*(f"{name}={shlex.quote(value)}" for name, value in variables.items()), "mutagen", command]).rstrip()
    given = [f"({name.replace('__', '/').replace('_dot_', '.')}: {(text.replace(BASE_PYTHON, 'PYTHON') if isinstance(text, str) else text)[:70]!r})\n" for step in setup for name, text in getattr(step, "shown", {}).items()]
    return section, "".join(given) + f"$ {said}\n{told.code}\n{shown(told.err, desk, peer)}".rstrip("\n") + "\n"


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    removed_names = [name for name in os.environ if name in KEYS or name == "HOME" or (name.startswith("MUTAGEN_") and not name.startswith("MUTAGEN_BIN"))]
    saved = {name: os.environ.pop(name) for name in removed_names}
    os.environ["HOME"] = str(tmp_path_factory.mktemp("home"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = tmp_path_factory.mktemp("messages")
    try:
        peer = f"http://127.0.0.1:{server.server_port}"
        behind = [number for number, (_, _, setup, _) in enumerate(CASES) if setup[:2] == (repo, DONE)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            together = pool.submit(lambda: list(play_behind_a_run(behind, root, peer)))
            others = [number for number in range(len(CASES)) if number not in behind]
            played = dict(zip(others, pool.map(lambda number: play(number, root, peer), others)))
            played.update(zip(behind, together.result()))
        blocks = [played[number] for number in range(len(CASES))]
    finally:
        server.shutdown()
        os.environ.update(saved)
    text, last = "Made by tests/e2e/test_messages.py: the command, its exit code, what stands on stderr (without progress).\n", None
    for section, block in blocks:
        text += ("" if section == last else f"\n==== {section} ====\n") + "\n" + block
        last = section
    return text


def test_every_message_is_as_it_was_read(messages):
    if UPDATE:
        GOLDEN.write_text(messages)
    wanted = GOLDEN.read_text()
    if messages != wanted:
        old, new = wanted.split("\n\n"), messages.split("\n\n")
        changed = [block for block in new if block not in old]
        pytest.fail("messages have changed; read them, then MUTAGEN_UPDATE_MESSAGES=1:\n\n" + "\n\n".join(changed[:20]))


def test_messages_are_lines_that_say_enough(messages):
    """One line a failure, no line of the program's insides, no cut-off end."""
    for block in messages.split("\n\n"):
        lines = block.splitlines()
        while lines and lines[0].startswith("("):
            lines.pop(0)
        if not lines or not lines[0].startswith("$"):
            continue
        if lines[1] in ("1", "64"):
            assert any(line.startswith("mutagen: ") for line in lines[2:]), block
        for line in lines[2:]:
            assert len(line) < 520 and not re.search(r"(^|[^\w.])src/|\(null\)|%[sd]|\bMG_", line), block


# ---- what the file never shows ----

CALL = re.compile(r"\b(MG_FAIL|mg_err_prefix|mg_tell|mg_tell_note)\(")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def calls_in(text):
    for match in CALL.finditer(text):
        at, depth, quoted = match.end(), 1, False
        while depth and at < len(text):
            char = text[at]
            if quoted and char == "\\":
                at += 1
            elif char == '"':
                quoted = not quoted
            elif not quoted:
                depth += {"(": 1, ")": -1}.get(char, 0)
            at += 1
        yield text[match.end():at - 1]


def format_of(arguments):
    """The first string with the ones that follow it directly; None when a message has no text of its own."""
    first = STRING.search(arguments)
    if not first:
        return None
    text, at = first.group(1), first.end()
    while True:
        following = re.compile(r'\s*"((?:[^"\\]|\\.)*)"').match(arguments, at)
        if not following:
            return text.replace('\\"', '"').replace("\\n", "\n")
        text, at = text + following.group(1), following.end()


def pattern_of(text):
    """What a message of that format looks like; None when it is nothing but holes."""
    parts = re.split(r"%[-+ 0-9.*]*(?:ll|l|z)?[a-zA-Z]", text)
    if not re.search(r"[a-zA-Z]{3}", "".join(parts)):
        return None
    return re.compile(".*?".join(re.escape(part) for part in parts))


def test_every_message_of_the_sources_is_in_the_file_or_explained():
    golden = GOLDEN.read_text()
    rules = [line.split(": ", 1) for line in INTERNAL.read_text().splitlines() if line and not line.startswith("#")]
    unknown, used = [], set()
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        where = str(path.relative_to(ROOT / "src"))
        for arguments in calls_in(path.read_text()):
            text = format_of(arguments)
            pattern = pattern_of(text) if text else None
            if not pattern or pattern.search(golden):
                continue
            rule = next((i for i, (place, start) in enumerate(rules) if fnmatch.fnmatch(where, place) and (start == "*" or text.startswith(start))), None)
            used.add(rule)
            if rule is None:
                unknown.append(f"{where}: {text}")
    if UPDATE and unknown:
        INTERNAL.write_text(INTERNAL.read_text() + "\n# To be provoked in test_messages.py, or to be explained.\n" + "\n".join(unknown) + "\n")
        return
    assert not unknown, "provoke these in test_messages.py, or say in messages-internal.txt why no command line leads to them:\n" + "\n".join(unknown)
    assert not [rules[i] for i in range(len(rules)) if i not in used], "these rules explain nothing any more"
