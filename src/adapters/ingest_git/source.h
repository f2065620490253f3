/* What the user named as his repo: a folder of this machine, or something git can fetch. Reads names only; of the disk it asks whether a
 * folder is there. */
#ifndef MG_INGEST_GIT_SOURCE_H
#define MG_INGEST_GIT_SOURCE_H

#include "base/arena.h"
#include "base/base.h"

struct mg_source {
    bool is_git;
    struct mg_str url;            /* for git: no "git+", no "@rev", and nothing secret before the host */
    struct mg_str shown;          /* the same without what follows a "?" too: for messages and files */
    struct mg_str user, password; /* what stood in the URL; a user without a password is a token */
    struct mg_str host_url;       /* "https://host:port", the only place these may be told to; empty when there are none */
    struct mg_str rev;            /* of "git+https://host/repo@rev" */
    const char *protocols;        /* what git may speak: GIT_ALLOW_PROTOCOL */
};

/* A folder that exists is local, whatever it looks like, unless it is a bare repository. Else git gets: file, git, http, https and ssh
 * URLs in any case, also behind "git+"; user@host:path and host.name:path. Everything else is a path.
 * MG_E_CONFIG: another transport (ext::, s3://), a host or path that git would take for an option, control characters. */
MG_MUST_CHECK enum mg_code mg_source_read(struct mg_arena *arena, struct mg_str given, struct mg_source *source, struct mg_err *err);

/* A branch, tag or commit as git may be told it: nothing in it that makes it an option, a pattern or two of them. */
bool mg_is_plain_rev(struct mg_str rev);

#endif
