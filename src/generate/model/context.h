/* What the repo says about a target, for a prompt. What is the same for a run is worked out once. */
#ifndef MG_MODEL_CONTEXT_H
#define MG_MODEL_CONTEXT_H

#include "generate/model/prompt.h"
#include "ports/retriever.h"

struct mg_repo_context; /* of a run: call graph, tests as documents, fixtures */

/* `retriever` may have no ops. Errors: those of the retriever (MG_E_HTTP, …), and its *fault; NULL is allowed. */
MG_MUST_CHECK enum mg_code mg_repo_context_new(const struct mg_generate_request *request, struct mg_retriever retriever, struct mg_arena *arena,
                                               struct mg_repo_context **repo, enum mg_llm_fault *fault, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_target_context(struct mg_repo_context *repo, const struct mg_generate_request *request, struct mg_arena *arena,
                                             struct mg_model_context *context, enum mg_llm_fault *fault, struct mg_err *err);
/* The text of a test by its id (`tests/test_a.py::test_b[1]`); empty when it is not known. */
struct mg_str mg_test_source(const struct mg_repo_context *repo, struct mg_str id);

#endif
