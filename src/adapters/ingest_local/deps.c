/* Reads what a project needs from pyproject.toml and requirements files, without running anything of it. */
#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/poetry.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/toml.h"
#include "os/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_LIMIT ((size_t)8 << 20)
#define DEEPEST_GROUP 8
#define DEEPEST_FOLDER 24

static const char *const test_names[] = { "test", "tests", "testing", "dev", "develop", "development" };
static const char *const requirement_files[] = {
    "requirements.txt",      "requirements-dev.txt",  "requirements_dev.txt",   "requirements-test.txt",    "requirements-tests.txt",
    "requirements_test.txt", "test-requirements.txt", "test_requirements.txt",  "dev-requirements.txt",     "requirements/base.txt",
    "requirements/dev.txt",  "requirements/test.txt", "requirements/tests.txt", "requirements/testing.txt", "requirements/requirements.txt",
};
static const char *const key_files[] = { "pyproject.toml", "hatch.toml", "Pipfile",   "uv.lock",     "poetry.lock",    "pdm.lock",    "Pipfile.lock",
                                         "pylock.toml",    "setup.py",   "setup.cfg", "MANIFEST.in", "CMakeLists.txt", "meson.build", "Cargo.toml" };
static const char *const compiled[] = { ".c", ".h", ".cc", ".cpp", ".hpp", ".pyx", ".pxd", ".rs", ".f90" };

static bool is_test_name(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(test_names); i++)
        if (name.len == strlen(test_names[i]) && strncasecmp(name.at, test_names[i], name.len) == 0)
            return true;
    return false;
}

struct reading {
    struct mg_arena *arena;
    struct mg_dependencies *out;
    const struct mg_toml *root;
};

static void add(struct reading *reading, bool of_tests, struct mg_str requirement)
{
    for (size_t i = 0; i < requirement.len; i++)
        if ((unsigned char)requirement.at[i] < 0x20) /* a line of a file is what it becomes */
            return;
    if (requirement.len == 0 || requirement.at[0] == '-')
        return; /* an option of the installer is no requirement */
    if (of_tests)
        *MG_PUSH(reading->arena, &reading->out->tests) = requirement;
    else
        *MG_PUSH(reading->arena, &reading->out->project) = requirement;
}

static void add_strings(struct reading *reading, bool of_tests, const struct mg_toml *array)
{
    for (size_t i = 0; array && array->kind == MG_TOML_ARRAY && i < array->items.len; i++)
        if (array->items.at[i]->kind == MG_TOML_STRING)
            add(reading, of_tests, array->items.at[i]->text);
}

static void add_optional(struct reading *reading, const struct mg_toml *array)
{
    struct mg_dependencies *out = reading->out, only = { .buildable = false };
    reading->out = &only;
    add_strings(reading, true, array);
    reading->out = out;
    for (size_t i = 0; i < only.tests.len; i++)
        *MG_PUSH(reading->arena, &out->optional) = only.tests.at[i];
}

/* [dependency-groups]: texts and { include-group = "other" }. */
static void add_group(struct reading *reading, const struct mg_toml *groups, struct mg_str name, unsigned depth)
{
    const struct mg_toml *array = mg_toml_get(groups, name);
    if (!array || array->kind != MG_TOML_ARRAY || depth > DEEPEST_GROUP)
        return;
    add_strings(reading, true, array);
    for (size_t i = 0; i < array->items.len; i++) {
        const struct mg_toml *other = mg_toml_find(array->items.at[i], "include-group");
        if (other && other->kind == MG_TOML_STRING)
            add_group(reading, groups, other->text, depth + 1);
    }
}

static void read_poetry_table(struct reading *reading, bool of_tests, const struct mg_toml *table)
{
    for (size_t i = 0; table && table->kind == MG_TOML_TABLE && i < table->entries.len; i++) {
        struct mg_str requirement = mg_poetry_requirement(reading->arena, table->entries.at[i].key, table->entries.at[i].value);
        if (requirement.len)
            add(reading, of_tests, requirement);
    }
}

