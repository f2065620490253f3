#!/usr/bin/env python3
"""A model provider that misbehaves on order, for tests. Standard library only; the certificates come from the openssl command.

As a fixture:  with FaultServer(folder) as server: base_url = server.url("429+retry-after=1,ok"); ...; server.requests
As a program:  fault_server.py FOLDER      first line on stdout: its ports and files as JSON; ends when its stdin is closed

The first part of a path is a script: behaviours with commas between, one for each request to that script; the last one stays.
What follows is the route, and decides the form of the answers: …/messages (Anthropic), …/chat/completions and …/responses (OpenAI),
…:generateContent (Gemini), …/embeddings; any other route answers {"text": …}. `@name` behind a script keeps two tests' counters apart.
    /503,503,ok@a/v1/messages        two failures, then a reply
A behaviour is a name with options: `429+retry-after=2`. Names:
    ok             a reply. Options: stop=end|truncated|refused, usage=none, cost=0.01 (OpenRouter's usage.cost), think (thinking before the text)
    400 … 599      that status with the provider's error body. Options: retry-after=2, retry-after-date=2 (an HTTP date 2 s from now),
                   retry-after-ms=50, retry-info=2 (Gemini's detail), code=insufficient_quota, echo-key (the key that came, in the message), html
    slow-headers, slow-body, endless       nothing at all; half of the body; a body without an end (all until the client leaves)
    reset, reset-first, short, hang-up     TCP reset in the body or before any answer; end of file in the body or before any answer
    truncated, empty, html, garbage        half of a JSON text (complete for HTTP); no bytes; an HTML page; no HTTP at all
    latin1, utf16, bad-utf8                the reply in another charset, said so; UTF-8 with a byte that is none
    gzip, deflate, chunked, bomb           the reply encoded so; 64 MB of blanks in 64 KB
    redirect, redirect-away                302 to `ok` here; 302 to a place that does not exist
    error-in-200   an error body with status 200. Options as for a status: code=…
    early-hints    103 before the reply
"""
import contextlib
import email.utils
import gzip
import json
import pathlib
import re
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
import zlib

TEXT = "```python\ndef test_sum():\n    assert 1 + 1 == 2\n```\n"
USAGE = {"input": 100, "cache_read": 0, "cache_write": 0, "output": 20}
MODEL = "fault-1"
CERTIFICATES = ("good", "wrong-host", "unknown-ca", "expired")


# --- answers in the form of each provider ---

def route_kind(route):
    for ending, kind in (("/messages", "anthropic"), ("/chat/completions", "chat"), ("/responses", "responses"),
                         (":generateContent", "gemini"), ("/embeddings", "embeddings")):
        if route.partition("?")[0].endswith(ending):
            return kind
    return "plain"


def anthropic_reply(text, options, usage):
    stop = {"end": "end_turn", "truncated": "max_tokens", "refused": "refusal"}[options.get("stop", "end")]
    content = [{"type": "thinking", "thinking": "let me see", "signature": "x"}] if "think" in options else []
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": content + [{"type": "text", "text": text}],
            "stop_reason": stop, "stop_sequence": None}
    if usage:
        body["usage"] = {"input_tokens": usage["input"], "cache_read_input_tokens": usage["cache_read"],
                         "cache_creation_input_tokens": usage["cache_write"], "output_tokens": usage["output"]}
    return body


def chat_reply(text, options, usage):
    stop = {"end": "stop", "truncated": "length", "refused": "content_filter"}[options.get("stop", "end")]
    message = {"role": "assistant", "content": text, "refusal": None}
    if "think" in options:
        message["reasoning_content"] = "let me see"
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": stop, "logprobs": None}]}
    if usage:
        prompt = usage["input"] + usage["cache_read"] + usage["cache_write"]
        body["usage"] = {"prompt_tokens": prompt, "completion_tokens": usage["output"], "total_tokens": prompt + usage["output"],
                         "prompt_tokens_details": {"cached_tokens": usage["cache_read"], "cache_write_tokens": usage["cache_write"]}}
        if "cost" in options:
            body["usage"]["cost"] = float(options["cost"])
    return body


def responses_reply(text, options, usage):
    stop = options.get("stop", "end")
    output = [{"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "let me see"}]}] if "think" in options else []
    part = {"type": "refusal", "refusal": text} if stop == "refused" else {"type": "output_text", "text": text, "annotations": []}
    output.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]})
    body = {"id": "resp_1", "object": "response", "created_at": 1700000000, "model": MODEL, "output": output, "error": None,
            "status": "incomplete" if stop == "truncated" else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if stop == "truncated" else None}
    if usage:
        prompt = usage["input"] + usage["cache_read"] + usage["cache_write"]
        body["usage"] = {"input_tokens": prompt, "output_tokens": usage["output"], "total_tokens": prompt + usage["output"],
                         "input_tokens_details": {"cached_tokens": usage["cache_read"], "cache_write_tokens": usage["cache_write"]},
                         "output_tokens_details": {"reasoning_tokens": 0}}
    return body


