/* One walk over the fields serves both directions: what is written is what is read. A text is its length, a colon and its bytes; a number
 * is its digits and a blank. */
#include "services/record.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ELEMENTS 5000000

struct record {
    bool writing, bad;
    struct mg_buf out;
    struct mg_str in;
    struct mg_arena *arena;
};

static void number(struct record *r, int64_t *value)
{
    if (r->writing) {
        mg_buf_addf(&r->out, "%lld ", (long long)*value);
        return;
    }
    size_t end = mg_str_find(r->in, ' ', 0);
    *value = 0;
    if (r->bad || end == r->in.len || !mg_str_to_i64(mg_str_sub(r->in, 0, end), value))
        r->bad = true;
    else
        r->in = mg_str_sub(r->in, end + 1, r->in.len);
}

static int64_t in_range(struct record *r, int64_t value, int64_t high)
{
    if (value >= 0 && value <= high)
        return value;
    r->bad = true;
    return 0;
}

static void u32(struct record *r, uint32_t *value)
{
    int64_t wide = *value;
    number(r, &wide);
    *value = (uint32_t)in_range(r, wide, UINT32_MAX);
}

static void flag(struct record *r, bool *value)
{
    int64_t wide = *value;
    number(r, &wide);
    *value = in_range(r, wide, 1) == 1;
}

/* In millionths. */
static void real(struct record *r, double *value)
{
    int64_t wide = (int64_t)(*value * 1e6);
    number(r, &wide);
    *value = (double)wide / 1e6;
}

static void text(struct record *r, struct mg_str *value)
{
    if (r->writing) {
        mg_buf_addf(&r->out, "%zu:", value->len);
        mg_buf_add(&r->out, *value);
        return;
    }
    size_t colon = mg_str_find(r->in, ':', 0);
    int64_t length = 0;
    *value = MG_NO_STR;
    if (r->bad || colon == r->in.len || !mg_str_to_i64(mg_str_sub(r->in, 0, colon), &length) || length < 0 ||
        (size_t)length > r->in.len - colon - 1) {
        r->bad = true;
        return;
    }
    *value = mg_arena_str(r->arena, mg_str_sub(r->in, colon + 1, colon + 1 + (size_t)length));
    r->in = mg_str_sub(r->in, colon + 1 + (size_t)length, r->in.len);
}

static void name(struct record *r, const char **value)
{
    struct mg_str view = mg_str_from(*value);
    text(r, &view);
    *value = view.at ? view.at : "";
}

/* The list's length; when reading, so many elements are made. */
#define EACH(r, list)                                                                                                                                \
    size_t count_ = length((r), (list)->len), i = 0;                                                                                                 \
    i < count_ && !(r)->bad && ((r)->writing || MG_PUSH((r)->arena, (list)));                                                                        \
    i++

static size_t length(struct record *r, size_t len)
{
    int64_t wide = (int64_t)len;
    number(r, &wide);
    return (size_t)in_range(r, wide, MOST_ELEMENTS);
}

static void result(struct record *r, struct mg_mutant_result *value)
{
    struct mg_str verdict = mg_str_from(mg_verdict_name(value->verdict));
    int64_t kind = (int64_t)value->kill_kind;
    text(r, &verdict);
    number(r, &kind);
    if (!r->writing) {
        value->verdict = mg_verdict_from(verdict);
        value->kill_kind = (enum mg_kill_kind)in_range(r, kind, MG_KILL_CRASH);
        r->bad |= value->verdict == MG_VERDICT_COUNT;
        if (r->bad)
            value->verdict = MG_VERDICT_pending;
    }
    text(r, &value->killer);
    text(r, &value->reason);
    real(r, &value->seconds);
}

static void mutant(struct record *r, struct mg_mutant *m)
{
    int64_t level = m->level;
    text(r, &m->id);
    name(r, &m->operator_name);
    name(r, &m->description);
    text(r, &m->replacement);
    text(r, &m->original);
    uint32_t *const numbers[] = { &m->start, &m->end, &m->line, &m->end_line, &m->column, &m->end_column, &m->span_line, &m->span_end_line };
    for (size_t i = 0; i < MG_COUNT(numbers); i++)
        u32(r, numbers[i]);
    number(r, &level);
    m->level = (int)in_range(r, level, 9);
}

