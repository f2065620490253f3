/* Opens libcurl once. */
#include "adapters/http_curl/library.h"
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

/* The name has stood for the same interface since 2006; Debian's GnuTLS build has another one. */
static const char *const usual_names[] = { "libcurl.so.4", "libcurl-gnutls.so.4", NULL };
#define REMEDY "install it (Debian, Ubuntu: apt install libcurl4; Fedora: dnf install libcurl; Alpine: apk add libcurl)"

static bool fill(void *library, struct mg_curl *curl, const char **missing)
{
    void *symbol;
#define LOOK_UP(name)                                                                                                                                \
    if (!(symbol = dlsym(library, "curl_" #name))) {                                                                                                 \
        *missing = "curl_" #name;                                                                                                                    \
        return false;                                                                                                                                \
    }                                                                                                                                                \
    memcpy(&curl->name, &symbol, sizeof symbol); /* ISO C has no cast from an object's to a function's address */
    MG_CURL_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return true;
}

enum mg_code mg_curl_open(const char *const *names, struct mg_curl *curl, struct mg_err *err)
{
    void *library = NULL;
    for (size_t i = 0; !library && names[i]; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return MG_FAIL(err, MG_E_CONFIG, "HTTP needs libcurl, which is not on this machine: " REMEDY);
    const char *missing = NULL;
    if (!fill(library, curl, &missing))
        return MG_FAIL(err, MG_E_CONFIG, "the libcurl of this machine is older than 7.66 (it has no %s): " REMEDY, missing);
    CURLcode result = curl->global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK)
        return MG_FAIL(err, MG_E_CONFIG, "libcurl does not start: %s", curl->easy_strerror(result));
    return MG_OK;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct mg_curl the_curl;
static struct mg_err the_error;
static enum mg_code the_code;

static void open_once(void) { the_code = mg_curl_open(usual_names, &the_curl, &the_error); }

enum mg_code mg_curl_get(const struct mg_curl **curl, struct mg_err *err)
{
    (void)pthread_once(&once, open_once);
    if (the_code != MG_OK)
        return MG_FAIL(err, the_code, "%s", the_error.text);
    *curl = &the_curl;
    return MG_OK;
}
