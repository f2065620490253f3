/* What a project calls itself as a distribution, from its own files: name, version, entry points. Nothing of it is run. */
#ifndef MG_INGEST_DISTRIBUTION_H
#define MG_INGEST_DISTRIBUTION_H

#include "ports/ingest.h"

/* Of the specification "Entry points": a name in a group leads to an object, "pkg.module:attribute". Commands are group console_scripts. */
struct mg_entry_point {
    struct mg_str group, name, object;
};
struct mg_distribution {
    struct mg_str text;                     /* of the files that it was read from, one behind the other */
    struct mg_str name;                     /* as the project spells it; empty = it has none that can be read */
    struct mg_str version;                  /* where the build finds it out: __version__ of a source; "0.0.0" where there is none either */
    MG_LIST(struct mg_entry_point) entries; /* well-formed ones only */
};

/* pyproject.toml ([project], [tool.poetry]), setup.cfg, and texts in setup.py. */
void mg_distribution_read(struct mg_arena *arena, const struct mg_repo *repo, struct mg_distribution *distribution);

#endif
