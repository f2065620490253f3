/* File helpers: whole reads, atomic writes, trees. */
#include "os/file.h"
#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum mg_code io_error(struct mg_err *err, const char *doing, const char *path)
{
    int reason = errno;
    return MG_FAIL(err, MG_E_IO, "cannot %s %s: %s", doing, path, strerror(reason));
}

static enum mg_code read_all(int fd, size_t hint, size_t limit, const char *path, struct mg_arena *arena, struct mg_str *text, struct mg_err *err)
{
    size_t cap = hint + 1, len = 0; /* one more byte: the read that finds the end needs room */
    char *at = mg_arena_alloc(arena, cap, 1);
    for (;;) {
        if (len == cap)
            at = mg_vec_grow(arena, at, len, &cap, 1);
        ssize_t got = read(fd, at + len, cap - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(err, "read", path);
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > limit)
            return MG_FAIL(err, MG_E_LIMIT, "%s is larger than %zu bytes", path, limit);
    }
    if (len == cap)
        at = mg_vec_grow(arena, at, len, &cap, 1);
    at[len] = '\0';
    *text = (struct mg_str){ at, len };
    return MG_OK;
}

static enum mg_code read_regular(struct mg_arena *arena, const char *path, bool own, size_t limit, struct mg_str *text, struct mg_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (own ? O_NOFOLLOW : 0)); /* non-blocking: a named pipe must not hold us */
    if (fd < 0 && own && errno == ELOOP)
        return MG_FAIL(err, MG_E_DENIED, "%s is a symbolic link and is not read", path);
    if (fd < 0)
        return io_error(err, "read", path);
    struct stat about;
    enum mg_code code;
    if (fstat(fd, &about) != 0)
        code = io_error(err, "read", path);
    else if (!S_ISREG(about.st_mode))
        code = MG_FAIL(err, MG_E_IO, "cannot read %s: not a regular file", path);
    else if (own && about.st_uid != geteuid() && about.st_uid != 0 && geteuid() != 0)
        code = MG_FAIL(err, MG_E_DENIED, "%s belongs to another user and is not read", path);
    else if ((uintmax_t)about.st_size > limit)
        code = MG_FAIL(err, MG_E_LIMIT, "%s is larger than %zu bytes", path, limit);
    else
        code = read_all(fd, (size_t)about.st_size, limit, path, arena, text, err);
    close(fd);
    return code;
}

enum mg_code mg_file_read(struct mg_arena *arena, const char *path, size_t limit, struct mg_str *text, struct mg_err *err)
{
    return read_regular(arena, path, false, limit, text, err);
}

enum mg_code mg_file_read_own(struct mg_arena *arena, const char *path, size_t limit, struct mg_str *text, struct mg_err *err)
{
    return read_regular(arena, path, true, limit, text, err);
}

static bool write_all(int fd, struct mg_str text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.at, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text.at += put;
        text.len -= (size_t)put;
    }
    return true;
}

enum mg_code mg_file_write(const char *path, struct mg_str text, struct mg_err *err)
{
    char temporary[PATH_MAX];
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode)) /* rename() would put a file in place of /dev/stdout, or of a link */
        return MG_FAIL(err, MG_E_IO, "cannot write %s: something that is no regular file stands there", path);
    int len = snprintf(temporary, sizeof temporary, "%s.mg-XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return MG_FAIL(err, MG_E_IO, "cannot write %s: the path is too long", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return io_error(err, "write", path);
    bool good = write_all(fd, text) && fchmod(fd, 0644) == 0;
    int reason = errno;
    if (close(fd) != 0 && good) {
        reason = errno;
        good = false;
    }
    if (good && rename(temporary, path) == 0)
        return MG_OK;
    if (good)
        reason = errno;
    unlink(temporary);
    errno = reason;
    return io_error(err, "write", path);
}

enum mg_code mg_file_mkdirs(const char *path, struct mg_err *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return MG_FAIL(err, MG_E_IO, "cannot make the directory %s: bad path length", path);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST && !mg_file_is_dir(part))
            return io_error(err, "make the directory", part);
        part[i] = kept;
    }
    if (!mg_file_is_dir(path)) {
        errno = ENOTDIR;
        return io_error(err, "make the directory", path);
    }
    return MG_OK;
}

