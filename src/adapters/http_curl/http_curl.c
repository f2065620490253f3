/* One request over libcurl: options, a loop that watches the cancel token, and what came of it. */
#include "adapters/http_curl/http_curl.h"
#include "adapters/http_curl/library.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/fd.h"
#include <limits.h>
#include <string.h>
#include <strings.h>

#define MOST_HEADER_BYTES (256u << 10) /* of a response, all together */
#define POLL_MS 1000                   /* libcurl's own timers end a wait earlier */
#define BLIND_POLL_MS 50               /* when the token has no descriptor to wait for */

/* By number: one is marked as deprecated since 7.85 (its successor is missing before), the other is unknown to headers before 7.87. */
#define OPTION_PROTOCOLS ((CURLoption)(CURLOPTTYPE_LONG + 181))
#define OPTION_QUICK_EXIT ((CURLoption)(CURLOPTTYPE_LONG + 322))
#define HTTP_AND_HTTPS ((1L << 0) | (1L << 1))

struct exchange {
    const struct mg_curl *curl;
    const struct mg_http_request *request;
    struct mg_http_response *response;
    struct mg_arena *arena;
    struct mg_str peer; /* "host:port", for texts */
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    struct mg_buf body;
    size_t header_bytes;
    CURLcode refused;   /* the first option that libcurl did not take */
    const char *passed; /* the limit of ours that ended the transfer */
    char detail[CURL_ERROR_SIZE];
};

/* --- what comes --- */

static size_t take_body(char *at, size_t size, size_t count, void *data)
{
    struct exchange *x = data;
    mg_buf_add(&x->body, (struct mg_str){ at, size * count }); /* size is 1; one block has 16 KB at most, decoded or not */
    if (!x->body.overflow)
        return count;
    x->passed = "a body of";
    return 0;
}

static void lower_case(char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] >= 'A' && at[i] <= 'Z')
            at[i] = (char)(at[i] - 'A' + 'a');
}

static size_t take_header(char *at, size_t size, size_t count, void *data)
{
    struct exchange *x = data;
    struct mg_str line = { at, size * count };
    x->header_bytes += line.len;
    if (x->header_bytes > MOST_HEADER_BYTES) {
        x->passed = "headers of";
        return 0;
    }
    if (mg_str_starts(line, "HTTP/")) { /* what was before belonged to a 1xx answer */
        x->response->headers.len = 0;
        return count;
    }
    size_t colon = mg_str_find(line, ':', 0);
    if (colon == 0 || colon == line.len || at[0] == ' ' || at[0] == '\t') /* the last are folded lines, which no provider needs */
        return count;
    struct mg_str name = mg_arena_str(x->arena, mg_str_trim(mg_str_sub(line, 0, colon)));
    lower_case((char *)(uintptr_t)name.at, name.len);
    *MG_PUSH(x->arena, &x->response->headers) =
        (struct mg_http_header){ name, mg_arena_str(x->arena, mg_str_trim(mg_str_sub(line, colon + 1, line.len))) };
    return count;
}

/* --- what goes --- */

/* libcurl's option is variadic: these say the type that it will read. */
static void set_long(struct exchange *x, CURLoption option, long value)
{
    CURLcode result = x->curl->easy_setopt(x->easy, option, value);
    if (x->refused == CURLE_OK)
        x->refused = result;
}

static void set_pointer(struct exchange *x, CURLoption option, const void *value)
{
    CURLcode result = x->curl->easy_setopt(x->easy, option, value);
    if (x->refused == CURLE_OK)
        x->refused = result;
}

static long milliseconds(double seconds)
{
    double ms = seconds * 1000.0;
    if (!(ms >= 1.0))
        return 1; /* 0 would mean: no limit */
    return ms > INT_MAX ? INT_MAX : (long)ms;
}

/* The text may hold a key: it is never part of an error. */
static bool is_header(struct mg_str name, struct mg_str value)
{
    const struct mg_str parts[] = { name, value };
    for (size_t i = 0; i < MG_COUNT(parts); i++)
        for (size_t k = 0; k < parts[i].len; k++)
            if (parts[i].at[k] == '\n' || parts[i].at[k] == '\r' || parts[i].at[k] == '\0')
                return false;
    return name.len > 0 && mg_str_find(name, ':', 0) == name.len;
}

