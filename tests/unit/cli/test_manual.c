/* The example and the manual page in the source tree are what the tables say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "cli/manual.h"
#include "cli/options.h"
#include "core/config.h"
#include "os/file.h"

static void is_up_to_date(const char *path, struct mg_str wanted, struct mg_arena *arena)
{
    struct mg_str text;
    struct mg_err err;
    if (mg_file_read(arena, path, 1 << 20, &text, &err) != MG_OK)
        fail_msg("%s", err.text);
    if (!mg_str_eq(text, wanted))
        fail_msg("%s is not what the tables say: make docs", path);
}

static void the_files_are_up_to_date(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new(); /* ctest runs in the source folder */
    is_up_to_date("mutagen.example.toml", mg_manual_example(arena), arena);
    is_up_to_date("docs/mutagen.1", mg_manual_page(arena), arena);
    mg_arena_free(arena);
}

static void the_page_names_every_command_option_and_setting(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_str page = mg_manual_page(arena);
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++)
        assert_true(mg_str_contains(page, mg_arena_printf(arena, "\\fB%s\\fR", settings[i].key).at));
    for (size_t i = 0; mg_commands[i]; i++)
        assert_true(mg_str_contains(page, mg_arena_printf(arena, ".SS \"mutagen %s", mg_commands[i]->name).at));
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_are_up_to_date),
        cmocka_unit_test(the_page_names_every_command_option_and_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
