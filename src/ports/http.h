/* Port: one HTTP request, one response. No redirects, no retries, no cookies; certificates are always verified; proxies as the environment says.
 * Threads: any. */
#ifndef MG_HTTP_H
#define MG_HTTP_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

struct mg_http_header {
    struct mg_str name, value;
};
struct mg_http_request {
    struct mg_str url; /* http:// or https:// */
    MG_LIST(struct mg_http_header) headers;
    struct mg_str body;     /* sent with POST */
    double connect_seconds; /* name look-up, connection and TLS */
    double seconds;         /* everything; also ends a body that never does */
    size_t max_body;        /* bytes of the decoded response; more is MG_E_LIMIT */
    struct mg_str ca_file;  /* PEM; empty = the system's */
    const struct mg_cancel *cancel;
};
struct mg_http_response {
    long status;
    MG_LIST(struct mg_http_header) headers; /* names in lower case */
    struct mg_str body;                     /* decoded (gzip, deflate, chunked) */
    bool sent;                              /* also after an error: the request had left us, so the peer may have worked on it */
};
struct mg_http_ops {
    const char *name; /* "curl" */
    /* MG_OK with any status, also 500 or 302. MG_E_HTTP: no connection, TLS broken off, connection lost, malformed. MG_E_TIMEOUT, MG_E_LIMIT,
     * MG_E_CANCELLED, MG_E_CONFIG (a certificate that is not trusted; no libcurl on this machine: the text says what to do about it). Texts name host and port, never a header. */
    enum mg_code (*send)(void *self, const struct mg_http_request *request, struct mg_arena *arena, struct mg_http_response *response,
                         struct mg_err *err);
    void (*close)(void *self);
};
struct mg_http {
    const struct mg_http_ops *ops;
    void *self;
};

/* The first header of that lower-case name; empty when absent. */
static inline struct mg_str mg_http_header(const struct mg_http_response *response, const char *name)
{
    for (size_t i = 0; i < response->headers.len; i++) {
        struct mg_str at = response->headers.at[i].name;
        size_t k = 0;
        while (k < at.len && name[k] && at.at[k] == name[k])
            k++;
        if (k == at.len && name[k] == '\0')
            return response->headers.at[i].value;
    }
    return MG_NO_STR;
}

#endif
