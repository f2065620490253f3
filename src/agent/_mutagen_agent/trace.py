"""Which lines ran: all lines of some files (baseline), or whether one range of one code ran (mutants, probes).

From 3.12 on by sys.monitoring, where a line costs once per test; before by a trace function: all lines by one in C (../tracer/tracer.c), where the
interpreter can load it, everything else by sys.settrace.
"""
import dis
import functools
import os
import sys
import threading

from . import codes, markers

MONITORING = getattr(sys, "monitoring", None)
TRACER = None
# It needs PyFrame_GetCode, and objects as they are without Py_TRACE_REFS.
if MONITORING is None and sys.version_info >= (3, 9) and sys.implementation.name == "cpython" and not hasattr(sys, "getobjects"):
    try:
        from . import tracer as TRACER
    except ImportError:  # another machine's, or a folder that programs cannot be loaded from: the slower way
        pass


@functools.lru_cache(maxsize=None)
def runs_all_frames():
    """Whether the tracer is asked before each frame, in an interpreter whose frames it knows; a subscript that calls was specialized without asking."""
    if TRACER is None or sys.version_info[:2] != (3, 11):
        return False

    class Box:
        def __getitem__(self, key):
            return key

    def look(box):
        for number in range(100):
            box[number]

    look(Box())
    code = Box.__getitem__.__code__
    TRACER.use(lambda asked: 0 if asked is code else -1)
    TRACER.start(None)
    narrow = TRACER.narrow(True)
    look(Box())
    seen = TRACER.drain()
    TRACER.narrow(False)
    TRACER.stop()
    return bool(narrow and seen)


LOOPS_ALWAYS, LOOPS_FACTOR = 100000, 100  # rounds that any code may make, and so many times what the unchanged code makes


class Tool:
    """A sys.monitoring tool id of ours: the first free one, since debuggers, coverage and profilers have theirs."""

    number = None

    @classmethod
    def get(cls):
        if cls.number is None:
            for number in (3, 4, 2, 5, 1, 0):
                if MONITORING.get_tool(number) is None:
                    MONITORING.use_tool_id(number, "mutagen")
                    cls.number = number
                    break
            else:
                raise RuntimeError("no free sys.monitoring tool id")
        return cls.number


def entry_line(code):
    """The line that runs on entry without a LINE event of its own, 0 if none: in `def f(n): return n` 3.13 counts it to the start."""
    resumed = 0
    for instruction in dis.get_instructions(code):
        line = instruction.positions.lineno
        if resumed:
            return resumed if line == resumed else 0
        if instruction.opname == "RESUME":
            resumed = line or 0
    return 0


def lines_to_watch(all_codes, first, last):
    """[first, last]; any line when no instruction is left there (3.9 and older fold `if True:` away): the tests are known to come by."""
    last = max(first, last)
    lines = {line for code in all_codes for _offset, line in dis.findlinestarts(code)}
    return (first, last) if first and any(line and first <= line <= last for line in lines) else (0, sys.maxsize)


REAL_PATHS = {}  # __file__ of a module -> its real path; forks inherit what is known


def real_path(name):
    found = REAL_PATHS.get(name)
    if found is None:
        found = REAL_PATHS[name] = os.path.realpath(name)
    return found


def know_modules():
    """Before forks that watch for lines: each would have to look up the same paths again."""
    for module in list(sys.modules.values()):
        name = getattr(module, "__dict__", {}).get("__file__")
        if type(name) is str:
            real_path(name)


def again(tool, all_codes, events):
    """Has `events` of these codes told, also where they have been disabled. Not by restart_events: it has all code of the interpreter instrumented anew,
    as it comes to run, which in a fork copies the pages of all of it."""
    for code in all_codes:
        MONITORING.set_local_events(tool, code, 0)
        MONITORING.set_local_events(tool, code, events)


