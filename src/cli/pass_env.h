/* Variables of the environment that go to the tests because the user says so, and those that are withheld from them. */
#ifndef MG_PASS_ENV_H
#define MG_PASS_ENV_H

#include "cli/compose.h"

/* MG_E_CONFIG, with one line, for a name that can never be passed on: a provider's key, one that is set for the tests anyway, no name at all.
 * One that is not set here is said on stderr. Values are hidden in everything that is told or stored. */
MG_MUST_CHECK enum mg_code mg_check_pass_env(struct mg_app *app, struct mg_err *err);

/* Names that may be told to the user when tests ask for them: keys of providers and what every shell sets are not among them. */
void mg_find_withheld(struct mg_app *app, struct mg_names *names);

#endif
