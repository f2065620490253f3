/* One mutant in full, and a command with which anybody can see the verdict without us: a copy of the repo with the mutant in it, and pytest. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/compose.h"
#include "cli/score_text.h"

#define SHOWN_TESTS 10u
#define NAMED_TESTS 40u

static void add_text(struct mg_buf *out, struct mg_arena *arena, struct mg_str text)
{
    struct mg_str line;
    while (mg_str_next_line(&text, &line)) {
        struct mg_str shown = mg_printable(arena, line);
        mg_buf_addf(out, "%.*s\n", MG_FMT(shown));
    }
}

/* Bytes as a Python literal that survives any shell: b'...' in ASCII without quotes and backslashes but its own. */
static struct mg_str bytes_literal(struct mg_arena *arena, struct mg_str bytes)
{
    struct mg_buf out = MG_BUF(1u << 22);
    mg_buf_adds(&out, "b\"");
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\' || byte == '\'' || byte == '!')
            mg_buf_addf(&out, "\\x%02x", byte);
        else
            mg_buf_addc(&out, (char)byte);
    }
    mg_buf_addc(&out, '"');
    return mg_buf_take(&out, arena);
}

static void add_test_words(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report, const struct mg_judged *judged)
{
    if (judged->before.killer.len) {
        mg_buf_addf(out, " %s", mg_shell_word(arena, judged->before.killer).at);
        return;
    }
    bool all = judged->covering.len == 0 || judged->covering.len > NAMED_TESTS;
    for (size_t i = 0; all && i < report->scored.files.len; i++)
        mg_buf_addf(out, " %s", mg_shell_word(arena, report->scored.files.at[i]).at);
    if (all)
        return;
    for (size_t i = 0; i < judged->covering.len; i++)
        mg_buf_addf(out, " %s", mg_shell_word(arena, report->scored.tests.at[judged->covering.at[i]]).at);
}

/* What the copy needs beside the repo's own files, as a step of the program. */
static struct mg_str stand_ins(struct mg_arena *arena, const struct mg_scored *scored, bool *is_installed)
{
    struct mg_buf out = MG_BUF(1u << 22);
    for (size_t i = 0; i < scored->stand_ins.len; i++) {
        const struct mg_stand_in *file = &scored->stand_ins.at[i];
        *is_installed |= mg_str_starts(file->path, MG_INSTALLED "/");
        mg_buf_addf(&out, "(%.*s, %.*s), ", MG_FMT(bytes_literal(arena, file->path)), MG_FMT(bytes_literal(arena, file->text)));
    }
    struct mg_str files = mg_buf_take(&out, arena);
    return files.len ? mg_arena_printf(arena,
                                       "; import os; [(os.makedirs(os.path.dirname(f) or b\".\", exist_ok=True), open(f, \"wb\").write(t), "
                                       "os.chmod(f, 0o755)) for f, t in [%.*s]]",
                                       MG_FMT(files))
                     : MG_NO_STR;
}

static struct mg_str command(struct mg_arena *arena, const struct mg_report *report, const struct mg_outcome *outcome, const struct mg_judged *judged)
{
    static const char *const left_out[] = { ".git", ".venv", "venv", ".mutagen", "node_modules", "__pycache__", ".pytest_cache" };
    struct mg_buf out = MG_BUF(1u << 24);
    struct mg_str python = mg_shell_word(arena, report->scored.interpreter);
    const struct mg_mutant *m = &judged->mutant;
    mg_buf_addf(&out, "d=$(mktemp -d) && tar -C %s", mg_shell_word(arena, report->repo).at);
    for (size_t i = 0; i < MG_COUNT(left_out); i++)
        mg_buf_addf(&out, " --exclude=%s", left_out[i]);
    struct mg_str path = bytes_literal(arena, outcome->path), replacement = bytes_literal(arena, m->replacement),
                  original = bytes_literal(arena, m->original);
    struct mg_str program = mg_arena_printf(arena,
                                            "p = %.*s; b = open(p, \"rb\").read(); assert b[%u:%u] == %.*s, \"the file has changed\"; "
                                            "open(p, \"wb\").write(b[:%u] + %.*s + b[%u:])",
                                            MG_FMT(path), m->start, m->end, MG_FMT(original), m->start, MG_FMT(replacement), m->end);
    bool is_installed = false;
    struct mg_str files = stand_ins(arena, &report->scored, &is_installed);
    mg_buf_addf(&out, " -cf - . | tar -C \"$d\" -xf - && cd \"$d\" && %.*s -c '%.*s%.*s' && ", MG_FMT(python), MG_FMT(program), MG_FMT(files));
    mg_buf_addf(&out, "%sPYTHONHASHSEED=0 PYTHONPATH=\"", is_installed ? "PATH=\"$PATH:$d/" MG_INSTALLED "/bin\" " : "");
    for (size_t i = 0; i < report->scored.import_roots.len; i++) {
        struct mg_str root = report->scored.import_roots.at[i];
        mg_buf_addf(&out, "%s$d%s%.*s", i ? ":" : "", root.len ? "/" : "", MG_FMT(root));
    }
    mg_buf_addf(&out, "%s\" %.*s -m pytest -q", is_installed ? ":$d/" MG_INSTALLED : "", MG_FMT(python));
    for (size_t i = 0; i < report->scored.options.len; i++)
        mg_buf_addf(&out, " %s", mg_shell_word(arena, report->scored.options.at[i]).at);
    add_test_words(&out, arena, report, judged);
    return mg_buf_take(&out, arena);
}

