/* Copies what belongs to a repo into the private folder. */
#ifndef MG_INGEST_COPY_H
#define MG_INGEST_COPY_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "ports/ingest.h"

struct mg_copy_request {
    const char *from, *to;       /* absolute; `to` exists and is empty */
    const char *storage_root;    /* our own state, wherever it lies; may be missing */
    bool is_checkout;            /* then `listed` says what belongs to the repo, else everything does but the usual by-products */
    const struct mg_str *listed; /* paths relative to `from` */
    size_t listed_count;
    const struct mg_cancel *cancel;
};
struct mg_copied {
    MG_VEC(struct mg_str) /* paths of all copied *.py, relative; every folder's files sorted */
};

/* Files that cannot be read or do not belong into a copy are noted in repo->skipped; failing to write is an error. */
MG_MUST_CHECK enum mg_code mg_ingest_copy(const struct mg_copy_request *request, struct mg_arena *arena, struct mg_repo *repo,
                                          struct mg_copied *python_files, struct mg_err *err);

#endif
