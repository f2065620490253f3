/* Writes and reads outcomes. The order of columns in each SQL text is the order of the put and get calls below it. */
#include "adapters/store_sqlite/outcome_rows.h"

#include "adapters/store_sqlite/call_rows.h"
#include "base/str.h"

static const char *const kill_names[] = { [MG_KILL_NONE] = "", [MG_KILL_ASSERTION] = "assertion", [MG_KILL_CRASH] = "crash" };

void mg_sqlite_put_tally(struct mg_query *insert, const struct mg_str *keys, size_t key_count, const char *phase, const struct mg_tally *tally)
{
    for (unsigned v = 0; v < MG_VERDICT_COUNT && insert->code == MG_OK; v++) {
        if (tally->of[v] == 0)
            continue;
        for (size_t i = 0; i < key_count; i++)
            mg_put_str(insert, keys[i]);
        mg_put_name(insert, phase);
        mg_put_name(insert, mg_verdict_name((enum mg_verdict)v));
        mg_put_int(insert, tally->of[v]);
        (void)mg_query_row(insert); /* an error is latched */
    }
}

static enum mg_verdict get_verdict(struct mg_query *query, struct mg_arena *arena)
{
    enum mg_verdict verdict = mg_verdict_from(mg_get_str(query, arena));
    if (verdict != MG_VERDICT_COUNT)
        return verdict;
    mg_get_refuse(query);
    return MG_VERDICT_pending;
}

void mg_sqlite_get_tallies(struct mg_query *query, struct mg_arena *arena, const struct mg_sqlite_phase *phases, size_t phase_count)
{
    while (mg_query_row(query)) {
        struct mg_str name = mg_get_str(query, arena);
        size_t phase = 0;
        while (phase < phase_count && !mg_str_is(name, phases[phase].name))
            phase++;
        if (phase == phase_count)
            mg_get_refuse(query);
        enum mg_verdict verdict = get_verdict(query, arena);
        uint32_t count = mg_get_u32(query);
        if (query->code == MG_OK)
            phases[phase].tally->of[verdict] = count;
    }
}

enum mg_code mg_sqlite_delete_outcome(struct mg_sql *sql, struct mg_str run_id, struct mg_str target_id, struct mg_err *err)
{
    struct mg_query query; /* what hangs on the target goes with it: ON DELETE CASCADE */
    mg_query_open(&query, sql, "DELETE FROM targets WHERE run_id = ? AND target_id = ?", err);
    mg_put_str(&query, run_id);
    mg_put_str(&query, target_id);
    (void)mg_query_row(&query);
    return mg_query_close(&query);
}

static enum mg_code write_target(struct mg_sql *sql, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql,
                  "INSERT INTO targets (run_id, target_id, fingerprint, state, qualified_name, module, path, line, end_line, coverage, priority,"
                  " reason, generator, imports, attempts, seconds, tests_not_run) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                  err);
    mg_put_str(&q, run_id);
    mg_put_str(&q, o->target_id);
    mg_put_str(&q, fingerprint);
    mg_put_name(&q, mg_target_state_name(o->state));
    mg_put_str(&q, o->qualified_name);
    mg_put_str(&q, o->module);
    mg_put_str(&q, o->path);
    mg_put_int(&q, o->line);
    mg_put_int(&q, o->end_line);
    mg_put_real(&q, o->coverage);
    mg_put_real(&q, o->priority);
    mg_put_str(&q, o->reason);
    mg_put_str(&q, o->generator);
    mg_put_str(&q, o->imports);
    mg_put_int(&q, o->attempts);
    mg_put_real(&q, o->seconds);
    mg_put_int(&q, o->tests_not_run);
    (void)mg_query_row(&q);
    MG_TRY(mg_query_close(&q));
    const struct mg_str keys[] = { run_id, o->target_id };
    mg_query_open(&q, sql, "INSERT INTO target_tallies (run_id, target_id, phase, verdict, count) VALUES (?,?,?,?,?)", err);
    mg_sqlite_put_tally(&q, keys, 2, "before", &o->before);
    mg_sqlite_put_tally(&q, keys, 2, "after", &o->after);
    mg_sqlite_put_tally(&q, keys, 2, "improved", &o->improved);
    return mg_query_close(&q);
}