static const char *expectation(enum mg_verdict verdict)
{
    if (verdict == MG_VERDICT_killed)
        return "it must fail";
    if (verdict == MG_VERDICT_timeout)
        return "it must fail, or not come to an end: then stop it";
    if (verdict == MG_VERDICT_survived || verdict == MG_VERDICT_no_coverage)
        return "it must pass, as without the mutant";
    return "see for yourself";
}

/* What is no crash counts as an assertion; but where another exception than a test's own has come up, the reason says it all. */
static const char *by_what(const struct mg_mutant_result *result)
{
    if (result->verdict != MG_VERDICT_killed)
        return "";
    if (result->kill_kind == MG_KILL_CRASH)
        return " by a crash in the mutated code (any test that runs it would)";
    struct mg_str reason = result->reason;
    if (mg_str_starts(reason, "static: "))
        reason = mg_str_sub(reason, sizeof "static: " - 1, reason.len);
    struct mg_str name = mg_str_sub(reason, 0, mg_str_find(reason, ':', 0));
    return mg_str_is(name, "AssertionError") || mg_str_is(name, "Failed") ? " by an assertion" : "";
}

static void add_tests(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report, const uint32_t *at, size_t len, const char *what,
                      bool all)
{
    mg_buf_addf(out, "%s: %zu\n", what, len);
    for (size_t i = 0; i < len && (all || i < SHOWN_TESTS); i++)
        mg_buf_addf(out, "  %s\n", mg_printable(arena, report->scored.tests.at[at[i]]).at);
    if (len > SHOWN_TESTS && !all)
        mg_buf_addf(out, "  … and %zu more: --all\n", len - SHOWN_TESTS);
}

struct mg_str mg_show_mutant(struct mg_arena *arena, const struct mg_report *report, const struct mg_outcome *outcome, const struct mg_judged *judged,
                             bool all)
{
    struct mg_buf out = MG_BUF(1u << 26);
    const struct mg_mutant *m = &judged->mutant;
    const struct mg_mutant_result *result = &judged->before;
    mg_buf_addf(&out, "mutant %.*s of %s, %s:%u\n%s: %s (level %d)\n\n", MG_FMT(m->id), mg_printable(arena, outcome->qualified_name).at,
                mg_printable(arena, outcome->path).at, m->span_line, m->operator_name, m->description, m->level);
    add_text(&out, arena, judged->diff);
    mg_buf_addf(&out, "\nverdict: %s%s\n", mg_verdict_name(result->verdict), by_what(result));
    if (result->reason.len)
        mg_buf_addf(&out, "reason: %s\n", mg_printable(arena, result->reason).at);
    if (result->killer.len)
        mg_buf_addf(&out, "killer: %s\n", mg_printable(arena, result->killer).at);
    struct mg_str witness = mg_witness_line(arena, judged);
    if (witness.len)
        mg_buf_addf(&out, "witness: %.*s\n", MG_FMT(witness));
    else if (result->verdict == MG_VERDICT_survived && report->scored.no_witnesses)
        mg_buf_adds(&out, "witness: not looked for: the score was asked for verdicts alone (--no-witnesses)\n");
    else if (result->verdict == MG_VERDICT_survived && !report->scored.all_witnesses)
        mg_buf_adds(&out, "witness: not looked for; score --all looks for one of every survivor\n");
    if (report->scored.matrix)
        add_tests(&out, arena, report, judged->killers.at, judged->killers.len, "tests that fail with it", all);
    add_tests(&out, arena, report, judged->covering.at, judged->covering.len, "tests that run its lines", all);
    if (result->verdict == MG_VERDICT_pending || mg_str_starts(result->reason, "pragma: "))
        return mg_buf_take(&out, arena);
    struct mg_str text = command(arena, report, outcome, judged);
    mg_buf_addf(&out, "\nthe same with plain pytest, in a copy (%s):\n%.*s\n", expectation(judged->before.verdict), MG_FMT(text));
    return mg_buf_take(&out, arena);
}
