/* Only signs that stand for one plugin: `benchmark` or `snapshot` may come from several. */
#include "adapters/ingest_local/plugins.h"

#include "base/str.h"
#include "os/file.h"

#include <string.h>

#define CONFIG_LIMIT ((size_t)1 << 20)

enum kind { MARK, COROUTINE_MARK, FIXTURE };
struct sign {
    enum kind kind;
    const char *name, *module, *told;
};
static const struct sign signs_known[] = {
    { COROUTINE_MARK, "pytest.mark.asyncio", "pytest_asyncio", "pytest.mark.asyncio" },
    { COROUTINE_MARK, "pytest.mark.trio", "pytest_trio", "pytest.mark.trio" },
    { COROUTINE_MARK, "pytest.mark.anyio", "anyio", "pytest.mark.anyio" },
    { MARK, "pytest.mark.django_db", "pytest_django", "pytest.mark.django_db" },
    { FIXTURE, "unused_tcp_port", "pytest_asyncio", "the fixture unused_tcp_port" },
    { FIXTURE, "mocker", "pytest_mock", "the fixture mocker" },
    { FIXTURE, "httpx_mock", "pytest_httpx", "the fixture httpx_mock" },
    { FIXTURE, "requests_mock", "requests_mock", "the fixture requests_mock" },
};

static bool is_name_byte(char byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* As a whole word, from `from` on. */
static bool has_word(struct mg_str text, size_t from, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = from; at + len <= text.len; at++)
        if (memcmp(text.at + at, word, len) == 0 && (at == 0 || !is_name_byte(text.at[at - 1])) &&
            (at + len == text.len || !is_name_byte(text.at[at + len])))
            return true;
    return false;
}

static bool is_function(struct mg_str line)
{
    line = mg_str_trim(line);
    return mg_str_starts(line, "def ") || mg_str_starts(line, "async def ");
}

/* The repo's own fixture of that name. */
static bool defines(struct mg_str text, const char *name)
{
    for (struct mg_str line; mg_str_next_line(&text, &line);)
        if (is_function(line) && has_word(mg_str_sub(line, 0, mg_str_find(line, '(', 0)), 0, name))
            return true;
    return false;
}

static bool is_own_fixture(const struct mg_plugin_signs *signs, struct mg_str text, const char *name)
{
    for (size_t i = 0; i < signs->repo->conftests.len; i++)
        if (defines(signs->repo->conftests.at[i].text, name))
            return true;
    return defines(text, name);
}

/* `asyncio_mode = auto`, with quotes or without. */
static bool says_auto(struct mg_str text)
{
    for (struct mg_str line; mg_str_next_line(&text, &line);) {
        line = mg_str_trim(line);
        if (mg_str_starts(line, "asyncio_mode") && has_word(line, 0, "auto"))
            return true;
    }
    return false;
}

void mg_plugin_signs_read(const struct mg_repo *repo, struct mg_arena *arena, struct mg_plugin_signs *signs)
{
    static const char *const files[] = { "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg" };
    struct mg_str text;
    *signs = (struct mg_plugin_signs){ .repo = repo };
    for (size_t i = 0; repo->copy.len && i < MG_COUNT(files); i++)
        if (mg_file_read(arena, mg_path_join(arena, repo->copy, mg_str_from(files[i])).at, CONFIG_LIMIT, &text, NULL) == MG_OK)
            signs->every_coroutine |= says_auto(text);
    for (size_t i = 0; i < repo->conftests.len; i++)
        signs->runs_coroutines |= mg_str_contains(repo->conftests.at[i].text, "pytest_pyfunc_call");
}

static bool applies(const struct mg_plugin_signs *signs, const struct sign *sign, struct mg_str text, struct mg_str line)
{
    if (sign->kind == FIXTURE)
        return is_function(line) && has_word(line, mg_str_find(line, '(', 0), sign->name) && !is_own_fixture(signs, text, sign->name);
    if (!has_word(mg_str_sub(line, 0, mg_str_find(line, '#', 0)), 0, sign->name))
        return false;
    return sign->kind == MARK || !signs->runs_coroutines;
}

/* A file that skips itself where the plugin is not needs nothing. */
static bool skips_itself(struct mg_str text, const char *module) { return mg_str_contains(text, "importorskip") && has_word(text, 0, module); }

bool mg_plugin_use_of(const struct mg_plugin_signs *signs, struct mg_str text, struct mg_str line, struct mg_plugin_use *use)
{
    *use = (struct mg_plugin_use){ .module = MG_NO_STR };
    for (size_t i = 0; i < MG_COUNT(signs_known) && !use->module.len; i++)
        if (applies(signs, &signs_known[i], text, line))
            *use = (struct mg_plugin_use){ .module = mg_str_from(signs_known[i].module), .sign = mg_str_from(signs_known[i].told) };
    if (!use->module.len && signs->every_coroutine && !signs->runs_coroutines && mg_str_starts(mg_str_trim(line), "async def test"))
        *use = (struct mg_plugin_use){ .module = MG_STR("pytest_asyncio"), .sign = MG_STR("asyncio_mode = auto") };
    return use->module.len && !skips_itself(text, use->module.at);
}
