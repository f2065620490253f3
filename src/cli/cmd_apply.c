/* `mutagen apply`: writes the kept tests of a stored run into the repo, another folder, or a patch. */
#include "base/str.h"
#include "cli/apply.h"
#include "cli/compose.h"
#include "cli/pythonpath.h"
#include "cli/tell.h"
#include "core/text.h"
#include "os/file.h"
#include <stdio.h>
#include <stdlib.h>

static const struct mg_option options[] = {
    MG_OPT_TEXT("run-id", "ID", run_id, "the run whose tests are taken (default: the newest)"),
    MG_OPT_TEXT("into", "DIR", into, "write into this folder (made if missing) instead of the repo's test folder"),
    MG_OPT_TEXT("patch", "FILE", patch, "write a patch for `git apply` instead ('-' = stdout)"),
    MG_OPT_FLAG("improved", improved, "also tests that gained something but left their target below the threshold"),
    MG_OPT_END,
};

static enum mg_code write_files(const struct mg_apply_plan *plan, const char *folder, struct mg_err *err)
{
    bool made = false;
    for (size_t i = 0; i < plan->len; i++) {
        const struct mg_apply_file *file = &plan->at[i];
        if (file->action != MG_APPLY_CREATE && file->action != MG_APPLY_UPDATE)
            continue;
        if (!made)
            MG_TRY(mg_file_mkdirs(folder, err));
        made = true;
        MG_TRY(mg_file_write(file->path.at, file->text, err));
    }
    return MG_OK;
}

static enum mg_code write_patch(struct mg_app *app, const struct mg_apply_plan *plan, struct mg_str target, struct mg_err *err)
{
    struct mg_str patch = mg_apply_patch(plan, app->arena);
    if (patch.len == 0)
        return MG_OK; /* git apply refuses an empty patch */
    if (!mg_str_is(target, "-"))
        return mg_file_write(mg_arena_cstr(app->arena, target), patch, err);
    if (fwrite(patch.at, 1, patch.len, stdout) != patch.len)
        return MG_FAIL(err, MG_E_IO, "stdout: the patch could not be written");
    return MG_OK;
}

/* One line a file; returns how many were refused. */
static uint32_t say_what_happened(const struct mg_app *app, FILE *out, const struct mg_apply_plan *plan, bool is_patch)
{
    struct mg_arena *arena = app->arena;
    uint32_t refused = 0;
    for (size_t i = 0; i < plan->len; i++) {
        const struct mg_apply_file *file = &plan->at[i];
        struct mg_str path = mg_printable(arena, is_patch ? file->relative : file->path);
        const char *plural = file->tests == 1 ? "" : "s";
        switch (file->action) {
        case MG_APPLY_CREATE:
            (void)fprintf(out, "%s %.*s (%u test%s)\n", is_patch ? "adds" : "wrote", MG_FMT(path), file->tests, plural);
            break;
        case MG_APPLY_UPDATE:
            (void)fprintf(out, "%s %.*s (%u test%s)\n", is_patch ? "changes" : "updated", MG_FMT(path), file->tests, plural);
            break;
        case MG_APPLY_UNCHANGED:
            (void)fprintf(out, "unchanged %.*s (%u test%s)\n", MG_FMT(path), file->tests, plural);
            break;
        case MG_APPLY_REFUSED:
            mg_tell(app, "%.*s left as it is: %s", MG_FMT(path), file->why);
            refused++;
            break;
        }
    }
    return refused;
}

/* Of a path relative to the current directory, for a command that changes it. */
static struct mg_str absolute(struct mg_arena *arena, struct mg_str path)
{
    struct mg_str resolved;
    return mg_file_resolve(arena, mg_arena_cstr(arena, path), &resolved, NULL) == MG_OK ? resolved : path;
}

