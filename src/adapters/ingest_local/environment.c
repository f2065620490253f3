/* Makes an environment, or takes the one that was made before. Read mg_environment_make for the order of the steps. */
#include "adapters/ingest_local/environment.h"

#include "adapters/ingest_local/copy.h"
#include "adapters/ingest_local/making.h"
#include "adapters/ingest_local/overlay.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/secret.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/keep.h"
#include "os/program.h"

#include <string.h>

#define MARK "mutagen-complete" /* holds "project" when the project itself is installed, else "dependencies" */
#define LOG_LIMIT ((size_t)1 << 20)
#define DEEPEST_INCLUDE 8
#define RECIPE "6"          /* part of the key: another way of making them makes other ones */
#define LEFT_FOR_PARTS 60.0 /* seconds: nothing more is tried then */

/* ---- what is installed ---- */

static bool is_project_line(struct mg_str line)
{
    static const char *const options[] = { "-e ", "--editable ", "--editable=" };
    line = mg_str_trim(line);
    for (size_t i = 0; i < MG_COUNT(options); i++)
        if (mg_str_starts(line, options[i]))
            line = mg_str_trim(mg_str_sub(line, strlen(options[i]), line.len));
    return mg_str_is(line, ".") || mg_str_starts(line, ".[") || mg_str_is(line, "file:.");
}

/* X of "-r X" and its other spellings; empty for other lines. */
static struct mg_str included_file(struct mg_str line)
{
    static const char *const options[] = { "-r", "--requirement=", "--requirement ", "-c", "--constraint=", "--constraint " };
    line = mg_str_trim(line);
    for (size_t i = 0; i < MG_COUNT(options); i++)
        if (mg_str_starts(line, options[i]))
            return mg_str_trim(mg_str_sub(line, strlen(options[i]), mg_str_find(line, '#', 0)));
    return MG_NO_STR;
}

/* Whether it is the copy's: what an included file names may lie anywhere. */
static bool is_of_source(struct making *making, struct mg_str *path)
{
    struct mg_str root = making->source;
    return mg_file_resolve(making->arena, mg_arena_cstr(making->arena, *path), path, NULL) == MG_OK &&
           mg_file_resolve(making->arena, mg_arena_cstr(making->arena, making->source), &root, NULL) == MG_OK && path->len > root.len &&
           memcmp(path->at, root.at, root.len) == 0 && path->at[root.len] == '/';
}

/* "-e ." would let the project's build run with the user's credentials; it is built already. Also in what such a file includes. */
static enum mg_code leave_project_out(struct making *making, struct mg_str path, unsigned depth, struct mg_err *err)
{
    struct mg_str text, line;
    struct mg_buf out = MG_BUF((size_t)8 << 20);
    if (depth > DEEPEST_INCLUDE || !is_of_source(making, &path) || mg_file_read(making->arena, path.at, (size_t)4 << 20, &text, NULL) != MG_OK)
        return MG_OK;
    while (mg_str_next_line(&text, &line)) {
        struct mg_str other = included_file(line), folder = mg_str_sub(path, 0, mg_str_rfind(path, '/'));
        if (other.len)
            MG_TRY(leave_project_out(making, mg_path_join(making->arena, folder, other), depth + 1, err));
        if (!is_project_line(line))
            mg_buf_addf(&out, "%.*s\n", MG_FMT(line));
    }
    return mg_file_write(path.at, mg_buf_take(&out, making->arena), err);
}

/* What uv.lock says, with its hashes. *path stays empty when it cannot be had: then its versions are taken as those of other locks are. */
static enum mg_code export_lock(struct making *making, struct mg_str *path, struct mg_err *err)
{
    *path = MG_NO_STR;
    if (!making->lock.name || strcmp(making->lock.name, "uv.lock") != 0 || making->uv.len == 0)
        return MG_OK;
    struct mg_str file = mg_in_work(making, "locked.txt");
    bool good;
    const char *const words[] = { making->uv.at,  "export", "-q",    "--frozen", "--no-emit-workspace", "--all-packages", "--all-extras",
                                  "--all-groups", "-o",     file.at, NULL };
    MG_TRY(mg_making_run(making, words, mg_installer_env(making), making->source, &good, err));
    if (good)
        *path = file;
    return MG_OK;
}

