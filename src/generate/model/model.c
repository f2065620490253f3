/* The model as a generator. generate() is one round: say something, read the reply, hand over what may be run. */
#include "generate/model/model.h"
#include "base/buf.h"
#include "base/str.h"
#include "generate/model/context.h"
#include "generate/model/mutants_text.h"
#include "generate/model/take.h"
#include "generate/model/template.h"

#include <string.h>

#define SHOWN_AT_FIRST 8
#define SHOWN_LATER 4 /* in the first strengthen round; one in those behind it */
#define FIRST_PARTS 4 /* of a conversation: project, module, target, task */
#define USUAL_REPLY_TOKENS 1500
#define MOST_TEXT (1u << 20)

struct model {
    struct mg_arena *arena;
    struct mg_model_settings settings;
    struct mg_repo_context *repo; /* NULL until the first target */
};

/* One target's conversation. */
struct memory {
    struct mg_llm_request request; /* system and parts so far */
    struct mg_mutant_notes mutants;
    struct mg_str last_reply, last_module;
    struct mg_str remark; /* on it, for the next message */
    unsigned strengthened;
};

/* ---- saying ---- */

/* The test that most of the shown mutants are reached by, and its text. */
static struct mg_str closest_test(const struct model *model, const struct mg_generate_request *request, const uint32_t *shown, size_t count,
                                  struct mg_arena *arena)
{
    struct mg_str best = MG_NO_STR, source = MG_NO_STR;
    size_t most = 0;
    for (size_t i = 0; i < count && request->live; i++) {
        size_t same = 0;
        for (size_t k = 0; k < count; k++)
            same += mg_str_eq(request->live[shown[i]].by, request->live[shown[k]].by);
        if (request->live[shown[i]].by.len && same > most) {
            most = same;
            best = request->live[shown[i]].by;
            source = request->live[shown[i]].source;
        }
    }
    if (source.len == 0 && best.len)
        source = mg_test_source(model->repo, best);
    return mg_fenced(arena, "python", source);
}

static struct mg_str line_list(const uint32_t *lines, size_t count, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(MOST_TEXT);
    for (size_t i = 0; i < count; i++)
        mg_buf_addf(&out, "%s%u", i ? ", " : "", lines[i]);
    return mg_buf_take(&out, arena);
}

static struct mg_str bullets(const struct mg_str *lines, size_t count, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(MOST_TEXT);
    for (size_t i = 0; i < count; i++)
        mg_buf_addf(&out, "- `%.*s`\n", MG_FMT(lines[i]));
    return mg_str_trim(mg_buf_take(&out, arena));
}

static enum mg_code say_first(struct model *model, struct memory *memory, const struct mg_generate_request *request, struct mg_arena *arena,
                              enum mg_llm_fault *fault, struct mg_err *err)
{
    struct mg_model_context context = { 0 };
    uint32_t shown[SHOWN_AT_FIRST];
    if (!model->repo)
        MG_TRY(mg_repo_context_new(request, model->settings.retriever, model->arena, &model->repo, fault, err));
    MG_TRY(mg_target_context(model->repo, request, arena, &context, fault, err));
    size_t count = mg_mutants_choose(&memory->mutants, request, SHOWN_AT_FIRST, shown);
    struct mg_task task = { .uncovered = line_list(request->uncovered, request->uncovered_count, arena),
                            .facts = bullets(request->facts, request->fact_count, arena),
                            .mutants = mg_mutants_text(&memory->mutants, request, shown, count),
                            .covering = closest_test(model, request, shown, count, arena),
                            .shown = count,
                            .count = request->mutant_count };
    return mg_prompt_first(&model->settings.prompts, &context, &task, request->config, arena, &memory->request, err);
}

