/* A language model as a generator: context → prompt → reply → tests, over several rounds of one conversation a target. */
#ifndef MG_MODEL_H
#define MG_MODEL_H

#include "generate/model/prompt.h"
#include "ports/generator.h"
#include "ports/llm.h"
#include "ports/retriever.h"

struct mg_model_settings {
    struct mg_llm llm;             /* reserves, sends, retries and settles: services/model_calls.h */
    struct mg_retriever retriever; /* ops == NULL: examples are chosen by name */
    struct mg_prompts prompts;
};
/* Lives in the arena; the repo it is first asked about must stay the same. The ports stay the caller's. */
struct mg_generator mg_model_new(struct mg_arena *arena, const struct mg_model_settings *settings);

#endif
