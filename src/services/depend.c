/* Code is followed by names, as far as one can: a test may come to a function when its name stands in something that the test may come to,
 * when it ran in the baseline, or when something calls it without naming it. Only files count that the test's file imports, directly or not.
 * So the digest of a test changes more often than its outcome could, and never less. Files it read, and files whose names stand in that code,
 * count with their contents; folders it listed with the names in them. */
#include "services/depend.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/text.h"
#include "python/units.h"

#include <stdlib.h>
#include <string.h>

struct numbers {
    MG_VEC(uint32_t)
};

struct unit {
    const struct mg_unit *unit;
    uint32_t file;
    uint8_t digest[32];
    bool resolved;
    struct numbers calls; /* units that may be meant by its names */
    struct numbers data;  /* files that may be meant by its strings */
};

struct file {
    const struct mg_repo_file *file;
    struct mg_units units;
    struct mg_imports imports;
    uint32_t first; /* of its units */
    bool is_code;
    bool is_loaded; /* some collected test imports it, or it is one */
    bool *reach;    /* files that its code may come to, by position; made on demand */
};

struct mg_depend {
    const struct mg_run_context *run;
    const struct mg_survey *survey;
    struct mg_arena *arena;
    struct file *files; /* same order as the survey's */
    size_t file_count;
    struct {
        MG_VEC(struct unit)
    } units;
    struct mg_map by_name;    /* function name -> struct numbers of units */
    struct mg_map by_module;  /* last component of a module's name -> struct numbers of files */
    struct mg_map by_base;    /* file name without folders -> struct numbers of files */
    struct mg_map by_path;    /* path -> struct file */
    struct mg_map outside;    /* absolute path -> digest, as struct mg_str */
    struct mg_str common;     /* digest of what every verdict depends on */
    struct mg_str everything; /* digest of the whole copy */
    struct mg_str *tests;     /* digests, made on demand */
    uint32_t *seen, round;    /* per unit: the last search that came by */
};

static struct numbers *numbers_of(struct mg_arena *arena, struct mg_map *map, struct mg_str key)
{
    void **slot = mg_map_slot(map, key);
    if (!*slot)
        *slot = MG_NEW(arena, struct numbers);
    return *slot;
}

/* ---- reading the code ---- */

static void add_units(struct mg_depend *depend, uint32_t index)
{
    struct file *file = &depend->files[index];
    file->first = (uint32_t)depend->units.len;
    for (size_t i = 0; i < file->units.len; i++) {
        struct unit *unit = MG_PUSH(depend->arena, &depend->units);
        *unit = (struct unit){ .unit = &file->units.at[i], .file = index };
        mg_sha256(unit->unit->text, unit->digest);
        if (i > 0)
            *MG_PUSH(depend->arena, numbers_of(depend->arena, &depend->by_name, unit->unit->name)) = (uint32_t)depend->units.len - 1;
    }
}

static void read_code(struct mg_depend *depend, uint32_t index)
{
    struct file *file = &depend->files[index];
    struct mg_module *module;
    struct mg_str path = file->file->path, base = mg_path_base(path);
    file->is_code = true;
    if (file->file->text.len && mg_module_parse(file->file->text, &module, NULL) == MG_OK) {
        mg_module_units(module, depend->arena, &file->units);
        mg_module_imports(module, depend->arena, &file->imports);
        mg_module_free(module);
    } else { /* empty, or nothing is known of it */
        bool unknown = file->file->text.len > 0 || !mg_str_is(base, "__init__.py");
        *MG_PUSH(depend->arena, &file->units) = (struct mg_unit){ .text = file->file->digest, .dynamic = unknown };
        file->imports.dynamic = unknown;
    }
    add_units(depend, index);
    struct mg_str name = mg_str_is(base, "__init__.py") ? mg_path_base(mg_path_folder(path)) : mg_str_sub(base, 0, base.len - 3);
    *MG_PUSH(depend->arena, numbers_of(depend->arena, &depend->by_module, name)) = index;
}

