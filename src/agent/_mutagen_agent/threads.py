"""Threads that are alive after the import of the tests do not survive a fork: whose tests need them is found out while they start."""
import _frozen_importlib_external as external
import os
import sys
import threading

from . import collect


class Watch:
    """From on() to off(): which modules start threads when they are imported, and which test files and conftests do so themselves."""

    def __init__(self, repo):
        self.repo = os.path.join(os.path.realpath(repo), "")
        self.modules, self.files = set(), set()  # names with the importers around them; real paths
        self.starters = []  # of the modules, those that really do it
        self.explained = 0  # threads whose origin is known
        self.harmless = 0  # started by a plugin's own hooks: no test of the repo has asked for them
        self.stack = []
        self.file, self.at_file, self.known = "", 0, 0
        self.patched = []

    def on(self):
        from _pytest.assertion.rewrite import AssertionRewritingHook

        for owner in (external._LoaderBasics, AssertionRewritingHook):
            self.patch(owner, "exec_module", self.exec_module)
        self.patch(threading.Thread, "start", self.start)

    def patch(self, owner, name, by):
        real = getattr(owner, name)
        self.patched.append((owner, name, real))
        setattr(owner, name, lambda this, *arguments: by(real, this, *arguments))

    def off(self):
        for owner, name, real in self.patched:
            setattr(owner, name, real)

    def exec_module(self, real, loader, module):
        before, known = collect.thread_count(), self.explained
        self.stack.append(module)
        try:
            return real(loader, module)
        finally:
            started = collect.thread_count() - before - (self.explained - known)
            if started > 0:
                self.starters.append(module.__name__)
                self.modules.update(one.__name__ for one in self.stack)
                self.files.update(os.path.realpath(one.__file__) for one in self.stack if getattr(one, "__file__", None))
                self.explained += started
            self.stack.pop()

    def start(self, real, thread):
        real(thread)
        frame = sys._getframe(1)
        while frame is not None and not self.stack:
            name = frame.f_code.co_filename
            if not name.startswith("<") and os.path.realpath(name).startswith(self.repo):
                return
            frame = frame.f_back
        self.harmless += not self.stack

    def importing(self, file):
        """Told the test file whose import begins, "" behind it."""
        if file:
            self.file, self.at_file, self.known = os.path.realpath(file), collect.thread_count(), self.explained
        elif self.file:
            started = collect.thread_count() - self.at_file - (self.explained - self.known)
            if started > 0:
                self.files.add(self.file)
                self.explained += started
            self.file = ""

    def alive(self):
        return collect.thread_count() - 1 - self.harmless

    def tests(self, imports, items_files):
        """Indices of tests that cannot run in a fork. All of them when a thread's origin is not known: a hook of a conftest, native code."""
        if self.alive() <= 0:
            return set()
        if self.alive() > self.explained:
            return set(range(len(items_files)))
        return set(imports.tests_of(items_files, self.modules, self.files))
