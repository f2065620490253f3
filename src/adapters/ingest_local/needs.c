/* Import lines, a graph of the repo's own files, and what falls with a missing module. */
#include "adapters/ingest_local/needs.h"

#include "adapters/ingest_local/file_class.h"
#include "adapters/ingest_local/import_path.h"
#include "adapters/ingest_local/plugins.h"
#include "adapters/ingest_local/said.h"
#include "base/map.h"
#include "base/str.h"
#include "os/file.h"

#include <string.h>

#define MOST_LINKS 3 /* of a chain that is shown */
#define NOTHING UINT32_MAX

struct mg_needing_file {
    struct mg_str path, module;
    bool is_test, is_package;
    bool idle;      /* a test file that pytest does not look for, where it finds others */
    uint32_t tests; /* how many it counts for */
    MG_LIST(uint32_t) needs;
    MG_LIST(uint32_t) locals; /* files it imports, its packages' __init__ among them */
    uint32_t broken;          /* by that need; NOTHING */
    uint32_t via;             /* by way of that file; NOTHING: by itself */
};

struct scan {
    struct mg_arena *arena;
    struct mg_str copy; /* root of the repo's files */
    struct mg_needs *needs;
    struct mg_map modules; /* dotted name -> index of its file + 1 */
    struct mg_map own;     /* name -> &yes: can be imported from the repo by everybody, never from outside; &no */
    struct mg_map own_for_tests;
    struct mg_map called; /* names of the repo's folders and files, wherever they are -> the path of one (struct mg_str *) */
    struct mg_import_path path;
    struct mg_said said;
    struct mg_map by_name; /* of a need -> its index + 1 */
    struct mg_plugin_signs signs;
    MG_LIST(struct mg_str) skipped_without; /* modules that the file which is read skips itself without */
};

static const bool yes = true, no = false;
static void set(struct mg_map *map, struct mg_str name, const bool *value) { *mg_map_slot(map, name) = (void *)(uintptr_t)value; }

static void *number(size_t index) { return (void *)(uintptr_t)(index + 1); }
static bool look(const struct mg_map *map, struct mg_str key, uint32_t *index)
{
    uintptr_t value = (uintptr_t)mg_map_get(map, key);
    *index = value ? (uint32_t)(value - 1) : NOTHING;
    return value != 0;
}

static void add_link(struct scan *scan, struct mg_needing_file *file, uint32_t index)
{
    if (file != &scan->needs->files[index])
        *MG_PUSH(scan->arena, &file->locals) = index;
}

/* `module` and the packages above it, as far as they are the repo's. */
static void link_local(struct scan *scan, struct mg_needing_file *file, struct mg_str module)
{
    uint32_t index;
    for (size_t end = 0; end < module.len;) {
        end = mg_str_find(module, '.', end + 1);
        if (look(&scan->modules, mg_str_sub(module, 0, end), &index))
            add_link(scan, file, index);
    }
}

/* A helper beside the file that imports it, test/common.py for test/test_api.py: such a file is neither source nor test. In a package that
 * works only for who runs the file as a script: there a name that the project requires is that of a module from outside. */
static bool stands_beside(struct scan *scan, const struct mg_needing_file *file, struct mg_str top)
{
    struct mg_str folder = mg_path_folder(file->path);
    if (scan->copy.len == 0)
        return false;
    struct mg_str path = mg_path_join(scan->arena, folder.len ? mg_path_join(scan->arena, scan->copy, folder) : scan->copy, top);
    bool is_module = mg_file_exists(mg_arena_printf(scan->arena, "%.*s.py", MG_FMT(path)).at) ||
                     mg_file_exists(mg_path_join(scan->arena, path, MG_STR("__init__.py")).at);
    if (is_module && !mg_import_path_is_package(&scan->path, folder))
        return true;
    return (is_module || mg_file_is_dir(path.at)) && !mg_said_has(&scan->said, top);
}