/* Neighbours as ranges: a mutant of a busy function has hundreds of tests. */
static void ranges(struct record *r, uint32_t **at, size_t *len, size_t *cap)
{
    struct {
        MG_VEC(uint32_t)
    } list = { *at, *len, *cap };
    uint32_t pairs = 0;
    for (size_t i = 0; i < list.len; i++)
        pairs += i == 0 || list.at[i] != list.at[i - 1] + 1;
    u32(r, &pairs);
    for (size_t p = 0, at_index = 0; p < pairs && !r->bad; p++) {
        size_t end = at_index;
        uint32_t first = 0, count = 0;
        if (r->writing) {
            for (end++; end < list.len && list.at[end] == list.at[end - 1] + 1;)
                end++;
            first = list.at[at_index];
            count = (uint32_t)(end - at_index);
        }
        u32(r, &first);
        u32(r, &count);
        r->bad |= count > MOST_ELEMENTS || first > UINT32_MAX - MOST_ELEMENTS;
        for (uint32_t k = 0; !r->writing && !r->bad && k < count; k++)
            *MG_PUSH(r->arena, &list) = first + k;
        at_index = end;
    }
    *at = list.at;
    *len = list.len;
    *cap = list.cap;
}
#define RANGES(r, list) ranges((r), &(list)->at, &(list)->len, &(list)->cap)

static void outcome(struct record *r, struct mg_outcome *o)
{
    struct mg_str *const texts[] = { &o->target_id, &o->qualified_name, &o->module, &o->path, &o->reason };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        text(r, texts[i]);
    u32(r, &o->line);
    u32(r, &o->end_line);
    for (EACH(r, &o->mutants)) {
        struct mg_judged *judged = &o->mutants.at[i];
        mutant(r, &judged->mutant);
        result(r, &judged->before);
        flag(r, &judged->changed);
        text(r, &judged->witness);
        u32(r, &judged->compared);
        text(r, &judged->diff);
        RANGES(r, &judged->covering);
        RANGES(r, &judged->killers);
        judged->cached |= !r->writing;
    }
}

static void scored(struct record *r, struct mg_scored *s)
{
    u32(r, &s->found);
    u32(r, &s->chosen);
    flag(r, &s->matrix);
    flag(r, &s->all_witnesses);
    flag(r, &s->no_witnesses);
    text(r, &s->diff);
    text(r, &s->interpreter);
    for (EACH(r, &s->tests))
        text(r, &s->tests.at[i]);
    for (EACH(r, &s->import_roots))
        text(r, &s->import_roots.at[i]);
    for (EACH(r, &s->options))
        text(r, &s->options.at[i]);
    for (EACH(r, &s->files))
        text(r, &s->files.at[i]);
    for (EACH(r, &s->stand_ins)) {
        text(r, &s->stand_ins.at[i].path);
        text(r, &s->stand_ins.at[i].text);
    }
    for (EACH(r, &s->outside)) {
        text(r, &s->outside.at[i].path);
        text(r, &s->outside.at[i].digest);
    }
    for (EACH(r, &s->pragmas)) {
        text(r, &s->pragmas.at[i].path);
        u32(r, &s->pragmas.at[i].line);
        text(r, &s->pragmas.at[i].reason);
    }
}

static void report(struct record *r, struct mg_report *p)
{
    struct mg_str *const texts[] = { &p->run_id, &p->status, &p->stop_reason, &p->repo, &p->python, &p->generator, &p->version, &p->tests_dir };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        text(r, texts[i]);
    uint32_t *const numbers[] = { &p->functions_found, &p->targets_selected, &p->targets_left, &p->existing_tests, &p->existing_passed };
    for (size_t i = 0; i < MG_COUNT(numbers); i++)
        u32(r, numbers[i]);
    for (EACH(r, &p->notes)) {
        int64_t kind = (int64_t)p->notes.at[i].kind;
        number(r, &kind);
        p->notes.at[i].kind = (enum mg_note_kind)in_range(r, kind, MG_NOTE_WITHHELD);
        text(r, &p->notes.at[i].subject);
        text(r, &p->notes.at[i].text);
    }
    u32(r, &p->level);
    scored(r, &p->scored);
    for (EACH(r, &p->outcomes))
        outcome(r, &p->outcomes.at[i]);
}

