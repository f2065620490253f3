/* Reads the copied Python files and says which are importable sources, under which module names, and which are tests. */
#ifndef MG_INGEST_LAYOUT_H
#define MG_INGEST_LAYOUT_H

#include "adapters/ingest_local/copy.h"
#include "base/cancel.h"
#include "ports/ingest.h"

/* Fills import_roots, sources, test_files, skipped and fingerprint of *repo, whose `copy` is set. */
MG_MUST_CHECK enum mg_code mg_ingest_layout(const struct mg_copied *python_files, const struct mg_cancel *cancel, struct mg_arena *arena,
                                            struct mg_repo *repo, struct mg_err *err);

#endif
