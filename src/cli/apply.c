/* Groups tests by source module, merges them with what stands in the file already, and writes patches. */
#include "cli/apply.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/file.h"
#include "python/testmodule.h"
#include <sys/stat.h>

#define FILE_LIMIT ((size_t)16 << 20)
#define CONTEXT_LINES 3u

/* ---- which tests ---- */

static bool is_taken(const struct mg_test *test, bool improved) { return test->kept || (improved && test->kills.len > 0); }

bool mg_apply_has_improving(const struct mg_report *report)
{
    for (size_t i = 0; i < report->outcomes.len; i++)
        for (size_t j = 0; j < report->outcomes.at[i].tests.len; j++)
            if (!report->outcomes.at[i].tests.at[j].kept && is_taken(&report->outcomes.at[i].tests.at[j], true))
                return true;
    return false;
}

static struct mg_suite suite_of(const struct mg_outcome *outcome, bool improved, struct mg_arena *arena)
{
    struct mg_suite suite = { .imports = outcome->imports };
    for (size_t i = 0; i < outcome->tests.len; i++)
        if (is_taken(&outcome->tests.at[i], improved))
            *MG_PUSH(arena, &suite.tests) = (struct mg_suite_test){ .name = outcome->tests.at[i].name, .source = outcome->tests.at[i].source };
    return suite;
}

struct suites {
    MG_VEC(struct mg_suite)
};

static void suites_of_module(const struct mg_report *report, struct mg_str module, bool improved, struct mg_arena *arena, struct suites *suites)
{
    for (size_t i = 0; i < report->outcomes.len; i++) {
        if (!mg_str_eq(report->outcomes.at[i].module, module))
            continue;
        struct mg_suite suite = suite_of(&report->outcomes.at[i], improved, arena);
        if (suite.tests.len > 0)
            *MG_PUSH(arena, suites) = suite;
    }
}

/* ---- merging with the file that is there ---- */

static bool has_test(const struct mg_suite *suite, struct mg_str name)
{
    for (size_t i = 0; i < suite->tests.len; i++)
        if (mg_str_eq(suite->tests.at[i].name, name))
            return true;
    return false;
}

/* Tests of `old` whose name the new module does not have; they come first, so that applying twice changes nothing. */
static enum mg_code merge(struct mg_str module, struct mg_str old, struct suites *suites, struct mg_str *text, struct mg_arena *arena,
                          struct mg_err *err)
{
    struct mg_suite before = { 0 }, now = { 0 }, rest = { 0 };
    MG_TRY(mg_testmodule_split(arena, old, &before, err));
    MG_TRY(mg_testmodule_split(arena, *text, &now, err));
    for (size_t i = 0; i < before.tests.len; i++)
        if (!has_test(&now, before.tests.at[i].name))
            *MG_PUSH(arena, &rest.tests) = before.tests.at[i];
    if (rest.tests.len == 0)
        return MG_OK;
    rest.imports = before.imports;
    struct suites all = { 0 };
    *MG_PUSH(arena, &all) = rest;
    for (size_t i = 0; i < suites->len; i++)
        *MG_PUSH(arena, &all) = suites->at[i];
    *suites = all;
    *text = mg_testmodule_compose(arena, module, suites->at, suites->len);
    return MG_OK;
}

static void refuse(struct mg_apply_file *file, const char *why)
{
    file->action = MG_APPLY_REFUSED;
    file->why = why;
}

static enum mg_code plan_file(struct mg_str module, struct suites *suites, struct mg_arena *arena, struct mg_apply_file *file, struct mg_err *err)
{
    bool ours = false, edited = false;
    struct mg_err ignored = { .code = MG_OK };
    file->text = mg_testmodule_compose(arena, module, suites->at, suites->len);
    file->action = MG_APPLY_CREATE;
    struct stat there;
    if (lstat(file->path.at, &there) == 0) {
        if (!S_ISREG(there.st_mode)) { /* a link, even one that leads nowhere, is not ours to write through */
            refuse(file, "it is no regular file");
            return MG_OK;
        }
        if (mg_file_read(arena, file->path.at, FILE_LIMIT, &file->old, &ignored) != MG_OK) {
            refuse(file, "it cannot be read");
            return MG_OK;
        }
        mg_testmodule_inspect(file->old, &ours, &edited);
        if (!ours || edited)
            refuse(file, ours ? "it was edited; move your changes to another file to let apply write it" : "mutagen did not write it");
        else
            MG_TRY(merge(module, file->old, suites, &file->text, arena, err));
        if (ours && !edited)
            file->action = mg_str_eq(file->old, file->text) ? MG_APPLY_UNCHANGED : MG_APPLY_UPDATE;
    }
    for (size_t i = 0; i < suites->len; i++)
        file->tests += (uint32_t)suites->at[i].tests.len;
    return MG_OK;
}

static bool is_planned(const struct mg_apply_plan *plan, struct mg_str path)
{
    for (size_t i = 0; i < plan->len; i++)
        if (mg_str_eq(plan->at[i].path, path))
            return true;
    return false;
}

