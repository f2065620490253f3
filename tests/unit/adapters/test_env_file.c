/* What of a .env goes into the private copy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/ingest_local/env_file.h"
#include "base/str.h"

static void keys_stay_behind(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kept;
    } cases[] = {
        { "DEBUG=1\nOPENAI_API_KEY=sk-1\nURL=x\n", "DEBUG=1\nURL=x\n" },
        { "export ANTHROPIC_API_KEY='a b'", "" },
        { "  export\tGEMINI_API_KEY = k\r\nA=1\r\n", "A=1\r\n" },
        { "\xEF\xBB\xBFGOOGLE_API_KEY=k\nA=1", "A=1" },
        { "'OPENROUTER_API_KEY'=k\n", "" },
        { "MUTAGEN_LLM_API_KEY=k\nMUTAGENX=1\n", "MUTAGENX=1\n" },
        { "MY_OPENAI_API_KEY=mine\nOPENAI_API_KEY_FILE=f\n", "MY_OPENAI_API_KEY=mine\nOPENAI_API_KEY_FILE=f\n" },
        { "# OPENAI_API_KEY=in a comment\n\n", "# OPENAI_API_KEY=in a comment\n\n" },
        { "A=1\rOPENAI_API_KEY=sk-1\rB=2\r", "A=1\rB=2\r" }, /* lone CRs */
        { "A=1\r\rMUTAGEN_X_KEY=sk\n\rB=2", "A=1\r\r\rB=2" },
        { "OPENAI_API_KEY=\"\nsk-1\n\"\nB=2\n", "B=2\n" }, /* over several lines */
        { "export MUTAGEN_X_KEY = 'a\r\nsk-1' # c\r\nB=2", "B=2" },
        { "OPENAI_API_KEY=\"a\\\"\nsk-1\" # \"\nB=2\n", "B=2\n" },
        { "OPENAI_API_KEY=\"never closed\nB=2\nGEMINI_API_KEY='x\n", "B=2\n" },
        { "OPENAI_API_KEY='one line' \"\nB='x'\n", "B='x'\n" },
        { "OPENAI_API_KEY=\"ends in \\", "" },
        { "A=\"1\nOPENAI_API_KEY=sk-1\n\"\n", "A=\"1\n\"\n" }, /* it looks like a key: better a word too few */
        { "", "" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_arena *arena = mg_arena_new();
        assert_string_equal(mg_arena_cstr(arena, mg_env_file_filtered(arena, mg_str_from(cases[i].text))), cases[i].kept);
        mg_arena_free(arena);
    }
}

static void env_files_are_known_by_name(void **state)
{
    (void)state;
    assert_true(mg_is_env_file(".env") && mg_is_env_file(".env.local"));
    assert_false(mg_is_env_file(".envrc") || mg_is_env_file("env") || mg_is_env_file("x.env"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(keys_stay_behind), cmocka_unit_test(env_files_are_known_by_name) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