static bool is_config(struct mg_str base)
{
    static const char *const names[] = { "pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg" };
    for (size_t i = 0; i < MG_COUNT(names); i++)
        if (mg_str_is(base, names[i]))
            return true;
    return false;
}

static struct mg_str digest_of(struct mg_depend *depend, struct mg_str path)
{
    const struct file *inside = mg_map_get(&depend->by_path, path);
    if (inside)
        return inside->file->digest;
    if (!mg_str_starts(path, "/"))
        return MG_STR("absent");
    void **slot = mg_map_slot(&depend->outside, path);
    if (!*slot) {
        const struct mg_ingest *ingest = &depend->run->services->ingest;
        struct mg_str *digest = MG_NEW(depend->arena, struct mg_str);
        *digest = ingest->ops->digest(ingest->self, path, depend->arena);
        *slot = digest;
    }
    return *(struct mg_str *)*slot;
}

/* What every verdict depends on: our program, the interpreter and its packages, the configuration, what importing the tests has read. */
static struct mg_str common(struct mg_depend *depend, struct mg_str machine)
{
    const struct mg_run_context *run = depend->run;
    const struct mg_config *config = run->config;
    struct mg_buf out = MG_BUF((size_t)256 << 20);
    mg_buf_addf(&out, "%.*s\n", MG_FMT(config->mutation.backend));
    mg_buf_addf(&out, "%.*s\n%.*s\n%.*s\n%.*s\n%lld %.6f %lld\n", MG_FMT(machine), MG_FMT(depend->survey->interpreter),
                MG_FMT(run->collected.python_version), MG_FMT(run->collected.pytest_version), (long long)config->sandbox.memory_limit_mb,
                config->sandbox.test_timeout_seconds, (long long)config->generation.seed);
    for (size_t i = 0; i < run->repo->import_roots.len; i++)
        mg_buf_addf(&out, "%.*s\n", MG_FMT(run->repo->import_roots.at[i]));
    for (size_t i = 0; i < depend->file_count; i++)
        if (is_config(mg_path_base(depend->files[i].file->path)))
            mg_buf_addf(&out, "%.*s %.*s\n", MG_FMT(depend->files[i].file->path), MG_FMT(depend->files[i].file->digest));
    for (size_t i = 0; i < run->collected.opened.len; i++) {
        struct mg_str path = run->collected.opened.at[i], digest = digest_of(depend, path);
        mg_buf_addf(&out, "%.*s %.*s\n", MG_FMT(path), MG_FMT(digest));
    }
    struct mg_str whole = mg_buf_take(&out, depend->arena);
    return mg_sha256_hex(depend->arena, whole, 64);
}

static void find_loaded(struct mg_depend *depend);

struct mg_depend *mg_depend_new(const struct mg_run_context *run, const struct mg_survey *survey, struct mg_str machine, struct mg_arena *arena)
{
    struct mg_depend *depend = MG_NEW(arena, struct mg_depend);
    *depend = (struct mg_depend){ .run = run, .survey = survey, .arena = arena, .file_count = survey->files.len };
    depend->files = MG_NEW_ARRAY(arena, struct file, survey->files.len + 1);
    mg_map_init(&depend->by_name, arena);
    mg_map_init(&depend->by_module, arena);
    mg_map_init(&depend->by_base, arena);
    mg_map_init(&depend->by_path, arena);
    mg_map_init(&depend->outside, arena);
    struct mg_buf all = MG_BUF((size_t)256 << 20);
    for (uint32_t i = 0; i < survey->files.len; i++) {
        const struct mg_repo_file *file = &survey->files.at[i];
        depend->files[i].file = file;
        *mg_map_slot(&depend->by_path, file->path) = &depend->files[i];
        *MG_PUSH(arena, numbers_of(arena, &depend->by_base, mg_path_base(file->path))) = i;
        mg_buf_addf(&all, "%.*s %.*s\n", MG_FMT(file->path), MG_FMT(file->digest));
        if (mg_str_ends(file->path, ".py"))
            read_code(depend, i);
    }
    struct mg_str whole = mg_buf_take(&all, arena);
    depend->everything = mg_sha256_hex(arena, whole, 64);
    depend->tests = MG_NEW_ARRAY(arena, struct mg_str, run->collected.tests.len + 1);
    depend->seen = MG_NEW_ARRAY(arena, uint32_t, depend->units.len + 1);
    depend->common = common(depend, machine);
    find_loaded(depend);
    return depend;
}

