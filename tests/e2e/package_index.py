"""A package index on 127.0.0.1 that wants a password. Its wheels are made of what the tests' own environment has installed: no network."""
import base64
import hashlib
import http.server
import importlib.metadata
import io
import re
import threading
import zipfile


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(name, site=None):
    """What is installed under that name here, or in another environment's site-packages; None when nothing is."""
    return next(iter(importlib.metadata.distributions(name=name, **({"path": [str(site)]} if site else {}))), None)


def installed_wheel(name, site=None):
    """(file name, bytes) of an installed distribution that has no compiled modules."""
    dist = distribution(name, site)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in dist.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                archive.writestr(str(file), file.locate().read_bytes())
    return f"{name.replace('-', '_')}-{dist.version}-py3-none-any.whl", out.getvalue()


def made_wheel(name, version, files, requires=()):
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = "".join(f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n"
                     for path, text in files.items()) + f"{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return f"{name}-{version}-py3-none-any.whl", out.getvalue()


def with_dependencies(*names, site=None):
    """The names and all that they need here."""
    found, todo = {}, list(names)
    while todo:
        name = normal(re.match(r"[\w.-]+", todo.pop())[0])
        dist = distribution(name, site)
        if dist and name not in found:
            found[name] = dist
            todo += [one for one in dist.requires or [] if "extra ==" not in one]
    return sorted(found)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server = self.server
        if server.hang.is_set():
            server.hanging.set()
            server.released.wait(60)
            return
        if server.password and self.headers.get("Authorization") != "Basic " + base64.b64encode(server.password.encode()).decode():
            self.answer(401, b"", ("WWW-Authenticate", 'Basic realm="index"'))
            return
        parts = self.path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 2:
            names = [name for name in server.wheels if normal(name.split("-")[0]) == parts[1]]
            server.asked.append(parts[1])
            self.answer(200 if names else 404, "".join(f'<a href="/files/{name}">{name}</a>' for name in names).encode())
        elif parts[0] == "files" and parts[-1] in server.wheels:
            self.answer(200, server.wheels[parts[-1]])
        else:
            self.answer(404, b"")

    def answer(self, code, body, *headers):
        self.send_response(code)
        for name, value in (("Content-Length", str(len(body))), ("Content-Type", "text/html"), *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


class PackageIndex:
    def __init__(self, wheels, password="me:index-secret-9f8e7d"):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.wheels, self.http.password, self.http.asked = dict(wheels), password, []
        self.http.hang, self.http.hanging, self.http.released = threading.Event(), threading.Event(), threading.Event()
        self.url = f"http://{password}{'@' if password else ''}127.0.0.1:{self.http.server_address[1]}/simple"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.released.set()
        self.http.shutdown()
        self.http.server_close()
