/* The rules, as a table; what each looks for in a test and in the helpers that it uses. */
#include "python/testcheck.h"

#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "python/testpieces.h"

struct check {
    const struct mg_target *target;
    const struct mg_module *module;
    struct mg_arena *arena;
    struct mg_pieces pieces;
    struct mg_map origins; /* name in the module -> struct mg_str: the dotted name it was imported from */
    struct mg_str leaf, class_name, module_leaf;
    /* The test at hand. */
    const struct mg_test_place *test;
    bool *wanted; /* pieces that it uses */
};

/* One found breach: where, and what to put behind the rule's sentence. */
struct breach {
    const struct mg_node *at;
    struct mg_str detail;
};
struct rule {
    const char *id, *sentence; /* `%.*s` takes the detail */
    bool (*breaks)(const struct check *check, struct breach *breach);
};

/* --- walking --- */

/* A range of the tree that belongs to the test: itself, then each helper. */
struct scope {
    const struct mg_node *node;
    bool is_test;
};
/* The i-th one; NULL node at the end. A method comes with the members of its class that are no tests. */
static struct scope scope_at(const struct check *check, size_t i)
{
    const struct mg_test_place *test = check->test;
    if (i == 0)
        return (struct scope){ test->member ? test->member : check->pieces.at[test->piece].node, true };
    const struct mg_node *body = test->class ? mg_node_field(test->class, F_body) : NULL;
    for (const struct mg_node *member = body ? mg_node_first_named(body) : NULL; member; member = mg_node_next_named(member)) {
        const struct mg_node *function = member->kind == N_DECORATED ? mg_node_field(member, F_definition) : member;
        bool is_test =
            function && function->kind == N_FUNCTION && mg_str_starts(mg_node_text(check->module, mg_node_field(function, F_name)), "test");
        if (!is_test && --i == 0)
            return (struct scope){ member, false };
    }
    for (size_t p = 0; p < check->pieces.len; p++)
        if (p != test->piece && check->wanted[p] && --i == 0)
            return (struct scope){ check->pieces.at[p].node, false };
    return (struct scope){ NULL, false };
}

/* The dotted name of a call or attribute with its first part as it was imported: `run` → `subprocess.run`. */
static struct mg_str resolved(const struct check *check, const struct mg_node *node)
{
    struct mg_str name = mg_node_dotted(check->module, node);
    size_t dot = mg_str_find(name, '.', 0);
    const struct mg_str *origin = mg_map_get(&check->origins, mg_str_sub(name, 0, dot));
    return origin ? mg_arena_printf(check->arena, "%.*s%.*s", MG_FMT(*origin), MG_FMT(mg_str_sub(name, dot, name.len))) : name;
}

static const struct mg_node *argument(const struct mg_node *call, unsigned n)
{
    const struct mg_node *arguments = mg_node_field(call, F_arguments);
    const struct mg_node *found = arguments && arguments->kind == N_ARGUMENTS ? mg_node_named(arguments, n) : NULL;
    return found && found->kind != N_KEYWORD_ARGUMENT ? found : NULL;
}

static bool mentions(const struct check *check, const char *name)
{
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++)
            if (scope.node[n].kind == N_IDENTIFIER && mg_node_is(check->module, &scope.node[n], name))
                return true;
    return false;
}

/* --- reaching the target --- */

static bool is_named(const struct check *check, struct mg_str text, struct mg_str name)
{
    if (name.len == 0)
        return false;
    if (mg_str_eq(text, name))
        return true;
    const struct mg_str *origin = mg_map_get(&check->origins, text);
    return origin && mg_str_eq(mg_last_component(*origin), name);
}

static bool is_dunder(struct mg_str name) { return mg_str_starts(name, "__") && mg_str_ends(name, "__"); }