/* ---- which files ---- */

static void reach_file(struct mg_depend *depend, bool *reach, struct numbers *todo, uint32_t index)
{
    if (reach[index] || !depend->files[index].is_code)
        return;
    reach[index] = true;
    *MG_PUSH(depend->arena, todo) = index;
}

static void reach_path(struct mg_depend *depend, bool *reach, struct numbers *todo, struct mg_str folder, const char *base)
{
    struct mg_str path = mg_arena_printf(depend->arena, "%.*s%s%s", MG_FMT(folder), folder.len ? "/" : "", base);
    const struct file *file = mg_map_get(&depend->by_path, path);
    if (file)
        reach_file(depend, reach, todo, (uint32_t)(file - depend->files));
}

/* Everything imported from the files in `todo`, directly or not, with the packages around it and the conftests above it. */
static void follow_imports(struct mg_depend *depend, bool *reach, struct numbers todo)
{
    for (size_t next = 0; next < todo.len; next++) {
        const struct file *file = &depend->files[todo.at[next]];
        for (struct mg_str folder = mg_path_folder(file->file->path);; folder = mg_path_folder(folder)) {
            reach_path(depend, reach, &todo, folder, "__init__.py");
            reach_path(depend, reach, &todo, folder, "conftest.py");
            if (folder.len == 0)
                break;
        }
        for (uint32_t i = 0; file->imports.dynamic && i < depend->file_count; i++)
            reach_file(depend, reach, &todo, i);
        for (size_t i = 0; i < file->imports.names.len; i++) {
            const struct numbers *meant = mg_map_get(&depend->by_module, file->imports.names.at[i]);
            for (size_t k = 0; meant && k < meant->len; k++)
                reach_file(depend, reach, &todo, meant->at[k]);
        }
    }
}

/* What is loaded in the process of the tests: a loud file among it counts for every test, whether that imports it or not. */
static void find_loaded(struct mg_depend *depend)
{
    bool *reach = MG_NEW_ARRAY(depend->arena, bool, depend->file_count + 1);
    struct numbers todo = { 0 };
    for (size_t i = 0; i < depend->run->collected.tests.len; i++) {
        const struct file *file = mg_map_get(&depend->by_path, depend->run->collected.tests.at[i].file);
        if (file)
            reach_file(depend, reach, &todo, (uint32_t)(file - depend->files));
    }
    follow_imports(depend, reach, todo);
    for (size_t i = 0; i < depend->file_count; i++)
        depend->files[i].is_loaded = reach[i];
}

static const bool *reach_of(struct mg_depend *depend, uint32_t start)
{
    if (depend->files[start].reach)
        return depend->files[start].reach;
    bool *reach = depend->files[start].reach = MG_NEW_ARRAY(depend->arena, bool, depend->file_count);
    struct numbers todo = { 0 };
    reach_file(depend, reach, &todo, start);
    for (uint32_t i = 0; i < depend->file_count; i++)
        if (depend->files[i].imports.loud && depend->files[i].is_loaded)
            reach_file(depend, reach, &todo, i);
    follow_imports(depend, reach, todo);
    return reach;
}

/* ---- which functions ---- */

