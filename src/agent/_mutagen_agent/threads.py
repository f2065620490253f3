"""Threads that are alive after the import of the tests do not survive a fork: whose tests need them is found out while they start."""
import _frozen_importlib_external as external
import os

from . import collect


class Watch:
    """From on() to off(): which modules start threads when they are imported, and which test files do so themselves."""

    def __init__(self):
        self.modules, self.files = set(), set()  # names with the importers around them; real paths
        self.explained = 0  # threads whose origin is known
        self.stack = []
        self.file, self.at_file, self.known = "", 0, 0
        self.real = None

    def on(self):
        real = self.real = external._LoaderBasics.exec_module

        def exec_module(loader, module):
            before, known = collect.thread_count(), self.explained
            self.stack.append(module.__name__)
            try:
                return real(loader, module)
            finally:
                started = collect.thread_count() - before - (self.explained - known)
                if started > 0:
                    self.modules.update(self.stack)
                    self.explained += started
                self.stack.pop()

        external._LoaderBasics.exec_module = exec_module

    def off(self):
        external._LoaderBasics.exec_module = self.real

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

    def tests(self, imports, items_files):
        """Indices of tests that cannot run in a fork. All of them when a thread's origin is not known: a plugin, a conftest."""
        alive = collect.thread_count() - 1
        if alive <= 0:
            return set()
        if alive > self.explained:
            return set(range(len(items_files)))
        return set(imports.tests_of(items_files, self.modules, self.files))
