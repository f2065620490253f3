"""HTTP servers on 127.0.0.1 that serve git repositories: git's own http-backend, plain files, and ones that fail."""
import base64
import http.server
import os
import pathlib
import subprocess
import threading

BACKEND = pathlib.Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()) / "git-http-backend"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Authorization")))
        if server.faults:
            return self.fail(server.faults.pop(0))
        if server.password and self.headers.get("Authorization") != "Basic " + base64.b64encode(server.password.encode()).decode():
            return self.fail(401)
        if server.redirect:
            self.send_response(301)
            self.send_header("Location", server.redirect + self.path)
            self.end_headers()
            return None
        return self.dumb() if server.dumb else self.smart()

    do_POST = do_GET

    def fail(self, code):
        if code == "hang":
            self.server.hanging.set()
            self.server.released.wait(60)
            return
        if code == "close":
            self.close_connection = True
            return
        self.send_response(code)
        if code == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def dumb(self):
        file = self.server.root / self.path.split("?")[0].lstrip("/")
        if not file.is_file():
            return self.fail(404)
        self.send_response(200)
        self.send_header("Content-Length", str(file.stat().st_size))
        self.end_headers()
        self.wfile.write(file.read_bytes())
        return None

    def smart(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.server.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
               "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_ADDR": "127.0.0.1",
               "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        answer = subprocess.run([BACKEND], env=env, input=body, capture_output=True, check=False).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class GitServer:
    """`faults`: what the next requests get instead (an HTTP status, "close", "hang"); `password`: "user:password" that is asked for."""

    def __init__(self, root, dumb=False, password="", redirect=""):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.root, self.http.dumb, self.http.password, self.http.redirect = root, dumb, password, redirect
        self.http.faults, self.http.requests = [], []
        self.http.hanging, self.http.released = threading.Event(), threading.Event()
        self.host = f"127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.released.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def faults(self):
        return self.http.faults

    @property
    def requests(self):
        return self.http.requests
