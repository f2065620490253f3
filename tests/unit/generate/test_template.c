/* Templates: what is replaced, what is left out, and what is refused with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "generate/model/template.h"

static const struct mg_slot slots[] = { { "name", MG_STR_INIT("Ada") }, { "empty", MG_STR_INIT("") }, { "code", MG_STR_INIT("{{name}} {{#x}}") } };

static void texts_are_filled(void **state)
{
    (void)state;
    static const struct {
        const char *text, *filled;
    } cases[] = {
        { "plain", "plain" },
        { "Hello {{name}}!", "Hello Ada!" },
        { "{{ name }}{{name}}", "AdaAda" },
        { "a {{#name}}b{{/name}} c", "a b c" },
        { "a {{#empty}}b{{/empty}} c", "a  c" },
        { "a\n{{#name}}\nb\n{{/name}}\nc", "a\nb\nc" }, /* marks on lines of their own leave no empty lines */
        { "a\n{{#empty}}\nb {{name}}\n{{/empty}}\nc", "a\nc" },
        { "{{#name}}{{#empty}}x{{/empty}}y{{/name}}", "y" },
        { "{{#empty}}{{#name}}x{{/name}}y{{/empty}}z", "z" },
        { "{{code}}", "{{name}} {{#x}}" }, /* values are not looked into */
        { "{ {name} }", "{ {name} }" },
        { "\n\n a \n\n", "a" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str filled;
        struct mg_err err = { .code = MG_OK };
        assert_int_equal(mg_template_fill("t.txt", mg_str_from(cases[i].text), slots, MG_COUNT(slots), arena, &filled, &err), MG_OK);
        assert_string_equal(mg_arena_cstr(arena, filled), cases[i].filled);
        mg_arena_free(arena);
    }
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "a\n{{nobody}}", "t.txt:2: there is no {{nobody}} here" },
        { "{{#nobody}}x{{/nobody}}", "t.txt:1: there is no {{nobody}} here" },
        { "{{name", "t.txt:1: {{ is not closed by }}" },
        { "{{#name}}x", "t.txt: {{#name}} is not closed" },
        { "{{#empty}}x", "t.txt: {{#empty}} is not closed" },
        { "\n\n{{/name}}", "t.txt:3: {{/name}} closes nothing" },
        { "{{#name}}{{/empty}}", "t.txt:1: {{/empty}} closes nothing" },
        { "{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}", "t.txt:1: sections nest too deep" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str filled;
        struct mg_err err = { .code = MG_OK };
        assert_int_equal(mg_template_fill("t.txt", mg_str_from(cases[i].text), slots, MG_COUNT(slots), arena, &filled, &err), MG_E_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        mg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(texts_are_filled), cmocka_unit_test(mistakes_are_named_with_their_line) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
