/* The llm port's contract on the player and on the recorder in front of a program, and that the one plays what the other kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "adapters/llm_command/llm_command.h"
#include "adapters/llm_replay/llm_replay.h"
#include "base/str.h"
#include "contract/llm_contract.h"
#include "os/file.h"

static char root[] = "/tmp/mg-replay-XXXXXX";
static char folder[64];
static struct mg_err err;

static void put(struct mg_arena *arena, struct mg_str hash, const char *json)
{
    assert_int_equal(mg_file_write(mg_arena_printf(arena, "%s/%.*s.json", folder, MG_FMT(hash)).at, mg_str_from(json), &err), MG_OK);
}

static void empty_folder(void)
{
    assert_int_equal(mg_file_remove_tree(folder, &err), MG_OK);
    assert_int_equal(mg_file_mkdirs(folder, &err), MG_OK);
}

#define RECORD(text, stop) "{\"format\": 1, \"reply\": {\"text\": \"" text "\", \"stop\": \"" stop "\"}}"
#define CONTRACT_RECORD RECORD("```python\\ndef test_caf\xc3\xa9():\\n    assert 1 + 1 == 2\\n```\\n", "end")

/* --- the contract --- */

static void keep_answer(const struct mg_llm_request *request)
{
    struct mg_arena *arena = mg_arena_new();
    put(arena, mg_llm_replay_hash(request, arena), CONTRACT_RECORD);
    mg_arena_free(arena);
}

static bool open_player(enum llm_peer peer, struct mg_llm *llm)
{
    empty_folder();
    if (peer == LLM_BAD_BYTES) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_llm_request request = llm_contract_request(arena);
        put(arena, mg_llm_replay_hash(&request, arena), RECORD("caf\xe9", "end"));
        mg_arena_free(arena);
    }
    assert_int_equal(mg_llm_player_new(mg_str_from(folder), llm, &err), MG_OK);
    return peer == LLM_ANSWERS || peer == LLM_REFUSES /* nothing is there */ || peer == LLM_BAD_BYTES || (llm->ops->close(llm->self), false);
}

static bool open_recorder(enum llm_peer peer, struct mg_llm *llm)
{
    empty_folder();
    static const char *const programs[LLM_PEERS] = {
        [LLM_ANSWERS] = "printf '```python\\ndef test_caf\\303\\251():\\n    assert 1 + 1 == 2\\n```\\n'",
        [LLM_BUSY] = "exit 75",
        [LLM_REFUSES] = "echo $CONTRACT_API_KEY >&2; exit 1",
        [LLM_DENIES] = "/nowhere/model",
    };
    if (!programs[peer])
        return false;
    struct mg_llm_command_options options = { mg_str_from(programs[peer]), MG_STR("local"), 1 << 20 };
    assert_int_equal(mg_llm_recorder_new(mg_llm_command_new(&options), mg_str_from(folder), llm, &err), MG_OK);
    return true;
}

/* --- together --- */

static size_t count_files(void)
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

/* A provider that says all there is to say. */
static enum mg_code complete_fully(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply,
                                   struct mg_err *why)
{
    (void)arena;
    *reply = (struct mg_llm_reply){ .text = MG_STR("def test_\xe2\x82\xac(): \"x\"\t\\\n"),
                                    .model = MG_STR("model-2"),
                                    .request_id = MG_STR("req_7"),
                                    .stop = MG_LLM_TRUNCATED,
                                    .usage = { 11, 22, 33, 44, true },
                                    .reported_micro_usd = 1234,
                                    .retry_after = -1,
                                    .request_bytes = (int64_t)request->system.len };
    if (mg_str_is(request->purpose, "fail"))
        return MG_FAIL(why, MG_E_HTTP, "on order");
    *(int *)self += 1;
    return MG_OK;
}
static int64_t bytes_of(void *self, const struct mg_llm_request *request)
{
    (void)self;
    return (int64_t)request->system.len;
}
static struct mg_str hash_of(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    (void)self;
    (void)request;
    return mg_arena_str(arena, MG_STR("the provider's own"));
}
static void close_it(void *self) { *(int *)self = -1; }
static const struct mg_llm_ops full_ops = { "full", complete_fully, bytes_of, hash_of, close_it };

static struct mg_llm full_llm(int *calls)
{
    return (struct mg_llm){ .ops = &full_ops, .self = calls, .provider = MG_STR("full"), .model = MG_STR("model-latest") };
}

