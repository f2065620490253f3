/* Private folders and their locks. The kernel drops a lock with its process, so a folder whose lock is free has no owner any more. */
#include "adapters/ingest_local/workspace.h"

#include "base/str.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "mutagen-"

static enum mg_code temporary_directory(struct mg_arena *arena, struct mg_str *path, struct mg_err *err)
{
    const char *wanted = getenv("TMPDIR");
    if (!wanted || wanted[0] != '/')
        wanted = "/tmp";
    if (mg_file_resolve(arena, wanted, path, NULL) != MG_OK || !mg_file_is_dir(path->at))
        return MG_FAIL(err, MG_E_CONFIG, "the temporary directory %s does not exist; set TMPDIR to one that does", wanted);
    return MG_OK;
}

/* The lock file is locked before it gets its name, so that no sweeper ever sees it free while we start. */
static bool take_lock(const char *path, const char *temporary, int *lock_fd)
{
    int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    char pid[32];
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write(fd, pid, (size_t)len) == len && rename(temporary, path) == 0) {
        *lock_fd = fd;
        return true;
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return false;
}

enum mg_code mg_workspace_make(struct mg_arena *arena, struct mg_str *path, int *lock_fd, struct mg_err *err)
{
    struct mg_str base;
    MG_TRY(temporary_directory(arena, &base, err));
    struct mg_str folder = mg_path_join(arena, base, MG_STR(PREFIX "XXXXXX"));
    if (!mkdtemp((char *)(uintptr_t)folder.at))
        return MG_FAIL(err, MG_E_IO, "cannot make a private folder in %s: %s (TMPDIR chooses another place)", base.at, strerror(errno));
    if (!take_lock(mg_path_join(arena, folder, MG_STR("lock")).at, mg_path_join(arena, folder, MG_STR("lock.new")).at, lock_fd)) {
        int reason = errno;
        (void)!mg_file_remove_tree(folder.at, NULL);
        return MG_FAIL(err, MG_E_IO, "cannot lock %s: %s", folder.at, strerror(reason));
    }
    *path = folder;
    return MG_OK;
}

static bool is_ours(const char *folder)
{
    struct stat about;
    return lstat(folder, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid();
}

void mg_workspace_sweep(struct mg_arena *arena)
{
    struct mg_str base;
    if (temporary_directory(arena, &base, NULL) != MG_OK)
        return;
    DIR *directory = opendir(base.at);
    if (!directory)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        if (name.len != strlen(PREFIX "XXXXXX") || !mg_str_starts(name, PREFIX))
            continue;
        struct mg_str folder = mg_path_join(arena, base, name);
        int fd = is_ours(folder.at) ? open(mg_path_join(arena, folder, MG_STR("lock")).at, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
        if (fd < 0)
            continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            (void)!mg_file_remove_tree(folder.at, NULL);
        close(fd);
    }
    closedir(directory);
}
