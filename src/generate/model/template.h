/* Texts with places to fill: `{{name}}` is replaced, `{{#name}}…{{/name}}` is left out when the value is empty. A line that holds nothing
 * but such a section mark goes with it. Values are never looked into, so a source that holds braces is safe. */
#ifndef MG_TEMPLATE_H
#define MG_TEMPLATE_H

#include "base/arena.h"
#include "base/base.h"

struct mg_slot {
    const char *name;
    struct mg_str value;
};
/* MG_E_CONFIG with `file:line` for a name that is not among the slots, and for a section that is not closed. */
MG_MUST_CHECK enum mg_code mg_template_fill(const char *file, struct mg_str text, const struct mg_slot *slots, size_t count, struct mg_arena *arena,
                                            struct mg_str *filled, struct mg_err *err);

#endif
