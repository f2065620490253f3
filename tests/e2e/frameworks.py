"""Virtual environments with pinned versions below build/frameworks, made when a test first asks for one, and a PostgreSQL of our own."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "frameworks"

PLUGINS = [
    "pytest==8.4.2", "pytest-asyncio==1.5.0", "anyio==4.16.0", "pytest-xdist==3.8.0", "pytest-cov==7.1.0", "pytest-randomly==5.1.0",
    "hypothesis==6.170.17", "pytest-timeout==2.4.0", "pytest-rerunfailures==16.7", "pytest-benchmark==5.3.1", "pytest-mock==3.17.0",
    "pytest-subtests==0.15.0",
]
DJANGO = ["pytest==9.2.0", "pytest-django==4.14.0", "Django==5.2", "psycopg[binary]==3.3.9", "pytest-xdist==3.8.0"]


def interpreters():
    """Every CPython from 3.8 to 3.13 of this machine: version -> path. Those of pyenv too, which are on no PATH."""
    found = {}
    places = [path for minor in range(8, 14) for path in [shutil.which(f"python3.{minor}")] if path]
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    places += sorted(str(path) for path in pyenv.glob("versions/3.*/bin/python"))
    for path in [sys.executable] + places:
        done = subprocess.run([path, "-c", "import sys, ensurepip; print(sys.implementation.name, *sys.version_info[:2])"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        name, *version = done.stdout.split() or [""]
        if done.returncode == 0 and name == "cpython" and (3, 8) <= tuple(map(int, version)) <= (3, 13):
            found.setdefault(".".join(version), path)
    return found


def environment(name, python, packages):
    """The interpreter of a virtual environment that holds exactly these packages and what they need."""
    folder, wanted = HOME / name, "\n".join([python, *packages])
    stamp = folder / "made-with"
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages],
                              text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        stamp.write_text(wanted)
    return str(folder / "bin" / "python")


def migrations(count):
    """That many more migrations for the app named shop, a table each."""
    files = {}
    for number in range(2, count + 2):
        before = "0001_initial" if number == 2 else f"{number - 1:04}_more"
        files[f"shop/migrations/{number:04}_more.py"] = f"""from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "{before}")]
    operations = [migrations.CreateModel(name="More{number}", fields=[
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("name", models.CharField(max_length=20)), ("count", models.IntegerField(default=0))])]
"""
    return files


class Postgres:
    """A server on 127.0.0.1 with its data in a folder of its own, run by somebody who is not root: it refuses root."""

    def __init__(self, programs):
        self.programs = programs
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mutagen-postgres-"))
        self.data, self.user = self.folder / "data", None
        if os.getuid() == 0:
            self.user = next((name for name in ("postgres", "nobody") if self.has_user(name)), None)
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, pwd.getpwnam(self.user).pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", self.data, "-U", "shop", "-A", "trust", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off -c log_statement=ddl"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")

    @staticmethod
    def has_user(name):
        try:
            return bool(pwd.getpwnam(name))
        except KeyError:
            return False

    def run(self, program, *arguments):
        entry = pwd.getpwnam(self.user) if self.user else None
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []} if entry else {}
        done = subprocess.run([self.programs / program, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              cwd=self.folder, check=False, **identity)
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def databases(self):
        """The names of all databases but the templates."""
        done = subprocess.run([shutil.which("psql") or self.programs / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "shop", "-d", "postgres", "-At", "-c",
                               "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"], text=True, capture_output=True, check=True)
        return done.stdout.split()

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def find_postgres():
    """The folder of initdb and pg_ctl; skips where PostgreSQL is not installed."""
    places = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin")) + [pathlib.Path(shutil.which("initdb") or "/none").parent]
    for place in reversed(places):
        if (place / "initdb").is_file() and (place / "pg_ctl").is_file():
            return place
    pytest.skip("PostgreSQL is not installed: initdb and pg_ctl were not found")