static bool misses_target(const struct check *check, struct breach *breach)
{
    bool is_method = check->class_name.len > 0;
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++) {
            const struct mg_node *node = &scope.node[n];
            struct mg_str text = node->kind == N_IDENTIFIER ? mg_node_text(check->module, node) : mg_string_content(check->module, node);
            if (text.len == 0 || (node->kind == N_IDENTIFIER && node->field == F_name && node->parent->kind == N_FUNCTION))
                continue;
            if (is_named(check, text, check->leaf) || (is_method && is_named(check, text, check->class_name)))
                return false;
        }
    /* `a < b` of things that a fixture of the project made */
    const struct mg_node *parameters = check->test->function ? mg_node_field(check->test->function, F_parameters) : NULL;
    unsigned own = check->test->class ? 1 : 0;
    if (is_method && is_dunder(check->leaf) && parameters && mg_node_count_named(parameters) > own)
        return false;
    breach->detail = is_method ? mg_arena_printf(check->arena, "%.*s.%.*s", MG_FMT(check->class_name), MG_FMT(check->leaf)) : check->leaf;
    return true;
}

/* --- assertions --- */

static bool is_assertion_call(const struct check *check, const struct mg_node *node)
{
    if (node->kind != N_CALL)
        return false;
    const struct mg_node *function = mg_node_field(node, F_function);
    struct mg_str last = MG_STR("");
    if (function && function->kind == N_ATTRIBUTE)
        last = mg_node_text(check->module, mg_node_field(function, F_attribute));
    else if (function && function->kind == N_IDENTIFIER)
        last = mg_last_component(resolved(check, function));
    return mg_str_starts(last, "assert") || mg_str_is(last, "raises") || mg_str_is(last, "warns") || mg_str_is(last, "deprecated_call");
}

static bool asserts_nothing(const struct check *check, struct breach *breach)
{
    (void)breach;
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++)
            if (scope.node[n].kind == N_ASSERT || is_assertion_call(check, &scope.node[n]))
                return false;
    return true;
}

static bool same_text(const struct check *check, const struct mg_node *a, const struct mg_node *b)
{
    return a && b && mg_str_eq(mg_node_text(check->module, a), mg_node_text(check->module, b));
}

/* An expression that holds whatever the code does. */
static bool always_holds(const struct check *check, const struct mg_node *node)
{
    node = mg_node_unwrapped(node);
    if (!node)
        return false;
    if (node->kind == N_TUPLE)
        return mg_node_count_named(node) > 0; /* `assert (x, "message")` */
    if (node->kind == N_NOT) {
        const struct mg_node *inner = mg_node_unwrapped(mg_node_field(node, F_argument));
        return inner && (inner->kind == N_FALSE || inner->kind == N_NONE || mg_node_is(check->module, inner, "0"));
    }
    if (mg_node_is_constant(check->module, node))
        return node->kind != N_FALSE && node->kind != N_NONE && !mg_node_is(check->module, node, "0");
    if (node->kind == N_BOOLEAN && mg_node_is(check->module, mg_node_field(node, F_operator), "or"))
        return always_holds(check, mg_node_field(node, F_left)) || always_holds(check, mg_node_field(node, F_right));
    if (node->kind == N_BOOLEAN)
        return always_holds(check, mg_node_field(node, F_left)) && always_holds(check, mg_node_field(node, F_right));
    if (node->kind == N_COMPARISON && mg_node_count_named(node) == 2) {
        const struct mg_node *left = mg_node_unwrapped(mg_node_named(node, 0)), *right = mg_node_unwrapped(mg_node_named(node, 1));
        struct mg_str between = mg_str_trim(mg_str_sub(check->module->text, mg_node_named(node, 0)->end, mg_node_named(node, 1)->start));
        bool equality = mg_str_is(between, "==") || mg_str_is(between, "is") || mg_str_is(between, "<=") || mg_str_is(between, ">=");
        bool length = left->kind == N_CALL && mg_str_is(mg_node_dotted(check->module, left), "len");
        if (length && mg_str_is(between, ">=") && mg_node_is(check->module, right, "0"))
            return true;
        return equality && same_text(check, left, right);
    }
    return node->kind == N_CALL && mg_str_is(mg_node_dotted(check->module, node), "isinstance") && argument(node, 1) &&
           mg_node_is(check->module, argument(node, 1), "object");
}

/* self.assertTrue(True), self.assertEqual(x, x) */
static bool call_always_holds(const struct check *check, const struct mg_node *call)
{
    struct mg_str last = mg_last_component(mg_node_dotted(check->module, call));
    if (mg_str_is(last, "assertTrue"))
        return argument(call, 0) && always_holds(check, argument(call, 0));
    if (mg_str_is(last, "assertEqual") || mg_str_is(last, "assertIs"))
        return same_text(check, argument(call, 0), argument(call, 1));
    return false;
}

