/* The redrawn line: it fits, says what is known, and guesses no ETA before it can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "cli/progress.h"

static const char *render(const struct mg_progress_view *view, unsigned columns)
{
    static char text[1024];
    mg_progress_render(view, columns, text, sizeof text);
    return text;
}

static void a_line_of_a_run(void **state)
{
    (void)state;
    struct mg_progress_view view = {
        .phase = "processing", .message = "pkg.mod.f", .done = 5, .total = 20, .phase_seconds = 50, .elapsed_seconds = 61, .rate = 42.4
    };
    assert_string_equal(render(&view, 120), "| [#####...............] 5/20 processing  pkg.mod.f  42 mutants/s  ETA 2:30  1:01");
    view.tick = 1;
    assert_string_equal(render(&view, 56), "/ 5/20 processing  pkg.m..  42 mutants/s  ETA 2:30  1:01");
}

static void it_never_passes_the_width(void **state)
{
    (void)state;
    struct mg_progress_view view = { .phase = "processing",
                                     .message = "p\xc3\xa4kage.module.Class.a_long_method_name_that_goes_on_and_on_and_on",
                                     .done = 5,
                                     .total = 20,
                                     .phase_seconds = 50,
                                     .elapsed_seconds = 6100,
                                     .rate = 4.24 };
    for (unsigned columns = 1; columns < 160; columns++) {
        const char *text = render(&view, columns);
        size_t seen = 0;
        for (; *text; text++)
            seen += ((unsigned char)*text & 0xc0) != 0x80;
        assert_true(seen <= columns);
    }
    assert_non_null(strstr(render(&view, 100), "..  4.2 mutants/s  ETA 2:30  1:41:40"));
}

static void no_eta_before_it_means_something(void **state)
{
    (void)state;
    struct mg_progress_view view = { .phase = "processing", .message = "", .done = 1, .total = 20, .phase_seconds = 50 };
    assert_null(strstr(render(&view, 120), "ETA"));
    view.done = 7;
    view.first_done = 6; /* resumed: only what this session did counts */
    assert_null(strstr(render(&view, 120), "ETA"));
    view.first_done = 5;
    assert_non_null(strstr(render(&view, 120), "ETA 5:25"));
    view.phase_seconds = 4;
    assert_null(strstr(render(&view, 120), "ETA"));
    view.total = 0;
    assert_string_equal(render(&view, 120), "| processing  0:00");
}

static void a_pipe_gets_few_lines(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    int real = dup(STDERR_FILENO);
    assert_true(file && real >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    struct mg_progress progress = mg_cli_progress_open(true);
    progress.ops->phase(progress.self, "baseline", MG_STR("running the existing tests"), 100);
    for (uint32_t i = 1; i <= 100; i++)
        progress.ops->step(progress.self, i, i % 2 ? MG_STR("test_odd") : MG_STR("test_even"));
    progress.ops->phase(progress.self, "processing", MG_STR(""), 2);
    progress.ops->step(progress.self, 0, MG_STR("pkg.f"));
    progress.ops->step(progress.self, 1, MG_STR("pkg.g"));
    mg_cli_progress_close(progress);
    assert_true(dup2(real, STDERR_FILENO) >= 0);
    close(real);
    char text[1024];
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    assert_string_equal(text, "[baseline] running the existing tests (0/100)\n[processing] pkg.f (0/2)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_line_of_a_run), cmocka_unit_test(it_never_passes_the_width),
                                        cmocka_unit_test(no_eta_before_it_means_something), cmocka_unit_test(a_pipe_gets_few_lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
