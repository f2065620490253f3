/* The file of one recorded reply: its name, and its text both ways. */
#ifndef MG_LLM_REPLAY_RECORD_H
#define MG_LLM_REPLAY_RECORD_H

#include "ports/llm.h"

#define MG_RECORD_MOST_BYTES ((size_t)64 << 20)

struct mg_str mg_record_path(struct mg_arena *arena, struct mg_str folder, struct mg_str hash);
MG_MUST_CHECK enum mg_code mg_record_write(struct mg_arena *arena, const struct mg_llm *llm, const struct mg_llm_request *request,
                                           const struct mg_llm_reply *reply, struct mg_str *json, struct mg_err *err);
/* Fills `reply`. MG_E_PARSE when it is no such file. */
MG_MUST_CHECK enum mg_code mg_record_read(struct mg_arena *arena, struct mg_str json, struct mg_llm_reply *reply, struct mg_err *err);

#endif
