/* An HTTP peer in memory: remembers what was asked and answers what a test says. */
#ifndef TESTS_SCRIPTED_HTTP_H
#define TESTS_SCRIPTED_HTTP_H

#include "ports/http.h"

struct scripted_http {
    /* What is answered. `code` other than MG_OK: nothing is, with `text` as the error. */
    enum mg_code code;
    const char *text;
    bool unsent;
    long status; /* 0 = 200 */
    struct mg_str body;
    const char *const *headers; /* "name: value", NULL at the end; NULL = none */
    const char *const *bodies;  /* one after the other instead of `body` */
    /* What was asked. */
    struct mg_http_request seen;
    size_t calls;
    struct mg_str sent[8]; /* bodies */
};
struct mg_http scripted_http(struct scripted_http *script);
/* A header of the last request; empty when it had none. */
struct mg_str scripted_http_header(const struct scripted_http *script, const char *name);

#endif
