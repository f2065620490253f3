/* The storage root may lie inside a repo we do not trust: nothing in it is followed if it is a symbolic link. */
#include "adapters/store_sqlite/root.h"

#include "base/str.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER "MUTAGEN"
#define MARKER_TEXT "This folder belongs to mutagen: stored runs, generated tests, reports. It can be deleted when no run is needed any more.\n"

static enum mg_code refuse(const char *path, const char *what, struct mg_err *err)
{
    return MG_FAIL(err, MG_E_IO, "storage root %s: %s: %s; choose another one (storage.root)", path, what, strerror(errno));
}

static bool is_kind(const char *path, mode_t kind)
{
    struct stat st;
    return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static bool is_empty_dir(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(dir));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(dir);
    return empty;
}

/* Creates a small file that may exist already. */
static enum mg_code create_file(struct mg_arena *arena, struct mg_str root, const char *name, const char *text, struct mg_err *err)
{
    const char *path = mg_path_join(arena, root, mg_str_from(name)).at;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return errno == EEXIST ? MG_OK : refuse(root.at, name, err);
    size_t length = strlen(text);
    bool written = write(fd, text, length) == (ssize_t)length;
    if (close(fd) != 0 || !written)
        return refuse(root.at, name, err);
    return MG_OK;
}

/* SQLite would follow a link that stands in place of its journals. */
static enum mg_code check_database_files(struct mg_arena *arena, struct mg_str root, struct mg_err *err)
{
    static const char *const names[] = { "mutagen.db", "mutagen.db-wal", "mutagen.db-shm", "mutagen.db-journal" };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        struct stat st;
        const char *path = mg_path_join(arena, root, mg_str_from(names[i])).at;
        if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
            return MG_FAIL(err, MG_E_DENIED, "storage root %s: '%s' in it is not a regular file", root.at, names[i]);
    }
    return MG_OK;
}

static enum mg_code adopt(struct mg_arena *arena, struct mg_str root, struct mg_err *err)
{
    const char *marker = mg_path_join(arena, root, MG_STR(MARKER)).at;
    if (!is_kind(marker, S_IFREG)) {
        if (!is_empty_dir(root.at))
            return MG_FAIL(err, MG_E_DENIED,
                           "storage root %s: exists, is not empty and was not made by mutagen (it has no file %s); choose another one (storage.root)",
                           root.at, MARKER);
        /* The marker comes first: whatever stops us behind it, the folder is known as ours the next time. */
        MG_TRY(create_file(arena, root, MARKER, MARKER_TEXT, err));
    }
    MG_TRY(create_file(arena, root, ".gitignore", "*\n", err));
    static const char *const folders[] = { "locks", "reports" };
    for (size_t i = 0; i < MG_COUNT(folders); i++) {
        const char *path = mg_path_join(arena, root, mg_str_from(folders[i])).at;
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return refuse(root.at, folders[i], err);
        if (!is_kind(path, S_IFDIR))
            return MG_FAIL(err, MG_E_DENIED, "storage root %s: '%s' in it is not a folder", root.at, folders[i]);
    }
    return check_database_files(arena, root, err);
}

enum mg_code mg_sqlite_root(struct mg_arena *arena, const char *root, bool create, struct mg_str *resolved, struct mg_err *err)
{
    if (!mg_file_exists(root)) {
        if (!create)
            return MG_FAIL(err, MG_E_NOT_FOUND,
                           "no stored run: there is no storage root %s; first: mutagen run REPO (in this directory, or with the same storage.root)",
                           root);
        enum mg_code made = mg_file_mkdirs(root, err);
        if (made != MG_OK)
            return mg_err_prefix(err, "storage root %s cannot be made", root);
    }
    if (!mg_file_is_dir(root))
        return MG_FAIL(err, MG_E_CONFIG, "storage root %s: not a folder", root);
    MG_TRY(mg_file_resolve(arena, root, resolved, err));
    if (access(resolved->at, R_OK | W_OK | X_OK) != 0)
        return refuse(resolved->at, "cannot be written", err);
    return adopt(arena, *resolved, err);
}

enum mg_code mg_sqlite_lock_root(struct mg_arena *arena, struct mg_str root, int *fd, struct mg_err *err)
{
    const char *path = mg_path_join(arena, root, MG_STR(MARKER)).at;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return refuse(root.at, MARKER, err);
    while (flock(*fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        enum mg_code code = refuse(root.at, "cannot be locked", err);
        (void)close(*fd);
        *fd = -1;
        return code;
    }
    return MG_OK;
}

/* The holder writes its pid behind the lock; for the message only. */
static long read_holder(int fd)
{
    char text[24] = { 0 };
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    int64_t pid = 0;
    if (got > 0 && mg_str_to_i64(mg_str_trim((struct mg_str){ text, (size_t)got }), &pid) && pid > 0 && pid <= INT32_MAX)
        return (long)pid;
    return 0;
}

static enum mg_code take(int fd, const char *path, struct mg_str run_id, struct mg_err *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return MG_FAIL(err, MG_E_IO, "%s: cannot be locked: %s", path, strerror(errno));
        long pid = read_holder(fd);
        if (pid > 0)
            return MG_FAIL(err, MG_E_DENIED, "run %.*s is being worked on by process %ld; wait for it, or choose another --run-id", MG_FMT(run_id),
                           pid);
        return MG_FAIL(err, MG_E_DENIED, "run %.*s is being worked on by another process; wait for it, or choose another --run-id", MG_FMT(run_id));
    }
    char text[24];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        return MG_FAIL(err, MG_E_IO, "%s: %s", path, strerror(errno));
    return MG_OK;
}

static bool is_safe_run_id(struct mg_str id)
{
    if (id.len == 0 || id.len > 64)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

enum mg_code mg_sqlite_lock_run(struct mg_arena *arena, struct mg_str root, struct mg_str run_id, int *fd, struct mg_err *err)
{
    if (!is_safe_run_id(run_id))
        return MG_FAIL(err, MG_E_USAGE, "a run id has 1 to 64 letters, digits, '.', '_' and '-'");
    struct mg_str folder = mg_path_join(arena, root, MG_STR("locks"));
    const char *path = mg_path_join(arena, folder, mg_arena_printf(arena, "%.*s.lock", MG_FMT(run_id))).at;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (*fd < 0)
        return MG_FAIL(err, MG_E_IO, "%s: %s", path, strerror(errno));
    enum mg_code code = take(*fd, path, run_id, err);
    if (code != MG_OK) {
        (void)close(*fd);
        *fd = -1;
    }
    return code;
}
