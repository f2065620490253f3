/* Fixtures that a new test may ask for: those of the conftest.py files from the repo's root down to the folder of the tests. */
#ifndef MG_FIXTURES_H
#define MG_FIXTURES_H

#include "base/arena.h"
#include "python/files.h"

struct mg_fixture {
    struct mg_str name;       /* as a test writes it: `name=` counts */
    struct mg_str parameters; /* `tmp_path, db=None`, on one line */
    struct mg_str returns;    /* its annotation; empty without */
    struct mg_str doc;        /* first line */
    struct mg_str scope;      /* "function", "module", …; the expression where it is none */
    struct mg_str path;       /* of the conftest.py */
    bool yields;              /* tears down behind the test */
    bool automatic;           /* autouse: in force without being asked for */
    bool parametrized;
};
struct mg_fixtures {
    MG_VEC(struct mg_fixture)
    size_t unparsed; /* files left out */
};

/* `tests_dir` is relative to the repo ("" = root). Of two fixtures of one name the nearer to the tests is given. */
struct mg_fixtures mg_fixtures_for(const struct mg_python_file *conftests, size_t count, struct mg_str tests_dir, struct mg_arena *arena);

/* One line each: `db(tmp_path) -> Connection  # session, yields: An empty database.`; whole lines within `limit` bytes. */
struct mg_str mg_fixtures_text(const struct mg_fixtures *fixtures, size_t limit, struct mg_arena *arena);

#endif
