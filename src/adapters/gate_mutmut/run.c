/* One run of the driver: a request file, the repo's interpreter in the sandbox, an answer file. */
#include "adapters/gate_mutmut/internal.h"
#include "base/buf.h"
#include "base/embedded.h"
#include "base/str.h"
#include "os/file.h"
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define LARGEST_ANSWER ((size_t)256 << 20)
#define MOST_MUTANTS 1000000u

extern const struct mg_embedded mg_mutmut_files[]; /* the driver, alone */

static yyjson_mut_val *text(yyjson_mut_doc *doc, struct mg_str value) { return yyjson_mut_strncpy(doc, value.at ? value.at : "", value.len); }

static void put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
    (void)yyjson_mut_obj_add(object, yyjson_mut_str(doc, key), value);
}

/* An import root relative to the repo; "" = the repo itself. */
static struct mg_str relative(const struct mg_agent_start *start, struct mg_str root)
{
    bool below = root.len > start->repo.len && mg_str_eq(mg_str_sub(root, 0, start->repo.len), start->repo) && root.at[start->repo.len] == '/';
    return below ? mg_str_sub(root, start->repo.len + 1, root.len) : MG_NO_STR;
}

static yyjson_mut_doc *request_doc(const struct mg_mutmut *self, const struct mg_gate_request *request, const struct mg_mutmut_question *question,
                                   struct mg_str work)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *tests = yyjson_mut_arr(doc), *roots = yyjson_mut_arr(doc), *add = yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, root);
    put(doc, root, "repo", text(doc, request->start->repo));
    put(doc, root, "work", text(doc, work));
    put(doc, root, "site", text(doc, self->site));
    put(doc, root, "path", text(doc, request->target->path));
    put(doc, root, "qualname", text(doc, request->target->function.qualname));
    put(doc, root, "jobs", yyjson_mut_sint(doc, request->config->jobs > 0 ? request->config->jobs : 1));
    put(doc, root, "seconds", yyjson_mut_real(doc, question->seconds));
    for (size_t i = 0; i < question->test_count; i++)
        (void)yyjson_mut_arr_append(tests, text(doc, question->tests[i]));
    for (size_t i = 0; i < request->start->import_roots.len; i++)
        (void)yyjson_mut_arr_append(roots, text(doc, relative(request->start, request->start->import_roots.at[i])));
    if (question->path.len) {
        yyjson_mut_val *pair = yyjson_mut_arr(doc);
        (void)yyjson_mut_arr_append(pair, text(doc, question->path));
        (void)yyjson_mut_arr_append(pair, text(doc, question->module));
        (void)yyjson_mut_arr_append(add, pair);
    }
    put(doc, root, "tests", tests);
    put(doc, root, "roots", roots);
    put(doc, root, "add", add);
    return doc;
}

static enum mg_code write_request(const struct mg_mutmut *self, const struct mg_gate_request *request, const struct mg_mutmut_question *question,
                                  struct mg_str work, const char *path, struct mg_err *err)
{
    size_t len = 0;
    yyjson_mut_doc *doc = request_doc(self, request, question, work);
    char *json = yyjson_mut_write(doc, 0, &len);
    yyjson_mut_doc_free(doc);
    if (!json)
        return MG_FAIL(err, MG_E_STATE, "the request for mutmut cannot be written as JSON");
    enum mg_code code = mg_file_write(path, (struct mg_str){ json, len }, err);
    free(json);
    return code;
}

