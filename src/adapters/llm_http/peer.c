/* Addresses and keys: what is checked before anything is sent, and what must not leak afterwards. */
#include "adapters/llm_http/peer.h"

#include "base/buf.h"
#include "base/str.h"
#include "core/text.h"

#include <string.h>

/* ---- addresses ---- */

static bool is_printable(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    return true;
}

/* "v1", "v1beta", "v2alpha1": what the last segment of a base_url looks like when the version is in it. */
static bool is_version(struct mg_str segment)
{
    return segment.len >= 2 && segment.len <= 12 && segment.at[0] == 'v' && segment.at[1] >= '0' && segment.at[1] <= '9';
}

static size_t scheme_length(struct mg_str url) { return mg_str_starts(url, "https://") ? 8 : mg_str_starts(url, "http://") ? 7 : 0; }

struct mg_str mg_peer_host(struct mg_str url)
{
    size_t from = scheme_length(url), to = mg_str_find(url, '/', from);
    struct mg_str authority = mg_str_sub(url, from, to);
    if (mg_str_starts(authority, "[")) /* an IPv6 address holds colons */
        return mg_str_sub(authority, 0, mg_str_find(authority, ']', 0) + 1);
    return mg_str_sub(authority, 0, mg_str_find(authority, ':', 0));
}

static enum mg_code check_base(struct mg_str base, const char *setting, struct mg_err *err)
{
    size_t from = scheme_length(base);
    if (!from)
        return MG_FAIL(err, MG_E_CONFIG, "%s must begin with http:// or https://", setting);
    struct mg_str rest = mg_str_sub(base, from, base.len), authority = mg_str_sub(rest, 0, mg_str_find(rest, '/', 0));
    if (mg_str_find(authority, '@', 0) < authority.len)
        return MG_FAIL(err, MG_E_CONFIG, "%s must not hold a user name or password: keys come from the environment", setting);
    if (mg_peer_host(base).len == 0 || !is_printable(rest))
        return MG_FAIL(err, MG_E_CONFIG, "%s is no address: it has no host, or a blank or a control character in it", setting);
    if (mg_str_find(rest, '?', 0) < rest.len || mg_str_find(rest, '#', 0) < rest.len)
        return MG_FAIL(err, MG_E_CONFIG, "%s must end before any '?' or '#'", setting);
    return MG_OK;
}

enum mg_code mg_peer_url(const struct mg_peer_url *place, struct mg_str base_url, struct mg_str endpoint, const char *setting, struct mg_arena *arena,
                         struct mg_str *url, struct mg_err *err)
{
    struct mg_str base = mg_str_trim(base_url.len ? base_url : mg_str_from(place->base));
    MG_TRY(check_base(base, setting, err));
    while (mg_str_ends(base, "/"))
        base.len--;
    size_t slash = mg_str_rfind(base, '/');
    bool bare = slash < scheme_length(base); /* nothing behind the host */
    const char *version = place->version;
    if (bare ? false : is_version(mg_str_sub(base, slash + 1, base.len)) || !place->always)
        version = "";
    /* Someone who pastes the whole address means that address. */
    if (!bare && mg_str_ends(base, mg_arena_cstr(arena, endpoint)))
        *url = mg_arena_str(arena, base);
    else
        *url = mg_arena_printf(arena, "%.*s%s%.*s", MG_FMT(base), version, MG_FMT(endpoint));
    return MG_OK;
}

/* ---- keys ---- */

enum mg_code mg_peer_check_key(struct mg_str key, struct mg_str key_env, struct mg_err *err)
{
    if (!is_printable(key))
        return MG_FAIL(err, MG_E_CONFIG, "the key in %.*s cannot be one: it holds a blank, a line break or a character that is not ASCII",
                       MG_FMT(key_env));
    return MG_OK;
}

struct mg_str mg_peer_redact(struct mg_str text, struct mg_str key, struct mg_arena *arena)
{
    if (key.len < 4 || text.len < key.len || !memmem(text.at, text.len, key.at, key.len))
        return text;
    struct mg_buf out = MG_BUF(SIZE_MAX / 4);
    for (const char *hit; (hit = memmem(text.at, text.len, key.at, key.len)) != NULL;) {
        size_t before = (size_t)(hit - text.at);
        mg_buf_add(&out, mg_str_sub(text, 0, before));
        mg_buf_adds(&out, "[key]");
        text = mg_str_sub(text, before + key.len, text.len);
    }
    mg_buf_add(&out, text);
    return mg_buf_take(&out, arena);
}

struct mg_str mg_peer_line(struct mg_str text, struct mg_str key, size_t length, struct mg_arena *arena)
{
    struct mg_str line = mg_text_line(arena, mg_peer_redact(text, key, arena));
    return mg_text_cut(arena, mg_str_trim(line), length);
}

void mg_peer_header(struct mg_http_request *request, struct mg_arena *arena, const char *name, struct mg_str value)
{
    *MG_PUSH(arena, &request->headers) = (struct mg_http_header){ mg_str_from(name), value };
}
