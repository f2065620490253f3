/* Whether a model's tests are worth running, before they are: rules over the text of a module that compiles, one table in testcheck.c.
 *
 * This is no security boundary: a text can always hide what it does (getattr, exec, a helper of the project). The sandbox is the boundary.
 * These rules keep tests honest and quiet, and tell their author what to change. */
#ifndef MG_TESTCHECK_H
#define MG_TESTCHECK_H

#include "core/suite.h"
#include "core/target.h"

/* Adds to suite->rejected each test that breaks a rule, by the name that mg_testmodule_split gives it, with one sentence:
 * "it asserts nothing: … (rule no-assertion, line 12)". A test is named once, for its first broken rule. A broken rule of the module as a
 * whole rejects every test; a module without a test is one entry without a name. Other members are left alone. */
void mg_testcheck(struct mg_arena *arena, struct mg_str module, const struct mg_target *target, struct mg_suite *suite);

#endif
