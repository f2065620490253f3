/* See lazy.h. */
#include "services/lazy.h"

#include "base/str.h"
#include "python/syntax.h"

#include <stdlib.h>
#include <string.h>

#define FEW(tests) (1 + (tests) / 8) /* a singleton may be made anew by tests that look at just that */

/* What the tests have run of one file. */
struct file_runs {
    uint32_t index, line_count;
    const struct mg_functions *functions;
    uint32_t *owner; /* by line: the innermost function that it stands in, and 1; 0 = none */
    uint32_t *times; /* by line: so many tests have run it */
    bool *by_first;  /* by line: the first test that came to its function has run it */
    struct entered {
        MG_LIST(uint32_t) tests;
    } * entered; /* by function */
};

static struct file_runs read_runs(struct mg_run_context *run, uint32_t index)
{
    const struct mg_file_coverage *coverage = &run->baseline.files[index];
    struct file_runs file = { .index = index, .line_count = coverage->line_count, .functions = mg_functions_of(run, index) };
    file.owner = MG_NEW_ARRAY(run->arena, uint32_t, file.line_count);
    file.times = MG_NEW_ARRAY(run->arena, uint32_t, file.line_count);
    file.by_first = MG_NEW_ARRAY(run->arena, bool, file.line_count);
    file.entered = MG_NEW_ARRAY(run->arena, struct entered, file.functions->len + 1);
    for (uint32_t i = 0; i < file.functions->len; i++) { /* in the order of the text: an inner one comes behind the one around it */
        const struct mg_function *function = &file.functions->at[i];
        uint32_t body = function->def_line + (function->end_line > function->def_line); /* its first line is run by whoever defines it */
        for (uint32_t line = body; line <= function->end_line && line < file.line_count; line++)
            file.owner[line] = i + 1;
    }
    return file;
}

static void note_line(struct mg_run_context *run, struct file_runs *file, uint32_t line, uint32_t test)
{
    if (line >= file->line_count || !file->owner[line])
        return;
    struct entered *entered = &file->entered[file->owner[line] - 1];
    if (!entered->tests.len || entered->tests.at[entered->tests.len - 1] != test)
        *MG_PUSH(run->arena, &entered->tests) = test;
    file->times[line]++;
    file->by_first[line] |= entered->tests.len == 1;
}

/* 0 = there is none. */
static uint32_t rarest_line(const struct file_runs *file, uint32_t function, size_t tests)
{
    uint32_t rarest = 0;
    for (uint32_t line = file->functions->at[function].first_line; line <= file->functions->at[function].end_line && line < file->line_count; line++)
        if (file->owner[line] == function + 1 && file->by_first[line] && file->times[line] <= FEW(tests) &&
            (!rarest || file->times[line] < file->times[rarest]))
            rarest = line;
    return rarest;
}

static void suspect(struct mg_run_context *run, const struct file_runs *file, uint32_t function, const struct mg_baseline_result *results,
                    struct mg_suspects *suspects)
{
    const struct entered *entered = &file->entered[function];
    struct mg_suspect found = { .file = file->index, .line = rarest_line(file, function, entered->tests.len), .other = UINT32_MAX };
    for (size_t i = 1; found.line && i < entered->tests.len && found.other == UINT32_MAX; i++)
        if (!mg_runs_line(&results[entered->tests.at[i]], file->index, found.line))
            found.other = entered->tests.at[i];
    if (found.other == UINT32_MAX)
        return;
    found.tests.at = entered->tests.at;
    found.tests.len = entered->tests.len;
    *MG_PUSH(run->arena, suspects) = found;
}

static int by_tests(const void *a, const void *b)
{
    const struct mg_suspect *x = a, *y = b;
    if (x->tests.len != y->tests.len)
        return x->tests.len > y->tests.len ? -1 : 1;
    return x->file != y->file ? (x->file > y->file) - (x->file < y->file) : (x->line > y->line) - (x->line < y->line);
}