/* How much is asked for: all that is named, by the lock; all, in any version; the project and pytest alone. */
enum extent { AS_LOCKED, AS_NAMED, LEAST };

/* Extras for tests, and those that tox names. */
static const char *extras_of(struct making *making, enum extent extent)
{
    const struct mg_str_list *more = &making->needs.tox.extras;
    struct mg_buf out = MG_BUF(1u << 16);
    if (extent == LEAST)
        return "";
    mg_buf_adds(&out, "[test,tests,testing,dev");
    for (size_t i = 0; !making->but_tox && i < more->len; i++)
        mg_buf_addf(&out, ",%.*s", MG_FMT(more->at[i]));
    mg_buf_adds(&out, "]");
    return mg_buf_take(&out, making->arena).at;
}

static void add_wheel(struct making *making, struct mg_buf *text, const char *extras)
{
    size_t mark = mg_str_find(making->wheel, '[', 0);
    mg_buf_addf(text, "%.*s%s%.*s\n", MG_FMT(mg_str_sub(making->wheel, 0, mark)), extras,
                MG_FMT(mg_str_sub(making->wheel, mark + 8, making->wheel.len)));
}

/* The project's wheel comes without its dependencies: they are listed, for its metadata would ask the index for those that folders provide. */
static bool is_alone(const struct making *making, struct mg_str exported, enum extent extent)
{
    return making->wheel.len && ((extent == AS_LOCKED && exported.len) || making->needs.siblings.len);
}

static bool has_hashes(struct making *making, struct mg_str file)
{
    struct mg_str text;
    return mg_file_read(making->arena, mg_path_join(making->arena, making->source, file).at, (size_t)4 << 20, &text, NULL) == MG_OK &&
           mg_str_contains(text, "--hash=");
}

static struct mg_str_list files_of(struct making *making)
{
    struct mg_str_list files = { .len = 0 };
    for (size_t i = 0; i < making->needs.requirements.len; i++)
        *MG_PUSH(making->arena, &files) = making->needs.requirements.at[i];
    for (size_t i = 0; !making->but_tox && i < making->needs.tox.files.len; i++)
        *MG_PUSH(making->arena, &files) = making->needs.tox.files.at[i];
    return files;
}

/* Where one line has a hash, pip wants one for each: such a file is installed by itself (install_hashed). */
static enum mg_code add_files(struct making *making, struct mg_buf *text, struct mg_err *err)
{
    struct mg_str_list files = files_of(making);
    for (size_t i = 0; i < files.len; i++) {
        MG_TRY(leave_project_out(making, mg_path_join(making->arena, making->source, files.at[i]), 0, err));
        if (!has_hashes(making, files.at[i]))
            mg_buf_addf(text, "-r %.*s/%.*s\n", MG_FMT(making->source), MG_FMT(files.at[i]));
    }
    return MG_OK;
}

/* Of the optional ones those that a file imports whenever it is imported itself: without them it cannot be. */
static void add_optional(struct making *making, struct mg_buf *text)
{
    const struct mg_needs *needs = &making->choice->needs;
    for (size_t i = 0; i < making->needs.optional.len; i++)
        for (size_t n = 0; n < needs->len; n++)
            if (mg_requires(making->arena, making->needs.optional.at[i], mg_str_from(mg_distribution_of(making->arena, needs->at[n].name)))) {
                mg_add_lines(text, &making->needs.optional.at[i], 1);
                break;
            }
}