enum mg_code mg_apply_make_plan(const struct mg_report *report, bool improved, struct mg_str folder, bool in_repo, struct mg_arena *arena,
                                struct mg_apply_plan *plan, struct mg_err *err)
{
    for (size_t i = 0; i < report->outcomes.len; i++) {
        struct mg_str module = report->outcomes.at[i].module, name = mg_testmodule_name(arena, module);
        struct mg_str path = mg_path_join(arena, folder, name);
        struct suites suites = { 0 };
        if (is_planned(plan, path))
            continue;
        suites_of_module(report, module, improved, arena, &suites);
        if (suites.len == 0)
            continue;
        struct mg_apply_file file = { .path = path };
        if (in_repo)
            file.relative = report->tests_dir.len ? mg_path_join(arena, report->tests_dir, name) : name;
        MG_TRY(plan_file(module, &suites, arena, &file, err));
        *MG_PUSH(arena, plan) = file;
    }
    return MG_OK;
}

/* ---- patches ---- */

/* git quotes a path that holds quotes, backslashes or control characters, as a C string. */
static void add_path(struct mg_buf *out, const char *side, struct mg_str path)
{
    bool quote = false;
    for (size_t i = 0; i < path.len; i++)
        quote = quote || (unsigned char)path.at[i] < 0x20 || path.at[i] == 0x7f || path.at[i] == '"' || path.at[i] == '\\';
    mg_buf_addf(out, quote ? "\"%s" : "%s", side);
    for (size_t i = 0; i < path.len; i++) {
        unsigned char byte = (unsigned char)path.at[i];
        if (byte == '"' || byte == '\\')
            mg_buf_addf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            mg_buf_addf(out, "\\%03o", byte);
        else
            mg_buf_addc(out, (char)byte);
    }
    if (quote)
        mg_buf_addc(out, '"');
}

struct lines {
    MG_VEC(struct mg_str)
};

static struct lines lines_of(struct mg_arena *arena, struct mg_str text)
{
    struct lines lines = { 0 };
    struct mg_str line;
    while (mg_str_next_line(&text, &line))
        *MG_PUSH(arena, &lines) = line;
    return lines;
}

static void add_lines(struct mg_buf *out, char mark, const struct lines *lines, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        mg_buf_addc(out, mark);
        mg_buf_add(out, lines->at[i]);
        mg_buf_addc(out, '\n');
    }
}

/* One hunk from the first to the last line that differs. Our files always end with a newline. */
static void add_hunk(struct mg_buf *out, const struct lines *old, const struct lines *new)
{
    size_t shorter = old->len < new->len ? old->len : new->len, head = 0, tail = 0;
    while (head < shorter && mg_str_eq(old->at[head], new->at[head]))
        head++;
    while (tail < shorter - head && mg_str_eq(old->at[old->len - 1 - tail], new->at[new->len - 1 - tail]))
        tail++;
    size_t before = head < CONTEXT_LINES ? head : CONTEXT_LINES, after = tail < CONTEXT_LINES ? tail : CONTEXT_LINES, first = head - before;
    size_t old_count = old->len - tail + after - first, new_count = new->len - tail + after - first;
    mg_buf_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", old_count ? first + 1 : 0, old_count, first + 1, new_count);
    add_lines(out, ' ', old, first, head);
    add_lines(out, '-', old, head, old->len - tail);
    add_lines(out, '+', new, head, new->len - tail);
    add_lines(out, ' ', old, old->len - tail, old->len - tail + after);
}

static void add_file(struct mg_buf *out, const struct mg_apply_file *file, struct mg_arena *arena)
{
    const char *end = mg_str_find(file->relative, ' ', 0) < file->relative.len ? "\t\n" : "\n"; /* a tab ends a name with blanks */
    mg_buf_adds(out, "diff --git ");
    add_path(out, "a/", file->relative);
    mg_buf_addc(out, ' ');
    add_path(out, "b/", file->relative);
    if (file->action == MG_APPLY_CREATE) {
        mg_buf_adds(out, "\nnew file mode 100644\n--- /dev/null\n+++ ");
    } else {
        mg_buf_adds(out, "\n--- ");
        add_path(out, "a/", file->relative);
        mg_buf_addf(out, "%s+++ ", end);
    }
    add_path(out, "b/", file->relative);
    mg_buf_adds(out, end);
    struct lines old = lines_of(arena, file->old), new = lines_of(arena, file->text);
    add_hunk(out, &old, &new);
}

struct mg_str mg_apply_patch(const struct mg_apply_plan *plan, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF((size_t)256 << 20);
    for (size_t i = 0; i < plan->len; i++)
        if (plan->at[i].action == MG_APPLY_CREATE || plan->at[i].action == MG_APPLY_UPDATE)
            add_file(&out, &plan->at[i], arena);
    return mg_buf_take(&out, arena);
}
