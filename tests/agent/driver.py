"""Starts the real agent on a tiny repo and talks to it over its socket, as mutagen does."""
import array
import ast
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PACKAGE = os.path.join(ROOT, "src", "agent", "_mutagen_agent")
TRACER = os.path.join(os.path.dirname(os.environ.get("MUTAGEN_BINARY") or os.path.join(ROOT, "build", "mutagen")), "tracer.abi3.so")


def lines_of(event, file=0):
    """The lines of one of the files that a test of the traced baseline has run."""
    return {line for number, first, last in event["lines"] if number == file for line in range(first, last + 1)}


class Wire:
    def __init__(self, sock):
        self.sock, self.buffer, self.last_id, self.events = sock, b"", 0, []
        sock.settimeout(60)

    def send(self, request, fd=None):
        self.last_id += 1
        request.setdefault("id", self.last_id)
        line = json.dumps(request).encode() + b"\n"
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        sent = self.sock.sendmsg([line], ancillary)
        self.sock.sendall(line[sent:])
        return request["id"]

    def read(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(1 << 16)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line.decode())

    def ask(self, op, **request):
        request["op"] = op
        number = self.send(request)
        answer = self.read()
        while answer is not None and "event" in answer:
            self.events.append(answer)
            answer = self.read()
        assert answer is not None, "the agent is gone"
        assert answer["id"] == number
        return answer


class Repo:
    """A private copy, the user's original beside it, scratch, and the agent's processes."""

    def __init__(self, folder, tracer=True):
        self.path, self.original, self.scratch = (str(folder / name) for name in ("copy", "original", "scratch"))
        for path in (self.path, self.original, self.scratch):
            os.makedirs(path)
        self.roots = [self.path]
        self.processes, self.wires = [], []
        self.environment = {}
        shutil.copytree(PACKAGE, os.path.join(self.scratch, "_mutagen_agent"), ignore=shutil.ignore_patterns("__pycache__"))
        if tracer:
            shutil.copy(TRACER, os.path.join(self.scratch, "_mutagen_agent"))

    def write(self, path, text, where=None):
        target = os.path.join(where or self.path, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w") as file:
            file.write(textwrap.dedent(text).lstrip("\n"))
        return target

    def spawn(self, role):
        ours, theirs = socket.socketpair()
        log = open(os.path.join(self.scratch, "log"), "ab")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV_"))}
        environment.update(self.environment, PYTHONPYCACHEPREFIX=os.path.join(self.scratch, "pycache"), PYTHONHASHSEED="0")

        def become():  # pragma: no cover
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)

        process = subprocess.Popen(
            [sys.executable, os.path.join(self.scratch, "_mutagen_agent"), role],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=become, pass_fds=(3,), env=environment, cwd=self.path,
        )
        theirs.close()
        log.close()
        self.processes.append(process)
        wire = Wire(ours)
        self.wires.append(wire)
        return wire

    def settings(self, **more):
        settings = dict(repo=self.path, original=self.original, import_roots=self.roots, scratch=self.scratch, seed=0, jobs=2, test_timeout=30.0)
        settings.update(more)
        return settings

    def start(self, *args, keep_addopts=True, only=(), watch=(), **more):
        """A zygote; self.collected is its answer."""
        self.zygote = self.spawn("zygote")
        self.started = self.zygote.ask("start", **self.settings(**more))
        assert self.started["ok"], self.started
        self.collected = self.zygote.ask("collect", args=list(args), keep_addopts=keep_addopts, only=list(only), watch=list(watch))
        return self.collected

    def ids(self):
        return [test["id"] for test in self.collected["tests"]]

    def index(self, name):
        found = [i for i, test in enumerate(self.ids()) if test.split("::", 1)[1].split("::")[-1] == name]
        assert len(found) == 1, (name, self.ids())
        return found[0]

    def baseline(self, files=(), tests=None, timeout=30.0, pause=0.0, copies=1, stop=0.0, apart=False):
        """Its events; self.notes is what it said at the end, self.again how often a test ran once more."""
        number = self.zygote.send({"op": "baseline", "files": list(files), "tests": tests, "timeout": timeout, "pause": pause, "copies": copies,
                                   "stop": stop, "apart": apart})
        events, self.again = [], 0
        while True:
            message = self.zygote.read()
            assert message is not None and message["id"] == number
            if message.get("event") == "again":
                self.again += 1
                continue
            if "event" not in message:
                assert message["ok"]
                self.notes = message["notes"]
                return events
            events.append(message)

    def outcomes(self, **arguments):
        return {self.ids()[event["test"]].split("::")[-1]: event["outcome"] for event in self.baseline(**arguments)}

    def session(self):
        ours, theirs = socket.socketpair()
        number = self.zygote.send({"op": "session"}, theirs.fileno())
        theirs.close()
        answer = self.zygote.read()
        assert answer["ok"] and answer["id"] == number, answer
        self.session_pid = answer["pid"]
        wire = Wire(ours)
        self.wires.append(wire)
        return wire

    def log(self):
        with open(os.path.join(self.scratch, "log")) as file:
            return file.read()

    def close(self):
        for wire in self.wires:
            wire.sock.close()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


