/* Cloning and updating. A new clone grows under a temporary name; an old one is changed only by a checkout that git itself refuses when it
 * would overwrite anything. `git clone` is not used: it would keep the URL with all that stands in it. */
#include "adapters/ingest_git/clone.h"

#include "adapters/ingest_git/git.h"
#include "base/hash.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/keep.h"
#include "os/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTED "mutagen-commit" /* in .git: what we checked out; another HEAD is the user's work */
#define NAME_LENGTH 40

struct cloning {
    struct mg_git_job git;
    const struct mg_clone_request *request;
    struct mg_arena *arena;
    struct mg_clone *clone;
};

static const char *shown(const struct cloning *c) { return mg_arena_cstr(c->arena, c->request->source->shown); }

static void note(struct cloning *c, struct mg_str text) { *MG_PUSH(c->arena, &c->clone->notes) = text; }

static enum mg_code explain(struct cloning *c, enum mg_git_trouble trouble, struct mg_err *err)
{
    struct mg_str reason = mg_git_reason(c->arena, c->request->source, c->git.tail),
                  ref = c->request->branch.len ? c->request->branch : c->request->rev;
    switch (trouble) {
    case MG_GIT_NETWORK:
        return MG_FAIL(err, MG_E_HTTP, "cannot fetch %s: %.*s (tried %lld time%s)", shown(c), MG_FMT(reason), (long long)c->request->retries + 1,
                       c->request->retries ? "s" : "");
    case MG_GIT_ACCESS:
        return MG_FAIL(err, MG_E_CONFIG,
                       "cannot fetch %s: access denied, or there is no such repository (git gets in with an ssh key, a credential helper, or "
                       "USER:TOKEN@ before the host): %.*s",
                       shown(c), MG_FMT(reason));
    case MG_GIT_NO_REPOSITORY:
        return MG_FAIL(err, MG_E_CONFIG, "there is no git repository at %s: %.*s", shown(c), MG_FMT(reason));
    case MG_GIT_NO_REF:
        if (ref.len)
            return MG_FAIL(err, MG_E_CONFIG, "%s has no branch or tag '%.*s'", shown(c), MG_FMT(ref));
        return MG_FAIL(err, MG_E_CONFIG, "%s has no commit yet, or no default branch: name one with --branch", shown(c));
    case MG_GIT_HOST_KEY:
        return MG_FAIL(err, MG_E_CONFIG, "cannot fetch %s: ssh does not know that host; connect to it once by hand (ssh HOST)", shown(c));
    case MG_GIT_NOT_SHALLOW:
    case MG_GIT_OTHER:
        break;
    }
    return MG_FAIL(err, MG_E_CONFIG, "cannot fetch %s: %.*s", shown(c), MG_FMT(reason));
}

/* ---- fetching ---- */

static enum mg_code pause_before(struct cloning *c, int64_t retry, struct mg_err *err)
{
    double seconds = c->request->backoff_seconds;
    for (int64_t i = 1; i < retry && seconds < 60; i++)
        seconds *= 2;
    short ready;
    double until = mg_now() + seconds;
    enum mg_code code = mg_fd_wait(-1, 0, until < c->git.deadline ? until : c->git.deadline, c->request->cancel, &ready, err);
    if (code == MG_E_CANCELLED)
        return MG_FAIL(err, code, "stopped while waiting to fetch %s again", shown(c));
    return code == MG_E_TIMEOUT ? MG_OK : code;
}