/* The driver is ours, but what it read was made by code under test: every number is checked against the file. */
static enum mg_code read_answer(const struct mg_gate_request *request, const char *path, struct mg_arena *arena, struct mg_mutmut_answer *answer,
                                struct mg_err *err)
{
    struct mg_str json;
    MG_TRY(mg_file_read(arena, path, LARGEST_ANSWER, &json, err));
    yyjson_doc *doc = yyjson_read(json.at, json.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *problem = yyjson_obj_get(root, "problem"), *item;
    yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(root, "mutants"));
    enum mg_code code = yyjson_is_str(problem) ? MG_OK : MG_FAIL(err, MG_E_PARSE, "the answer of the mutmut driver is no such JSON");
    if (code == MG_OK)
        answer->problem = mg_arena_str(arena, (struct mg_str){ yyjson_get_str(problem), yyjson_get_len(problem) });
    while (code == MG_OK && (item = yyjson_arr_iter_next(&iter))) {
        uint64_t start = yyjson_get_uint(yyjson_obj_get(item, "start")), end = yyjson_get_uint(yyjson_obj_get(item, "end"));
        yyjson_val *replacement = yyjson_obj_get(item, "replacement"), *exit = yyjson_obj_get(item, "exit");
        const struct mg_function *function = &request->target->function;
        if (!yyjson_is_str(replacement) || start < function->start || end < start || end > function->end || answer->mutants.len >= MOST_MUTANTS) {
            code = MG_FAIL(err, MG_E_PARSE, "the mutmut driver tells a mutant outside of %.*s", MG_FMT(function->qualname));
            break;
        }
        *MG_PUSH(arena, &answer->mutants) = (struct mg_mutmut_mutant){
            .start = (uint32_t)start,
            .end = (uint32_t)end,
            .replacement = mg_arena_str(arena, (struct mg_str){ yyjson_get_str(replacement), yyjson_get_len(replacement) }),
            .has_exit = yyjson_is_int(exit),
            .exit = (int)yyjson_get_sint(exit),
        };
    }
    yyjson_doc_free(doc);
    return code;
}

static enum mg_code run_driver(struct mg_mutmut *self, const struct mg_gate_request *request, double seconds, const char *const *argv,
                               const char *log, struct mg_err *err)
{
    static const char *const environment[] = { "MUTAGEN=1", "PYTHONHASHSEED=0", NULL };
    const struct mg_agent_start *how = request->start;
    struct mg_child child = { 0 };
    struct mg_child_spec spec = { .argv = argv,
                                  .extra_env = environment,
                                  .pass_env = how->pass_env,
                                  .pass_env_count = how->pass_env_count,
                                  .directory = how->scratch.at,
                                  .log_path = log,
                                  .scratch = how->scratch.at,
                                  .pass_fd = -1,
                                  .memory_limit_mb = how->memory_limit_mb };
    bool exited = false;
    int status = 0;
    MG_TRY(self->sandbox.ops->spawn(self->sandbox.self, &spec, &child, err));
    enum mg_code code = self->sandbox.ops->wait(self->sandbox.self, &child, seconds + 60.0, request->cancel, &exited, &status, err);
    self->sandbox.ops->kill(self->sandbox.self, &child);
    if (code == MG_OK && !exited)
        code = MG_FAIL(err, MG_E_TIMEOUT, "mutmut has not ended within %.0f s", seconds + 60.0);
    return code;
}

enum mg_code mg_mutmut_run(struct mg_mutmut *self, const struct mg_gate_request *request, const struct mg_mutmut_question *question,
                           struct mg_arena *arena, struct mg_mutmut_answer *answer, struct mg_err *err)
{
    memset(answer, 0, sizeof *answer);
    MG_TRY(mg_mutmut_install(self, request, err));
    struct mg_str folder = mg_path_join(arena, request->start->scratch, MG_STR("mutmut")), work = mg_path_join(arena, folder, MG_STR("work"));
    struct mg_str driver = mg_path_join(arena, folder, MG_STR("mutmut_driver.py")), log = mg_path_join(arena, folder, MG_STR("log"));
    struct mg_str asked = mg_path_join(arena, folder, MG_STR("request.json")), answered = mg_path_join(arena, folder, MG_STR("answer.json"));
    MG_TRY(mg_file_remove_tree(folder.at, err));
    MG_TRY(mg_file_mkdirs(work.at, err));
    MG_TRY(mg_file_write(
        driver.at, (struct mg_str){ (const char *)mg_mutmut_files[0].begin, (size_t)(mg_mutmut_files[0].end - mg_mutmut_files[0].begin) }, err));
    MG_TRY(write_request(self, request, question, work, asked.at, err));
    const char *const argv[] = { mg_arena_cstr(arena, request->start->python), driver.at, asked.at, answered.at, NULL };
    MG_TRY(run_driver(self, request, question->seconds, argv, log.at, err));
    if (!mg_file_exists(answered.at))
        return MG_FAIL(err, MG_E_CHILD, "the mutmut driver left no answer (see %s)", log.at);
    MG_TRY(read_answer(request, answered.at, arena, answer, err));
    return mg_file_remove_tree(work.at, err);
}