static void what_was_recorded_is_played(void **unused)
{
    (void)unused;
    empty_folder();
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    struct mg_llm_reply said, played;
    struct mg_llm recorder, player;
    int calls = 0;
    assert_int_equal(mg_llm_recorder_new(full_llm(&calls), mg_str_from(folder), &recorder, &err), MG_OK);
    assert_true(mg_str_is(recorder.provider, "full") && mg_str_is(recorder.model, "model-latest"));
    assert_int_equal(recorder.ops->complete(recorder.self, &request, arena, &said, &err), MG_OK);
    assert_int_equal(calls, 1);
    assert_int_equal(count_files(), 1);
    request.purpose = MG_STR("fail"); /* not part of the hash: the record of the success stays */
    request.parts.at[0].text = MG_STR("another");
    assert_int_equal(recorder.ops->complete(recorder.self, &request, arena, &played, &err), MG_E_HTTP);
    assert_int_equal(count_files(), 1);
    request = llm_contract_request(arena);
    struct mg_str hash = recorder.ops->request_hash(recorder.self, &request, arena);
    recorder.ops->close(recorder.self);
    assert_int_equal(calls, -1);

    assert_int_equal(mg_llm_player_new(mg_str_from(folder), &player, &err), MG_OK);
    assert_true(mg_str_eq(hash, player.ops->request_hash(player.self, &request, arena)));
    request.seconds = 1;
    request.purpose = MG_STR("repair");
    assert_int_equal(player.ops->complete(player.self, &request, arena, &played, &err), MG_OK);
    assert_true(mg_str_eq(played.text, said.text) && mg_str_eq(played.model, said.model) && mg_str_eq(played.request_id, said.request_id));
    assert_int_equal(played.stop, MG_LLM_TRUNCATED);
    assert_memory_equal(&played.usage, &said.usage, sizeof said.usage);
    assert_int_equal(played.reported_micro_usd, 0);
    assert_non_null(player.price);
    assert_true(player.price->input == 0 && player.price->output == 0); /* so that a cost limit lets it run */
    player.ops->close(player.self);
    mg_arena_free(arena);
}

static void a_file_says_what_it_answers(void **unused)
{
    (void)unused;
    empty_folder();
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    struct mg_llm_reply reply;
    struct mg_llm recorder;
    struct mg_str json;
    int calls = 0;
    assert_int_equal(mg_llm_recorder_new(full_llm(&calls), mg_str_from(folder), &recorder, &err), MG_OK);
    assert_int_equal(recorder.ops->complete(recorder.self, &request, arena, &reply, &err), MG_OK);
    recorder.ops->close(recorder.self);
    struct mg_str hash = mg_llm_replay_hash(&request, arena);
    assert_int_equal(mg_file_read(arena, mg_arena_printf(arena, "%s/%.*s.json", folder, MG_FMT(hash)).at, 1 << 20, &json, &err), MG_OK);
    static const char *const parts[] = { "\"format\": 1",
                                         "\"provider\": \"full\"",
                                         "\"model\": \"model-latest\"",
                                         "\"purpose\": \"generate\"",
                                         "\"target_id\": \"calc.ops.clamp\"",
                                         "\"role\": \"assistant\"",
                                         "\"system_bytes\": 19",
                                         "\"max_output_tokens\": 1000",
                                         "\"stop\": \"truncated\"",
                                         "\"cache_write\": 33",
                                         "\"reported_micro_usd\": 1234",
                                         "\"request_id\": \"req_7\"" };
    for (size_t i = 0; i < MG_COUNT(parts); i++)
        assert_non_null(strstr(json.at, parts[i]));
    assert_true(mg_str_contains(json, hash.at));
    assert_false(mg_str_contains(json, "repair it")); /* the prompt is the user's code: it is not kept */
    mg_arena_free(arena);
}

static void the_hash_sees_what_decides(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena), other = llm_contract_request(arena);
    struct mg_str hash = mg_llm_replay_hash(&request, arena);
    other.parts.at[0].breakpoint = false;
    other.parts.at[0].text = MG_STR("The project uses pytest.\nTarget: calc"); /* cut elsewhere, the same message */
    other.parts.at[1].text = MG_STR(".ops.clamp\n\xe2\x82\xac \"quoted\" \\ back\n");
    assert_true(mg_str_eq(hash, mg_llm_replay_hash(&other, arena)));
    other.max_output_tokens++;
    assert_false(mg_str_eq(hash, mg_llm_replay_hash(&other, arena)));
    other = llm_contract_request(arena);
    other.parts.len--;
    assert_false(mg_str_eq(hash, mg_llm_replay_hash(&other, arena)));
    other = llm_contract_request(arena); /* the same bytes, another cut between system and message */
    other.system = MG_STR("Write pytest tests.T");
    other.parts.at[0].text = MG_STR("he project uses pytest.\n");
    assert_false(mg_str_eq(hash, mg_llm_replay_hash(&other, arena)));
    assert_true(mg_str_is(hash, "c639396dbd8296427e8bef4b8f8bdc8babc1d4a8c09cb9c073dba46e04be6493")); /* records stay valid */
    mg_arena_free(arena);
}

