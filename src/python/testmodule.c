/* Composing a test module from suites, and recognising what we composed. */
#include "python/testmodule.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "python/stdlib_names.h"
#include "python/testcompose.h"

#define HASH_DIGITS 16u
#define HASH_LABEL " (sha256 of the rest: "
#define LINE_WIDTH 88u /* Black's */

struct mg_str mg_testmodule_name(struct mg_arena *arena, struct mg_str module)
{
    struct mg_buf name = MG_BUF(SIZE_MAX);
    mg_buf_adds(&name, "test_generated_");
    for (size_t i = 0; i < module.len; i++)
        mg_buf_addc(&name, module.at[i] == '.' ? '_' : module.at[i]);
    mg_buf_adds(&name, ".py");
    return mg_buf_take(&name, arena);
}

/* One line of the import block. `from x import a` of several suites become one. */
enum group { FUTURE, STANDARD, THIRD_PARTY, OWN };
struct import {
    enum group group;
    bool from;
    struct mg_str module; /* all after `import` when it is no `from` */
    struct {
        MG_VEC(struct mg_str)
    } names;
};
struct imports {
    MG_VEC(struct import)
};

static int compare_name(const void *key, const void *element)
{
    return mg_str_cmp(*(const struct mg_str *)key, mg_str_from(*(const char *const *)element));
}

static struct mg_str top_of(struct mg_str module)
{
    size_t end = 0;
    while (end < module.len && module.at[end] != '.' && module.at[end] != ' ' && module.at[end] != ',')
        end++;
    return mg_str_sub(module, 0, end);
}

static enum group group_of(struct mg_str imported, struct mg_str module)
{
    struct mg_str top = top_of(imported);
    if (mg_str_is(top, "__future__"))
        return FUTURE;
    if (top.len == 0 || mg_str_eq(top, top_of(module)))
        return OWN;
    return bsearch(&top, stdlib_names, MG_COUNT(stdlib_names), sizeof *stdlib_names, compare_name) ? STANDARD : THIRD_PARTY;
}

static void add_name(struct mg_arena *arena, struct import *import, struct mg_str name)
{
    for (size_t i = 0; i < import->names.len; i++)
        if (mg_str_eq(import->names.at[i], name))
            return;
    *MG_PUSH(arena, &import->names) = name;
}

static struct import *find_import(struct mg_arena *arena, struct imports *imports, bool from, struct mg_str imported, struct mg_str module)
{
    for (size_t i = 0; i < imports->len; i++)
        if (imports->at[i].from == from && mg_str_eq(imports->at[i].module, imported))
            return &imports->at[i];
    struct import *import = MG_PUSH(arena, imports);
    *import = (struct import){ .group = group_of(imported, module), .from = from, .module = imported };
    return import;
}

static void add_import_line(struct mg_arena *arena, struct imports *imports, struct mg_str line, struct mg_str module)
{
    line = mg_str_trim(line);
    if (mg_str_starts(line, "import ")) {
        struct mg_str rest = mg_str_sub(line, 7, line.len), part;
        while (mg_str_next_part(&rest, ',', &part))
            (void)find_import(arena, imports, false, mg_str_trim(part), module);
        return;
    }
    const char *middle = mg_str_starts(line, "from ") ? memmem(line.at, line.len, " import ", 8) : NULL;
    if (!middle)
        return;
    size_t at = (size_t)(middle - line.at);
    struct import *import = find_import(arena, imports, true, mg_str_trim(mg_str_sub(line, 5, at)), module);
    struct mg_str rest = mg_str_trim(mg_str_sub(line, at + 8, line.len)), name;
    if (rest.len > 1 && rest.at[0] == '(' && rest.at[rest.len - 1] == ')')
        rest = mg_str_sub(rest, 1, rest.len - 1);
    while (mg_str_next_part(&rest, ',', &name))
        if (mg_str_trim(name).len)
            add_name(arena, import, mg_str_trim(name));
}

