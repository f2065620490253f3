/* What is missing in the chosen interpreter, in words that lead to a repair. */
#include "adapters/ingest_local/choose.h"
#include "adapters/ingest_local/environment.h"

#include "base/str.h"
#include "os/file.h"

#include <string.h>

#define MOST_MODULES 6
#define FILE_LIMIT ((size_t)1 << 20)

/* Distributions that are not called as their module. */
static const char *const other_names[][2] = {
    { "yaml", "PyYAML" },
    { "PIL", "Pillow" },
    { "cv2", "opencv-python" },
    { "sklearn", "scikit-learn" },
    { "bs4", "beautifulsoup4" },
    { "dateutil", "python-dateutil" },
    { "attr", "attrs" },
    { "dotenv", "python-dotenv" },
    { "git", "GitPython" },
    { "jwt", "PyJWT" },
    { "Crypto", "pycryptodome" },
    { "OpenSSL", "pyOpenSSL" },
    { "serial", "pyserial" },
    { "usb", "pyusb" },
    { "magic", "python-magic" },
    { "MySQLdb", "mysqlclient" },
    { "docx", "python-docx" },
    { "pkg_resources", "setuptools" },
    { "distutils", "setuptools" },
    { "rest_framework", "djangorestframework" },
    { "skimage", "scikit-image" },
    { "markdown", "Markdown" },
    { "slugify", "python-slugify" },
    { "ruamel", "ruamel.yaml" },
    { "psycopg2", "psycopg2-binary" },
    { "lxml_html_clean", "lxml-html-clean" },
    { "zmq", "pyzmq" },
    { "ldap", "python-ldap" },
    { "nacl", "PyNaCl" },
};