static enum mg_code list_all(struct making *making, struct mg_str exported, enum extent extent, struct mg_str *path, struct mg_err *err)
{
    static const char *const names[] = { [AS_LOCKED] = "locked-all.txt", [AS_NAMED] = "all.txt", [LEAST] = "least.txt" };
    struct mg_buf text = MG_BUF((size_t)8 << 20), constraints = MG_BUF((size_t)4 << 20);
    bool by_export = extent == AS_LOCKED && exported.len;
    if (by_export) {
        mg_buf_addf(&text, "-r %.*s\n", MG_FMT(exported));
    } else if (extent == AS_LOCKED && making->lock.name) {
        struct mg_str file;
        mg_add_lines(&constraints, making->lock.versions.at, making->lock.versions.len);
        MG_TRY(mg_write_list(making, "constraints.txt", &constraints, &file, err));
        mg_buf_addf(&text, "-c %.*s\n", MG_FMT(file));
    }
    if (making->wheel.len && !is_alone(making, exported, extent))
        add_wheel(making, &text, extras_of(making, extent));
    else if (!by_export)
        mg_add_lines(&text, making->needs.project.at, making->needs.project.len);
    if (extent != LEAST && !by_export) {
        mg_add_lines(&text, making->needs.tests.at, making->needs.tests.len);
        add_optional(making, &text);
        if (!making->but_tox)
            mg_add_lines(&text, making->needs.tox.requirements.at, making->needs.tox.requirements.len);
        MG_TRY(add_files(making, &text, err));
    }
    mg_buf_adds(&text, "pytest\n");
    return mg_write_list(making, names[extent], &text, path, err);
}

/* What they pin stays: it satisfies what is asked for after it. */
static enum mg_code install_hashed(struct making *making, bool *good, struct mg_err *err)
{
    struct mg_str_list files = files_of(making);
    *good = true;
    for (size_t i = 0; *good && i < files.len; i++) {
        struct mg_str file = files.at[i];
        if (!has_hashes(making, file))
            continue;
        MG_TRY(leave_project_out(making, mg_path_join(making->arena, making->source, file), 0, err));
        MG_TRY(mg_install(making, making->python, mg_path_join(making->arena, making->source, file), NULL, good, err));
    }
    return MG_OK;
}

static enum mg_code install_extent(struct making *making, struct mg_str exported, enum extent extent, bool *good, struct mg_err *err)
{
    struct mg_str list;
    *good = true;
    MG_TRY(list_all(making, exported, extent, &list, err));
    if (extent == AS_NAMED || (extent == AS_LOCKED && exported.len == 0))
        MG_TRY(install_hashed(making, good, err));
    if (*good)
        MG_TRY(mg_install(making, making->python, list, NULL, good, err));
    if (!*good || !is_alone(making, exported, extent))
        return MG_OK;
    struct mg_buf text = MG_BUF(1u << 16);
    add_wheel(making, &text, "");
    MG_TRY(mg_write_list(making, "wheel.txt", &text, &list, err));
    return mg_install(making, making->python, list, "--no-deps", good, err);
}

/* tox may name what excludes the rest, or what this machine cannot have: the rest is worth more. */
static enum mg_code install_with_tox(struct making *making, struct mg_str exported, enum extent extent, bool *good, struct mg_err *err)
{
    const struct mg_tox *tox = &making->needs.tox;
    MG_TRY(install_extent(making, exported, extent, good, err));
    if (*good || tox->requirements.len + tox->files.len + tox->extras.len == 0 || mg_str_starts(making->failure, UNREACHABLE))
        return MG_OK;
    struct mg_str why = making->failure;
    making->but_tox = true;
    MG_TRY(install_extent(making, exported, extent, good, err));
    making->but_tox = false;
    if (*good)
        mg_making_note(making,
                       mg_arena_printf(making->arena, "what only the configuration of tox names for tests is not installed: %.*s", MG_FMT(why)));
    return MG_OK;
}

/* ---- each by itself ---- */

static void gather_lines(struct making *making, struct mg_str text, struct mg_str_list *lines)
{
    struct mg_str line;
    while (mg_str_next_line(&text, &line)) {
        line = mg_str_trim(mg_str_sub(line, 0, mg_str_find(line, '#', 0)));
        if (line.len && line.at[0] != '-') /* an option, another file */
            *MG_PUSH(making->arena, lines) = line;
    }
}

/* What the least does without. */
static struct mg_str_list gather_rest(struct making *making)
{
    struct mg_str_list lines = { .len = 0 }, files = files_of(making);
    struct mg_buf named = MG_BUF((size_t)1 << 20);
    mg_add_lines(&named, making->needs.tests.at, making->needs.tests.len);
    add_optional(making, &named);
    mg_add_lines(&named, making->needs.tox.requirements.at, making->needs.tox.requirements.len);
    gather_lines(making, mg_buf_take(&named, making->arena), &lines);
    for (size_t i = 0; i < files.len; i++) {
        struct mg_str text, path = mg_path_join(making->arena, making->source, files.at[i]);
        if (!has_hashes(making, files.at[i]) && mg_file_read(making->arena, path.at, (size_t)4 << 20, &text, NULL) == MG_OK)
            gather_lines(making, text, &lines);
    }
    return lines;
}

