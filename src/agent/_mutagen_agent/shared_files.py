"""The files of the private copy, which all processes share: who writes there, and how they come back to what they were before any test ran.

    - the baseline finds the tests that write there: by an audit hook, and by a look at the copy behind programs and native code, which raise
      no event;
    - such tests run with nothing beside them (all slots are held), and the copy is put back behind each process that ran them;
    - a mutant that is about to write where its test does not is stopped before it does, and run again like that.
"""
import json
import os
import shutil
import stat

from . import wire

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STARTS = frozenset(("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"))
# event -> places of (path, descriptor of its folder or None); True: nothing is changed unless the path is there, False: unless it is not
EVENTS = {
    "open": (((0, None),), None), "sqlite3.connect": (((0, None),), None), "os.truncate": (((0, None),), True),
    "os.remove": (((0, 1),), True), "os.rmdir": (((0, 1),), True), "os.mkdir": (((0, 2),), False), "os.symlink": (((1, 2),), False),
    "os.rename": (((0, 2), (1, 3)), None), "os.link": (((1, 3),), False), "os.chmod": (((0, 2),), True), "os.utime": (((0, 3),), True),
    "os.chown": (((0, 3),), True), "shutil.rmtree": (((0, None),), True),
}
WATCHED = STARTS.union(EVENTS)
# What tools keep for themselves, and nobody's test reads.
PRIVATE = frozenset(("__pycache__", ".pytest_cache", ".hypothesis", ".benchmarks", ".mypy_cache", ".ruff_cache"))


