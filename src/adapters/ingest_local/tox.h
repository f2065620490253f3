/* What a project says in tox.ini, or where else tox looks, of the environment that its tests run in. */
#ifndef MG_INGEST_TOX_H
#define MG_INGEST_TOX_H

#include "adapters/ingest_local/factors.h"
#include "core/toml.h"

struct mg_tox {
    struct mg_str_list requirements; /* "name>=1", or an address */
    struct mg_str_list files;        /* of requirements, relative to the copy; they exist */
    struct mg_str_list extras;       /* of the project itself */
    struct mg_str_list groups;       /* of [dependency-groups] */
};

/* Of all environments the one that suits best for tests with Python 3.`minor`; where none does, what holds for all. As in tox the first of these is read, and
 * no other: tox.ini, setup.cfg, `pyproject` (NULL = there is none) with legacy_tox_ini or native, tox.toml. */
void mg_tox_read(struct mg_arena *arena, struct mg_str copy, const struct mg_toml *pyproject, int64_t minor, struct mg_tox *tox);

#endif