/* One fetch, again while the network fails. *trouble is MG_GIT_OTHER with git.failed false when it worked. */
static enum mg_code fetch(struct cloning *c, bool all, const char *const *refspecs, enum mg_git_trouble *trouble, struct mg_err *err)
{
    const char *args[16];
    size_t count = 0;
    args[count++] = "fetch";
    args[count++] = "--quiet";
    args[count++] = "--no-recurse-submodules";
    args[count++] = "--no-write-fetch-head";
    args[count++] = "--force";
    if (!all)
        args[count++] = "--no-tags";
    if (!all && c->request->depth > 0)
        args[count++] = mg_arena_printf(c->arena, "--depth=%lld", (long long)c->request->depth).at;
    if (all && c->clone->is_shallow)
        args[count++] = "--unshallow";
    args[count++] = "--";
    args[count++] = c->request->source->url.at;
    for (size_t i = 0; refspecs[i] && count < MG_COUNT(args) - 1; i++)
        args[count++] = refspecs[i];
    args[count] = NULL;
    for (int64_t tries = 0;; tries++) {
        MG_TRY(mg_git_run(&c->git, args, err));
        *trouble = c->git.failed ? mg_git_trouble(c->git.tail) : MG_GIT_OTHER;
        if (!c->git.failed || *trouble != MG_GIT_NETWORK || tries >= c->request->retries)
            return MG_OK;
        MG_TRY(pause_before(c, tries + 1, err));
    }
}

static enum mg_code ask(struct cloning *c, const char *const *args, struct mg_str *answer, struct mg_err *err)
{
    MG_TRY(mg_git_run(&c->git, args, err));
    *answer = c->git.failed ? MG_NO_STR : c->git.output;
    return MG_OK;
}

static enum mg_code commit_of(struct cloning *c, const char *name, struct mg_str *commit, struct mg_err *err)
{
    const char *wanted = mg_arena_printf(c->arena, "%s^{commit}", name).at;
    return ask(c, (const char *const[]){ "rev-parse", "-q", "--verify", wanted, NULL }, commit, err);
}

static bool is_hash(struct mg_str rev)
{
    for (size_t i = 0; i < rev.len; i++)
        if (!((rev.at[i] >= '0' && rev.at[i] <= '9') || (rev.at[i] >= 'a' && rev.at[i] <= 'f')))
            return false;
    return rev.len == 40 || rev.len == 64;
}

/* Only the wanted commit: a branch (else a tag) of that name, a commit by its whole hash, or the default branch. */
static enum mg_code fetch_one(struct cloning *c, enum mg_git_trouble *trouble, struct mg_err *err)
{
    const struct mg_clone_request *request = c->request;
    const char *from[2] = { "HEAD", NULL };
    if (request->branch.len) {
        from[0] = mg_arena_printf(c->arena, "refs/heads/%.*s", MG_FMT(request->branch)).at;
        from[1] = mg_arena_printf(c->arena, "refs/tags/%.*s", MG_FMT(request->branch)).at;
    } else if (request->rev.len) {
        from[0] = mg_arena_cstr(c->arena, request->rev);
    }
    for (size_t i = 0; i < 2 && from[i]; i++) {
        const char *const refspecs[] = { mg_arena_printf(c->arena, "%s:refs/mutagen/wanted", from[i]).at, NULL };
        MG_TRY(fetch(c, false, refspecs, trouble, err));
        if (!c->git.failed || *trouble != MG_GIT_NO_REF)
            break;
    }
    return MG_OK;
}

