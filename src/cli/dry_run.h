/* What `run --dry-run` prints. */
#ifndef MG_DRY_RUN_H
#define MG_DRY_RUN_H

#include "cli/compose.h"

/* `later_micro_usd`: what is reserved for a call with the longest conversation (llm.max_prompt_tokens) and a full reply; MG_UNKNOWN_COST. */
void mg_dry_run_print(struct mg_app *app, const struct mg_run_result *result, int64_t later_micro_usd);

#endif
