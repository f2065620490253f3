/* The last look at all kept tests together, in the very files that `apply` would write. */
#include "base/str.h"
#include "python/testmodule.h"
#include "services/context.h"

/* The suites of kept tests of one module, in report order. */
static size_t kept_of_module(const struct mg_report *report, struct mg_str module, struct mg_suite *suites, struct mg_arena *arena)
{
    size_t count = 0;
    for (size_t i = 0; i < report->outcomes.len; i++) {
        const struct mg_outcome *outcome = &report->outcomes.at[i];
        if (outcome->state != MG_TARGET_KEPT || !mg_str_eq(outcome->module, module))
            continue;
        struct mg_suite *suite = &suites[count++];
        *suite = (struct mg_suite){ .imports = outcome->imports };
        for (size_t t = 0; t < outcome->tests.len; t++)
            if (outcome->tests.at[t].kept)
                *MG_PUSH(arena, &suite->tests) = (struct mg_suite_test){ .name = outcome->tests.at[t].name, .source = outcome->tests.at[t].source };
    }
    return count;
}

static bool seen_before(const struct mg_report *report, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (report->outcomes.at[i].state == MG_TARGET_KEPT && mg_str_eq(report->outcomes.at[i].module, report->outcomes.at[index].module))
            return true;
    return false;
}

enum mg_code mg_check_merged(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_report *report = run->report;
    struct mg_str folder = run->collected.tests_dir;
    struct mg_confirm what = { .hash_seed = MG_STR("7"), .seconds = 60.0 };
    struct mg_suite *suites = MG_NEW_ARRAY(run->arena, struct mg_suite, report->outcomes.len);
    for (size_t i = 0; i < report->outcomes.len; i++) {
        struct mg_str module = report->outcomes.at[i].module;
        if (report->outcomes.at[i].state != MG_TARGET_KEPT || seen_before(report, i))
            continue;
        size_t count = kept_of_module(report, module, suites, run->arena);
        struct mg_str name = mg_testmodule_name(run->arena, module);
        struct mg_str path = mg_arena_printf(run->arena, "%.*s%s%.*s", MG_FMT(folder), folder.len ? "/" : "", MG_FMT(name));
        *MG_PUSH(run->arena, &what.sources) = (struct mg_confirm_source){ path, mg_testmodule_compose(run->arena, module, suites, count) };
        *MG_PUSH(run->arena, &what.files) = path;
        what.seconds += (double)count;
    }
    if (what.sources.len == 0)
        return MG_OK;
    struct mg_confirmed confirmed = { 0 };
    MG_TRY(run->services->agent.ops->confirm(run->services->agent.self, &what, run->arena, &confirmed, err));
    for (size_t i = 0; i < confirmed.errors.len; i++)
        mg_note(run, MG_NOTE_DEGRADED, confirmed.errors.at[i].where,
                mg_arena_printf(run->arena, "the merged test module does not import: %.*s", MG_FMT(confirmed.errors.at[i].text)));
    for (size_t i = 0; i < confirmed.tests.len; i++)
        if (confirmed.tests.at[i].outcome != MG_TEST_PASSED && confirmed.tests.at[i].outcome != MG_TEST_SKIPPED) /* as in confirm.c */
            mg_note(run, MG_NOTE_DEGRADED, confirmed.tests.at[i].id,
                    mg_arena_printf(run->arena, "passes alone but not in the merged module: %.*s", MG_FMT(confirmed.tests.at[i].text)));
    return MG_OK;
}
