/* Which lines differ from the merge-base, by `git diff` between a commit and the files as they are.
 * Comparing with files makes git run the clean filters that the checkout's own configuration names: each of them is overridden by name. */
#include "adapters/vcs_git/git.h"

#include "base/str.h"

#include <string.h>

#define MOST_FILTERS 40

/* One line of output; empty when git failed. */
static enum mg_code ask(struct mg_arena *arena, const char *directory, const char *const *args, struct mg_str *answer, bool *started,
                        struct mg_err *err)
{
    struct mg_git_output output = { .text = MG_BUF(1u << 16) };
    enum mg_code code = mg_git(arena, directory, args, &output, err);
    *started = output.started;
    *answer = code == MG_OK && output.succeeded ? mg_arena_str(arena, mg_str_trim(mg_buf_view(&output.text))) : MG_NO_STR;
    mg_buf_free(&output.text);
    return code;
}

static enum mg_code resolve(struct mg_arena *arena, const char *directory, struct mg_str revision, struct mg_str *base, struct mg_err *err)
{
    struct mg_str inside, shallow, commit = MG_NO_STR, head;
    bool started;
    MG_TRY(ask(arena, directory, (const char *const[]){ "rev-parse", "--is-inside-work-tree", NULL }, &inside, &started, err));
    if (!started)
        return MG_FAIL(err, MG_E_CONFIG, "--diff needs the git program, which is not on PATH");
    if (!mg_str_is(inside, "true"))
        return MG_FAIL(err, MG_E_CONFIG, "--diff needs a git checkout, and %s is none", directory);
    MG_TRY(ask(arena, directory, (const char *const[]){ "rev-parse", "--is-shallow-repository", NULL }, &shallow, &started, err));
    bool is_shallow = mg_str_is(shallow, "true");
    static const char advice[] = "; the clone is shallow: fetch more of its history (git fetch --unshallow, in CI fetch-depth: 0)";
    const char *asked = mg_arena_printf(arena, "%.*s^{commit}", MG_FMT(revision)).at;
    if (!mg_str_starts(revision, "-"))
        MG_TRY(ask(arena, directory, (const char *const[]){ "rev-parse", "-q", "--verify", asked, NULL }, &commit, &started, err));
    if (mg_str_starts(revision, "-") || commit.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "--diff: '%.*s' is no revision that git knows in %s%s", MG_FMT(mg_str_sub(revision, 0, 80)), directory,
                       is_shallow ? advice : "");
    MG_TRY(ask(arena, directory, (const char *const[]){ "rev-parse", "-q", "--verify", "HEAD", NULL }, &head, &started, err));
    if (head.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "--diff: %s has no commit yet", directory);
    MG_TRY(ask(arena, directory, (const char *const[]){ "merge-base", commit.at, "HEAD", NULL }, base, &started, err));
    if (base->len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "--diff: '%.*s' and HEAD have no common ancestor%s", MG_FMT(mg_str_sub(revision, 0, 80)),
                       is_shallow ? advice : "");
    return MG_OK;
}

/* Appends `-c filter.NAME.clean=` and the like for every filter that some configuration names. */
static enum mg_code silence_filters(struct mg_arena *arena, const char *directory, const char **argv, size_t *count, struct mg_err *err)
{
    struct mg_git_output output = { .text = MG_BUF(1u << 20) };
    const char *const list[] = { "config", "--null", "--name-only", "--get-regexp", "^filter\\.", NULL };
    enum mg_code code = mg_git(arena, directory, list, &output, err);
    struct mg_str rest = code == MG_OK ? mg_arena_str(arena, mg_buf_view(&output.text)) : MG_NO_STR, key;
    mg_buf_free(&output.text);
    size_t filters = 0;
    while (code == MG_OK && mg_str_next_part(&rest, '\0', &key)) {
        if (key.len == 0)
            continue;
        if (filters++ == MOST_FILTERS)
            return MG_FAIL(err, MG_E_LIMIT, "--diff: the checkout's configuration names too many filters");
        argv[(*count)++] = "-c";
        argv[(*count)++] = mg_arena_printf(arena, "%.*s=%s", MG_FMT(key), mg_str_ends(key, ".required") ? "false" : "").at;
    }
    return code;
}

/* A path in the diff's header: quoted as C when it holds anything strange. Empty when it cannot be read. */
static struct mg_str unquote(struct mg_arena *arena, struct mg_str text)
{
    size_t tab = mg_str_find(text, '\t', 0);
    if (!mg_str_starts(text, "\""))
        return mg_arena_str(arena, mg_str_sub(text, 0, tab));
    static const char letters[] = "abtnvfr\"\\", values[] = "\a\b\t\n\v\f\r\"\\";
    struct mg_buf out = MG_BUF(1u << 16);
    for (size_t i = 1; i < text.len && text.at[i] != '"'; i++) {
        char byte = text.at[i];
        if (byte == '\\' && i + 1 < text.len) {
            const char *letter = memchr(letters, text.at[++i], sizeof letters - 1);
            if (letter) {
                byte = values[letter - letters];
            } else if (i + 2 < text.len) {
                byte = (char)((text.at[i] - '0') << 6 | (text.at[i + 1] - '0') << 3 | (text.at[i + 2] - '0'));
                i += 2;
            }
        }
        mg_buf_addc(&out, byte);
    }
    return mg_buf_take(&out, arena);
}