class Function:
    """One function of a file as mutagen describes it, found by its qualified name."""

    def __init__(self, repo, path, qualname, module=None):
        self.repo, self.path = repo, path
        with open(os.path.join(repo.path, path)) as file:
            self.text = file.read()
        self.qualname, self.module = qualname, module or path[:-3].replace("/", ".")
        self.scopes = []
        self.node = self.find(ast.parse(self.text).body, qualname.split("."))
        self.first = min([self.node.lineno] + [d.lineno for d in self.node.decorator_list])
        self.last = self.end(self.node)
        self.source = "\n".join(self.text.splitlines()[self.first - 1: self.last]) + "\n"

    def end(self, node):
        return node.end_lineno

    def find(self, body, names):
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == names[0]:
                if len(names) == 1:
                    return node
                kind = "class" if isinstance(node, ast.ClassDef) else "def"
                self.scopes.append({"kind": kind, "name": node.name, "indent": node.col_offset})
                return self.find(node.body, names[1:])
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                self.scopes.append({"kind": "block", "name": "", "indent": node.col_offset})
                found = self.find(node.body, names)
                if found is not None:
                    return found
                self.scopes.pop()
        return None

    def request(self):
        one_line = self.node.body[0].lineno == self.node.lineno
        return dict(
            file=self.path, module=self.module, qualname=self.qualname, name=self.node.name, first_line=self.first, end_line=self.last,
            indent=self.node.col_offset, body_indent=0 if one_line else self.node.body[0].col_offset, scopes=self.scopes,
        )

    def line(self, fragment):
        found = [i for i, line in enumerate(self.text.splitlines(), 1) if fragment in line and self.first <= i <= self.last]
        assert len(found) == 1, (fragment, found)
        return found[0]

    def mutated(self, old, new):
        assert self.source.count(old) == 1, (old, self.source)
        return self.source.replace(old, new)


def forget_chains(repo):
    """No session knows what the ones before have learned of processes for many mutants, nor of tests in them."""
    for name in ("chains", "chained-tests"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(repo.scratch, name))


class Bench:
    """A session with its target set, and a short way to run a mutant."""

    def __init__(self, repo, path, qualname, module=None):
        self.repo, self.path, self.wire = repo, path, repo.session()
        self.turn(qualname, module)

    def turn(self, qualname, module=None):
        """Another function of the file, in the same session."""
        self.function = Function(self.repo, self.path, qualname, module)
        self.target = self.wire.ask("target", **self.function.request())

    def submit(self, old, new, tests, limit=5.0, **more):
        line = self.function.line(old.strip().splitlines()[0]) if "line" not in more else more["line"]
        tests = [self.repo.index(test) if isinstance(test, str) else test for test in tests]
        request = dict(
            op="mutant", source=self.function.mutated(old, new), line=line, end_line=line, bail=True, wall=20.0, tests=tests,
            limits=[limit] * len(tests),
        )
        request.update(more)
        return self.wire.send(request)

    def mutant(self, old, new, tests, **more):
        number = self.submit(old, new, tests, **more)
        answer = self.wire.read()
        assert answer["id"] == number
        return answer

    def verdict(self, old, new, tests, **more):
        """'killed', 'crash', 'survived' or how it ended; with activation of the last test."""
        answer = self.mutant(old, new, tests, **more)
        if answer["end"] != "done":
            return answer["end"], answer["at_hit"]
        _test, failed, hit, crash, _setup, _text = answer["runs"][-1]
        return ("crash" if crash else "killed") if failed else "survived", hit
