/* Tests that need not run again, because an earlier session saw them pass twice and nothing that they may come to has changed. Internal to services.
 *
 * Their lines, times and files come from the cache; tests that a change touches, new ones, those that did not pass and special ones run. Two
 * things could make that differ from a session that runs all, and both are looked for: a test that runs now and does not pass, which before it did
 * (it may have needed what another one left behind: then everything runs), and a line that only the first of several tests runs, because it makes
 * something that stays (when that test no longer runs the line, those that may come to it run too). */
#ifndef MG_SERVICES_KNOWN_TESTS_H
#define MG_SERVICES_KNOWN_TESTS_H

#include "ports/cache.h"
#include "services/depend.h"

struct mg_known_tests;

/* Before the baseline, which then leaves out what is known. */
MG_MUST_CHECK enum mg_code mg_known_tests_begin(struct mg_run_context *run, struct mg_depend *depend, struct mg_cache cache,
                                                struct mg_known_tests **known, struct mg_err *err);
/* When all others have run: runs more of them where that is needed. Leaves results in a form that does not depend on what was known. */
MG_MUST_CHECK enum mg_code mg_known_tests_check(struct mg_known_tests *known, struct mg_err *err);
/* Remembers those that have run. */
MG_MUST_CHECK enum mg_code mg_known_tests_keep(struct mg_known_tests *known, struct mg_err *err);
/* So many tests did not run. */
uint32_t mg_known_tests_count(const struct mg_known_tests *known);

#endif
