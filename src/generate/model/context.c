#include "generate/model/context.h"
#include "base/buf.h"
#include "base/str.h"
struct mg_repo_context {
    int x;
};
enum mg_code mg_repo_context_new(const struct mg_generate_request *request, struct mg_retriever retriever, struct mg_arena *arena,
                                 struct mg_repo_context **repo, struct mg_err *err)
{
    (void)request;
    (void)retriever;
    (void)err;
    *repo = MG_NEW(arena, struct mg_repo_context);
    return MG_OK;
}
enum mg_code mg_target_context(struct mg_repo_context *repo, const struct mg_generate_request *request, struct mg_arena *arena,
                               struct mg_model_context *context, struct mg_err *err)
{
    (void)repo;
    (void)err;
    context->python = request->collected->python_version;
    context->pytest = request->collected->pytest_version;
    context->tests_dir = request->collected->tests_dir;
    context->module = request->target->module;
    context->path = request->target->path;
    context->target = request->target->qualified_name;
    context->source = mg_fenced(arena, "python", request->source->text);
    return MG_OK;
}
struct mg_str mg_test_source(const struct mg_repo_context *repo, struct mg_str id)
{
    (void)repo;
    (void)id;
    return MG_NO_STR;
}
