/* The agent's only part in C: a trace function that notes which lines of some files run. An extension module for CPython 3.9 to 3.11
 * (from 3.12 on there is sys.monitoring), where a trace function in Python costs several times what a test takes by itself.
 *
 * The build needs no Python and no C library (the loader alone, for variables of a thread): what is used of CPython's API is declared here. All of it
 * but PyEval_SetTrace and PyFrame_GetCode is the stable ABI (https://docs.python.org/3/c-api/stable.html, PEP 384); these two are public API that has had
 * this form since 2.x and 3.9; what 3.11 alone is asked for stands apart. trace.py keeps it away from interpreters whose objects look different.
 * Everything here runs with the GIL held. */
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

typedef struct object PyObject;
typedef PyObject *(*PyCFunction)(PyObject *self, PyObject *args);
struct object_head {
    ptrdiff_t references;
    void *type;
};
struct method {
    const char *name;
    PyCFunction function;
    int flags;
    const char *doc;
};
struct module {
    struct object_head head;
    PyObject *(*init)(void);
    ptrdiff_t index;
    PyObject *copy;
    const char *name, *doc;
    ptrdiff_t size;
    struct method *methods;
    void *slots, *traverse, *clear, *free;
};
enum { METH_NOARGS = 4, METH_O = 8, ABI_VERSION = 3 };
enum { TRACE_LINE = 2 };

void Py_IncRef(PyObject *object);
void Py_DecRef(PyObject *object);
PyObject *PyModule_Create2(struct module *module, int version);
PyObject *Py_BuildValue(const char *format, ...);
PyObject *PyObject_CallFunctionObjArgs(PyObject *callable, ...);
long PyLong_AsLong(PyObject *number);
PyObject *PyList_New(ptrdiff_t len);
int PyList_SetItem(PyObject *list, ptrdiff_t index, PyObject *item);
int PyObject_IsTrue(PyObject *object);
void PyErr_Clear(void);
void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **traceback);
void PyErr_Restore(PyObject *type, PyObject *value, PyObject *traceback);
void *PyMem_Malloc(size_t size);
void PyMem_Free(void *memory);
void PyEval_SetTrace(int (*function)(PyObject *, PyObject *, int, PyObject *), PyObject *object);
PyObject *PyFrame_GetCode(PyObject *frame);
int PyFrame_GetLineNumber(PyObject *frame);
PyObject *PyInit_tracer(void);

/* Of CPython 3.11 alone: how its frames begin (Include/internal/pycore_frame.h), a function that it calls for every frame (PEP 523), and what suspends
 * tracing (https://docs.python.org/3.11/c-api/init.html#c.PyThreadState_EnterTracing). Other versions lack some of these symbols. */
#define IN_3_11 __attribute__((weak))
struct frame {
    void *function, *globals, *builtins, *locals;
    PyObject *code;
};
typedef PyObject *run_function(void *thread, struct frame *frame, int thrown);

IN_3_11 PyObject *_PyEval_EvalFrameDefault(void *thread, struct frame *frame, int thrown);
IN_3_11 run_function *_PyInterpreterState_GetEvalFrameFunc(void *interpreter);
IN_3_11 void _PyInterpreterState_SetEvalFrameFunc(void *interpreter, run_function *function);
IN_3_11 void *PyInterpreterState_Get(void);
IN_3_11 void *PyThreadState_Get(void);
IN_3_11 void PyThreadState_EnterTracing(void *thread);
IN_3_11 void PyThreadState_LeaveTracing(void *thread);
IN_3_11 PyObject *PyTuple_GetItem(PyObject *tuple, ptrdiff_t index);
IN_3_11 const char *PyUnicode_AsUTF8(PyObject *text);
IN_3_11 int PySys_AddAuditHook(int (*hook)(const char *event, PyObject *args, void *data), void *data);

#define MOST_FILES (1 << 24)
#define MOST_LINES (1 << 22) /* of a file; code may give any numbers for its own */
#define MOST_CODES 20000
#define LEAST_ROOM 64
#define MOST_DEPTH 3000 /* of frames that are run through us: each takes some of C's stack, which it would not otherwise */

/* Codes by address, each with its file or -1. They are kept alive, so that no address comes again; where tests make new ones on and on,
 * all are forgotten now and then. */
struct seen_code {
    PyObject *code;
    int32_t file;
};
struct file_lines {
    uint64_t *bits; /* lines noted since the last drain */
    uint32_t words;
};

