"""What the zygote and its forks share: pytest's session, the collected items, the index of live functions."""
import gc
import importlib
import os
import pathlib
import sys
import threading
import unittest

import pytest

from . import collect, deep, forks, imports, needs, opened, rewriting, session_fixtures, slots, state_of, target, threads, trace

# Their hooks on reports only write reports: leaving them out changes no outcome.
REPORT_WRITERS = {
    "_pytest", "_mutagen_agent", "_hypothesis_pytestplugin", "hypothesis", "xdist", "pytest_cov", "pytest_html", "pytest_metadata",
    "pytest_subtests", "pytest_asyncio", "allure_pytest", "pytest_sugar", "pytest_timeout", "pytest_randomly",
}


class Host:
    def __init__(self, settings, plugin):
        rewriting.quicken()
        self.repo, self.scratch = settings["repo"], settings["scratch"]
        self.jobs, self.seed = int(settings.get("jobs") or 1), int(settings.get("seed") or 0)
        self.plugin = plugin
        self.index = target.Index(self.repo)
        self.imported = trace.ImportCollector(self.index.real_file)
        self.imports = imports.Imports(self.repo)
        self.threads = threads.Watch(self.repo)
        self.unforkable = set()  # numbers of tests that need threads which a fork does not have
        self.starters = None  # numbers of tests that start programs; None as long as no baseline has looked
        self.settings, self.keep_addopts, self.collect_seconds = settings, True, 0.0
        self.needs = plugin.needs = needs.Needs(self.repo)
        self.opened = opened.Opened(self.repo, self.scratch, self.needs)
        self.files = self.opened.files
        self.slots = slots.Slots(os.path.join(self.scratch, "slots"), self.jobs)
        self.nursery = None  # the socket to it
        self.fixtures = session_fixtures.Table()
        self.workers = None  # workers.Farm, in the zygote and its sessions
        self.tears_down = False  # tests are torn down behind a failure, too
        self.state = None  # state_of.State, once a baseline has run
        self.session = self.config = None
        self.items = []
        self.harmless = (pytest.skip.Exception, pytest.xfail.Exception, unittest.SkipTest)
        self.known_items = (pytest.Function,)
        self.reads_reports = False

    def adopt(self, session):
        """After collection: everything that forks will need is put in place once."""
        from _pytest.doctest import DoctestItem

        self.session, self.config = session, session.config
        self.items = list(session.items)
        collect.find_locations(self.items)
        self.known_items = (pytest.Function, DoctestItem)
        self.look_at_hooks()
        collect.tame_hypothesis()
        collect.tame_items(self.items)
        collect.know_packages(self.items)
        gc.unfreeze()  # what a conftest.py has frozen would not be seen
        self.index.extend()

    def look_at_hooks(self):
        for implementation in self.config.hook.pytest_runtest_makereport.get_hookimpls():
            module = getattr(implementation.function, "__module__", "") or ""
            if module.split(".")[0] not in REPORT_WRITERS:
                self.reads_reports = True

    def find_unforkable(self):
        """A sentence for the user when threads are alive, else nothing."""
        alive = self.threads.alive()
        files = [collect.item_file(item) for item in self.items]
        self.unforkable = self.threads.tests(self.imports, files)
        if alive <= 0:
            return []
        known = self.threads.starters or [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        return ["Importing the tests started %d more thread%s%s: %d test%s in %d file%s cannot be forked and run%s in new interpreters, many times slower." % (
            alive, "s"[alive == 1:], " (%s)" % ", ".join(known[:5]) if known else "", len(self.unforkable), "s"[len(self.unforkable) == 1:],
            len({files[index] for index in self.unforkable}), "s"[len({files[index] for index in self.unforkable}) == 1:],
            "s" if len(self.unforkable) == 1 else "")]

    def fresh_job(self, tests):
        """What a new interpreter has to be told to run these tests."""
        files = list(dict.fromkeys(collect.item_file(self.items[index]) for index in tests))
        return {
            "start": self.settings, "keep_addopts": self.keep_addopts, "files": files, "tests": list(tests),
            "ids": [self.items[index].nodeid for index in tests],
            "known": [item.nodeid for item in self.items if collect.item_file(item) in files],
        }

    def importers(self, file):
        """Numbers of the tests that come to import this file of the repo."""
        path = os.path.realpath(os.path.join(self.repo, file))
        files = [collect.item_file(item) for item in self.items]
        return self.imports.tests_of(files, self.imports.modules_of(path), {path})

    def freeze(self):
        gc.collect()
        gc.freeze()

    def look(self):
        """Before sessions are forked: which places of this process are to be as they were behind a mutant."""
        if self.state is None and self.starters is not None:
            self.state = state_of.State(self)
            if self.state.small:  # otherwise there are no chains
                self.state.others = deep.of(self.state)
            self.freeze()

    def tests_dir(self):
        return collect.tests_dir([collect.relative(collect.item_file(item), self.repo) for item in self.items])

    def enter_fork(self):
        """In a child that will run tests: a temporary folder of its own, the place where pytest would run."""
        os.chdir(self.repo)
        factory = getattr(self.config, "_tmp_path_factory", None)
        if factory is not None:
            factory._given_basetemp = pathlib.Path(forks.child_folder(os.getpid()), "pytest")
            factory._basetemp = None
        worker = os.environ["PYTEST_XDIST_WORKER"]
        self.config.workerinput = {
            "workerid": worker, "workercount": int(os.environ["PYTEST_XDIST_WORKER_COUNT"]), "testrunuid": "mutagen", "mainargv": list(sys.argv),
        }
        self.config.workeroutput = {}

    def forget_troubles(self):
        """What pytest has kept of exceptions that nobody could be told of (in a finalizer, in a thread) is not the next test's."""
        for module, name in (("unraisableexception", "unraisable_exceptions"), ("threadexception", "thread_exceptions")):
            key = getattr(sys.modules.get("_pytest." + module), name, None)
            kept = self.config.stash.get(key, None) if key is not None else None
            if kept is not None:
                kept.clear()

    def clear_caches(self, known_modules=0):
        """Between tests. Returns the number of modules, to be passed again: only new ones can bring new caches."""
        if len(sys.modules) != known_modules:
            self.index.extend()
        self.index.clear_caches()
        return len(sys.modules)

    def forget_module(self, path):
        """Before a file is collected again: its module and its fixtures would be served from memory."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and os.path.realpath(file) == path:
                del sys.modules[name]
        manager = getattr(self.session, "_fixturemanager", None)
        nodeid = collect.relative(path, self.repo).replace(os.sep, "/")
        for name, definitions in list(getattr(manager, "_arg2fixturedefs", {}).items()):
            kept = [one for one in definitions if not belongs(getattr(one, "baseid", None), nodeid)]
            if len(kept) != len(definitions):
                manager._arg2fixturedefs[name] = kept
                if not kept:
                    del manager._arg2fixturedefs[name]
        for attribute in ("_nodeid_autousenames", "_nodeid_and_autousenames"):
            table = getattr(manager, attribute, None)
            if isinstance(table, dict):
                for key in [key for key in table if belongs(key, nodeid)]:
                    del table[key]
            elif isinstance(table, list):
                table[:] = [entry for entry in table if not belongs(entry[0], nodeid)]

    def offer_conftests(self):
        """pytest 9.1+ ties fixtures of a conftest to the node of its folder, once; a second collection makes new nodes."""
        pending = getattr(getattr(self.session, "_fixturemanager", None), "_pending_conftests", None)
        if not isinstance(pending, dict):
            return
        for name, plugin in self.config.pluginmanager.list_name_plugin():
            folder = pathlib.Path(name).parent if plugin is not None and name.endswith("conftest.py") else None
            if folder is not None and folder != self.config.rootpath and self.config.rootpath in folder.parents:
                pending[folder] = plugin

    def collect_file(self, path):
        """Collects one file into `items`; its tests and its errors, as the protocol has them."""
        importlib.invalidate_caches()
        self.offer_conftests()
        self.plugin.errors = []
        try:
            self.session.perform_collect([path], genitems=True)
            found = list(self.session.items)
        except BaseException as exc:  # pytest.exit and sys.exit in a test file, too
            found = []
            if not self.plugin.errors:
                where = collect.relative(path, self.repo)
                self.plugin.errors.append({"where": where, "text": "%s: %s" % (type(exc).__name__, collect.wire.one_line(exc))})
        collect.tame_items(found)
        self.items.extend(found)
        self.look_at_hooks()
        return collect.describe_items(found, self.repo), self.plugin.errors


def belongs(nodeid, file):
    return isinstance(nodeid, str) and (nodeid == file or nodeid.startswith(file + "::"))
