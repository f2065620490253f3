"""What a mutant costs with Django's test database: set up by each mutant, and once per worker with the mutants forked behind it.

    build/venv/bin/python bench/session_fixtures.py

Drives the agent as mutagen does, one job at a time, on the project of tests/e2e/test_frameworks.py; needs the network the first time (virtual
environment) and an installed PostgreSQL. Processor time is that of all Python processes; the server's own is not in it.
"""
import os
import pathlib
import resource
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "agent")]

import driver  # noqa: E402
import frameworks  # noqa: E402
import test_frameworks  # noqa: E402

FEW, MANY = 2, 14
MUTANTS = (("strong", "total + 1", "total + 2"), ("weak", "count() > 1", "count() > 7"))  # one dies, one lives


def processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(files, python, shared, count):
    """(verdicts, processor seconds, wall seconds) of everything, from the start to the end of the agent."""
    sys.executable = python
    began, used = time.monotonic(), processor()
    with tempfile.TemporaryDirectory(prefix="mutagen-bench-") as folder:
        repo = driver.Repo(pathlib.Path(folder))
        repo.environment = {} if shared else {"MUTAGEN_WORKERS": "off"}
        for path, text in files.items():
            repo.write(path, text)
        repo.start(jobs=1)
        repo.baseline(["calc.py"])
        repo.baseline()
        benches = {name: driver.Bench(repo, "calc.py", name) for name, _old, _new in MUTANTS}
        verdicts = []
        for turn in range(count):
            name, old, new = MUTANTS[turn % len(MUTANTS)]
            verdicts.append(benches[name].verdict(old, new, ["test_" + name], limit=60.0))
        repo.close()
    return verdicts, processor() - used, time.monotonic() - began


def per_mutant(files, python, shared):
    few, many = (run(files, python, shared, count) for count in (FEW, MANY))
    count = MANY - FEW
    return many[0], 1000 * (many[1] - few[1]) / count, 1000 * (many[2] - few[2]) / count


def main():
    os.environ.setdefault("MUTAGEN_FRAMEWORKS", "all")
    versions = frameworks.interpreters()
    python = frameworks.environment("django", versions.get("3.12") or next(iter(versions.values())), frameworks.DJANGO)
    server = frameworks.Postgres(frameworks.find_postgres())
    postgres = repr({"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop", "HOST": "127.0.0.1", "PORT": server.port})
    memory = '{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}'
    print("| database | migrations | processor ms per mutant, each sets up | shared | times | wall ms, each sets up | shared | times |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    try:
        for name, database in (("SQLite in memory", memory), ("PostgreSQL", postgres)):
            for more in (0, 99):
                files = {**test_frameworks.SHOP, **frameworks.migrations(more), "settings.py": test_frameworks.SETTINGS % database}
                alone, shared = (per_mutant(files, python, one) for one in (False, True))
                assert alone[0] == shared[0], (alone[0], shared[0])
                print(f"| {name} | {more + 1} | {alone[1]:.0f} | {shared[1]:.0f} | {alone[1] / shared[1]:.1f} "
                      f"| {alone[2]:.0f} | {shared[2]:.0f} | {alone[2] / shared[2]:.1f} |", flush=True)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
