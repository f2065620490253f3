/* Collecting a target's context from what the other rooms know about Python text. */
#include "generate/model/context.h"
#include "base/buf.h"
#include "base/str.h"
#include "python/callgraph.h"
#include "python/fixtures.h"
#include "python/outline.h"
#include "python/testdocs.h"

/* Bytes of each part; the budget for the whole is prompt.c's. */
#define FIXTURES_LIMIT 2000u
#define IMPORTS_LIMIT 2000u
#define OUTLINE_LIMIT 14000u
#define CLASS_LIMIT 4000u
#define SOURCE_LIMIT 24000u
#define TREE_LIMIT 2000u
#define CALLEES_LIMIT 3000u
#define EXAMPLES_LIMIT 4000u
#define EXAMPLES_WITHOUT_RETRIEVAL 2u

struct mg_repo_context {
    struct mg_retriever retriever;
    struct mg_callgraph *graph; /* NULL when it is off */
    struct mg_testdocs docs;
    struct mg_str fixtures;
};

/* ---- once a run ---- */

struct files {
    MG_VEC(struct mg_python_file)
};

static void add_file(struct files *files, const struct mg_source_file *file, struct mg_arena *arena)
{
    *MG_PUSH(arena, files) = (struct mg_python_file){ file->path, file->module, file->text };
}

static enum mg_code index_tests(struct mg_repo_context *repo, const struct mg_generate_request *request, struct mg_arena *arena,
                                enum mg_llm_fault *fault, struct mg_err *err)
{
    struct mg_document *documents = MG_NEW_ARRAY(arena, struct mg_document, repo->docs.len + 1);
    for (size_t i = 0; i < repo->docs.len; i++)
        documents[i] = (struct mg_document){ repo->docs.at[i].id, repo->docs.at[i].text };
    return repo->retriever.ops->index(repo->retriever.self, documents, repo->docs.len, request->cancel, fault, err);
}

enum mg_code mg_repo_context_new(const struct mg_generate_request *request, struct mg_retriever retriever, struct mg_arena *arena,
                                 struct mg_repo_context **context, enum mg_llm_fault *fault, struct mg_err *err)
{
    struct mg_repo_context *repo = MG_NEW(arena, struct mg_repo_context);
    struct files sources = { 0 }, tests = { 0 }, conftests = { 0 };
    for (size_t i = 0; i < request->repo->sources.len; i++)
        add_file(&sources, &request->repo->sources.at[i], arena);
    for (size_t i = 0; i < request->repo->test_files.len; i++)
        add_file(&tests, &request->repo->test_files.at[i], arena);
    for (size_t i = 0; i < request->repo->conftests.len; i++)
        add_file(&conftests, &request->repo->conftests.at[i], arena);
    struct mg_str folder = request->collected ? request->collected->tests_dir : MG_NO_STR;
    struct mg_fixtures fixtures = mg_fixtures_for(conftests.at, conftests.len, folder, arena);
    repo->fixtures = mg_fenced(arena, "", mg_fixtures_text(&fixtures, FIXTURES_LIMIT, arena));
    repo->docs = mg_testdocs_make(tests.at, tests.len, arena);
    repo->retriever = retriever;
    if (request->config->generation.use_call_graph)
        MG_TRY(mg_callgraph_build(arena, sources.at, sources.len, request->cancel, &repo->graph, err));
    if (retriever.ops)
        MG_TRY(index_tests(repo, request, arena, fault, err));
    *context = repo;
    return MG_OK;
}

/* ---- once a target ---- */

static struct mg_str function_text(const struct mg_generate_request *request)
{
    return mg_str_sub(request->source->text, request->target->function.start, request->target->function.end);
}

static void add_example(struct mg_buf *out, const struct mg_testdoc *doc, struct mg_arena *arena)
{
    mg_buf_addf(out, "%s%.*s\n", out->len ? "\n" : "", MG_FMT(doc->id));
    mg_buf_add(out, mg_fenced(arena, "python", doc->text));
    mg_buf_addc(out, '\n');
}