/* "@@ -12,3 +14,2 @@ …": first line and count on the new side. */
static bool read_hunk(struct mg_str line, uint32_t *first, uint32_t *count)
{
    size_t plus = mg_str_find(line, '+', 0), end = mg_str_find(line, ' ', plus);
    struct mg_str range = mg_str_sub(line, plus + 1, end);
    size_t comma = mg_str_find(range, ',', 0);
    int64_t start = 0, lines = 1;
    if (!mg_str_to_i64(mg_str_sub(range, 0, comma), &start) || (comma < range.len && !mg_str_to_i64(mg_str_sub(range, comma + 1, range.len), &lines)))
        return false;
    if (start < 0 || lines < 0 || start > INT32_MAX || lines > INT32_MAX)
        return false;
    *first = (uint32_t)start;
    *count = (uint32_t)lines;
    return true;
}

static enum mg_code read_diff(struct mg_arena *arena, struct mg_str text, struct mg_changes *changes, struct mg_err *err)
{
    struct mg_str line, path = MG_NO_STR;
    uint32_t skip = 0; /* lines of a hunk that are still to come: their text may look like anything */
    while (mg_str_next_line(&text, &line)) {
        if (skip > 0 && (mg_str_starts(line, "+") || mg_str_starts(line, "-"))) {
            skip--;
        } else if (mg_str_starts(line, "+++ ")) {
            path = unquote(arena, mg_str_sub(line, 4, line.len));
        } else if (mg_str_starts(line, "@@ ")) {
            uint32_t first, added, unused, removed;
            struct mg_str minus = mg_str_sub(line, mg_str_find(line, '-', 0), line.len);
            struct mg_str old = mg_arena_printf(arena, "+%.*s", MG_FMT(mg_str_sub(minus, 1, minus.len)));
            if (!read_hunk(line, &first, &added) || !read_hunk(old, &unused, &removed))
                return MG_FAIL(err, MG_E_PARSE, "git's diff cannot be read: %.*s", MG_FMT(mg_str_sub(line, 0, 80)));
            skip = added + removed;
            if (added > 0 && !mg_str_is(path, "/dev/null"))
                *MG_PUSH(arena, changes) = (struct mg_changed_lines){ path, first, first + added - 1 };
        }
    }
    return MG_OK;
}

static enum mg_code add_untracked(struct mg_arena *arena, const char *directory, struct mg_changes *changes, struct mg_err *err)
{
    struct mg_git_output output = { .text = MG_BUF(MG_GIT_LIST_LIMIT) };
    enum mg_code code = mg_git(arena, directory, (const char *const[]){ "ls-files", "-z", "--others", "--exclude-standard", NULL }, &output, err);
    struct mg_str rest = mg_buf_view(&output.text), name;
    while (code == MG_OK && mg_str_next_part(&rest, '\0', &name))
        if (mg_str_ends(name, ".py"))
            *MG_PUSH(arena, changes) = (struct mg_changed_lines){ mg_arena_str(arena, name), 1, UINT32_MAX };
    mg_buf_free(&output.text);
    return code;
}

enum mg_code mg_git_changed(void *self, struct mg_str directory, struct mg_str revision, struct mg_arena *arena, struct mg_changes *changes,
                            struct mg_err *err)
{
    (void)self;
    *changes = (struct mg_changes){ 0 };
    const char *path = mg_arena_cstr(arena, directory);
    struct mg_str base;
    MG_TRY(resolve(arena, path, revision, &base, err));
    const char *argv[MG_GIT_MOST_ARGS + 1];
    size_t count = 0;
    argv[count++] = "-c";
    argv[count++] = "core.quotePath=false";
    MG_TRY(silence_filters(arena, path, argv, &count, err));
    const char *const rest[] = { "diff",          "--unified=0",
                                 "--no-color",    "--no-ext-diff",
                                 "--no-textconv", "--no-renames",
                                 "--relative",    "--src-prefix=",
                                 "--dst-prefix=", "--ignore-submodules=all",
                                 base.at,         "--",
                                 "*.py",          NULL };
    memcpy(argv + count, rest, sizeof rest);
    struct mg_git_output output = { .text = MG_BUF(MG_GIT_LIST_LIMIT) };
    enum mg_code code = mg_git(arena, path, argv, &output, err);
    if (code == MG_OK && !output.succeeded)
        code = MG_FAIL(err, MG_E_CONFIG, "--diff: git cannot compare %.*s with the files", MG_FMT(mg_str_sub(base, 0, 12)));
    if (code == MG_OK)
        code = read_diff(arena, mg_buf_view(&output.text), changes, err);
    mg_buf_free(&output.text);
    return code == MG_OK ? add_untracked(arena, path, changes, err) : code;
}