static void add_all(struct mg_arena *arena, struct numbers *to, const struct numbers *from)
{
    for (size_t i = 0; from && i < from->len; i++)
        *MG_PUSH(arena, to) = from->at[i];
}

static struct mg_str last_part(struct mg_str text, char separator)
{
    size_t at = mg_str_rfind(text, separator);
    return at == text.len ? text : mg_str_sub(text, at + 1, text.len);
}

static void resolve(struct mg_depend *depend, struct unit *unit)
{
    if (unit->resolved)
        return;
    unit->resolved = true;
    for (size_t i = 0; i < unit->unit->names.len; i++)
        add_all(depend->arena, &unit->calls, mg_map_get(&depend->by_name, unit->unit->names.at[i]));
    for (size_t i = 0; i < unit->unit->strings.len; i++) {
        struct mg_str text = unit->unit->strings.at[i];
        add_all(depend->arena, &unit->calls, mg_map_get(&depend->by_name, last_part(text, '.')));
        add_all(depend->arena, &unit->data, mg_map_get(&depend->by_base, last_part(text, '/')));
    }
}

struct search {
    struct mg_depend *depend;
    const bool *reach;
    struct numbers found; /* units */
    bool dynamic;
};

static void reach_unit(struct search *search, uint32_t index)
{
    struct mg_depend *depend = search->depend;
    if (depend->seen[index] == depend->round || !search->reach[depend->units.at[index].file])
        return;
    depend->seen[index] = depend->round;
    search->dynamic |= depend->units.at[index].unit->dynamic;
    *MG_PUSH(depend->arena, &search->found) = index;
}

/* No lookup by a computed name means another test. */
static bool is_test(const struct file *file, uint32_t unit)
{
    struct mg_str base = mg_path_base(file->file->path);
    return mg_str_starts(file->units.at[unit].name, "test") && (mg_str_starts(base, "test") || mg_str_ends(base, "_test.py"));
}

/* The file's rest runs on import; so may whatever is called without being named. `all`: every function in it. */
static void reach_roots(struct search *search, uint32_t index, bool all)
{
    const struct file *file = &search->depend->files[index];
    for (uint32_t i = 0; i < file->units.len; i++)
        if (i == 0 || file->units.at[i].always || (all && !is_test(file, i)))
            reach_unit(search, file->first + i);
}

static void reach_test(struct search *search, uint32_t file, struct mg_str name)
{
    const struct file *home = &search->depend->files[file];
    /* A doctest is named by what its docstring belongs to, `pkg.mod.Class.method`: its examples have run, so what they call is known. */
    bool named = mg_str_find(name, '.', 0) < name.len;
    for (uint32_t i = 1; i < home->units.len; i++)
        if (mg_str_eq(home->units.at[i].name, last_part(name, '.'))) {
            reach_unit(search, home->first + i);
            named = true;
        }
    for (uint32_t i = 0; !named && i < home->units.len; i++)
        reach_unit(search, home->first + i);
}

static void reach_executed(struct search *search, const struct mg_baseline_result *result)
{
    const struct mg_repo *repo = search->depend->run->repo;
    for (size_t i = 0; i < result->lines.len; i++) {
        const struct mg_line_range *range = &result->lines.at[i];
        if (range->file >= repo->sources.len)
            continue;
        const struct file *file = mg_map_get(&search->depend->by_path, repo->sources.at[range->file].path);
        for (uint32_t k = 0; file && k < file->units.len; k++)
            if (k == 0 || (file->units.at[k].line <= range->last && file->units.at[k].end_line >= range->first))
                reach_unit(search, file->first + k);
    }
}