static int by_group(const void *a, const void *b)
{
    const struct import *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->from != y->from)
        return x->from ? 1 : -1;
    return mg_str_cmp(x->module, y->module);
}

static int by_text(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

static void write_from(struct mg_buf *out, struct import *import)
{
    qsort(import->names.at, import->names.len, sizeof *import->names.at, by_text);
    size_t width = 5 + import->module.len + 8 + 2 * (import->names.len - 1);
    for (size_t i = 0; i < import->names.len; i++)
        width += import->names.at[i].len;
    bool wraps = width > LINE_WIDTH;
    mg_buf_addf(out, "from %.*s import %s", MG_FMT(import->module), wraps ? "(\n" : "");
    for (size_t i = 0; i < import->names.len; i++)
        mg_buf_addf(out, "%s%.*s%s", wraps ? "    " : i ? ", " : "", MG_FMT(import->names.at[i]), wraps ? ",\n" : "");
    mg_buf_adds(out, wraps ? ")\n" : "\n");
}

static void write_imports(struct mg_arena *arena, struct mg_buf *out, struct mg_str module, struct mg_str lines)
{
    struct imports imports = { 0 };
    struct mg_str line;
    while (mg_str_next_line(&lines, &line))
        add_import_line(arena, &imports, line, module);
    if (imports.len)
        qsort(imports.at, imports.len, sizeof *imports.at, by_group);
    for (size_t i = 0; i < imports.len; i++) {
        if (i == 0 || imports.at[i].group != imports.at[i - 1].group)
            mg_buf_addc(out, '\n');
        if (!imports.at[i].from)
            mg_buf_addf(out, "import %.*s\n", MG_FMT(imports.at[i].module));
        else if (imports.at[i].names.len)
            write_from(out, &imports.at[i]);
    }
}

struct mg_str mg_testmodule_compose(struct mg_arena *arena, struct mg_str module, const struct mg_suite *suites, size_t count)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_buf rest = MG_BUF(SIZE_MAX), imports = MG_BUF(SIZE_MAX), tests = MG_BUF(SIZE_MAX);
    mg_buf_addf(&rest, "# Tests of %.*s. They state the behaviour that was observed when they were written,\n# be it right or wrong.\n",
                MG_FMT(module));
    mg_compose_tests(scratch, suites, count, &imports, &tests);
    write_imports(scratch, &rest, module, mg_buf_view(&imports));
    mg_buf_add(&rest, mg_buf_view(&tests));
    mg_buf_free(&imports);
    mg_buf_free(&tests);
    mg_arena_free(scratch);
    struct mg_str hash = mg_sha256_hex(arena, mg_buf_view(&rest), HASH_DIGITS);
    struct mg_buf out = MG_BUF(SIZE_MAX);
    mg_buf_addf(&out, MG_TESTMODULE_MARK HASH_LABEL "%.*s)\n", MG_FMT(hash));
    mg_buf_add(&out, mg_buf_view(&rest));
    mg_buf_free(&rest);
    return mg_buf_take(&out, arena);
}

void mg_testmodule_inspect(struct mg_str text, bool *ours, bool *edited)
{
    struct mg_str rest = text, line;
    *ours = *edited = false;
    if (!mg_str_starts(text, MG_TESTMODULE_MARK) || !mg_str_next_line(&rest, &line))
        return;
    *ours = *edited = true;
    size_t at = sizeof(MG_TESTMODULE_MARK HASH_LABEL) - 1;
    if (!mg_str_starts(line, MG_TESTMODULE_MARK HASH_LABEL))
        return;
    struct mg_arena *arena = mg_arena_new();
    *edited = !mg_str_eq(mg_str_sub(line, at, at + HASH_DIGITS), mg_sha256_hex(arena, rest, HASH_DIGITS));
    mg_arena_free(arena);
}
