/* mutation-testing-report-schema 2: files with their sources and mutants, and the tests that killed. */
#include "adapters/report_schema/report_schema.h"

#include "adapters/report_schema/locate.h"
#include "core/score.h"
#include "base/map.h"
#include "base/str.h"
#include "core/text.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

/* not_reached, invalid and static have no word of their own there; statusReason says which it was. */
static const char *const statuses[] = {
    [MG_VERDICT_pending] = "Pending",      [MG_VERDICT_killed] = "Killed",          [MG_VERDICT_survived] = "Survived",
    [MG_VERDICT_timeout] = "Timeout",      [MG_VERDICT_no_coverage] = "NoCoverage", [MG_VERDICT_not_reached] = "RuntimeError",
    [MG_VERDICT_invalid] = "RuntimeError", [MG_VERDICT_ignored] = "Ignored",        [MG_VERDICT_static] = "Ignored",
};

typedef yyjson_mut_val value;

struct build {
    yyjson_mut_doc *doc;
    struct mg_arena *arena;
    const struct mg_repo *repo;
    const struct mg_report *report;
    struct mg_err *err;
};

static void put(struct build *b, value *object, const char *key, value *what) { (void)yyjson_mut_obj_add(object, yyjson_mut_str(b->doc, key), what); }

static value *text(struct build *b, struct mg_str s)
{
    struct mg_str clean = mg_text_utf8(b->arena, s);
    return yyjson_mut_strn(b->doc, clean.at ? clean.at : "", clean.len);
}

static value *position(struct build *b, struct mg_position at)
{
    value *object = yyjson_mut_obj(b->doc);
    put(b, object, "line", yyjson_mut_uint(b->doc, at.line));
    put(b, object, "column", yyjson_mut_uint(b->doc, at.column));
    return object;
}

static enum mg_code check_span(struct build *b, const struct mg_outcome *o, const struct mg_mutant *m, struct mg_str source)
{
    bool fits = m->start <= m->end && m->end <= source.len && mg_str_eq(mg_str_sub(source, m->start, m->end), m->original);
    if (fits)
        return MG_OK;
    return MG_FAIL(b->err, MG_E_STATE, "%.*s: mutant %.*s does not fit the source; the file has changed", MG_FMT(o->path), MG_FMT(m->id));
}

/* A survivor's witness stands there, too: an input on which it and the original differ. */
static void put_reason(struct build *b, value *object, const struct mg_judged *judged)
{
    const struct mg_mutant_result *result = &judged->before;
    struct mg_str witness = judged->witness;
    if (witness.len == 0 && judged->compared)
        witness = mg_arena_printf(b->arena, "no input found that tells them apart (%u calls compared)", judged->compared);
    struct mg_str reason = result->reason;
    if (result->verdict == MG_VERDICT_not_reached && reason.len == 0)
        reason = MG_STR("not reached: no test executed the changed code");
    else if (result->verdict == MG_VERDICT_invalid)
        reason = mg_arena_printf(b->arena, "invalid: %.*s", MG_FMT(result->reason));
    if (witness.len > 0)
        reason = reason.len ? mg_arena_printf(b->arena, "%.*s; %.*s", MG_FMT(reason), MG_FMT(witness)) : witness;
    if (reason.len > 0)
        put(b, object, "statusReason", text(b, reason));
}

static void put_tests(struct build *b, value *object, const char *key, const uint32_t *at, size_t len)
{
    value *list = yyjson_mut_arr(b->doc);
    for (size_t i = 0; i < len && at[i] < b->report->scored.tests.len; i++)
        (void)yyjson_mut_arr_append(list, text(b, b->report->scored.tests.at[at[i]]));
    if (len > 0)
        put(b, object, key, list);
}

static value *mutant(struct build *b, const struct mg_lines *lines, const struct mg_judged *judged)
{
    const struct mg_mutant *m = &judged->mutant;
    const struct mg_mutant_result *result = &judged->before;
    value *object = yyjson_mut_obj(b->doc), *location = yyjson_mut_obj(b->doc);
    put(b, object, "id", text(b, m->id));
    put(b, object, "mutatorName", text(b, mg_str_from(m->operator_name)));
    put(b, object, "description", text(b, mg_str_from(m->description)));
    put(b, object, "replacement", text(b, m->replacement));
    put(b, location, "start", position(b, mg_locate(lines, m->start)));
    put(b, location, "end", position(b, mg_locate(lines, m->end)));
    put(b, object, "location", location);
    put(b, object, "status", yyjson_mut_str(b->doc, statuses[result->verdict]));
    put_reason(b, object, judged);
    if (result->verdict == MG_VERDICT_static || mg_is_static_judged(result))
        put(b, object, "static", yyjson_mut_true(b->doc));
    put_tests(b, object, "coveredBy", judged->covering.at, judged->covering.len);
    if (judged->killers.len > 0) {
        put_tests(b, object, "killedBy", judged->killers.at, judged->killers.len);
    } else if (result->killer.len > 0) {
        value *killers = yyjson_mut_arr(b->doc);
        (void)yyjson_mut_arr_append(killers, text(b, result->killer));
        put(b, object, "killedBy", killers);
    }
    if (result->seconds > 0.0)
        put(b, object, "duration", yyjson_mut_real(b->doc, result->seconds * 1000.0));
    return object;
}

