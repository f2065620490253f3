/* Builds the report as a JSON tree, sorts it, writes it. The predecessor's keys keep their names and meanings. */
#include "adapters/report_json/report_json.h"

#include "base/str.h"
#include "core/text.h"
#include "os/file.h"

#include <stdlib.h>
#include <time.h>
#include <yyjson.h>

#define MAGIC 0x524a534fu

struct reporter {
    unsigned magic;
    const char *directory;
};

/* Where values are made: the tree, and memory for texts that had to be cleaned. A failed allocation shows once, when writing. */
struct tree {
    yyjson_mut_doc *doc;
    struct mg_arena *arena;
};
typedef yyjson_mut_val value;

static void put(struct tree *t, value *object, const char *key, value *what) { (void)yyjson_mut_obj_add(object, yyjson_mut_str(t->doc, key), what); }

static value *text(struct tree *t, struct mg_str s)
{
    struct mg_str clean = mg_text_utf8(t->arena, s);
    return yyjson_mut_strn(t->doc, clean.at ? clean.at : "", clean.len);
}

static void put_str(struct tree *t, value *object, const char *key, struct mg_str s) { put(t, object, key, text(t, s)); }
static void put_int(struct tree *t, value *object, const char *key, int64_t number) { put(t, object, key, yyjson_mut_sint(t->doc, number)); }
static void put_real(struct tree *t, value *object, const char *key, double number) { put(t, object, key, yyjson_mut_real(t->doc, number)); }
static void put_bool(struct tree *t, value *object, const char *key, bool truth) { put(t, object, key, yyjson_mut_bool(t->doc, truth)); }

static void put_time(struct tree *t, value *object, const char *key, int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm parts;
    char iso[40];
    if (gmtime_r(&when, &parts) && strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0)
        put(t, object, key, yyjson_mut_strcpy(t->doc, iso));
    else
        put(t, object, key, yyjson_mut_null(t->doc));
}

static value *tally(struct tree *t, const struct mg_tally *counts)
{
    value *object = yyjson_mut_obj(t->doc);
    uint64_t total = 0;
    for (unsigned v = 0; v < MG_VERDICT_COUNT; v++) {
        total += counts->of[v];
        if (v != MG_VERDICT_pending)
            put_int(t, object, mg_verdict_name((enum mg_verdict)v), counts->of[v]);
    }
    put_int(t, object, "total", (int64_t)total);
    put_real(t, object, "score", mg_score(counts));
    return object;
}

/* Known money only; null when calls were made and the cost of none is known. */
static value *usd(struct tree *t, const struct mg_spend *spend)
{
    bool unknown = spend->unknown_cost_calls > 0 && spend->micro_usd == 0;
    return unknown ? yyjson_mut_null(t->doc) : yyjson_mut_real(t->doc, (double)spend->micro_usd / 1e6);
}

static value *cost(struct tree *t, const struct mg_spend *spend)
{
    value *object = yyjson_mut_obj(t->doc);
    put(t, object, "usd", usd(t, spend));
    put_int(t, object, "input_tokens", spend->input_tokens);
    put_int(t, object, "output_tokens", spend->output_tokens);
    put_int(t, object, "cache_read_tokens", spend->cache_read_tokens);
    put_int(t, object, "calls", spend->calls);
    put_int(t, object, "requests", spend->requests);
    put_int(t, object, "unknown_cost_calls", spend->unknown_cost_calls);
    put_int(t, object, "estimated_calls", spend->estimated_calls);
    return object;
}

static value *tests(struct tree *t, const struct mg_outcome *outcome)
{
    value *list = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < outcome->tests.len; i++) {
        const struct mg_test *test = &outcome->tests.at[i];
        value *entry = yyjson_mut_arr_add_obj(t->doc, list);
        put_str(t, entry, "name", test->name);
        put_bool(t, entry, "kept", test->kept);
        put_str(t, entry, "reason", test->reason);
        put_str(t, entry, "source", test->source);
        int64_t above = (int64_t)mg_kills_above(outcome, test);
        put_int(t, entry, "kills", (int64_t)test->kills.len - above);
        put_int(t, entry, "kills_above_level", above);
    }
    return list;
}

