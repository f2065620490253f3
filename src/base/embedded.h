/* A file inside the binary: tables of these are made by the build (cmake/Embed.cmake). */
#ifndef MG_EMBEDDED_H
#define MG_EMBEDDED_H

#include <stddef.h>

struct mg_embedded {
    const char *name; /* "__main__.py" */
    const unsigned char *begin, *end;
};

#endif
