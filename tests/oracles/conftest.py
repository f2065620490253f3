"""The providers' own SDKs as oracles for src/adapters/llm_http: what we send must be what they would send, and an answer must mean to us what it
means to them. `llm_dump` (tools/) drives the C code; a peer on 127.0.0.1 shows what an SDK puts on the wire. Run: make test-oracles."""
import collections.abc
import http.server
import json
import os
import pathlib
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "sk-oracle-0123456789"


def find_tool():
    built = sorted(ROOT.glob("build*/llm_dump"), key=lambda path: path.stat().st_mtime)
    named = os.environ.get("LLM_DUMP")
    if not named and not built:
        pytest.exit("llm_dump is not built: cmake --build build --target llm_dump", returncode=1)
    return pathlib.Path(named) if named else built[-1]


class Dump:
    """What our adapter sends (url, headers, body) and makes of an answer (reply)."""

    def __init__(self, printed):
        self.__dict__.update(printed)
        self.text = printed.get("body", "")
        self.body = json.loads(self.text) if self.text else None


@pytest.fixture(scope="session")
def dump():
    tool = find_tool()

    def run(provider, request=None, response=None, live=False, **settings):
        case = {"settings": {"provider": provider, "key": KEY, **settings}, "request": request or ask("hello"), "live": live}
        if response is not None:
            case["response"] = response
        done = subprocess.run([tool], input=json.dumps(case), capture_output=True, text=True, timeout=60, check=True)
        return Dump(json.loads(done.stdout))
    return run


def ask(*texts, system="", limit=8192, breakpoints=()):
    """A conversation: user and assistant in turn; a tuple is one turn in several parts."""
    parts = []
    for turn, text in enumerate(texts):
        for piece in text if isinstance(text, tuple) else (text,):
            parts.append({"role": "assistant" if turn % 2 else "user", "text": piece, "breakpoint": len(parts) in breakpoints})
    return {"system": system, "parts": parts, "max_output_tokens": limit}


def answer(body, status=200, **headers):
    return {"status": status, "headers": {name.replace("_", "-"): value for name, value in headers.items()},
            "body": body if isinstance(body, str) else json.dumps(body)}


def plain(value):
    """Iterators that pydantic makes of Iterable[...] become lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or isinstance(value, collections.abc.Iterator):
        return [plain(item) for item in value]
    return value


class Peer(http.server.ThreadingHTTPServer):
    """Answers every POST with `answer` and remembers what was asked."""

    def __init__(self):
        self.answer, self.status, self.seen = {}, 200, None
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}, "body": json.loads(body)}
        data = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def peer():
    server = Peer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
