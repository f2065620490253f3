/* Local folder or git URL? And where in a URL the credentials are. */
#include "adapters/ingest_git/source.h"

#include "base/str.h"
#include "os/file.h"

#include <string.h>

struct scheme {
    const char *name, *protocols;
};
/* http may be led on to https, never to anything else. */
static const struct scheme schemes[] = { { "https", "https" }, { "http", "http:https" }, { "ssh", "ssh" }, { "git", "git" }, { "file", "file" } };

static struct mg_str lower(struct mg_arena *arena, struct mg_str text)
{
    char *copy = (char *)(uintptr_t)mg_arena_cstr(arena, text);
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    return (struct mg_str){ copy, text.len };
}

static size_t find_text(struct mg_str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.at + i, part, len) == 0)
            return i;
    return text.len;
}

static bool has_control(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return true;
    return false;
}

bool mg_is_plain_rev(struct mg_str rev)
{
    if (rev.len == 0 || rev.len > 250 || rev.at[0] == '-' || rev.at[0] == '+' || rev.at[0] == '/' || has_control(rev) || mg_str_contains(rev, "..") ||
        mg_str_contains(rev, "@{"))
        return false;
    for (size_t i = 0; i < rev.len; i++)
        if (strchr(" ~^:?*[\\", rev.at[i]))
            return false;
    return true;
}

static bool is_bare_repository(struct mg_arena *arena, struct mg_str folder)
{
    return mg_file_exists(mg_path_join(arena, folder, MG_STR("HEAD")).at) && mg_file_is_dir(mg_path_join(arena, folder, MG_STR("objects")).at) &&
           mg_file_is_dir(mg_path_join(arena, folder, MG_STR("refs")).at);
}

static enum mg_code unusable(struct mg_err *err, struct mg_str shown, const char *why)
{
    return MG_FAIL(err, MG_E_CONFIG, "%.*s: %s", MG_FMT(mg_str_sub(shown, 0, 200)), why);
}

/* "%40" of a name or password. */
static struct mg_str percent_decoded(struct mg_arena *arena, struct mg_str text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = mg_arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        struct mg_str pair = lower(arena, mg_str_sub(text, i + 1, i + 3));
        const char *high = pair.len == 2 && text.at[i] == '%' ? memchr(digits, pair.at[0], 16) : NULL;
        const char *low = high ? memchr(digits, pair.at[1], 16) : NULL;
        int code = low ? (int)((high - digits) * 16 + (low - digits)) : (unsigned char)text.at[i];
        out[len++] = (char)code;
        i += low ? 2 : 0;
    }
    return (struct mg_str){ out, len };
}

/* What git asks the helper about is one line each. */
static enum mg_code take_credentials(struct mg_arena *arena, struct mg_str info, struct mg_source *source, struct mg_err *err)
{
    size_t colon = mg_str_find(info, ':', 0);
    source->user = percent_decoded(arena, mg_str_sub(info, 0, colon));
    source->password = percent_decoded(arena, mg_str_sub(info, colon + 1, info.len));
    if (has_control(source->user) || has_control(source->password))
        return unusable(err, source->shown, "its user name or password holds a control character");
    return MG_OK;
}

/* "git+https://host/repo.git@v1#egg=x" */
static struct mg_str without_pip_suffix(struct mg_arena *arena, struct mg_str url, struct mg_str *rev)
{
    url = mg_str_sub(url, 0, mg_str_find(url, '#', 0));
    size_t at = mg_str_rfind(url, '@'), path = mg_str_find(url, '/', find_text(url, "://") + 3);
    if (at < url.len && at > path) {
        *rev = mg_arena_str(arena, mg_str_sub(url, at + 1, url.len));
        url = mg_str_sub(url, 0, at);
    }
    return url;
}

static enum mg_code read_url(struct mg_arena *arena, struct mg_str url, const struct scheme *scheme, struct mg_source *source, struct mg_err *err)
{
    size_t host = strlen(scheme->name) + 3, path = mg_str_find(url, '/', host);
    struct mg_str authority = mg_str_sub(url, host, path), rest = mg_str_sub(url, path, url.len);
    size_t query = mg_str_find(rest, '?', 0), at = mg_str_rfind(authority, '@');
    struct mg_str info = at < authority.len ? mg_str_sub(authority, 0, at) : MG_NO_STR;
    if (at < authority.len)
        authority = mg_str_sub(authority, at + 1, authority.len);
    authority = lower(arena, authority);
    bool is_ssh = strcmp(scheme->name, "ssh") == 0;
    struct mg_str login = is_ssh ? mg_str_sub(info, 0, mg_str_find(info, ':', 0)) : MG_NO_STR; /* git@: no secret, and ssh takes no password here */
    source->url = mg_arena_printf(arena, "%s://%.*s%s%.*s%.*s", scheme->name, MG_FMT(login), login.len ? "@" : "", MG_FMT(authority), MG_FMT(rest));
    source->shown = mg_str_sub(source->url, 0, source->url.len - (rest.len - query));
    if (mg_str_starts(authority, "-") || mg_str_starts(login, "-"))
        return unusable(err, source->shown, "a host or user name does not begin with '-'");
    if (strcmp(scheme->name, "file") != 0 && authority.len == 0)
        return unusable(err, source->shown, "the URL names no host");
    if (rest.len < 2)
        return unusable(err, source->shown, "the URL names no repository");
    if (!is_ssh && info.len) {
        source->host_url = mg_arena_printf(arena, "%s://%.*s", scheme->name, MG_FMT(authority));
        MG_TRY(take_credentials(arena, info, source, err));
    }
    source->is_git = true;
    source->protocols = scheme->protocols;
    return MG_OK;
}

