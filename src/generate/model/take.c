/* Reading, checking and splitting a reply. */
#include "generate/model/take.h"
#include "base/str.h"
#include "generate/model/reply.h"
#include "python/testcheck.h"
#include "python/testmodule.h"

#define MOST_TESTS 50u /* of one reply */

static void reject(struct mg_suite *suite, struct mg_arena *arena, struct mg_str name, struct mg_str reason)
{
    *MG_PUSH(arena, &suite->rejected) = (struct mg_rejected){ name, reason };
}

/* `M7 because …` */
static void take_claim(struct mg_mutant_notes *mutants, struct mg_str text, struct mg_arena *arena, struct mg_suite *suite)
{
    struct mg_str label = mg_str_sub(text, 0, mg_str_find(text, ' ', 0));
    while (label.len && (label.at[label.len - 1] == ':' || label.at[label.len - 1] == ','))
        label.len--;
    struct mg_mutant_note *note = mg_mutant_by_label(mutants, label);
    if (!note)
        return;
    note->claimed = true;
    *MG_PUSH(arena, &suite->notes) = mg_arena_printf(arena, "claims that the mutant %.*s on line %u is equivalent:%.*s", MG_FMT(note->id), note->line,
                                                     MG_FMT(mg_str_sub(text, label.len, text.len)));
}

static void take_notes(const struct mg_reply *reply, struct mg_mutant_notes *mutants, struct mg_arena *arena, struct mg_suite *suite)
{
    for (size_t i = 0; i < reply->notes.len; i++) {
        const struct mg_reply_note *note = &reply->notes.at[i];
        if (note->kind == MG_REPLY_EQUIVALENT)
            take_claim(mutants, note->text, arena, suite);
        else if (note->kind == MG_REPLY_NOTES)
            *MG_PUSH(arena, &suite->notes) = note->text;
    }
}

static bool is_rejected(const struct mg_suite *suite, struct mg_str name)
{
    for (size_t i = 0; i < suite->rejected.len; i++)
        if (mg_str_eq(suite->rejected.at[i].name, name))
            return true;
    return false;
}

/* Tests that break a rule are left out and named with the rule's reason. */
static enum mg_code check(const struct mg_generate_request *request, struct mg_str module, struct mg_arena *arena, struct mg_suite *suite,
                          struct mg_err *err)
{
    struct mg_str problem = MG_NO_STR;
    MG_TRY(request->agent.ops->session_check(request->session, module, arena, &problem, err));
    if (problem.len) {
        reject(suite, arena, MG_NO_STR, mg_arena_printf(arena, "the module does not compile: %.*s", MG_FMT(problem)));
        return MG_OK;
    }
    struct mg_suite split;
    struct mg_err cause;
    if (mg_testmodule_split(arena, module, &split, &cause) != MG_OK) {
        reject(suite, arena, MG_NO_STR, mg_arena_printf(arena, "the module cannot be read: %s", cause.text));
        return MG_OK;
    }
    mg_testcheck(arena, module, request->target, suite);
    suite->imports = split.imports;
    for (size_t i = 0; i < split.tests.len; i++) {
        if (is_rejected(suite, split.tests.at[i].name))
            continue;
        if (suite->tests.len == MOST_TESTS)
            reject(suite, arena, split.tests.at[i].name, MG_STR("too many tests in one reply"));
        else
            *MG_PUSH(arena, &suite->tests) = split.tests.at[i];
    }
    return MG_OK;
}

enum mg_code mg_take_reply(const struct mg_generate_request *request, const struct mg_llm_reply *reply, struct mg_mutant_notes *mutants,
                           struct mg_arena *arena, struct mg_str *module, struct mg_str *remark, struct mg_suite *suite, struct mg_err *err)
{
    struct mg_reply read = { 0 };
    *module = *remark = MG_NO_STR;
    if (reply->stop == MG_LLM_REFUSED) {
        reject(suite, arena, MG_NO_STR,
               MG_STR("there is no module in the reply: it declines the task. Writing tests for this code is all that is asked"));
        suite->reason = MG_STR("the model declined");
        return MG_OK;
    }
    mg_reply_read(reply->text, reply->stop, arena, &read);
    take_notes(&read, mutants, arena, suite);
    *module = read.module;
    if (read.cut && read.module.len) {
        *remark = read.problem;
        *MG_PUSH(arena, &suite->notes) = mg_arena_printf(arena, "%.*s (llm.max_output_tokens)", MG_FMT(read.problem));
    }
    if (read.module.len == 0 && suite->notes.len) {
        suite->reason = MG_STR("the model wrote no test, and says why"); /* claims of equivalence are an answer */
        return MG_OK;
    }
    if (read.module.len == 0) {
        reject(suite, arena, MG_NO_STR, read.problem);
        suite->reason = mg_arena_printf(arena, "the model's reply holds no tests: %.*s", MG_FMT(read.problem));
        return MG_OK;
    }
    MG_TRY(check(request, read.module, arena, suite, err));
    if (suite->tests.len == 0)
        suite->reason = mg_arena_printf(arena, "no test of the model could be run: %.*s",
                                        MG_FMT(suite->rejected.len ? suite->rejected.at[0].reason : MG_STR("it wrote none")));
    return MG_OK;
}