/* Names of the tests that `wanted` picks, in one line. */
static struct mg_str names_of(const struct mg_feedback *feedback, bool passing, bool weak_only, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(MOST_TEXT);
    for (size_t i = 0; i < feedback->tests.len; i++) {
        const struct mg_test_feedback *test = &feedback->tests.at[i];
        if (test->name.len && test->passes == passing && (!weak_only || test->kills == 0))
            mg_buf_addf(&out, "%s`%.*s`", out.len ? ", " : "", MG_FMT(test->name));
    }
    return mg_buf_take(&out, arena);
}

static enum mg_code say_repair(struct model *model, struct memory *memory, const struct mg_feedback *feedback, struct mg_arena *arena,
                               struct mg_err *err)
{
    struct mg_buf failures = MG_BUF(MOST_TEXT);
    size_t failed = 0;
    for (size_t i = 0; i < feedback->tests.len; i++) {
        const struct mg_test_feedback *test = &feedback->tests.at[i];
        if (test->passes)
            continue;
        failed++;
        mg_buf_addf(&failures, "\n`%.*s`:\n", MG_FMT(test->name.len ? test->name : MG_STR("the reply")));
        mg_buf_add(&failures, mg_fenced(arena, "", test->failure));
        if (test->actual.len)
            mg_buf_addf(&failures, "\nThe value there is really `%.*s`.", MG_FMT(test->actual));
        mg_buf_addc(&failures, '\n');
    }
    const struct mg_slot slots[] = { { "failed", mg_arena_printf(arena, "%zu", failed) },
                                     { "failures", mg_str_trim(mg_buf_take(&failures, arena)) },
                                     { "passing", names_of(feedback, true, false, arena) } };
    struct mg_llm_part *part = MG_PUSH(arena, &memory->request.parts);
    *part = (struct mg_llm_part){ .role = MG_LLM_USER };
    return mg_template_fill(model->settings.prompts.file[MG_PROMPT_repair], model->settings.prompts.text[MG_PROMPT_repair], slots, MG_COUNT(slots),
                            arena, &part->text, err);
}

static enum mg_code say_strengthen(struct model *model, struct memory *memory, const struct mg_generate_request *request, struct mg_arena *arena,
                                   struct mg_err *err)
{
    uint32_t shown[SHOWN_LATER];
    size_t count = mg_mutants_choose(&memory->mutants, request, memory->strengthened++ == 0 ? SHOWN_LATER : 1, shown);
    const struct mg_slot slots[] = {
        { "weak", names_of(request->feedback, true, true, arena) },
        { "kept", request->feedback->kept ? mg_arena_printf(arena, "%u test%s", request->feedback->kept, request->feedback->kept == 1 ? "" : "s")
                                          : MG_NO_STR },
        { "mutants", mg_mutants_text(&memory->mutants, request, shown, count) },
        { "shown", mg_arena_printf(arena, "%zu", count) },
        { "count", mg_arena_printf(arena, "%zu", request->mutant_count) },
        { "covering", closest_test(model, request, shown, count, arena) },
    };
    struct mg_llm_part *part = MG_PUSH(arena, &memory->request.parts);
    *part = (struct mg_llm_part){ .role = MG_LLM_USER };
    return mg_template_fill(model->settings.prompts.file[MG_PROMPT_strengthen], model->settings.prompts.text[MG_PROMPT_strengthen], slots,
                            MG_COUNT(slots), arena, &part->text, err);
}