/* user@host:path, host.name:path: a colon before the first slash, as git reads it. */
static bool is_scp_like(struct mg_str text)
{
    size_t colon = mg_str_find(text, ':', 0), slash = mg_str_find(text, '/', 0), at = mg_str_find(text, '@', 0);
    if (colon == text.len || colon > slash || colon + 1 == text.len)
        return false;
    struct mg_str host = mg_str_sub(text, at < colon ? at + 1 : 0, colon);
    for (size_t i = 0; i < host.len; i++)
        if (!((host.at[i] >= '0' && host.at[i] <= '9') || (host.at[i] >= 'a' && host.at[i] <= 'z') || (host.at[i] >= 'A' && host.at[i] <= 'Z') ||
              strchr("-._", host.at[i])))
            return false;
    return host.len > 0 && (at < colon || (mg_str_contains(host, ".") && host.at[0] != '.'));
}

static enum mg_code read_scp_like(struct mg_arena *arena, struct mg_str text, struct mg_source *source, struct mg_err *err)
{
    size_t at = mg_str_find(text, '@', 0), colon = mg_str_find(text, ':', 0);
    struct mg_str path = mg_str_sub(text, colon + 1, text.len);
    source->url = source->shown = mg_arena_str(arena, text);
    bool option = text.at[0] == '-' || path.at[0] == '-' || (at < colon && text.at[at + 1] == '-');
    if (option)
        return unusable(err, text, "a host, user name or path does not begin with '-'");
    source->is_git = true;
    source->protocols = "ssh";
    return MG_OK;
}

static enum mg_code read_remote(struct mg_arena *arena, struct mg_str text, struct mg_source *source, struct mg_err *err)
{
    struct mg_str head = lower(arena, mg_str_sub(text, 0, 40));
    bool pip = mg_str_starts(head, "git+");
    if (pip) {
        text = mg_str_sub(text, 4, text.len);
        head = mg_str_sub(head, 4, head.len);
    }
    size_t sign = find_text(text, "://"), double_colon = find_text(text, "::");
    if (double_colon < text.len && double_colon < mg_str_find(text, '/', 0))
        return unusable(err, mg_str_sub(text, 0, double_colon + 2), "git's remote helpers are not used; give an https, ssh, git or file URL");
    if (sign < text.len && sign < mg_str_find(text, '/', 0)) {
        for (size_t i = 0; i < MG_COUNT(schemes); i++) {
            size_t len = strlen(schemes[i].name);
            if (sign == len && memcmp(head.at, schemes[i].name, len) == 0) {
                struct mg_str url = pip ? without_pip_suffix(arena, text, &source->rev) : text;
                return read_url(arena, url, &schemes[i], source, err);
            }
        }
        return unusable(err, mg_str_sub(text, 0, sign + 3), "no such transport; a repo is a folder, or an https, ssh, git or file URL");
    }
    return is_scp_like(text) ? read_scp_like(arena, text, source, err) : MG_OK;
}

enum mg_code mg_source_read(struct mg_arena *arena, struct mg_str given, struct mg_source *source, struct mg_err *err)
{
    *source = (struct mg_source){ .url = MG_NO_STR };
    struct mg_str text = mg_arena_str(arena, mg_str_trim(given));
    struct mg_str exact = mg_arena_str(arena, given);
    if (mg_file_is_dir(exact.at)) {
        source->is_git = !mg_file_exists(mg_path_join(arena, exact, MG_STR(".git")).at) && is_bare_repository(arena, exact);
        if (!source->is_git)
            return MG_OK;
        MG_TRY(mg_file_resolve(arena, exact.at, &source->url, err));
        source->shown = source->url;
        source->protocols = "file";
        return MG_OK;
    }
    if (mg_file_exists(exact.at))
        return MG_OK; /* a file: refused as such */
    if (has_control(text) || mg_str_find(given, '\0', 0) < given.len)
        return MG_FAIL(err, MG_E_CONFIG, "the repo's name holds a control character");
    return read_remote(arena, text, source, err);
}