class HitTracker:
    """Does any line in [first, last] of `code` run? 0, 0 = any line. `on_hit` is called at the first hit after each arm(). `seen`: since the last look()."""

    def __init__(self, code, first, last, on_hit=None):
        self.codes = codes.all_codes(code)
        self.ids = {id(one) for one in self.codes}
        self.paths = {real_path(one.co_filename) for one in self.codes}
        self.first, self.last = lines_to_watch(self.codes, first, last)
        self.on_hit = on_hit
        self.hit = self.seen = False
        self.ready = self.armed = self.marked = False
        self.started = set()  # ids of those that have been entered since the last look()
        self.jumps, self.most, self.on_limit = 0, None, None

    def watch_loops(self, count, on_limit):
        """`count`: jumps and calls of the unchanged code in the test that begins (before 3.12: rounds of its loops, not jumps); far beyond it on_limit is
        called. Calls: the loop may be one of those that call it."""
        self.jumps, self.on_limit = 0, on_limit
        self.most = LOOPS_ALWAYS + LOOPS_FACTOR * count if count is not None else sys.maxsize

    def counts(self):
        return MONITORING is not None or self.marked

    def jump(self, *_event):
        self.jumps += 1
        if self.jumps > self.most and self.hit:
            self.on_limit(self.most)

    def carry_marks(self, target, source, plain):
        """The code to be swapped in, which tells by itself when it is entered; `plain` where it cannot."""
        # A generator that was begun in one test is not entered anew in the next one, and without `bail` each test counts for itself.
        if MONITORING is not None or target.is_module:
            return plain
        try:
            marked = markers.marked(target, source, plain, self.lines(), {markers.ENTERED: self.entered, markers.ROUND: self.jump})
        except markers.Unmarkable:
            return plain
        if id(plain) in target.defaults:
            target.defaults[id(marked)] = marked, target.defaults[id(plain)][1]
        self.codes = codes.all_codes(marked)
        self.ids = {id(one) for one in self.codes}
        self.marked = True
        return marked

    def lines(self):
        return (self.first, self.last) if self.first else (0, 0)

    def entered(self):
        self.jump()
        if self.seen or not self.armed or sys.gettrace() is not None:
            return
        sys._getframe(1).f_trace = self.local
        threading.settrace(self.enter)
        sys.settrace(self.enter)

    def arm(self):
        self.hit = False
        self.look()

    def look(self):
        """From now on once more, for `seen`; a hit stays one."""
        self.seen, self.armed = False, True
        if self.marked:
            return
        if MONITORING is None:
            threading.settrace(self.enter)
            sys.settrace(self.enter)
            return
        tool = Tool.get()
        if not self.ready:
            MONITORING.register_callback(tool, MONITORING.events.LINE, self.line)
            MONITORING.register_callback(tool, MONITORING.events.PY_START, self.start)
            events = MONITORING.events.LINE | MONITORING.events.PY_START
            if self.on_limit is not None:
                MONITORING.register_callback(tool, MONITORING.events.JUMP, self.jump)
                events |= MONITORING.events.JUMP
            self.ready, self.events = True, events
        self.started = set()
        again(tool, self.codes, self.events)

    def disarm(self):
        if MONITORING is None:
            sys.settrace(None)
            threading.settrace(None)
        elif self.ready:
            for code in self.codes:
                MONITORING.set_local_events(Tool.get(), code, 0)
            for event in (MONITORING.events.LINE, MONITORING.events.PY_START, MONITORING.events.JUMP):
                MONITORING.register_callback(Tool.get(), event, None)
            self.ready = False

    def mark(self):
        self.seen = True
        if not self.hit:
            self.hit = True
            if self.on_hit:
                self.on_hit()

    def start(self, code, _offset):
        if id(code) not in self.started:  # each call is told, and looking for its line takes longer than most of them
            self.started.add(id(code))
            self.line(code, entry_line(code))
        if self.on_limit is None:
            return MONITORING.DISABLE
        self.jump()
        return None

    def line(self, _code, number):
        if number and self.first <= number <= self.last:
            self.mark()
        return MONITORING.DISABLE

    def enter(self, frame, _event, _arg):
        if self.seen:
            sys.settrace(None)  # of this thread: nothing is left to be learnt in this test
            return None
        name = frame.f_globals.get("__file__")  # as in LineCollector.elsewhere
        if type(name) is str:
            if (REAL_PATHS.get(name) or real_path(name)) not in self.paths:
                return None
        return self.local if id(frame.f_code) in self.ids else None

    def local(self, frame, event, _arg):
        if event == "line" and self.first <= frame.f_lineno <= self.last:
            self.mark()
            sys.settrace(None)
            threading.settrace(None)
            return None
        return None if self.seen else self.local


class Relay(set):
    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def add(self, line):
        if line not in self:
            super().add(line)
            self.tell(line)