static bool asserts_only_the_obvious(const struct check *check, struct breach *breach)
{
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++) {
            const struct mg_node *node = &scope.node[n];
            bool is_call = is_assertion_call(check, node);
            if (node->kind != N_ASSERT && !is_call)
                continue;
            if (is_call ? !call_always_holds(check, node) : !always_holds(check, mg_node_first_named(node)))
                return false;
            if (!breach->at)
                breach->at = node;
        }
    breach->detail = breach->at ? mg_node_text(check->module, breach->at) : MG_STR("");
    breach->detail = mg_str_sub(breach->detail, 0, mg_str_find(breach->detail, '\n', 0));
    return breach->at != NULL;
}

/* --- effects --- */

/* Exact dotted names; one that ends with `.` stands for all below it. */
static const char *const network[] = { "socket.socket",
                                       "socket.create_connection",
                                       "socket.create_server",
                                       "socket.getaddrinfo",
                                       "socket.gethostbyname",
                                       "urllib.request.",
                                       "requests.",
                                       "httpx.",
                                       "aiohttp.",
                                       "urllib3.",
                                       "http.client.HTTPConnection",
                                       "http.client.HTTPSConnection",
                                       "ftplib.",
                                       "smtplib.",
                                       "imaplib.",
                                       "poplib.",
                                       "telnetlib.",
                                       "xmlrpc.client.",
                                       "websockets.",
                                       "paramiko.",
                                       "webbrowser." };
static const char *const processes[] = { "subprocess.",
                                         "os.system",
                                         "os.popen",
                                         "os.fork",
                                         "os.forkpty",
                                         "os.execv",
                                         "os.execve",
                                         "os.execvp",
                                         "os.execvpe",
                                         "os.execl",
                                         "os.execle",
                                         "os.execlp",
                                         "os.spawnl",
                                         "os.spawnv",
                                         "os.spawnvp",
                                         "os.spawnlp",
                                         "os.posix_spawn",
                                         "os.posix_spawnp",
                                         "os.kill",
                                         "os.killpg",
                                         "os.abort",
                                         "pty.spawn",
                                         "multiprocessing.Process",
                                         "multiprocessing.Pool",
                                         "asyncio.create_subprocess_exec",
                                         "asyncio.create_subprocess_shell" };
static const char *const leaving[] = { "sys.exit", "os._exit", "exit", "quit", "pytest.exit", "breakpoint", "input", "pdb.set_trace" };
static const char *const sleeping[] = { "time.sleep", "asyncio.sleep", "gevent.sleep", "trio.sleep" };
static const char *const home[] = { "os.path.expanduser", "pathlib.Path.home", "os.getenv",       "os.environ.get", "os.environ.copy",
                                    "os.environ.items",   "os.environb.get",   "getpass.getpass", "getpass.getuser" };
static const char *const deleting[] = { "os.remove",   "os.unlink",    "os.rmdir",        "os.removedirs",   "os.rename",
                                        "os.replace",  "os.renames",   "os.mkdir",        "os.makedirs",     "os.truncate",
                                        "os.chmod",    "os.symlink",   "os.link",         "shutil.rmtree",   "shutil.move",
                                        "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "os.chdir" };

/* The project under test may be the very library. */
static bool is_own(const struct check *check, struct mg_str name)
{
    struct mg_str top = mg_str_sub(name, 0, mg_str_find(name, '.', 0));
    return mg_str_eq(top, mg_str_sub(check->target->module, 0, mg_str_find(check->target->module, '.', 0)));
}

static bool is_listed(const struct check *check, struct mg_str name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool below = list[i][strlen(list[i]) - 1] == '.';
        if (below ? mg_str_starts(name, list[i]) : mg_str_is(name, list[i]))
            return !is_own(check, name);
    }
    return false;
}

/* Classes of exceptions and constants of these libraries are harmless: only calls count, and not of something with an error's name. */
static bool calls_one_of(const struct check *check, const char *const *list, size_t count, struct breach *breach)
{
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++) {
            const struct mg_node *node = &scope.node[n];
            struct mg_str name = node->kind == N_CALL ? resolved(check, node) : MG_STR("");
            struct mg_str last = mg_last_component(name);
            if (!is_listed(check, name, list, count) || mg_str_ends(last, "Error") || mg_str_ends(last, "Exception") ||
                mg_str_starts(last, "assert") || mg_str_is(last, "CompletedProcess") || mg_str_is(last, "TimeoutExpired") ||
                mg_str_is(last, "Request"))
                continue;
            *breach = (struct breach){ node, name };
            return true;
        }
    return false;
}