static void follow(struct search *search)
{
    struct mg_depend *depend = search->depend;
    bool opened = false;
    for (size_t next = 0; next < search->found.len || (search->dynamic && !opened);) {
        if (search->dynamic && !opened) {
            opened = true;
            for (uint32_t i = 0; i < depend->file_count; i++)
                if (depend->files[i].is_code && search->reach[i])
                    reach_roots(search, i, true);
            continue;
        }
        struct unit *unit = &depend->units.at[search->found.at[next++]];
        resolve(depend, unit);
        for (size_t i = 0; i < unit->calls.len; i++)
            reach_unit(search, unit->calls.at[i]);
    }
}

/* ---- digests ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_listing(struct mg_depend *depend, struct mg_buf *out, struct mg_str folder)
{
    const char *prefix = mg_str_is(folder, "./") ? "" : mg_arena_cstr(depend->arena, folder);
    for (size_t i = 0; i < depend->file_count; i++)
        if (mg_str_starts(depend->files[i].file->path, prefix))
            mg_buf_addf(out, "%.*s\n", MG_FMT(depend->files[i].file->path));
}

static void add_opened(struct mg_depend *depend, struct mg_buf *out, const struct mg_baseline_result *result)
{
    for (size_t i = 0; i < result->opened.len; i++) {
        struct mg_str path = result->opened.at[i];
        mg_buf_addf(out, "opened %.*s ", MG_FMT(path));
        if (mg_str_ends(path, "/"))
            add_listing(depend, out, path);
        else
            mg_buf_add(out, digest_of(depend, path));
        mg_buf_addc(out, '\n');
    }
    if (result->wide)
        mg_buf_addf(out, "wide %.*s\n", MG_FMT(depend->everything));
}

/* Everything that the test may come to; false when it is a test of no Python file of the repo. */
static bool search_test(struct mg_depend *depend, uint32_t test, struct search *search)
{
    const struct mg_run_context *run = depend->run;
    const struct file *home = mg_map_get(&depend->by_path, run->collected.tests.at[test].file);
    if (!home || !home->is_code)
        return false;
    uint32_t index = (uint32_t)(home - depend->files);
    *search = (struct search){ .depend = depend, .reach = reach_of(depend, index) };
    depend->round++;
    for (uint32_t i = 0; i < depend->file_count; i++)
        if (search->reach[i])
            reach_roots(search, i, false);
    reach_test(search, index, mg_test_function(run->collected.tests.at[test].id));
    reach_executed(search, &run->baseline.results[test]);
    follow(search);
    return true;
}

struct mg_str mg_depend_test(struct mg_depend *depend, uint32_t test)
{
    const struct mg_run_context *run = depend->run;
    struct search search;
    if (depend->tests[test].len)
        return depend->tests[test];
    struct mg_buf out = MG_BUF((size_t)256 << 20);
    mg_buf_addf(&out, "%.*s\n", MG_FMT(run->collected.tests.at[test].id));
    if (search_test(depend, test, &search)) {
        qsort(search.found.at, search.found.len, sizeof *search.found.at, by_number);
        for (size_t i = 0; i < search.found.len; i++) {
            const struct unit *unit = &depend->units.at[search.found.at[i]];
            mg_buf_add(&out, (struct mg_str){ (const char *)unit->digest, sizeof unit->digest });
            for (size_t k = 0; k < unit->data.len; k++)
                mg_buf_addf(&out, "%.*s %.*s\n", MG_FMT(depend->files[unit->data.at[k]].file->path),
                            MG_FMT(depend->files[unit->data.at[k]].file->digest));
        }
    } else {
        mg_buf_add(&out, depend->everything);
    }
    add_opened(depend, &out, &run->baseline.results[test]);
    depend->tests[test] = mg_sha256_hex(depend->arena, mg_buf_view(&out), 64);
    mg_buf_free(&out);
    return depend->tests[test];
}

void mg_depend_forget(struct mg_depend *depend, uint32_t test) { depend->tests[test] = MG_NO_STR; }

struct mg_str mg_depend_common(const struct mg_depend *depend) { return depend->common; }

/* ---- places of lines ---- */

