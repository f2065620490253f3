/* The run that stores and reports are tested with. */
#include "unit/sample_report.h"

#include "base/str.h"

static struct mg_judged judged(struct mg_arena *arena, const char *id, enum mg_verdict before, enum mg_verdict after)
{
    struct mg_judged j = { .diff = MG_NO_STR };
    j.mutant = (struct mg_mutant){ .id = mg_arena_str(arena, mg_str_from(id)),
                                   .operator_name = "ROR",
                                   .description = "replace a relational operator",
                                   .start = 30,
                                   .end = 31,
                                   .replacement = MG_STR("<="),
                                   .original = MG_STR("<"),
                                   .line = 3,
                                   .end_line = 4,
                                   .column = 10,
                                   .end_column = 11,
                                   .span_line = 3,
                                   .span_end_line = 3,
                                   .level = 1 };
    j.before = (struct mg_mutant_result){ .verdict = before, .reason = MG_STR("r1"), .seconds = 0.25 };
    j.after = (struct mg_mutant_result){ .verdict = after,
                                         .kill_kind = after == MG_VERDICT_killed ? MG_KILL_ASSERTION : MG_KILL_NONE,
                                         .killer = after == MG_VERDICT_killed ? MG_STR("tests/test_m.py::test_a") : MG_NO_STR,
                                         .seconds = 0.5 };
    j.diff = MG_STR("--- a/pkg/m.py\n+++ b/pkg/m.py\n@@ -3,1 +3,1 @@\n-    if a < b:  # ``` fence\n+    if a <= b:  # ``` fence\n");
    return j;
}

struct mg_outcome sample_outcome(struct mg_arena *arena, unsigned number)
{
    struct mg_outcome o = { .line = 2,
                            .end_line = 9,
                            .coverage = 0.5,
                            .priority = 0.9 - number / 100.0,
                            .state = MG_TARGET_KEPT,
                            .attempts = 2,
                            .tests_not_run = 3,
                            .seconds = 1.5,
                            .module = MG_STR("pkg.m"),
                            .path = MG_STR("pkg/m.py"),
                            .generator = MG_STR("search"),
                            .reason = MG_STR("because | of `this`"),
                            .imports = MG_STR("import pkg.m\n") };
    o.target_id = mg_arena_printf(arena, "%016x", number);
    o.qualified_name = mg_arena_printf(arena, "pkg.m.f%u", number);
    *MG_PUSH(arena, &o.tests) =
        (struct mg_test){ .name = MG_STR("test_a"), .source = MG_STR("def test_a():\n    assert f() == 'caf\xc3\xa9'\n"), .kept = true };
    *MG_PUSH(arena, &o.tests.at[0].kills) = MG_STR("aaaaaaaaaaaa");
    *MG_PUSH(arena, &o.tests.at[0].kills) = MG_STR("bbbbbbbbbbbb");
    *MG_PUSH(arena, &o.tests.at[0].kills) = MG_STR("dddddddddddd"); /* no mutant of the outcome: above the level */
    *MG_PUSH(arena, &o.tests) =
        (struct mg_test){ .name = MG_STR("test_b"), .source = MG_STR("def test_b():\n    assert f()\n"), .reason = MG_STR("kills nothing new") };
    *MG_PUSH(arena, &o.tests.at[1].kills) = MG_STR("aaaaaaaaaaaa");
    *MG_PUSH(arena, &o.mutants) = judged(arena, "aaaaaaaaaaaa", MG_VERDICT_survived, MG_VERDICT_killed);
    *MG_PUSH(arena, &o.mutants) = judged(arena, "bbbbbbbbbbbb", MG_VERDICT_no_coverage, MG_VERDICT_killed);
    *MG_PUSH(arena, &o.mutants) = judged(arena, "cccccccccccc", MG_VERDICT_survived, MG_VERDICT_survived);
    *MG_PUSH(arena, &o.suspected_bugs) = MG_STR("f(1) gives 2, its doctest says 3");
    *MG_PUSH(arena, &o.notes) = MG_STR("equivalent: cccccccccccc, both bounds | are open");
    o.before.of[MG_VERDICT_survived] = 2;
    o.before.of[MG_VERDICT_no_coverage] = 1;
    o.after.of[MG_VERDICT_killed] = 2;
    o.after.of[MG_VERDICT_survived] = 1;
    o.improved.of[MG_VERDICT_killed] = 3;
    return o;
}