static void verdict(struct record *r, struct mg_record_verdict *v)
{
    result(r, &v->result);
    text(r, &v->beside);
    for (EACH(r, &v->killers))
        text(r, &v->killers.at[i]);
}

static void test(struct record *r, struct mg_record_test *t)
{
    int64_t outcome = (int64_t)t->outcome;
    text(r, &t->digest);
    number(r, &outcome);
    t->outcome = (enum mg_test_outcome)in_range(r, outcome, MG_TEST_CRASHED);
    flag(r, &t->usable);
    real(r, &t->seconds);
    u32(r, &t->jobs);
    for (EACH(r, &t->opened))
        text(r, &t->opened.at[i]);
    for (EACH(r, &t->lines)) {
        struct mg_placed *placed = &t->lines.at[i];
        text(r, &placed->path);
        text(r, &placed->unit);
        uint32_t *const numbers[] = { &placed->number, &placed->functions, &placed->first, &placed->last };
        for (size_t k = 0; k < MG_COUNT(numbers); k++)
            u32(r, numbers[k]);
    }
}

struct mg_str mg_record_score(const struct mg_report *from, struct mg_arena *arena)
{
    struct mg_report copy = *from; /* writing changes nothing below it */
    struct record r = { .writing = true, .out = MG_BUF((size_t)1 << 30), .arena = arena };
    report(&r, &copy);
    return mg_buf_take(&r.out, arena);
}

/* Sums are made anew; an index that leads nowhere is no good. */
static bool complete(struct mg_report *p, struct record *r)
{
    for (size_t i = 0; i < p->outcomes.len && !r->bad; i++) {
        struct mg_outcome *o = &p->outcomes.at[i];
        for (size_t k = 0; k < o->mutants.len; k++) {
            const struct mg_judged *judged = &o->mutants.at[k];
            for (size_t t = 0; t < judged->covering.len; t++)
                r->bad |= judged->covering.at[t] >= p->scored.tests.len;
            for (size_t t = 0; t < judged->killers.len; t++)
                r->bad |= judged->killers.at[t] >= p->scored.tests.len;
            mg_tally_add(&o->before, judged->before.verdict);
        }
        mg_tally_sum(&p->before, &o->before);
    }
    return !r->bad && r->in.len == 0;
}

bool mg_record_read_score(struct mg_str from, struct mg_arena *arena, struct mg_report *to)
{
    struct record r = { .in = from, .arena = arena };
    *to = (struct mg_report){ 0 };
    report(&r, to);
    return complete(to, &r);
}

struct mg_str mg_record_verdict(const struct mg_record_verdict *from, struct mg_arena *arena)
{
    struct mg_record_verdict copy = *from;
    struct record r = { .writing = true, .out = MG_BUF((size_t)64 << 20), .arena = arena };
    verdict(&r, &copy);
    return mg_buf_take(&r.out, arena);
}

bool mg_record_read_verdict(struct mg_str from, struct mg_arena *arena, struct mg_record_verdict *to)
{
    struct record r = { .in = from, .arena = arena };
    *to = (struct mg_record_verdict){ 0 };
    verdict(&r, to);
    return !r.bad && r.in.len == 0;
}

struct mg_str mg_record_test(const struct mg_record_test *from, struct mg_arena *arena)
{
    struct mg_record_test copy = *from;
    struct record r = { .writing = true, .out = MG_BUF((size_t)64 << 20), .arena = arena };
    test(&r, &copy);
    return mg_buf_take(&r.out, arena);
}

bool mg_record_read_test(struct mg_str from, struct mg_arena *arena, struct mg_record_test *to)
{
    struct record r = { .in = from, .arena = arena };
    *to = (struct mg_record_test){ 0 };
    test(&r, to);
    return !r.bad && r.in.len == 0;
}
