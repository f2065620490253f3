/* The base room: published vectors for hashes, edges for text, limits for buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/str.h"

static void hashes_give_the_published_vectors(void **state)
{
    (void)state;
    struct mg_arena *arena = mg_arena_new();
    /* FIPS 180-4 examples: "abc", the empty text, and 56 bytes, which need a second padding block. */
    struct mg_str long_text = MG_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    assert_true(mg_str_is(mg_sha256_hex(arena, MG_STR("abc"), 64), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    assert_true(mg_str_is(mg_sha256_hex(arena, MG_STR(""), 64), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_true(mg_str_is(mg_sha256_hex(arena, long_text, 64), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    assert_true(mg_str_is(mg_sha1_hex(arena, MG_STR("abc"), 40), "a9993e364706816aba3e25717850c26c9cd0d89d"));
    assert_true(mg_str_is(mg_sha1_hex(arena, long_text, 40), "84983e441c3bd26ebaae4aa1f95129e5e54670f1"));
    assert_true(mg_str_is(mg_sha1_hex(arena, MG_STR("abc"), 3), "a99"));
    mg_arena_free(arena);
}

static void numbers_are_whole_and_in_range(void **state)
{
    (void)state;
    int64_t value = 5;
    assert_true(mg_str_to_i64(MG_STR("-9223372036854775808"), &value) && value == INT64_MIN);
    assert_true(mg_str_to_i64(MG_STR("9223372036854775807"), &value) && value == INT64_MAX);
    value = 5;
    assert_false(mg_str_to_i64(MG_STR("9223372036854775808"), &value));
    assert_false(mg_str_to_i64(MG_STR("12x"), &value));
    assert_false(mg_str_to_i64(MG_STR("-"), &value));
    assert_false(mg_str_to_i64(MG_STR(""), &value));
    assert_int_equal(value, 5); /* untouched by failures */
    double real = 0;
    assert_true(mg_str_to_double(MG_STR("0.8"), &real) && real > 0.79 && real < 0.81);
    assert_false(mg_str_to_double(MG_STR("nan"), &real));
    assert_false(mg_str_to_double(MG_STR("1e999"), &real));
    assert_false(mg_str_to_double(MG_STR(" 1"), &real));
}

static void utf8_is_checked_by_the_letter(void **state)
{
    (void)state;
    assert_true(mg_str_is_utf8(MG_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
    static const char *const bad[] = { "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xC3", "\xFF" };
    for (size_t i = 0; i < MG_COUNT(bad); i++)
        assert_false(mg_str_is_utf8(mg_str_from(bad[i])));
}

static void lines_and_parts_end_where_they_should(void **state)
{
    (void)state;
    struct mg_str rest = MG_STR("a\n\nb"), line;
    assert_true(mg_str_next_line(&rest, &line) && mg_str_is(line, "a"));
    assert_true(mg_str_next_line(&rest, &line) && mg_str_is(line, ""));
    assert_true(mg_str_next_line(&rest, &line) && mg_str_is(line, "b"));
    assert_false(mg_str_next_line(&rest, &line));
    rest = MG_STR("x,,");
    assert_true(mg_str_next_part(&rest, ',', &line) && mg_str_is(line, "x"));
    assert_true(mg_str_next_part(&rest, ',', &line) && mg_str_is(line, ""));
    assert_true(mg_str_next_part(&rest, ',', &line) && mg_str_is(line, ""));
    assert_false(mg_str_next_part(&rest, ',', &line));
    rest = MG_STR("f('a\"b', \"\", 'open");
    assert_true(mg_str_next_quoted(&rest, &line) && mg_str_is(line, "a\"b"));
    assert_true(mg_str_next_quoted(&rest, &line) && mg_str_is(line, ""));
    assert_true(mg_str_next_quoted(&rest, &line) && mg_str_is(line, "open"));
    assert_false(mg_str_next_quoted(&rest, &line));
}

static void a_star_crosses_dots(void **state)
{
    (void)state;
    assert_true(mg_str_glob(MG_STR("boltons.strutils.*"), MG_STR("boltons.strutils.A.b")));
    assert_false(mg_str_glob(MG_STR("boltons.strutils.*"), MG_STR("boltons.strutils")));
    assert_false(mg_str_glob(MG_STR("strutils"), MG_STR("boltons.strutils")));
}

static void a_buffer_keeps_what_fits_and_says_so(void **state)
{
    (void)state;
    struct mg_buf buf = MG_BUF(5);
    struct mg_err err;
    mg_buf_addf(&buf, "%d", 1234);
    assert_int_equal(mg_buf_check(&buf, "text", &err), MG_OK);
    mg_buf_adds(&buf, "56");
    assert_int_equal(mg_buf_check(&buf, "text", &err), MG_E_LIMIT);
    assert_true(mg_str_is(mg_buf_view(&buf), "12345"));
    mg_buf_free(&buf);
}

static void a_map_finds_what_was_put_in_as_it_grows(void **state)
{
    (void)state;
    struct mg_arena *arena = mg_arena_new();
    struct mg_map map;
    int values[200];
    mg_map_init(&map, arena);
    assert_null(mg_map_get(&map, MG_STR("k0")));
    for (int i = 0; i < 200; i++)
        *mg_map_slot(&map, mg_arena_printf(arena, "k%d", i)) = &values[i];
    for (int i = 0; i < 200; i++)
        assert_ptr_equal(mg_map_get(&map, mg_arena_printf(arena, "k%d", i)), &values[i]);
    assert_int_equal(map.len, 200);
    assert_null(mg_map_get(&map, MG_STR("k200")));
    mg_arena_free(arena);
}

static void a_longer_cause_is_cut_not_overrun(void **state)
{
    (void)state;
    struct mg_err err;
    char text[600];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(MG_FAIL(&err, MG_E_IO, "%s", text), MG_E_IO);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(mg_err_prefix(&err, "reading %s", "a"), MG_E_IO);
    assert_memory_equal(err.text, "reading a: xxx", 14);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_give_the_published_vectors),
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(utf8_is_checked_by_the_letter),
        cmocka_unit_test(lines_and_parts_end_where_they_should),
        cmocka_unit_test(a_star_crosses_dots),
        cmocka_unit_test(a_buffer_keeps_what_fits_and_says_so),
        cmocka_unit_test(a_map_finds_what_was_put_in_as_it_grows),
        cmocka_unit_test(a_longer_cause_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
