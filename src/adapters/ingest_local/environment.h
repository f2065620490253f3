/* An environment of our own for a repo whose dependencies are nowhere: <storage root>/envs/<key>, with a log and a lock beside it. */
#ifndef MG_INGEST_ENVIRONMENT_H
#define MG_INGEST_ENVIRONMENT_H

#include "adapters/ingest_local/choose.h"
#include "adapters/ingest_local/tox.h"

struct mg_environment {
    struct mg_str python; /* absolute */
    bool has_project;     /* its metadata, and what its build made, are installed too */
    int lock_fd;          /* keeps it from being removed while it is used: to be closed, after an error too; -1 = there is none */
};

/* Takes the one for these dependencies and this Python, or makes it: with uv when that is on PATH, else with venv and pip. The key is a digest
 * of pyproject.toml, lock files, setup files, requirements files, what tox.ini gives to tests, and sources of compiled modules. Versions are those of the lock (lock.h), where
 * there is one and they can be had; a note says when not. A folder without its mark is no environment
 * (scripts hold its path, so it cannot grow elsewhere and be renamed) and is removed by whoever comes next; after an error nothing is left.
 * What the project takes from a folder is never asked of an index, where another may have that name.
 * The user's index settings and credentials reach the installer, and the build of a dependency that has no wheel. The project itself is
 * built apart, from a private copy, without them and without a network of pip's. What its build made that the copy lacks (compiled
 * modules, a version file) is put into the copy.
 * Others that nobody used for settings->keep_days are removed when one is made.
 * MG_E_CONFIG in one line: what could not be installed, and the log. MG_E_TIMEOUT, MG_E_CANCELLED, MG_E_IO. */
MG_MUST_CHECK enum mg_code mg_environment_make(struct mg_choice *choice, struct mg_environment *environment, struct mg_err *err);

/* deps.c: what a project says it needs. */
struct mg_dependencies {
    MG_LIST(struct mg_str) build;         /* requirements of its build; of setuptools when it names none */
    MG_LIST(struct mg_str) project;       /* static ones of the project itself */
    MG_LIST(struct mg_str) tests;         /* of extras, groups and requirements files for tests */
    MG_LIST(struct mg_str) optional;      /* of extras that are not for tests */
    struct mg_str_list requirements;      /* files, relative to the copy */
    struct mg_tox tox;                    /* what stands in none of the above; of mg_dependencies_add_tox */
    bool buildable;                       /* it has a build system, or a setup.py */
    struct mg_str backend;                /* "module:object" of its build system; where it names none, setuptools' */
    MG_LIST(struct mg_str) backend_paths; /* folders of the copy it is imported from */
    int64_t least_minor, next_minor;      /* of requires-python ">=3.N, <3.M": N and M; 0 = any */
    MG_LIST(struct mg_str) siblings;      /* what other folders of the repo provide, by [tool.uv.sources]: in none of the lists above */
    struct mg_str outside;                /* one that a folder outside of the repo provides; empty = none */
    struct mg_str key;                    /* digest of all that they were read from */
};
void mg_dependencies_read(struct mg_arena *arena, struct mg_str copy, struct mg_dependencies *dependencies);
void mg_dependencies_list(struct mg_arena *arena, struct mg_str copy, struct mg_dependencies *dependencies); /* all but the key */

/* Adds what tox gives to tests with Python 3.`minor`, to the key, too. Groups of pyproject.toml that tox names become requirements. */
void mg_dependencies_add_tox(struct mg_arena *arena, struct mg_str copy, int64_t minor, struct mg_dependencies *dependencies);

#endif
