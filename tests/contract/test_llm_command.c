/* The llm port's contract on a program, and what only a program can do: end codes, pipes, a group to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "adapters/llm_command/llm_command.h"
#include "base/str.h"
#include "contract/llm_contract.h"
#include "os/fd.h"
#include "os/file.h"

#define MOST_BYTES ((size_t)1 << 20)
#define PID_FILE "/tmp/mg-llm-command-test.XXXXXX"

static char pid_path[] = PID_FILE; /* programs that hang write their number there */
static const char *const programs[LLM_PEERS] = {
    [LLM_ANSWERS] = "cat >/dev/null; printf '```python\\ndef test_caf\\303\\251():\\n    assert 1 + 1 == 2\\n```\\n'",
    /* deaf to SIGTERM, with a child that is too, and stdin unread */
    [LLM_HANGS] = "trap '' TERM; sh -c 'while :; do sleep 1; done' & echo $! >\"$PID_FILE\"; while :; do sleep 1; done",
    [LLM_BUSY] = "echo later >&2; exit 75",
    [LLM_REFUSES] = "echo first >&2; echo \"the key $CONTRACT_API_KEY is wrong\" >&2; echo >&2; exit 3",
    [LLM_DENIES] = "exec /nowhere/model --key \"$CONTRACT_API_KEY\"",
    [LLM_BAD_BYTES] = "printf 'caf\\351\\n'",
    [LLM_FLOODS] = "yes",
};

static struct mg_llm command_new(const char *command)
{
    struct mg_llm_command_options options = { mg_str_from(command), MG_STR("local"), MOST_BYTES };
    return mg_llm_command_new(&options);
}

static bool open_command(enum llm_peer peer, struct mg_llm *llm)
{
    assert_int_equal(truncate(pid_path, 0), 0);
    *llm = command_new(programs[peer]);
    return true;
}

static long told_pid(void)
{
    long pid = 0;
    FILE *file = fopen(pid_path, "re");
    if (!file || fscanf(file, "%ld\n", &pid) != 1)
        pid = 0;
    if (file)
        fclose(file);
    return pid;
}

static bool came(void) { return told_pid() > 0; }

/* Its background child, that is: it belongs to init now, which takes a moment to notice. */
static bool is_left(void)
{
    long pid = told_pid();
    if (pid == 0) /* its deadline came before it got that far */
        return false;
    double deadline = mg_now() + 30;
    while (kill((pid_t)pid, 0) == 0 && mg_now() < deadline)
        usleep(2000);
    return kill((pid_t)pid, 0) == 0;
}

/* --- one program, one end --- */

struct ended {
    struct mg_arena *arena;
    struct mg_llm_reply reply;
    struct mg_err err;
    enum mg_code code;
};

static struct ended run_with(const char *command, struct mg_llm_request *request)
{
    struct ended end = { .arena = mg_arena_new(), .err = { .code = MG_OK } };
    struct mg_llm llm = command_new(command);
    struct mg_llm_request usual = llm_contract_request(end.arena);
    end.code = llm.ops->complete(llm.self, request ? request : &usual, end.arena, &end.reply, &end.err);
    llm.ops->close(llm.self);
    return end;
}

