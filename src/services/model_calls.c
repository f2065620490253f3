/* Reserve, send, settle, and again when that may help. */
#include "services/model_calls.h"

#include "base/log.h"
#include "base/str.h"
#include "services/events.h"

#include <pthread.h>
#include <stdlib.h>

#define MAGIC 0x4d43414cu
#define LONGEST_WAIT 8.0
#define JITTER 0.25
#define LONGEST_RETRY_AFTER 120.0
#define WORTH_TELLING 1.0    /* seconds of waiting */
#define SHORTEST_ATTEMPT 0.5 /* with less time left an answer cannot come, and would be paid for */

struct calls {
    unsigned magic;
    struct mg_llm_ops ops; /* ours, under the wrapped one's name */
    struct mg_model_calls_setup setup;
    pthread_mutex_t mutex; /* of what stands below */
    uint64_t random;
    struct mg_err account; /* code MG_OK until the account failed */
};

static struct calls *calls_of(void *self)
{
    struct calls *calls = self;
    MG_ASSERT(calls && calls->magic == MAGIC);
    return calls;
}

static double now(const struct calls *calls) { return calls->setup.clock.ops->monotonic(calls->setup.clock.self); }

/* Seconds until the run's deadline; more than anyone waits when there is none. */
static double time_left(const struct calls *calls)
{
    const double *deadline = calls->setup.deadline;
    return deadline && *deadline > 0 ? *deadline - now(calls) : 1e12;
}

/* ---- shared by all threads ---- */

static void account_failed(struct calls *calls, const struct mg_err *cause)
{
    (void)pthread_mutex_lock(&calls->mutex);
    if (calls->account.code == MG_OK)
        calls->account = *cause;
    (void)pthread_mutex_unlock(&calls->mutex);
}

static bool account_has_failed(struct calls *calls, struct mg_err *why)
{
    (void)pthread_mutex_lock(&calls->mutex);
    *why = calls->account;
    (void)pthread_mutex_unlock(&calls->mutex);
    return why->code != MG_OK;
}

