/* Why tests do not count: what has one cause is one line. */
#include "base/str.h"
#include "services/causes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct mg_arena *arena;
static struct mg_run_services services;
static struct mg_report report;
static struct mg_run_context run;
static struct mg_repo repo;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    services = (struct mg_run_services){ .program = "mutagen" };
    report = (struct mg_report){ 0 };
    repo = (struct mg_repo){ 0 };
    run =
        (struct mg_run_context){ .services = &services, .repo = &repo, .arena = arena, .report = &report, .request.repo = MG_STR("/home/a b/shop") };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static void add(enum mg_cause_kind kind, const char *subject, const char *text, const char *refused)
{
    struct mg_str address = mg_str_from(refused);
    mg_cause_add(&run, &(struct mg_mishap){ kind, mg_str_from(subject), mg_str_from(text), &address, refused != NULL });
}

/* The notes of a kind, "subject: text" each on a line. */
static const char *told(enum mg_note_kind kind)
{
    struct mg_str all = MG_STR("");
    for (size_t i = 0; i < report.notes.len; i++)
        if (report.notes.at[i].kind == kind)
            all = mg_arena_printf(arena, "%.*s%.*s: %.*s\n", MG_FMT(all), MG_FMT(report.notes.at[i].subject), MG_FMT(report.notes.at[i].text));
    return mg_arena_cstr(arena, all);
}

static void the_same_words_are_one_cause(void **state)
{
    (void)state;
    add(MG_CAUSE_FAILS, "t::rare", "KeyError: 'b'", NULL);
    add(MG_CAUSE_FAILS, "t::a", "assert <Box at 0x7f12ab> is None, port 40123", NULL);
    add(MG_CAUSE_FAILS, "t::b", "assert <Box at 0x7ffff0> is None, port 40999", NULL);
    add(MG_CAUSE_ERROR, "t::c", "KeyError: 'b'", NULL); /* in another place: something else */
    mg_causes_tell(&run);
    assert_string_equal(told(MG_NOTE_CAUSE), "t::a: 2 tests fail: assert <Box at 0x7f12ab> is None, port 40123\n"
                                             "t::c: stops with an error in its set-up or teardown: KeyError: 'b'\n"
                                             "t::rare: fails: KeyError: 'b'\n");
    assert_string_equal(told(MG_NOTE_LEFT_OUT), "t::rare: fails: KeyError: 'b'\n"
                                                "t::a: fails: assert <Box at 0x7f12ab> is None, port 40123\n"
                                                "t::b: fails: assert <Box at 0x7ffff0> is None, port 40999\n"
                                                "t::c: stops with an error in its set-up or teardown: KeyError: 'b'\n");
}

static void small_numbers_tell_causes_apart(void **state)
{
    (void)state;
    add(MG_CAUSE_FAILS, "t::a", "assert 1 == 2", NULL);
    add(MG_CAUSE_FAILS, "t::b", "assert 3 == 2", NULL);
    mg_causes_tell(&run);
    assert_string_equal(told(MG_NOTE_CAUSE), "t::a: fails: assert 1 == 2\nt::b: fails: assert 3 == 2\n");
}

static void a_refused_address_is_one_cause_whatever_comes_of_it(void **state)
{
    (void)state;
    add(MG_CAUSE_ERROR, "t::a", "OperationalError: refused", "127.0.0.1:5432");
    add(MG_CAUSE_FAILS, "t::b", "ConnectionRefusedError: [Errno 111]", "127.0.0.1:5432");
    add(MG_CAUSE_FAILS, "t::c", "ConnectionRefusedError: [Errno 111]", "127.0.0.1:6379");
    mg_causes_tell(&run);
    assert_string_equal(
        told(MG_NOTE_CAUSE),
        "t::a: 2 tests stop with an error in their set-up or teardown: 127.0.0.1:5432 refused the connection: OperationalError: refused\n"
        "t::c: fails: 127.0.0.1:6379 refused the connection: ConnectionRefusedError: [Errno 111]\n");
}