static void end_codes_and_what_they_mean(void **unused)
{
    (void)unused;
    static const struct {
        const char *command;
        enum mg_llm_fault fault;
        const char *text;
    } cases[] = {
        { "exit 1", MG_LLM_REQUEST, "the command exited with 1" },
        { "echo one >&2; printf 'two\\033[1m\\r\\n\\n' >&2; exit 2", MG_LLM_REQUEST, "the command exited with 2: two [1m" },
        { "echo https://me:password@host/ $CONTRACT_API_KEY >&2; exit 2", MG_LLM_REQUEST, "2: https://[redacted]@host/ [redacted]" },
        { "exit 75", MG_LLM_TEMPORARY, "the command exited with 75" },
        { "mutagen-has-no-such-program", MG_LLM_ACCOUNT, "the command exited with 127: " },
        { "/etc/passwd", MG_LLM_ACCOUNT, "the command exited with 126: " },
        { "kill -9 $$", MG_LLM_REQUEST, "the command was ended by signal 9" },
        { "true", MG_LLM_REQUEST, "the command printed nothing" },
        { "echo", MG_LLM_REQUEST, "the command printed nothing" },
        { "head -c 1048577 /dev/zero; echo no >&2", MG_LLM_REQUEST, "the command printed more than 1048576 bytes on stdout" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct ended end = run_with(cases[i].command, NULL);
        if (end.reply.fault != cases[i].fault || !strstr(end.err.text, cases[i].text))
            print_message("%s: fault %d, %s\n", cases[i].command, end.reply.fault, end.err.text);
        assert_int_equal(end.code, MG_E_HTTP);
        assert_int_equal(end.reply.fault, cases[i].fault);
        assert_non_null(strstr(end.err.text, cases[i].text));
        assert_int_equal(end.reply.usage.input > 0, cases[i].fault != MG_LLM_ACCOUNT); /* who failed behind its work has used something */
        mg_arena_free(end.arena);
    }
}

static void the_whole_prompt_arrives(void **unused)
{
    (void)unused;
    struct ended end = run_with("cat", NULL);
    assert_int_equal(end.code, MG_OK);
    assert_true(mg_str_is(end.reply.text, "===== INSTRUCTIONS =====\nWrite pytest tests.\n"
                                          "===== USER =====\nThe project uses pytest.\nTarget: calc.ops.clamp\n\xe2\x82\xac \"quoted\" \\ back\n"
                                          "===== ASSISTANT (your earlier reply) =====\ndef test_clamp(): ...\n"
                                          "===== USER =====\nIt fails: repair it.\n"));
    assert_int_equal(end.reply.request_bytes, end.reply.text.len);
    assert_false(end.reply.usage.known);
    assert_int_equal(end.reply.reported_micro_usd, MG_UNKNOWN_COST);
    assert_true(mg_str_is(end.reply.model, "local"));
    mg_arena_free(end.arena);
}

/* More than a pipe holds, in both directions at once, and on stderr too. */
static void big_texts_do_not_block(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    char *big = mg_arena_alloc(arena, 1000000, 1);
    memset(big, 'x', 1000000);
    request.parts.at[1].text = (struct mg_str){ big, 1000000 };
    struct ended end = run_with("tee /dev/stderr", &request);
    assert_int_equal(end.code, MG_OK);
    assert_int_equal(end.reply.text.len, end.reply.request_bytes);
    mg_arena_free(end.arena);
    end = run_with("echo short", &request); /* that does not read it at all */
    assert_int_equal(end.code, MG_OK);
    assert_true(mg_str_is(end.reply.text, "short\n"));
    mg_arena_free(end.arena);
    mg_arena_free(arena);
}

/* The pipe stays open in a child that goes on: the reply is there when the program itself has ended. */
static void a_background_child_does_not_hold_the_reply(void **unused)
{
    (void)unused;
    assert_int_equal(truncate(pid_path, 0), 0);
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    request.seconds = 3600;
    struct ended end = run_with("sleep 3600 & echo $! >\"$PID_FILE\"; echo done", &request);
    assert_int_equal(end.code, MG_OK);
    assert_true(mg_str_is(end.reply.text, "done\n"));
    assert_true(told_pid() > 0);
    assert_false(is_left());
    mg_arena_free(end.arena);
    mg_arena_free(arena);
}

/* It prints for ever where no limit counts: the clock still ends it. */
static void a_flood_on_stderr_does_not_stop_the_clock(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    request.seconds = 0.5;
    struct ended end = run_with("yes >&2", &request);
    assert_int_equal(end.code, MG_E_TIMEOUT);
    assert_int_equal(end.reply.fault, MG_LLM_TEMPORARY);
    assert_non_null(strstr(end.err.text, "did not end in time: y"));
    mg_arena_free(end.arena);
    mg_arena_free(arena);
}

/* Signals as a program expects them, no terminal, and no descriptor that was not already there to be inherited. */
static void the_program_starts_clean(void **unused)
{
    (void)unused;
    int inherited = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        inherited += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    struct ended end = run_with("ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status; grep SigIgn /proc/self/status; "
                                "cut -d' ' -f7 /proc/self/stat; test \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ && echo own",
                                NULL);
    assert_int_equal(end.code, MG_OK);
    assert_int_equal(strtol(end.reply.text.at, NULL, 10), inherited + 1); /* and the folder that ls reads */
    assert_non_null(strstr(end.reply.text.at, "SigBlk:\t0000000000000000\n"));
    assert_true(mg_str_ends(end.reply.text,
                            "0000000\n0\nown\n")); /* 1 to 28 are not ignored (two above 31 are the C library's); no terminal, an own session */
    mg_arena_free(end.arena);
}

static int clean_up(void **unused)
{
    (void)unused;
    return unlink(pid_path);
}

int main(void)
{
    static const struct llm_contract contract = { .open = open_command, .came = came, .is_left = is_left };
    int fd = mkstemp(pid_path);
    if (fd < 0)
        return 1;
    close(fd);
    setenv("PID_FILE", pid_path, 1);
    setenv("CONTRACT_API_KEY", LLM_CONTRACT_KEY, 1);
    signal(SIGPIPE, SIG_IGN); /* as main.c does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(end_codes_and_what_they_mean),
        cmocka_unit_test(the_whole_prompt_arrives),
        cmocka_unit_test(big_texts_do_not_block),
        cmocka_unit_test(a_background_child_does_not_hold_the_reply),
        cmocka_unit_test(a_flood_on_stderr_does_not_stop_the_clock),
        cmocka_unit_test(the_program_starts_clean),
    };
    int failed = run_llm_contract("command", &contract);
    return failed + cmocka_run_group_tests_name("command alone", tests, NULL, clean_up);
}
