"""A part of the tests: pytest collects with the repo's whole configuration, but looks into nothing else. conftest.py and packages on the way count."""
import os

import pytest


class Part:
    def __init__(self, repo, wanted):
        """`wanted`: files, folders and node ids, relative to the repo."""
        self.wanted = [os.path.realpath(os.path.join(repo, one.split("::")[0])) for one in wanted]

    def leaves_out(self, path):
        path = os.path.realpath(str(path))
        folder = os.path.dirname(path) if os.path.basename(path) in ("__init__.py", "conftest.py") else path
        return not any(is_in(path, one) or is_in(one, folder) for one in self.wanted)


class Hook(Part):
    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path):
        return True if self.leaves_out(collection_path) else None


class OldHook(Part):
    """pytest 6.2 has another name for the path."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, path):
        return True if self.leaves_out(path) else None


def is_in(path, place):
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)


def plugins(repo, wanted):
    """None are needed when everything is."""
    if not wanted:
        return []
    return [(OldHook if int(pytest.__version__.split(".")[0]) < 7 else Hook)(repo, wanted)]