static uint32_t need_called(struct scan *scan, struct mg_str name, const struct mg_need *first)
{
    uint32_t index;
    if (look(&scan->by_name, name, &index))
        return index;
    index = (uint32_t)scan->needs->len;
    struct mg_need *need = MG_PUSH(scan->arena, scan->needs);
    *need = *first;
    need->name = mg_arena_str(scan->arena, name);
    need->module = mg_arena_str(scan->arena, first->module);
    *mg_map_slot(&scan->by_name, need->name) = number(index);
    return index;
}

/* An installed package goes before a folder without __init__.py: such a name is ours only when the project does not require it. */
static bool is_own(struct scan *scan, struct mg_str top, bool for_tests)
{
    const bool *known = mg_map_get(&scan->own, top);
    if (for_tests && (!known || !*known))
        known = mg_map_get(&scan->own_for_tests, top);
    if (!known) {
        bool part = !mg_said_has(&scan->said, top) && mg_import_path_holds_part(&scan->path, top, for_tests);
        known = part || mg_import_path_holds(&scan->path, top, for_tests) ? &yes : &no;
        set(for_tests ? &scan->own_for_tests : &scan->own, mg_arena_str(scan->arena, top), known);
    }
    return *known;
}

/* pytest.importorskip("numpy") before import numpy. */
static void read_skip(struct scan *scan, struct mg_str line)
{
    size_t call = line.len;
    for (size_t i = 0; i + 13 < line.len && call == line.len; i++)
        call = memcmp(line.at + i, "importorskip(", 13) == 0 ? i : call;
    struct mg_str rest = mg_str_sub(line, call, line.len), module;
    if (mg_str_next_quoted(&rest, &module))
        *MG_PUSH(scan->arena, &scan->skipped_without) = mg_str_sub(module, 0, mg_str_find(module, '.', 0));
}

static bool skips_without(const struct scan *scan, struct mg_str top)
{
    for (size_t i = 0; i < scan->skipped_without.len; i++)
        if (mg_str_eq(scan->skipped_without.at[i], top))
            return true;
    return false;
}

static void want(struct scan *scan, struct mg_needing_file *file, struct mg_str module, uint32_t line)
{
    struct mg_str top = mg_str_sub(module, 0, mg_str_find(module, '.', 0));
    uint32_t index;
    for (size_t i = 0; i < top.len; i++)
        if (!((unsigned char)top.at[i] >= 0x80 || top.at[i] == '_' || (top.at[i] >= '0' && top.at[i] <= '9') ||
              (top.at[i] >= 'a' && top.at[i] <= 'z') || (top.at[i] >= 'A' && top.at[i] <= 'Z')))
            return;
    if (top.len == 0 || top.len > 100)
        return;
    if (is_own(scan, top, file->is_test)) {
        link_local(scan, file, module);
        return;
    }
    if (stands_beside(scan, file, top) || skips_without(scan, top))
        return;
    const struct mg_str *like = mg_map_get(&scan->called, top);
    struct mg_need first = { .module = module, .path = file->path, .line = line };
    if (like && !look(&scan->by_name, top, &index) && !mg_said_has(&scan->said, top))
        first.like = *like;
    index = need_called(scan, top, &first);
    *MG_PUSH(scan->arena, &file->needs) = index;
    /* jaraco.text may be missing where jaraco.functools is installed: whoever asks finds out whether it is that kind of package. */
    size_t end = mg_str_find(module, '.', top.len + 1);
    if (top.len == module.len)
        return;
    module = mg_str_sub(module, 0, end);
    index = need_called(scan, module, &(struct mg_need){ .module = module, .path = file->path, .line = line });
    *MG_PUSH(scan->arena, &file->needs) = index;
}

static void want_plugin(struct scan *scan, struct mg_needing_file *file, struct mg_str text, struct mg_str line, uint32_t number_of_line)
{
    struct mg_plugin_use use;
    if (!mg_plugin_use_of(&scan->signs, text, line, &use))
        return;
    struct mg_need need = { .module = use.module, .sign = use.sign, .path = file->path, .line = number_of_line };
    *MG_PUSH(scan->arena, &file->needs) = need_called(scan, use.module, &need);
}