static bool append_header(struct exchange *x, const char *line)
{
    struct curl_slist *longer = x->curl->slist_append(x->headers, line);
    if (longer)
        x->headers = longer;
    return longer != NULL;
}

static enum mg_code build_headers(struct exchange *x, struct mg_err *err)
{
    bool good = true;
    for (size_t i = 0; i < x->request->headers.len; i++) {
        struct mg_str name = x->request->headers.at[i].name, value = x->request->headers.at[i].value;
        if (!is_header(name, value))
            return MG_FAIL(err, MG_E_CONFIG, "a header for %.*s holds a line break or has no name: is there one in the key?", MG_FMT(x->peer));
        good = good && append_header(x, value.len ? mg_arena_printf(x->arena, "%.*s: %.*s", MG_FMT(name), MG_FMT(value)).at
                                                  : mg_arena_printf(x->arena, "%.*s;", MG_FMT(name)).at);
    }
    good = good && append_header(x, "Expect:");       /* no waiting for "100 Continue", and no second request after a 417 */
    good = good && append_header(x, "Content-Type:"); /* not libcurl's own, which says that this is a form */
    return good ? MG_OK : MG_FAIL(err, MG_E_IO, "libcurl has no memory left for a request");
}

static void set_security(struct exchange *x)
{
    set_long(x, OPTION_PROTOCOLS, HTTP_AND_HTTPS);
    set_long(x, CURLOPT_FOLLOWLOCATION, 0);
    set_long(x, CURLOPT_SSL_VERIFYPEER, 1);
    set_long(x, CURLOPT_SSL_VERIFYHOST, 2);
    set_long(x, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2); /* or newer */
    if (x->request->ca_file.len > 0) {
        const char *path = mg_arena_cstr(x->arena, x->request->ca_file);
        set_pointer(x, CURLOPT_CAINFO, path);
        (void)x->curl->easy_setopt(x->easy, CURLOPT_PROXY_CAINFO, path); /* not every TLS library can; then the system's stay in use */
    }
}

static enum mg_code set_options(struct exchange *x, struct mg_err *err)
{
    const struct mg_http_request *request = x->request;
    MG_TRY(build_headers(x, err));
    set_pointer(x, CURLOPT_ERRORBUFFER, x->detail);
    set_pointer(x, CURLOPT_URL, mg_arena_cstr(x->arena, request->url));
    set_pointer(x, CURLOPT_HTTPHEADER, x->headers);
    set_pointer(x, CURLOPT_USERAGENT, "mutagen/" MG_VERSION); /* a header of the request goes before it */
    set_long(x, CURLOPT_POST, 1);
    set_pointer(x, CURLOPT_POSTFIELDS, request->body.len ? request->body.at : "");
    if (x->curl->easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) != CURLE_OK)
        x->refused = CURLE_BAD_FUNCTION_ARGUMENT;
    set_long(x, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1); /* one request a connection: 2 would only add ways to fail and to retry */
    set_long(x, CURLOPT_HTTP09_ALLOWED, 0);
    set_pointer(x, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    set_long(x, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    set_long(x, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request->connect_seconds));
    set_long(x, CURLOPT_TIMEOUT_MS, milliseconds(request->seconds));
    set_long(x, CURLOPT_NOSIGNAL, 1);
    set_long(x, CURLOPT_FRESH_CONNECT, 1);
    set_long(x, CURLOPT_FORBID_REUSE, 1);
    (void)x->curl->easy_setopt(x->easy, OPTION_QUICK_EXIT, 1L); /* a look-up that hangs does not hold us after a time-out or a Ctrl-C */
    set_security(x);
    if (x->curl->easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take_body) != CURLE_OK ||
        x->curl->easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take_header) != CURLE_OK)
        x->refused = CURLE_BAD_FUNCTION_ARGUMENT;
    set_pointer(x, CURLOPT_WRITEDATA, x);
    set_pointer(x, CURLOPT_HEADERDATA, x);
    if (x->refused != CURLE_OK)
        return MG_FAIL(err, MG_E_CONFIG, "this libcurl cannot do what is needed: %s", x->curl->easy_strerror(x->refused));
    return MG_OK;
}

