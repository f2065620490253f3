/* Gathers the names of required distributions: pyproject.toml, Pipfile, requirements files, setup.cfg, and texts in setup.py. */
#include "adapters/ingest_local/said.h"

#include "adapters/ingest_local/choose.h"
#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/file_class.h"
#include "adapters/ingest_local/ini.h"
#include "base/str.h"
#include "os/file.h"

#include <string.h>

#define FILE_LIMIT ((size_t)1 << 20)
#define DEEPEST_INCLUDE 8

static void add(struct mg_said *said, struct mg_str requirement)
{
    struct mg_str name = mg_requirement_name(mg_str_trim(requirement));
    if (name.len)
        *mg_map_slot(&said->names, mg_normal_name(said->arena, name)) = said;
}

static void add_all(struct mg_said *said, const struct mg_str *requirements, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(said, requirements[i]);
}

static bool read_file(struct mg_said *said, struct mg_str copy, struct mg_str name, struct mg_str *text)
{
    return mg_file_read(said->arena, mg_path_join(said->arena, copy, name).at, FILE_LIMIT, text, NULL) == MG_OK;
}

static void read_setup_cfg(struct mg_said *said, struct mg_str text)
{
    struct mg_ini ini;
    mg_ini_read(said->arena, text, &ini);
    for (size_t i = 0; i < ini.values.len; i++) {
        const struct mg_ini_value *value = &ini.values.at[i];
        if (mg_str_ends(value->key, "_requires") || mg_str_ends(value->key, "_require") || mg_str_is(value->section, "options.extras_require"))
            add_all(said, value->lines.at, value->lines.len);
    }
}

/* Every text behind the first word that speaks of requirements: what stands before it names packages and folders. */
static void read_setup_py(struct mg_said *said, struct mg_str text)
{
    const char *first = text.len ? memmem(text.at, text.len, "_require", 8) : NULL;
    struct mg_str line, quoted;
    text = first ? mg_str_sub(text, (size_t)(first - text.at), text.len) : MG_NO_STR;
    while (mg_str_next_line(&text, &line))
        while (mg_str_next_quoted(&line, &quoted))
            add(said, quoted);
}

/* "-r other.txt", "--requirement=other.txt" */
static struct mg_str included_file(struct mg_str line)
{
    static const char *const words[] = { "--requirement=", "--requirement ", "-r" };
    for (size_t i = 0; i < MG_COUNT(words); i++)
        if (mg_str_starts(line, words[i]))
            return mg_str_trim(mg_str_sub(line, strlen(words[i]), mg_str_find(line, '#', 0)));
    return MG_NO_STR;
}

static void read_requirements(struct mg_said *said, struct mg_str path, unsigned depth)
{
    struct mg_str text, line, folder = mg_path_folder(path);
    if (depth > DEEPEST_INCLUDE || !read_file(said, said->copy, path, &text))
        return;
    while (mg_str_next_line(&text, &line)) {
        struct mg_str other = included_file(line);
        if (other.len)
            read_requirements(said, folder.len ? mg_path_join(said->arena, folder, other) : other, depth + 1);
        else
            add(said, line);
    }
}

void mg_said_read(struct mg_arena *arena, struct mg_str copy, struct mg_said *said)
{
    struct mg_dependencies found;
    struct mg_str text;
    *said = (struct mg_said){ .arena = arena, .copy = copy };
    mg_map_init(&said->names, arena);
    if (copy.len == 0)
        return;
    mg_dependencies_list(arena, copy, &found);
    add_all(said, found.project.at, found.project.len);
    add_all(said, found.tests.at, found.tests.len);
    add_all(said, found.optional.at, found.optional.len);
    for (size_t i = 0; i < found.requirements.len; i++)
        read_requirements(said, found.requirements.at[i], 0);
    if (read_file(said, copy, MG_STR("setup.cfg"), &text))
        read_setup_cfg(said, text);
    if (read_file(said, copy, MG_STR("setup.py"), &text))
        read_setup_py(said, text);
}

bool mg_said_has(const struct mg_said *said, struct mg_str module)
{
    return mg_map_get(&said->names, mg_normal_name(said->arena, mg_str_from(mg_distribution_of(said->arena, module)))) != NULL;
}

bool mg_said_has_part(const struct mg_said *said, struct mg_str module)
{
    for (; module.len; module = mg_str_sub(module, 0, mg_str_rfind(module, '.'))) {
        if (mg_said_has(said, module))
            return true;
        if (mg_str_find(module, '.', 0) == module.len)
            break;
    }
    return false;
}

void mg_said_add_tox(struct mg_said *said, int64_t minor)
{
    struct mg_dependencies found;
    mg_dependencies_list(said->arena, said->copy, &found);
    mg_dependencies_add_tox(said->arena, said->copy, minor, &found);
    add_all(said, found.tox.requirements.at, found.tox.requirements.len);
    for (size_t i = 0; i < found.tox.files.len; i++)
        read_requirements(said, found.tox.files.at[i], 0);
}