/* "..x" in pkg/sub/m.py is pkg.x */
static struct mg_str absolute(struct scan *scan, const struct mg_needing_file *file, struct mg_str module)
{
    struct mg_str base = file->module;
    bool package = file->is_package;
    while (mg_str_starts(module, ".")) {
        size_t dot = mg_str_rfind(base, '.');
        if (!package)
            base = dot < base.len ? mg_str_sub(base, 0, dot) : MG_NO_STR;
        package = false;
        module = mg_str_sub(module, 1, module.len);
    }
    if (base.len == 0 || module.len == 0)
        return base.len ? base : module;
    return mg_arena_printf(scan->arena, "%.*s.%.*s", MG_FMT(base), MG_FMT(module));
}

static struct mg_str first_word(struct mg_str text)
{
    text = mg_str_trim(text);
    size_t end = 0;
    while (end < text.len && !strchr(" \t\r(;#,\\", text.at[end]))
        end++;
    return mg_str_sub(text, 0, end);
}

static void read_line(struct scan *scan, struct mg_needing_file *file, struct mg_str line, uint32_t number_of_line)
{
    struct mg_str rest, part;
    if (mg_str_starts(line, "import ") || mg_str_starts(line, "import\t")) {
        rest = mg_str_sub(line, 7, mg_str_find(mg_str_sub(line, 0, mg_str_find(line, '#', 0)), ';', 0));
        while (mg_str_next_part(&rest, ',', &part))
            want(scan, file, first_word(part), number_of_line);
    } else if (mg_str_starts(line, "from ") || mg_str_starts(line, "from\t")) {
        struct mg_str module = first_word(mg_str_sub(line, 5, line.len));
        bool relative = mg_str_starts(module, ".");
        if (relative)
            module = absolute(scan, file, module);
        if (relative)
            link_local(scan, file, module);
        else
            want(scan, file, module, number_of_line);
        size_t import = 0; /* from pkg import module */
        for (size_t i = 5; i + 7 < line.len && !import; i++)
            import = memcmp(line.at + i, " import", 7) == 0 ? i + 7 : 0;
        rest = mg_str_sub(line, import, mg_str_find(line, '#', 0));
        uint32_t index;
        while (import && mg_str_next_part(&rest, ',', &part)) {
            struct mg_str name = mg_str_trim(part);
            if (mg_str_starts(name, "("))
                name = mg_str_sub(name, 1, name.len);
            name = first_word(name);
            if (name.len && module.len && look(&scan->modules, mg_arena_printf(scan->arena, "%.*s.%.*s", MG_FMT(module), MG_FMT(name)), &index))
                add_link(scan, file, index);
        }
    }
}

/* Text between triple quotes is no code. A quote in a comment or in a string misleads it; what comes of that is one line too few or many. */
static bool toggles(struct mg_str line, char *open)
{
    bool was_open = *open != '\0';
    for (size_t i = 0; i + 2 < line.len; i++) {
        char byte = line.at[i];
        if (!*open && byte == '#')
            break;
        if ((byte == '"' || byte == '\'') && line.at[i + 1] == byte && line.at[i + 2] == byte && (!*open || *open == byte)) {
            *open = *open ? '\0' : byte;
            i += 2;
        }
    }
    return was_open;
}

static bool is_test_function(struct mg_str line)
{
    line = mg_str_trim(line);
    return mg_str_starts(line, "def test") || mg_str_starts(line, "async def test");
}

static void read_file(struct scan *scan, struct mg_needing_file *file, struct mg_str text)
{
    struct mg_str line, whole = text;
    char open = '\0';
    scan->skipped_without.len = 0;
    for (uint32_t number_of_line = 1; mg_str_next_line(&text, &line); number_of_line++) {
        if (toggles(line, &open) || line.len <= 5)
            continue;
        if (line.at[0] == 'i' || line.at[0] == 'f')
            read_line(scan, file, line, number_of_line);
        else if (file->is_test)
            want_plugin(scan, file, whole, line, number_of_line);
        if (file->is_test && line.at[0] != ' ' && line.at[0] != '\t')
            read_skip(scan, line);
        file->tests += file->is_test && is_test_function(line);
    }
}