static bool uses_network(const struct check *check, struct breach *breach) { return calls_one_of(check, network, MG_COUNT(network), breach); }
static bool starts_processes(const struct check *check, struct breach *breach) { return calls_one_of(check, processes, MG_COUNT(processes), breach); }
static bool leaves(const struct check *check, struct breach *breach) { return calls_one_of(check, leaving, MG_COUNT(leaving), breach); }

static bool sleeps(const struct check *check, struct breach *breach)
{
    if (!calls_one_of(check, sleeping, MG_COUNT(sleeping), breach))
        return false;
    const struct mg_node *seconds = argument(breach->at, 0);
    return !(seconds && mg_node_is(check->module, seconds, "0")); /* gives way to others, and that is all */
}

static bool reads_home(const struct check *check, struct breach *breach)
{
    if (calls_one_of(check, home, MG_COUNT(home), breach))
        return !mentions(check, "monkeypatch");
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++)
            if (scope.node[n].kind == N_SUBSCRIPT && mg_str_is(resolved(check, mg_node_first_named(&scope.node[n])), "os.environ") &&
                !mentions(check, "monkeypatch")) {
                *breach = (struct breach){ &scope.node[n], MG_STR("os.environ") };
                return true;
            }
    return false;
}

static bool is_literal_path(const struct check *check, const struct mg_node *node)
{
    if (node && node->kind == N_CALL) { /* Path("x") */
        struct mg_str name = resolved(check, node);
        return (mg_str_is(name, "pathlib.Path") || mg_str_is(name, "pathlib.PosixPath")) && argument(node, 0) && argument(node, 0)->kind == N_STRING;
    }
    return node && node->kind == N_STRING && !mg_node_contains(node, N_INTERPOLATION);
}

static bool opens_for_writing(const struct check *check, const struct mg_node *call)
{
    const struct mg_node *mode = argument(call, 1), *arguments = mg_node_field(call, F_arguments);
    for (const struct mg_node *child = mg_node_first_named(arguments); child; child = mg_node_next_named(child))
        if (child->kind == N_KEYWORD_ARGUMENT && mg_node_is(check->module, mg_node_field(child, F_name), "mode"))
            mode = mg_node_field(child, F_value);
    struct mg_str text = mg_string_content(check->module, mode);
    return memchr(text.at, 'w', text.len) || memchr(text.at, 'a', text.len) || memchr(text.at, 'x', text.len) || memchr(text.at, '+', text.len);
}

/* A path that is spelled out, or a deletion in a test that knows no temporary folder. */
static bool writes_outside(const struct check *check, struct breach *breach)
{
    static const char *const methods[] = { "write_text", "write_bytes", "unlink", "rmdir", "mkdir", "touch", "rename", "symlink_to" };
    bool temporary = mentions(check, "tmp_path") || mentions(check, "tmpdir") || mentions(check, "tempfile") || mentions(check, "tmp_path_factory");
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++) {
            const struct mg_node *node = &scope.node[n], *function = node->kind == N_CALL ? mg_node_field(node, F_function) : NULL;
            if (!function)
                continue;
            struct mg_str name = resolved(check, node);
            bool writes = (mg_str_is(name, "open") || mg_str_is(name, "io.open")) && opens_for_writing(check, node) &&
                          is_literal_path(check, argument(node, 0));
            if (is_listed(check, name, deleting, MG_COUNT(deleting)))
                writes = !temporary || is_literal_path(check, argument(node, 0));
            for (size_t m = 0; function->kind == N_ATTRIBUTE && m < MG_COUNT(methods); m++)
                writes |= mg_node_is(check->module, mg_node_field(function, F_attribute), methods[m]) &&
                          is_literal_path(check, mg_node_field(function, F_object)) && mg_node_field(function, F_object)->kind == N_CALL;
            if (writes) {
                *breach = (struct breach){ node, name.len ? name : mg_node_text(check->module, function) };
                return true;
            }
        }
    return false;
}

