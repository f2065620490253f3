/* Places and restores; a file that an earlier `apply` left at the same path comes back as it was. */
#include "adapters/agent_process/sources.h"
#include "base/str.h"
#include "os/file.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)64 << 20)

static enum mg_code place(struct mg_str repo, const struct mg_confirm_source *source, struct mg_arena *arena, struct mg_placed_list *placed,
                          struct mg_err *err)
{
    struct mg_str path = mg_path_join(arena, repo, source->path);
    struct mg_placed file = { .path = path.at, .existed = mg_file_exists(path.at) };
    if (file.existed)
        MG_TRY(mg_file_read(arena, file.path, FILE_LIMIT, &file.before, err));
    MG_TRY(mg_file_mkdirs(mg_arena_cstr(arena, mg_str_sub(path, 0, mg_str_rfind(path, '/'))), err));
    *MG_PUSH(arena, &placed->files) = file;
    return mg_file_write(file.path, source->source, err);
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
        if (file->existed && mg_file_write(file->path, file->before, err) != MG_OK)
            code = MG_E_IO;
        else if (!file->existed && unlink(file->path) != 0 && errno != ENOENT)
            code = MG_FAIL(err, MG_E_IO, "%s: cannot be removed: %s", file->path, strerror(errno));
    }
    return code;
}