static void add_note(struct mg_arena *arena, struct mg_report *report, enum mg_note_kind kind, struct mg_str subject, struct mg_str text)
{
    *MG_PUSH(arena, &report->notes) = (struct mg_note){ kind, subject, text };
}

struct mg_report sample_report(struct mg_arena *arena)
{
    struct mg_report r = { .run_id = MG_STR("run-1"),
                           .status = MG_STR("partial"),
                           .stop_reason = MG_STR("max_targets_reached"),
                           .repo = MG_STR("/srv/repo"),
                           .python = MG_STR("/usr/bin/python3"),
                           .generator = MG_STR("search"),
                           .version = MG_STR("0.1.0"),
                           .started_at = 1763800000,
                           .finished_at = 1763800012,
                           .duration_seconds = 12.25,
                           .functions_found = 20,
                           .targets_selected = 5,
                           .targets_left = 2,
                           .kept = 1,
                           .discarded = 1,
                           .satisfied = 1,
                           .tests_generated = 3,
                           .tests_kept = 1,
                           .existing_tests = 40,
                           .existing_passed = 36,
                           .existing_xfailed = 1,
                           .existing_not_run = 3,
                           .level = 2,
                           .reports_dir = MG_STR(".mutagen/reports"),
                           .model = MG_STR("anthropic claude-sonnet-5"),
                           .next_step = MG_STR("mutagen apply --run-id run-1") };
    add_note(arena, &r, MG_NOTE_SET_ASIDE, MG_STR("tests/test_m.py::test_flaky[a|b]"), MG_STR("failed on unchanged code"));
    add_note(arena, &r, MG_NOTE_LEFT_OUT, MG_STR("tests/test_m.py::test_db"), MG_STR("fails: OSError: no"));
    add_note(arena, &r, MG_NOTE_LEFT_OUT, MG_STR("tests/test_m.py::test_db2"), MG_STR("fails: OSError: no"));
    add_note(arena, &r, MG_NOTE_CAUSE, MG_STR("tests/test_m.py::test_db"),
             MG_STR("2 tests fail: 127.0.0.1:5432 refused the connection: OSError: no"));
    add_note(arena, &r, MG_NOTE_WITHHELD, MG_STR("DB_URL TOKEN"), MG_STR("withheld: DB_URL, TOKEN"));
    add_note(arena, &r, MG_NOTE_SKIPPED, MG_STR("pkg/bad.py"), MG_STR("not UTF-8"));
    add_note(arena, &r, MG_NOTE_DEGRADED, MG_STR("sandbox"), MG_STR("no user namespaces"));
    add_note(arena, &r, MG_NOTE_INFO, MG_STR("pytest"), MG_STR("its options could not be used"));
    *MG_PUSH(arena, &r.outcomes) = sample_outcome(arena, 1);
    struct mg_outcome *o = MG_PUSH(arena, &r.outcomes);
    *o = sample_outcome(arena, 2);
    o->state = MG_TARGET_DISCARDED;
    o->after = o->before;
    o->tests.at[0].kept = false;
    o->tests.at[0].reason = MG_STR("the target stayed below the threshold");
    o->reason = MG_STR("score 0.67 is below 0.80");
    o = MG_PUSH(arena, &r.outcomes);
    *o = sample_outcome(arena, 3);
    o->state = MG_TARGET_SATISFIED;
    o->tests.len = 0;
    o->suspected_bugs.len = 0;
    o->before = o->after;
    o->reason = MG_NO_STR;
    for (size_t i = 0; i < r.outcomes.len; i++) {
        mg_tally_sum(&r.before, &r.outcomes.at[i].before);
        mg_tally_sum(&r.after, &r.outcomes.at[i].after);
    }
    return r;
}
