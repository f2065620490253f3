/* The gate's two questions, answered by mutmut. Its exit codes, from its stats.py: 1 and 3 killed, 0 survived, 5 and 33 no tests, 36 and 24 timeout. */
#include "adapters/gate_mutmut/gate_mutmut.h"
#include "adapters/gate_mutmut/internal.h"
#include "base/str.h"
#include "core/score.h"
#include <string.h>

#define MAGIC 0x6d676d6du

static struct mg_mutmut *self_of(void *self)
{
    struct mg_mutmut *mutmut = self;
    MG_ASSERT(mutmut->magic == MAGIC);
    return mutmut;
}

/* Lines and UTF-16 columns of a byte, both from 1. */
static void place(struct mg_str text, uint32_t at, uint32_t *line, uint32_t *column)
{
    *line = 1;
    *column = 1;
    for (uint32_t i = 0; i < at && i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte == '\n') {
            ++*line;
            *column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            *column += byte >= 0xf0 ? 2 : 1;
        }
    }
}

/* The function from the start of its first line, with the mutant in it. */
static struct mg_str spliced(struct mg_arena *arena, struct mg_str text, const struct mg_function *function, const struct mg_mutmut_mutant *from)
{
    uint32_t first = function->start;
    while (first > 0 && text.at[first - 1] != '\n')
        first--;
    if (first == 0 && mg_str_starts(text, "\xEF\xBB\xBF"))
        first = 3;
    struct mg_str before = mg_str_sub(text, first, from->start), after = mg_str_sub(text, from->end, function->end);
    return mg_arena_printf(arena, "%.*s%.*s%.*s", MG_FMT(before), MG_FMT(from->replacement), MG_FMT(after));
}

static void add_mutant(const struct mg_gate_request *request, const struct mg_mutmut_mutant *from, struct mg_arena *arena,
                       struct mg_measured *measured)
{
    struct mg_str text = request->source->text;
    struct mg_mutant mutant = { .operator_name = "mutmut", .description = "a change by mutmut", .level = 1, .start = from->start, .end = from->end };
    mutant.replacement = from->replacement;
    mutant.original = mg_arena_str(arena, mg_str_sub(text, from->start, from->end));
    place(text, from->start, &mutant.span_line, &mutant.column);
    place(text, from->end, &mutant.span_end_line, &mutant.end_column);
    mutant.line = mutant.span_line;
    mutant.end_line = mutant.span_end_line;
    unsigned twins = 0; /* the same change stands before */
    for (size_t i = 0; i < measured->mutants.len; i++)
        twins += mg_str_eq(measured->mutants.at[i].original, mutant.original) && mg_str_eq(measured->mutants.at[i].replacement, mutant.replacement);
    mutant.id = mg_mutant_id(arena, request->target->module, request->target->qualified_name, "mutmut", mutant.original, mutant.replacement, twins);
    *MG_PUSH(arena, &measured->mutants) = mutant;
    *MG_PUSH(arena, &measured->spliced) =
        (struct mg_probe_mutant){ mutant.id, spliced(arena, text, &request->target->function, from), mutant.line, mutant.end_line };
}

static enum mg_verdict verdict_of(const struct mg_mutmut_mutant *mutant, bool tested)
{
    if (!mutant->has_exit)
        return tested ? MG_VERDICT_invalid : MG_VERDICT_no_coverage;
    switch (mutant->exit) {
    case 0:
        return MG_VERDICT_survived;
    case 5:
    case 33:
        return MG_VERDICT_no_coverage;
    case 36:
    case 24:
    case -24:
    case 152:
    case 255:
        return MG_VERDICT_timeout;
    case 1:
    case 3:
        return MG_VERDICT_killed;
    default:
        return mutant->exit < 0 ? MG_VERDICT_killed : MG_VERDICT_invalid;
    }
}

static struct mg_mutant_result result_of(const struct mg_mutmut_mutant *mutant, bool tested, struct mg_arena *arena)
{
    struct mg_mutant_result result = { .verdict = verdict_of(mutant, tested) };
    if (result.verdict == MG_VERDICT_killed)
        result.kill_kind = mutant->exit < 0 ? MG_KILL_CRASH : MG_KILL_ASSERTION;
    if (mutant->has_exit)
        result.reason = mg_arena_printf(arena, "mutmut: exit %d", mutant->exit);
    else if (tested)
        result.reason = MG_STR("mutmut came to no verdict");
    return result;
}

/* A line of mutmut's configuration holds one test: what has a line break cannot be named there. */
static bool is_nameable(struct mg_str id)
{
    for (size_t i = 0; i < id.len; i++)
        if ((unsigned char)id.at[i] < 0x20)
            return false;
    return id.len > 0 && id.at[0] != '#' && id.at[0] != ';';
}

