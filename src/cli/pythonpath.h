/* What plain pytest needs beside the repo's own settings, to import what the tests import. */
#ifndef MG_PYTHONPATH_H
#define MG_PYTHONPATH_H

#include "cli/compose.h"

/* "PYTHONPATH=src " for a command in the repo, when the report's interpreter would not find there the modules that have tests to apply;
 * else empty. */
struct mg_str mg_pythonpath_words(struct mg_app *app, const struct mg_report *report);

#endif
