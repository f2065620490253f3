/* The build id of this very test program, beside what readelf says of its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "os/build_id.h"

static void it_is_the_one_that_readelf_shows(void **state)
{
    (void)state;
    struct mg_arena *arena = mg_arena_new();
    struct mg_str id = mg_build_id(arena);
    char shown[256] = "";
    FILE *out = popen("readelf -n /proc/$PPID/exe | sed -n 's/.*Build ID: //p'", "r");
    assert_non_null(out);
    assert_non_null(fgets(shown, sizeof shown, out));
    assert_int_equal(pclose(out), 0);
    shown[strcspn(shown, "\n")] = 0;
    assert_int_equal(id.len, 40);
    assert_string_equal(mg_arena_cstr(arena, id), shown);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_the_one_that_readelf_shows) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