class Files:
    def __init__(self, repo, scratch):
        self.repo, self.scratch = os.path.realpath(repo), scratch
        self.place = os.path.join(scratch, "copy-as-it-was")
        self.dirty, self.loaded = os.path.join(scratch, "copy-is-in-use"), os.path.join(scratch, "copy-loaded")
        self.saved = os.path.join(scratch, "copy-writers")
        self.turns = os.path.join(scratch, "copy-put-back")  # grows by one each time
        self.state = {}  # path -> what lstat says, before any test ran
        self.last = None  # the same, at the last look
        self.writers = set()  # numbers of tests that write into the copy
        self.claimed = set()  # paths that they were seen to write
        self.unclaimed = False  # something was written by nobody who was seen
        self.lost = set()  # changed, and not kept as it was
        self.told = False
        self.on_write = None  # called with a path before it is written to
        self.on_start = lambda: None  # called before a program is started
        self.folders = {}
        self.busy = False

    # ---- what the copy looks like ----

    def begin(self):
        """Before any test runs; a zygote that stands in for a killed one finds what that one has kept."""
        if self.read_back():
            self.put_back()
        else:
            self.state = self.walk()
        self.last = self.state
        try:
            with open(self.saved) as file:
                self.writers = set(json.load(file))
        except (OSError, ValueError):
            pass

    def read_back(self):
        try:
            with open(os.path.join(self.place, "state.json")) as file:
                self.state = {path: tuple(what) for path, what in json.load(file).items()}
        except (OSError, ValueError):
            return False
        return True

    def look_back(self):
        """For another interpreter: paths that are not as they were before any test ran, because mutagen has placed something there."""
        now = self.walk()
        if not self.read_back():
            self.state = now
        return self.differences(self.state, now)

    def walk(self):
        """path relative to the copy -> (mode, size, time of its content, time of its change); of a folder the mode alone, of a link where it leads."""
        found, folders = {}, [""]
        while folders:
            folder = folders.pop()
            try:
                entries = list(os.scandir(os.path.join(self.repo, folder)))
            except OSError:
                continue
            for entry in entries:
                path = os.path.join(folder, entry.name)
                if entry.name in PRIVATE:
                    continue
                try:
                    about = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(about.st_mode):
                        found[path] = (about.st_mode,)
                        folders.append(path)
                    elif stat.S_ISLNK(about.st_mode):
                        found[path] = (about.st_mode, os.readlink(entry.path))
                    else:
                        found[path] = (about.st_mode, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
                except OSError:
                    continue  # gone meanwhile
        return found

    def differences(self, before, now):
        """Paths whose state is another one; files that only were touched are looked into."""
        found = []
        for path in before.keys() | now.keys():
            was, is_now = before.get(path), now.get(path)
            if was == is_now:
                continue
            if was and is_now and was[:3] == is_now[:3] and self.is_kept(path, was) and self.same_content(path):
                before[path] = is_now
                continue
            found.append(path)
        return found

    def is_kept(self, path, was):
        """Whether what was kept of a file is from before any test: it may have been changed, unseen, before it was kept."""
        try:
            about = os.lstat(os.path.join(self.place, "files", path))
        except OSError:
            return False
        return len(was) != 4 or (about.st_size, about.st_mtime_ns) == was[1:3]

    def same_content(self, path):
        try:
            with open(os.path.join(self.place, "files", path), "rb") as kept, open(os.path.join(self.repo, path), "rb") as file:
                return kept.read() == file.read()
        except OSError:
            return False

    def look(self):
        """Paths that have changed since the last look of this process."""
        self.busy = True
        try:
            now = self.walk()
            before, self.last = now if self.last is None else self.last, now
            return [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
        finally:
            self.busy = False

    def changes(self, ours=()):
        """Paths that are not as they were before any test ran; generated modules of sessions do not count."""
        self.busy = True
        try:
            ours = self.of_sessions() + list(ours)
            return [path for path in self.differences(self.state, self.walk()) if not is_part(path, ours)]
        finally:
            self.busy = False

    # ---- keeping and putting back ----

    def keep(self):
        """Copies everything, once, before the first that may write begins."""
        if not self.state or os.path.exists(self.place):
            return
        busy, self.busy = self.busy, True
        new = "%s.%d" % (self.place, os.getpid())
        try:
            shutil.copytree(self.repo, os.path.join(new, "files"), symlinks=True, ignore=lambda _folder, names: PRIVATE.intersection(names))
            with open(os.path.join(new, "state.json"), "w") as file:
                file.write(wire.encode(self.state).decode("ascii"))
            os.rename(new, self.place)
        except (OSError, shutil.Error):
            shutil.rmtree(new, ignore_errors=True)  # another process was faster, or the disk is full: what is new can still be removed
        finally:
            self.busy = busy

    def put_back(self, ours=()):
        """Makes the copy what it was. Returns the paths that were not."""
        changed = self.changes(ours)
        self.busy = True
        try:
            for path in sorted(changed):
                self.put_one_back(path)
            if changed:
                with open(self.turns, "a") as file:
                    file.write(".")
        finally:
            self.busy = False
        return changed

    def turn(self):
        """Another number behind each time that something had to be put back, by any session."""
        try:
            return os.stat(self.turns).st_size
        except OSError:
            return 0

    def put_one_back(self, path):
        here, kept, was = os.path.join(self.repo, path), os.path.join(self.place, "files", path), self.state.get(path)
        try:
            if was is None:
                remove(here)
                return
            if not self.is_kept(path, was):
                self.lost.add(path)
                return
            if stat.S_ISDIR(was[0]):
                if not os.path.isdir(here) or os.path.islink(here):
                    remove(here)
                    os.mkdir(here)
                os.chmod(here, stat.S_IMODE(was[0]))
                return
            new = os.path.join(self.scratch, "put-back-%d" % os.getpid())
            shutil.copy2(kept, new, follow_symlinks=False)
            if os.path.isdir(here) and not os.path.islink(here):
                remove(here)
            os.makedirs(os.path.dirname(here), exist_ok=True)
            os.replace(new, here)
            if len(was) == 4:
                about = os.lstat(here)
                self.state[path] = (about.st_mode, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
        except OSError:
            return  # a folder that may not be written to: the next look says so again

    def note_loaded(self, path):
        """A session is about to put a generated module there."""
        with open(self.loaded, "a") as file:
            file.write(wire.encode(os.path.relpath(path, self.repo)).decode("ascii"))

    def of_sessions(self):
        try:
            with open(self.loaded) as file:
                return [json.loads(line) for line in file]
        except OSError:
            return []

    # ---- with nothing beside it ----

    def enter(self):
        """Before a process that may write, when all slots are held."""
        if os.path.exists(self.dirty):
            self.put_back()  # the session that should have done it was killed
        self.keep()
        with open(self.dirty, "w"):
            pass

    def leave(self):
        self.put_back()
        os.unlink(self.dirty)

    # ---- who writes ----

    def hear(self, event, args):
        """An audit event, before its effect. Calls on_write when that is a change of the copy."""
        if self.busy or event == "open" and not (isinstance(args[2], int) and args[2] & WRITING):
            return
        if event in STARTS:
            self.keep()
            self.on_start()
            return
        self.busy = True
        try:
            places, there = EVENTS[event]
            for number, folder in places:
                path = self.inside(args[number], args[folder] if folder is not None and folder < len(args) else -1, event)
                if path is not None and (there is None or os.path.lexists(os.path.join(self.repo, path)) is there):
                    self.on_write(path)
        except (OSError, ValueError, TypeError, IndexError):
            return  # a path that is none fails where it is used
        finally:
            self.busy = False

    def inside(self, path, folder, event):
        """The path relative to the copy; None when it is not in there."""
        if isinstance(path, int):
            return None
        path = os.fsdecode(path)
        if event == "sqlite3.connect":
            if path.startswith("file:"):
                path = path[5:].split("?")[0] if not any(word in path for word in ("mode=ro", "mode=memory", "immutable=1")) else ""
            if path in ("", ":memory:"):
                return None
        if not os.path.isabs(path):
            path = os.path.join(os.readlink("/proc/self/fd/%d" % folder) if isinstance(folder, int) and folder >= 0 else os.getcwd(), path)
        if event == "open" and os.path.islink(path):
            path = os.path.realpath(path)
        parent, name = os.path.split(path.rstrip("/"))
        if parent not in self.folders:
            self.folders[parent] = os.path.realpath(parent)
        path = os.path.join(self.folders[parent], name)
        if not path.startswith(self.repo + os.sep):
            return None
        path = path[len(self.repo) + 1:]
        return None if PRIVATE.intersection(path.split(os.sep)) else path

    def note(self, test, paths):
        """In the zygote: this test writes."""
        self.writers.add(test)
        self.claimed.update(paths)

    def settle(self, traced):
        """Behind a pass of the baseline."""
        changed = self.put_back()
        if traced:
            self.unclaimed = any(not path.startswith(tuple(self.claimed) or ("\0",)) for path in changed)
        with open(self.saved, "w") as file:
            file.write(wire.encode(sorted(self.writers)).decode("ascii"))

    def sentences(self, ids):
        """Once, what the user has to know."""
        names = [ids(test) for test in sorted(self.writers)]
        if self.told or not names and not self.unclaimed:
            return []
        self.told = True
        lost = ["The tests change %s without being seen, and it cannot be put back: mutants may find it changed by others." % ", ".join(
            sorted(self.lost)[:3])] if self.lost else []
        more = len(names) - 3
        return lost + ["%d test%s into the repo's own folder (%s%s): %s one at a time, with nothing beside %s, and the private copy is put back behind each process." % (
            len(names), " writes" if len(names) == 1 else "s write", ", ".join(names[:3]), " and %d more" % more if more > 0 else "",
            "it runs" if len(names) == 1 else "they run", "it" if len(names) == 1 else "them")] * bool(names)


def is_part(path, ours):
    return any(path == one or one.startswith(path + os.sep) for one in ours)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


class Parts:
    """One mutant's tests: first those that leave the copy alone, in forks and then in new interpreters; then, with nothing beside them, the others,
    in the order of collection."""

    def __init__(self, request, writers, unforkable=(), alone=()):
        self.request, self.alone_too = request, set(alone)  # tests that write with this mutant only
        self.ahead = False  # its first tests have passed elsewhere before
        tests = request["tests"]
        chosen = self.alone_too.union(writers).intersection(tests)
        apart = set() if request.get("fresh") else set(unforkable).difference(chosen)
        together = [test for test in tests if test not in chosen and test not in apart]
        limits, own = dict(zip(tests, request.get("limits") or [])), set(tests[: request.get("own") or 0])
        self.answers, self.left = [], [
            (request if kind == tests else dict(request, tests=kind, limits=[limits.get(test, 0.0) for test in kind],
                                                own=0 if alone else len(own.intersection(kind))), alone)
            for kind, alone in ((together, False), ([test for test in tests if test in apart], False), (sorted(chosen), True)) if kind] or [(request, False)]

    def take(self):
        return self.left.pop(0)

    def add(self, answer):
        """One part's answer. The whole answer when no further part has to run, else None."""
        self.answers.append(dict(answer, ahead=self.ahead))
        failed = any(run[1] for run in answer["runs"])
        if self.left and answer.get("end") == "done" and not (failed and self.request.get("bail", True)):
            return None
        if len(self.answers) == 1:
            return self.answers[0]
        return dict(self.answers[-1], runs=[run for one in self.answers for run in one["runs"]], seconds=round(sum(one["seconds"] for one in self.answers), 6),
                    took=[took for one in self.answers for took in one.get("took", ())],
                    missed=[test for one in self.answers for test in one.get("missed", ())],
                    nursery=any(one.get("nursery") for one in self.answers))