const char *mg_distribution_of(struct mg_arena *arena, struct mg_str module)
{
    for (size_t i = 0; i < MG_COUNT(other_names); i++)
        if (mg_str_is(module, other_names[i][0]))
            return other_names[i][1];
    struct mg_str name = mg_arena_str(arena, module);
    bool plugin = mg_str_starts(module, "pytest_"); /* spelt with hyphens, all of them */
    char *copy = MG_NEW_ARRAY(arena, char, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        copy[i] = plugin && name.at[i] == '_' ? '-' : name.at[i];
    return copy;
}

struct mg_str mg_normal_name(struct mg_arena *arena, struct mg_str name)
{
    char *out = MG_NEW_ARRAY(arena, char, name.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.at[i];
        bool mark = byte == '-' || byte == '_' || byte == '.';
        if (!mark)
            out[len++] = byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
        else if (len == 0 || out[len - 1] != '-')
            out[len++] = '-';
    }
    return (struct mg_str){ out, len };
}

struct mg_str mg_requirement_name(struct mg_str requirement)
{
    size_t end = 0;
    while (end < requirement.len && !strchr(" \t[<>=!~;@(", requirement.at[end]))
        end++;
    return mg_str_sub(requirement, 0, end);
}

bool mg_requires(struct mg_arena *arena, struct mg_str requirement, struct mg_str name)
{
    return mg_str_eq(mg_normal_name(arena, mg_requirement_name(requirement)), mg_normal_name(arena, name));
}

static struct mg_str same_name(struct mg_arena *arena, const struct mg_str *requirements, size_t count, struct mg_str name)
{
    for (size_t i = 0; i < count; i++)
        if (mg_requires(arena, requirements[i], name))
            return mg_requirement_name(requirements[i]);
    return MG_NO_STR;
}

/* The repo's own word for a module of several levels: the longest beginning of "zope.event.classhandler" that it requires. */
static struct mg_str required_name(const struct mg_choice *choice, const struct mg_need *need)
{
    struct mg_dependencies said;
    struct mg_str module = need->module;
    if (mg_str_find(module, '.', 0) == module.len)
        return need->name;
    mg_dependencies_list(choice->arena, choice->repo->copy, &said);
    for (; module.len; module = mg_str_sub(module, 0, mg_str_rfind(module, '.'))) {
        struct mg_str found = same_name(choice->arena, said.project.at, said.project.len, module);
        found = found.len ? found : same_name(choice->arena, said.tests.at, said.tests.len, module);
        if (found.len)
            return found;
        if (mg_str_find(module, '.', 0) == module.len)
            break;
    }
    return need->name;
}

static bool has(const struct mg_choice *choice, struct mg_str folder, const char *name)
{
    return mg_file_exists(mg_path_join(choice->arena, folder, mg_str_from(name)).at);
}

struct mg_str mg_repair_command(const struct mg_choice *choice, struct mg_str python, struct mg_str origin, struct mg_str module)
{
    struct mg_str root = mg_workspace_root(choice->arena, choice->repo->original);
    const char *name = mg_distribution_of(choice->arena, module);
    if (mg_str_is(origin, "mutagen"))
        return mg_arena_printf(choice->arena, "add %s to the project's test dependencies, or make a .venv in the repo that has all of them", name);
    if (mg_str_is(origin, "poetry"))
        return MG_STR("`poetry install --all-extras --all-groups`");
    if (mg_str_is(origin, "pdm"))
        return MG_STR("`pdm install`");
    if (mg_str_is(origin, "conda"))
        return mg_arena_printf(choice->arena, "`%.*s -m pip install %s`, or conda install", MG_FMT(python), name);
    if (has(choice, root, "uv.lock") && !mg_str_is(origin, "PATH") && !mg_str_is(origin, "--python"))
        return mg_arena_printf(choice->arena, "`uv sync --all-packages --all-extras --all-groups` in %.*s", MG_FMT(root));
    return mg_arena_printf(choice->arena, "`%.*s -m pip install %s`", MG_FMT(python), name);
}

/* The first service that is built here, else the first one. A line-wise look at "services:" is enough for a hint. */
static struct mg_str compose_service(struct mg_arena *arena, struct mg_str text)
{
    struct mg_str line, first = MG_NO_STR, current = MG_NO_STR;
    size_t depth = 0;
    bool inside = false;
    while (mg_str_next_line(&text, &line)) {
        struct mg_str word = mg_str_trim(line);
        size_t indent = 0;
        while (indent < line.len && line.at[indent] == ' ')
            indent++;
        if (word.len == 0 || word.at[0] == '#')
            continue;
        if (indent == 0) {
            inside = mg_str_starts(word, "services:");
            continue;
        }
        if (!inside)
            continue;
        depth = depth == 0 ? indent : depth;
        if (indent == depth && mg_str_find(word, ':', 0) < word.len) {
            current = mg_arena_str(arena, mg_str_sub(word, 0, mg_str_find(word, ':', 0)));
            first = first.len ? first : current;
        } else if (indent > depth && mg_str_starts(word, "build")) {
            return current;
        }
    }
    return first;
}

/* For projects whose interpreter lives in a container. */
static struct mg_str container_command(const struct mg_choice *choice)
{
    static const char *const compose[] = { "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml" };
    static const char mount[] = "-v \"$(command -v mutagen)\":/usr/local/bin/mutagen";
    for (size_t i = 0; i < MG_COUNT(compose); i++) {
        struct mg_str text;
        const char *path = mg_path_join(choice->arena, choice->repo->original, mg_str_from(compose[i])).at;
        if (mg_file_read(choice->arena, path, FILE_LIMIT, &text, NULL) != MG_OK)
            continue;
        struct mg_str service = compose_service(choice->arena, text);
        return mg_arena_printf(choice->arena, "docker compose run --rm %s %.*s mutagen run .", mount, MG_FMT(service.len ? service : MG_STR("app")));
    }
    if (has(choice, choice->repo->original, "Dockerfile") || has(choice, choice->repo->original, "Containerfile"))
        return mg_arena_printf(choice->arena, "docker run --rm %s \"$(docker build -q .)\" mutagen run .", mount);
    return MG_NO_STR;
}

static struct mg_str counted(struct mg_arena *arena, uint32_t count, const char *what)
{
    return mg_arena_printf(arena, "%u %s file%s", count, what, count == 1 ? "" : "s");
}

static void explain(struct mg_choice *choice, const struct mg_need *need)
{
    struct mg_arena *arena = choice->arena;
    struct mg_str sources = counted(arena, need->sources, "source"), tests = counted(arena, need->tests, "test");
    struct mg_str broken = need->sources && need->tests ? mg_arena_printf(arena, "%.*s and %.*s", MG_FMT(sources), MG_FMT(tests))
                           : need->sources              ? sources
                                                        : tests;
    struct mg_str chain = need->chain.len ? mg_arena_printf(arena, " (%.*s > %.*s)", MG_FMT(need->chain), MG_FMT(need->path)) : MG_NO_STR;
    struct mg_str command = mg_repair_command(choice, choice->repo->python, choice->repo->python_origin, required_name(choice, need));
    struct mg_str use = need->sign.len ? mg_arena_printf(arena, "needs it for %.*s", MG_FMT(need->sign)) : MG_STR("imports it");
    struct mg_str like =
        need->like.len ? mg_arena_printf(arena, "pytest's pythonpath, if %.*s is meant, which no import path leads to; else ", MG_FMT(need->like))
                       : MG_NO_STR;
    *MG_PUSH(arena, &choice->repo->notes) =
        mg_arena_printf(arena, "module %.*s is missing in %.*s: %.*s:%u %.*s%.*s, so %s%.*s %s. Repair: %.*s%.*s", MG_FMT(need->name),
                        MG_FMT(choice->repo->python), MG_FMT(need->path), need->line, MG_FMT(use), MG_FMT(chain), need->sign.len ? "tests in " : "",
                        MG_FMT(broken), need->sign.len ? "fail" : "cannot be imported", MG_FMT(like), MG_FMT(command));
}

void mg_explain_missing(struct mg_choice *choice)
{
    size_t missing = 0, left = 0;
    for (size_t i = 0; i < choice->needs.len; i++) {
        const struct mg_need *need = &choice->needs.at[i];
        if (!need->missing || need->sources + need->tests == 0)
            continue;
        if (missing++ >= MOST_MODULES) {
            left++;
            continue;
        }
        explain(choice, need);
        struct mg_missing_module module = { .name = need->name, .note = choice->repo->notes.at[choice->repo->notes.len - 1] };
        struct mg_str_list tests = { 0 };
        if (need->sign.len == 0)
            mg_needs_tests_of(&choice->needs, need, choice->arena, &tests);
        module.tests = tests.at;
        module.test_count = tests.len;
        *MG_PUSH(choice->arena, &choice->repo->missing) = module;
    }
    if (left)
        *MG_PUSH(choice->arena, &choice->repo->notes) =
            mg_arena_printf(choice->arena, "%zu more module%s missing in %.*s", left, left == 1 ? " is" : "s are", MG_FMT(choice->repo->python));
    struct mg_str container = missing ? container_command(choice) : MG_NO_STR;
    if (container.len)
        *MG_PUSH(choice->arena, &choice->repo->notes) =
            mg_arena_printf(choice->arena, "the project has a container; if its packages are there, run inside it: %.*s", MG_FMT(container));
}