/* In [0, 1): splitmix64. */
static double random_share(struct calls *calls)
{
    (void)pthread_mutex_lock(&calls->mutex);
    uint64_t z = calls->random += 0x9e3779b97f4a7c15u;
    (void)pthread_mutex_unlock(&calls->mutex);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* ---- what one attempt takes ---- */

static int64_t at_least_zero(int64_t amount) { return amount > 0 ? amount : 0; }

static struct mg_llm_call reservation(const struct calls *calls, const struct mg_llm_request *request, int64_t bytes, struct mg_arena *arena)
{
    const struct mg_llm *llm = &calls->setup.llm;
    int64_t output = at_least_zero(request->max_output_tokens);
    struct mg_llm_call call = { .target_id = request->target_id,
                                .purpose = request->purpose,
                                .provider = llm->provider,
                                .model = llm->model,
                                .request_hash = llm->ops->request_hash(llm->self, request, arena),
                                .started_at = calls->setup.clock.ops->unix_time(calls->setup.clock.self),
                                .requests = 1,
                                .micro_usd = MG_UNKNOWN_COST,
                                .worst_micro_usd = mg_worst_cost(llm->price, bytes, output) };
    if (__builtin_add_overflow(bytes, output, &call.worst_tokens))
        call.worst_tokens = INT64_MAX;
    return call;
}

static void measure_reply(const struct calls *calls, const struct mg_llm_reply *reply, int64_t request_bytes, struct mg_llm_call *call)
{
    const struct mg_price *price = calls->setup.llm.price;
    call->usage = reply->usage;
    if (!call->usage.known && call->usage.input <= 0 && call->usage.output <= 0) {
        call->usage.input = request_bytes / 4;
        call->usage.output = (int64_t)(reply->text.len / 4);
    }
    call->micro_usd = reply->reported_micro_usd >= 0 ? reply->reported_micro_usd : mg_cost(price, &call->usage);
}

static bool used_something(const struct mg_usage *usage)
{
    return usage->input > 0 || usage->cache_read > 0 || usage->cache_write > 0 || usage->output > 0;
}

static void measure_failure(const struct calls *calls, const struct mg_llm_reply *reply, const struct mg_llm_request *request, int64_t request_bytes,
                            struct mg_llm_call *call)
{
    if (reply->unanswered) {
        call->usage = (struct mg_usage){ .input = request_bytes, .output = at_least_zero(request->max_output_tokens) };
        call->micro_usd = call->worst_micro_usd;
        return;
    }
    /* A program that failed after its work, or a reply that could not be recorded: what was used is paid for. */
    call->usage = reply->usage;
    if (reply->reported_micro_usd >= 0)
        call->micro_usd = reply->reported_micro_usd;
    else
        call->micro_usd = used_something(&reply->usage) ? mg_cost(calls->setup.llm.price, &call->usage) : 0;
}

/* One attempt between its reservation and its settlement. *code is the model's; what is returned is the store's. */
static enum mg_code attempt(struct calls *calls, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply,
                            enum mg_code *code, struct mg_err *cause, struct mg_err *err)
{
    const struct mg_llm *llm = &calls->setup.llm;
    const struct mg_store *store = &calls->setup.store;
    int64_t call_id = 0, bytes = at_least_zero(llm->ops->request_bytes(llm->self, request));
    struct mg_llm_call call = reservation(calls, request, bytes, arena);
    enum mg_code reserved = store->ops->reserve(store->self, calls->setup.run_id, &calls->setup.limits, &call, &call_id, err);
    if (reserved != MG_OK)
        mg_log_err(MG_LOG_WARNING, "a model call is not sent", err);
    MG_TRY(reserved);
    double started = now(calls);
    *reply = (struct mg_llm_reply){ .reported_micro_usd = MG_UNKNOWN_COST, .retry_after = -1 };
    *code = llm->ops->complete(llm->self, request, arena, reply, cause);
    mg_redact_err(calls->setup.secrets, cause);
    reply->text = mg_redact_code(arena, calls->setup.secrets, reply->text);
    call.seconds = now(calls) - started;
    if (reply->model.len)
        call.model = mg_redact(arena, calls->setup.secrets, reply->model);
    call.request_id = mg_redact(arena, calls->setup.secrets, reply->request_id);
    if (*code == MG_OK) {
        measure_reply(calls, reply, bytes, &call);
    } else {
        measure_failure(calls, reply, request, bytes, &call);
        call.failure = mg_str_from(cause->text);
    }
    mg_event_call(&call, cause);
    return store->ops->settle(store->self, calls->setup.run_id, call_id, &call, err);
}

/* ---- attempts until one succeeds ---- */

/* Only what the contract knows goes on; a fault that the adapter did not name is the request's. */
static enum mg_code classify(enum mg_code code, struct mg_llm_reply *reply)
{
    if (code == MG_OK || code == MG_E_CANCELLED)
        return code;
    if (code == MG_E_CONFIG)
        reply->fault = MG_LLM_ACCOUNT; /* the next call would find the same setting */
    else if (reply->fault == MG_LLM_NO_FAULT)
        reply->fault = code == MG_E_TIMEOUT ? MG_LLM_TEMPORARY : MG_LLM_REQUEST;
    return code == MG_E_TIMEOUT ? MG_E_TIMEOUT : MG_E_HTTP;
}

static double wait_before(struct calls *calls, int64_t retry, double retry_after)
{
    if (retry_after >= 0)
        return retry_after;
    double wait = calls->setup.first_wait > 0 ? calls->setup.first_wait : 0.5;
    for (int64_t i = 0; i < retry && wait < LONGEST_WAIT; i++)
        wait *= 2;
    return wait * (1.0 - JITTER * random_share(calls));
}

/* Waits for the next attempt; *again is false when it would come too late. */
static enum mg_code wait_for_next(struct calls *calls, const struct mg_llm_request *request, const struct mg_llm_reply *reply, int64_t retry,
                                  const struct mg_err *cause, struct mg_arena *arena, bool *again, struct mg_err *err)
{
    double seconds = wait_before(calls, retry, reply->retry_after);
    *again = seconds <= LONGEST_RETRY_AFTER && seconds + SHORTEST_ATTEMPT <= time_left(calls);
    if (!*again)
        return MG_OK;
    MG_LOG(MG_LOG_WARNING, "the model is asked again", MG_L_NUMBER("after_seconds", seconds), MG_L_INT("retry", retry + 1));
    const struct mg_progress *progress = &calls->setup.progress;
    if (progress->ops && seconds >= WORTH_TELLING)
        progress->ops->line(progress->self, mg_arena_printf(arena, "the model is asked again in %.0f s: %s", seconds, cause->text));
    return calls->setup.clock.ops->wait(calls->setup.clock.self, seconds, request->cancel, err);
}

/* Whether anything may be sent now, and with what deadline. */
static enum mg_code may_send(struct calls *calls, const struct mg_llm_request *request, struct mg_llm_reply *reply, double *seconds,
                             struct mg_err *err)
{
    struct mg_err why;
    if (account_has_failed(calls, &why)) {
        reply->fault = MG_LLM_ACCOUNT;
        return MG_FAIL(err, MG_E_HTTP, "%s", why.text);
    }
    if (mg_cancelled(request->cancel))
        return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
    double left = time_left(calls);
    if (left < SHORTEST_ATTEMPT)
        return MG_FAIL(err, MG_E_LIMIT, "wallclock_exceeded");
    *seconds = calls->setup.timeout_seconds;
    if (request->seconds > 0 && request->seconds < *seconds)
        *seconds = request->seconds;
    if (left < *seconds)
        *seconds = left;
    return MG_OK;
}

/* Who asks for a longer wait than anyone has means every request, not this one. */
static enum mg_code asks_too_much(struct calls *calls, struct mg_llm_reply *reply, enum mg_code code, const struct mg_err *cause, struct mg_err *err)
{
    struct mg_err said;
    enum mg_code failed = MG_FAIL(&said, code, "%s (asks to wait %.0f s, which is too long)", cause->text, reply->retry_after);
    reply->fault = MG_LLM_ACCOUNT;
    account_failed(calls, &said);
    return MG_FAIL(err, failed, "%s", said.text);
}

static enum mg_code give_up(struct calls *calls, struct mg_llm_reply *reply, enum mg_code code, int64_t tries, const struct mg_err *cause,
                            struct mg_err *err)
{
    if (reply->fault == MG_LLM_ACCOUNT)
        account_failed(calls, cause);
    if (reply->fault == MG_LLM_TEMPORARY && reply->retry_after > LONGEST_RETRY_AFTER)
        return asks_too_much(calls, reply, code, cause, err);
    if (tries > 1)
        return MG_FAIL(err, code, "%s (tried %lld times)", cause->text, (long long)tries);
    return MG_FAIL(err, code, "%s", cause->text);
}

static enum mg_code keep_trying(struct calls *calls, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply,
                                struct mg_err *err)
{
    for (int64_t tries = 1;; tries++) {
        struct mg_err cause = { .code = MG_OK };
        enum mg_code code;
        bool again = false;
        struct mg_llm_request sent = *request;
        MG_TRY(may_send(calls, request, reply, &sent.seconds, err));
        MG_TRY(attempt(calls, &sent, arena, reply, &code, &cause, err));
        code = classify(code, reply);
        if (code == MG_OK)
            return MG_OK;
        if (reply->fault == MG_LLM_TEMPORARY && !reply->no_retry && tries <= calls->setup.max_retries)
            MG_TRY(wait_for_next(calls, request, reply, tries - 1, &cause, arena, &again, err));
        if (!again)
            return give_up(calls, reply, code, tries, &cause, err);
    }
}

/* ---- the port ---- */

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    struct calls *calls = calls_of(self);
    const struct mg_secrets *secrets = calls->setup.secrets;
    struct mg_llm_request sent = *request; /* what the repo's tests printed may hold a secret: it does not travel */
    sent.system = mg_redact_code(arena, secrets, request->system);
    sent.parts.at = request->parts.len ? MG_NEW_ARRAY(arena, struct mg_llm_part, request->parts.len) : NULL;
    for (size_t i = 0; i < request->parts.len; i++) {
        sent.parts.at[i] = request->parts.at[i];
        sent.parts.at[i].text = mg_redact_code(arena, secrets, request->parts.at[i].text);
    }
    *reply = (struct mg_llm_reply){ .reported_micro_usd = MG_UNKNOWN_COST, .retry_after = -1 };
    mg_turn_leave(calls->setup.turn);
    enum mg_code code = keep_trying(calls, &sent, arena, reply, err);
    mg_turn_take(calls->setup.turn);
    return code;
}

