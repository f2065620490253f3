"""run_tests.py PYTHON [-j N] PATH...: pytest on each test file in a process of its own, N at once (default: 2), the longest first.

Our tests wait for other processes most of the time, so two at once take little more than half as long; the plugin that usually does this (xdist)
would be loaded by the repos under test, too, because they share our environment."""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

# Minutes each, when this was written: these are begun first. What is not here is short.
LONG = ["test_score_cache.py", "test_long_suites.py", "test_pitfalls.py", "test_session_fixtures.py", "test_shapes_verdicts.py", "test_resume.py", "test_hostile.py",
        "test_score.py", "test_known_tests.py", "test_parallel.py", "test_model.py", "test_mutants_compile.py", "test_environments.py", "test_messages.py",
        "test_plugin_needs.py", "test_cancel.py", "test_git_urls.py", "test_static.py", "test_faults.py", "test_sessions.py"]


def files_of(paths):
    found = [file for path in map(pathlib.Path, paths) for file in (sorted(path.glob("test_*.py")) if path.is_dir() else [path])]
    return sorted(found, key=lambda file: LONG.index(file.name) if file.name in LONG else len(LONG))


def run(python, file):
    began = time.monotonic()
    done = subprocess.run([python, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return file, done, time.monotonic() - began


def main():
    python, *rest = sys.argv[1:]
    jobs = int(rest[rest.index("-j") + 1]) if "-j" in rest else 2
    paths = [path for index, path in enumerate(rest) if path != "-j" and (index == 0 or rest[index - 1] != "-j")]
    files, counts, bad, began = files_of(paths), {}, [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for task in concurrent.futures.as_completed([pool.submit(run, python, file) for file in files]):
            file, done, seconds = task.result()
            last = done.stdout.strip().splitlines()[-1:] or [""]
            print(f"{seconds:7.1f} s  {file}: {re.sub(r' in [0-9.]+s.*', '', last[0])}", flush=True)
            for number, word in re.findall(r"(\d+) (passed|failed|skipped|errors?|xfailed)", last[0]):
                counts[word] = counts.get(word, 0) + int(number)
            if done.returncode not in (0, 5):  # 5: every test of the file is deselected
                bad.append(str(file))
                print(done.stdout, flush=True)
    print(", ".join(f"{number} {word}" for word, number in sorted(counts.items(), key=lambda one: one[0] != "failed")) + f" in {time.monotonic() - began:.0f} s")
    if bad:
        sys.exit("failed: " + ", ".join(bad))


if __name__ == "__main__":
    main()
