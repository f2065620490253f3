/* `mutagen prompts`: shows the prompt templates, or writes them into a folder as a start for one's own (llm.prompts). */
#include "base/str.h"
#include "cli/compose.h"
#include "generate/model/prompt.h"
#include "os/file.h"
#include <stdio.h>

static const struct mg_option options[] = {
    MG_OPT_TEXT("into", "DIR", into, "write them into this folder instead of printing them"),
    MG_OPT_END,
};

static enum mg_code write_all(struct mg_app *app, const struct mg_prompts *prompts, struct mg_str folder, struct mg_err *err)
{
    MG_TRY(mg_file_mkdirs(mg_arena_cstr(app->arena, folder), err));
    for (size_t i = 0; i < MG_PROMPT_COUNT; i++) {
        const char *path = mg_arena_cstr(app->arena, mg_path_join(app->arena, folder, mg_str_from(prompts->file[i])));
        if (mg_file_exists(path))
            return MG_FAIL(err, MG_E_CONFIG, "%s: is there already; choose another folder, or remove it first", path);
        MG_TRY(mg_file_write(path, prompts->text[i], err));
    }
    struct mg_str shown = mg_printable(app->arena, folder);
    (void)printf("%d templates written; use them with `[llm] prompts = \"%.*s\"` in the file that -c names\n", (int)MG_PROMPT_COUNT, MG_FMT(shown));
    return MG_OK;
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_prompts prompts;
    mg_prompts_builtin(&prompts);
    if (call->into.len)
        return write_all(app, &prompts, call->into, err);
    for (size_t i = 0; i < MG_PROMPT_COUNT; i++)
        (void)printf("%s===== %s =====\n%.*s", i ? "\n" : "", prompts.file[i], MG_FMT(prompts.text[i]));
    return MG_OK;
}

const struct mg_command mg_cmd_prompts = {
    .name = "prompts",
    .summary = "show the templates of what a model is asked, or write them out to be changed",
    .options = options,
    .settings = MG_SETTINGS_UNUSED,
    .run = run,
};
