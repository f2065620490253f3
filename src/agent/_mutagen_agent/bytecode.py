"""Byte code is written below PYTHONPYCACHEPREFIX only, but read from the usual places too: a new run need not compile pytest again."""
import _frozen_importlib_external as external
import os
import sys


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
        return read(self, os.path.join(folder, "__pycache__", name))  # whether it fits the source is checked by the importer, as ever

    external.FileLoader.get_data = get_data