static const struct mg_source_file *find_source(const struct mg_repo *repo, struct mg_str path)
{
    for (size_t i = 0; i < repo->sources.len; i++)
        if (mg_str_eq(repo->sources.at[i].path, path))
            return &repo->sources.at[i];
    return NULL;
}

/* The file of the outcome at `first`, with the mutants of all outcomes in it. */
static enum mg_code add_file(struct build *b, value *files, size_t first)
{
    const struct mg_outcome *outcomes = b->report->outcomes.at;
    struct mg_str path = outcomes[first].path;
    const struct mg_source_file *source = find_source(b->repo, path);
    if (!source)
        return MG_FAIL(b->err, MG_E_STATE, "%.*s: its source is not there any more", MG_FMT(path));
    struct mg_lines lines = mg_lines_of(b->arena, source->text);
    value *mutants = yyjson_mut_arr(b->doc);
    for (size_t i = first; i < b->report->outcomes.len; i++) {
        if (!mg_str_eq(outcomes[i].path, path))
            continue;
        for (size_t k = 0; k < outcomes[i].mutants.len; k++) {
            MG_TRY(check_span(b, &outcomes[i], &outcomes[i].mutants.at[k].mutant, source->text));
            (void)yyjson_mut_arr_append(mutants, mutant(b, &lines, &outcomes[i].mutants.at[k]));
        }
    }
    value *file = yyjson_mut_obj(b->doc);
    put(b, file, "language", yyjson_mut_str(b->doc, "python"));
    put(b, file, "source", text(b, source->text));
    put(b, file, "mutants", mutants);
    (void)yyjson_mut_obj_add(files, text(b, path), file);
    return MG_OK;
}

static enum mg_code add_files(struct build *b, value *files)
{
    struct mg_map seen;
    mg_map_init(&seen, b->arena);
    for (size_t i = 0; i < b->report->outcomes.len; i++) {
        void **slot = mg_map_slot(&seen, b->report->outcomes.at[i].path);
        if (*slot)
            continue;
        *slot = b;
        MG_TRY(add_file(b, files, i));
    }
    return MG_OK;
}

/* A test, below its file: killedBy and coveredBy refer to these ids. */
static void add_test(struct build *b, struct mg_map *test_files, value *root, struct mg_str id)
{
    const char *separator = memmem(id.at, id.len, "::", 2);
    size_t length = separator ? (size_t)(separator - id.at) : id.len;
    void **slot = mg_map_slot(test_files, mg_str_sub(id, 0, length));
    if (!*slot) {
        value *file = yyjson_mut_obj(b->doc);
        *slot = yyjson_mut_arr(b->doc);
        put(b, file, "tests", *slot);
        (void)yyjson_mut_obj_add(root, text(b, mg_str_sub(id, 0, length)), file);
    }
    value *test = yyjson_mut_arr_add_obj(b->doc, *slot);
    put(b, test, "id", text(b, id));
    put(b, test, "name", text(b, separator ? mg_str_sub(id, length + 2, id.len) : id));
}

static value *tests(struct build *b)
{
    struct mg_map seen, test_files;
    mg_map_init(&seen, b->arena);
    mg_map_init(&test_files, b->arena);
    value *root = yyjson_mut_obj(b->doc);
    for (size_t i = 0; i < b->report->scored.tests.len; i++) {
        void **slot = mg_map_slot(&seen, b->report->scored.tests.at[i]);
        if (!*slot)
            add_test(b, &test_files, root, b->report->scored.tests.at[i]);
        *slot = b;
    }
    for (size_t i = 0; i < b->report->outcomes.len; i++)
        for (size_t k = 0; k < b->report->outcomes.at[i].mutants.len; k++) {
            struct mg_str killer = b->report->outcomes.at[i].mutants.at[k].before.killer;
            if (killer.len == 0)
                continue;
            void **slot = mg_map_slot(&seen, killer);
            if (!*slot)
                add_test(b, &test_files, root, killer);
            *slot = b;
        }
    return root;
}

