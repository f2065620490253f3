/* The rules that tell sources from tests and from everything else. */
#include "adapters/ingest_local/file_class.h"

#include <string.h>
#include <strings.h>

/* Where a generator says that it was one. */
#define GENERATED_TOP 2000
#define GENERATED_LINES 20

struct mg_str mg_path_folder(struct mg_str path)
{
    size_t slash = mg_str_rfind(path, '/');
    return slash == path.len ? MG_STR("") : mg_str_sub(path, 0, slash);
}

struct mg_str mg_path_base(struct mg_str path)
{
    size_t slash = mg_str_rfind(path, '/');
    return slash == path.len ? path : mg_str_sub(path, slash + 1, path.len);
}

bool mg_is_identifier(struct mg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.at[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || (unsigned char)byte >= 0x80;
        if (!letter && !(i > 0 && byte >= '0' && byte <= '9'))
            return false;
    }
    return name.len > 0;
}

static bool is_one_of(struct mg_str name, const char *const *names)
{
    for (; *names; names++)
        if (mg_str_is(name, *names))
            return true;
    return false;
}

static bool is_named_like_test(struct mg_str base) { return mg_str_starts(base, "test_") || mg_str_ends(base, "_test.py"); }

void mg_folders_add(struct mg_folders *folders, struct mg_str path)
{
    struct mg_str folder = mg_path_folder(path), base = mg_path_base(path);
    if (folder.len > 0 && mg_str_is(base, "__init__.py"))
        *mg_map_slot(&folders->packages, folder) = folders;
    if (!is_named_like_test(base))
        return;
    for (; folder.len > 0; folder = mg_path_folder(folder))
        *mg_map_slot(&folders->test_trees, folder) = folders;
}

bool mg_folders_is_package(const struct mg_folders *folders, struct mg_str folder) { return mg_map_get(&folders->packages, folder) != NULL; }

/* A folder `tests` is always one; `test` (a package may be called so) and `testing` only when test files are in it. */
static bool is_in_test_folder(const struct mg_folders *folders, struct mg_str path)
{
    static const char *const perhaps[] = { "test", "testing", NULL };
    for (struct mg_str folder = mg_path_folder(path); folder.len > 0; folder = mg_path_folder(folder)) {
        struct mg_str name = mg_path_base(folder);
        if (mg_str_is(name, "tests") || (is_one_of(name, perhaps) && mg_map_get(&folders->test_trees, folder)))
            return true;
    }
    return false;
}

/* Folders beside the packages whose Python is not the product. */
static bool is_in_side_folder(const struct mg_folders *folders, struct mg_str path)
{
    static const char *const side[] = { "docs", "doc", "examples", "example", "samples", "benchmarks", "benchmark", "bench", "build", "dist", NULL };
    for (struct mg_str folder = mg_path_folder(path); folder.len > 0; folder = mg_path_folder(folder)) {
        struct mg_str name = mg_path_base(folder);
        if (name.at[0] == '.')
            return true;
        if (is_one_of(name, side) && !mg_folders_is_package(folders, folder) && !mg_folders_is_package(folders, mg_path_folder(folder)))
            return true;
    }
    return false;
}

bool mg_is_helper_script(const struct mg_folders *folders, struct mg_str path)
{
    static const char *const helpers[] = { "tools", "tool", "scripts", "script", "bin", "ci", "dev", "devtools", "hack", NULL };
    struct mg_str top = mg_str_sub(path, 0, mg_str_find(path, '/', 0));
    return top.len < path.len && is_one_of(top, helpers) && !mg_folders_is_package(folders, top);
}

bool mg_is_vendored(struct mg_str gitmodules, struct mg_str path)
{
    static const char *const carried[] = { "vendor", "_vendor", "vendored", "_vendored", "third_party", "thirdparty", "third-party", NULL };
    for (struct mg_str folder = mg_path_folder(path); folder.len > 0; folder = mg_path_folder(folder))
        if (is_one_of(mg_path_base(folder), carried))
            return true;
    for (struct mg_str line; mg_str_next_line(&gitmodules, &line);) {
        line = mg_str_trim(line);
        size_t equals = mg_str_find(line, '=', 0);
        if (equals == line.len || !mg_str_is(mg_str_trim(mg_str_sub(line, 0, equals)), "path"))
            continue;
        struct mg_str folder = mg_str_trim(mg_str_sub(line, equals + 1, line.len));
        if (folder.len > 0 && folder.len < path.len && path.at[folder.len] == '/' && mg_str_eq(mg_str_sub(path, 0, folder.len), folder))
            return true;
    }
    return false;
}