/* --- what came of it --- */

static void note_progress(struct exchange *x)
{
    long status = 0, head = 0;
    curl_off_t uploaded = 0;
    (void)x->curl->easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)x->curl->easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &head);
    (void)x->curl->easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    x->response->status = status;
    /* A peer cannot work on half a body. What was said to a proxy before the tunnel stood counts as head, never as upload. */
    x->response->sent = status != 0 || (head > 0 && (uint64_t)uploaded >= x->request->body.len);
}

/* libcurl's own words where they help and hold nothing but host, port, certificate and the system's reason. */
static const char *reason(struct exchange *x, CURLcode result)
{
    static const CURLcode telling[] = { CURLE_COULDNT_RESOLVE_PROXY,    CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
                                        CURLE_SSL_CONNECT_ERROR,        CURLE_SEND_ERROR,           CURLE_RECV_ERROR,
                                        CURLE_PEER_FAILED_VERIFICATION, CURLE_PARTIAL_FILE,         CURLE_UNSUPPORTED_PROTOCOL };
    for (size_t i = 0; i < MG_COUNT(telling); i++)
        if (result == telling[i] && x->detail[0]) {
            for (char *at = x->detail; *at; at++)
                if ((unsigned char)*at < 0x20)
                    *at = ' ';
            return x->detail;
        }
    return x->curl->easy_strerror(result);
}

static enum mg_code judge(struct exchange *x, CURLcode result, struct mg_err *err)
{
    const struct mg_http_request *request = x->request;
    if (result == CURLE_OK)
        return MG_OK;
    if (x->passed)
        return MG_FAIL(err, MG_E_LIMIT, "the answer of %.*s has %s more than %zu bytes", MG_FMT(x->peer), x->passed,
                       x->passed[0] == 'a' ? request->max_body : (size_t)MOST_HEADER_BYTES);
    if (result == CURLE_OPERATION_TIMEDOUT) {
        long head = 0;
        (void)x->curl->easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &head);
        double connect = request->connect_seconds < request->seconds ? request->connect_seconds : request->seconds;
        return head == 0 ? MG_FAIL(err, MG_E_TIMEOUT, "no connection to %.*s within %g s", MG_FMT(x->peer), connect)
                         : MG_FAIL(err, MG_E_TIMEOUT, "no whole answer of %.*s within %g s", MG_FMT(x->peer), request->seconds);
    }
    if (result == CURLE_SSL_CACERT_BADFILE)
        return MG_FAIL(err, MG_E_CONFIG, "certificate authorities cannot be read from %.*s", MG_FMT(request->ca_file));
    if (result == CURLE_PEER_FAILED_VERIFICATION) /* the next request would meet the same certificate */
        return MG_FAIL(err, MG_E_CONFIG, "%.*s: %s; a private authority's certificate is named by llm.ca_file", MG_FMT(x->peer), reason(x, result));
    enum mg_code code = result == CURLE_URL_MALFORMAT ? MG_E_CONFIG : MG_E_HTTP;
    return MG_FAIL(err, code, "%.*s: %s", MG_FMT(x->peer), reason(x, result));
}