static void read_poetry(struct reading *reading, const struct mg_toml *poetry)
{
    read_poetry_table(reading, false, mg_toml_find(poetry, "dependencies"));
    read_poetry_table(reading, true, mg_toml_find(poetry, "dev-dependencies"));
    const struct mg_toml *groups = mg_toml_find(poetry, "group");
    for (size_t i = 0; groups && groups->kind == MG_TOML_TABLE && i < groups->entries.len; i++)
        if (is_test_name(groups->entries.at[i].key))
            read_poetry_table(reading, true, mg_toml_find(groups->entries.at[i].value, "dependencies"));
}

/* Groups of PDM may be for linters and documentation: those for tests, or all where none is called so. */
static void read_pdm(struct reading *reading, const struct mg_toml *groups)
{
    bool named = false;
    if (!groups || groups->kind != MG_TOML_TABLE)
        return;
    for (size_t i = 0; i < groups->entries.len; i++)
        named |= is_test_name(groups->entries.at[i].key);
    for (size_t i = 0; i < groups->entries.len; i++)
        if (!named || is_test_name(groups->entries.at[i].key))
            add_strings(reading, true, groups->entries.at[i].value);
}

/* N of "3.N" and "3.N.x". */
static bool minor_of(struct mg_str version, int64_t *minor)
{
    struct mg_str part;
    return mg_str_next_part(&version, '.', &part) && mg_str_is(part, "3") && mg_str_next_part(&version, '.', &part) && mg_str_to_i64(part, minor) &&
           *minor > 0 && *minor < 100;
}

/* Bounds of ">=3.N", "^3.N", "~3.N", "<3.N", "<=3.N", "==3.N.*" and a bare "3.N". */
static void read_python(struct reading *reading, const struct mg_toml *value)
{
    static const char *const operators[] = { ">=", "<=", "==", "~=", "<", "^", "~", "" };
    struct mg_str rest = value && value->kind == MG_TOML_STRING ? value->text : MG_NO_STR, clause;
    struct mg_dependencies *out = reading->out;
    if (mg_str_contains(rest, "|"))
        return;
    while (mg_str_next_part(&rest, ',', &clause)) {
        size_t at = 0;
        int64_t minor;
        clause = mg_str_trim(clause);
        while (!mg_str_starts(clause, operators[at]))
            at++;
        const char *sign = operators[at];
        struct mg_str version = mg_str_trim(mg_str_sub(clause, strlen(sign), clause.len));
        if (!minor_of(version, &minor))
            continue;
        bool exact = strcmp(sign, "==") == 0 || strcmp(sign, "~") == 0 || sign[0] == '\0';
        if (sign[0] != '<' && minor > out->least_minor)
            out->least_minor = minor;
        /* "<3.12" ends there, "<3.12.5" does not */
        bool whole = strcmp(sign, "<") == 0 && (mg_str_rfind(version, '.') < 2 || mg_str_ends(version, ".0"));
        int64_t next = whole ? minor : exact || sign[0] == '<' ? minor + 1 : 0;
        if (next && (out->next_minor == 0 || next < out->next_minor))
            out->next_minor = next;
    }
}

/* What is not to be had from an index: other members of the workspace, and folders. */
static void read_sources(struct reading *reading, const struct mg_toml *uv)
{
    const struct mg_toml *sources = mg_toml_find(uv, "sources");
    bool is_root = mg_toml_find(uv, "workspace") != NULL;
    for (size_t i = 0; sources && sources->kind == MG_TOML_TABLE && i < sources->entries.len; i++) {
        const struct mg_toml *member = mg_toml_find(sources->entries.at[i].value, "workspace"),
                             *path = mg_toml_find(sources->entries.at[i].value, "path");
        bool is_member = member && member->boolean, is_path = path && path->kind == MG_TOML_STRING;
        if (!is_member && !is_path)
            continue;
        *MG_PUSH(reading->arena, &reading->out->siblings) = sources->entries.at[i].key;
        if (is_member ? !is_root : !mg_path_stays_inside(path->text))
            reading->out->outside = sources->entries.at[i].key;
    }
}