/* By similarity to the target's source, or by name when retrieval is off. */
static enum mg_code find_examples(const struct mg_repo_context *repo, const struct mg_generate_request *request, struct mg_arena *arena,
                                  struct mg_str *examples, enum mg_llm_fault *fault, struct mg_err *err)
{
    struct mg_buf out = MG_BUF(2 * EXAMPLES_LIMIT);
    if (repo->retriever.ops) {
        struct mg_hit *hits = NULL;
        size_t count = 0;
        MG_TRY(repo->retriever.ops->nearest(repo->retriever.self, function_text(request), (size_t)request->config->generation.retrieval_top_k,
                                            request->cancel, arena, &hits, &count, fault, err));
        for (size_t i = 0; i < count && out.len < EXAMPLES_LIMIT; i++)
            add_example(&out, &repo->docs.at[hits[i].document], arena);
    } else {
        struct mg_testdocs_found found = mg_testdocs_nearest(&repo->docs, request->target, EXAMPLES_WITHOUT_RETRIEVAL, EXAMPLES_LIMIT, arena);
        for (size_t i = 0; i < found.len; i++)
            add_example(&out, &repo->docs.at[found.at[i]], arena);
    }
    *examples = mg_str_trim(mg_buf_take(&out, arena));
    return MG_OK;
}

static void find_callees(const struct mg_repo_context *repo, const struct mg_generate_request *request, struct mg_arena *arena,
                         struct mg_model_context *context)
{
    const struct mg_target *target = request->target;
    uint32_t function = mg_callgraph_find(repo->graph, target->path, target->function.qualname, target->function.def_line);
    if (function == MG_NO_CALLEE)
        return;
    uint32_t depth = (uint32_t)request->config->generation.call_graph_depth;
    struct mg_callees callees = mg_callgraph_reach(repo->graph, function, depth, (size_t)request->config->generation.call_graph_callees, arena);
    struct mg_snippets snippets = mg_callgraph_snippets(repo->graph, &callees, CALLEES_LIMIT, arena);
    struct mg_buf out = MG_BUF(2 * CALLEES_LIMIT);
    for (size_t i = 0; i < snippets.len; i++)
        mg_buf_addf(&out, "%s%.*s\n", i ? "\n" : "", MG_FMT(snippets.at[i]));
    context->tree = mg_fenced(arena, "", mg_callgraph_tree(repo->graph, function, depth, TREE_LIMIT, arena));
    context->callees = mg_fenced(arena, "python", mg_str_trim(mg_buf_take(&out, arena)));
}

enum mg_code mg_target_context(struct mg_repo_context *repo, const struct mg_generate_request *request, struct mg_arena *arena,
                               struct mg_model_context *context, enum mg_llm_fault *fault, struct mg_err *err)
{
    const struct mg_target *target = request->target;
    const struct mg_python_file file = { request->source->path, request->source->module, request->source->text };
    struct mg_module *module;
    bool whole = false;
    MG_TRY(mg_module_parse(request->source->text, &module, err));
    struct mg_str outline = mg_outline_module(module, request->source->text, OUTLINE_LIMIT, arena, &whole);
    *context = (struct mg_model_context){
        .fixtures = repo->fixtures,
        .module = target->module,
        .path = target->path,
        .target = target->qualified_name,
        .imports = mg_fenced(arena, "python", mg_outline_imports(module, &file, IMPORTS_LIMIT, arena)),
        .outline = mg_arena_printf(arena, "%s\n%.*s", whole ? "The module:" : "What is in it:", MG_FMT(mg_fenced(arena, "python", outline))),
        .whole = whole,
        .class_text = mg_fenced(arena, "python", mg_outline_class(module, &target->function, CLASS_LIMIT, arena)),
        .source = mg_fenced(arena, "python", mg_outline_source(request->source->text, &target->function, SOURCE_LIMIT, arena)),
    };
    mg_module_free(module);
    if (request->collected) {
        struct mg_str folder = request->collected->tests_dir;
        context->python = request->collected->python_version;
        context->pytest = request->collected->pytest_version;
        context->tests_dir = folder.len ? folder : MG_STR(".");
    }
    if (repo->graph)
        find_callees(repo, request, arena, context);
    return find_examples(repo, request, arena, &context->examples, fault, err);
}

struct mg_str mg_test_source(const struct mg_repo_context *repo, struct mg_str id)
{
    id = mg_str_sub(id, 0, mg_str_find(id, '[', 0));
    for (size_t i = 0; i < repo->docs.len; i++)
        if (mg_str_eq(repo->docs.at[i].id, id))
            return repo->docs.at[i].text;
    return MG_NO_STR;
}
