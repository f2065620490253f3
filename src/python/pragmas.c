/* Who asked for code not to be mutated, and why. The lines themselves are marked while parsing (syntax.c). */
#include "base/str.h"
#include "python/tree.h"

#include <string.h>

#define WORDS "pragma: no mutate"

static bool says_no_mutate(struct mg_str comment, struct mg_str *reason)
{
    for (size_t at = 0; at + sizeof WORDS - 1 <= comment.len; at++) {
        if (memcmp(comment.at + at, WORDS, sizeof WORDS - 1) != 0)
            continue;
        struct mg_str rest = mg_str_trim(mg_str_sub(comment, at + sizeof WORDS - 1, comment.len));
        *reason = mg_str_starts(rest, ":") ? mg_str_trim(mg_str_sub(rest, 1, rest.len)) : MG_STR("");
        return true;
    }
    return false;
}

void mg_module_pragmas(const struct mg_module *module, struct mg_arena *arena, struct mg_pragmas *pragmas)
{
    for (size_t i = 0; i < module->node_count; i++) {
        struct mg_str reason;
        const struct mg_node *node = &module->nodes[i];
        if (node->kind == N_COMMENT && says_no_mutate(mg_node_text(module, node), &reason))
            *MG_PUSH(arena, pragmas) = (struct mg_pragma_line){ node->line, reason };
    }
}

void mg_module_forget_pragmas(struct mg_module *module)
{
    module->skipped_lines.len = 0; /* no more than before are put back */
    for (size_t i = 0; i < module->node_count; i++) {
        const struct mg_node *node = &module->nodes[i];
        if (node->kind == N_COMMENT && mg_str_contains(mg_node_text(module, node), "pragma: no cover"))
            *MG_PUSH(module->arena, &module->skipped_lines) = node->line;
    }
}