static enum mg_code write_kills(struct mg_sql *sql, struct mg_str run_id, const struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "INSERT INTO test_kills (run_id, target_id, test, ordinal, mutant_id) VALUES (?,?,?,?,?)", err);
    for (size_t i = 0; i < o->tests.len; i++)
        for (size_t k = 0; k < o->tests.at[i].kills.len && q.code == MG_OK; k++) {
            mg_put_str(&q, run_id);
            mg_put_str(&q, o->target_id);
            mg_put_int(&q, (int64_t)i);
            mg_put_int(&q, (int64_t)k);
            mg_put_str(&q, o->tests.at[i].kills.at[k]);
            (void)mg_query_row(&q);
        }
    return mg_query_close(&q);
}

static enum mg_code write_tests(struct mg_sql *sql, struct mg_str run_id, const struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "INSERT INTO tests (run_id, target_id, ordinal, name, source, kept, reason) VALUES (?,?,?,?,?,?,?)", err);
    for (size_t i = 0; i < o->tests.len && q.code == MG_OK; i++) {
        const struct mg_test *test = &o->tests.at[i];
        mg_put_str(&q, run_id);
        mg_put_str(&q, o->target_id);
        mg_put_int(&q, (int64_t)i);
        mg_put_str(&q, test->name);
        mg_put_str(&q, test->source);
        mg_put_int(&q, test->kept ? 1 : 0);
        mg_put_str(&q, test->reason);
        (void)mg_query_row(&q);
    }
    MG_TRY(mg_query_close(&q));
    return write_kills(sql, run_id, o, err);
}

static void put_result(struct mg_query *q, const struct mg_mutant_result *result)
{
    MG_ASSERT((unsigned)result->kill_kind < MG_COUNT(kill_names));
    mg_put_name(q, mg_verdict_name(result->verdict));
    mg_put_name(q, kill_names[result->kill_kind]);
    mg_put_str(q, result->killer);
    mg_put_str(q, result->reason);
    mg_put_real(q, result->seconds);
}

static void put_mutant(struct mg_query *q, const struct mg_mutant *m)
{
    mg_put_name(q, m->operator_name);
    mg_put_name(q, m->description);
    mg_put_int(q, m->level);
    mg_put_int(q, m->start);
    mg_put_int(q, m->end);
    mg_put_str(q, m->original);
    mg_put_str(q, m->replacement);
    mg_put_int(q, m->line);
    mg_put_int(q, m->end_line);
    mg_put_int(q, m->column);
    mg_put_int(q, m->end_column);
    mg_put_int(q, m->span_line);
    mg_put_int(q, m->span_end_line);
}

#define MUTANT_COLUMNS                                                                                                                               \
    "operator, description, level, start_byte, end_byte, original, replacement, line, end_line, start_column, end_column, span_line,"                \
    " span_end_line, diff, before_verdict, before_kill, before_killer, before_reason, before_seconds, after_verdict, after_kill,"                    \
    " after_killer, after_reason, after_seconds"

static enum mg_code write_mutants(struct mg_sql *sql, struct mg_str run_id, const struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql,
                  "INSERT INTO mutants (run_id, target_id, mutant_id, ordinal, " MUTANT_COLUMNS ")"
                  " VALUES (?,?,?,?, ?,?,?,?,?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?)",
                  err);
    for (size_t i = 0; i < o->mutants.len && q.code == MG_OK; i++) {
        const struct mg_judged *judged = &o->mutants.at[i];
        mg_put_str(&q, run_id);
        mg_put_str(&q, o->target_id);
        mg_put_str(&q, judged->mutant.id);
        mg_put_int(&q, (int64_t)i);
        put_mutant(&q, &judged->mutant);
        mg_put_str(&q, judged->diff);
        put_result(&q, &judged->before);
        put_result(&q, &judged->after);
        (void)mg_query_row(&q);
    }
    return mg_query_close(&q);
}

/* Lines that belong to a target: run, target, number, text. */
static enum mg_code write_lines(struct mg_sql *sql, const char *insert, struct mg_str run_id, struct mg_str target_id, const struct mg_str *lines,
                                size_t count, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, insert, err);
    for (size_t i = 0; i < count && q.code == MG_OK; i++) {
        mg_put_str(&q, run_id);
        mg_put_str(&q, target_id);
        mg_put_int(&q, (int64_t)i);
        mg_put_str(&q, lines[i]);
        (void)mg_query_row(&q);
    }
    return mg_query_close(&q);
}