static int64_t request_bytes(void *self, const struct mg_llm_request *request)
{
    const struct mg_llm *llm = &calls_of(self)->setup.llm;
    return llm->ops->request_bytes(llm->self, request);
}

static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    const struct mg_llm *llm = &calls_of(self)->setup.llm;
    return llm->ops->request_hash(llm->self, request, arena);
}

static void close_calls(void *self)
{
    struct calls *calls = calls_of(self);
    const struct mg_llm *llm = &calls->setup.llm;
    llm->ops->close(llm->self);
    (void)pthread_mutex_destroy(&calls->mutex);
    calls->magic = 0;
    free(calls);
}

void mg_model_calls_configure(struct mg_model_calls_setup *setup, const struct mg_config *config)
{
    setup->limits.max_micro_usd = (int64_t)(config->orchestrator.max_cost_usd * 1e6 + 0.5);
    if (config->orchestrator.max_cost_usd > 0 && setup->limits.max_micro_usd == 0)
        setup->limits.max_micro_usd = 1; /* a limit below a millionth is a limit, too */
    setup->limits.max_tokens = config->orchestrator.max_tokens;
    setup->max_retries = config->llm.max_retries;
    setup->first_wait = config->llm.retry_backoff_seconds;
    setup->timeout_seconds = config->llm.timeout_seconds;
    setup->seed = (uint64_t)config->generation.seed;
}