static void add_file(struct scan *scan, const struct mg_source_file *from, bool is_test)
{
    struct mg_needs *needs = scan->needs;
    struct mg_needing_file *file = &needs->files[needs->file_count];
    *file = (struct mg_needing_file){ .path = from->path, .module = from->module, .is_test = is_test };
    file->is_package = mg_str_is(from->path, "__init__.py") || mg_str_ends(from->path, "/__init__.py");
    if (from->module.len)
        *mg_map_slot(&scan->modules, from->module) = number(needs->file_count);
    needs->file_count++;
    if (from->module.len && !is_test)
        set(&scan->own, mg_str_sub(from->module, 0, mg_str_find(from->module, '.', 0)), &yes);
    struct mg_str rest = from->path, part;
    while (mg_str_next_part(&rest, '/', &part)) {
        struct mg_str name = mg_str_ends(part, ".py") ? mg_str_sub(part, 0, part.len - 3) : part;
        struct mg_str above = mg_str_sub(from->path, 0, (size_t)(part.at - from->path.at) - (part.at > from->path.at));
        *mg_map_slot(&scan->called, name) = &file->path;
        struct mg_str folder = mg_str_sub(from->path, 0, above.len + (above.len > 0) + part.len);
        /* An installed package goes before a folder without __init__.py. */
        if (name.len == part.len && !mg_import_path_is_package(&scan->path, folder) && mg_said_has(&scan->said, name))
            continue;
        if (mg_import_path_has(&scan->path, above, false))
            set(&scan->own, name, &yes);
        else if (mg_import_path_has(&scan->path, above, true))
            set(&scan->own_for_tests, name, &yes);
    }
}

/* pytest imports those of the folders above a test file before the file: no test is run without them. */
static void link_conftests(struct scan *scan, struct mg_needing_file *file, size_t first)
{
    for (size_t i = first; i < scan->needs->file_count; i++) {
        struct mg_str folder = mg_path_folder(scan->needs->files[i].path);
        if (folder.len == 0 || mg_str_starts(file->path, mg_arena_printf(scan->arena, "%.*s/", MG_FMT(folder)).at))
            add_link(scan, file, (uint32_t)i);
    }
}

void mg_needs_scan(const struct mg_repo *repo, struct mg_arena *arena, struct mg_needs *needs)
{
    struct scan scan = { .arena = arena, .copy = repo->copy, .needs = needs };
    *needs = (struct mg_needs){ .sources = (uint32_t)repo->sources.len };
    mg_plugin_signs_read(repo, arena, &scan.signs);
    needs->files = MG_NEW_ARRAY(arena, struct mg_needing_file, repo->sources.len + repo->test_files.len + repo->conftests.len + 1);
    mg_map_init(&scan.modules, arena);
    mg_map_init(&scan.own, arena);
    mg_map_init(&scan.own_for_tests, arena);
    mg_map_init(&scan.called, arena);
    mg_import_path_read(repo, arena, &scan.path);
    mg_said_read(arena, repo->copy, &scan.said);
    mg_map_init(&scan.by_name, arena);
    for (size_t i = 0; i < repo->sources.len; i++)
        add_file(&scan, &repo->sources.at[i], false);
    for (size_t i = 0; i < repo->test_files.len; i++)
        add_file(&scan, &repo->test_files.at[i], true);
    for (size_t i = 0; i < repo->conftests.len; i++)
        add_file(&scan, &repo->conftests.at[i], true);
    bool named = false;
    for (size_t i = 0; i < repo->test_files.len; i++)
        named |= mg_path_is_test(repo->test_files.at[i].path);
    size_t at = 0;
    for (size_t i = 0; i < repo->sources.len; i++)
        read_file(&scan, &needs->files[at++], repo->sources.at[i].text);
    for (size_t i = 0; i < repo->test_files.len; i++)
        read_file(&scan, &needs->files[at++], repo->test_files.at[i].text);
    for (size_t i = 0; i < repo->conftests.len; i++)
        read_file(&scan, &needs->files[at++], repo->conftests.at[i].text);
    for (size_t i = 0; i < needs->file_count; i++)
        link_local(&scan, &needs->files[i], needs->files[i].module);
    for (size_t i = repo->sources.len; i < repo->sources.len + repo->test_files.len; i++) {
        struct mg_needing_file *file = &needs->files[i];
        link_conftests(&scan, file, repo->sources.len + repo->test_files.len);
        file->idle = named && !mg_path_is_test(file->path);
        if (file->idle)
            file->tests = 0;
        else if (file->tests == 0 && !file->is_package)
            file->tests = 1; /* by another name */
        needs->tests += file->tests;
    }
}

