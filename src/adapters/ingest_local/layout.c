/* From copied files to sources and tests. */
#include "adapters/ingest_local/layout.h"

#include "adapters/ingest_local/distribution.h"
#include "adapters/ingest_local/encoding.h"
#include "adapters/ingest_local/file_class.h"
#include "adapters/ingest_local/import_root.h"
#include "base/buf.h"
#include "base/hash.h"
#include "core/text.h"
#include "os/file.h"

#include <stdlib.h>

#define TEXT_LIMIT ((size_t)4 << 20)
#define GITMODULES_LIMIT ((size_t)1 << 20)

struct python_file {
    struct mg_str path, text;
    enum mg_file_class class;
};
struct layout {
    struct mg_arena *arena, *scratch;
    struct mg_repo *repo;
    struct {
        MG_VEC(struct python_file)
    } files;
    struct mg_folders folders;
    struct mg_str helper; /* the last folder that was asked for, and what it is */
    bool is_helper;
    struct mg_distribution distribution;
};

static int by_path(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

static int by_length_then_name(const void *a, const void *b)
{
    const struct mg_str *left = a, *right = b;
    if (left->len != right->len)
        return left->len > right->len ? -1 : 1;
    return mg_str_cmp(*left, *right);
}

static void skip(struct layout *layout, struct mg_str path, const char *reason)
{
    *MG_PUSH(layout->arena, &layout->repo->skipped) =
        (struct mg_skipped_file){ .path = mg_text_utf8(layout->arena, path), .reason = mg_str_from(reason) };
}

/* A file in another encoding: the private copy gets it in UTF-8, so that all who read it read the same. Only then is it told as read. */
static bool recode(struct layout *layout, struct mg_str path, struct mg_str *text)
{
    struct mg_str recoded;
    struct mg_err ignored;
    struct mg_str encoding = mg_declared_encoding(*text);
    if (encoding.len == 0 || !mg_text_recode(layout->arena, *text, encoding, &recoded) || mg_text_problem(recoded) ||
        mg_file_write(path.at, recoded, &ignored) != MG_OK)
        return false;
    *text = recoded;
    return true;
}

/* Texts of what we use; a file we cannot use is skipped by name, unless nobody would miss it. */
static enum mg_code read_files(struct layout *layout, const struct mg_copied *paths, const struct mg_cancel *cancel, struct mg_err *err)
{
    for (size_t i = 0; i < paths->len; i++)
        mg_folders_add(&layout->folders, paths->at[i]);
    for (size_t i = 0; i < paths->len; i++) {
        if (mg_cancelled(cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "stopped while reading the sources");
        struct python_file file = { .path = paths->at[i] };
        struct mg_str whole = mg_path_join(layout->scratch, layout->repo->copy, file.path);
        enum mg_code code = mg_file_read(layout->arena, whole.at, TEXT_LIMIT, &file.text, NULL);
        const char *problem = code == MG_E_LIMIT ? "larger than 4 MB" : code != MG_OK ? "unreadable" : mg_text_problem(file.text);
        if (problem && code == MG_OK && recode(layout, whole, &file.text))
            problem = NULL;
        if (!mg_str_is_utf8(file.path))
            problem = "its name is not UTF-8";
        file.class = mg_file_classify(&layout->folders, file.path, problem ? MG_STR("") : file.text);
        if (!problem)
            *MG_PUSH(layout->scratch, &layout->files) = file;
        else if (file.class != MG_FILE_OTHER)
            skip(layout, file.path, problem);
    }
    return MG_OK;
}

/* In a repo whose product is in src/, what lies beside that folder and nobody imports is a script. */
static bool is_beside_src(struct mg_import_roots *roots, struct mg_str path)
{
    return mg_str_find(path, '/', 0) == path.len && !mg_import_is_named(roots, mg_str_sub(path, 0, path.len - 3));
}

/* A distribution is what its packaging says: a file in the root that is not named there, and that nobody imports, is a script. */
static bool is_stray(const struct layout *layout, struct mg_import_roots *roots, struct mg_str path)
{
    struct mg_str stem = mg_str_sub(path, 0, path.len - 3);
    return layout->distribution.name.len && mg_str_find(path, '/', 0) == path.len && !mg_import_is_named(roots, stem) &&
           !mg_str_contains(layout->distribution.text, mg_arena_cstr(layout->scratch, stem));
}

static bool is_helper_package(struct layout *layout, struct mg_str path)
{
    struct mg_str top = mg_str_sub(path, 0, mg_str_find(path, '/', 0));
    if (top.len == path.len || !mg_is_helper_package(&layout->folders, top))
        return false;
    if (mg_str_eq(layout->helper, top))
        return layout->is_helper;
    const char *inside = mg_arena_printf(layout->scratch, "%.*s/", MG_FMT(top)).at;
    layout->helper = top;
    layout->is_helper = true;
    for (size_t i = 0; i < layout->files.len && layout->is_helper; i++)
        layout->is_helper = mg_str_starts(layout->files.at[i].path, inside) || !mg_text_imports(layout->files.at[i].text, top);
    return layout->is_helper;
}

static bool has_src(const struct layout *layout, struct mg_import_roots *roots)
{
    for (size_t i = 0; i < layout->files.len; i++)
        if (layout->files.at[i].class == MG_FILE_SOURCE && mg_str_is(mg_import_root_of(roots, layout->files.at[i].path), "src"))
            return true;
    return false;
}

/* Scripts of the developers and code that is carried along: no product, unless there is no other. */
static void leave_others_out(struct layout *layout, struct mg_import_roots *roots)
{
    struct mg_str gitmodules = MG_STR("");
    if (mg_file_read(layout->scratch, mg_path_join(layout->scratch, layout->repo->copy, MG_STR(".gitmodules")).at, GITMODULES_LIMIT, &gitmodules,
                     NULL) != MG_OK)
        gitmodules = MG_STR("");
    enum mg_file_class *better = MG_NEW_ARRAY(layout->scratch, enum mg_file_class, layout->files.len);
    bool product = false, alone = false, in_src = has_src(layout, roots);
    mg_distribution_read(layout->scratch, layout->repo, &layout->distribution);
    for (size_t i = 0; i < layout->files.len; i++) {
        const struct python_file *file = &layout->files.at[i];
        better[i] = file->class;
        if (file->class != MG_FILE_SOURCE)
            continue;
        if (mg_is_vendored(gitmodules, file->path) || mg_is_generated(file->path, file->text))
            better[i] = MG_FILE_SUPPORT;
        else if (mg_is_helper_script(&layout->folders, file->path) || mg_import_root_is_guess(roots, file->path) ||
                 (in_src && is_beside_src(roots, file->path)) || is_stray(layout, roots, file->path))
            better[i] = MG_FILE_OTHER;
        product |= better[i] == MG_FILE_SOURCE && !is_helper_package(layout, file->path);
    }
    for (size_t i = 0; i < layout->files.len; i++) {
        bool helper = better[i] == MG_FILE_SOURCE && is_helper_package(layout, layout->files.at[i].path);
        if (helper && product)
            better[i] = MG_FILE_OTHER;
        alone |= helper && !product;
    }
    product |= alone;
    for (size_t i = 0; product && i < layout->files.len; i++) {
        struct python_file *file = &layout->files.at[i];
        if (file->class != better[i] && mg_is_generated(file->path, file->text))
            skip(layout, file->path, "generated code");
        file->class = better[i];
    }
}

static void add_import_root(struct layout *layout, struct mg_str root)
{
    for (size_t i = 0; i < layout->repo->import_roots.len; i++)
        if (mg_str_eq(layout->repo->import_roots.at[i], root))
            return;
    *MG_PUSH(layout->arena, &layout->repo->import_roots) = root;
}

static void name_sources(struct layout *layout)
{
    struct mg_str *texts = MG_NEW_ARRAY(layout->scratch, struct mg_str, layout->files.len);
    for (size_t i = 0; i < layout->files.len; i++)
        texts[i] = layout->files.at[i].text;
    struct mg_import_roots roots = { .arena = layout->arena, .folders = &layout->folders, .texts = texts, .text_count = layout->files.len };
    mg_map_init(&roots.known, layout->scratch);
    leave_others_out(layout, &roots);
    struct mg_map modules;
    mg_map_init(&modules, layout->scratch);

    for (size_t i = 0; i < layout->files.len; i++) {
        struct python_file *file = &layout->files.at[i];
        if (mg_str_is(mg_path_base(file->path), "conftest.py") && file->class != MG_FILE_OTHER)
            *MG_PUSH(layout->arena, &layout->repo->conftests) =
                (struct mg_source_file){ .path = file->path, .module = MG_STR(""), .text = file->text };
        if (file->class == MG_FILE_OTHER || file->class == MG_FILE_SUPPORT)
            continue;
        struct mg_str root = mg_import_root_of(&roots, file->path);
        struct mg_source_file source = { .path = file->path, .module = mg_module_name(layout->arena, root, file->path), .text = file->text };
        if (file->class == MG_FILE_TEST) {
            *MG_PUSH(layout->arena, &layout->repo->test_files) = source;
            continue;
        }
        if (source.module.len == 0)
            continue; /* a script that no import statement can name */
        void **other = mg_map_slot(&modules, source.module);
        if (*other) {
            skip(layout, file->path, "another file has the same module name");
            continue;
        }
        *other = file;
        add_import_root(layout, root);
        *MG_PUSH(layout->arena, &layout->repo->sources) = source;
    }
    /* The deepest first: `src` before the repo's root. */
    if (layout->repo->import_roots.len > 1)
        qsort(layout->repo->import_roots.at, layout->repo->import_roots.len, sizeof *layout->repo->import_roots.at, by_length_then_name);
}

static enum mg_code take_fingerprint(struct layout *layout, struct mg_err *err)
{
    struct mg_buf text = MG_BUF((size_t)256 << 20);
    for (size_t i = 0; i < layout->files.len; i++) {
        const struct python_file *file = &layout->files.at[i];
        if (file->class == MG_FILE_OTHER)
            continue;
        mg_buf_add(&text, file->path);
        mg_buf_addc(&text, '\0');
        mg_buf_add(&text, mg_sha256_hex(layout->scratch, file->text, 64));
        mg_buf_addc(&text, '\n');
    }
    layout->repo->fingerprint = mg_sha256_hex(layout->arena, mg_buf_view(&text), 64);
    enum mg_code code = mg_buf_check(&text, "the list of files", err);
    mg_buf_free(&text);
    return code;
}

enum mg_code mg_ingest_layout(const struct mg_copied *python_files, const struct mg_cancel *cancel, struct mg_arena *arena, struct mg_repo *repo,
                              struct mg_err *err)
{
    struct layout layout = { .arena = arena, .scratch = mg_arena_new(), .repo = repo };
    mg_map_init(&layout.folders.packages, layout.scratch);
    mg_map_init(&layout.folders.test_trees, layout.scratch);
    if (python_files->len > 1)
        qsort(python_files->at, python_files->len, sizeof *python_files->at, by_path);
    enum mg_code code = read_files(&layout, python_files, cancel, err);
    if (code == MG_OK) {
        name_sources(&layout);
        code = take_fingerprint(&layout, err);
    }
    mg_arena_free(layout.scratch);
    return code;
}