static value *survivors(struct tree *t, const struct mg_outcome *outcome)
{
    value *list = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < outcome->mutants.len; i++) {
        const struct mg_judged *judged = &outcome->mutants.at[i];
        if (!mg_verdict_is_alive(judged->after.verdict))
            continue;
        value *entry = yyjson_mut_arr_add_obj(t->doc, list);
        put_str(t, entry, "id", judged->mutant.id);
        put_str(t, entry, "operator", mg_str_from(judged->mutant.operator_name));
        put_str(t, entry, "description", mg_str_from(judged->mutant.description));
        put_int(t, entry, "line", judged->mutant.span_line);
        put_str(t, entry, "diff", judged->diff);
        put_str(t, entry, "verdict", mg_str_from(mg_verdict_name(judged->after.verdict)));
    }
    return list;
}

static value *strings(struct tree *t, const struct mg_str *at, size_t count)
{
    value *list = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < count; i++)
        (void)yyjson_mut_arr_append(list, text(t, at[i]));
    return list;
}

static value *target(struct tree *t, const struct mg_outcome *o)
{
    value *object = yyjson_mut_obj(t->doc);
    struct mg_str status = mg_str_from(mg_text_status(o->state));
    put_str(t, object, "target_id", o->target_id);
    put_str(t, object, "qualified_name", o->qualified_name);
    put_str(t, object, "module", o->module);
    put_str(t, object, "file", o->path);
    put_int(t, object, "line", o->line);
    put_int(t, object, "end_line", o->end_line);
    put_str(t, object, "status", status); /* the predecessor's key */
    put_str(t, object, "state", status);
    put_bool(t, object, "kept", o->state == MG_TARGET_KEPT);
    put_str(t, object, "reason", o->reason);
    put_str(t, object, "generator", o->generator);
    put_int(t, object, "tests_generated", (int64_t)o->tests.len);
    put_real(t, object, "mutation_score", mg_score(&o->after));
    put(t, object, "cost_usd", usd(t, &o->spend));
    put(t, object, "cost", cost(t, &o->spend));
    put_real(t, object, "coverage", o->coverage);
    put_real(t, object, "priority", o->priority);
    put_int(t, object, "attempts", o->attempts);
    put_int(t, object, "tests_not_run", o->tests_not_run);
    put_real(t, object, "seconds", o->seconds);
    put(t, object, "before", tally(t, &o->before));
    put(t, object, "after", tally(t, &o->after));
    put(t, object, "improved", tally(t, &o->improved));
    put(t, object, "tests", tests(t, o));
    put(t, object, "survivors", survivors(t, o));
    put(t, object, "suspected_bugs", strings(t, o->suspected_bugs.at, o->suspected_bugs.len));
    put(t, object, "model_notes", strings(t, o->notes.at, o->notes.len)); /* its claims */
    return object;
}

/* Notes of one kind, as objects {name_key, reason}. */
static value *notes_of(struct tree *t, const struct mg_report *report, enum mg_note_kind kind, const char *name_key)
{
    value *list = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < report->notes.len; i++) {
        bool wanted = report->notes.at[i].kind == kind || (kind == MG_NOTE_SET_ASIDE && report->notes.at[i].kind == MG_NOTE_LEFT_OUT);
        if (!wanted)
            continue;
        value *entry = yyjson_mut_arr_add_obj(t->doc, list);
        put_str(t, entry, name_key, report->notes.at[i].subject);
        put_str(t, entry, "reason", report->notes.at[i].text);
    }
    return list;
}

/* Why existing tests do not count, most tests first. */
static value *causes_of(struct tree *t, const struct mg_report *report)
{
    value *list = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < report->notes.len; i++) {
        const struct mg_note *note = &report->notes.at[i];
        if (note->kind != MG_NOTE_CAUSE)
            continue;
        int64_t count = 1;
        struct mg_str first = mg_str_sub(note->text, 0, mg_str_find(note->text, ' ', 0));
        value *entry = yyjson_mut_obj(t->doc);
        put_int(t, entry, "count", mg_str_to_i64(first, &count) ? count : 1);
        put_str(t, entry, "example", note->subject);
        put_str(t, entry, "reason", note->text);
        (void)yyjson_mut_arr_append(list, entry);
    }
    return list;
}

static value *withheld(struct tree *t, const struct mg_report *report)
{
    value *list = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < report->notes.len; i++) {
        struct mg_str rest = report->notes.at[i].subject, name;
        while (report->notes.at[i].kind == MG_NOTE_WITHHELD && mg_str_next_part(&rest, ' ', &name))
            (void)yyjson_mut_arr_append(list, text(t, name));
    }
    return list;
}

