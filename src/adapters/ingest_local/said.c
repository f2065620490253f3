/* Gathers the names of required distributions: pyproject.toml, Pipfile, requirements files, setup.cfg, and texts in setup.py. */
#include "adapters/ingest_local/said.h"

#include "adapters/ingest_local/choose.h"
#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/ini.h"
#include "base/str.h"
#include "os/file.h"

#include <string.h>

#define FILE_LIMIT ((size_t)1 << 20)

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

void mg_said_read(struct mg_arena *arena, struct mg_str copy, struct mg_said *said)
{
    struct mg_dependencies found;
    struct mg_str text, line;
    *said = (struct mg_said){ .arena = arena };
    mg_map_init(&said->names, arena);
    if (copy.len == 0)
        return;
    mg_dependencies_list(arena, copy, &found);
    add_all(said, found.project.at, found.project.len);
    add_all(said, found.tests.at, found.tests.len);
    add_all(said, found.optional.at, found.optional.len);
    for (size_t i = 0; i < found.requirements.len; i++)
        if (read_file(said, copy, found.requirements.at[i], &text))
            while (mg_str_next_line(&text, &line))
                add(said, line);
    if (read_file(said, copy, MG_STR("setup.cfg"), &text))
        read_setup_cfg(said, text);
    if (read_file(said, copy, MG_STR("setup.py"), &text))
        read_setup_py(said, text);
}

bool mg_said_has(const struct mg_said *said, struct mg_str module)
{
    return mg_map_get(&said->names, mg_normal_name(said->arena, mg_str_from(mg_distribution_of(said->arena, module)))) != NULL;
}