static void files_are_counted_as_files(void **state)
{
    (void)state;
    add(MG_CAUSE_COLLECTION, "tests/test_a.py", "ModuleNotFoundError: No module named 'x'", NULL);
    add(MG_CAUSE_COLLECTION, "tests/test_b.py", "ModuleNotFoundError: No module named 'x'", NULL);
    mg_causes_tell(&run);
    assert_string_equal(told(MG_NOTE_CAUSE), "tests/test_a.py: 2 test files cannot be collected: ModuleNotFoundError: No module named 'x'\n");
}

static void only_what_is_set_here_was_withheld(void **state)
{
    (void)state;
    *MG_PUSH(arena, &services.withheld) = MG_STR("TOKEN");
    *MG_PUSH(arena, &services.withheld) = MG_STR("DB_URL");
    const struct mg_str names[] = { MG_STR("TOKEN"), MG_STR("NOT_SET"), MG_STR("DB_URL"), MG_STR("TOKEN") };
    mg_cause_asked(&run, names, MG_COUNT(names));
    mg_causes_tell(&run);
    assert_string_equal(told(MG_NOTE_WITHHELD),
                        "DB_URL TOKEN: set here, asked for by tests that did not pass, and not passed on to them: DB_URL, TOKEN; to pass them on: "
                        "mutagen score '/home/a b/shop' --env DB_URL --env TOKEN\n");
}

static void a_missing_module_that_the_notes_name_is_no_cause_again(void **state)
{
    (void)state;
    *MG_PUSH(arena, &repo.missing) = (struct mg_missing_module){ .name = MG_STR("x") };
    add(MG_CAUSE_COLLECTION, "tests/test_a.py", "ModuleNotFoundError: No module named 'x.sub'", NULL);
    add(MG_CAUSE_COLLECTION, "tests/test_b.py", "ModuleNotFoundError: No module named 'xy'", NULL);
    add(MG_CAUSE_FAILS, "tests/test_c.py::test_c", "ModuleNotFoundError: No module named 'x'", NULL);
    mg_causes_tell(&run);
    assert_string_equal(told(MG_NOTE_CAUSE), "tests/test_b.py: cannot be collected: ModuleNotFoundError: No module named 'xy'\n"
                                             "tests/test_c.py::test_c: fails: ModuleNotFoundError: No module named 'x'\n");
    assert_int_equal(report.notes.len, 3 + 2); /* each is left out by name all the same */
}

static void of_a_copied_environment_what_the_repo_names(void **state)
{
    (void)state;
    static const char *const set[] = { "TOKEN", "SHOP_URL", "DB_URL", "URL", "PORT", "SHOP" };
    for (size_t i = 0; i < MG_COUNT(set); i++)
        *MG_PUSH(arena, &services.withheld) = mg_str_from(set[i]);
    *MG_PUSH(arena, &repo.sources) = (struct mg_source_file){ .text = MG_STR("class Settings(BaseSettings):\n    shop_url: str\n    port: int\n") };
    *MG_PUSH(arena, &repo.conftests) = (struct mg_source_file){ .text = MG_STR("env['TOKEN'], env['MY_URL'], env['SHOPS'], env['DB_URL']") };
    const struct mg_str names[] = { MG_STR("DB_URL"), MG_STR("*") };
    mg_cause_asked(&run, names, MG_COUNT(names));
    mg_causes_tell(&run);
    assert_string_equal(told(MG_NOTE_WITHHELD),
                        "DB_URL: set here, asked for by tests that did not pass, and not passed on to them: DB_URL; to pass them on: "
                        "mutagen score '/home/a b/shop' --env DB_URL\n"
                        "SHOP_URL TOKEN: set here, named in the repo, where tests that did not pass read the whole environment, and not passed on to "
                        "them: SHOP_URL, TOKEN; to pass them on: mutagen score '/home/a b/shop' --env SHOP_URL --env TOKEN\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_same_words_are_one_cause),
        CASE(small_numbers_tell_causes_apart),
        CASE(a_refused_address_is_one_cause_whatever_comes_of_it),
        CASE(files_are_counted_as_files),
        CASE(only_what_is_set_here_was_withheld),
        CASE(a_missing_module_that_the_notes_name_is_no_cause_again),
        CASE(of_a_copied_environment_what_the_repo_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