/* Halves of what cannot be installed together, down to single lines: those that cannot come to `bad`, each with its reason. */
static enum mg_code install_halves(struct making *making, const struct mg_str *lines, size_t count, struct mg_buf *bad, struct mg_err *err)
{
    struct mg_str list;
    struct mg_buf text = MG_BUF((size_t)1 << 20);
    bool good = false, late = making->deadline - mg_now() < LEFT_FOR_PARTS;
    mg_add_lines(&text, lines, count);
    MG_TRY(mg_write_list(making, "part.txt", &text, &list, err));
    if (!late)
        MG_TRY(mg_install(making, making->python, list, NULL, &good, err));
    if (good)
        return MG_OK;
    if (count == 1 || late) {
        for (size_t i = 0; i < count; i++)
            mg_buf_addf(bad, "%s%.*s (%.*s)", bad->len ? "; " : "", MG_FMT(mg_requirement_name(lines[i])),
                        MG_FMT(late ? MG_STR("no time is left for it") : making->failure));
        return MG_OK;
    }
    MG_TRY(install_halves(making, lines, count / 2, bad, err));
    return install_halves(making, lines + count / 2, count - count / 2, bad, err);
}

/* Behind the least. */
static enum mg_code install_rest(struct making *making, struct mg_err *err)
{
    struct mg_str_list lines = gather_rest(making);
    struct mg_buf bad = MG_BUF((size_t)1 << 16);
    if (lines.len)
        MG_TRY(install_halves(making, lines.at, lines.len, &bad, err));
    struct mg_str text = mg_buf_take(&bad, making->arena);
    if (text.len)
        mg_making_note(making, mg_arena_printf(making->arena, "not installed of what its tests name: %.*s", MG_FMT(text)));
    return MG_OK;
}

static enum mg_code install_all(struct making *making, struct mg_err *err)
{
    struct mg_str exported, why = MG_NO_STR;
    bool good = false;
    MG_TRY(export_lock(making, &exported, err));
    MG_TRY(mg_make_venv(making, making->folder, &good, err));
    if (!good)
        return MG_FAIL(err, MG_E_CONFIG, "%.*s", MG_FMT(making->failure));
    if (making->lock.name) {
        MG_TRY(install_with_tox(making, exported, AS_LOCKED, &good, err));
        if (good)
            return MG_OK;
        if (mg_str_starts(making->failure, UNREACHABLE))
            return MG_FAIL(err, MG_E_CONFIG, "%.*s", MG_FMT(making->failure));
        mg_making_note(making, mg_arena_printf(making->arena, "%s is not followed, the installer chooses the versions: %.*s", making->lock.name,
                                               MG_FMT(making->failure)));
    }
    MG_TRY(install_with_tox(making, exported, AS_NAMED, &good, err));
    why = making->failure;
    if (!good && !mg_str_starts(why, UNREACHABLE)) {
        MG_TRY(install_extent(making, exported, LEAST, &good, err));
        if (good)
            MG_TRY(install_rest(making, err));
    }
    return good ? MG_OK : MG_FAIL(err, MG_E_CONFIG, "%.*s", MG_FMT(why));
}

/* ---- folders ---- */

static enum mg_code prepare(struct making *making, struct mg_err *err)
{
    static const char *const folders[] = { "tmp", "home", "wheels", "source" };
    making->work = mg_path_join(making->arena, making->choice->repo->scratch, MG_STR("install"));
    for (size_t i = 0; i < MG_COUNT(folders); i++)
        MG_TRY(mg_file_mkdirs(mg_in_work(making, folders[i]).at, err));
    making->source = mg_in_work(making, "source");
    struct mg_repo unused = { 0 };
    struct mg_copied files = { 0 };
    struct mg_copy_request request = { .from = mg_arena_cstr(making->arena, making->choice->repo->copy),
                                       .to = making->source.at,
                                       .cancel = making->choice->cancel };
    return mg_ingest_copy(&request, making->arena, &unused, &files, err);
}

