"""A model that answers from a folder: an OpenAI-compatible server on 127.0.0.1. The reply is chosen by the `Target:` line of the conversation
and by the number of replies in it so far: `pkg.mod.f.1.md`, `pkg.mod.f.2.md`, … The last one there is is repeated; without any, `fallback`."""
import contextlib
import http.server
import json
import pathlib
import re
import threading
import time

TARGET = re.compile(r"^Target: (\S+)$", re.MULTILINE)


class ModelServer:
    def __init__(self, folder=None, fallback="No reply is known for this target.", usage=True, latency=0, watch=None):
        """`fallback` may be a function of target and turn; `watch` is called with each body before it is answered, `latency` seconds later."""
        self.folder = pathlib.Path(folder) if folder else None
        self.fallback, self.usage, self.latency, self.watch = fallback, usage, latency, watch
        self.requests = []  # bodies, in order
        self.open = self.most_open = 0  # requests at once
        self.lock = threading.Lock()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with server.lock:
                    server.open += 1
                    server.most_open = max(server.open, server.most_open)
                answer = json.dumps(server.answer(body)).encode()
                if server.watch:
                    server.watch(body)
                time.sleep(server.latency)
                with server.lock:
                    server.open -= 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                with contextlib.suppress(ConnectionError):  # the asker may have been stopped
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, *_arguments):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.httpd.server_address[1]}/v1"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.httpd.shutdown()
        self.httpd.server_close()

    def text(self, target, turn):
        """The reply to the `turn`-th message (from 1) about `target`."""
        for number in range(turn, 0, -1):
            file = self.folder / f"{target}.{number}.md" if self.folder else None
            if file and file.is_file():
                return file.read_text()
        return self.fallback(target) if callable(self.fallback) else self.fallback

    def answer(self, body):
        with self.lock:
            self.requests.append(body)
        said = "\n".join(message["content"] for message in body["messages"])
        turn = 1 + sum(message["role"] == "assistant" for message in body["messages"])
        text = self.text(TARGET.search(said).group(1), turn)
        answer = {"id": "r1", "object": "chat.completion", "model": body["model"],
                  "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}
        if self.usage:
            answer["usage"] = {"prompt_tokens": len(said) // 4, "completion_tokens": len(text) // 4, "total_tokens": (len(said) + len(text)) // 4}
        return answer