def gemini_reply(text, options, usage):
    stop = {"end": "STOP", "truncated": "MAX_TOKENS", "refused": "SAFETY"}[options.get("stop", "end")]
    parts = [{"text": "let me see", "thought": True}] if "think" in options else []
    candidate = {"content": {"role": "model", "parts": parts + [{"text": text}]}, "finishReason": stop, "index": 0}
    body = {"candidates": [candidate], "modelVersion": MODEL, "responseId": "resp-1"}
    if usage:
        prompt = usage["input"] + usage["cache_read"] + usage["cache_write"]
        body["usageMetadata"] = {"promptTokenCount": prompt, "cachedContentTokenCount": usage["cache_read"],
                                 "candidatesTokenCount": usage["output"], "totalTokenCount": prompt + usage["output"]}
    return body


def embeddings_reply(request, usage):
    texts = request.json.get("input", []) if isinstance(request.json, dict) else []
    texts = [texts] if isinstance(texts, str) else texts
    data = [{"object": "embedding", "index": at, "embedding": [float(len(text)), 1.0, float(text.count("e"))]} for at, text in enumerate(texts)]
    body = {"object": "list", "model": MODEL, "data": data}
    if usage:
        body["usage"] = {"prompt_tokens": usage["input"], "total_tokens": usage["input"]}
    return body


def reply_body(request, text, options, usage):
    usage = None if options.get("usage") == "none" else usage
    make = {"anthropic": anthropic_reply, "chat": chat_reply, "responses": responses_reply, "gemini": gemini_reply}.get(request.kind)
    if make:
        return make(text, options, usage)
    return embeddings_reply(request, usage) if request.kind == "embeddings" else {"text": text}


def error_body(request, status, options):
    message = f"status {status} on order"
    if "echo-key" in options:
        message += ": the key " + (request.key or "(none)") + " was given"
    code = options.get("code")
    if request.kind == "anthropic":
        kinds = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
                 413: "request_too_large", 429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error"}
        error = {"type": kinds.get(status, "api_error" if status >= 500 else "invalid_request_error"), "message": message}
        if code:
            error["details"] = {"error_code": code}
        return {"type": "error", "error": error, "request_id": "req_1"}
    if request.kind == "gemini":
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
                 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
        error = {"code": status, "message": message, "status": code or names.get(status, "UNKNOWN")}
        if "retry-info" in options:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": options["retry-info"] + "s"}]
        return {"error": error}
    return {"error": {"message": message, "type": "error", "param": None, "code": code}}


# --- one request ---

class Request:
    """What came: `kind`, `route`, `headers` (lower case), `body` (bytes), `json`, `key`, `prompt`, `behaviour`, `number` within its script."""

    def __init__(self, line, headers, body):
        self.method, self.path, _ = line.split(" ", 2)
        self.headers, self.body = headers, body
        self.script, _, self.route = self.path.lstrip("/").partition("/")
        self.route = "/" + self.route
        self.kind = route_kind(self.route)
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None
        self.behaviour, self.number = "", 0

    @property
    def key(self):
        for name in ("x-api-key", "x-goog-api-key"):
            if name in self.headers:
                return self.headers[name]
        return self.headers.get("authorization", "").partition(" ")[2]

    @property
    def prompt(self):
        """All texts of the body, one after the other: enough to find `Target: …` in it."""
        found = []

        def walk(value, name=""):
            if isinstance(value, str):
                if name in ("text", "content", "input", "instructions", "system"):
                    found.append(value)
            elif isinstance(value, list):
                for entry in value:
                    walk(entry, name)
            elif isinstance(value, dict):
                for key, entry in value.items():
                    walk(entry, key)

        walk(self.json)
        return "\n".join(found)

    def as_json(self):
        return {"path": self.path, "script": self.script, "route": self.route, "behaviour": self.behaviour, "headers": self.headers,
                "body": self.body.decode("utf-8", "replace")}


def split_behaviour(text):
    name, *options = text.split("+")
    return name, {key: value for key, _, value in (option.partition("=") for option in options)}


class Gone(Exception):
    """The client has left, or this side shall."""


class Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(Gone, OSError):
            if not self.shake_hands():
                return
            request = self.read()
            if request:
                self.answer(request)

    def shake_hands(self):
        context = self.server.context
        if context is None:
            return True
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            with self.server.owner.lock:
                self.server.owner.refused_handshakes += 1
            return False
        return True

    def read(self):
        reader = self.request.makefile("rb")
        try:
            line = reader.readline(65536).decode("latin-1").rstrip("\r\n")
            headers = {}
            while (header := reader.readline(65536).decode("latin-1").rstrip("\r\n")):
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            if line.count(" ") < 2:
                return None
            return Request(line, headers, reader.read(int(headers.get("content-length", 0))))
        finally:
            reader.close()

    def finish(self):
        with contextlib.suppress(OSError):
            self.request.close()

    # what is sent

    def send(self, data):
        self.request.sendall(data)

    def head(self, status, headers=(), length=None):
        lines = [f"HTTP/1.1 {status} On Order", "Connection: close", "Request-Id: req_1", "X-Request-Id: req_1"]
        lines += [f"{name}: {value}" for name, value in headers]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def whole(self, status, body, headers=(), kind="application/json"):
        self.head(status, [("Content-Type", kind), *headers], len(body))
        self.send(body)

    def linger(self):
        """Until the client leaves or the server ends."""
        self.request.settimeout(0.05)
        while not self.server.owner.stopping.is_set():
            try:
                if not self.request.recv(65536):
                    raise Gone
            except (TimeoutError, socket.timeout):
                continue

    def reset(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()

    # behaviours

    def answer(self, request):
        owner = self.server.owner
        if request.script == "__log":
            with owner.lock:
                body = json.dumps({"requests": [entry.as_json() for entry in owner.requests], "refused_handshakes": owner.refused_handshakes})
            return self.whole(200, body.encode())
        name, options = owner.next_behaviour(request)
        if name.isdigit():
            return self.status(request, int(name), options)
        text = owner.answer(request) if callable(owner.answer) else owner.answer
        self.text, self.options = text, options
        body = json.dumps(reply_body(request, text, options, owner.usage), ensure_ascii=False)
        act = getattr(self, "do_" + name.replace("-", "_"), None)
        if act is None:
            return self.whole(404, f"unknown behaviour {name}".encode(), kind="text/plain")
        return act(request, body)

    def status(self, request, status, options):
        headers = [("Retry-After", options["retry-after"])] if "retry-after" in options else []
        if "retry-after-date" in options:
            headers.append(("Retry-After", email.utils.formatdate(time.time() + float(options["retry-after-date"]), usegmt=True)))
        if "retry-after-ms" in options:
            headers.append(("Retry-After-Ms", options["retry-after-ms"]))
        if "html" in options:
            return self.whole(status, f"<html><body><h1>{status}</h1></body></html>".encode(), headers, "text/html")
        return self.whole(status, json.dumps(error_body(request, status, options)).encode(), headers)

    def do_ok(self, _, body):
        self.whole(200, body.encode())

    def do_slow_headers(self, *_):
        self.linger()

    def do_slow_body(self, _, body):
        data = body.encode()
        self.head(200, [("Content-Type", "application/json")], len(data))
        self.send(data[:len(data) // 2])
        self.linger()

    def do_endless(self, *_):
        self.head(200, [("Content-Type", "application/json")])
        self.send(b'{"text": "')
        while not self.server.owner.stopping.is_set():
            self.send(b"x" * 65536)

    def do_reset(self, _, body):
        data = body.encode()
        self.head(200, [("Content-Type", "application/json")], len(data))
        self.send(data[:len(data) // 2])
        self.reset()

    def do_reset_first(self, *_):
        self.reset()

    def do_short(self, _, body):
        data = body.encode()
        self.head(200, [("Content-Type", "application/json")], len(data))
        self.send(data[:len(data) // 2])

    def do_hang_up(self, *_):
        pass

    def do_truncated(self, _, body):
        data = body.encode()
        self.whole(200, data[:len(data) // 2])

    def do_empty(self, *_):
        self.whole(200, b"")

    def do_html(self, *_):
        self.whole(200, b"<html><body>Welcome to the hotel's network</body></html>", kind="text/html")

    def do_garbage(self, *_):
        self.send(b"SSH-2.0-OpenSSH_9.2\r\n")

    def do_latin1(self, request, _):
        body = json.dumps(reply_body(request, "# caf\u00e9\n" + self.text, self.options, self.server.owner.usage), ensure_ascii=False)
        self.whole(200, body.encode("latin-1", "replace"), kind="application/json; charset=iso-8859-1")

    def do_utf16(self, _, body):
        self.whole(200, body.encode("utf-16"), kind="application/json; charset=utf-16")

    def do_bad_utf8(self, request, _):
        body = json.dumps(reply_body(request, "# caf\u00e9\n" + self.text, self.options, self.server.owner.usage), ensure_ascii=False)
        self.whole(200, body.encode().replace("\u00e9".encode(), b"\xe9"))

    def do_gzip(self, _, body):
        self.whole(200, gzip.compress(body.encode()), [("Content-Encoding", "gzip")])

    def do_deflate(self, _, body):
        self.whole(200, zlib.compress(body.encode()), [("Content-Encoding", "deflate")])

    def do_bomb(self, *_):
        self.whole(200, gzip.compress(b" " * (64 << 20)), [("Content-Encoding", "gzip")])

    def do_chunked(self, _, body):
        data = body.encode()
        self.head(200, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")])
        for at in range(0, len(data), 7):
            part = data[at:at + 7]
            self.send(b"%x\r\n%s\r\n" % (len(part), part))
        self.send(b"0\r\nX-Trailer: at-the-end\r\n\r\n")

    def do_redirect(self, request, _):
        self.whole(302, b"", [("Location", "/ok" + request.route)])

    def do_redirect_away(self, *_):
        self.whole(302, b"", [("Location", "http://127.0.0.1:9/elsewhere")])

    def do_error_in_200(self, request, _):
        self.whole(200, json.dumps(error_body(request, 500, self.options)).encode())

    def do_early_hints(self, _, body):
        self.send(b"HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n")
        self.whole(200, body.encode())


# --- certificates ---

def make_certificates(folder):
    """ca.pem and, signed by it: good (127.0.0.1, localhost), wrong-host, expired. unknown-ca is signed by another one."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for ca in ("ca", "other-ca"):
        openssl("req", "-x509", *key, "-days", 2, "-subj", f"/CN=mutagen test {ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
    for name in CERTIFICATES:
        alternative = "DNS:elsewhere.invalid" if name == "wrong-host" else "IP:127.0.0.1,DNS:localhost"
        (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-new", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        ca = "other-ca" if name == "unknown-ca" else "ca"
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
                "-days", "-1" if name == "expired" else "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


# --- the server ---

class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, owner, context=None):
        self.owner, self.context = owner, context
        super().__init__(("127.0.0.1", 0), Conversation)

    def shutdown_request(self, request):
        with contextlib.suppress(OSError):
            request.close()

    def handle_error(self, request, client_address):
        self.owner.troubles.append(sys.exc_info()[1])


class FaultServer:
    """Use as a context manager. `answer` is the text of every reply, or a function of the Request; `usage` what replies report.
    `requests` has all that came, in order; `troubles` what went wrong inside this server (a bug of the test)."""

    def __init__(self, folder=None, answer=TEXT, usage=None, tls=True):
        self.first = answer, usage or USAGE
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.reset()
        self.ca_file = None
        self.listeners = {"plain": Listener(self)}
        if folder is not None and tls:
            folder = pathlib.Path(folder)
            folder.mkdir(parents=True, exist_ok=True)
            make_certificates(folder)
            self.ca_file = str(folder / "ca.pem")
            for name in CERTIFICATES:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
                self.listeners[name] = Listener(self, context)

    def __enter__(self):
        for listener in self.listeners.values():
            threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for listener in self.listeners.values():
            listener.shutdown()
            listener.server_close()

    def port(self, listener="plain"):
        return self.listeners[listener].server_address[1]

    def url(self, script="ok", listener="plain", route=""):
        """`listener` is "plain" or the name of a certificate: good, wrong-host, unknown-ca, expired (trust `ca_file` for them)."""
        scheme = "http" if listener == "plain" else "https"
        return f"{scheme}://127.0.0.1:{self.port(listener)}/{script}{route}"

    def next_behaviour(self, request):
        steps = re.sub(r"@.*", "", request.script).split(",")
        with self.lock:
            request.number = self.served.get(request.script, 0)
            self.served[request.script] = request.number + 1
            request.behaviour = steps[min(request.number, len(steps) - 1)]
            self.requests.append(request)
        return split_behaviour(request.behaviour)

    def count(self, script=None):
        with self.lock:
            return sum(script is None or request.script == script for request in self.requests)

    def reset(self):
        """As new: nothing came yet, replies and usage as at first."""
        with self.lock:
            self.requests, self.troubles, self.served = [], [], {}
            self.refused_handshakes = 0
            self.answer, self.usage = self.first[0], dict(self.first[1])


def main(argv):
    if len(argv) != 2:
        print("usage: fault_server.py FOLDER", file=sys.stderr)
        return 64
    with FaultServer(argv[1]) as server:
        ports = {name: server.port(name) for name in server.listeners}
        print(json.dumps({"ports": ports, "ca_file": server.ca_file}), flush=True)
        sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