class LineCollector:
    """Lines of some files, collected into the sets on a stack: the innermost gets them, and gives them on when it is popped."""

    def __init__(self, files, real_file):
        self.numbers = {path: number for number, path in enumerate(files)}  # absolute real path -> position
        self.real_file = real_file
        self.known = {}  # co_filename -> position or -1
        self.elsewhere = set()  # __file__ of modules that are none of the files
        self.enter = self.tracer(self.of_frame) if TRACER is None else self.go_on
        self.stack = [set()]
        self.active = True
        self.narrows = False  # whether code of other files may run untraced
        self.local_of, self.add_to = self.local_functions()
        self.add_to(self.stack[0])
        self.watched = {}  # id(code) -> code (kept, so that no id comes again) and its entry line
        self.touched = {}  # those with lines that were told and are not any more

    def start(self):
        if MONITORING is None:
            self.narrows = runs_all_frames()
            if TRACER is not None:
                TRACER.use(self.of_code)
            threading.settrace(self.enter)
            self.trace()
            self.narrow()
            return
        tool = Tool.get()
        MONITORING.register_callback(tool, MONITORING.events.PY_START, self.begin)
        MONITORING.register_callback(tool, MONITORING.events.PY_RESUME, self.resume)
        MONITORING.register_callback(tool, MONITORING.events.LINE, self.line)
        MONITORING.set_events(tool, MONITORING.events.PY_START | MONITORING.events.PY_RESUME)
        MONITORING.restart_events()  # what an earlier collector has been told would be missing

    def trace(self):
        """In this thread, before 3.12."""
        if TRACER is None:
            sys.settrace(self.enter)
        else:
            TRACER.start(self.enter)

    def untrace(self):
        if TRACER is None:
            sys.settrace(None)
        else:
            TRACER.narrow(False)
            TRACER.stop()

    def narrow(self):
        """Code of other files runs untraced, in 3.11 and where nobody else has a look at frames: greenlets change them in the midst of a call."""
        if self.narrows:
            TRACER.narrow(sys.getprofile() is None and "greenlet" not in sys.modules)

    def go_on(self, _frame, _event, _arg):
        """Called by a new thread, or where the code under test has put back what it had found in sys.gettrace(): from here on TRACER does it again.
        That is the next call: lines before it, and those that ran under another trace function, are not seen."""
        self.trace()

    def fresh(self):
        """Lets lines that have been seen be seen again."""
        if MONITORING is not None:
            again(Tool.get(), self.touched.values(), MONITORING.events.LINE)
            self.touched = {}
            return
        if sys.gettrace() is None:  # the code under test took the slot
            self.trace()
        self.narrow()

    def drain(self):
        if TRACER is not None:
            self.stack[-1].update(TRACER.drain())

    def push(self):
        self.drain()
        self.stack.append(set())
        self.add_to(self.stack[-1])
        self.fresh()

    def pop(self):
        self.drain()
        lines = self.stack.pop()
        self.stack[-1] |= lines
        self.add_to(self.stack[-1])
        return lines

    def take(self):
        self.drain()
        lines, self.stack = self.stack[0], [set()]
        self.add_to(self.stack[0])
        return lines

    def relay(self, tell):
        """In a process that a test has forked: nobody will ask this one for its lines, so each is told at once."""
        self.stack = [Relay(tell)]
        self.add_to(self.stack[0])
        if TRACER is not None:
            TRACER.tell_to(self.stack[0].add)

    def position(self, filename):
        found = self.known.get(filename)
        if found is None:
            found = self.known[filename] = self.numbers.get(self.path(filename), -1)
        return found

    def path(self, filename):
        try:
            return self.real_file(filename)
        except ValueError:
            return ""  # a name that no file can have, with a NUL in it: code may bear any

    def look_at(self, code):
        """Its entry line, 0 where there is none or it is of no file of ours."""
        if id(code) not in self.watched and self.position(code.co_filename) >= 0:
            self.watched[id(code)] = code, entry_line(code)
            MONITORING.set_local_events(Tool.get(), code, MONITORING.events.LINE)
        return self.watched[id(code)][1] if id(code) in self.watched else 0

    def resume(self, code, _offset):
        """A generator may have been begun before anybody looked, on import."""
        self.look_at(code)
        return MONITORING.DISABLE

    def begin(self, code, _offset):
        entry = self.look_at(code)
        if not entry:
            return MONITORING.DISABLE
        self.stack[-1].add((self.known[code.co_filename], entry))
        return None  # again() does not bring back this one: it is wanted of all code

    def line(self, code, number):
        self.touched[id(code)] = code
        self.stack[-1].add((self.known[code.co_filename], number))
        return MONITORING.DISABLE

    def tracer(self, of_frame):
        """The trace function: of_frame(frame) where it may be one of the files. Called for every call of everybody, so it looks at the frame's
        globals first: asking a frame for its code raises an audit event, and every audit hook is called then."""
        elsewhere = self.elsewhere

        def enter(frame, _event, _arg):
            name = frame.f_globals.get("__file__")
            if type(name) is str:
                if name in elsewhere:
                    return None
                if self.position(name) < 0:
                    elsewhere.add(name)
                    return None
            return of_frame(frame)

        return enter

    def of_code(self, code):
        return self.position(code.co_filename)

    def of_frame(self, frame):
        number = self.of_code(frame.f_code)
        return self.local_of(number) if number >= 0 else None

    def local_functions(self):
        """local_of(position): the trace function of a file's frames, which need not ask a frame whose it is; add_to(set): where all of them put
        lines from now on, also those of frames that are running. They are called for every line, so they look up nothing."""
        add = None
        known = {}

        def local_of(number):
            found = known.get(number)
            if found is None:
                def found(frame, event, _arg):
                    if event == "line":
                        add((number, frame.f_lineno))
                    return found

                known[number] = found
            return found

        def add_to(lines):
            nonlocal add
            add = lines.add

        return local_of, add_to


