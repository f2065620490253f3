/* Opens a local repo: checks the path, chooses the interpreter, copies, reads the layout. Each step has its own file here. */
#include "adapters/ingest_local/ingest_local.h"

#include "adapters/ingest_local/choose.h"
#include "adapters/ingest_local/copy.h"
#include "adapters/ingest_local/interpreter.h"
#include "adapters/ingest_local/layout.h"
#include "adapters/ingest_local/stand_in.h"
#include "adapters/ingest_local/survey.h"
#include "adapters/ingest_local/workspace.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x1960c0deu

struct ingest_local {
    unsigned magic;
    struct mg_vcs vcs;
    bool equipped; /* `settings` hold */
    struct mg_ingest_settings settings;
    int lock_fd;              /* -1 = no repo is open */
    int environment_fd;       /* keeps the environment of our own that is used; -1 = none is */
    char workspace[PATH_MAX]; /* what close() removes */
};

static struct ingest_local *self_of(void *handle)
{
    struct ingest_local *self = handle;
    MG_ASSERT(self && self->magic == MAGIC);
    return self;
}

static enum mg_code resolve(struct mg_str location, struct mg_arena *arena, struct mg_str *original, struct mg_err *err)
{
    const char *path = mg_arena_cstr(arena, location);
    if (location.len == 0)
        return MG_FAIL(err, MG_E_NOT_FOUND, "no path given; name the folder of a Python project");
    if (mg_file_resolve(arena, path, original, NULL) != MG_OK) {
        return MG_FAIL(err, MG_E_NOT_FOUND, "no such path: %s", path);
    }
    if (!mg_file_is_dir(original->at))
        return MG_FAIL(err, MG_E_CONFIG, "%s is a file; name the folder of its project (and --target for a part of it)", path);
    if (access(original->at, R_OK | X_OK) != 0)
        return MG_FAIL(err, MG_E_CONFIG, "cannot read %s: %s", path, strerror(errno));
    return MG_OK;
}

/* The folder of a package instead of its project: nothing in it could be imported under its real name. */
static bool is_bare_package(struct mg_arena *arena, struct mg_str folder)
{
    static const char *const project_files[] = { "pyproject.toml", "setup.py", "setup.cfg", ".git" };
    for (size_t i = 0; i < MG_COUNT(project_files); i++)
        if (mg_file_exists(mg_path_join(arena, folder, mg_str_from(project_files[i])).at))
            return false;
    return mg_file_exists(mg_path_join(arena, folder, MG_STR("__init__.py")).at);
}

static enum mg_code make_workspace(struct ingest_local *self, struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err)
{
    struct mg_str workspace;
    mg_workspace_sweep(arena);
    MG_TRY(mg_workspace_make(arena, &workspace, &self->lock_fd, err));
    if (workspace.len >= sizeof self->workspace) /* cannot happen: the kernel made it from a path it accepted */
        return MG_FAIL(err, MG_E_IO, "the temporary directory's path is too long");
    memcpy(self->workspace, workspace.at, workspace.len + 1);
    repo->copy = mg_path_join(arena, workspace, MG_STR("repo"));
    repo->scratch = mg_path_join(arena, workspace, MG_STR("scratch"));
    if (mkdir(repo->copy.at, 0700) != 0 || mkdir(repo->scratch.at, 0700) != 0)
        return MG_FAIL(err, MG_E_IO, "cannot make folders in %s: %s", workspace.at, strerror(errno));
    return MG_OK;
}

static bool has_python(const struct mg_str *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mg_str_ends(files[i], ".py"))
            return true;
    return false;
}

static enum mg_code fill(struct ingest_local *self, struct mg_str storage_root, const struct mg_cancel *cancel, struct mg_arena *arena,
                         struct mg_repo *repo, struct mg_err *err)
{
    struct mg_str *listed = NULL;
    size_t listed_count = 0;
    bool is_checkout = false;
    MG_TRY(self->vcs.ops->list(self->vcs.self, repo->original, arena, &is_checkout, &listed, &listed_count, &repo->commit, err));
    struct mg_copy_request request = { .from = repo->original.at, .to = repo->copy.at, .cancel = cancel };
    request.storage_root = storage_root.len > 0 ? mg_arena_cstr(arena, storage_root) : NULL;
    request.is_checkout = is_checkout && has_python(listed, listed_count);
    request.listed = listed;
    request.listed_count = request.is_checkout ? listed_count : 0;
    struct mg_copied python_files = { 0 };
    MG_TRY(mg_ingest_copy(&request, arena, repo, &python_files, err));
    MG_TRY(mg_ingest_layout(&python_files, cancel, arena, repo, err));
    if (repo->sources.len > 0)
        return MG_OK;
    if (repo->skipped.len > 0)
        return MG_FAIL(err, MG_E_CONFIG, "no usable Python source in %s; skipped %.*s: %.*s%s", repo->original.at, MG_FMT(repo->skipped.at[0].path),
                       MG_FMT(repo->skipped.at[0].reason), repo->skipped.len > 1 ? ", and more" : "");
    return MG_FAIL(err, MG_E_CONFIG, "no Python source in %s (tests, docs and setup files do not count)", repo->original.at);
}

