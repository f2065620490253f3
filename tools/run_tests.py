"""run_tests.py PYTHON [-j N] PATH...: pytest on each test file in a process of its own, N at once (default: 2), the longest first.

Our tests wait for other processes much of the time, so two at once take little more than half as long; files that do nothing but wait have a turn of
their own beside them. The plugin that usually does this (xdist) would be loaded by the repos under test, too, because they share our environment.
What a file that fails has to say stands there at once, and again at the end."""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

# A minute of processor time or about that each, when this was written: these are begun first. What is not here is short.
LONG = ["test_session_fixtures.py", "test_score_cache.py", "test_shapes_verdicts.py", "test_pitfalls.py", "test_parallel.py", "test_messages.py", "test_model.py",
        "test_environments.py", "test_mutants_compile.py", "test_score.py", "test_resume.py", "test_plugin_needs.py", "test_cancel.py", "test_known_tests.py",
        "test_faults.py", "test_cli.py", "test_score_table.py", "test_git_urls.py", "test_static.py", "test_shared_files.py"]
# Minutes on the clock, most of them asleep: limits of time and tests that hang.
WAITS = ["test_long_suites.py", "test_hostile.py"]


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
    counts, bad, began = {}, {}, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(jobs) as busy, concurrent.futures.ThreadPoolExecutor(1) as waiting:
        tasks = [(waiting if file.name in WAITS else busy).submit(run, python, file) for file in files_of(paths)]
        for task in concurrent.futures.as_completed(tasks):
            file, done, seconds = task.result()
            last = done.stdout.strip().splitlines()[-1:] or [""]
            print(f"{seconds:7.1f} s  {file}: {re.sub(r' in [0-9.]+s.*', '', last[0])}", flush=True)
            for number, word in re.findall(r"(\d+) (passed|failed|skipped|errors?|xfailed)", last[0]):
                counts[word] = counts.get(word, 0) + int(number)
            if done.returncode not in (0, 5):  # 5: every test of the file is deselected
                bad[str(file)] = done.stdout
                print(done.stdout, flush=True)
    for file, text in sorted(bad.items()):
        print(f"\n---- {file}\n{text}", flush=True)
    print(", ".join(f"{number} {word}" for word, number in sorted(counts.items(), key=lambda one: one[0] != "failed")) + f" in {time.monotonic() - began:.0f} s")
    if bad:
        sys.exit("failed: " + ", ".join(bad))


if __name__ == "__main__":
    main()