/* Whether a requirement ("Two[x]>=1; marker") is of that name. */
static bool asks_for(struct mg_str requirement, struct mg_str name)
{
    size_t i = 0;
    for (; i < requirement.len && i < name.len; i++) {
        char a = requirement.at[i], b = name.at[i];
        bool dash = (a == '-' || a == '_' || a == '.') && (b == '-' || b == '_' || b == '.');
        if (!dash && strncasecmp(&a, &b, 1) != 0)
            return false;
    }
    char next = i < requirement.len ? requirement.at[i] : ' ';
    return i == name.len && next && strchr(" [<>=!~;@(", next);
}

static void leave_siblings_out(const struct mg_dependencies *found, struct mg_str *list, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool is_sibling = false;
        for (size_t k = 0; k < found->siblings.len; k++)
            is_sibling |= asks_for(list[i], found->siblings.at[k]);
        if (!is_sibling)
            list[kept++] = list[i];
    }
    *count = kept;
}

static void read_build_system(struct reading *reading, const struct mg_toml *table)
{
    struct mg_dependencies *out = reading->out;
    const struct mg_toml *requires = mg_toml_find(table, "requires"), *backend = mg_toml_find(table, "build-backend"),
                         *paths = mg_toml_find(table, "backend-path");
    out->buildable = requires != NULL;
    for (size_t i = 0; requires && requires->kind == MG_TOML_ARRAY && i < requires->items.len; i++)
        if (requires->items.at[i]->kind == MG_TOML_STRING && !mg_str_starts(requires->items.at[i]->text, "-"))
    *MG_PUSH(reading->arena, &out->build) = requires->items.at[i]->text;
    if (backend && backend->kind == MG_TOML_STRING)
        out->backend = mg_arena_str(reading->arena, backend->text);
    for (size_t i = 0; paths && paths->kind == MG_TOML_ARRAY && i < paths->items.len; i++)
        if (paths->items.at[i]->kind == MG_TOML_STRING && mg_path_stays_inside(paths->items.at[i]->text))
            *MG_PUSH(reading->arena, &out->backend_paths) = paths->items.at[i]->text;
}

static void read_pyproject(struct reading *reading)
{
    const struct mg_toml *project = mg_toml_find(reading->root, "project"), *extras = mg_toml_find(project, "optional-dependencies");
    const struct mg_toml *groups = mg_toml_find(reading->root, "dependency-groups"), *tool = mg_toml_find(reading->root, "tool");
    read_python(reading, mg_toml_find(project, "requires-python"));
    if (reading->out->least_minor == 0)
        read_python(reading, mg_toml_find(mg_toml_find(mg_toml_find(tool, "poetry"), "dependencies"), "python"));
    add_strings(reading, false, mg_toml_find(project, "dependencies"));
    for (size_t i = 0; extras && extras->kind == MG_TOML_TABLE && i < extras->entries.len; i++)
        if (is_test_name(extras->entries.at[i].key))
            add_strings(reading, true, extras->entries.at[i].value);
        else
            add_optional(reading, extras->entries.at[i].value);
    for (size_t i = 0; groups && groups->kind == MG_TOML_TABLE && i < groups->entries.len; i++)
        if (is_test_name(groups->entries.at[i].key))
            add_group(reading, groups, groups->entries.at[i].key, 0);
    add_strings(reading, true, mg_toml_find(mg_toml_find(tool, "uv"), "dev-dependencies"));
    read_pdm(reading, mg_toml_find(mg_toml_find(tool, "pdm"), "dev-dependencies"));
    const struct mg_toml *hatch = mg_toml_find(mg_toml_find(mg_toml_find(mg_toml_find(tool, "hatch"), "envs"), "default"), "dependencies");
    add_strings(reading, true, hatch);
    read_poetry(reading, mg_toml_find(tool, "poetry"));
    read_sources(reading, mg_toml_find(tool, "uv"));
    read_build_system(reading, mg_toml_find(reading->root, "build-system"));
}
/* An application's: no [project] is needed beside it, and its entries are written as poetry's are. */
static void read_pipfile(struct reading *reading)
{
    read_poetry_table(reading, false, mg_toml_find(reading->root, "packages"));
    read_poetry_table(reading, true, mg_toml_find(reading->root, "dev-packages"));
    if (reading->out->least_minor == 0)
        read_python(reading, mg_toml_find(mg_toml_find(reading->root, "requires"), "python_version"));
}