static void say(struct making *making, struct mg_str text)
{
    const struct mg_progress *progress = &making->choice->settings->progress;
    if (progress->ops)
        progress->ops->line(progress->self, text);
}

static void keep_log(struct making *making, const char *path)
{
    struct mg_str text = mg_buf_take(&making->log, making->arena);
    (void)!mg_file_write(path, mg_redact(making->arena, NULL, text), NULL); /* a log that cannot be kept is not worth an error */
}

/* Those that nobody has used for long. What cannot be removed now is tried again by the next one. */
static void sweep(struct making *making)
{
    const struct mg_choice *choice = making->choice;
    struct mg_kept stale;
    size_t gone = 0;
    mg_keep_stale(making->arena, choice->home, choice->settings->keep_days, &stale);
    for (size_t i = 0; i < stale.len; i++) {
        int fd;
        bool was_there = mg_file_is_dir(stale.at[i].at);
        if (!mg_keep_try(making->arena, stale.at[i], choice->settings->keep_days, &fd))
            continue;
        gone += mg_keep_remove(making->arena, stale.at[i]) && was_there;
        mg_fd_close(&fd);
    }
    if (gone)
        say(making, mg_arena_printf(making->arena, "removed %zu environment%s that nobody used for %lld days (storage.keep_days)", gone,
                                    gone == 1 ? "" : "s", (long long)choice->settings->keep_days));
}

static enum mg_code make(struct making *making, const char *log, struct mg_err *err)
{
    say(making, mg_arena_printf(making->arena, "installing the repo's dependencies with %s into %.*s", making->uv.len ? "uv" : "pip",
                                MG_FMT(making->folder)));
    making->log = (struct mg_buf)MG_BUF(LOG_LIMIT);
    MG_TRY(mg_file_remove_tree(making->folder.at, err)); /* without its mark: of a run that was killed */
    enum mg_code code = prepare(making, err);
    if (code == MG_OK && making->needs.buildable)
        say(making, MG_STR("building the project itself"));
    if (code == MG_OK)
        code = mg_build_project(making, err);
    if (code == MG_OK)
        say(making, MG_STR("installing what it and its tests need"));
    if (code == MG_OK)
        code = install_all(making, err);
    keep_log(making, log);
    if (code == MG_OK)
        code = mg_file_write(mg_path_join(making->arena, making->folder, MG_STR(MARK)).at,
                             making->wheel.len ? MG_STR("project\n") : MG_STR("dependencies\n"), err);
    if (code != MG_OK)
        (void)!mg_file_remove_tree(making->folder.at, NULL);
    if (making->work.len)
        (void)!mg_file_remove_tree(making->work.at, NULL); /* goes with the workspace at the latest */
    if (code == MG_OK)
        sweep(making);
    return code == MG_E_CONFIG ? mg_err_prefix(err, "the dependencies cannot be installed (log: %s)", log) : code;
}

/* Whether the project allows that Python; `upper`: not a newer one than it says, either. */
static enum mg_code is_allowed(struct making *making, struct mg_str python, bool upper, bool *allowed, struct mg_err *err)
{
    struct mg_checked checked;
    MG_TRY(mg_check_interpreter(making->choice, python, &checked, err));
    making->minor = checked.minor;
    *allowed = checked.runs && checked.major == 3 && checked.minor >= 8 && checked.minor >= making->needs.least_minor &&
               (!upper || making->needs.next_minor == 0 || checked.minor < making->needs.next_minor);
    return MG_OK;
}

static enum mg_code find_base(struct making *making, bool upper, bool *found, struct mg_err *err)
{
    struct mg_candidates *candidates = &making->choice->candidates;
    *found = false;
    for (size_t i = candidates->found.len; !*found && i-- > 0;) {
        making->base = candidates->found.at[i].python;
        MG_TRY(is_allowed(making, making->base, upper, found, err));
    }
    for (int minor = 14; !*found && minor >= 8 && minor >= making->needs.least_minor; minor--) {
        if (upper && making->needs.next_minor && minor >= making->needs.next_minor)
            continue;
        making->base = mg_program_find(making->arena, mg_arena_printf(making->arena, "python3.%d", minor).at);
        if (making->base.len)
            MG_TRY(is_allowed(making, making->base, upper, found, err));
    }
    return MG_OK;
}

