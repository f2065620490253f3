/* What a model is told, as text: templates filled with a target's context, cut to a budget of tokens in a fixed order.
 *
 * The conversation is: system | user: project, module, target, task | assistant: its module | user: repair or strengthen | …
 * Blocks come from the most stable to the least, so that a provider's prompt cache finds the same beginning again: system and project are the
 * same for a run, the module block for a module, the target block for all rounds of a target. Cache breakpoints stand behind project, module
 * and target.
 *
 * When the first message is over the budget (bytes / 4 tokens), these are left out, one after the other, until it fits: sources of callees,
 * examples of style, the call tree, observed calls, the outline of the module, fixtures, the closest test. The rules, the target's source, the
 * class around it, the imports and the mutants are always there. In later rounds the oldest exchanges go first. */
#ifndef MG_PROMPT_H
#define MG_PROMPT_H

#include "ports/generator.h"
#include "ports/llm.h"

#define MG_PROMPT_NAMES(X) X(system) X(project) X(module) X(target) X(generate) X(repair) X(strengthen)
#define MG_PROMPT_ENUM(name) MG_PROMPT_##name,
enum mg_prompt_name { MG_PROMPT_NAMES(MG_PROMPT_ENUM) MG_PROMPT_COUNT };

/* The templates: built in, or the user's own. */
struct mg_prompts {
    const char *file[MG_PROMPT_COUNT]; /* for messages: "system.txt" */
    struct mg_str text[MG_PROMPT_COUNT];
};
void mg_prompts_builtin(struct mg_prompts *prompts);
/* Whether they can be filled: MG_E_CONFIG names the file, the line and what is not understood. */
MG_MUST_CHECK enum mg_code mg_prompts_check(const struct mg_prompts *prompts, struct mg_err *err);

/* Everything that is said of a target, as text; empty = not known. Code stands in fences already. */
struct mg_model_context {
    struct mg_str python, pytest, tests_dir, fixtures; /* the project's */
    struct mg_str module, path, imports, outline;      /* the module's */
    struct mg_str target, source, class_text;          /* the target's; `source` has line numbers */
    struct mg_str tree, callees, examples;
    bool whole; /* `outline` is the module's whole text: while it is there, the class need not be shown again */
};

/* A fenced block that its content cannot close. */
struct mg_str mg_fenced(struct mg_arena *arena, const char *language, struct mg_str text);

/* The first user message of a conversation into request->parts, and request->system. `task` is the filled generate template's slots. */
struct mg_task {
    struct mg_str uncovered, facts, mutants, covering;
    size_t shown, count; /* mutants */
};
MG_MUST_CHECK enum mg_code mg_prompt_first(const struct mg_prompts *prompts, const struct mg_model_context *context, const struct mg_task *task,
                                           const struct mg_config *config, struct mg_arena *arena, struct mg_llm_request *request,
                                           struct mg_err *err);

/* Drops the oldest exchanges behind the first message until the whole fits `max_tokens`; the first message and the last exchange stay. */
void mg_prompt_trim(struct mg_llm_request *request, size_t first_parts, int64_t max_tokens);

#endif