static bool read_toml(struct reading *reading, struct mg_str copy, const char *name)
{
    struct mg_str text;
    struct mg_toml *root;
    if (mg_file_read(reading->arena, mg_path_join(reading->arena, copy, mg_str_from(name)).at, FILE_LIMIT, &text, NULL) != MG_OK ||
        mg_toml_read(reading->arena, text, &root, NULL) != MG_OK)
        return false;
    reading->root = root;
    return true;
}

/* ---- the key ---- */

static void add_to_key(struct mg_buf *key, struct mg_arena *arena, struct mg_str copy, struct mg_str name)
{
    struct mg_str text;
    if (mg_file_read(arena, mg_path_join(arena, copy, name).at, FILE_LIMIT, &text, NULL) == MG_OK)
        mg_buf_addf(key, "%.*s %.*s\n", MG_FMT(name), MG_FMT(mg_sha256_hex(arena, text, 64)));
}

static bool is_compiled(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(compiled); i++)
        if (mg_str_ends(name, compiled[i]))
            return true;
    return false;
}

static int by_bytes(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

/* Sources of extension modules: another one makes another build. */
static void find_compiled(struct mg_arena *arena, struct mg_str copy, struct mg_str folder, unsigned depth, struct mg_dependencies *found)
{
    DIR *directory = depth < DEEPEST_FOLDER ? opendir(mg_path_join(arena, copy, folder).at) : NULL;
    if (!directory)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name), path = mg_path_join(arena, folder, name);
        struct stat about;
        if (name.at[0] == '.' || lstat(mg_path_join(arena, copy, path).at, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode))
            find_compiled(arena, copy, path, depth + 1, found);
        else if (S_ISREG(about.st_mode) && is_compiled(name))
            *MG_PUSH(arena, &found->requirements) = path;
    }
    closedir(directory);
}

static struct mg_str make_key(struct mg_arena *arena, struct mg_str copy, const struct mg_dependencies *dependencies)
{
    struct mg_buf key = MG_BUF((size_t)16 << 20);
    struct mg_dependencies sources = { .buildable = false };
    for (size_t i = 0; i < MG_COUNT(key_files); i++)
        add_to_key(&key, arena, copy, mg_str_from(key_files[i]));
    for (size_t i = 0; i < dependencies->requirements.len; i++)
        add_to_key(&key, arena, copy, dependencies->requirements.at[i]);
    if (dependencies->buildable)
        find_compiled(arena, copy, MG_STR(""), 0, &sources);
    if (sources.requirements.len > 1)
        qsort(sources.requirements.at, sources.requirements.len, sizeof *sources.requirements.at, by_bytes);
    for (size_t i = 0; i < sources.requirements.len; i++)
        add_to_key(&key, arena, copy, sources.requirements.at[i]);
    struct mg_str text = mg_buf_take(&key, arena);
    return mg_sha256_hex(arena, text, 64);
}

void mg_dependencies_list(struct mg_arena *arena, struct mg_str copy, struct mg_dependencies *dependencies)
{
    *dependencies = (struct mg_dependencies){ .buildable = false };
    struct reading reading = { .arena = arena, .out = dependencies };
    if (read_toml(&reading, copy, "pyproject.toml"))
        read_pyproject(&reading);
    if (read_toml(&reading, copy, "Pipfile"))
        read_pipfile(&reading);
    if (dependencies->backend.len == 0)
        dependencies->backend = MG_STR("setuptools.build_meta:__legacy__");
    leave_siblings_out(dependencies, dependencies->project.at, &dependencies->project.len);
    leave_siblings_out(dependencies, dependencies->tests.at, &dependencies->tests.len);
    leave_siblings_out(dependencies, dependencies->optional.at, &dependencies->optional.len);
    bool names_build = dependencies->buildable; /* maybe of nothing: requires = [] */
    if (mg_file_exists(mg_path_join(arena, copy, MG_STR("setup.py")).at))
        dependencies->buildable = true;
    if (!names_build) {
        *MG_PUSH(arena, &dependencies->build) = MG_STR("setuptools");
        *MG_PUSH(arena, &dependencies->build) = MG_STR("wheel");
    }
    for (size_t i = 0; i < MG_COUNT(requirement_files); i++)
        if (mg_file_exists(mg_path_join(arena, copy, mg_str_from(requirement_files[i])).at))
            *MG_PUSH(arena, &dependencies->requirements) = mg_str_from(requirement_files[i]);
}

