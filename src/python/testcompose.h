/* Tests of several suites in one module: what is alike is written once, what has the same name gets another. Private to this room. */
#ifndef MG_TESTCOMPOSE_H
#define MG_TESTCOMPOSE_H

#include "base/buf.h"
#include "core/suite.h"

/* Import lines of all suites, with `as name_2` where two suites mean different things by one name; then the helpers and tests. */
void mg_compose_tests(struct mg_arena *arena, const struct mg_suite *suites, size_t count, struct mg_buf *imports, struct mg_buf *tests);

#endif
