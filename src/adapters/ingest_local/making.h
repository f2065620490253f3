/* An environment while it is made. Internal to environment.c, installer.c and build.c. */
#ifndef MG_INGEST_MAKING_H
#define MG_INGEST_MAKING_H

#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/lock.h"
#include "base/buf.h"

#define UNREACHABLE "the package index cannot be reached"

struct making {
    struct mg_choice *choice;
    struct mg_arena *arena;
    struct mg_dependencies needs;
    struct mg_lock lock;
    struct mg_str base;   /* interpreter it is made from */
    int64_t minor;        /* of its version 3.N */
    bool but_tox;         /* what tox names is left out for once */
    struct mg_str uv;     /* empty: pip */
    struct mg_str folder; /* the environment */
    struct mg_str python; /* in it */
    struct mg_str work;   /* temporary, in scratch */
    struct mg_str source; /* copy that is built */
    struct mg_str wheel;  /* requirement of the built project; empty = not built */
    struct mg_buf log;
    bool is_network;       /* that was somebody who could not be reached */
    struct mg_str failure; /* the line that says why the last program failed */
    double deadline;
};

/* ---- installer.c ---- */

struct mg_str mg_in_work(const struct making *making, const char *name); /* a path in making->work */
void mg_making_note(struct making *making, struct mg_str text);          /* for the user */

/* The environments that programs get: with the user's index settings and credentials; and without, for code of the project. */
const char *const *mg_installer_env(struct making *making);
const char *const *mg_build_env(struct making *making);

/* MG_OK also when it exits other than 0: *good says so, and making->failure why. `words` end with NULL. */
MG_MUST_CHECK enum mg_code mg_making_run(struct making *making, const char *const *words, const char *const *env, struct mg_str directory, bool *good,
                                         struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_make_venv(struct making *making, struct mg_str folder, bool *good, struct mg_err *err);
/* `file`: of requirements. `more`: one more option, or NULL. */
MG_MUST_CHECK enum mg_code mg_install(struct making *making, struct mg_str python, struct mg_str file, const char *more, bool *good,
                                      struct mg_err *err);

void mg_add_lines(struct mg_buf *text, const struct mg_str *lines, size_t count);
MG_MUST_CHECK enum mg_code mg_write_list(struct making *making, const char *name, struct mg_buf *text, struct mg_str *path, struct mg_err *err);

/* ---- build.c ---- */

/* Its build requirements come from the index, with the user's credentials; then its code runs without them. A project that cannot be built
 * is no error: its sources are on the path anyway. */
MG_MUST_CHECK enum mg_code mg_build_project(struct making *making, struct mg_err *err);

#endif
