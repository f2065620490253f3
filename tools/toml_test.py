#!/usr/bin/env python3
"""Holds our TOML reader to every case of the toml-test corpus (fetched by the Go client; a named, optional share of the tests).

usage: tools/toml_test.py path/to/toml_dump [path/to/toml-test/tests]
"""
import datetime
import json
import math
import pathlib
import subprocess
import sys

CORPUS = "github.com/toml-lang/toml-test@v1.6.0"


def fetch():
    answer = subprocess.run(["go", "mod", "download", "-json", CORPUS], capture_output=True, text=True, check=True)
    return pathlib.Path(json.loads(answer.stdout)["Dir"]) / "tests"


def normal(tree):
    """Tagged JSON with numbers and times in one spelling, so that 1e3 equals 1000.0 and a time zone's Z equals +00:00."""
    if isinstance(tree, list):
        return [normal(item) for item in tree]
    if set(tree) == {"type", "value"} and isinstance(tree["value"], str):
        kind, value = tree["type"], tree["value"]
        if kind == "float":
            number = float(value)
            return kind, "nan" if math.isnan(number) else number
        if kind == "integer":
            return kind, int(value)
        if kind in ("datetime", "datetime-local"):
            value = value.upper().replace("T", " ").replace("Z", "+00:00")
            return kind, datetime.datetime.fromisoformat(value)
        if kind == "time-local":
            return kind, datetime.time.fromisoformat(value)
        return kind, value
    return {key: normal(value) for key, value in tree.items()}


def read(dump, path):
    answer = subprocess.run([dump], input=path.read_bytes(), capture_output=True, check=False)
    if answer.returncode not in (0, 1):
        raise SystemExit(f"{path}: the reader died with {answer.returncode}")
    return json.loads(answer.stdout) if answer.returncode == 0 else None


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    tests = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else fetch()
    wrong = []
    count = {"valid": 0, "invalid": 0}
    for name in (tests / "files-toml-1.0.0").read_text().split():
        kind = name.split("/")[0]
        if not name.endswith(".toml"):
            continue
        path = tests / name
        count[kind] += 1
        got = read(sys.argv[1], path)
        if kind == "invalid" and got is not None:
            wrong.append(f"{name}: accepted")
        elif kind == "valid" and got is None:
            wrong.append(f"{name}: refused")
        elif kind == "valid" and normal(got) != normal(json.loads(path.with_suffix(".json").read_text())):
            wrong.append(f"{name}: read differently")
    print("\n".join(wrong + [f"toml-test: {count['valid']} valid, {count['invalid']} invalid, {len(wrong)} wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
