/* The log: both forms of a line, levels, hidden secrets, texts that are cut or no UTF-8, and lines of several threads that stay whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/log.h"
#include "base/str.h"

static char path[64];
static struct mg_arena *arena;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/mg-log-XXXXXX");
    arena = mg_arena_new();
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_log_run(MG_NO_STR);
    mg_log_phase("");
    mg_log_target(MG_NO_STR);
    mg_log_close();
    mg_arena_free(arena);
    return unlink(path);
}

static struct mg_str hide(const void *secrets, struct mg_arena *scratch, struct mg_str text)
{
    (void)secrets;
    if (!mg_str_contains(text, "hunter2"))
        return text;
    return mg_arena_printf(scratch, "[redacted] of %zu", text.len);
}

static void start(enum mg_log_level level, bool json)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    mg_log_open(&(struct mg_log_setup){ .level = level, .json = json, .fd = fd, .redact = hide });
}

static struct mg_str text(void)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *at = mg_arena_alloc(arena, 1 << 20, 1);
    size_t len = fread(at, 1, 1 << 20, file);
    assert_int_equal(fclose(file), 0);
    return (struct mg_str){ at, len };
}

/* Without its time. */
static void line_is(const char *wanted)
{
    struct mg_str all = text(), line;
    assert_true(mg_str_next_line(&all, &line) && all.len == 0);
    size_t at = mg_str_find(line, line.at[0] == '{' ? ',' : ' ', 0);
    if (!mg_str_is(mg_str_sub(line, at + 1, line.len), wanted))
        fail_msg("%.*s", MG_FMT(line));
}

static void a_line_of_text(void **state)
{
    (void)state;
    start(MG_LOG_INFO, false);
    mg_log_run(MG_STR("r1"));
    mg_log_phase("baseline");
    mg_log_target(MG_STR("pkg.mod.f"));
    MG_LOG(MG_LOG_DEBUG, "below the level", MG_L_INT("n", 1));
    MG_LOG(MG_LOG_WARNING, "something was", MG_L_TEXT("plain", MG_STR("a/b")), MG_L_TEXT("text", MG_STR("two words\n\"\x1b")), MG_L_INT("n", -3),
           MG_L_NUMBER("x", 0.25), MG_L_NUMBER("nan", 0.0 / 0.0), MG_L_TEXT("none", MG_NO_STR));
    line_is("WARNING run=r1 phase=baseline target=pkg.mod.f something was plain=a/b text=\"two words\\n\\\"\\u001b\" n=-3 x=0.25 nan=null none=\"\"");
}

static void a_line_of_json(void **state)
{
    (void)state;
    start(MG_LOG_DEBUG, true);
    MG_LOG(MG_LOG_DEBUG, "e", MG_L_TEXT("t", MG_STR("\xc3\xa9\x01\\")), MG_L_TEXT("bad", MG_STR("a\xff")), MG_L_INT("n", INT64_MIN),
           MG_L_TEXT("key", MG_STR("my hunter2")));
    line_is("\"level\":\"debug\",\"run\":null,\"phase\":null,\"target\":null,\"event\":\"e\",\"t\":\"\xc3\xa9\\u0001\\\\\",\"bad\":\"a\\ufffd\","
            "\"n\":-9223372036854775808,"
            "\"key\":\"[redacted] of 10\"}");
    struct mg_str line = text();
    assert_true(mg_str_starts(line, "{\"timestamp\":\"2") && line.at[24] == 'T' && line.at[37] == 'Z' && line.at[38] == '"');
}

static void a_failure_has_its_kind_and_place(void **state)
{
    (void)state;
    struct mg_err err;
    start(MG_LOG_ERROR, false);
    mg_log_err(MG_LOG_ERROR, "failed", &(struct mg_err){ .code = MG_OK });
    mg_log_err(MG_LOG_WARNING, "failed", NULL);
    (void)mg_err_set(&err, MG_E_IO, "/somewhere/src/os/file.c", 12, "no space");
    (void)mg_err_prefix(&err, "report");
    mg_log_err(MG_LOG_ERROR, "failed", &err);
    line_is("ERROR   run=- phase=- target=- failed error=\"report: no space\" code=io raised=os/file.c:12");
}

static void nothing_is_written_before_it_is_opened(void **state)
{
    (void)state;
    mg_log_close();
    assert_false(mg_log_is_on(MG_LOG_ERROR));
    assert_false(mg_log_owns_stderr());
    MG_LOG(MG_LOG_ERROR, "lost", MG_L_INT("n", 1));
    assert_int_equal(text().len, 0);
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    struct mg_str bytes = { memset(mg_arena_alloc(arena, 100000, 1), 1, 100000), 100000 };
    start(MG_LOG_INFO, true);
    MG_LOG(MG_LOG_INFO, "long", MG_L_TEXT("a", bytes), MG_L_TEXT("b", bytes), MG_L_TEXT("c", bytes), MG_L_TEXT("d", bytes));
    struct mg_str all = text();
    assert_true(all.len < 16384 + 3 && mg_str_ends(all, "\"}\n"));
}

static void *write_many(void *name)
{
    mg_log_target(mg_str_from(name));
    for (int i = 0; i < 500; i++)
        MG_LOG(MG_LOG_INFO, "step", MG_L_TEXT("of", mg_str_from(name)), MG_L_INT("i", i));
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    (void)state;
    static char names[4][16] = { "first", "second", "third", "fourth" };
    pthread_t threads[4];
    start(MG_LOG_INFO, false);
    for (size_t i = 0; i < MG_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
    for (size_t i = 0; i < MG_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct mg_str all = text(), line;
    unsigned lines = 0;
    while (mg_str_next_line(&all, &line)) {
        size_t at = mg_str_rfind(line, 'o');
        bool whole = false;
        for (size_t i = 0; i < MG_COUNT(names); i++)
            whole |= mg_str_contains(line, mg_arena_printf(arena, "target=%s step of=%s i=", names[i], names[i]).at);
        assert_true(whole && at < line.len);
        lines++;
    }
    assert_int_equal(lines, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_of_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_of_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_has_its_kind_and_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_written_before_it_is_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_of_threads_stay_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
