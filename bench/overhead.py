"""What Mutagen itself costs around a model: instant replies, N targets of boltons, end to end.

Usage: bench/overhead.py --binary build/mutagen --repo UNPACKED_BOLTONS --python VENV/bin/python [-n 50]
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from model_server import ModelServer  # noqa: E402


def smoke(target):
    """A test that runs and proves little, at once."""
    module, _, name = target.rpartition(".")
    if module.split(".")[-1][:1].isupper():
        module, _, owner = module.rpartition(".")
        return f"```python\nfrom {module} import {owner}\n\n\ndef test_it():\n    assert {owner}.{name}\n```\n"
    return f"```python\nimport pytest\n\nfrom {module} import {name}\n\n\ndef test_it():\n    with pytest.raises(TypeError):\n        {name}()\n```\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "mutagen")
    parser.add_argument("--repo", type=pathlib.Path, required=True)
    parser.add_argument("--python", default=str(ROOT / "build" / "venv" / "bin" / "python"))
    parser.add_argument("--strategy", default="model")
    parser.add_argument("-n", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ModelServer(fallback=smoke) as server:
        began = time.monotonic()
        done = subprocess.run([options.binary.resolve(), "run", options.repo.resolve(), "--provider", "compatible", "--base-url", server.base_url, "--model", "instant",
                               "--max-cost", "0", "--strategy", options.strategy, "--max-targets", str(options.n), "--no-progress"],
                              cwd=folder, env={**os.environ, "MUTAGEN_PYTHON": options.python}, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
        report = json.loads((pathlib.Path(folder) / ".mutagen" / "reports" / "report.json").read_text())
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    stats = report["target_stats"]
    inside = sum(entry["seconds"] for entry in stats)
    asked = [entry for entry in stats if entry["status"] != "satisfied"]
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{len(stats)} targets, {len(asked)} of them with a model, {len(server.requests)} calls, "
          f"{report['cost']['input_tokens']} input and {report['cost']['output_tokens']} output tokens")
    print(f"{seconds:.1f} s in all, {inside / max(len(stats), 1):.2f} s a target, {usage.ru_utime + usage.ru_stime:.1f} s of processor")


if __name__ == "__main__":
    main()