/* How it was measured: `config` is free for it. */
static value *config(struct build *b)
{
    const struct mg_scored *scored = &b->report->scored;
    value *object = yyjson_mut_obj(b->doc);
    put(b, object, "level", yyjson_mut_uint(b->doc, b->report->level));
    put(b, object, "matrix", yyjson_mut_bool(b->doc, scored->matrix));
    if (scored->diff.len)
        put(b, object, "diff", text(b, scored->diff));
    return object;
}

/* What the form has no place for. Readers of it leave out what they do not know. */
static value *facts(struct build *b)
{
    const struct mg_report *r = b->report;
    value *object = yyjson_mut_obj(b->doc), *verdicts = yyjson_mut_obj(b->doc), *statics = yyjson_mut_obj(b->doc);
    for (unsigned v = 0; v < MG_VERDICT_COUNT; v++)
        put(b, verdicts, mg_verdict_name((enum mg_verdict)v), yyjson_mut_uint(b->doc, r->before.of[v]));
    put(b, object, "status", text(b, r->status));
    if (mg_tally_scorable(&r->before) && r->before.of[MG_VERDICT_pending] == 0)
        put(b, object, "score", yyjson_mut_real(b->doc, mg_score(&r->before)));
    put(b, object, "verdicts", verdicts);
    put(b, object, "mutantsFound", yyjson_mut_uint(b->doc, r->scored.found));
    put(b, object, "mutantsChosen", yyjson_mut_uint(b->doc, r->scored.chosen));
    put(b, statics, "judged", yyjson_mut_uint(b->doc, mg_report_static_judged(r)));
    put(b, statics, "leftOut", yyjson_mut_uint(b->doc, r->before.of[MG_VERDICT_static]));
    put(b, object, "static", statics);
    if (r->verified) {
        value *verified = yyjson_mut_obj(b->doc);
        put(b, verified, "replayed", yyjson_mut_uint(b->doc, r->verified));
        put(b, verified, "agree", yyjson_mut_uint(b->doc, r->verified_agree));
        if (r->verified_vary)
            put(b, verified, "vary", yyjson_mut_uint(b->doc, r->verified_vary));
        put(b, object, "verified", verified);
    }
    return object;
}

static enum mg_code build(struct build *b)
{
    value *root = yyjson_mut_obj(b->doc), *thresholds = yyjson_mut_obj(b->doc), *framework = yyjson_mut_obj(b->doc), *files = yyjson_mut_obj(b->doc);
    yyjson_mut_doc_set_root(b->doc, root);
    put(b, root, "schemaVersion", yyjson_mut_str(b->doc, "2"));
    put(b, thresholds, "high", yyjson_mut_uint(b->doc, 80));
    put(b, thresholds, "low", yyjson_mut_uint(b->doc, 60));
    put(b, root, "thresholds", thresholds);
    put(b, framework, "name", yyjson_mut_str(b->doc, "Mutagen"));
    put(b, framework, "version", text(b, b->report->version));
    put(b, root, "framework", framework);
    put(b, root, "config", config(b));
    put(b, root, "mutagen", facts(b));
    put(b, root, "files", files);
    put(b, root, "testFiles", tests(b));
    return add_files(b, files);
}

static enum mg_code write_json(const char *path, const char *json, size_t length, struct mg_err *err)
{
    if (strcmp(path, "-") != 0)
        return mg_file_write(path, (struct mg_str){ json, length }, err);
    if (fwrite(json, 1, length, stdout) != length || fflush(stdout) != 0)
        return MG_FAIL(err, MG_E_IO, "the report cannot be printed: %s", strerror(errno));
    return MG_OK;
}

enum mg_code mg_report_schema_write(const char *path, const struct mg_repo *repo, const struct mg_report *report, struct mg_err *err)
{
    struct build b = { yyjson_mut_doc_new(NULL), mg_arena_new(), repo, report, err };
    yyjson_write_err problem = { 0, "out of memory" };
    size_t length = 0;
    char *json = NULL;
    enum mg_code code = b.doc ? build(&b) : MG_OK;
    if (code == MG_OK) {
        if (b.doc)
            json = yyjson_mut_write_opts(b.doc, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_NEWLINE_AT_END, NULL, &length, &problem);
        code = json ? write_json(path, json, length, err) : MG_FAIL(err, MG_E_IO, "the mutation report cannot be built: %s", problem.msg);
    }
    free(json);
    yyjson_mut_doc_free(b.doc);
    mg_arena_free(b.arena);
    return code;
}