void mg_dependencies_read(struct mg_arena *arena, struct mg_str copy, struct mg_dependencies *dependencies)
{
    mg_dependencies_list(arena, copy, dependencies);
    dependencies->key = make_key(arena, copy, dependencies);
}

/* ---- tox ---- */

static bool asks_already(struct mg_arena *arena, struct mg_str requirement, const struct mg_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mg_requires(arena, list[i], mg_requirement_name(requirement)))
            return true;
    return false;
}

/* What the project says elsewhere of a package goes before what tox says of it. */
static void take_requirements(struct mg_arena *arena, const struct mg_dependencies *asked, struct mg_dependencies *known)
{
    for (size_t i = 0; i < asked->tests.len; i++) {
        struct mg_str one = asked->tests.at[i];
        if (!asks_already(arena, one, known->tests.at, known->tests.len) && !asks_already(arena, one, known->project.at, known->project.len))
            *MG_PUSH(arena, &known->tox.requirements) = one;
    }
}

static void take_files(struct mg_arena *arena, const struct mg_str_list *files, struct mg_dependencies *known)
{
    for (size_t i = 0; i < files->len; i++) {
        bool is_known = false;
        for (size_t k = 0; k < known->requirements.len; k++)
            is_known |= mg_str_eq(files->at[i], known->requirements.at[k]);
        if (!is_known)
            *MG_PUSH(arena, &known->tox.files) = files->at[i];
    }
}

void mg_dependencies_add_tox(struct mg_arena *arena, struct mg_str copy, int64_t minor, struct mg_dependencies *dependencies)
{
    struct mg_dependencies asked = { .buildable = false };
    struct reading reading = { .arena = arena, .out = &asked };
    struct mg_buf key = MG_BUF((size_t)16 << 20);
    struct mg_tox tox;
    (void)read_toml(&reading, copy, "pyproject.toml");
    mg_tox_read(arena, copy, reading.root, minor, &tox);
    const struct mg_toml *groups = mg_toml_find(reading.root, "dependency-groups");
    for (size_t i = 0; groups && i < tox.groups.len; i++)
        if (!is_test_name(tox.groups.at[i]))
            add_group(&reading, groups, tox.groups.at[i], 0);
    for (size_t i = 0; i < tox.requirements.len; i++)
        add(&reading, true, tox.requirements.at[i]);
    leave_siblings_out(dependencies, asked.tests.at, &asked.tests.len);
    dependencies->tox = (struct mg_tox){ .extras = tox.extras };
    take_requirements(arena, &asked, dependencies);
    take_files(arena, &tox.files, dependencies);
    mg_buf_addf(&key, "%.*s\n", MG_FMT(dependencies->key));
    for (size_t i = 0; i < dependencies->tox.requirements.len; i++)
        mg_buf_addf(&key, "%.*s\n", MG_FMT(dependencies->tox.requirements.at[i]));
    for (size_t i = 0; i < dependencies->tox.extras.len; i++)
        mg_buf_addf(&key, "[%.*s]\n", MG_FMT(dependencies->tox.extras.at[i]));
    for (size_t i = 0; i < dependencies->tox.files.len; i++)
        add_to_key(&key, arena, copy, dependencies->tox.files.at[i]);
    struct mg_str text = mg_buf_take(&key, arena);
    dependencies->key = mg_sha256_hex(arena, text, 64);
}
