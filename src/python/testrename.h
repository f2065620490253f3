/* Renaming in the text of a test and its helpers. Private to this room. */
#ifndef MG_TESTRENAME_H
#define MG_TESTRENAME_H

#include "python/testpieces.h"

/* Every use of the variable `from` becomes `to`, its definition too; not where a parameter has that name, not attributes and keywords of
 * calls. `fixture`: parameters ask for it by name, and so do strings in decorators and getfixturevalue: they change with it.
 * A text that does not parse comes back as it is. */
struct mg_str mg_renamed(struct mg_arena *arena, struct mg_str source, struct mg_str from, struct mg_str to, bool fixture);

/* Only the name in the last definition of a function or class `from`. */
struct mg_str mg_definition_renamed(struct mg_arena *arena, struct mg_str source, struct mg_str from, struct mg_str to);

#endif
