/* Port: makes a private copy of the repo and says what is in it. The user's files are only read. */
#ifndef MG_INGEST_H
#define MG_INGEST_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "core/report.h"

struct mg_source_file {
    struct mg_str path;   /* relative to the repo */
    struct mg_str module; /* dotted import name */
    struct mg_str text;   /* whole file, UTF-8 */
};
struct mg_skipped_file {
    struct mg_str path, reason;
};
struct mg_missing_module {
    struct mg_str name;         /* top-level */
    struct mg_str note;         /* the one that names it, in mg_repo.notes */
    const struct mg_str *tests; /* paths of test files that cannot be imported without it, as far as can be told from reading them */
    size_t test_count;
};
struct mg_repo {
    struct mg_str original;                    /* absolute path of the user's repo */
    struct mg_str copy;                        /* absolute path of the private copy */
    struct mg_str scratch;                     /* absolute, beside the copy: pycache, HOME, TMPDIR, logs */
    struct mg_str python;                      /* interpreter chosen, absolute path (not resolved: a venv's python is a link) */
    struct mg_str installed;                   /* absolute, in scratch: metadata and commands of the project, which is not installed; empty = none */
    struct mg_str python_origin;               /* "--python", "VIRTUAL_ENV", ".venv", "poetry", …, "PATH"; "mutagen": made by us */
    struct mg_str fingerprint;                 /* hex SHA-256 over paths and contents of sources and tests, our own generated files left out */
    struct mg_str commit;                      /* HEAD, empty when not a checkout */
    MG_LIST(struct mg_str) import_roots;       /* relative to the repo; "" = its root */
    MG_LIST(struct mg_source_file) sources;    /* importable code: no tests, conftest, setup.py, docs */
    MG_LIST(struct mg_source_file) test_files; /* with text, for harvesting and placing */
    MG_LIST(struct mg_source_file) conftests;  /* every conftest.py, wherever it stands; `module` is empty */
    MG_LIST(struct mg_str) notes;              /* on the interpreter: what it lacks, and what repairs that; whole sentences */
    MG_LIST(struct mg_missing_module) missing; /* those that the notes name as missing in the interpreter */
    MG_LIST(struct mg_stand_in) stand_ins;     /* what was put into the copy, or into `installed` */
    MG_LIST(struct mg_skipped_file) skipped;   /* not UTF-8, unreadable, too large */
};

/* One file of the private copy as it was before any test ran. */
struct mg_repo_file {
    struct mg_str path;   /* relative to the repo */
    struct mg_str digest; /* of its bytes (of a link: where it leads); 64 hex digits */
    struct mg_str text;   /* of Python files that are UTF-8; else empty */
};
struct mg_survey {
    MG_LIST(struct mg_repo_file) files; /* sorted by path */
    struct mg_str interpreter;          /* digest of what can be known of the interpreter and its packages without starting it */
};

struct mg_ingest_ops {
    const char *name;
    /* `location` as the user gave it; `python` from --python or empty; `storage_root` is never copied. Errors say what to do:
     * MG_E_NOT_FOUND no such path, MG_E_CONFIG not a directory, no Python source in it, no interpreter. */
    enum mg_code (*open)(void *self, struct mg_str location, struct mg_str python, struct mg_str storage_root, const struct mg_cancel *cancel,
                         struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err);
    void (*close)(void *self, const struct mg_repo *repo); /* removes copy and scratch */
    /* Everything a verdict may depend on that stands in files. To be asked before tests run in the copy. */
    enum mg_code (*survey)(void *self, const struct mg_repo *repo, struct mg_arena *arena, struct mg_survey *survey, struct mg_err *err);
    /* Digest of a file outside the repo, 64 hex digits; "absent" when it cannot be read. */
    struct mg_str (*digest)(void *self, struct mg_str path, struct mg_arena *arena);
};
struct mg_ingest {
    const struct mg_ingest_ops *ops;
    void *self;
};

#endif
