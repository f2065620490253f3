/* Digests of every file of the copy, and of the interpreter: its program, its virtual environment, the names and times of its packages. */
#include "adapters/ingest_local/survey.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)64 << 20) /* the copy holds none that is larger */
#define TEXT_LIMIT ((size_t)8 << 20)
#define DEPTH_LIMIT 110
#define STAMP_LIMIT ((size_t)32 << 20)

struct names {
    MG_VEC(struct mg_str)
};

static int by_bytes(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

static bool read_names(struct mg_arena *arena, const char *path, struct names *names)
{
    DIR *directory = opendir(path);
    if (!directory)
        return false;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *MG_PUSH(arena, names) = mg_arena_str(arena, mg_str_from(entry->d_name));
    closedir(directory);
    if (names->len > 1)
        qsort(names->at, names->len, sizeof *names->at, by_bytes);
    return true;
}

static enum mg_code add_file(struct mg_arena *arena, const char *path, struct mg_str relative, mode_t mode, struct mg_survey *survey,
                             struct mg_err *err)
{
    struct mg_repo_file file = { .path = relative };
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str bytes = MG_NO_STR;
    enum mg_code code = MG_OK;
    if (S_ISLNK(mode)) {
        char target[PATH_MAX];
        ssize_t len = readlink(path, target, sizeof target);
        if (len > 0)
            bytes = mg_arena_str(scratch, (struct mg_str){ target, (size_t)len });
    } else {
        code = mg_file_read(scratch, path, FILE_LIMIT, &bytes, err);
    }
    if (code == MG_OK) {
        /* A test may ask whether a file can be executed. */
        struct mg_str marked = mg_arena_printf(scratch, "%s%s", mg_sha256_hex(scratch, bytes, 64).at, S_ISLNK(mode) ? "l" : mode & 0100 ? "x" : "-");
        file.digest = mg_sha256_hex(arena, marked, 64);
        if (S_ISREG(mode) && mg_str_ends(relative, ".py") && bytes.len <= TEXT_LIMIT && mg_str_is_utf8(bytes))
            file.text = mg_arena_str(arena, bytes);
        *MG_PUSH(arena, &survey->files) = file;
    }
    mg_arena_free(scratch);
    return code;
}

static enum mg_code walk(struct mg_arena *arena, const char *root, struct mg_str relative, int depth, struct mg_survey *survey, struct mg_err *err)
{
    struct names names = { 0 };
    const char *folder = relative.len ? mg_arena_printf(arena, "%s/%.*s", root, MG_FMT(relative)).at : root;
    if (depth > DEPTH_LIMIT)
        return MG_FAIL(err, MG_E_LIMIT, "%s: folders are nested too deeply", folder);
    if (!read_names(arena, folder, &names))
        return MG_FAIL(err, MG_E_IO, "cannot list %s: %s", folder, strerror(errno));
    for (size_t i = 0; i < names.len; i++) {
        const char *path = mg_arena_printf(arena, "%s/%.*s", folder, MG_FMT(names.at[i])).at;
        struct mg_str inner = relative.len ? mg_arena_printf(arena, "%.*s/%.*s", MG_FMT(relative), MG_FMT(names.at[i])) : names.at[i];
        struct stat about;
        if (lstat(path, &about) != 0)
            return MG_FAIL(err, MG_E_IO, "cannot look at %s: %s", path, strerror(errno));
        if (S_ISDIR(about.st_mode))
            MG_TRY(walk(arena, root, inner, depth + 1, survey, err));
        else if (S_ISREG(about.st_mode) || S_ISLNK(about.st_mode))
            MG_TRY(add_file(arena, path, inner, about.st_mode, survey, err));
    }
    return MG_OK;
}

static void stamp_file(struct mg_buf *out, const char *path)
{
    struct stat about;
    if (stat(path, &about) == 0)
        mg_buf_addf(out, "%s %lld %lld.%ld\n", path, (long long)about.st_size, (long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}

/* Installing, removing or upgrading a package changes the entries of its folder; what is edited inside a package is not seen. */
static void stamp_packages(struct mg_buf *out, struct mg_arena *arena, const char *folder)
{
    struct names names = { 0 };
    if (!read_names(arena, folder, &names))
        return;
    mg_buf_addf(out, "[%s]\n", folder);
    for (size_t i = 0; i < names.len; i++)
        if (!mg_str_is(names.at[i], "__pycache__"))
            stamp_file(out, mg_arena_printf(arena, "%s/%.*s", folder, MG_FMT(names.at[i])).at);
}

static void stamp_prefix(struct mg_buf *out, struct mg_arena *arena, struct mg_str prefix)
{
    struct names names = { 0 };
    const char *lib = mg_arena_printf(arena, "%.*s/lib", MG_FMT(prefix)).at;
    if (!read_names(arena, lib, &names))
        return;
    for (size_t i = 0; i < names.len; i++)
        if (mg_str_starts(names.at[i], "python")) {
            stamp_packages(out, arena, mg_arena_printf(arena, "%s/%.*s/site-packages", lib, MG_FMT(names.at[i])).at);
            stamp_packages(out, arena, mg_arena_printf(arena, "%s/%.*s/dist-packages", lib, MG_FMT(names.at[i])).at);
        }
}

/* /a/b of /a/b/bin/python */
static struct mg_str prefix_of(struct mg_arena *arena, struct mg_str program)
{
    struct mg_str folder = mg_str_sub(program, 0, mg_str_rfind(program, '/'));
    return mg_arena_str(arena, mg_str_sub(folder, 0, mg_str_rfind(folder, '/')));
}

static struct mg_str stamp_interpreter(struct mg_arena *arena, struct mg_str python)
{
    struct mg_buf out = MG_BUF(STAMP_LIMIT);
    struct mg_str real = python, prefix = prefix_of(arena, python), text;
    mg_buf_addf(&out, "%.*s\n", MG_FMT(python));
    if (mg_file_resolve(arena, mg_arena_cstr(arena, python), &real, NULL) == MG_OK)
        stamp_file(&out, real.at);
    if (mg_file_read(arena, mg_arena_printf(arena, "%.*s/pyvenv.cfg", MG_FMT(prefix)).at, 1u << 16, &text, NULL) == MG_OK)
        mg_buf_add(&out, text);
    stamp_prefix(&out, arena, prefix);
    struct mg_str base = prefix_of(arena, real);
    if (!mg_str_eq(base, prefix))
        stamp_prefix(&out, arena, base);
    if (mg_str_is(base, "/usr"))
        stamp_prefix(&out, arena, MG_STR("/usr/local"));
    struct mg_str whole = mg_buf_take(&out, arena);
    return mg_sha256_hex(arena, whole, 64);
}

enum mg_code mg_ingest_survey(const struct mg_repo *repo, struct mg_arena *arena, struct mg_survey *survey, struct mg_err *err)
{
    *survey = (struct mg_survey){ 0 };
    MG_TRY(walk(arena, mg_arena_cstr(arena, repo->copy), MG_STR(""), 0, survey, err));
    survey->interpreter = stamp_interpreter(arena, repo->python);
    return MG_OK;
}

struct mg_str mg_ingest_digest(struct mg_str path, struct mg_arena *arena)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str bytes, digest = MG_STR("absent");
    if (mg_file_read(scratch, mg_arena_cstr(scratch, path), FILE_LIMIT, &bytes, NULL) == MG_OK)
        digest = mg_sha256_hex(arena, bytes, 64);
    mg_arena_free(scratch);
    return digest;
}
