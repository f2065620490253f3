/* Walks the installed packages of the project and copies the .so and .py files that the copy lacks. */
#include "adapters/ingest_local/overlay.h"

#include "base/map.h"
#include "base/str.h"
#include "os/file.h"

#include <dirent.h>
#include <sys/stat.h>

#define FILE_LIMIT ((size_t)256 << 20)
#define TEXT_LIMIT ((size_t)64 << 10) /* of a module that is told */
#define MOST_TEXTS 8u
#define DEEPEST 24

static struct mg_str site_packages(struct mg_arena *arena, struct mg_str environment)
{
    struct mg_str lib = mg_path_join(arena, environment, MG_STR("lib")), found = MG_NO_STR;
    DIR *directory = opendir(lib.at);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        if (mg_str_starts(mg_str_from(entry->d_name), "python3"))
            found = mg_arena_printf(arena, "%.*s/%s/site-packages", MG_FMT(lib), entry->d_name);
    if (directory)
        closedir(directory);
    return found;
}

/* A module that is text is told, and repeated wherever the repo's own files are: a checkout does not have it. */
static void keep_text(struct mg_arena *arena, struct mg_repo *repo, struct mg_str target, struct mg_str text)
{
    if (text.len > TEXT_LIMIT || repo->stand_ins.len >= MOST_TEXTS)
        return;
    struct mg_str path = mg_arena_str(arena, mg_str_sub(target, repo->copy.len + 1, target.len));
    *MG_PUSH(arena, &repo->stand_ins) = (struct mg_stand_in){ .path = path, .text = mg_arena_str(arena, text) };
}

static void tell(struct mg_arena *arena, struct mg_repo *repo)
{
    size_t count = repo->stand_ins.len;
    if (count == 0)
        return;
    struct mg_str more = count > 1 ? mg_arena_printf(arena, " (and %zu more)", count - 1) : MG_STR("");
    *MG_PUSH(arena, &repo->notes) =
        mg_arena_printf(arena, "%.*s%.*s is written by the project's build, and is not here: the private copy has it from a build of ours",
                        MG_FMT(repo->stand_ins.at[0].path), MG_FMT(more));
}

static enum mg_code copy_missing(struct mg_arena *whole, struct mg_repo *repo, struct mg_str from, struct mg_str to, unsigned depth,
                                 struct mg_err *err)
{
    struct mg_arena *arena = mg_arena_new();
    DIR *directory = depth < DEEPEST ? opendir(mg_arena_cstr(arena, from)) : NULL;
    enum mg_code code = MG_OK;
    for (struct dirent *entry; code == MG_OK && directory && (entry = readdir(directory)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name), source = mg_path_join(arena, from, name), target = mg_path_join(arena, to, name), bytes;
        struct stat about;
        if (name.at[0] == '.' || mg_str_is(name, "__pycache__") || lstat(source.at, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode) && mg_file_is_dir(target.at))
            code = copy_missing(whole, repo, source, target, depth + 1, err);
        else if (S_ISREG(about.st_mode) && (mg_str_ends(name, ".so") || mg_str_ends(name, ".py")) && !mg_file_is_there(target.at) &&
                 mg_file_read(arena, source.at, FILE_LIMIT, &bytes, NULL) == MG_OK) {
            code = mg_file_write(target.at, bytes, err);
            if (mg_str_ends(name, ".py"))
                keep_text(whole, repo, target, bytes);
        }
    }
    if (directory)
        closedir(directory);
    mg_arena_free(arena);
    return code;
}

enum mg_code mg_overlay_built(struct mg_arena *arena, struct mg_str environment, struct mg_repo *repo, struct mg_err *err)
{
    struct mg_str site = site_packages(arena, environment);
    struct mg_map done;
    mg_map_init(&done, arena);
    for (size_t i = 0; site.len && i < repo->sources.len; i++) {
        const struct mg_source_file *source = &repo->sources.at[i];
        size_t dot = mg_str_find(source->module, '.', 0);
        struct mg_str top = mg_str_sub(source->module, 0, dot);
        if (mg_map_get(&done, top))
            continue;
        *mg_map_slot(&done, top) = &done;
        struct mg_str from = mg_path_join(arena, site, top), rest = source->path, part, folder = repo->copy;
        while (mg_str_next_part(&rest, '/', &part) && !mg_str_eq(part, top)) /* src/pkg/mod.py: up to src/pkg */
            folder = mg_path_join(arena, folder, part);
        folder = mg_path_join(arena, folder, top);
        if (mg_file_is_dir(from.at) && mg_file_is_dir(folder.at))
            MG_TRY(copy_missing(arena, repo, from, folder, 0, err));
    }
    tell(arena, repo);
    return MG_OK;
}