static struct seen_code *codes;
static size_t code_room, code_count;
static struct file_lines *files;
static size_t file_count;
static uint64_t *noted; /* file << 32 | line, each once */
static size_t noted_room, noted_count;
static PyObject *last_code; /* the latest one of them, or NULL */
static int32_t last_file;
static PyObject *resolve, *tell;

static bool narrow;                           /* run_frame is called */
static __thread bool suspended, asking, ours; /* tracing is; resolve runs; PyEval_SetTrace is called by us */
static __thread uint32_t depth;

static void *zeroed(size_t count, size_t size)
{
    if (count > PTRDIFF_MAX / size)
        return NULL;
    unsigned char *memory = PyMem_Malloc(count * size);
    for (size_t i = 0; memory && i < count * size; i++)
        memory[i] = 0;
    return memory;
}

/* The same array with room for `room` entries, or NULL; the old one is freed. */
static void *grown(void *old, size_t count, size_t room, size_t size)
{
    unsigned char *memory = zeroed(room, size);
    for (size_t i = 0; memory && i < count * size; i++)
        memory[i] = ((unsigned char *)old)[i];
    if (memory)
        PyMem_Free(old);
    return memory;
}

static struct seen_code *find(struct seen_code *table, size_t room, const PyObject *code)
{
    size_t at = ((uintptr_t)code >> 4) * 0x9E3779B1u & (room - 1);
    while (table[at].code && table[at].code != code)
        at = (at + 1) & (room - 1);
    return &table[at];
}

static void forget_codes(void)
{
    struct seen_code *table = codes;
    size_t room = code_room;
    codes = NULL;
    last_code = NULL;
    code_room = code_count = 0;
    for (size_t i = 0; i < room; i++)
        if (table[i].code)
            Py_DecRef(table[i].code);
    PyMem_Free(table);
}

static bool make_room(void)
{
    if (code_count == MOST_CODES)
        forget_codes();
    if (code_count * 2 < code_room)
        return true;
    size_t room = code_room ? code_room * 2 : LEAST_ROOM;
    struct seen_code *table = zeroed(room, sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < code_room; i++)
        if (codes[i].code)
            *find(table, room, codes[i].code) = codes[i];
    PyMem_Free(codes);
    codes = table;
    code_room = room;
    return true;
}

/* resolve(code): the file's number, negative where nobody asks. What it raises is no affair of the code that is traced. */
static int32_t ask(PyObject *code)
{
    PyObject *type, *value, *traceback; /* a frame may begin with an exception */
    PyErr_Fetch(&type, &value, &traceback);
    asking = true;
    PyObject *answer = PyObject_CallFunctionObjArgs(resolve, code, (PyObject *)NULL);
    long file = answer ? PyLong_AsLong(answer) : -1;
    asking = false;
    if (answer)
        Py_DecRef(answer);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    return file >= 0 && file < MOST_FILES ? (int32_t)file : -1;
}

static int32_t file_of(PyObject *code)
{
    if (code == last_code)
        return last_file;
    struct seen_code *place = code_room ? find(codes, code_room, code) : NULL;
    if (!place || !place->code) {
        int32_t file = ask(code);
        if (!make_room())
            return file;
        place = find(codes, code_room, code); /* another thread may have asked, too */
        if (!place->code) {
            Py_IncRef(code);
            *place = (struct seen_code){ code, file };
            code_count++;
        }
    }
    last_code = code;
    last_file = place->file;
    return last_file;
}

/* Whether the line is new since the last drain. */
static bool is_new(uint32_t file, uint32_t line)
{
    if (file >= file_count) {
        struct file_lines *more = grown(files, file_count, (size_t)file * 2 + LEAST_ROOM, sizeof *files);
        if (!more)
            return false;
        files = more;
        file_count = (size_t)file * 2 + LEAST_ROOM;
    }
    struct file_lines *of = &files[file];
    uint32_t word = line / 64;
    if (word >= of->words) {
        uint64_t *bits = grown(of->bits, of->words, word * 2 + LEAST_ROOM, sizeof *bits);
        if (!bits)
            return false;
        of->bits = bits;
        of->words = word * 2 + LEAST_ROOM;
    }
    uint64_t bit = (uint64_t)1 << line % 64;
    bool new = !(of->bits[word] & bit);
    of->bits[word] |= bit;
    return new;
}

