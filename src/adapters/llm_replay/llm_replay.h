/* Replies kept as files: a recorder that stands in front of another llm, and a player that needs no other.
 *
 * One file per request, <folder>/<hash>.json. The hash is SHA-256 over what does not depend on the provider: the system text, the messages
 * (neighbouring parts of one role are one message, whatever their cut and breakpoints), and max_output_tokens. So what one provider said can be
 * played for any; the provider's own request_hash is not used. Not in it: model, effort, purpose, target, deadline.
 *
 *     {"format": 1, "request_hash": …, "provider": …, "model": …,
 *      "request": {"purpose": …, "target_id": …, "system_bytes": 812, "messages": [{"role": "user", "bytes": 4011}], "max_output_tokens": 8192},
 *      "reply": {"text": …, "stop": "end", "model": …, "request_id": …, "reported_micro_usd": null, "request_bytes": 5120,
 *                "usage": {"known": true, "input": 1200, "cache_read": 0, "cache_write": 0, "output": 310}}}
 * The player needs "format" and reply.text; whatever else is absent is taken as unknown ("stop": as end). */
#ifndef MG_LLM_REPLAY_H
#define MG_LLM_REPLAY_H

#include "ports/llm.h"

/* Takes over `inner` (closed with it, also after an error) and makes the folder. provider, model and price stay those of `inner`. Every reply
 * is written before it is handed on; a later one for the same request takes its place; failures are not recorded. When a reply cannot be
 * written complete gives MG_E_CONFIG and MG_LLM_ACCOUNT, with the reply and its usage filled in: it has been paid for. */
MG_MUST_CHECK enum mg_code mg_llm_recorder_new(struct mg_llm inner, struct mg_str folder, struct mg_llm *recorder, struct mg_err *err);

/* Answers from that folder; provider "replay", model as recorded in each reply. It costs nothing: the price is 0 and known. A request without a
 * file is MG_LLM_REQUEST, the text names hash and target; so is a file that cannot be used. MG_E_NOT_FOUND when there is no folder. */
MG_MUST_CHECK enum mg_code mg_llm_player_new(struct mg_str folder, struct mg_llm *player, struct mg_err *err);

/* The file's name without ".json". */
struct mg_str mg_llm_replay_hash(const struct mg_llm_request *request, struct mg_arena *arena);

#endif
