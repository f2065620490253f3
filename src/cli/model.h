/* The part of the composition root that wires a language model. */
#ifndef MG_CLI_MODEL_H
#define MG_CLI_MODEL_H

#include "cli/compose.h"

/* A provider was named, and the strategy has a place for it. */
bool mg_wants_model(const struct mg_config *config);
/* Sets composed->services.model; its store, clock and progress must stand already. MG_E_CONFIG with one line when the settings cannot work
 * (a dry run sends nothing and needs no key).
 * What was opened is closed by mg_compose_model_close, after an error too. */
MG_MUST_CHECK enum mg_code mg_compose_model(struct mg_app *app, const struct mg_run_request *request, struct mg_composed *composed,
                                            struct mg_err *err);
void mg_compose_model_close(struct mg_composed *composed);

#endif