/* Case does not matter. */
static bool says(struct mg_str text, const char *words)
{
    size_t len = strlen(words);
    for (size_t at = 0; at + len <= text.len; at++)
        if (strncasecmp(text.at + at, words, len) == 0)
            return true;
    return false;
}

bool mg_is_generated(struct mg_str path, struct mg_str text)
{
    static const char *const endings[] = { "_pb2.py", "_pb2_grpc.py" };
    static const char *const warnings[] = { "do not edit",   "don't edit",   "do not modify", "don't change",
                                            "do not change", "will be lost", "automatically" };
    struct mg_str top = mg_str_sub(text, 0, GENERATED_TOP), line;
    for (size_t i = 0; i < MG_COUNT(endings); i++)
        if (mg_str_ends(path, endings[i]))
            return true;
    bool generated = false, warned = false;
    for (int lines = 0; lines < GENERATED_LINES && mg_str_next_line(&top, &line); lines++) {
        if (mg_str_contains(line, "@"
                                  "generated"))
            return true;
        bool code = line.len > 0 &&
                    (mg_str_starts(line, "def ") || mg_str_starts(line, "class ") || mg_str_starts(line, "import ") || mg_str_starts(line, "from "));
        if (code)
            break;
        generated |= says(line, "generated by") || says(line, "generated from") || says(line, "autogenerated") || says(line, "auto-generated");
        for (size_t i = 0; i < MG_COUNT(warnings); i++)
            warned |= says(line, warnings[i]);
    }
    return generated && warned;
}

enum mg_file_class mg_file_classify(const struct mg_folders *folders, struct mg_str path, struct mg_str text)
{
    static const char *const tooling[] = { "setup.py", "noxfile.py", "manage.py", "tasks.py", "fabfile.py", "versioneer.py", NULL };
    struct mg_str base = mg_path_base(path);
    if (mg_str_starts(base, "test_generated_"))
        return MG_FILE_OTHER;
    if (is_named_like_test(base))
        return MG_FILE_TEST;
    bool has_tests = mg_str_contains(text, "def test");
    if (has_tests && (mg_str_is(base, "tests.py") || mg_str_is(base, "test.py")))
        return MG_FILE_TEST;
    if (mg_str_is(base, "conftest.py"))
        return MG_FILE_SUPPORT;
    if (is_in_test_folder(folders, path))
        return has_tests ? MG_FILE_TEST : MG_FILE_SUPPORT;
    if (is_one_of(base, tooling) && !mg_folders_is_package(folders, mg_path_folder(path)))
        return MG_FILE_OTHER;
    return is_in_side_folder(folders, path) ? MG_FILE_OTHER : MG_FILE_SOURCE;
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

/* The encoding a PEP 263 comment in the first two lines names; empty when there is none. */
struct mg_str mg_declared_encoding(struct mg_str text)
{
    struct mg_str line;
    for (int i = 0; i < 2 && mg_str_next_line(&text, &line); i++) {
        line = mg_str_trim(line);
        if (line.len > 0 && line.at[0] != '#')
            break;
        for (size_t at = 0; at + 7 < line.len; at++) {
            if (memcmp(line.at + at, "coding", 6) != 0 || (line.at[at + 6] != ':' && line.at[at + 6] != '='))
                continue;
            size_t from = at + 7;
            while (from < line.len && (line.at[from] == ' ' || line.at[from] == '\t'))
                from++;
            size_t to = from;
            while (to < line.len && is_name_byte(line.at[to]))
                to++;
            return mg_str_sub(line, from, to);
        }
    }
    return MG_STR("");
}

static bool is_ascii(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

const char *mg_text_problem(struct mg_str text)
{
    static const char *const utf8[] = { "utf-8", "UTF-8", "utf8", "UTF8", "utf_8", "utf-8-sig", NULL };
    /* Supersets of ASCII: a file that uses nothing else reads the same. */
    static const char *const ascii_based[] = { "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso-8859-15", "cp1252", NULL };
    if (mg_str_find(text, '\0', 0) != text.len)
        return "holds NUL bytes";
    struct mg_str encoding = mg_declared_encoding(text);
    if (encoding.len > 0 && !is_one_of(encoding, utf8) && !(is_one_of(encoding, ascii_based) && is_ascii(text)))
        return "declares an encoding other than UTF-8";
    return mg_str_is_utf8(text) ? NULL : "not UTF-8";
}