enum mg_code mg_sqlite_write_outcome(struct mg_sql *sql, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *outcome,
                                     struct mg_err *err)
{
    MG_TRY(mg_sqlite_delete_outcome(sql, run_id, outcome->target_id, err));
    MG_TRY(write_target(sql, run_id, fingerprint, outcome, err));
    MG_TRY(write_tests(sql, run_id, outcome, err));
    MG_TRY(write_mutants(sql, run_id, outcome, err));
    MG_TRY(write_lines(sql, "INSERT INTO suspected_bugs (run_id, target_id, ordinal, text) VALUES (?,?,?,?)", run_id, outcome->target_id,
                       outcome->suspected_bugs.at, outcome->suspected_bugs.len, err));
    return write_lines(sql, "INSERT INTO target_notes (run_id, target_id, ordinal, text) VALUES (?,?,?,?)", run_id, outcome->target_id,
                       outcome->notes.at, outcome->notes.len, err);
}

/* A query over the rows of one target. */
static void open_rows(struct mg_query *q, struct mg_sql *sql, const char *text, struct mg_str run_id, struct mg_str target_id, struct mg_err *err)
{
    mg_query_open(q, sql, text, err);
    mg_put_str(q, run_id);
    mg_put_str(q, target_id);
}

static enum mg_code read_tests(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    open_rows(&q, sql, "SELECT name, source, kept, reason FROM tests WHERE run_id = ? AND target_id = ? ORDER BY ordinal", run_id, o->target_id, err);
    while (mg_query_row(&q)) {
        struct mg_test *test = MG_PUSH(arena, &o->tests);
        *test = (struct mg_test){ .kept = false };
        test->name = mg_get_str(&q, arena);
        test->source = mg_get_str(&q, arena);
        test->kept = mg_get_bool(&q);
        test->reason = mg_get_str(&q, arena);
    }
    MG_TRY(mg_query_close(&q));
    if (o->tests.len == 0)
        return MG_OK;
    open_rows(&q, sql, "SELECT test, mutant_id FROM test_kills WHERE run_id = ? AND target_id = ? ORDER BY test, ordinal", run_id, o->target_id, err);
    while (mg_query_row(&q)) {
        struct mg_test *test = &o->tests.at[mg_get_int(&q, 0, (int64_t)o->tests.len - 1)];
        struct mg_str *kill = MG_PUSH(arena, &test->kills);
        *kill = mg_get_str(&q, arena);
    }
    return mg_query_close(&q);
}

static void get_result(struct mg_query *q, struct mg_arena *arena, struct mg_mutant_result *result)
{
    result->verdict = get_verdict(q, arena);
    struct mg_str kind = mg_get_str(q, arena);
    unsigned k = 0;
    while (k < MG_COUNT(kill_names) && !mg_str_is(kind, kill_names[k]))
        k++;
    if (k == MG_COUNT(kill_names)) {
        mg_get_refuse(q);
        k = MG_KILL_NONE;
    }
    result->kill_kind = (enum mg_kill_kind)k;
    result->killer = mg_get_str(q, arena);
    result->reason = mg_get_str(q, arena);
    result->seconds = mg_get_real(q);
}

static void get_mutant(struct mg_query *q, struct mg_arena *arena, struct mg_mutant *m)
{
    m->id = mg_get_str(q, arena);
    m->operator_name = mg_arena_cstr(arena, mg_get_str(q, arena));
    m->description = mg_arena_cstr(arena, mg_get_str(q, arena));
    m->level = (int)mg_get_int(q, 0, 100);
    m->start = mg_get_u32(q);
    m->end = (uint32_t)mg_get_int(q, m->start, UINT32_MAX);
    m->original = mg_get_str(q, arena);
    m->replacement = mg_get_str(q, arena);
    m->line = mg_get_u32(q);
    m->end_line = (uint32_t)mg_get_int(q, m->line, UINT32_MAX);
    m->column = mg_get_u32(q);
    m->end_column = mg_get_u32(q);
    m->span_line = mg_get_u32(q);
    m->span_end_line = (uint32_t)mg_get_int(q, m->span_line, UINT32_MAX);
}

