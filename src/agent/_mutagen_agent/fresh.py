"""A job in a new interpreter instead of a fork: tests that need threads, mutants of code that runs on import."""
import json
import os
import signal
import sys

from . import forks, mutation, nursery, wire, zygote


def become(job, emit, sock=None):
    """In a child of ours that has run no test: goes on as a new interpreter, or as a fork of the nursery behind `sock`, that reports through
    the same pipe. Does not return."""
    environ = dict(forks.settings["environ"])
    environ.update(nursery.job_environ())
    path = os.path.join(forks.child_folder(os.getpid()), "job.json")
    with open(path, "w") as file:
        json.dump(job, file)
    if sock is not None:
        nursery.become(sock, path, emit)
    writer, mark = emit.pipe
    os.set_inheritable(writer, True)
    package = os.path.dirname(os.path.abspath(__file__))
    os.execve(sys.executable, [sys.executable, package, "fresh", path, str(writer), mark.decode("ascii")], environ)


def main(path, writer, mark):
    os.set_inheritable(int(writer), False)
    forks.folders[os.getpid()] = os.path.dirname(path)  # made before the fork that we were
    with open(path) as file:
        job = json.load(file)
    forks.report(lambda emit: run(job, emit), int(writer), mark.encode("ascii"))


def run(job, emit, settled=False):
    import pytest

    if not settled:
        zygote.settle(job["start"], inside=True)
    from . import baseline, collect, host, mutant

    plugin = collect.Plugin(lambda session: loop(session, job, emit, here))
    here = host.Host(job["start"], plugin)
    mutated = None
    if job.get("mutation"):
        sys.dont_write_bytecode = True
        mutated = mutation.Mutation(job["mutation"], lambda: emit({"hit": 1}, shared=True))
        mutated.install()
        mutant.watch_writes(here, emit, job["alone"])
        # Until the first test begins, its collection is what may never end.
        signal.setitimer(signal.ITIMER_PROF, job["import_seconds"])
    else:
        job["watch"] = baseline.Watch(job["lines_of"], here)  # before threads are started that shall be traced
    job["mutated"] = mutated
    settings = job["start"]
    arguments = collect.arguments(job["files"], job["keep_addopts"], settings["repo"], settings["scratch"], here.seed)
    try:
        code = int(pytest.main(arguments, plugins=[plugin]))
        text = plugin.internal or "pytest ended with code %d before it ran anything" % code
    except BaseException as exc:
        text = "%s: %s" % (type(exc).__name__, exc)
    if mutated is None:
        raise RuntimeError(text)
    fail_to_collect(job, emit, text)


def loop(session, job, emit, host):
    """Stands for pytest's run loop. Does not return."""
    from . import baseline, mutant

    try:
        host.adopt(session)
        items, others = matched(host.items, job["ids"], job["known"])
        if job["mutated"] is None:
            baseline.run_tests(job["tests"], [items.get(id) for id in job["ids"]], host, emit, job["watch"], scan=job["scan"])
        elif host.plugin.errors:
            fail_to_collect(job, emit, "cannot be collected: %s" % host.plugin.errors[0]["text"])
        else:
            mutant.run_fresh(job, items, others, host, emit)
    except BaseException as exc:
        wire.log_exception()
        emit({"\0error": "%s: %s" % (type(exc).__name__, wire.one_line(exc))})
    emit.end()


def matched(items, ids, known):
    """The items by the ids that were asked for; and those of the same test functions with ids that are not among those known (other parameters)."""
    by_id = {item.nodeid: item for item in items}
    functions, known = {id.split("[")[0]: id for id in ids}, set(known)
    others = [(functions[base], item) for item in items for base in [item.nodeid.split("[")[0]] if item.nodeid not in known and base in functions]
    return {id: by_id[id] for id in ids if id in by_id}, others


def fail_to_collect(job, emit, text):
    """What the mutant did to the import is what it did to the first test."""
    hit = bool(job["mutated"].hit)
    emit({"begin": job["tests"][0]})
    emit({"run": [job["tests"][0], True, hit, False, True, wire.one_line(text)]})