/* The function that the line stands in, or the last one before it; 0 when there is none. */
static uint32_t unit_at(const struct file *file, uint32_t line)
{
    uint32_t last = 0;
    for (uint32_t i = 1; i < file->units.len && file->units.at[i].line <= line; i++)
        last = i;
    return last;
}

static struct mg_placed place(const struct file *file, uint32_t line)
{
    uint32_t index = unit_at(file, line);
    const struct mg_unit *unit = &file->units.at[index];
    struct mg_placed placed = { .path = file->file->path };
    if (index > 0 && line <= unit->end_line) {
        placed.unit = unit->name;
        for (uint32_t i = 1; i < index; i++)
            placed.number += mg_str_eq(file->units.at[i].name, unit->name);
        placed.first = placed.last = line - unit->line;
    } else {
        placed.number = index;
        placed.functions = (uint32_t)file->units.len - 1;
        placed.first = placed.last = line - (index ? unit->end_line : 0);
    }
    return placed;
}

static bool goes_on(const struct mg_placed *before, const struct mg_placed *placed)
{
    return before->last + 1 == placed->first && before->number == placed->number && before->functions == placed->functions &&
           mg_str_eq(before->unit, placed->unit) && mg_str_eq(before->path, placed->path);
}

void mg_depend_place(const struct mg_depend *depend, const struct mg_baseline_result *result, struct mg_arena *arena, struct mg_placed_lines *places)
{
    const struct mg_repo *repo = depend->run->repo;
    *places = (struct mg_placed_lines){ 0 };
    for (size_t i = 0; i < result->lines.len; i++) {
        const struct mg_line_range *range = &result->lines.at[i];
        const struct file *file = range->file < repo->sources.len ? mg_map_get(&depend->by_path, repo->sources.at[range->file].path) : NULL;
        for (uint32_t line = range->first; file && file->units.len && line >= range->first && line <= range->last; line++) {
            struct mg_placed placed = place(file, line);
            if (places->len && goes_on(&places->at[places->len - 1], &placed))
                places->at[places->len - 1].last++;
            else
                *MG_PUSH(arena, places) = placed;
        }
    }
}

/* The first line that its numbers count from, and the lines there are; false when there is no such place. */
static bool find_place(const struct file *file, const struct mg_placed *placed, uint32_t *unit, uint32_t *from, uint32_t *most)
{
    uint32_t number = 0;
    if (placed->unit.len == 0) {
        if (placed->functions + 1 != file->units.len || placed->number >= file->units.len)
            return false;
        *unit = 0;
        *from = placed->number ? file->units.at[placed->number].end_line : 0;
        *most = placed->number + 1 < file->units.len ? file->units.at[placed->number + 1].line - *from - 1 : UINT32_MAX - *from;
        return true;
    }
    for (uint32_t i = 1; i < file->units.len; i++)
        if (mg_str_eq(file->units.at[i].name, placed->unit) && number++ == placed->number) {
            *unit = i;
            *from = file->units.at[i].line;
            *most = file->units.at[i].end_line - *from;
            return true;
        }
    return false;
}

bool mg_depend_locate(const struct mg_depend *depend, const struct mg_placed *places, size_t count, struct mg_arena *arena,
                      struct mg_baseline_result *result)
{
    const struct mg_repo *repo = depend->run->repo;
    uint32_t source = 0, unit, from, most;
    result->lines.at = NULL;
    result->lines.len = result->lines.cap = 0;
    for (size_t i = 0; i < count; i++) {
        const struct file *file = mg_map_get(&depend->by_path, places[i].path);
        for (uint32_t k = 0; k < repo->sources.len && !mg_str_eq(repo->sources.at[source].path, places[i].path); k++)
            source = (source + 1) % (uint32_t)repo->sources.len;
        if (!file || !repo->sources.len || !mg_str_eq(repo->sources.at[source].path, places[i].path) ||
            !find_place(file, &places[i], &unit, &from, &most) || places[i].last > most || places[i].first > places[i].last)
            return false;
        *MG_PUSH(arena, &result->lines) = (struct mg_line_range){ source, from + places[i].first, from + places[i].last };
    }
    return true;
}