/* Who lacks several modules lacks what the project names, and not what may be meant otherwise. */
enum { NAMED, UNNAMED, DOUBTFUL, STAGES };
static int stage_of(const struct mg_need *need) { return need->like.len ? DOUBTFUL : need->named ? NAMED : UNNAMED; }

static bool breaks(struct mg_needs *needs, struct mg_needing_file *file, int stage)
{
    for (size_t i = 0; i < file->needs.len; i++)
        if (needs->at[file->needs.at[i]].missing && stage_of(&needs->at[file->needs.at[i]]) <= stage) {
            file->broken = file->needs.at[i];
            return true;
        }
    for (size_t i = 0; i < file->locals.len; i++)
        if (needs->files[file->locals.at[i]].broken != NOTHING) {
            file->broken = needs->files[file->locals.at[i]].broken;
            file->via = file->locals.at[i];
            return true;
        }
    return false;
}

static struct mg_str chain_of(const struct mg_needs *needs, const struct mg_needing_file *file, struct mg_arena *arena)
{
    struct mg_str chain = file->path;
    const struct mg_needing_file *at = file;
    for (size_t i = 0; i < MOST_LINKS && at->via != NOTHING; i++) {
        at = &needs->files[at->via];
        if (at->via != NOTHING)
            chain = mg_arena_printf(arena, "%.*s > %.*s", MG_FMT(chain), MG_FMT(at->path));
    }
    return chain;
}

void mg_needs_tests_of(const struct mg_needs *needs, const struct mg_need *need, struct mg_arena *arena, struct mg_str_list *paths)
{
    for (size_t i = 0; i < needs->file_count; i++)
        if (needs->files[i].tests && needs->files[i].broken == (uint32_t)(need - needs->at))
            *MG_PUSH(arena, paths) = needs->files[i].path;
}

void mg_needs_settle(struct mg_needs *needs, struct mg_arena *arena)
{
    needs->broken_sources = needs->broken_tests = 0;
    for (size_t i = 0; i < needs->len; i++) {
        needs->at[i].sources = needs->at[i].tests = needs->at[i].lost = 0;
        needs->at[i].chain = MG_NO_STR;
    }
    for (size_t i = 0; i < needs->file_count; i++)
        needs->files[i].broken = needs->files[i].via = NOTHING;
    for (int stage = NAMED; stage < STAGES; stage++)
        for (bool more = true; more;) {
            more = false;
            for (size_t i = 0; i < needs->file_count; i++)
                if (needs->files[i].broken == NOTHING)
                    more |= breaks(needs, &needs->files[i], stage);
        }
    for (size_t i = 0; i < needs->file_count; i++) {
        const struct mg_needing_file *file = &needs->files[i];
        if (file->broken == NOTHING || file->idle)
            continue;
        struct mg_need *need = &needs->at[file->broken];
        *(file->is_test ? &need->tests : &need->sources) += 1;
        need->lost += file->tests;
        if (need->like.len == 0) {
            needs->broken_sources += !file->is_test;
            needs->broken_tests += file->tests;
        }
        if (file->is_test && file->via != NOTHING && need->chain.len == 0)
            need->chain = chain_of(needs, file, arena);
    }
}
