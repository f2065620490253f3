"""Byte code is written below PYTHONPYCACHEPREFIX only, but read from the usual places too, those of the user's repo among them: a new run need not
compile again what has been compiled. Whether it fits the source is checked by the importer and by pytest, as ever: by time and size,
or by a digest."""
import _frozen_importlib_external as external
import _imp
import os
import sys

SETTLED_SECONDS = 1.0  # their times are whole seconds: byte code that was made within one of its source may be of the text before
known = {}  # the private copy -> the user's repo


def know(repo, original):
    for path in (repo, os.path.realpath(repo)):
        known[path] = os.path.realpath(original)


def is_of_the_user(path):
    return path.endswith(".pyc") and any(path.startswith(original + os.sep) for original in known.values())


def install():
    prefix, read = sys.pycache_prefix, external.FileLoader.get_data
    if not prefix:
        return

    def get_data(self, path):
        try:
            return read(self, path)
        except OSError:
            if not (path.startswith(prefix + os.sep) and path.endswith(".pyc")):
                raise
        folder, name = os.path.split(path[len(prefix):])
        theirs = of_the_user(os.path.join(folder, name.split(".")[0] + ".py"), name)
        return read(self, theirs or os.path.join(folder, "__pycache__", name))

    external.FileLoader.get_data = get_data


def of_the_user(source, name):
    """The byte code beside the file in the user's repo from which `source` was copied, "" where there is none that may be believed."""
    for repo, original in known.items():
        if source.startswith(repo + os.sep):
            kept = os.path.join(original, os.path.dirname(source)[len(repo) + 1:], "__pycache__", name)
            try:
                return kept if os.stat(kept).st_mtime - os.stat(source).st_mtime >= SETTLED_SECONDS else ""
            except OSError:
                return ""
    return ""


def rename(code, source):
    """As the importer does with byte code of a file that has been moved."""
    _imp._fix_co_filename(code, source)