/* --- replacing the target itself --- */

static bool names_target_place(const struct check *check, struct mg_str place)
{
    struct mg_str owner = check->class_name.len ? check->class_name : check->module_leaf;
    struct mg_str tail = mg_arena_printf(check->arena, "%.*s.%.*s", MG_FMT(owner), MG_FMT(check->leaf));
    if (!mg_str_ends(place, tail.at))
        return false;
    return place.len == tail.len || place.at[place.len - tail.len - 1] == '.';
}

static bool is_owner(const struct check *check, const struct mg_node *node)
{
    struct mg_str name = node ? resolved(check, node) : MG_STR("");
    struct mg_str last = mg_last_component(name), owner = check->class_name.len ? check->class_name : check->module_leaf;
    return last.len > 0 && mg_str_eq(last, owner);
}

static bool replaces_target(const struct check *check, struct breach *breach)
{
    struct scope scope;
    for (size_t i = 0; (scope = scope_at(check, i)).node; i++)
        for (uint32_t n = 0; n < scope.node->size; n++) {
            const struct mg_node *node = &scope.node[n];
            bool replaces = false;
            if (node->kind == N_CALL) {
                struct mg_str name = mg_node_dotted(check->module, node), last = mg_last_component(name);
                bool patches = mg_str_is(last, "patch") || mg_str_is(last, "setattr") || mg_str_is(last, "object") || mg_str_is(last, "delattr");
                replaces = patches && names_target_place(check, mg_string_content(check->module, argument(node, 0)));
                replaces |=
                    patches && is_owner(check, argument(node, 0)) && mg_str_eq(mg_string_content(check->module, argument(node, 1)), check->leaf);
            } else if (node->kind == N_ASSIGNMENT) {
                const struct mg_node *left = mg_node_field(node, F_left);
                replaces = left && left->kind == N_ATTRIBUTE && is_owner(check, mg_node_field(left, F_object)) &&
                           mg_str_eq(mg_node_text(check->module, mg_node_field(left, F_attribute)), check->leaf);
            }
            if (replaces) {
                *breach = (struct breach){ node, check->leaf };
                return true;
            }
        }
    return false;
}

/* --- form --- */

static bool is_skipped(const struct check *check, struct breach *breach)
{
    const struct mg_node *node = check->test->member;
    for (const struct mg_node *child = node && node->kind == N_DECORATED ? mg_node_first_named(node) : NULL; child;
         child = mg_node_next_named(child)) {
        struct mg_str last = child->kind == N_DECORATOR ? mg_last_component(mg_node_dotted(check->module, mg_node_first_named(child))) : MG_STR("");
        if (mg_str_is(last, "skip") || mg_str_is(last, "xfail") || mg_str_is(last, "expectedFailure")) {
            *breach = (struct breach){ child, last };
            return true;
        }
    }
    return false;
}

static bool yields(const struct check *check, struct breach *breach)
{
    const struct mg_node *body = check->test->function ? mg_node_field(check->test->function, F_body) : NULL;
    for (uint32_t n = 0; body && n < body->size; n++) {
        if (body[n].kind == N_FUNCTION || body[n].kind == N_LAMBDA)
            n += body[n].size - 1;
        else if (body[n].kind == N_YIELD && (breach->at = &body[n]))
            return true;
    }
    return false;
}

static bool is_of_no_use_to_us(const struct check *check, struct breach *breach)
{
    (void)breach;
    return check->test->function == NULL;
}

static bool class_is_not_collected(const struct check *check, struct breach *breach)
{
    const struct mg_node *body = check->test->class ? mg_node_field(check->test->class, F_body) : NULL;
    for (const struct mg_node *member = body ? mg_node_first_named(body) : NULL; member; member = mg_node_next_named(member))
        if (member->kind == N_FUNCTION && mg_node_is(check->module, mg_node_field(member, F_name), "__init__")) {
            *breach = (struct breach){ member, mg_node_text(check->module, mg_node_field(check->test->class, F_name)) };
            return true;
        }
    return false;
}

/* --- of the module as a whole --- */

