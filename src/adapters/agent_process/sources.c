/* Places and restores; a file that an earlier `apply` left at the same path comes back as it was. */
#include "adapters/agent_process/sources.h"
#include "base/str.h"
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)64 << 20)

/* Instead of a file that was there. */
static enum mg_code replace(const struct mg_placed *file, struct mg_str text, time_t younger, struct mg_err *err)
{
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = file->modified.tv_sec + younger, .tv_nsec = file->modified.tv_nsec } };
    MG_TRY(mg_file_write(file->path, text, err));
    if (chmod(file->path, file->mode) != 0 || utimensat(AT_FDCWD, file->path, times, 0) != 0)
        return MG_FAIL(err, MG_E_IO, "%s: its mode and time cannot be kept: %s", file->path, strerror(errno));
    return MG_OK;
}

static enum mg_code place(struct mg_str repo, const struct mg_confirm_source *source, struct mg_arena *arena, struct mg_placed_list *placed,
                          struct mg_err *err)
{
    struct mg_str path = mg_path_join(arena, repo, source->path);
    struct stat about;
    struct mg_placed file = { .path = path.at, .existed = stat(path.at, &about) == 0 };
    if (file.existed) {
        MG_TRY(mg_file_read(arena, file.path, FILE_LIMIT, &file.before, err));
        file.modified = about.st_mtim;
        file.mode = about.st_mode & 07777;
    }
    MG_TRY(mg_file_mkdirs(mg_arena_cstr(arena, mg_str_sub(path, 0, mg_str_rfind(path, '/'))), err));
    *MG_PUSH(arena, &placed->files) = file;
    return file.existed ? replace(&file, source->source, 1, err) : mg_file_write(file.path, source->source, err);
}

enum mg_code mg_sources_place(struct mg_str repo, const struct mg_confirm_source *sources, size_t count, struct mg_arena *arena,
                              struct mg_placed_list *placed, struct mg_err *err)
{
    for (size_t i = 0; i < count; i++)
        MG_TRY(place(repo, &sources[i], arena, placed, err));
    return MG_OK;
}

enum mg_code mg_sources_restore(const struct mg_placed_list *placed, struct mg_err *err)
{
    enum mg_code code = MG_OK;
    for (size_t i = placed->files.len; i-- > 0;) {
        const struct mg_placed *file = &placed->files.at[i];
        if (file->existed && replace(file, file->before, 0, err) != MG_OK)
            code = MG_E_IO;
        else if (!file->existed && unlink(file->path) != 0 && errno != ENOENT)
            code = MG_FAIL(err, MG_E_IO, "%s: cannot be removed: %s", file->path, strerror(errno));
    }
    return code;
}
