/* `mutagen operators`: what each mutation operator is called, does and when it works. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/compose.h"
#include "python/mutate.h"
#include <stdio.h>

static const struct mg_option options[] = { MG_OPT_END };

/* An example on one line: what stands on lines of its own is shown behind a bar. */
static void add_example(struct mg_buf *out, const char *code)
{
    for (const char *at = code; *at; at++) {
        if (*at != '\n') {
            mg_buf_addc(out, *at);
            continue;
        }
        while (at[1] == ' ' || at[1] == '\n')
            at++;
        if (at[1])
            mg_buf_adds(out, out->len && at != code ? " | " : "");
    }
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    (void)call;
    struct mg_buf out = MG_BUF(1u << 16);
    struct mg_operator_row row;
    mg_buf_addf(&out, "%-9s %5s  %-38s %s\n", "operator", "level", "what it does", "example");
    for (size_t i = 0; (row = mg_operator_row_at(i)).name; i++) {
        mg_buf_addf(&out, "%-9s %5d  %-38s ", row.name, row.level, row.doc);
        add_example(&out, row.before);
        mg_buf_adds(&out, "  ->  ");
        add_example(&out, row.after);
        mg_buf_addc(&out, '\n');
    }
    mg_buf_adds(&out, "\nThe level is that of the operator's most useful mutants; some it makes on a higher one only (docs/operators.md).\n"
                      "Chosen with --level and --operators, or mutation.level and mutation.operators in the configuration.\n");
    struct mg_str text = mg_buf_take(&out, app->arena);
    if (fwrite(text.at, 1, text.len, stdout) != text.len)
        return MG_FAIL(err, MG_E_IO, "cannot write to standard output");
    return MG_OK;
}

const struct mg_command mg_cmd_operators = {
    .name = "operators",
    .summary = "list the mutation operators",
    .options = options,
    .settings = MG_SETTINGS_UNUSED,
    .run = run,
};