static value *plain_notes(struct tree *t, const struct mg_report *report)
{
    value *list = yyjson_mut_arr(t->doc);
    if (mg_str_is(report->status, "partial"))
        (void)yyjson_mut_arr_append(
            list, text(t, mg_arena_printf(t->arena, "the run is partial and can be continued with --run-id %.*s", MG_FMT(report->run_id))));
    for (size_t i = 0; i < report->notes.len; i++) {
        const struct mg_note *note = &report->notes.at[i];
        if (note->kind == MG_NOTE_INFO)
            (void)yyjson_mut_arr_append(
                list, text(t, note->subject.len ? mg_arena_printf(t->arena, "%.*s: %.*s", MG_FMT(note->subject), MG_FMT(note->text)) : note->text));
    }
    return list;
}

static value *targets(struct tree *t, const struct mg_report *r)
{
    value *object = yyjson_mut_obj(t->doc);
    int64_t covered = (int64_t)r->kept + r->satisfied, total = covered + r->discarded + r->unfinished;
    put_int(t, object, "total", total);
    put_int(t, object, "kept", r->kept);
    put_int(t, object, "discarded", r->discarded);
    put_int(t, object, "satisfied", r->satisfied);
    put_int(t, object, "unfinished", r->unfinished);
    put_int(t, object, "covered", covered);
    put_real(t, object, "coverage_ratio", total > 0 ? (double)covered / (double)total : 0.0);
    put_int(t, object, "selected", r->targets_selected);
    put_int(t, object, "left", r->targets_left);
    put_int(t, object, "functions_found", r->functions_found);
    return object;
}

static void put_run(struct tree *t, value *root, const struct mg_report *r)
{
    put_int(t, root, "schema_version", MG_REPORT_SCHEMA_VERSION);
    value *tool = yyjson_mut_obj(t->doc);
    put_str(t, tool, "name", MG_STR("mutagen"));
    put_str(t, tool, "version", r->version);
    put(t, root, "tool", tool);
    put_str(t, root, "run_id", r->run_id);
    put_str(t, root, "status", r->status);
    put(t, root, "stop_reason", r->stop_reason.len ? text(t, r->stop_reason) : yyjson_mut_null(t->doc));
    put_str(t, root, "repo", r->repo);
    put_str(t, root, "python", r->python);
    put_str(t, root, "generator", r->generator);
    put(t, root, "model", r->model.len ? text(t, r->model) : yyjson_mut_null(t->doc));
    put_time(t, root, "started_at", r->started_at);
    put_time(t, root, "finished_at", r->finished_at);
    put_real(t, root, "duration_seconds", r->duration_seconds);
    put_str(t, root, "next_step", r->next_step);
}

static void put_numbers(struct tree *t, value *root, const struct mg_report *r)
{
    value *score = yyjson_mut_obj(t->doc);
    put_real(t, score, "before", mg_score(&r->before));
    put_real(t, score, "after", mg_score(&r->after));
    put_real(t, score, "delta", mg_score(&r->after) - mg_score(&r->before));
    put(t, score, "level", r->level ? yyjson_mut_uint(t->doc, r->level) : yyjson_mut_null(t->doc));
    put(t, root, "mutation_score", score);
    value *mutants = yyjson_mut_obj(t->doc);
    put(t, mutants, "before", tally(t, &r->before));
    put(t, mutants, "after", tally(t, &r->after));
    put_int(t, mutants, "static_judged", mg_report_static_judged(r));
    put(t, root, "mutants", mutants);
    put(t, root, "targets", targets(t, r));
    put_int(t, root, "tests_generated", r->tests_generated);
    put_int(t, root, "tests_kept", r->tests_kept);
    value *existing = yyjson_mut_obj(t->doc);
    put_int(t, existing, "total", r->existing_tests);
    put_int(t, existing, "passed", r->existing_passed);
    put_int(t, existing, "skipped", r->existing_skipped);
    put_int(t, existing, "xfailed", r->existing_xfailed);
    put_int(t, existing, "not_run", r->existing_not_run);
    put(t, root, "existing_tests", existing);
    if (r->verified) {
        value *verified = yyjson_mut_obj(t->doc);
        put_int(t, verified, "replayed", r->verified);
        put_int(t, verified, "agree", r->verified_agree);
        if (r->verified_vary)
            put_int(t, verified, "vary", r->verified_vary);
        put(t, root, "verified", verified);
    }
    put(t, root, "cost", cost(t, &r->spend));
}

