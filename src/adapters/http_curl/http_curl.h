/* The http port over libcurl. The library is opened when it is first needed: linking it would cost every start of the program 4 ms.
 * Every request has a connection of its own: on a kept connection that died libcurl would send a request a second time by itself.
 * The program ignores SIGPIPE (main.c does). */
#ifndef MG_HTTP_CURL_H
#define MG_HTTP_CURL_H

#include "ports/http.h"

struct mg_http mg_http_curl(void); /* holds nothing; close is allowed and does nothing */

/* "libcurl 7.88.1", for doctor. MG_E_CONFIG when it is missing or too old; the text says what to install. */
MG_MUST_CHECK enum mg_code mg_http_curl_version(struct mg_arena *arena, struct mg_str *version, struct mg_err *err);

#endif
