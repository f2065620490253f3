/* Locks and ages of folders that are kept. */
#include "os/keep.h"

#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400
#define LOCK ".lock"

static struct mg_str lock_of(struct mg_arena *arena, struct mg_str folder) { return mg_arena_printf(arena, "%.*s" LOCK, MG_FMT(folder)); }

/* A lock on a file that has lost its name meanwhile would keep nobody away. */
static bool has_name(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

enum mg_code mg_keep_lock(struct mg_arena *arena, struct mg_str folder, bool alone, double deadline, const struct mg_cancel *cancel, int *fd,
                          struct mg_err *err)
{
    const char *path = lock_of(arena, folder).at;
    for (*fd = -1;; mg_fd_close(fd)) {
        *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (*fd < 0)
            return MG_FAIL(err, MG_E_IO, "cannot open %s: %s", path, strerror(errno));
        if (flock(*fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 && has_name(*fd, path))
            break;
        short ready;
        if (mg_now() > deadline) {
            mg_fd_close(fd);
            return MG_FAIL(err, MG_E_TIMEOUT, "another run holds %s", path);
        }
        if (mg_fd_wait(-1, 0, mg_now() + 0.1, cancel, &ready, err) == MG_E_CANCELLED) {
            mg_fd_close(fd);
            return MG_E_CANCELLED;
        }
    }
    (void)futimens(*fd, NULL); /* a folder that looks older than it is only goes earlier */
    return MG_OK;
}

void mg_keep_share(int fd) { (void)flock(fd, LOCK_SH | LOCK_NB); }

static bool is_stale(const struct stat *about, int64_t days) { return S_ISREG(about->st_mode) && (time(NULL) - about->st_mtime) / DAY >= days; }

void mg_keep_stale(struct mg_arena *arena, struct mg_str parent, int64_t days, struct mg_kept *stale)
{
    DIR *directory = days > 0 ? opendir(mg_arena_cstr(arena, parent)) : NULL;
    *stale = (struct mg_kept){ 0 };
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        struct stat about;
        if (!mg_str_ends(name, LOCK) || lstat(mg_path_join(arena, parent, name).at, &about) != 0 || !is_stale(&about, days))
            continue;
        *MG_PUSH(arena, stale) = mg_path_join(arena, parent, mg_str_sub(name, 0, name.len - strlen(LOCK)));
    }
    if (directory)
        closedir(directory);
}

bool mg_keep_try(struct mg_arena *arena, struct mg_str folder, int64_t days, int *fd)
{
    const char *path = lock_of(arena, folder).at;
    struct stat about;
    *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (*fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) == 0 && has_name(*fd, path) && fstat(*fd, &about) == 0 && is_stale(&about, days))
        return true;
    mg_fd_close(fd);
    return false;
}

bool mg_keep_remove(struct mg_arena *arena, struct mg_str folder)
{
    if (mg_file_remove_tree(mg_arena_cstr(arena, folder), NULL) != MG_OK)
        return false;
    (void)unlink(mg_arena_printf(arena, "%.*s.log", MG_FMT(folder)).at); /* a clone has none */
    return unlink(lock_of(arena, folder).at) == 0;
}