static int by_key(const void *a, const void *b)
{
    value *const *left = a, *const *right = b;
    return mg_str_cmp(mg_str_from(yyjson_mut_get_str(*left)), mg_str_from(yyjson_mut_get_str(*right)));
}

/* Puts the keys of every object in byte order. */
static void sort_keys(struct mg_arena *arena, value *any)
{
    size_t i, count;
    value *key, *item;
    if (yyjson_mut_is_arr(any)) {
        yyjson_mut_arr_foreach(any, i, count, item) sort_keys(arena, item);
        return;
    }
    if (!yyjson_mut_is_obj(any) || yyjson_mut_obj_size(any) == 0)
        return;
    value **keys = MG_NEW_ARRAY(arena, value *, yyjson_mut_obj_size(any));
    value **items = MG_NEW_ARRAY(arena, value *, yyjson_mut_obj_size(any));
    yyjson_mut_obj_foreach(any, i, count, key, item)
    {
        sort_keys(arena, item);
        keys[i] = key;
    }
    qsort(keys, count, sizeof *keys, by_key);
    for (i = 0; i < count; i++) /* a key's value is its neighbour in the list: looked up before the list is taken apart */
        items[i] = yyjson_mut_obj_get(any, yyjson_mut_get_str(keys[i]));
    (void)yyjson_mut_obj_clear(any);
    for (i = 0; i < count; i++)
        (void)yyjson_mut_obj_add(any, keys[i], items[i]);
}

static value *build(struct tree *t, const struct mg_report *report)
{
    value *root = yyjson_mut_obj(t->doc);
    put_run(t, root, report);
    put_numbers(t, root, report);
    value *stats = yyjson_mut_arr(t->doc);
    for (size_t i = 0; i < report->outcomes.len; i++)
        (void)yyjson_mut_arr_append(stats, target(t, &report->outcomes.at[i]));
    put(t, root, "target_stats", stats);
    put(t, root, "set_aside", notes_of(t, report, MG_NOTE_SET_ASIDE, "test"));
    put(t, root, "causes", causes_of(t, report));
    put(t, root, "withheld_variables", withheld(t, report));
    put(t, root, "skipped_files", notes_of(t, report, MG_NOTE_SKIPPED, "file"));
    put(t, root, "degradations", notes_of(t, report, MG_NOTE_DEGRADED, "subject"));
    put(t, root, "notes", plain_notes(t, report));
    sort_keys(t->arena, root);
    return root;
}

static enum mg_code write_file(const char *directory, struct mg_arena *arena, struct mg_str json, struct mg_err *err)
{
    MG_TRY(mg_file_mkdirs(directory, err));
    return mg_file_write(mg_path_join(arena, mg_str_from(directory), MG_STR("report.json")).at, json, err);
}

static enum mg_code write(void *self, const struct mg_report *report, struct mg_err *err)
{
    const struct reporter *reporter = self;
    MG_ASSERT(reporter && reporter->magic == MAGIC);
    struct tree tree = { yyjson_mut_doc_new(NULL), mg_arena_new() };
    yyjson_write_err problem = { 0, "out of memory" };
    size_t length = 0;
    char *json = NULL;
    if (tree.doc) {
        yyjson_mut_doc_set_root(tree.doc, build(&tree, report));
        json = yyjson_mut_write_opts(tree.doc, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_NEWLINE_AT_END, NULL, &length, &problem);
    }
    enum mg_code code = json ? write_file(reporter->directory, tree.arena, (struct mg_str){ json, length }, err)
                             : MG_FAIL(err, MG_E_IO, "report.json cannot be built: %s", problem.msg);
    free(json);
    yyjson_mut_doc_free(tree.doc);
    mg_arena_free(tree.arena);
    return code;
}

static const struct mg_reporter_ops ops = { .name = "json", .write = write };

struct mg_reporter mg_report_json_new(struct mg_arena *arena, const char *directory)
{
    struct reporter *self = MG_NEW(arena, struct reporter);
    *self = (struct reporter){ MAGIC, mg_arena_cstr(arena, mg_str_from(directory)) };
    return (struct mg_reporter){ &ops, self };
}
