/* The walk that copies. It walks the folder itself even when git gave a list: git does not know ignored files that the package needs
 * (compiled extension modules, a generated _version.py), and its list may name what is not there. */
#include "adapters/ingest_local/copy.h"
#include "adapters/ingest_local/env_file.h"

#include "base/map.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT ((off_t)50 << 20)
#define DEPTH_LIMIT 100 /* two descriptors per level */
#define HEAD_LIMIT 512  /* bytes in which a file of ours says so */

static const char *const skipped_names[] = { ".git",        ".hg",         ".svn",          ".venv",         "venv",
                                             "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache",   ".hypothesis",
                                             ".tox",        ".nox",        "node_modules",  "site-packages", ".mutagen" };

struct walk {
    const struct mg_copy_request *request;
    struct mg_arena *arena;   /* of the result */
    struct mg_arena *scratch; /* of the walk */
    struct mg_repo *repo;
    struct mg_copied *python_files;
    struct mg_map listed;
    struct stat storage_root, copy; /* never walked into; st_ino 0 = not there */
};
/* A folder on the way. */
struct place {
    int from, to;
    struct mg_str path; /* relative; "" = the repo's root */
    int depth;
    bool take_all;   /* of a submodule or of package metadata: git's list does not go into it */
    bool in_package; /* it and all above it up to a listed one have __init__.py */
    bool has_listed_python;
};
struct names {
    MG_VEC(struct mg_str)
};

static enum mg_code visit(struct walk *walk, struct place *place, struct mg_err *err);

static struct mg_str join(struct mg_arena *arena, struct mg_str directory, struct mg_str name)
{
    return directory.len == 0 ? mg_arena_str(arena, name) : mg_path_join(arena, directory, name);
}

static void skip(struct walk *walk, struct mg_str path, const char *reason)
{
    *MG_PUSH(walk->arena, &walk->repo->skipped) =
        (struct mg_skipped_file){ .path = mg_arena_str(walk->arena, path), .reason = mg_arena_str(walk->arena, mg_str_from(reason)) };
}

static bool is_listed(const struct walk *walk, struct mg_str path) { return mg_map_get(&walk->listed, path) != NULL; }

static bool is_wanted(const struct walk *walk, const struct place *place, struct mg_str path)
{
    if (mg_str_ends(path, ".pyc"))
        return false;
    if (!walk->request->is_checkout || place->take_all || is_listed(walk, path))
        return true;
    bool extension = mg_str_ends(path, ".so");
    return (place->in_package && (extension || mg_str_ends(path, ".py"))) || (place->has_listed_python && extension);
}

static bool same_file(const struct stat *a, const struct stat *b) { return b->st_ino != 0 && a->st_ino == b->st_ino && a->st_dev == b->st_dev; }

static bool contains(int parent, const char *directory, const char *name)
{
    char path[2 * NAME_MAX + 2];
    int len = snprintf(path, sizeof path, "%s/%s", directory, name);
    return len > 0 && (size_t)len < sizeof path && faccessat(parent, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_skipped_directory(const struct walk *walk, const struct place *place, const char *name, const struct stat *about)
{
    for (size_t i = 0; i < MG_COUNT(skipped_names); i++)
        if (strcmp(name, skipped_names[i]) == 0)
            return true;
    if (same_file(about, &walk->storage_root) || same_file(about, &walk->copy))
        return true;
    if (contains(place->from, name, "pyvenv.cfg"))
        return true;
    /* What builds leave behind; git's list knows better when there is one. */
    bool by_product = strcmp(name, "build") == 0 || strcmp(name, "dist") == 0;
    return by_product && place->path.len == 0 && !walk->request->is_checkout && !contains(place->from, name, "__init__.py");
}

/* What an earlier run of ours was told to write there, a report (--json) or a log: it is no part of the repo, and each run would find it changed. What
 * lies among tests may be there to be read by them. */
static bool is_ours(int from, struct mg_str path)
{
    static const char *const marks[][2] = { { "\"schemaVersion\"", "\"name\": \"Mutagen\"" },
                                            { "phase=", " mutagen started command=" },
                                            { "\"phase\":", "\"event\":\"mutagen started\"" } };
    char head[HEAD_LIMIT];
    if (mg_str_ends(path, ".py") || mg_str_starts(path, "test") || mg_str_contains(path, "/test"))
        return false;
    ssize_t got = pread(from, head, sizeof head, 0);
    for (size_t i = 0; got > 0 && i < MG_COUNT(marks); i++)
        if (mg_str_contains((struct mg_str){ head, (size_t)got }, marks[i][0]) && mg_str_contains((struct mg_str){ head, (size_t)got }, marks[i][1]))
            return true;
    return false;
}

/* 0, or the system's reason; *writing says which side failed. */
static int copy_bytes(int from, int to, bool *writing)
{
    char chunk[1 << 16];
    for (;;) {
        *writing = false;
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        *writing = true;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, chunk + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR)
                return errno;
            done += put > 0 ? put : 0;
        }
    }
}