static void note(uint32_t file, uint32_t line)
{
    if (noted_count == noted_room) {
        uint64_t *more = grown(noted, noted_count, noted_room * 2 + LEAST_ROOM, sizeof *noted);
        if (!more)
            return;
        noted = more;
        noted_room = noted_room * 2 + LEAST_ROOM;
    }
    noted[noted_count++] = (uint64_t)file << 32 | line;
}

/* The trace function: https://docs.python.org/3/c-api/init.html#c.Py_tracefunc. It is called for the lines of everybody. */
static int trace(PyObject *object, PyObject *frame, int what, PyObject *arg)
{
    (void)object;
    (void)arg;
    if (what != TRACE_LINE || !resolve || asking)
        return 0;
    PyObject *code = PyFrame_GetCode(frame); /* the frame has it, too */
    Py_DecRef(code);
    int32_t file = file_of(code);
    int line = file < 0 ? 0 : PyFrame_GetLineNumber(frame);
    if (line <= 0 || line >= MOST_LINES || !is_new((uint32_t)file, (uint32_t)line))
        return 0;
    if (!tell) {
        note((uint32_t)file, (uint32_t)line);
        return 0;
    }
    PyObject *pair = Py_BuildValue("(ii)", (int)file, line);
    PyObject *answer = pair ? PyObject_CallFunctionObjArgs(tell, pair, (PyObject *)NULL) : NULL;
    if (pair)
        Py_DecRef(pair);
    if (answer)
        Py_DecRef(answer);
    else
        PyErr_Clear();
    return 0;
}

static void suspend(void *thread, bool yes)
{
    if (yes == suspended)
        return;
    suspended = yes;
    if (yes)
        PyThreadState_EnterTracing(thread);
    else
        PyThreadState_LeaveTracing(thread);
}

static void end_narrow(void);

/* Where lines are traced, CPython 3.11 looks at each instruction whether a line begins, in all code. So here tracing is suspended for frames of code
 * that nobody asks for, and resumed for the others. */
static PyObject *run_frame(void *thread, struct frame *frame, int thrown)
{
    if (asking || !narrow)
        return _PyEval_EvalFrameDefault(thread, frame, thrown);
    bool before = suspended;
    suspend(thread, file_of(frame->code) < 0);
    if (++depth > MOST_DEPTH)
        end_narrow();
    PyObject *result = _PyEval_EvalFrameDefault(thread, frame, thrown);
    depth--;
    suspend(thread, narrow && before);
    return result;
}

/* From here on all code is traced, as long as there is a trace function. */
static void end_narrow(void)
{
    if (!narrow)
        return;
    narrow = false;
    if (_PyInterpreterState_GetEvalFrameFunc(PyInterpreterState_Get()) == run_frame)
        _PyInterpreterState_SetEvalFrameFunc(PyInterpreterState_Get(), _PyEval_EvalFrameDefault);
    suspend(PyThreadState_Get(), false);
}

static bool is(const char *text, const char *wanted)
{
    while (*text && *text == *wanted)
        text++, wanted++;
    return *text == *wanted;
}

/* args of "import": the name comes first. */
static bool is_of_greenlets(PyObject *args)
{
    PyObject *first = PyTuple_GetItem(args, 0);
    const char *name = first ? PyUnicode_AsUTF8(first) : NULL;
    if (!name)
        PyErr_Clear();
    return name && is(name, "greenlet");
}

/* The code under test traces or profiles: its own code, too, for which tracing would be suspended. Or it will change stacks in the midst of a call. */
static int on_event(const char *event, PyObject *args, void *data)
{
    (void)data;
    if (narrow && !ours && (is(event, "sys.settrace") || is(event, "sys.setprofile") || (is(event, "import") && is_of_greenlets(args))))
        end_narrow();
    return 0;
}

static bool begin_narrow(void)
{
    static bool hears;
    if (!_PyEval_EvalFrameDefault || !_PyInterpreterState_GetEvalFrameFunc || !_PyInterpreterState_SetEvalFrameFunc || !PyInterpreterState_Get ||
        !PyThreadState_Get || !PyThreadState_EnterTracing || !PyThreadState_LeaveTracing || !PySys_AddAuditHook || !resolve)
        return false;
    if (_PyInterpreterState_GetEvalFrameFunc(PyInterpreterState_Get()) != _PyEval_EvalFrameDefault)
        return narrow; /* somebody else runs frames; or we do already */
    if (!hears && PySys_AddAuditHook(on_event, NULL) != 0) {
        PyErr_Clear();
        return false;
    }
    hears = narrow = true;
    _PyInterpreterState_SetEvalFrameFunc(PyInterpreterState_Get(), run_frame);
    return true;
}

