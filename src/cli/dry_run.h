/* What `run --dry-run` prints. */
#ifndef MG_DRY_RUN_H
#define MG_DRY_RUN_H

#include "cli/compose.h"

void mg_dry_run_print(struct mg_app *app, const struct mg_run_result *result);

#endif
