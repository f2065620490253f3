/* Filling the templates, and keeping a conversation within its budget. */
#include "generate/model/prompt.h"
#include "base/buf.h"
#include "base/embedded.h"
#include "base/str.h"
#include "generate/model/template.h"

#include <string.h>

#define BYTES_PER_TOKEN 4

extern const struct mg_embedded mg_prompt_files[];
extern const size_t mg_prompt_files_count;

void mg_prompts_builtin(struct mg_prompts *prompts)
{
#define MG_PROMPT_FILE(name) #name ".txt",
    static const char *const files[] = { MG_PROMPT_NAMES(MG_PROMPT_FILE) };
    for (size_t i = 0; i < MG_PROMPT_COUNT; i++) {
        prompts->file[i] = files[i];
        for (size_t k = 0; k < mg_prompt_files_count; k++)
            if (strcmp(mg_prompt_files[k].name, files[i]) == 0)
                prompts->text[i] =
                    (struct mg_str){ (const char *)mg_prompt_files[k].begin, (size_t)(mg_prompt_files[k].end - mg_prompt_files[k].begin) };
        MG_ASSERT(prompts->text[i].len);
    }
}

enum mg_code mg_prompts_check(const struct mg_prompts *prompts, struct mg_err *err)
{
    static const char *const names[MG_PROMPT_COUNT][10] = {
        [MG_PROMPT_project] = { "python", "pytest", "tests_dir", "fixtures" },
        [MG_PROMPT_module] = { "module", "path", "imports", "outline" },
        [MG_PROMPT_target] = { "target", "source", "class", "tree", "callees", "examples" },
        [MG_PROMPT_generate] = { "target", "max_tests", "uncovered", "facts", "mutants", "shown", "count", "covering" },
        [MG_PROMPT_repair] = { "failed", "failures", "passing" },
        [MG_PROMPT_strengthen] = { "weak", "kept", "mutants", "shown", "count", "covering" },
    };
    struct mg_arena *scratch = mg_arena_new();
    enum mg_code code = MG_OK;
    for (size_t i = 0; i < MG_PROMPT_COUNT && code == MG_OK; i++) {
        struct mg_slot slots[10] = { 0 };
        size_t count = 0;
        for (; count < MG_COUNT(slots) && names[i][count]; count++)
            slots[count].name = names[i][count];
        struct mg_str filled;
        code = mg_template_fill(prompts->file[i], prompts->text[i], slots, count, scratch, &filled, err);
    }
    mg_arena_free(scratch);
    return code;
}

struct mg_str mg_fenced(struct mg_arena *arena, const char *language, struct mg_str text)
{
    size_t longest = 2, run = 0;
    if (text.len == 0)
        return MG_NO_STR;
    for (size_t i = 0; i < text.len; i++) {
        run = text.at[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    struct mg_buf fence = MG_BUF(text.len + 8);
    for (size_t i = 0; i <= longest; i++)
        mg_buf_addc(&fence, '`');
    struct mg_str marks = mg_buf_take(&fence, arena);
    bool ends = text.at[text.len - 1] == '\n';
    return mg_arena_printf(arena, "%.*s%s\n%.*s%s%.*s", MG_FMT(marks), language, MG_FMT(text), ends ? "" : "\n", MG_FMT(marks));
}

/* ---- the first message ---- */

static enum mg_code fill_blocks(const struct mg_prompts *prompts, const struct mg_model_context *c, const struct mg_task *task,
                                const struct mg_config *config, struct mg_arena *arena, struct mg_str blocks[4], struct mg_err *err)
{
    const struct mg_slot project[] = { { "python", c->python }, { "pytest", c->pytest }, { "tests_dir", c->tests_dir }, { "fixtures", c->fixtures } };
    const struct mg_slot module[] = { { "module", c->module }, { "path", c->path }, { "imports", c->imports }, { "outline", c->outline } };
    const struct mg_slot target[] = {
        { "target", c->target }, { "source", c->source },   { "class", c->whole && c->outline.len ? MG_NO_STR : c->class_text },
        { "tree", c->tree },     { "callees", c->callees }, { "examples", c->examples }
    };
    const struct mg_slot generate[] = { { "target", c->target },
                                        { "max_tests", mg_arena_printf(arena, "%lld", (long long)config->generation.max_tests) },
                                        { "uncovered", task->uncovered },
                                        { "facts", task->facts },
                                        { "mutants", task->mutants },
                                        { "shown", mg_arena_printf(arena, "%zu", task->shown) },
                                        { "count", mg_arena_printf(arena, "%zu", task->count) },
                                        { "covering", task->covering } };
    const struct {
        enum mg_prompt_name name;
        const struct mg_slot *slots;
        size_t count;
    } all[4] = { { MG_PROMPT_project, project, MG_COUNT(project) },
                 { MG_PROMPT_module, module, MG_COUNT(module) },
                 { MG_PROMPT_target, target, MG_COUNT(target) },
                 { MG_PROMPT_generate, generate, MG_COUNT(generate) } };
    for (size_t i = 0; i < 4; i++)
        MG_TRY(mg_template_fill(prompts->file[all[i].name], prompts->text[all[i].name], all[i].slots, all[i].count, arena, &blocks[i], err));
    return MG_OK;
}

enum mg_code mg_prompt_first(const struct mg_prompts *prompts, const struct mg_model_context *context, const struct mg_task *task,
                             const struct mg_config *config, struct mg_arena *arena, struct mg_llm_request *request, struct mg_err *err)
{
    struct mg_model_context c = *context;
    struct mg_task t = *task;
    struct mg_str *const cuts[] = { &c.callees, &c.examples, &c.tree, &t.facts, &c.outline, &c.fixtures, &t.covering };
    struct mg_str blocks[4];
    MG_TRY(mg_template_fill(prompts->file[MG_PROMPT_system], prompts->text[MG_PROMPT_system], NULL, 0, arena, &request->system, err));
    for (size_t cut = 0;; cut++) {
        MG_TRY(fill_blocks(prompts, &c, &t, config, arena, blocks, err));
        size_t bytes = request->system.len;
        for (size_t i = 0; i < 4; i++)
            bytes += blocks[i].len;
        while (cut < MG_COUNT(cuts) && cuts[cut]->len == 0)
            cut++;
        if ((int64_t)(bytes / BYTES_PER_TOKEN) <= config->llm.max_prompt_tokens || cut >= MG_COUNT(cuts))
            break;
        *cuts[cut] = MG_NO_STR;
    }
    for (size_t i = 0; i < 4; i++)
        *MG_PUSH(arena, &request->parts) = (struct mg_llm_part){ MG_LLM_USER, blocks[i], .breakpoint = i < 3 };
    return MG_OK;
}

/* ---- later rounds ---- */

void mg_prompt_trim(struct mg_llm_request *request, size_t first_parts, int64_t max_tokens)
{
    for (;;) {
        size_t bytes = request->system.len;
        for (size_t i = 0; i < request->parts.len; i++)
            bytes += request->parts.at[i].text.len;
        if ((int64_t)(bytes / BYTES_PER_TOKEN) <= max_tokens || request->parts.len <= first_parts + 2)
            return;
        memmove(&request->parts.at[first_parts], &request->parts.at[first_parts + 2],
                (request->parts.len - first_parts - 2) * sizeof request->parts.at[0]);
        request->parts.len -= 2;
    }
}