/* The next message of the conversation; its last reply goes before it. */
static enum mg_code say(struct model *model, struct memory *memory, const struct mg_generate_request *request, struct mg_arena *arena,
                        enum mg_llm_fault *fault, struct mg_err *err)
{
    static const char *const purposes[] = { "generate", "repair", "strengthen" };
    memory->request.purpose = mg_str_from(purposes[request->round]);
    if (request->round == MG_ROUND_GENERATE)
        return say_first(model, memory, request, arena, fault, err);
    struct mg_str said = memory->last_module.len ? mg_fenced(arena, "python", memory->last_module) : MG_STR("(no module)");
    *MG_PUSH(arena, &memory->request.parts) = (struct mg_llm_part){ .role = MG_LLM_ASSISTANT, .text = said };
    if (request->round == MG_ROUND_REPAIR)
        MG_TRY(say_repair(model, memory, request->feedback, arena, err));
    else
        MG_TRY(say_strengthen(model, memory, request, arena, err));
    struct mg_llm_part *part = &memory->request.parts.at[memory->request.parts.len - 1];
    if (memory->remark.len)
        part->text = mg_arena_printf(arena, "%.*s\n\n%.*s", MG_FMT(memory->remark), MG_FMT(part->text));
    mg_prompt_trim(&memory->request, FIRST_PARTS, request->config->llm.max_prompt_tokens);
    return MG_OK;
}

/* ---- one round ---- */

static struct memory *memory_of(const struct mg_generate_request *request, struct mg_arena *arena)
{
    struct memory *memory = request->memory ? *request->memory : NULL;
    if (memory)
        return memory;
    memory = MG_NEW(arena, struct memory);
    mg_mutant_notes_init(&memory->mutants, arena);
    memory->request = (struct mg_llm_request){ .target_id = request->target->id,
                                               .max_output_tokens = request->config->llm.max_output_tokens,
                                               .seconds = request->config->llm.timeout_seconds,
                                               .cancel = request->cancel };
    if (request->memory)
        *request->memory = memory;
    return memory;
}

static enum mg_code generate(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_suite *suite,
                             enum mg_llm_fault *fault, struct mg_err *err)
{
    struct model *model = self;
    struct memory *memory = memory_of(request, arena);
    struct mg_llm_reply reply = { 0 };
    *suite = (struct mg_suite){ 0 };
    if (request->round == MG_ROUND_STRENGTHEN && !mg_mutants_are_left(&memory->mutants, request)) {
        suite->reason = MG_STR("the model claims that every mutant that is left is equivalent");
        return MG_OK;
    }
    MG_TRY(say(model, memory, request, arena, fault, err));
    enum mg_code code = model->settings.llm.ops->complete(model->settings.llm.self, &memory->request, arena, &reply, err);
    if (fault)
        *fault = reply.fault;
    MG_TRY(code);
    suite->repeats = request->round != MG_ROUND_GENERATE && mg_str_eq(reply.text, memory->last_reply);
    memory->last_reply = mg_arena_str(arena, reply.text);
    return mg_take_reply(request, &reply, &memory->mutants, arena, &memory->last_module, &memory->remark, suite, err);
}

static enum mg_code estimate(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_estimate *estimate,
                             struct mg_err *err)
{
    struct model *model = self;
    struct memory *memory = memory_of(request, arena);
    struct mg_llm llm = model->settings.llm;
    MG_TRY(say(model, memory, request, arena, NULL, err));
    int64_t bytes = llm.ops->request_bytes(llm.self, &memory->request);
    struct mg_usage usual = { .input = bytes / 4, .output = USUAL_REPLY_TOKENS };
    *estimate = (struct mg_estimate){ .prompt_tokens = bytes / 4,
                                      .micro_usd = mg_cost(llm.price, &usual),
                                      .worst_micro_usd = mg_worst_cost(llm.price, bytes, memory->request.max_output_tokens) };
    return MG_OK;
}

struct mg_generator mg_model_new(struct mg_arena *arena, const struct mg_model_settings *settings)
{
    struct model *model = MG_NEW(arena, struct model);
    *model = (struct model){ .arena = arena, .settings = *settings };
    struct mg_generator_ops *ops = MG_NEW(arena, struct mg_generator_ops);
    struct mg_str name = mg_arena_printf(arena, "%.*s %.*s", MG_FMT(settings->llm.provider), MG_FMT(settings->llm.model));
    *ops = (struct mg_generator_ops){ .name = name.at, .generate = generate, .estimate = estimate };
    return (struct mg_generator){ .ops = ops, .self = model };
}