static enum mg_code choose(struct ingest_local *self, struct mg_str python, struct mg_str storage_root, const struct mg_cancel *cancel,
                           struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err)
{
    struct mg_choice choice = { .settings = &self->settings, .cancel = cancel, .arena = arena, .repo = repo, .asked = python, .environment_fd = -1 };
    if (self->settings.install && !self->settings.look_only && storage_root.len)
        choice.home = mg_path_join(arena, storage_root, MG_STR("envs"));
    enum mg_code code = mg_choose_interpreter(&choice, err);
    self->environment_fd = choice.environment_fd;
    if (code == MG_OK && choice.chosen.lacks_project)
        code = mg_stand_in_distribution(arena, &choice.distribution, repo, err);
    return code;
}

static void drop_workspace(struct ingest_local *self)
{
    if (self->workspace[0])
        (void)!mg_file_remove_tree(self->workspace, NULL); /* what stays is swept at the next start */
    self->workspace[0] = '\0';
    mg_fd_close(&self->lock_fd);
    mg_fd_close(&self->environment_fd);
}

static enum mg_code open_repo(void *handle, struct mg_str location, struct mg_str python, struct mg_str storage_root, const struct mg_cancel *cancel,
                              struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err)
{
    struct ingest_local *self = self_of(handle);
    if (self->lock_fd >= 0)
        return MG_FAIL(err, MG_E_STATE, "a repo is open already");
    *repo = (struct mg_repo){ 0 };
    MG_TRY(resolve(location, arena, &repo->original, err));
    if (is_bare_package(arena, repo->original))
        return MG_FAIL(err, MG_E_CONFIG, "%s is a package itself (it has an __init__.py); name the project folder above it", repo->original.at);
    if (!self->equipped)
        MG_TRY(mg_interpreter_choose(arena, repo->original, python, &repo->python, &repo->python_origin, err));
    enum mg_code code = make_workspace(self, arena, repo, err);
    if (code == MG_OK)
        code = fill(self, storage_root, cancel, arena, repo, err);
    if (code == MG_OK && self->equipped)
        code = choose(self, python, storage_root, cancel, arena, repo, err);
    if (code == MG_OK) /* behind an environment of ours, which may have what the build has made */
        code = mg_stand_in_version(arena, repo, err);
    if (code != MG_OK)
        drop_workspace(self);
    return code;
}

static void close_repo(void *handle, const struct mg_repo *repo)
{
    (void)repo;
    drop_workspace(self_of(handle));
}

static enum mg_code survey_repo(void *handle, const struct mg_repo *repo, struct mg_arena *arena, struct mg_survey *survey, struct mg_err *err)
{
    (void)self_of(handle);
    return mg_ingest_survey(repo, arena, survey, err);
}

static struct mg_str digest_file(void *handle, struct mg_str path, struct mg_arena *arena)
{
    (void)self_of(handle);
    return mg_ingest_digest(path, arena);
}

static const struct mg_ingest_ops ops = { .name = "local", .open = open_repo, .close = close_repo, .survey = survey_repo, .digest = digest_file };

struct mg_ingest mg_ingest_local_new(struct mg_vcs vcs, const struct mg_ingest_settings *settings)
{
    struct ingest_local *self = calloc(1, sizeof *self);
    MG_ASSERT(self);
    self->magic = MAGIC;
    self->vcs = vcs;
    self->equipped = settings != NULL;
    if (settings)
        self->settings = *settings;
    self->lock_fd = self->environment_fd = -1;
    return (struct mg_ingest){ .ops = &ops, .self = self };
}

void mg_ingest_local_free(struct mg_ingest ingest)
{
    struct ingest_local *self = self_of(ingest.self);
    drop_workspace(self);
    self->magic = 0;
    free(self);
}
