/* From a model's reply to tests that may be run: read, check, split; what is refused is said, so that the model can be told. */
#ifndef MG_MODEL_TAKE_H
#define MG_MODEL_TAKE_H

#include "generate/model/mutants_text.h"
#include "ports/generator.h"
#include "ports/llm.h"

/* `module` gets the module's text as the model meant it (empty when there was none), `remark` what the next message should say first (that the
 * end was lost; else empty), `suite` the tests that passed the checks, what was rejected with reasons, and the model's notes. Only the agent
 * can fail. */
MG_MUST_CHECK enum mg_code mg_take_reply(const struct mg_generate_request *request, const struct mg_llm_reply *reply, struct mg_mutant_notes *mutants,
                                         struct mg_arena *arena, struct mg_str *module, struct mg_str *remark, struct mg_suite *suite,
                                         struct mg_err *err);

#endif
