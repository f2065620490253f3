/* A suite: the generated tests of one target, as text. */
#ifndef MG_SUITE_H
#define MG_SUITE_H

#include "base/arena.h"
#include "base/base.h"

struct mg_suite_test {
    struct mg_str name;   /* test function's name, unique in the suite */
    struct mg_str source; /* decorators and function, no imports, ends with a newline */
    bool expects_error;   /* it is about what the function refuses: less telling than what it does */
};
/* A test that was not even run, and why: a sentence for its author. */
struct mg_rejected {
    struct mg_str name, reason; /* an empty name: the reply as a whole */
};
struct mg_suite {
    struct mg_str imports; /* sorted import lines, each ends with a newline */
    MG_LIST(struct mg_suite_test) tests;
    MG_LIST(struct mg_rejected) rejected;
    MG_LIST(struct mg_str) notes;          /* what its author said beside the tests, in one line each */
    MG_LIST(struct mg_str) facts;          /* calls that were observed on the way: `f(1) == 2`, most telling first, at most 12 */
    MG_LIST(struct mg_str) suspected_bugs; /* observed behaviour that contradicts doctest, docstring or hint: one line each */
    bool repeats;                          /* word for word what its author said last */
    bool late;                             /* the deadline was near: with more time there may be more */
    struct mg_str reason;                  /* when there are no tests: why, in one line */
};

/* Of a pytest node id (`tests/test_a.py::TestB::test_c[1]`): the function's name (`test_c`), and the file (`tests/test_a.py`). Borrowed. */
struct mg_str mg_test_function(struct mg_str id);
struct mg_str mg_test_file(struct mg_str id);

#endif