static void what_is_missing_or_broken_is_named(void **unused)
{
    (void)unused;
    static const char *const broken[] = { "",
                                          "{\"format\": 1, \"reply\": {\"text\": \"x\"",
                                          "[]",
                                          "{\"format\": 2, \"reply\": {\"text\": \"x\"}}",
                                          "{\"format\": 1, \"reply\": {\"text\": 5}}",
                                          "{\"format\": 1}",
                                          RECORD("x", "perhaps"),
                                          "{\"format\": 1, \"reply\": {\"text\": \"\\ud800\"}}" };
    empty_folder();
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    struct mg_str hash = mg_llm_replay_hash(&request, arena);
    struct mg_llm_reply reply;
    struct mg_llm player;
    assert_int_equal(mg_llm_player_new(mg_str_from(folder), &player, &err), MG_OK);
    assert_int_equal(player.ops->complete(player.self, &request, arena, &reply, &err), MG_E_HTTP);
    assert_int_equal(reply.fault, MG_LLM_REQUEST);
    assert_non_null(strstr(err.text, hash.at));
    assert_non_null(strstr(err.text, "calc.ops.clamp"));
    for (size_t i = 0; i < MG_COUNT(broken); i++) {
        put(arena, hash, broken[i]);
        assert_int_equal(player.ops->complete(player.self, &request, arena, &reply, &err), MG_E_HTTP);
        assert_int_equal(reply.fault, MG_LLM_REQUEST);
        assert_non_null(strstr(err.text, hash.at));
    }
    put(arena, hash, "{\"format\": 1, \"reply\": {\"text\": \"x\"}}"); /* as short as a hand-written one may be */
    assert_int_equal(player.ops->complete(player.self, &request, arena, &reply, &err), MG_OK);
    assert_int_equal(reply.stop, MG_LLM_END);
    assert_false(reply.usage.known);
    player.ops->close(player.self);
    assert_int_equal(mg_llm_player_new(MG_STR("/nowhere/replies"), &player, &err), MG_E_NOT_FOUND);
    mg_arena_free(arena);
}

static void a_reply_that_cannot_be_kept_is_no_secret(void **unused)
{
    (void)unused;
    empty_folder();
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    struct mg_llm_reply reply;
    struct mg_llm recorder;
    int calls = 0;
    assert_int_equal(mg_llm_recorder_new(full_llm(&calls), mg_str_from(folder), &recorder, &err), MG_OK);
    assert_int_equal(mg_file_remove_tree(folder, &err), MG_OK);
    assert_int_equal(recorder.ops->complete(recorder.self, &request, arena, &reply, &err), MG_E_CONFIG);
    assert_int_equal(reply.fault, MG_LLM_ACCOUNT);
    assert_int_equal(reply.usage.output, 44); /* it was paid for */
    recorder.ops->close(recorder.self);
    calls = 0;
    assert_int_equal(mg_llm_recorder_new(full_llm(&calls), MG_STR("/dev/null/replies"), &recorder, &err), MG_E_IO);
    assert_int_equal(calls, -1);
    mg_arena_free(arena);
}

static int clean_up(void **unused)
{
    (void)unused;
    return mg_file_remove_tree(root, NULL) == MG_OK ? 0 : 1;
}

int main(void)
{
    static const struct llm_contract player = { .open = open_player, .prepare = keep_answer };
    static const struct llm_contract recorder = { .open = open_recorder };
    if (!mkdtemp(root))
        return 1;
    snprintf(folder, sizeof folder, "%s/replies", root);
    setenv("CONTRACT_API_KEY", LLM_CONTRACT_KEY, 1);
    signal(SIGPIPE, SIG_IGN); /* as main.c does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_recorded_is_played),
        cmocka_unit_test(a_file_says_what_it_answers),
        cmocka_unit_test(the_hash_sees_what_decides),
        cmocka_unit_test(what_is_missing_or_broken_is_named),
        cmocka_unit_test(a_reply_that_cannot_be_kept_is_no_secret),
    };
    int failed = run_llm_contract("player", &player);
    failed += run_llm_contract("recorder", &recorder);
    return failed + cmocka_run_group_tests_name("replay", tests, NULL, clean_up);
}
