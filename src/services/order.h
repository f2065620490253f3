/* In which order the existing tests of a long suite run, and of which targets nothing is known when some of them were not run. A test file that
 * names a function is taken for one that tests it. */
#ifndef MG_SERVICES_ORDER_H
#define MG_SERVICES_ORDER_H

#include "ports/vcs.h"
#include "services/context.h"

/* Stands on a changed line; always true when `changes` is NULL. */
bool mg_is_meant(const struct mg_target *target, const struct mg_changes *changes);

/* Before any test has run: whole files, those that name run->targets (the meant ones) first, in pytest's order within one rank. The number of tests
 * that come first; all of them when nothing stands out. */
size_t mg_order_first(struct mg_run_context *run, const struct mg_changes *changes);

/* When the time will not do for all: the tests that are left, whole files, those that name most of run->targets first. Targets with an id in
 * `finished` do not count: another session was there. */
void mg_order_rest(struct mg_run_context *run, const struct mg_map *finished);

/* By index of run->targets: no test that was run comes near it, and one that was not run names it or its module. */
bool *mg_find_unknown(const struct mg_run_context *run);

#endif
