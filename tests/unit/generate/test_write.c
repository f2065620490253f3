/* The text of written tests, byte for byte, from calls and observations made by hand; and the expressions they are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/str.h"
#include "generate/search/internal.h"
#include "generate/search/regex.h"
#include <string.h>

static struct mg_arena *arena;
static struct mg_target target;
static struct mg_generate_request request;
static struct mg_config config;
static struct mg_param text_param = { .name = MG_STR_INIT("text"), .kind = MG_PARAM_POSITIONAL };
static struct mg_param sep_param = { .name = MG_STR_INIT("sep"), .kind = MG_PARAM_POSITIONAL, .has_default = true };

static struct mg_str s_(const char *text) { return mg_str_from(text); }

/* A search that has found everything: module `pkg.words`, four mutants. */
static void start(struct mg_search *s, const char *qualname, enum mg_function_kind kind)
{
    size_t dot = mg_str_rfind(s_(qualname), '.');
    struct mg_str name = dot < strlen(qualname) ? mg_str_sub(s_(qualname), dot + 1, strlen(qualname)) : s_(qualname);
    target = (struct mg_target){ .module = MG_STR("pkg.words"), .function = { .qualname = s_(qualname), .name = name, .kind = kind } };
    config = (struct mg_config){ .generation = { .max_tests = 8 } };
    request = (struct mg_generate_request){ .target = &target, .mutant_count = 4, .config = &config };
    *s = (struct mg_search){ .request = &request, .arena = arena };
    mg_map_init(&s->known_calls, arena);
    mg_map_init(&s->plain, arena);
    if (mg_str_is(name, "__eq__"))
        *MG_PUSH(arena, &s->about.params) = &text_param;
    mg_search_callee(s);
}

/* One chosen call that kills `mutant` by its fact number `fact`. */
static struct mg_candidate *add(struct mg_search *s, struct mg_chosen *chosen, const char *receiver, const char *text, const char *sep,
                                uint32_t mutant, uint32_t fact)
{
    struct mg_candidate *c = MG_NEW(arena, struct mg_candidate);
    c->receiver = s_(receiver);
    if (text)
        *MG_PUSH(arena, &c->args) = (struct mg_arg){ .param = &text_param, .source = s_(text) };
    if (sep)
        *MG_PUSH(arena, &c->args) = (struct mg_arg){ .param = &sep_param, .keyword = MG_STR("sep"), .source = s_(sep) };
    c->usable = c->observed = c->seen.stable = true;
    *MG_PUSH(arena, &c->kills) = (struct mg_kill){ .mutant = mutant, .fact = fact };
    assert_non_null(mg_call_finish(s, c));
    *MG_PUSH(arena, chosen) = c;
    return c;
}

static struct mg_fact *fact(struct mg_candidate *c, enum mg_fact_form form, const char *of, const char *source)
{
    struct mg_fact *made = MG_PUSH(arena, &c->seen.facts);
    *made = (struct mg_fact){ .form = form, .of = s_(of), .source = s_(source) };
    return made;
}

static void written(struct mg_search *s, const struct mg_chosen *chosen, const char *expected)
{
    struct mg_suite suite = { 0 };
    mg_write_suite(s, chosen, &suite);
    struct mg_str text = suite.imports;
    for (size_t i = 0; i < suite.tests.len; i++)
        text = mg_arena_printf(arena, "%.*s\n%.*s", MG_FMT(text), MG_FMT(suite.tests.at[i].source));
    assert_string_equal(mg_arena_cstr(arena, text), expected);
}

static void a_table_leaves_out_what_all_rows_share(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "split", MG_FUNCTION);
    fact(add(&s, &chosen, NULL, "\"a-b\"", "\"-\"", 0, 0), MG_FACT_EQ, "result", "['a', 'b']");
    fact(add(&s, &chosen, NULL, "\"\"", "\"-\"", 1, 0), MG_FACT_EQ, "result", "[]");
    fact(add(&s, &chosen, NULL, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "\"-\"", 2, 0), MG_FACT_EQ, "result",
         "['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']");
    fact(add(&s, &chosen, NULL, "\"x\"", NULL, 3, 0), MG_FACT_IS, "result", "None");
    written(
        &s, &chosen,
        "from pkg.words import split\nimport pytest\n\n"
        "@pytest.mark.parametrize(\n    (\"text\", \"expected\"),\n    [\n"
        "        (\"a-b\", [\"a\", \"b\"]),\n"
        "        (\"\", []),\n"
        "        (\n            \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\n            [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"],\n        ),\n"
        "    ],\n)\n"
        "def test_split_with_sep(text, expected):\n    assert split(text, sep=\"-\") == expected\n\n"
        "def test_split_x():\n    assert split(\"x\") is None\n");
}

