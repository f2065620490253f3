"""A part of the tests: pytest collects with the repo's whole configuration, but looks into nothing else. conftest.py and packages on the way count.
What is named is collected as pytest does it with what stands on its command line: a file of any name, a folder outside of testpaths."""
import os

import pytest


class Part:
    def __init__(self, repo, wanted):
        """`wanted`: files, folders and node ids, relative to the repo."""
        self.places = [os.path.join(repo, one.split("::")[0]) for one in wanted]
        self.wanted = [os.path.realpath(place) for place in self.places]

    def leaves_out(self, path):
        path = os.path.realpath(str(path))
        folder = os.path.dirname(path) if os.path.basename(path) in ("__init__.py", "conftest.py") else path
        return not any(is_in(path, one) or is_in(one, folder) for one in self.wanted)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        """Folders, not the files themselves: of a file without tests pytest says that it cannot be found, and collects nothing else either.
        That the files are asked for by name is told where pytest asks."""
        folders = [place if os.path.isdir(place) else os.path.dirname(place) for place in self.places if os.path.exists(place)]
        top = [one for one in dict.fromkeys(folders) if not any(is_in(one, other) for other in folders if other != one)]
        if top:
            session.config.args[:] = top
        known = session.isinitpath

        def isinitpath(path, **more):
            real = os.path.realpath(str(path))
            parent = more.get("with_parents") and any(is_in(one, real) for one in self.wanted)
            return real in self.wanted or bool(parent) or known(path, **more)

        session.isinitpath = isinitpath


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