static enum mg_code read_mutants(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    open_rows(&q, sql, "SELECT mutant_id, " MUTANT_COLUMNS " FROM mutants WHERE run_id = ? AND target_id = ? ORDER BY ordinal", run_id, o->target_id,
              err);
    while (mg_query_row(&q)) {
        struct mg_judged *judged = MG_PUSH(arena, &o->mutants);
        *judged = (struct mg_judged){ .diff = MG_NO_STR };
        get_mutant(&q, arena, &judged->mutant);
        judged->diff = mg_get_str(&q, arena);
        get_result(&q, arena, &judged->before);
        get_result(&q, arena, &judged->after);
    }
    return mg_query_close(&q);
}

static enum mg_code read_rest(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome *o, struct mg_err *err)
{
    struct mg_query q;
    const struct mg_sqlite_phase phases[] = { { "before", &o->before }, { "after", &o->after }, { "improved", &o->improved } };
    open_rows(&q, sql, "SELECT phase, verdict, count FROM target_tallies WHERE run_id = ? AND target_id = ?", run_id, o->target_id, err);
    mg_sqlite_get_tallies(&q, arena, phases, MG_COUNT(phases));
    MG_TRY(mg_query_close(&q));
    MG_TRY(read_tests(sql, run_id, arena, o, err));
    MG_TRY(read_mutants(sql, run_id, arena, o, err));
    open_rows(&q, sql, "SELECT text FROM suspected_bugs WHERE run_id = ? AND target_id = ? ORDER BY ordinal", run_id, o->target_id, err);
    while (mg_query_row(&q)) {
        struct mg_str *bug = MG_PUSH(arena, &o->suspected_bugs);
        *bug = mg_get_str(&q, arena);
    }
    MG_TRY(mg_query_close(&q));
    open_rows(&q, sql, "SELECT text FROM target_notes WHERE run_id = ? AND target_id = ? ORDER BY ordinal", run_id, o->target_id, err);
    while (mg_query_row(&q)) {
        struct mg_str *note = MG_PUSH(arena, &o->notes);
        *note = mg_get_str(&q, arena);
    }
    MG_TRY(mg_query_close(&q));
    return mg_sqlite_spent(sql, run_id, o->target_id, &o->spend, err);
}

static void get_target(struct mg_query *q, struct mg_arena *arena, struct mg_outcome *o)
{
    o->target_id = mg_get_str(q, arena);
    o->state = mg_target_state_from(mg_get_str(q, arena));
    if (o->state == MG_TARGET_STATE_COUNT) {
        mg_get_refuse(q);
        o->state = MG_TARGET_SELECTED;
    }
    o->qualified_name = mg_get_str(q, arena);
    o->module = mg_get_str(q, arena);
    o->path = mg_get_str(q, arena);
    o->line = mg_get_u32(q);
    o->end_line = mg_get_u32(q);
    o->coverage = mg_get_real(q);
    o->priority = mg_get_real(q);
    o->reason = mg_get_str(q, arena);
    o->generator = mg_get_str(q, arena);
    o->imports = mg_get_str(q, arena);
    o->attempts = mg_get_u32(q);
    o->seconds = mg_get_real(q);
    o->tests_not_run = mg_get_u32(q);
}

enum mg_code mg_sqlite_read_outcomes(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome **outcomes, size_t *count,
                                     struct mg_err *err)
{
    struct {
        MG_VEC(struct mg_outcome)
    } found = { NULL, 0, 0 };
    struct mg_query q;
    mg_query_open(&q, sql,
                  "SELECT target_id, state, qualified_name, module, path, line, end_line, coverage, priority, reason, generator, imports, attempts,"
                  " seconds, tests_not_run FROM targets WHERE run_id = ? ORDER BY priority DESC, qualified_name, target_id",
                  err);
    mg_put_str(&q, run_id);
    while (mg_query_row(&q)) {
        struct mg_outcome *outcome = MG_PUSH(arena, &found);
        *outcome = (struct mg_outcome){ .state = MG_TARGET_SELECTED };
        get_target(&q, arena, outcome);
    }
    MG_TRY(mg_query_close(&q));
    for (size_t i = 0; i < found.len; i++)
        MG_TRY(read_rest(sql, run_id, arena, &found.at[i], err));
    *outcomes = found.at;
    *count = found.len;
    return MG_OK;
}