static void tests_that_would_be_called_alike_say_more(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "Version.__getitem__", MG_METHOD);
    s.shape = MG_CALL_OPERATOR;
    s.operator= "\1[\2]";
    const char *const places[] = { "-1", "slice(1, None)" };
    for (uint32_t i = 0; i < 2; i++) {
        struct mg_candidate *c = add(&s, &chosen, "Version(1)", places[i], NULL, i, UINT32_MAX);
        c->seen.raised = true;
        c->seen.exception = MG_STR("IndexError");
        c->seen.match = i ? MG_STR("a message that is too long for the line it would have to stand on in the test") : MG_NO_STR;
    }
    fact(add(&s, &chosen, "Version(2)", "0", NULL, 2, 0), MG_FACT_EQ, "result", "2");
    written(&s, &chosen,
            "from pkg.words import Version\nimport pytest\n\n"
            "def test_version_getitem_raises_index_error_for_negative_1():\n    version = Version(1)\n\n"
            "    with pytest.raises(IndexError):\n        version[-1]\n\n"
            "def test_version_getitem_raises_index_error_for_slice():\n    version = Version(1)\n\n"
            "    with pytest.raises(\n        IndexError,\n"
            "        match=\"a message that is too long for the line it would have to stand on in the test\",\n    ):\n        version[1:]\n\n"
            "def test_version_getitem_0():\n    assert Version(2)[0] == 2\n");
}

static void what_is_too_long_for_a_line_is_broken(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "split_the_text_at_every_place_where_the_separator_stands", MG_FUNCTION);
    const char *const texts[] = { "\"a\"", "\"b\"", "\"c\"" };
    for (uint32_t i = 0; i < 3; i++)
        fact(add(&s, &chosen, NULL, texts[i], "\"a separator\"", i, 0), MG_FACT_EQ, "result", "[]");
    written(&s, &chosen,
            "from pkg.words import split_the_text_at_every_place_where_the_separator_stands\nimport pytest\n\n"
            "@pytest.mark.parametrize(\n    (\"text\", \"expected\"),\n    [\n        (\"a\", []),\n        (\"b\", []),\n        (\"c\", []),\n    "
            "],\n)\n"
            "def test_split_the_text_at_every_place_where_with_sep(text, expected):\n"
            "    result = split_the_text_at_every_place_where_the_separator_stands(\n        text,\n        sep=\"a separator\",\n    )\n\n"
            "    assert result == expected\n");
}

/* Down to the depth where each line fits; one thing between parentheses stays what it is. */
static void what_is_too_long_inside_is_broken_too(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "split", MG_FUNCTION);
    fact(add(&s, &chosen, NULL, "\"a\"", NULL, 0, 0), MG_FACT_EQ, "result",
         "[{'type': 'unquoted_identifier', 'value': 'a', 'start': 0}, {'type': 'end of the text', 'value': '', 'start': [1, "
         "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb']}, "
         "f(('cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc'))]");
    written(&s, &chosen,
            "from pkg.words import split\n\n"
            "def test_split_a():\n    result = split(\"a\")\n\n    assert result == [\n"
            "        {\"type\": \"unquoted_identifier\", \"value\": \"a\", \"start\": 0},\n"
            "        {\n            \"type\": \"end of the text\",\n            \"value\": \"\",\n"
            "            \"start\": [1, \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"],\n        },\n"
            "        f(\n            (\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"),\n       "
            " ),\n"
            "    ]\n");
}

static void state_after_a_call_is_asserted_when_it_kills(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "Stack.push", MG_METHOD);
    struct mg_candidate *c = add(&s, &chosen, "Stack([1])", "[2]", NULL, 0, 2);
    fact(c, MG_FACT_IS, "result", "None"); /* true of every mutant: not worth a line */
    fact(c, MG_FACT_EQ, "text", "[2]");    /* neither */
    fact(c, MG_FACT_ATTR, "stack", "[1, 2]")->attribute = MG_STR("items");
    written(&s, &chosen,
            "from pkg.words import Stack\n\n"
            "def test_stack_push_list():\n    stack = Stack([1])\n    text = [2]\n\n    stack.push(text)\n\n    assert stack.items == [1, 2]\n");
}

static void errors_numbers_and_output_have_their_own_forms(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "open", MG_FUNCTION);
    struct mg_candidate *c = add(&s, &chosen, NULL, "\"\"", NULL, 0, UINT32_MAX);
    c->seen.raised = true;
    c->seen.exception = MG_STR("pkg.words.Bad");
    c->seen.exception_import = MG_STR("import pkg.words");
    c->seen.match = MG_STR("no 'name'\\.");
    fact(add(&s, &chosen, NULL, "\"-1\"", NULL, 1, 0), MG_FACT_APPROX, "result", "0.1");
    fact(add(&s, &chosen, NULL, "\"b\"", NULL, 2, 0), MG_FACT_OUTPUT, "result", "'b\\n'");
    written(&s, &chosen,
            "from pkg.words import Bad\nfrom pkg.words import open as words_open\nimport pytest\n\n"
            "def test_open_raises_bad():\n    with pytest.raises(Bad, match=r\"no 'name'\\.\"):\n        words_open(\"\")\n\n"
            "def test_open_1():\n    assert words_open(\"-1\") == pytest.approx(0.1)\n\n"
            "def test_open_b(capsys):\n    words_open(\"b\")\n\n    assert capsys.readouterr().out == \"b\\n\"\n");
}

