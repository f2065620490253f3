/* Which file settings are read from when none is named, and how far it is believed. */
#ifndef MG_CONFIG_FILE_H
#define MG_CONFIG_FILE_H

#include "base/arena.h"
#include "base/base.h"
#include "core/config.h"

struct mg_invocation;

struct mg_config_file {
    struct mg_str name;      /* as it is shown; empty = no file */
    const char *by;          /* "-c", "MUTAGEN_CONFIG", or NULL: it was found */
    bool inside_repo;        /* part of the code under test, or of a checkout: it sets harmless settings only */
    struct mg_names refused; /* what it would have set beyond that */
};

/* The first of: -c FILE, the file that MUTAGEN_CONFIG names, mutagen.toml here, mutagen.toml of the repo, [tool.mutagen] of the repo's
 * pyproject.toml. It is one file, never a mixture. A named one may set everything. A found one may only when it lies neither in the repo
 * nor in any git checkout, is the user's own and no symbolic link: else whoever wrote the code under test would choose
 * who is asked, what is run and where files go. MG_E_CONFIG, MG_E_IO with one line. */
MG_MUST_CHECK enum mg_code mg_config_file_read(const struct mg_invocation *call, struct mg_arena *arena, struct mg_config *config,
                                               struct mg_config_file *file, struct mg_err *err);
/* What was refused, in one line that says what to do; empty when nothing was. */
struct mg_str mg_config_file_refusal(const struct mg_config_file *file, struct mg_arena *arena);

#endif