struct mg_suspects mg_lazy_suspects(struct mg_run_context *run, const uint32_t *tests, size_t count, const struct mg_baseline_result *results)
{
    struct mg_suspects suspects = { 0 };
    struct file_runs *files = MG_NEW_ARRAY(run->arena, struct file_runs, run->repo->sources.len + 1);
    for (size_t i = 0; i < count; i++) {
        const struct mg_baseline_result *result = &results[tests[i]];
        for (size_t r = 0; r < result->lines.len; r++) {
            struct mg_line_range range = result->lines.at[r];
            if (range.file >= run->repo->sources.len)
                continue;
            if (!files[range.file].functions)
                files[range.file] = read_runs(run, range.file);
            for (uint32_t line = range.first; line <= range.last && line < files[range.file].line_count; line++)
                note_line(run, &files[range.file], line, tests[i]);
        }
    }
    for (size_t i = 0; i < run->repo->sources.len; i++)
        for (uint32_t function = 0; files[i].functions && function < files[i].functions->len; function++)
            suspect(run, &files[i], function, results, &suspects);
    if (suspects.len)
        qsort(suspects.at, suspects.len, sizeof *suspects.at, by_tests);
    return suspects;
}

static int by_place(const void *a, const void *b)
{
    const struct mg_line_range *x = a, *y = b;
    return x->file != y->file ? (x->file > y->file) - (x->file < y->file) : (x->first > y->first) - (x->first < y->first);
}

/* The lines of both, in order, none twice. */
static void add_lines(struct mg_arena *arena, struct mg_baseline_result *result, const struct mg_baseline_result *more)
{
    size_t count = result->lines.len + more->lines.len, len = 0;
    struct mg_line_range *all = MG_NEW_ARRAY(arena, struct mg_line_range, count + 1);
    for (size_t i = 0; i < count; i++)
        all[i] = i < result->lines.len ? result->lines.at[i] : more->lines.at[i - result->lines.len];
    qsort(all, count, sizeof *all, by_place);
    for (size_t i = 0; i < count; i++) {
        struct mg_line_range *last = len ? &all[len - 1] : NULL;
        if (!last || last->file != all[i].file || all[i].first > last->last + 1)
            all[len++] = all[i];
        else if (all[i].last > last->last)
            last->last = all[i].last;
    }
    result->lines.at = all;
    result->lines.len = result->lines.cap = len;
}

static bool has_opened(const struct mg_baseline_result *result, struct mg_str path)
{
    for (size_t i = 0; i < result->opened.len; i++)
        if (mg_str_eq(result->opened.at[i], path))
            return true;
    return false;
}

/* What the test ran and looked into by itself, and not behind the others. */
static struct mg_baseline_result difference(struct mg_arena *arena, const struct mg_baseline_result *alone, const struct mg_baseline_result *before)
{
    struct mg_baseline_result more = { 0 };
    for (size_t i = 0; i < alone->lines.len; i++)
        for (uint32_t line = alone->lines.at[i].first; line <= alone->lines.at[i].last; line++)
            if (!mg_runs_line(before, alone->lines.at[i].file, line))
                *MG_PUSH(arena, &more.lines) = (struct mg_line_range){ alone->lines.at[i].file, line, line };
    for (size_t i = 0; i < alone->opened.len; i++)
        if (!has_opened(before, alone->opened.at[i]))
            *MG_PUSH(arena, &more.opened) = alone->opened.at[i];
    return more;
}

size_t mg_lazy_share(struct mg_run_context *run, const struct mg_suspects *suspects, const struct mg_baseline_result *alone,
                     struct mg_baseline_result *results)
{
    size_t shared = 0;
    struct mg_baseline_result *more = MG_NEW_ARRAY(run->arena, struct mg_baseline_result, suspects->len + 1);
    for (size_t i = 0; i < suspects->len; i++) { /* before anything is given to anybody */
        const struct mg_suspect *found = &suspects->at[i];
        const struct mg_baseline_result *by_itself = &alone[found->other];
        if (by_itself->outcome == MG_TEST_PASSED && mg_runs_line(by_itself, found->file, found->line))
            more[i] = difference(run->arena, by_itself, &results[found->other]);
    }
    for (size_t i = 0; i < suspects->len; i++)
        for (size_t t = 0; more[i].lines.len && t < suspects->at[i].tests.len; t++) {
            struct mg_baseline_result *result = &results[suspects->at[i].tests.at[t]];
            add_lines(run->arena, result, &more[i]);
            for (size_t o = 0; o < more[i].opened.len; o++)
                if (!has_opened(result, more[i].opened.at[o]))
                    *MG_PUSH(run->arena, &result->opened) = more[i].opened.at[o];
            shared++;
        }
    return shared;
}