static PyObject *none(void) { return Py_BuildValue(""); }

static void put(PyObject **place, PyObject *object)
{
    PyObject *old = *place;
    Py_IncRef(object);
    *place = object;
    if (old)
        Py_DecRef(old);
}

/* use(resolve): forgets all codes and lines; from now on lines of code for which resolve(code) gives a number are noted under it. */
static PyObject *py_use(PyObject *self, PyObject *callable)
{
    (void)self;
    forget_codes();
    for (size_t i = 0; i < file_count; i++)
        PyMem_Free(files[i].bits);
    PyMem_Free(files);
    files = NULL;
    file_count = noted_count = 0;
    put(&resolve, callable);
    return none();
}

/* tell_to(tell): lines are not noted any more; tell((file, line)) is called for each when it runs first. */
static PyObject *py_tell_to(PyObject *self, PyObject *callable)
{
    (void)self;
    put(&tell, callable);
    return none();
}

static void set_trace(int (*function)(PyObject *, PyObject *, int, PyObject *), PyObject *object)
{
    ours = true;
    PyEval_SetTrace(function, object);
    ours = false;
}

/* start(object): traces this thread; sys.gettrace() gives `object` as long. */
static PyObject *py_start(PyObject *self, PyObject *object)
{
    (void)self;
    set_trace(trace, object);
    return none();
}

static PyObject *py_stop(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    set_trace(NULL, NULL);
    return none();
}

/* narrow(yes): whether from here on code that nobody asks for runs untraced. It is for CPython 3.11, and ends where the code under test traces,
 * profiles, calls itself thousands of times, imports greenlets, or (looked at with each drain) has frames run by somebody else. */
static PyObject *py_narrow(PyObject *self, PyObject *yes)
{
    (void)self;
    if (PyObject_IsTrue(yes) == 1)
        return Py_BuildValue("i", (int)begin_narrow());
    end_narrow();
    return Py_BuildValue("i", 0);
}

/* drain(): [(file, line), ...] that ran since the last time. Making them may collect garbage, and so run lines: these are noted anew. */
static PyObject *py_drain(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    if (narrow && _PyInterpreterState_GetEvalFrameFunc(PyInterpreterState_Get()) != run_frame)
        end_narrow();
    uint64_t *taken = noted;
    size_t count = noted_count;
    noted = NULL;
    noted_room = noted_count = 0;
    for (size_t i = 0; i < count; i++)
        files[taken[i] >> 32].bits[(uint32_t)taken[i] / 64] &= ~((uint64_t)1 << taken[i] % 64);
    PyObject *list = PyList_New((ptrdiff_t)count);
    for (size_t i = 0; list && i < count; i++) {
        PyObject *pair = Py_BuildValue("(ii)", (int)(taken[i] >> 32), (int)(uint32_t)taken[i]);
        if (!pair || PyList_SetItem(list, (ptrdiff_t)i, pair) != 0) {
            Py_DecRef(list);
            list = NULL;
        }
    }
    PyMem_Free(taken);
    return list;
}

static struct method methods[] = {
    { "use", py_use, METH_O, "use(resolve): lines of code for which resolve(code) >= 0 are noted under that number; all noted before is forgotten" },
    { "tell_to", py_tell_to, METH_O, "tell_to(tell): tell((file, line)) at once, instead of noting" },
    { "start", py_start, METH_O, "start(object): trace this thread; sys.gettrace() gives object" },
    { "stop", py_stop, METH_NOARGS, "stop(): this thread is not traced any more" },
    { "narrow", py_narrow, METH_O, "narrow(yes): whether code that nobody asks for runs untraced from here on; for CPython 3.11" },
    { "drain", py_drain, METH_NOARGS, "drain(): [(file, line), ...] noted since the last time" },
    { NULL, NULL, 0, NULL },
};

static struct module module = { .head = { 1, NULL }, .name = "tracer", .doc = "Which lines run, noted in C.", .size = -1, .methods = methods };

__attribute__((visibility("default"))) PyObject *PyInit_tracer(void) { return PyModule_Create2(&module, ABI_VERSION); }
