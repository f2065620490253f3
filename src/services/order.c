/* Words of test files, held against the names of targets. */
#include "services/order.h"
#include "base/str.h"
#include "services/plan.h"

#include <stdlib.h>

#define FEW_TESTS 40 /* not worth an order of their own */

struct about_file {
    unsigned best;  /* rank of the target that it is nearest to */
    uint32_t named; /* targets of the highest rank */
};

bool mg_is_meant(const struct mg_target *target, const struct mg_changes *changes)
{
    return !changes || mg_is_changed(changes, target->path, target->function.first_line, target->function.end_line);
}

/* ---- what a file names ---- */

static bool is_word_byte(char byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (unsigned char)byte >= 0x80;
}

static void find_words(struct mg_str text, struct mg_map *words)
{
    for (size_t at = 0; at < text.len; at++) {
        size_t from = at;
        while (at < text.len && is_word_byte(text.at[at]))
            at++;
        if (at > from)
            *mg_map_slot(words, mg_str_sub(text, from, at)) = words;
    }
}

static struct mg_str last_part(struct mg_str dotted)
{
    size_t dot = mg_str_rfind(dotted, '.');
    return dot == dotted.len ? dotted : mg_str_sub(dotted, dot + 1, dotted.len);
}

static bool has(const struct mg_map *words, struct mg_str word) { return mg_map_get(words, word) != NULL; }

/* 2: the file names the target and its module (or the package that the name may come from), 1: only the module, 0: neither. */
static unsigned rank_of(const struct mg_map *words, const struct mg_target *target)
{
    struct mg_str qualname = target->function.qualname, module = target->module;
    bool names_module = has(words, last_part(module));
    if (!has(words, last_part(qualname)))
        return names_module;
    struct mg_str top = mg_str_sub(module, 0, mg_str_find(module, '.', 0));
    struct mg_str owner = mg_str_sub(qualname, 0, mg_str_find(qualname, '.', 0)); /* a method's class is what a test imports */
    return names_module || has(words, owner) || has(words, top) ? 2 : 0;
}

/* Path -> struct about_file. */
static void look_at_files(const struct mg_run_context *run, const struct mg_changes *changes, const struct mg_map *finished, struct mg_arena *arena,
                          struct mg_map *files)
{
    mg_map_init(files, arena);
    for (size_t i = 0; i < run->repo->test_files.len; i++) {
        struct about_file *about = MG_NEW(arena, struct about_file);
        struct mg_map words;
        mg_map_init(&words, arena);
        find_words(run->repo->test_files.at[i].text, &words);
        for (size_t t = 0; t < run->targets.len; t++) {
            const struct mg_target *target = &run->targets.at[t];
            if (!mg_is_meant(target, changes) || (finished && mg_map_get(finished, target->id)))
                continue;
            unsigned rank = rank_of(&words, target);
            about->best = rank > about->best ? rank : about->best;
            about->named += rank == 2;
        }
        *mg_map_slot(files, run->repo->test_files.at[i].path) = about;
    }
}

/* ---- the order ---- */

struct ranked {
    uint32_t test;
    unsigned rank;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return (x->test > y->test) - (x->test < y->test);
}

size_t mg_order_first(struct mg_run_context *run, const struct mg_changes *changes)
{
    size_t count = run->baseline.order.len, first = 0;
    struct mg_arena *scratch = mg_arena_new();
    struct ranked *tests = MG_NEW_ARRAY(scratch, struct ranked, count + 1);
    struct mg_map files;
    look_at_files(run, changes, NULL, scratch, &files);
    for (size_t i = 0; i < count; i++) {
        const struct about_file *about = mg_map_get(&files, run->collected.tests.at[run->baseline.order.at[i]].file);
        tests[i] = (struct ranked){ run->baseline.order.at[i], about ? about->best : 0 };
    }
    qsort(tests, count, sizeof *tests, by_rank);
    unsigned best = count ? tests[0].rank : 0;
    while (best && first < count && tests[first].rank == best)
        first++;
    if (first == 0 || first + FEW_TESTS > count)
        first = count; /* nothing stands out */
    for (size_t i = 0; i < count && first < count; i++)
        run->baseline.order.at[i] = tests[i].test;
    mg_arena_free(scratch);
    return first;
}

void mg_order_rest(struct mg_run_context *run, const struct mg_map *finished)
{
    size_t done = run->baseline.done, count = run->baseline.order.len - done;
    struct mg_arena *scratch = mg_arena_new();
    struct ranked *tests = MG_NEW_ARRAY(scratch, struct ranked, count + 1);
    struct mg_map files;
    look_at_files(run, NULL, finished, scratch, &files);
    for (size_t i = 0; i < count; i++) {
        uint32_t test = run->baseline.order.at[done + i];
        const struct about_file *about = mg_map_get(&files, run->collected.tests.at[test].file);
        tests[i] = (struct ranked){ test, about ? about->named : 0 };
    }
    if (count)
        qsort(tests, count, sizeof *tests, by_rank);
    for (size_t i = 0; i < count; i++)
        run->baseline.order.at[done + i] = tests[i].test;
    mg_arena_free(scratch);
}

/* ---- what is not known ---- */

static bool has_unrun(const struct mg_run_context *run, struct mg_str file)
{
    for (size_t i = run->baseline.done; i < run->baseline.order.len; i++)
        if (mg_str_eq(run->collected.tests.at[run->baseline.order.at[i]].file, file))
            return true;
    return false;
}

bool *mg_find_unknown(const struct mg_run_context *run)
{
    struct mg_arena *scratch = mg_arena_new();
    bool *unknown = MG_NEW_ARRAY(run->arena, bool, run->targets.len + 1);
    for (size_t i = 0; i < run->repo->test_files.len; i++) {
        struct mg_map words;
        mg_map_init(&words, scratch);
        if (!has_unrun(run, run->repo->test_files.at[i].path))
            continue;
        find_words(run->repo->test_files.at[i].text, &words);
        for (size_t t = 0; t < run->targets.len; t++)
            unknown[t] = unknown[t] || rank_of(&words, &run->targets.at[t]) > 0;
    }
    for (size_t t = 0; t < run->targets.len; t++) {
        struct mg_covering covering = { 0 };
        if (unknown[t])
            mg_find_covering(run, &run->targets.at[t], scratch, &covering);
        unknown[t] = unknown[t] && covering.len == 0;
    }
    mg_arena_free(scratch);
    return unknown;
}