/* The same for a .env: without the keys of model providers. */
static int copy_env(struct mg_arena *scratch, int from, int to, size_t size, bool *writing)
{
    char *text = mg_arena_alloc(scratch, size + 1, 1);
    size_t len = 0;
    *writing = false;
    for (ssize_t got = 1; got != 0 && len < size;) {
        got = read(from, text + len, size - len);
        if (got < 0 && errno != EINTR)
            return errno;
        len += got > 0 ? (size_t)got : 0;
    }
    struct mg_str kept = mg_env_file_filtered(scratch, (struct mg_str){ text, len });
    *writing = true;
    for (size_t done = 0; done < kept.len;) {
        ssize_t put = write(to, kept.at + done, kept.len - done);
        if (put < 0 && errno != EINTR)
            return errno;
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

static enum mg_code write_failed(const struct walk *walk, struct mg_str path, int reason, struct mg_err *err)
{
    const char *hint = reason == ENOSPC || reason == EDQUOT ? "; set TMPDIR to a folder with more room" : "";
    return MG_FAIL(err, MG_E_IO, "cannot copy %.*s to %s: %s%s", MG_FMT(path), walk->request->to, strerror(reason), hint);
}

static enum mg_code copy_file(struct walk *walk, const struct place *place, const char *name, struct mg_str path, struct mg_err *err)
{
    int from = openat(place->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat about;
    if (from < 0 || fstat(from, &about) != 0) {
        skip(walk, path, strerror(errno));
        mg_fd_close(&from);
        return MG_OK;
    }
    if (!S_ISREG(about.st_mode) || about.st_size > FILE_LIMIT) {
        skip(walk, path, S_ISREG(about.st_mode) ? "larger than 50 MB" : "not a regular file");
        mg_fd_close(&from);
        return MG_OK;
    }
    if (is_ours(from, path)) {
        mg_fd_close(&from);
        return MG_OK;
    }
    bool env = mg_is_env_file(name);
    if (env && about.st_size > MG_ENV_FILE_LIMIT) {
        skip(walk, path, "larger than 1 MB, and may hold keys");
        mg_fd_close(&from);
        return MG_OK;
    }
    int to = openat(place->to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool writing = true;
    int reason = errno;
    if (to >= 0)
        reason = env ? copy_env(walk->scratch, from, to, (size_t)about.st_size, &writing) : copy_bytes(from, to, &writing);
    struct timespec times[2] = { about.st_atim, about.st_mtim };
    if (reason == 0 && (fchmod(to, (about.st_mode & 0777) | 0600) != 0 || futimens(to, times) != 0))
        reason = errno;
    mg_fd_close(&from);
    if (to >= 0 && close(to) != 0 && reason == 0)
        reason = errno;
    if (reason == 0) {
        if (mg_str_ends(path, ".py"))
            *MG_PUSH(walk->arena, walk->python_files) = mg_arena_str(walk->arena, path);
        return MG_OK;
    }
    if (writing)
        return write_failed(walk, path, reason, err);
    skip(walk, path, strerror(reason));
    return unlinkat(place->to, name, 0) == 0 ? MG_OK : write_failed(walk, path, errno, err);
}

/* A link is kept when it is relative and cannot leave the repo: its folder is a real one, so leading ".." are what they seem,
 * and behind them there is none that could climb out through another link. */
static bool stays_inside(struct mg_str target, int depth)
{
    if (target.len == 0 || target.at[0] == '/')
        return false;
    bool leading = true;
    struct mg_str part;
    while (mg_str_next_part(&target, '/', &part)) {
        if (part.len == 0 || mg_str_is(part, "."))
            continue;
        if (!mg_str_is(part, ".."))
            leading = false;
        else if (!leading || --depth < 0)
            return false;
    }
    return true;
}

static enum mg_code copy_link(struct walk *walk, const struct place *place, const char *name, struct mg_str path, struct mg_err *err)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(place->from, name, target, sizeof target - 1);
    if (len < 0) {
        skip(walk, path, strerror(errno));
        return MG_OK;
    }
    target[len] = '\0';
    if (!stays_inside(mg_str_from(target), place->depth)) {
        skip(walk, path, "a link that leaves the repo");
        return MG_OK;
    }
    return symlinkat(target, place->to, name) == 0 ? MG_OK : write_failed(walk, path, errno, err);
}

static enum mg_code copy_directory(struct walk *walk, const struct place *parent, const char *name, struct mg_str path, mode_t mode,
                                   struct mg_err *err)
{
    if (parent->depth + 1 >= DEPTH_LIMIT) {
        skip(walk, path, "nested too deeply");
        return MG_OK;
    }
    struct place place = { .path = path, .depth = parent->depth + 1, .in_package = parent->in_package };
    place.take_all = parent->take_all || is_listed(walk, path) || mg_str_ends(path, ".egg-info");
    place.from = openat(parent->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place.from < 0) {
        skip(walk, path, strerror(errno));
        return MG_OK;
    }
    enum mg_code code = MG_OK;
    place.to = -1;
    if (mkdirat(parent->to, name, 0700) != 0 || (place.to = openat(parent->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
        fchmod(place.to, (mode & 0777) | 0700) != 0)
        code = write_failed(walk, path, errno, err);
    if (code == MG_OK)
        code = visit(walk, &place, err);
    mg_fd_close(&place.from);
    mg_fd_close(&place.to);
    /* A checkout has no empty folders; this one was ignored. Removing one that is not empty fails, as it should. */
    if (code == MG_OK && walk->request->is_checkout)
        (void)unlinkat(parent->to, name, AT_REMOVEDIR);
    return code;
}

static enum mg_code copy_entry(struct walk *walk, const struct place *place, struct mg_str name, struct mg_err *err)
{
    struct mg_str path = join(walk->scratch, place->path, name);
    struct stat about;
    if (mg_cancelled(walk->request->cancel))
        return MG_FAIL(err, MG_E_CANCELLED, "stopped while copying");
    if (fstatat(place->from, name.at, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        skip(walk, path, strerror(errno));
        return MG_OK;
    }
    if (S_ISDIR(about.st_mode))
        return is_skipped_directory(walk, place, name.at, &about) ? MG_OK : copy_directory(walk, place, name.at, path, about.st_mode, err);
    if (mg_str_is(name, ".git") || !is_wanted(walk, place, path))
        return MG_OK;
    if (S_ISLNK(about.st_mode))
        return copy_link(walk, place, name.at, path, err);
    return copy_file(walk, place, name.at, path, err);
}

static int by_bytes(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

static bool read_names(struct walk *walk, const struct place *place, struct names *names)
{
    int fd = openat(place->from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        mg_fd_close(&fd);
        return false;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *MG_PUSH(walk->scratch, names) = mg_arena_str(walk->scratch, mg_str_from(entry->d_name));
    closedir(directory);
    if (names->len > 1)
        qsort(names->at, names->len, sizeof *names->at, by_bytes);
    return true;
}

static enum mg_code visit(struct walk *walk, struct place *place, struct mg_err *err)
{
    struct names names = { 0 };
    if (!read_names(walk, place, &names)) {
        skip(walk, place->path, strerror(errno));
        return MG_OK;
    }
    bool has_init = false;
    for (size_t i = 0; i < names.len; i++) {
        bool listed = mg_str_ends(names.at[i], ".py") && is_listed(walk, join(walk->scratch, place->path, names.at[i]));
        place->has_listed_python |= listed;
        if (mg_str_is(names.at[i], "__init__.py"))
            has_init = listed || place->in_package;
    }
    place->in_package = has_init;
    for (size_t i = 0; i < names.len; i++)
        MG_TRY(copy_entry(walk, place, names.at[i], err));
    return MG_OK;
}

enum mg_code mg_ingest_copy(const struct mg_copy_request *request, struct mg_arena *arena, struct mg_repo *repo, struct mg_copied *python_files,
                            struct mg_err *err)
{
    struct walk walk = { .request = request, .arena = arena, .repo = repo, .python_files = python_files };
    struct place root = { .path = MG_STR(""), .depth = 0 };
    if (!request->storage_root || stat(request->storage_root, &walk.storage_root) != 0)
        walk.storage_root.st_ino = 0;
    if (stat(request->to, &walk.copy) != 0)
        return MG_FAIL(err, MG_E_IO, "cannot look at %s: %s", request->to, strerror(errno));
    root.from = open(request->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root.from < 0)
        return MG_FAIL(err, MG_E_IO, "cannot read %s: %s", request->from, strerror(errno));
    root.to = open(request->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum mg_code code = MG_OK;
    if (root.to < 0)
        code = MG_FAIL(err, MG_E_IO, "cannot open %s: %s", request->to, strerror(errno));
    walk.scratch = mg_arena_new();
    mg_map_init(&walk.listed, walk.scratch);
    for (size_t i = 0; i < request->listed_count; i++) {
        struct mg_str path = request->listed[i];
        if (mg_str_ends(path, "/")) /* a repository inside this one */
            path.len--;
        *mg_map_slot(&walk.listed, path) = &walk;
    }
    if (code == MG_OK)
        code = visit(&walk, &root, err);
    mg_arena_free(walk.scratch);
    mg_fd_close(&root.from);
    mg_fd_close(&root.to);
    return code;
}
