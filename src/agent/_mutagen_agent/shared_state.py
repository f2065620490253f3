"""What a set-up leaves behind that a fork cannot have, or that forks share: threads, children, descriptors; and what tests may change in it."""
import gc
import hashlib
import os
import sys
import threading

from . import collect

HARMLESS = ("/dev/null", "/dev/urandom", "/dev/random")
MOST_ROWS = 2000  # of one table; beyond, only their number is compared


class Snapshot:
    """Of a process before a set-up; unsafe() says what has come since that a fork must not share."""

    def __init__(self):
        self.open = descriptors()

    def unsafe(self):
        if collect.thread_count() > 1:
            names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
            return "a thread is alive behind it%s" % (" (%s)" % ", ".join(names[:3]) if names else "")
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return "a process that it started is alive behind it"
        except ChildProcessError:
            pass
        for fd, name in sorted(descriptors().items()):
            if self.open.get(fd) != name and name not in HARMLESS:
                kind = "a connection (socket)" if name.startswith("socket:") else name.replace("anon_inode:", "")
                return "it keeps %s open" % kind
        return ""


def descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue  # the one that listed them
    return found


def databases():
    """Django's connections, when it is in use and configured."""
    django_db = sys.modules.get("django.db")
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if django_db is None or not getattr(settings, "configured", False):
        return None
    return django_db.connections


def release():
    """Closes Django's connections, which open again by themselves."""
    connections = databases()
    if connections is not None:
        connections.close_all()


def release_pools():
    """The same for what lies idle in the pools of SQLAlchemy's engines. What is checked out stays open, and is found by its descriptor."""
    gc.unfreeze()  # objects of the import are hidden otherwise
    engine = getattr(sys.modules.get("sqlalchemy.engine"), "Engine", None)
    if isinstance(engine, type):
        for thing in gc.get_objects():
            if isinstance(thing, engine) and thing.dialect.name != "sqlite":  # a pool of SQLite may be the database itself
                thing.dispose()


class State:
    """What tests can change for each other behind our back: rows of Django's databases, files below `folder`."""

    def __init__(self, folder, blocker):
        self.folder, self.blocker = folder, blocker

    def digest(self):
        seen = hashlib.sha256()
        for place, folders, files in os.walk(self.folder):
            folders.sort()
            for name in sorted(files):
                status = os.lstat(os.path.join(place, name))
                seen.update(repr((place, name, status.st_size, status.st_mtime_ns)).encode("utf-8", "surrogateescape"))
        connections = databases()
        if connections is not None:
            with self.blocker.unblock() if self.blocker is not None else nothing():
                for alias in sorted(connections):
                    add_rows(seen, connections[alias])
        return seen.hexdigest()


class nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_what):
        return None


def add_rows(seen, connection):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        return  # every fork has its own
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            name = connection.ops.quote_name(table)
            cursor.execute("SELECT COUNT(*) FROM %s" % name)
            count = cursor.fetchone()[0]
            seen.update(repr((table, count)).encode("utf-8", "backslashreplace"))
            if 0 < count <= MOST_ROWS:
                cursor.execute("SELECT * FROM %s" % name)
                seen.update("\n".join(sorted(map(repr, cursor.fetchall()))).encode("utf-8", "backslashreplace"))