static enum mg_code transfer(struct exchange *x, struct mg_err *err)
{
    const struct mg_cancel *cancel = x->request->cancel;
    struct curl_waitfd wake = { .fd = cancel ? cancel->wake_fd : -1, .events = CURL_WAIT_POLLIN };
    unsigned watched = wake.fd >= 0;
    int wait_ms = cancel && wake.fd < 0 ? BLIND_POLL_MS : POLL_MS;
    for (;;) {
        int running = 0, left = 0;
        if (mg_cancelled(cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "stopped by the user");
        CURLMcode failed = x->curl->multi_perform(x->multi, &running);
        const CURLMsg *message = x->curl->multi_info_read(x->multi, &left);
        if (message && message->msg == CURLMSG_DONE)
            return judge(x, message->data.result, err);
        if (failed == CURLM_OK)
            failed = x->curl->multi_poll(x->multi, &wake, watched, wait_ms, NULL);
        if (failed != CURLM_OK)
            return MG_FAIL(err, MG_E_IO, "libcurl cannot go on: %s", x->curl->multi_strerror(failed));
        if (watched && wake.revents != 0 && !mg_cancelled(cancel))
            watched = 0; /* woken for nothing: looking again would spin */
    }
}

/* The address without what may be secret: names, passwords, the path. */
static enum mg_code find_peer(struct exchange *x, struct mg_err *err)
{
    struct mg_str url = x->request->url;
    bool tls = url.len > 8 && strncasecmp(url.at, "https://", 8) == 0;
    if (!tls && !(url.len > 7 && strncasecmp(url.at, "http://", 7) == 0))
        return MG_FAIL(err, MG_E_CONFIG, "an address must begin with http:// or https://");
    size_t from = tls ? 8 : 7, to = from;
    while (to < url.len && url.at[to] != '/' && url.at[to] != '?' && url.at[to] != '#')
        to++;
    struct mg_str authority = mg_str_sub(url, from, to);
    size_t at_sign = mg_str_rfind(authority, '@');
    if (at_sign < authority.len)
        authority = mg_str_sub(authority, at_sign + 1, authority.len);
    if (authority.len == 0 || mg_str_find(url, '\0', 0) < url.len)
        return MG_FAIL(err, MG_E_CONFIG, "an address has no host");
    size_t colon = mg_str_rfind(authority, ':');
    bool has_port = colon < authority.len && mg_str_find(authority, ']', colon) == authority.len; /* "[::1]" has none */
    x->peer = mg_arena_printf(x->arena, "%.*s%s", MG_FMT(authority), has_port ? "" : tls ? ":443" : ":80");
    return MG_OK;
}

static enum mg_code exchange(struct exchange *x, struct mg_err *err)
{
    MG_TRY(find_peer(x, err));
    MG_TRY(mg_curl_get(&x->curl, err));
    x->easy = x->curl->easy_init();
    x->multi = x->curl->multi_init();
    if (!x->easy || !x->multi)
        return MG_FAIL(err, MG_E_IO, "libcurl has no memory left for a request");
    MG_TRY(set_options(x, err));
    CURLMcode failed = x->curl->multi_add_handle(x->multi, x->easy);
    if (failed != CURLM_OK)
        return MG_FAIL(err, MG_E_IO, "libcurl does not take a request: %s", x->curl->multi_strerror(failed));
    enum mg_code code = transfer(x, err);
    note_progress(x);
    (void)x->curl->multi_remove_handle(x->multi, x->easy);
    return code;
}

static enum mg_code send_request(void *self, const struct mg_http_request *request, struct mg_arena *arena, struct mg_http_response *response,
                                 struct mg_err *err)
{
    (void)self;
    *response = (struct mg_http_response){ .status = 0 };
    struct exchange x = { .request = request, .response = response, .arena = arena, .body = MG_BUF(request->max_body) };
    enum mg_code code = exchange(&x, err);
    if (x.easy)
        x.curl->easy_cleanup(x.easy);
    if (x.multi)
        (void)x.curl->multi_cleanup(x.multi);
    if (x.headers)
        x.curl->slist_free_all(x.headers);
    if (code == MG_OK)
        response->body = mg_buf_take(&x.body, arena);
    mg_buf_free(&x.body);
    return code;
}

static void close_nothing(void *self) { (void)self; }

static const struct mg_http_ops ops = { .name = "curl", .send = send_request, .close = close_nothing };

struct mg_http mg_http_curl(void) { return (struct mg_http){ .ops = &ops, .self = NULL }; }

enum mg_code mg_http_curl_version(struct mg_arena *arena, struct mg_str *version, struct mg_err *err)
{
    const struct mg_curl *curl;
    MG_TRY(mg_curl_get(&curl, err));
    *version = mg_arena_printf(arena, "libcurl %s", curl->version_info(CURLVERSION_NOW)->version);
    return MG_OK;
}