static void an_attribute_is_that_of_the_whole_operator(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "Bag.__radd__", MG_METHOD);
    s.shape = MG_CALL_OPERATOR;
    s.operator= "\2 + \1";
    fact(add(&s, &chosen, "Bag(1)", "2", NULL, 0, 0), MG_FACT_ATTR, "result", "[1, 2]")->attribute = MG_STR("items");
    written(&s, &chosen, "from pkg.words import Bag\n\ndef test_bag_radd_2():\n    assert (2 + Bag(1)).items == [1, 2]\n");
}

static void types_are_named_where_no_import_is_needed(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "half", MG_FUNCTION);
    fact(add(&s, &chosen, NULL, "\"4\"", NULL, 0, 0), MG_FACT_TYPE, "result", "'int'");
    fact(add(&s, &chosen, NULL, "\"b\"", "\"c\"", 1, UINT32_MAX), MG_FACT_TYPE, "result", "'Fraction'");
    written(&s, &chosen,
            "from pkg.words import half\n\ndef test_half_4():\n    assert type(half(\"4\")) is int\n\n"
            "def test_half_with_sep():\n    assert type(half(\"b\", sep=\"c\")).__name__ == \"Fraction\"\n");
}

static void special_methods_are_written_as_their_operators(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "Word.__eq__", MG_METHOD);
    fact(add(&s, &chosen, "Word(1)", "Word(2)", NULL, 0, 0), MG_FACT_IS, "result", "False");
    written(&s, &chosen, "from pkg.words import Word\n\ndef test_word_eq_word():\n    assert (Word(1) == Word(2)) is False\n");
}

static void private_methods_are_called_by_their_mangled_name(void **unused)
{
    (void)unused;
    struct mg_search s;
    struct mg_chosen chosen = { 0 };
    start(&s, "_Box.__fold", MG_METHOD);
    fact(add(&s, &chosen, "_Box()", NULL, NULL, 0, 0), MG_FACT_EQ, "result", "1");
    written(&s, &chosen, "from pkg.words import _Box\n\ndef test_box_fold():\n    assert _Box()._Box__fold() == 1\n");
}

static void literals_are_read_and_written_as_black_does(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {
        { "'a'", "\"a\"" },         { "'say \"hi\"'", "'say \"hi\"'" },
        { "\"it's\"", "\"it's\"" }, { "'\\x41\\u00e9\\n'", "\"A\xc3\xa9\\n\"" },
        { "r'\\d'", "r'\\d'" },     { "['a', {'b': 'c'}]", "[\"a\", {\"b\": \"c\"}]" },
        { "b'a'", "b\"a\"" },       { "f('x', y='z') + 'q'", "f(\"x\", y=\"z\") + \"q\"" },
        { "'\\\\'", "\"\\\\\"" },   { "'\\ud800'", "'\\ud800'" },
        { "'''a'''", "\"a\"" },     { "'\\N{DIGIT ONE}'", "'\\N{DIGIT ONE}'" },
    };
    for (size_t i = 0; i < MG_COUNT(pairs); i++)
        assert_string_equal(mg_arena_cstr(arena, mg_expr_black(arena, s_(pairs[i][0]))), pairs[i][1]);
    assert_true(mg_expr_is_literal(s_("{'a': [1, -2.5, None]}"), arena));
    assert_false(mg_expr_is_literal(s_("[f(1)]"), arena));
    assert_false(mg_expr_is_literal(s_("f'{x}'"), arena));
    assert_true(mg_expr_uses(s_("f('x').y"), MG_STR("f"), arena));
    assert_false(mg_expr_uses(s_("f('x').y"), MG_STR("y"), arena));
    assert_false(mg_expr_uses(s_("f('x').y"), MG_STR("x"), arena));
    struct mg_parts parts = { 0 };
    mg_expr_split(MG_STR("1, (2, 3), 'a, b'"), arena, &parts);
    assert_int_equal(parts.len, 3);
    assert_string_equal(mg_arena_cstr(arena, parts.at[2]), "'a, b'");
}

static size_t times(struct mg_str text, const char *part)
{
    size_t count = 0;
    for (size_t at = 0; at + strlen(part) <= text.len; at++)
        count += memcmp(text.at + at, part, strlen(part)) == 0;
    return count;
}