/* Deeper than this, a folder is moved up to the tree's root first: hostile code can nest deeper than we have descriptors. */
#define DEEPEST 100

struct removal {
    int root;
    unsigned moved;
    bool failed;
    int reason;
};

static void note_failure(struct removal *removal)
{
    if (!removal->failed)
        removal->reason = errno;
    removal->failed = true;
}

static void empty_directory(struct removal *removal, int fd, unsigned depth);

static void remove_entry(struct removal *removal, int parent, const char *name, unsigned depth)
{
    if (unlinkat(parent, name, 0) == 0)
        return;
    if (errno != EISDIR && errno != EPERM && errno != EACCES) { /* what Linux and POSIX say for a directory, or no right to look */
        note_failure(removal);
        return;
    }
    if (depth >= DEEPEST) {
        char up[32];
        snprintf(up, sizeof up, "mg-deep-%u", removal->moved++);
        if (renameat(parent, name, removal->root, up) != 0)
            note_failure(removal);
        return;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        note_failure(removal);
        return;
    }
    empty_directory(removal, fd, depth + 1);
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0)
        note_failure(removal);
}

/* Takes over fd. */
static void empty_directory(struct removal *removal, int fd, unsigned depth)
{
    struct stat about;
    if (fstat(fd, &about) == 0 && (about.st_mode & 0700) != 0700 && fchmod(fd, 0700) != 0)
        note_failure(removal);
    DIR *directory = fdopendir(fd);
    if (!directory) {
        note_failure(removal);
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_entry(removal, dirfd(directory), entry->d_name, depth);
    closedir(directory);
}

enum mg_code mg_file_remove_tree(const char *path, struct mg_err *err)
{
    if (unlink(path) == 0 || errno == ENOENT) /* a file or a link goes as it is; a link to a directory is not followed */
        return MG_OK;
    struct removal removal = { .root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };
    if (removal.root < 0 && errno == EACCES && chmod(path, 0700) == 0)
        removal.root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (removal.root < 0)
        return io_error(err, "remove", path);
    unsigned moved;
    do { /* again while deep folders were moved up into it */
        moved = removal.moved;
        int fd = openat(removal.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            note_failure(&removal);
        else
            empty_directory(&removal, fd, 0);
    } while (removal.moved != moved && !removal.failed);
    close(removal.root);
    if (!removal.failed && rmdir(path) != 0)
        note_failure(&removal);
    errno = removal.reason;
    return removal.failed ? io_error(err, "remove", path) : MG_OK;
}

bool mg_file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

bool mg_file_is_there(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

bool mg_file_is_dir(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

enum mg_code mg_file_resolve(struct mg_arena *arena, const char *path, struct mg_str *resolved, struct mg_err *err)
{
    char *whole = realpath(path, NULL);
    if (!whole && (errno == ENOENT || errno == ENOTDIR))
        return MG_FAIL(err, MG_E_NOT_FOUND, "%s does not exist", path);
    if (!whole)
        return io_error(err, "find", path);
    *resolved = mg_arena_str(arena, mg_str_from(whole));
    free(whole);
    return MG_OK;
}

bool mg_path_stays_inside(struct mg_str path)
{
    struct mg_str rest = path, name;
    if (mg_str_starts(path, "/") || mg_str_find(path, '\0', 0) < path.len)
        return false;
    while (mg_str_next_part(&rest, '/', &name))
        if (mg_str_is(name, ".."))
            return false;
    return true;
}

struct mg_str mg_path_join(struct mg_arena *arena, struct mg_str directory, struct mg_str name)
{
    if (directory.len == 0 || name.len == 0)
        return mg_arena_str(arena, directory.len == 0 ? name : directory);
    const char *slash = directory.at[directory.len - 1] == '/' ? "" : "/";
    return mg_arena_printf(arena, "%.*s%s%.*s", MG_FMT(directory), slash, MG_FMT(name));
}
