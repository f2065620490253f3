/* Copies member by member: first the struct as it is, then everything in it that points elsewhere. */
#include "adapters/memory/copy.h"

#include "base/str.h"

static void copy_str(struct mg_arena *arena, struct mg_str *text) { *text = mg_arena_str(arena, *text); }

/* Gives the vector elements of its own, still shallow. */
#define OWN(arena, vec, type)                                                                                                                        \
    do {                                                                                                                                             \
        const type *from = (vec)->at;                                                                                                                \
        type *own = (vec)->len ? MG_NEW_ARRAY(arena, type, (vec)->len) : NULL;                                                                       \
        for (size_t own_i = 0; own_i < (vec)->len; own_i++)                                                                                          \
            own[own_i] = from[own_i];                                                                                                                \
        (vec)->at = own;                                                                                                                             \
        (vec)->cap = (vec)->len;                                                                                                                     \
    } while (0)

static void copy_test(struct mg_arena *arena, struct mg_test *test)
{
    copy_str(arena, &test->name);
    copy_str(arena, &test->source);
    copy_str(arena, &test->reason);
    OWN(arena, &test->kills, struct mg_str);
    for (size_t i = 0; i < test->kills.len; i++)
        copy_str(arena, &test->kills.at[i]);
}

static void copy_result(struct mg_arena *arena, struct mg_mutant_result *result)
{
    copy_str(arena, &result->killer);
    copy_str(arena, &result->reason);
}

static void copy_judged(struct mg_arena *arena, struct mg_judged *judged)
{
    struct mg_mutant *mutant = &judged->mutant;
    copy_str(arena, &mutant->id);
    mutant->operator_name = mg_arena_cstr(arena, mg_str_from(mutant->operator_name));
    mutant->description = mg_arena_cstr(arena, mg_str_from(mutant->description));
    copy_str(arena, &mutant->original);
    copy_str(arena, &mutant->replacement);
    copy_result(arena, &judged->before);
    copy_result(arena, &judged->after);
    copy_str(arena, &judged->diff);
}

struct mg_outcome mg_memory_copy_outcome(struct mg_arena *arena, const struct mg_outcome *outcome)
{
    struct mg_outcome copy = *outcome;
    struct mg_str *const texts[] = { &copy.target_id, &copy.qualified_name, &copy.module, &copy.path, &copy.reason, &copy.generator, &copy.imports };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        copy_str(arena, texts[i]);
    OWN(arena, &copy.tests, struct mg_test);
    for (size_t i = 0; i < copy.tests.len; i++)
        copy_test(arena, &copy.tests.at[i]);
    OWN(arena, &copy.mutants, struct mg_judged);
    for (size_t i = 0; i < copy.mutants.len; i++)
        copy_judged(arena, &copy.mutants.at[i]);
    OWN(arena, &copy.suspected_bugs, struct mg_str);
    for (size_t i = 0; i < copy.suspected_bugs.len; i++)
        copy_str(arena, &copy.suspected_bugs.at[i]);
    OWN(arena, &copy.notes, struct mg_str);
    for (size_t i = 0; i < copy.notes.len; i++)
        copy_str(arena, &copy.notes.at[i]);
    return copy;
}

struct mg_llm_call mg_memory_copy_call(struct mg_arena *arena, const struct mg_llm_call *call)
{
    struct mg_llm_call copy = *call;
    struct mg_str *const texts[] = {
        &copy.target_id, &copy.purpose, &copy.provider, &copy.model, &copy.request_hash, &copy.request_id, &copy.failure
    };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        copy_str(arena, texts[i]);
    return copy;
}

struct mg_report mg_memory_copy_report(struct mg_arena *arena, const struct mg_report *report)
{
    struct mg_report copy = *report;
    struct mg_str *const texts[] = { &copy.run_id,  &copy.status,      &copy.stop_reason, &copy.repo,  &copy.python,   &copy.generator,
                                     &copy.version, &copy.reports_dir, &copy.next_step,   &copy.model, &copy.tests_dir };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        copy_str(arena, texts[i]);
    OWN(arena, &copy.notes, struct mg_note);
    for (size_t i = 0; i < copy.notes.len; i++) {
        copy_str(arena, &copy.notes.at[i].subject);
        copy_str(arena, &copy.notes.at[i].text);
    }
    copy.outcomes.at = NULL;
    copy.outcomes.len = copy.outcomes.cap = 0;
    return copy;
}
