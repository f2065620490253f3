/* libcurl as a table of functions, filled by dlopen. The types come from its own header. */
#ifndef MG_HTTP_CURL_LIBRARY_H
#define MG_HTTP_CURL_LIBRARY_H

#include "base/base.h"
#include <curl/curl.h>

#define MG_CURL_FUNCTIONS(X)                                                                                                                         \
    X(global_init)                                                                                                                                   \
    X(version_info)                                                                                                                                  \
    X(slist_append)                                                                                                                                  \
    X(slist_free_all)                                                                                                                                \
    X(easy_init)                                                                                                                                     \
    X(easy_setopt)                                                                                                                                   \
    X(easy_getinfo)                                                                                                                                  \
    X(easy_strerror)                                                                                                                                 \
    X(easy_cleanup)                                                                                                                                  \
    X(multi_init)                                                                                                                                    \
    X(multi_add_handle)                                                                                                                              \
    X(multi_perform)                                                                                                                                 \
    X(multi_poll)                                                                                                                                    \
    X(multi_info_read)                                                                                                                               \
    X(multi_remove_handle)                                                                                                                           \
    X(multi_strerror)                                                                                                                                \
    X(multi_cleanup)

struct mg_curl {
#define MG_CURL_MEMBER(name) __typeof__(curl_##name) *name;
    MG_CURL_FUNCTIONS(MG_CURL_MEMBER)
#undef MG_CURL_MEMBER
};

/* Opens the first of `names` (ends with NULL) that is there. It stays open. MG_E_CONFIG with what to install. */
MG_MUST_CHECK enum mg_code mg_curl_open(const char *const *names, struct mg_curl *curl, struct mg_err *err);
/* The one of this process, opened at the first call. Threads: any; they all get the same answer. */
MG_MUST_CHECK enum mg_code mg_curl_get(const struct mg_curl **curl, struct mg_err *err);

#endif