static bool imports_relatively(const struct check *check, struct breach *breach)
{
    for (size_t i = 0; i < check->pieces.len; i++) {
        const struct mg_node *node = check->pieces.at[i].node, *from = node->kind == N_IMPORT_FROM ? mg_node_first_named(node) : NULL;
        if (from && mg_str_starts(mg_node_text(check->module, from), ".")) {
            *breach = (struct breach){ node, mg_node_text(check->module, from) };
            return true;
        }
    }
    return false;
}

static bool imports_everything(const struct check *check, struct breach *breach)
{
    for (size_t i = 0; i < check->pieces.len; i++) {
        const struct mg_node *node = check->pieces.at[i].node;
        struct mg_str text = mg_node_text(check->module, node);
        if (node->kind == N_IMPORT_FROM && mg_str_ends(text, "*")) {
            breach->at = node;
            return true;
        }
    }
    return false;
}

static bool returns_at_top(const struct check *check, struct breach *breach)
{
    for (uint32_t n = 0; n < check->module->nodes->size; n++) {
        const struct mg_node *node = &check->module->nodes[n];
        if (node->kind == N_FUNCTION || node->kind == N_LAMBDA)
            n += node->size - 1;
        else if (node->kind == N_RETURN && (breach->at = node))
            return true;
    }
    return false;
}

static bool sets_up_unasked(const struct check *check, struct breach *breach)
{
    for (size_t i = 0; i < check->pieces.len; i++)
        if (check->pieces.at[i].always && check->pieces.at[i].name.len) {
            *breach = (struct breach){ check->pieces.at[i].inner, check->pieces.at[i].name };
            return true;
        }
    return false;
}

static const struct rule module_rules[] = {
    { "relative-import", "the module imports from `%.*s`: import by absolute name, the file stands elsewhere", imports_relatively },
    { "star-import", "the module imports `*`: import each name that is used", imports_everything },
    { "module-return", "there is a `return` outside any function", returns_at_top },
    { "module-setup", "`%.*s` runs for every test of the file: use a fixture that the tests name", sets_up_unasked },
};
static const struct rule test_rules[] = {
    { "class-init", "pytest does not collect class `%.*s`: it has an `__init__`; use a fixture or setup_method", class_is_not_collected },
    { "test-place", "it cannot be run by itself: write test functions at the top level, or methods of classes that neither nest nor inherit",
      is_of_no_use_to_us },
    { "skipped", "it is marked `%.*s`: a test that may not fail shows nothing", is_skipped },
    { "yield", "a test that yields is not run by pytest: return nothing and assert", yields },
    { "no-target", "it never uses the target: call `%.*s`", misses_target },
    { "mocked-target", "it replaces the target `%.*s` itself, so that the real one is not tested", replaces_target },
    { "no-assertion", "it asserts nothing: state the exact result with `assert`, or the error with `pytest.raises`", asserts_nothing },
    { "tautology", "`%.*s` holds whatever the code does: compare with the exact value", asserts_only_the_obvious },
    { "network", "it uses the network (`%.*s`): there is none; replace what the target calls with monkeypatch", uses_network },
    { "process", "it starts or ends a process (`%.*s`): replace what the target calls with monkeypatch", starts_processes },
    { "exit", "`%.*s` would end or stop the test run", leaves },
    { "sleep", "it waits (`%.*s`): replace the clock with monkeypatch", sleeps },
    { "environment", "it reads the user's home or environment (`%.*s`), which differs elsewhere: set what is needed with monkeypatch", reads_home },
    { "files", "`%.*s` changes files outside a temporary folder: use tmp_path", writes_outside },
};

/* --- the check --- */

static struct mg_str sentence(const struct check *check, const struct rule *rule, const struct breach *breach, uint32_t line)
{
    struct mg_buf out = MG_BUF(480);
    const char *slot = strstr(rule->sentence, "%.*s");
    mg_buf_add(&out, mg_str_sub(mg_str_from(rule->sentence), 0, slot ? (size_t)(slot - rule->sentence) : SIZE_MAX));
    if (slot)
        mg_buf_addf(&out, "%.*s%s", MG_FMT(mg_str_sub(breach->detail, 0, 120)), slot + 4);
    mg_buf_addf(&out, " (rule %s, line %u)", rule->id, breach->at ? breach->at->line : line);
    return mg_buf_take(&out, check->arena);
}