/* python3 on PATH before the candidates that did not fit; but one that the project allows. A newer one than that is better than none: many
 * say "<3.13" before they have tried. */
static enum mg_code choose_base(struct making *making, struct mg_err *err)
{
    bool found;
    MG_TRY(find_base(making, true, &found, err));
    if (!found && making->needs.next_minor)
        MG_TRY(find_base(making, false, &found, err));
    if (found)
        return MG_OK;
    return MG_FAIL(err, MG_E_CONFIG, "there is no Python 3.%d or newer on PATH to make it from",
                   (int)(making->needs.least_minor > 8 ? making->needs.least_minor : 8));
}

/* Whoever finds it whole shares it for as long as his run lasts; to make it one is alone. Between the two locks another may come first. */
static enum mg_code take_or_make(struct making *making, const char *mark, int *fd, struct mg_err *err)
{
    const struct mg_cancel *cancel = making->choice->cancel;
    for (;;) {
        enum mg_code code = mg_keep_lock(making->arena, making->folder, false, making->deadline, cancel, fd, err);
        if (code == MG_E_TIMEOUT)
            return MG_FAIL(err, code, "another run has been installing into %.*s for too long", MG_FMT(making->folder));
        MG_TRY(code);
        if (mg_file_exists(mark))
            return MG_OK;
        mg_fd_close(fd);
        code = mg_keep_lock(making->arena, making->folder, true, mg_now() + 0.3, cancel, fd, err);
        if (code == MG_E_TIMEOUT)
            continue;
        MG_TRY(code);
        if (!mg_file_exists(mark))
            code = make(making, mg_arena_printf(making->arena, "%.*s.log", MG_FMT(making->folder)).at, err);
        if (code == MG_OK)
            mg_keep_share(*fd);
        else
            mg_fd_close(fd); /* whoever waits may try it himself */
        return code;
    }
}

enum mg_code mg_environment_make(struct mg_choice *choice, struct mg_environment *environment, struct mg_err *err)
{
    struct mg_arena *arena = choice->arena;
    struct making making = { .choice = choice, .arena = arena, .deadline = mg_now() + choice->settings->timeout_seconds };
    mg_dependencies_read(arena, choice->repo->copy, &making.needs);
    mg_lock_read(arena, choice->repo->copy, &making.lock);
    if (making.needs.outside.len)
        return MG_FAIL(
            err, MG_E_CONFIG,
            "%.*s comes from a folder outside of this one ([tool.uv.sources]), so no index is asked for it; `uv sync --all-packages` makes an "
            "environment that is found, or name the folder of the whole workspace",
            MG_FMT(making.needs.outside));
    MG_TRY(choose_base(&making, err));
    mg_dependencies_add_tox(arena, choice->repo->copy, making.minor, &making.needs);
    making.uv = mg_program_find(arena, "uv");
    struct mg_str real = making.base, mark;
    (void)!mg_file_resolve(arena, mg_arena_cstr(arena, making.base), &real, NULL);
    struct mg_str whole = mg_arena_printf(arena, RECIPE "\n%.*s\n%.*s", MG_FMT(real), MG_FMT(making.needs.key)),
                  key = mg_sha256_hex(arena, whole, 16);
    making.folder = mg_path_join(arena, choice->home, key);
    making.python = mg_path_join(arena, making.folder, MG_STR("bin/python"));
    MG_TRY(mg_file_mkdirs(mg_arena_cstr(arena, choice->home), err));
    const char *mark_path = mg_path_join(arena, making.folder, MG_STR(MARK)).at;
    MG_TRY(take_or_make(&making, mark_path, &environment->lock_fd, err));
    MG_TRY(mg_file_read(arena, mark_path, 64, &mark, err));
    environment->python = making.python;
    environment->has_project = mg_str_starts(mark, "project");
    return environment->has_project ? mg_overlay_built(arena, making.folder, choice->repo, err) : MG_OK;
}