bool mg_depend_reaches(struct mg_depend *depend, uint32_t test, const struct mg_placed_lines *places)
{
    struct search search;
    uint32_t unit, from, most;
    if (!search_test(depend, test, &search))
        return true;
    for (size_t i = 0; i < places->len; i++) {
        const struct file *file = mg_map_get(&depend->by_path, places->at[i].path);
        if (file && find_place(file, &places->at[i], &unit, &from, &most) && depend->seen[file->first + unit] == depend->round)
            return true;
    }
    return false;
}

struct mg_str mg_depend_target(struct mg_depend *depend, const struct mg_target *target, const struct mg_covering *covering, struct mg_arena *arena)
{
    const struct mg_function *function = &target->function;
    const struct file *file = mg_map_get(&depend->by_path, target->path);
    struct mg_buf out = MG_BUF((size_t)256 << 20);
    mg_buf_addf(&out, "%.*s\n%.*s\n%.*s\n", MG_FMT(depend->common), MG_FMT(target->path), MG_FMT(target->qualified_name));
    if (depend->run->config->mutation.static_mutants) /* every test may import what a mutant of it changes */
        mg_buf_addf(&out, "static %.*s\n", MG_FMT(depend->everything));
    if (file && file->units.len) {
        mg_buf_add(&out, mg_str_sub(file->file->text, function->start, function->end));
        mg_buf_add(&out, (struct mg_str){ (const char *)depend->units.at[file->first].digest, 32 });
    } else {
        mg_buf_add(&out, depend->everything);
    }
    for (size_t i = 0; i < depend->run->collected.imported.len; i++) {
        const struct mg_import_line *line = &depend->run->collected.imported.at[i];
        if (mg_str_eq(line->path, target->path) && line->first <= function->end_line && line->last >= function->first_line)
            mg_buf_addf(&out, "imported %lld %lld\n", (long long)line->first - function->first_line, (long long)line->last - function->first_line);
    }
    for (size_t i = 0; i < covering->len; i++) {
        mg_buf_addf(&out, "test %.*s", MG_FMT(mg_depend_test(depend, covering->at[i].test)));
        for (size_t k = 0; k < covering->at[i].lines.len; k++)
            mg_buf_addf(&out, " %lld-%lld", (long long)covering->at[i].lines.at[k].first - function->first_line,
                        (long long)covering->at[i].lines.at[k].last - function->first_line);
        mg_buf_addc(&out, '\n');
    }
    struct mg_str digest = mg_sha256_hex(arena, mg_buf_view(&out), 64);
    mg_buf_free(&out);
    return digest;
}

struct mg_str mg_depend_mutant(struct mg_str target_digest, const struct mg_target *target, const struct mg_mutant *mutant, bool matrix,
                               struct mg_arena *arena)
{
    struct mg_str text = mg_arena_printf(arena, "%.*s\n%.*s %s %lld %lld %d\n%.*s", MG_FMT(target_digest), MG_FMT(mutant->id), mutant->operator_name,
                                         (long long)mutant->start - target->function.start, (long long)mutant->end - target->function.start, matrix,
                                         MG_FMT(mutant->replacement));
    return mg_sha256_hex(arena, text, 40);
}

void mg_depend_outside(const struct mg_depend *depend, struct mg_arena *arena, struct mg_scored *scored)
{
    for (size_t i = 0; i < depend->outside.cap; i++)
        if (depend->outside.slots[i].value)
            *MG_PUSH(arena, &scored->outside) = (struct mg_outside){ mg_arena_str(arena, depend->outside.slots[i].key),
                                                                     mg_arena_str(arena, *(struct mg_str *)depend->outside.slots[i].value) };
}