static void no_neighbour_of_a_dict_has_a_key_twice(void **unused)
{
    (void)unused;
    struct mg_search s;
    start(&s, "split", MG_FUNCTION);
    request.mutant_count = 0; /* nobody wants a hot value */
    size_t changed = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        s.rng = (struct mg_rng){ seed };
        struct mg_str found = mg_value_neighbour(&s, MG_STR("{\"a\": 1, \"b:\": 2}"));
        assert_true(times(found, "\"a\":") <= 1);
        assert_true(times(found, "\"b:\":") <= 1);
        changed += !mg_str_is(found, "{\"a\": 1, \"b:\": 2}");
    }
    assert_true(changed > 1500);
}

static void samples_of_expressions_match_them(void **unused)
{
    (void)unused;
    struct mg_rng rng = { 1 };
    struct mg_str sample;
    assert_true(mg_regex_sample(MG_STR("(?i)^(quiz)zes$"), &rng, arena, &sample));
    assert_string_equal(mg_arena_cstr(arena, sample), "quizzes");
    for (int i = 0; i < 50; i++) {
        assert_true(mg_regex_sample(MG_STR("(?P<n>[1-3]{2})-(?:a|b)(?=x)"), &rng, arena, &sample));
        assert_int_equal(sample.len, 4);
        assert_true(sample.at[0] >= '1' && sample.at[1] <= '3' && sample.at[2] == '-' && (sample.at[3] == 'a' || sample.at[3] == 'b'));
    }
    assert_true(mg_regex_sample(MG_STR("\n  a  # first\n  [ ]b\n"), &rng, arena, &sample));
    assert_string_equal(mg_arena_cstr(arena, sample), "a b");
    assert_true(mg_regex_sample(MG_STR("a{12}"), &rng, arena, &sample));
    assert_int_equal(sample.len, 12);
    assert_false(mg_regex_sample(MG_STR("a)"), &rng, arena, &sample));
    assert_false(mg_regex_sample(MG_STR("[a"), &rng, arena, &sample));
    assert_false(mg_regex_likely(MG_STR("plain text.")));
}

static int new_arena(void **unused)
{
    (void)unused;
    arena = mg_arena_new();
    return 0;
}
static int free_arena(void **unused)
{
    (void)unused;
    mg_arena_free(arena);
    return 0;
}

static void names_of_values(void **state)
{
    (void)state;
    assert_string_equal(mg_describe_value(arena, MG_STR("\"-\"")).at, "hyphen");
    assert_string_equal(mg_describe_value(arena, MG_STR("\", \"")).at, "comma");
    assert_string_equal(mg_describe_value(arena, MG_STR("\"<>\"")).at, "punctuation");
    assert_string_equal(mg_describe_value(arena, MG_STR("\"hello, world!\"")).at, "hello_world");
    assert_string_equal(mg_describe_value(arena, MG_STR("\"some_file-2.tar.gz\"")).at, "some_file_2_tar_gz");
    assert_string_equal(mg_describe_value(arena, MG_STR("\"<em<!-->{value}<<!--/eem>\"")).at, "text_with_punctuation");
}

static void simpler_values(void **state)
{
    struct mg_search s;
    struct mg_str variants[20];
    bool inner = false;
    (void)state;
    start(&s, "f", MG_FUNCTION);
    mg_value_is_plain(&s, MG_STR("[\"a\", \"0\", \"A\"]"));
    assert_true(mg_value_cost(&s, MG_STR("\"a\"")) < mg_value_cost(&s, MG_STR("\"0\"")));
    assert_true(mg_value_cost(&s, MG_STR("\"a\"")) < mg_value_cost(&s, MG_STR("\"A\"")));
    size_t count = mg_value_simpler(&s, MG_STR("\"<em>x</em>\""), variants, MG_COUNT(variants));
    for (size_t i = 0; i < count; i++)
        inner |= mg_str_is(variants[i], "\"<e>x</em>\"") || mg_str_is(variants[i], "\"<e</em>\"") || mg_str_is(variants[i], "\"<ex</em>\"");
    assert_true(inner); /* a piece out of the middle is gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_leaves_out_what_all_rows_share, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(tests_that_would_be_called_alike_say_more, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(what_is_too_long_for_a_line_is_broken, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(what_is_too_long_inside_is_broken_too, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(state_after_a_call_is_asserted_when_it_kills, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(errors_numbers_and_output_have_their_own_forms, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(an_attribute_is_that_of_the_whole_operator, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(types_are_named_where_no_import_is_needed, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(special_methods_are_written_as_their_operators, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(private_methods_are_called_by_their_mangled_name, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(literals_are_read_and_written_as_black_does, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(no_neighbour_of_a_dict_has_a_key_twice, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(samples_of_expressions_match_them, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(names_of_values, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(simpler_values, new_arena, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