enum mg_code mg_model_calls_new(const struct mg_model_calls_setup *setup, struct mg_llm *calls, struct mg_err *err)
{
    const struct mg_llm *llm = &setup->llm;
    if (!llm->price && setup->limits.max_micro_usd > 0)
        return MG_FAIL(err, MG_E_CONFIG,
                       "no price is known for %s%s%.*s, so the cost limit cannot be held: set llm.price_input and llm.price_output (USD per million"
                       " tokens), or orchestrator.max_cost_usd = 0 (--max-cost 0) for no limit",
                       llm->ops->name, llm->model.len ? " " : "", MG_FMT(mg_str_sub(llm->model, 0, 100)));
    struct calls *self = calloc(1, sizeof *self);
    if (!self)
        return MG_FAIL(err, MG_E_LIMIT, "out of memory");
    *self = (struct calls){ .magic = MAGIC, .setup = *setup, .mutex = PTHREAD_MUTEX_INITIALIZER, .random = setup->seed };
    self->ops = (struct mg_llm_ops){
        .name = llm->ops->name, .complete = complete, .request_bytes = request_bytes, .request_hash = request_hash, .close = close_calls
    };
    *calls = (struct mg_llm){ .ops = &self->ops, .self = self, .provider = llm->provider, .model = llm->model, .price = llm->price };
    return MG_OK;
}