static enum mg_code before(void *self, const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured,
                           struct mg_err *err)
{
    struct mg_mutmut_answer answer;
    struct mg_mutmut_question question = { .seconds = 600.0 };
    struct mg_str *tests = MG_NEW_ARRAY(arena, struct mg_str, request->covering_count + 1);
    memset(measured, 0, sizeof *measured);
    for (size_t i = 0; i < request->covering_count; i++) {
        struct mg_str id = request->collected->tests.at[request->covering[i].test].id;
        if (is_nameable(id))
            tests[question.test_count++] = id;
        question.seconds += 60.0 * request->covering[i].seconds;
    }
    question.tests = tests;
    MG_TRY(mg_mutmut_run(self_of(self), request, &question, arena, &answer, err));
    for (size_t i = 0; i < answer.mutants.len; i++) {
        add_mutant(request, &answer.mutants.at[i], arena, measured);
        *MG_PUSH(arena, &measured->results) = result_of(&answer.mutants.at[i], question.test_count > 0, arena);
    }
    if (question.test_count > 0) /* without tests, that mutmut comes to no end is what was expected */
        measured->untrusted = answer.problem;
    return MG_OK;
}

static bool is_same(const struct mg_mutant *a, const struct mg_mutmut_mutant *b)
{
    return a->start == b->start && a->end == b->end && mg_str_eq(a->replacement, b->replacement);
}

static void note(const struct mg_measured *measured, const struct mg_mutmut_answer *answer, struct mg_arena *arena, struct mg_suite_verdict *test,
                 struct mg_suite_measured *result)
{
    for (uint32_t i = 0; i < measured->mutants.len; i++) {
        if (!mg_verdict_is_alive(measured->results.at[i].verdict))
            continue;
        for (size_t m = 0; m < answer->mutants.len; m++) {
            const struct mg_mutmut_mutant *mutant = &answer->mutants.at[m];
            if (!is_same(&measured->mutants.at[i], mutant))
                continue;
            struct mg_mutant_result found = result_of(mutant, true, arena);
            result->reached.at[i] |= found.verdict != MG_VERDICT_no_coverage;
            if (found.verdict == MG_VERDICT_timeout) {
                *MG_PUSH(arena, &test->timeouts) = i;
            } else if (found.verdict == MG_VERDICT_killed && found.kill_kind == MG_KILL_CRASH) {
                *MG_PUSH(arena, &test->crashes) = i;
            } else if (found.verdict == MG_VERDICT_killed) {
                *MG_PUSH(arena, &test->kills) = i;
                *MG_PUSH(arena, &test->kill_texts) = found.reason;
            }
        }
    }
}

/* One run a test: mutmut stops at the first failing test and does not say which. */
static enum mg_code suite(void *self, const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_suite *tests,
                          struct mg_str path, struct mg_str module, struct mg_arena *arena, struct mg_suite_measured *result, struct mg_err *err)
{
    memset(result, 0, sizeof *result);
    for (size_t i = 0; i < measured->mutants.len; i++)
        *MG_PUSH(arena, &result->reached) = false;
    for (size_t i = 0; i < tests->tests.len; i++) {
        struct mg_suite_verdict test = { .name = tests->tests.at[i].name };
        struct mg_str id = mg_arena_printf(arena, "%.*s::%.*s", MG_FMT(path), MG_FMT(test.name));
        struct mg_mutmut_question question = { .tests = &id, .test_count = 1, .path = path, .module = module, .seconds = 600.0 };
        struct mg_mutmut_answer answer;
        MG_TRY(mg_mutmut_run(self_of(self), request, &question, arena, &answer, err));
        test.passes = answer.problem.len == 0;
        test.reason = answer.problem;
        if (test.passes)
            note(measured, &answer, arena, &test, result);
        *MG_PUSH(arena, &result->tests) = test;
    }
    return MG_OK;
}

static const struct mg_gate_ops ops = { .name = "mutmut", .own_mutants = true, .before = before, .suite = suite };

struct mg_gate mg_gate_mutmut_new(struct mg_sandbox sandbox, struct mg_str home, struct mg_str site)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_mutmut *self = MG_NEW(arena, struct mg_mutmut);
    *self = (struct mg_mutmut){ MAGIC, arena, sandbox, mg_arena_str(arena, home), mg_arena_str(arena, site) };
    return (struct mg_gate){ .ops = &ops, .self = self };
}

void mg_gate_mutmut_free(struct mg_gate gate)
{
    if (gate.ops != &ops)
        return;
    struct mg_mutmut *self = self_of(gate.self);
    self->magic = 0;
    mg_arena_free(self->arena);
}