static const struct rule *first_broken(const struct check *check, const struct rule *rules, size_t count, struct breach *breach)
{
    for (size_t i = 0; i < count; i++) {
        *breach = (struct breach){ .detail = MG_STR("") };
        if (rules[i].breaks(check, breach))
            return &rules[i];
    }
    return NULL;
}

static void note_origin(struct check *check, struct mg_str name, struct mg_str origin)
{
    struct mg_str *kept = MG_NEW(check->arena, struct mg_str);
    *kept = origin;
    *mg_map_slot(&check->origins, name) = kept;
}

/* Every import, also within functions: what a name stands for. */
static void note_imports(struct check *check)
{
    for (uint32_t n = 0; n < check->module->nodes->size; n++) {
        const struct mg_node *node = &check->module->nodes[n];
        if (node->kind != N_IMPORT && node->kind != N_IMPORT_FROM)
            continue;
        const struct mg_node *child = mg_node_first_named(node), *from = node->kind == N_IMPORT_FROM ? child : NULL;
        for (child = from ? mg_node_next_named(child) : child; child; child = mg_node_next_named(child)) {
            const struct mg_node *alias = mg_node_field(child, F_alias), *name = alias ? mg_node_field(child, F_name) : child;
            struct mg_str text = mg_node_text(check->module, name);
            if (from)
                note_origin(check, alias ? mg_node_text(check->module, alias) : text,
                            mg_arena_printf(check->arena, "%.*s.%.*s", MG_FMT(mg_node_text(check->module, from)), MG_FMT(text)));
            else if (alias)
                note_origin(check, mg_node_text(check->module, alias), text);
        }
    }
}

static void reject_all(struct check *check, struct mg_str reason, struct mg_suite *suite)
{
    for (size_t i = 0; i < check->pieces.tests.len; i++)
        *MG_PUSH(check->arena, &suite->rejected) = (struct mg_rejected){ mg_arena_str(check->arena, check->pieces.tests.at[i].name), reason };
}

static void check_tests(struct check *check, struct mg_suite *suite)
{
    struct breach breach;
    const struct rule *rule = first_broken(check, module_rules, MG_COUNT(module_rules), &breach);
    if (rule) {
        reject_all(check, sentence(check, rule, &breach, 1), suite);
        return;
    }
    for (size_t i = 0; i < check->pieces.tests.len; i++) {
        check->test = &check->pieces.tests.at[i];
        check->wanted = MG_NEW_ARRAY(check->arena, bool, check->pieces.len);
        mg_pieces_want(&check->pieces, check->test->piece, check->wanted);
        for (size_t p = 0; p < check->pieces.len; p++)
            if (check->pieces.at[p].is_autouse)
                mg_pieces_want(&check->pieces, p, check->wanted);
        rule = first_broken(check, test_rules, MG_COUNT(test_rules), &breach);
        const struct mg_node *place = check->test->function ? check->test->function : check->pieces.at[check->test->piece].node;
        if (rule)
            *MG_PUSH(check->arena, &suite->rejected) =
                (struct mg_rejected){ mg_arena_str(check->arena, check->test->name), sentence(check, rule, &breach, place->line) };
    }
}

void mg_testcheck(struct mg_arena *arena, struct mg_str module, const struct mg_target *target, struct mg_suite *suite)
{
    struct mg_module *parsed = NULL;
    struct mg_err err = { .text = "" };
    if (mg_module_parse(module, &parsed, &err) != MG_OK) {
        *MG_PUSH(arena, &suite->rejected) =
            (struct mg_rejected){ MG_STR(""), mg_arena_printf(arena, "it is not understood as Python: %s", err.text) };
        return;
    }
    struct check check = { .target = target, .module = parsed, .arena = arena };
    mg_map_init(&check.origins, arena);
    mg_pieces_read(parsed, arena, &check.pieces);
    note_imports(&check);
    check.leaf = target->function.name;
    for (size_t i = 0; i < target->function.scopes.len; i++)
        if (target->function.scopes.at[i].kind == MG_SCOPE_CLASS)
            check.class_name = target->function.scopes.at[i].name;
    check.module_leaf = mg_last_component(target->module);
    check_tests(&check, suite);
    if (check.pieces.tests.len == 0)
        *MG_PUSH(arena, &suite->rejected) = (struct mg_rejected){ MG_STR(""), MG_STR("the module holds no test function (rule no-test, line 1)") };
    mg_module_free(parsed);
}