static void say_how_to_run(FILE *out, const struct mg_apply_plan *plan, const struct mg_report *report, struct mg_str patch, struct mg_app *app)
{
    struct mg_arena *arena = app->arena;
    struct mg_str repo = mg_shell_word(arena, report->repo), file = mg_shell_word(arena, absolute(arena, patch));
    if (patch.len && !mg_str_is(patch, "-"))
        (void)fprintf(out, "next: cd %.*s && git apply %.*s\n", MG_FMT(repo), MG_FMT(file));
    if (patch.len)
        return;
    struct mg_str python = mg_text_interpreter(report); /* "python" may be another one, or none */
    (void)fprintf(out, "next: cd %.*s && %.*s%.*s -m pytest", MG_FMT(repo), MG_FMT(mg_pythonpath_words(app, report)),
                  MG_FMT(python.len ? mg_shell_word(arena, python) : MG_STR("python")));
    for (size_t i = 0; i < plan->len; i++) {
        struct mg_str path = mg_shell_word(arena, plan->at[i].relative.len ? plan->at[i].relative : absolute(arena, plan->at[i].path));
        if (plan->at[i].action != MG_APPLY_REFUSED)
            (void)fprintf(out, " %.*s", MG_FMT(path));
    }
    (void)fputc('\n', out);
}

static void say_nothing_to_apply(const struct mg_report *report, const char *program, bool improved)
{
    (void)printf("nothing to apply: run %.*s kept no test\n", MG_FMT(report->run_id));
    if (!improved && mg_apply_has_improving(report))
        (void)printf("next: %s apply --run-id %.*s --improved  (tests that gained something, but leave their target below the threshold)\n", program,
                     MG_FMT(report->run_id));
}

static enum mg_code apply(struct mg_app *app, const struct mg_invocation *call, const struct mg_report *report, struct mg_err *err)
{
    struct mg_apply_plan plan = { 0 };
    struct mg_str folder = mg_path_join(app->arena, report->repo, report->tests_dir);
    if (call->into.len)
        folder = mg_arena_str(app->arena, call->into);
    MG_TRY(mg_apply_make_plan(report, call->improved, folder, call->into.len == 0, app->arena, &plan, err));
    if (plan.len == 0) {
        say_nothing_to_apply(report, app->program, call->improved);
        return MG_OK;
    }
    if (call->patch.len)
        MG_TRY(write_patch(app, &plan, call->patch, err));
    else
        MG_TRY(write_files(&plan, folder.at, err));
    FILE *out = mg_tell_place(mg_str_is(call->patch, "-"));
    char *text = NULL;
    size_t length = 0;
    FILE *lines = out ? out : open_memstream(&text, &length);
    if (!lines)
        return MG_FAIL(err, MG_E_IO, "there is no memory to say what was applied");
    uint32_t refused = say_what_happened(app, lines, &plan, call->patch.len > 0);
    if (refused > 0)
        app->exit_code = MG_EXIT_FAILURE;
    if (refused < plan.len)
        say_how_to_run(lines, &plan, report, call->patch, app);
    if (!out && fclose(lines) == 0)
        for (struct mg_str rest = mg_str_from(text), line; mg_str_next_line(&rest, &line);)
            mg_tell_note(app, "%.*s", MG_FMT(line));
    free(text);
    return MG_OK;
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_composed composed;
    struct mg_report report = { 0 };
    MG_TRY(mg_compose_stored(app, &composed, err));
    struct mg_store store = composed.services.store;
    enum mg_code code = store.ops->load_report(store.self, call->run_id, app->arena, &report, err);
    mg_compose_close(&composed);
    MG_TRY(code);
    if (!call->into.len && !mg_file_is_dir(mg_arena_cstr(app->arena, report.repo)))
        return MG_FAIL(err, MG_E_NOT_FOUND, "the repo of run %.*s is not there any more: %.*s (--into DIR writes elsewhere)", MG_FMT(report.run_id),
                       MG_FMT(report.repo));
    return apply(app, call, &report, err);
}

const struct mg_command mg_cmd_apply = {
    .name = "apply",
    .summary = "write the kept tests of a stored run into the repo, or as a patch",
    .options = options,
    .settings = MG_SETTINGS_OF_HERE,
    .run = run,
};