static enum mg_code fetch_all(struct cloning *c, enum mg_git_trouble *trouble, struct mg_err *err)
{
    static const char *const refspecs[] = { "+HEAD:refs/mutagen/wanted", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", NULL };
    return fetch(c, true, refspecs, trouble, err);
}

static enum mg_code find_in_all(struct cloning *c, struct mg_str *commit, struct mg_err *err)
{
    const struct mg_clone_request *request = c->request;
    struct mg_str name = request->branch.len ? request->branch : request->rev;
    if (name.len == 0)
        return commit_of(c, "refs/mutagen/wanted", commit, err);
    MG_TRY(commit_of(c, mg_arena_printf(c->arena, "refs/remotes/origin/%.*s", MG_FMT(name)).at, commit, err));
    if (commit->len == 0)
        MG_TRY(commit_of(c, mg_arena_printf(c->arena, "refs/tags/%.*s", MG_FMT(name)).at, commit, err));
    if (commit->len == 0 && request->rev.len)
        MG_TRY(commit_of(c, mg_arena_cstr(c->arena, name), commit, err));
    if (commit->len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "%s has no %s '%.*s'", shown(c), request->rev.len ? "commit, branch or tag" : "branch or tag", MG_FMT(name));
    return MG_OK;
}

/* Brings the wanted commit into the repository. *trouble tells of a fetch that did not work, as git.failed does. */
static enum mg_code fetch_wanted(struct cloning *c, struct mg_str *commit, enum mg_git_trouble *trouble, struct mg_err *err)
{
    bool by_name = c->request->rev.len && !is_hash(c->request->rev); /* "v1~2", "1f3a": only the whole history tells */
    bool all = c->request->history || c->request->depth == 0 || by_name;
    if (!all) {
        MG_TRY(fetch_one(c, trouble, err));
        if (!c->git.failed)
            return commit_of(c, "refs/mutagen/wanted", commit, err);
        all = *trouble == MG_GIT_NOT_SHALLOW || (c->request->rev.len && *trouble != MG_GIT_NETWORK && *trouble != MG_GIT_ACCESS);
    }
    if (all)
        MG_TRY(fetch_all(c, trouble, err));
    return c->git.failed ? MG_OK : find_in_all(c, commit, err);
}

/* ---- a new clone, an old one ---- */

static enum mg_code must(struct cloning *c, const char *const *args, const char *what, struct mg_err *err)
{
    MG_TRY(mg_git_run(&c->git, args, err));
    if (!c->git.failed)
        return MG_OK;
    struct mg_str reason = mg_git_reason(c->arena, c->request->source, c->git.tail);
    return MG_FAIL(err, MG_E_IO, "cannot %s in %.*s: %.*s", what, MG_FMT(c->git.folder), MG_FMT(reason));
}

static enum mg_code remember(struct cloning *c, struct mg_str commit, struct mg_err *err)
{
    return mg_file_write(mg_path_join(c->arena, c->git.folder, MG_STR(".git/" NOTED)).at, commit, err);
}

static enum mg_code make(struct cloning *c, struct mg_str path, struct mg_err *err)
{
    struct mg_str commit = MG_NO_STR;
    enum mg_git_trouble trouble;
    MG_TRY(must(c, (const char *const[]){ "init", "--quiet", "--template=", NULL }, "begin a clone", err));
    MG_TRY(must(c, (const char *const[]){ "config", "remote.origin.url", shown(c), NULL }, "begin a clone", err));
    MG_TRY(must(c, (const char *const[]){ "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*", NULL }, "begin a clone", err));
    MG_TRY(fetch_wanted(c, &commit, &trouble, err));
    if (c->git.failed)
        return explain(c, trouble, err);
    MG_TRY(must(c, (const char *const[]){ "checkout", "--quiet", "--detach", commit.at, NULL }, "check out a commit", err));
    MG_TRY(remember(c, commit, err));
    c->clone->is_new = true;
    if (rename(c->git.folder.at, path.at) != 0)
        return MG_FAIL(err, MG_E_IO, "cannot make %s: %s", path.at, strerror(errno));
    c->git.folder = path;
    return MG_OK;
}

static enum mg_code is_touched(struct cloning *c, struct mg_str head, const char **how, struct mg_err *err)
{
    struct mg_str noted = MG_NO_STR, changes;
    *how = NULL;
    if (mg_file_read(c->arena, mg_path_join(c->arena, c->git.folder, MG_STR(".git/" NOTED)).at, 256, &noted, NULL) != MG_OK ||
        !mg_str_eq(mg_str_trim(noted), head))
        *how = "has commits of its own";
    MG_TRY(ask(c, (const char *const[]){ "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all", NULL }, &changes, err));
    if (changes.len)
        *how = "has changes that are not committed";
    return MG_OK;
}

static enum mg_code update(struct cloning *c, struct mg_err *err)
{
    struct mg_str head, shallow, commit = MG_NO_STR;
    const char *touched;
    enum mg_git_trouble trouble;
    MG_TRY(commit_of(c, "HEAD", &head, err));
    MG_TRY(ask(c, (const char *const[]){ "rev-parse", "--is-shallow-repository", NULL }, &shallow, err));
    c->clone->is_shallow = mg_str_is(shallow, "true");
    if (is_hash(c->request->rev) && mg_str_eq(c->request->rev, head) && !(c->request->history && c->clone->is_shallow))
        return MG_OK;
    MG_TRY(is_touched(c, head, &touched, err));
    if (touched) {
        note(c, mg_arena_printf(c->arena, "%.*s %s: it is taken as it is, and not brought up to date", MG_FMT(c->git.folder), touched));
        return MG_OK;
    }
    MG_TRY(fetch_wanted(c, &commit, &trouble, err));
    if (c->git.failed && trouble == MG_GIT_NETWORK && !c->request->history) {
        struct mg_str reason = mg_git_reason(c->arena, c->request->source, c->git.tail);
        note(c, mg_arena_printf(c->arena, "%s cannot be reached, so its clone of an earlier run is taken as it is: %.*s", shown(c), MG_FMT(reason)));
        return MG_OK;
    }
    if (c->git.failed)
        return explain(c, trouble, err);
    if (mg_str_eq(commit, head))
        return MG_OK;
    MG_TRY(mg_git_run(&c->git, (const char *const[]){ "checkout", "--quiet", "--detach", commit.at, NULL }, err));
    if (c->git.failed) {
        note(c, mg_arena_printf(c->arena, "%.*s stays at %.*s: git would have to overwrite files that it does not track", MG_FMT(c->git.folder),
                                MG_FMT(mg_str_sub(head, 0, 12))));
        return MG_OK;
    }
    return remember(c, commit, err);
}

static enum mg_code describe(struct cloning *c, struct mg_err *err)
{
    struct mg_str shallow, modules;
    MG_TRY(commit_of(c, "HEAD", &c->clone->commit, err));
    MG_TRY(ask(c, (const char *const[]){ "rev-parse", "--is-shallow-repository", NULL }, &shallow, err));
    c->clone->is_shallow = mg_str_is(shallow, "true");
    MG_TRY(ask(c, (const char *const[]){ "config", "--file", ".gitmodules", "--name-only", "--get-regexp", "^submodule\\..*\\.path$", NULL },
               &modules, err));
    size_t count = 0;
    for (struct mg_str rest = modules, line; mg_str_next_line(&rest, &line);)
        count++;
    bool empty = count > 0 && !mg_file_is_dir(mg_path_join(c->arena, c->git.folder, MG_STR(".git/modules")).at);
    if (empty)
        note(c, mg_arena_printf(c->arena, "%zu submodule%s not cloned; if the tests need %s: git -C %.*s submodule update --init", count,
                                count == 1 ? " is" : "s are", count == 1 ? "it" : "them", MG_FMT(c->git.folder)));
    return MG_OK;
}

/* ---- names and locks ---- */

/* "name-0123456789abcdef": the repository's name for people, the digest for everything that makes it another clone. */
static struct mg_str clone_name(struct mg_arena *arena, const struct mg_clone_request *request)
{
    struct mg_str url = request->source->shown;
    while (mg_str_ends(url, "/"))
        url = mg_str_sub(url, 0, url.len - 1);
    if (mg_str_ends(url, ".git"))
        url = mg_str_sub(url, 0, url.len - 4);
    size_t cut = url.len;
    while (cut > 0 && url.at[cut - 1] != '/' && url.at[cut - 1] != ':')
        cut--;
    struct mg_str last = mg_str_sub(url, cut, url.len);
    char *name = (char *)(uintptr_t)mg_arena_cstr(arena, mg_str_sub(last, 0, NAME_LENGTH));
    for (char *at = name; *at; at++)
        if (!((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_' || (*at == '.' && at > name)))
            *at = '-';
    struct mg_str key = mg_arena_printf(arena, "%.*s\n%.*s\n%.*s", MG_FMT(url), MG_FMT(request->branch), MG_FMT(request->rev));
    struct mg_str digest = mg_sha256_hex(arena, key, 16);
    return mg_arena_printf(arena, "%s-%.*s", name[0] == '-' || !name[0] ? "repo" : name, MG_FMT(digest));
}

/* Whether nobody would miss it. Untracked files count, too: `apply` writes such. */
static bool may_go(struct cloning *c, struct mg_str folder)
{
    struct mg_str head, files = MG_NO_STR;
    const char *touched = NULL;
    if (!mg_file_is_dir(folder.at))
        return true;
    c->git.folder = folder;
    if (commit_of(c, "HEAD", &head, NULL) != MG_OK || head.len == 0 || is_touched(c, head, &touched, NULL) != MG_OK || touched)
        return false;
    return ask(c, (const char *const[]){ "status", "--porcelain", "--ignore-submodules=all", NULL }, &files, NULL) == MG_OK && !c->git.failed &&
           files.len == 0;
}

static void sweep(struct cloning *c)
{
    struct mg_str folder = c->git.folder;
    struct mg_kept stale;
    size_t gone = 0;
    mg_keep_stale(c->arena, c->request->folder, c->request->keep_days, &stale);
    for (size_t i = 0; i < stale.len; i++) {
        int fd;
        bool was_there = mg_file_is_dir(stale.at[i].at);
        if (!mg_keep_try(c->arena, stale.at[i], c->request->keep_days, &fd))
            continue;
        if (may_go(c, stale.at[i]))
            gone += mg_keep_remove(c->arena, stale.at[i]) && was_there;
        mg_fd_close(&fd);
    }
    c->git.folder = folder;
    if (gone)
        note(c, mg_arena_printf(c->arena, "removed %zu clone%s that nobody used for %lld days (storage.keep_days)", gone, gone == 1 ? "" : "s",
                                (long long)c->request->keep_days));
}

static enum mg_code work(struct cloning *c, struct mg_str name, struct mg_err *err)
{
    struct mg_str path = mg_path_join(c->arena, c->request->folder, name);
    if (mg_file_is_dir(path.at)) {
        c->git.folder = path;
        MG_TRY(update(c, err));
    } else {
        struct mg_str fresh = mg_arena_printf(c->arena, "%.*s/.new-%.*s", MG_FMT(c->request->folder), MG_FMT(name));
        MG_TRY(mg_file_remove_tree(fresh.at, err)); /* of a run that was killed */
        MG_TRY(mg_file_mkdirs(fresh.at, err));
        c->git.folder = fresh;
        enum mg_code code = make(c, path, err);
        if (code != MG_OK)
            (void)!mg_file_remove_tree(fresh.at, NULL);
        MG_TRY(code);
        sweep(c);
    }
    c->clone->path = path;
    return describe(c, err);
}

enum mg_code mg_clone(const struct mg_clone_request *request, struct mg_arena *arena, struct mg_clone *clone, struct mg_err *err)
{
    *clone = (struct mg_clone){ .path = MG_NO_STR };
    struct cloning c = { .request = request, .arena = arena, .clone = clone };
    c.git = (struct mg_git_job){ .request = request, .arena = arena, .deadline = mg_now() + request->timeout_seconds };
    c.git.program = mg_program_find(arena, "git");
    if (c.git.program.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "%s is a git URL, and there is no git on PATH; install git, or name a folder", shown(&c));
    struct mg_str ref = request->branch.len ? request->branch : request->rev;
    if (ref.len && !mg_is_plain_rev(ref) && !(request->rev.len && mg_is_plain_rev(mg_str_sub(ref, 0, mg_str_find(ref, '~', 0)))))
        return MG_FAIL(err, MG_E_CONFIG, "'%.*s' is no name of a branch, tag or commit", MG_FMT(mg_str_sub(ref, 0, 100)));
    MG_TRY(mg_file_mkdirs(mg_arena_cstr(arena, request->folder), err));
    struct mg_str name = clone_name(arena, request);
    int lock = -1;
    enum mg_code code = mg_keep_lock(arena, mg_path_join(arena, request->folder, name), true, c.git.deadline, request->cancel, &lock, err);
    if (code == MG_E_TIMEOUT)
        code = MG_FAIL(err, code, "another run has been cloning %s for %.10g seconds", shown(&c), request->timeout_seconds);
    if (code == MG_OK)
        code = work(&c, name, err);
    mg_fd_close(&lock);
    return code;
}
