/* Writes and sums model calls. The order of columns is the order of the put and get calls. */
#include "adapters/store_sqlite/call_rows.h"

#include "base/str.h"

/* Nothing is stored that would not be read back. */
static void put_amount(struct mg_query *q, int64_t amount, int64_t low) { mg_put_int(q, amount > low ? amount : low); }

static void put_usage(struct mg_query *q, const struct mg_llm_call *call)
{
    mg_put_int(q, call->requests);
    put_amount(q, call->usage.input, 0);
    put_amount(q, call->usage.cache_read, 0);
    put_amount(q, call->usage.cache_write, 0);
    put_amount(q, call->usage.output, 0);
    mg_put_int(q, call->usage.known ? 1 : 0);
    put_amount(q, call->micro_usd, MG_UNKNOWN_COST);
}

enum mg_code mg_sqlite_reserve(struct mg_sql *sql, struct mg_str run_id, const struct mg_llm_call *call, int64_t *call_id, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql,
                  "INSERT INTO llm_calls (run_id, target_id, purpose, provider, model, request_hash, request_id, failure, started_at, seconds,"
                  " requests, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, usage_known, micro_usd, worst_micro_usd,"
                  " worst_tokens, settled) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
                  err);
    const struct mg_str texts[] = { run_id,      call->target_id,    call->purpose,    call->provider,
                                    call->model, call->request_hash, call->request_id, call->failure };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        mg_put_str(&q, texts[i]);
    mg_put_int(&q, call->started_at);
    mg_put_real(&q, call->seconds);
    put_usage(&q, call);
    put_amount(&q, call->worst_micro_usd, MG_UNKNOWN_COST);
    put_amount(&q, call->worst_tokens, 0);
    (void)mg_query_row(&q);
    MG_TRY(mg_query_close(&q));
    *call_id = sqlite3_last_insert_rowid(sql->db);
    return MG_OK;
}

enum mg_code mg_sqlite_settle(struct mg_sql *sql, struct mg_str run_id, int64_t call_id, const struct mg_llm_call *call, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql,
                  "UPDATE llm_calls SET provider = ?, model = ?, request_hash = ?, request_id = ?, failure = ?, started_at = ?, seconds = ?,"
                  " requests = ?, input_tokens = ?, cache_read_tokens = ?, cache_write_tokens = ?, output_tokens = ?, usage_known = ?,"
                  " micro_usd = ?, settled = 1 WHERE run_id = ? AND call_id = ? AND settled = 0",
                  err);
    const struct mg_str texts[] = { call->provider, call->model, call->request_hash, call->request_id, call->failure };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        mg_put_str(&q, texts[i]);
    mg_put_int(&q, call->started_at);
    mg_put_real(&q, call->seconds);
    put_usage(&q, call);
    mg_put_str(&q, run_id);
    mg_put_int(&q, call_id);
    (void)mg_query_row(&q);
    MG_TRY(mg_query_close(&q));
    if (sqlite3_changes(sql->db) == 0)
        return MG_FAIL(err, MG_E_STATE, "model call %lld is not open", (long long)call_id);
    return MG_OK;
}

#define SUMMED                                                                                                                                       \
    "SELECT requests, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, usage_known, micro_usd, worst_micro_usd, worst_tokens,"    \
    " settled FROM llm_calls WHERE run_id = ?"

/* Row by row, not by SQL's sum(): the rules of a sum are core's. */
enum mg_code mg_sqlite_spent(struct mg_sql *sql, struct mg_str run_id, struct mg_str target_id, struct mg_spend *spend, struct mg_err *err)
{
    struct mg_query q;
    *spend = (struct mg_spend){ 0 };
    mg_query_open(&q, sql, target_id.len > 0 ? SUMMED " AND target_id = ?" : SUMMED, err);
    mg_put_str(&q, run_id);
    if (target_id.len > 0)
        mg_put_str(&q, target_id);
    while (mg_query_row(&q)) {
        struct mg_llm_call call = { .requests = mg_get_u32(&q) };
        call.usage.input = mg_get_int(&q, 0, INT64_MAX);
        call.usage.cache_read = mg_get_int(&q, 0, INT64_MAX);
        call.usage.cache_write = mg_get_int(&q, 0, INT64_MAX);
        call.usage.output = mg_get_int(&q, 0, INT64_MAX);
        call.usage.known = mg_get_bool(&q);
        call.micro_usd = mg_get_int(&q, MG_UNKNOWN_COST, INT64_MAX);
        call.worst_micro_usd = mg_get_int(&q, MG_UNKNOWN_COST, INT64_MAX);
        call.worst_tokens = mg_get_int(&q, 0, INT64_MAX);
        call.settled = mg_get_bool(&q);
        if (q.code == MG_OK)
            mg_spend_add(spend, &call);
    }
    return mg_query_close(&q);
}