class ImportCollector(LineCollector):
    """Lines of functions of the repo that run while it is imported and collected: no test runs them again."""

    OPTIMIZED = 0x1  # co_flags of functions, not of modules and class bodies

    def __init__(self, real_file):
        super().__init__([], real_file)
        self.active = False
        self.watch = None  # real paths of the files that are looked at; None = all
        self.restore = lambda: None

    def position(self, filename):
        if filename not in self.known:
            path = self.path(filename)
            wanted = path and (self.watch is None or path in self.watch)
            self.known[filename] = self.numbers.setdefault(path, len(self.numbers)) if wanted else -1
        return self.known[filename]

    def begin(self, code, offset):
        return super().begin(code, offset) if code.co_flags & self.OPTIMIZED else MONITORING.DISABLE

    def of_code(self, code):
        return super().of_code(code) if self.active and code.co_flags & self.OPTIMIZED else -1

    def on(self, watch=None):
        self.watch = watch
        self.active = True
        self.start()
        self.fresh()
        self.leave_out_rewriting()

    def leave_out_rewriting(self):
        """pytest's rewriting of asserts makes a million calls and none into the repo: before 3.12 it is not traced."""
        from _pytest.assertion import rewrite

        real = getattr(rewrite, "_rewrite_test", None)
        if MONITORING is not None or real is None:
            return

        def untraced(*arguments, **named):
            traced = sys.gettrace() is not None
            self.untrace()
            try:
                return real(*arguments, **named)
            finally:
                if traced:
                    self.trace()
                    self.narrow()

        rewrite._rewrite_test, self.restore = untraced, lambda: setattr(rewrite, "_rewrite_test", real)

    def off(self):
        self.drain()
        self.active = False
        self.add_to(set())  # frames that are running
        self.restore()
        if MONITORING is None:
            self.untrace()
            threading.settrace(None)
            return
        tool = Tool.get()
        MONITORING.set_events(tool, 0)
        for code, _line in self.watched.values():
            MONITORING.set_local_events(tool, code, 0)
        self.watched = {}

    def lines_of(self, path, first, last):
        number = self.numbers.get(path)
        return {(file, line) for file, line in self.stack[0] if file == number and first <= line <= last}

    def all_lines(self):
        """{path: [[first, last], ...]}"""
        paths = {number: path for path, number in self.numbers.items()}
        found = {}
        for number, first, last in ranges(self.stack[0]):
            found.setdefault(paths[number], []).append([first, last])
        return found


def ranges(lines):
    """[[file, first, last], ...] of a set of (file, line)."""
    found = []
    for file, line in sorted(lines):
        if found and found[-1][0] == file and found[-1][2] == line - 1:
            found[-1][2] = line
        else:
            found.append([file, line, line])
    return found
