/* What `mutagen doctor` found, as lines for people or as JSON. */
#ifndef MG_DOCTOR_SHOW_H
#define MG_DOCTOR_SHOW_H

#include "base/arena.h"
#include "base/base.h"
#include <stdio.h>

enum mg_check_level { MG_CHECK_OK, MG_CHECK_WARNING, MG_CHECK_ERROR };
struct mg_check {
    enum mg_check_level level;
    const char *name;
    struct mg_str detail; /* what was found, without secrets */
    struct mg_str remedy; /* what repairs it; empty when all is well */
};
struct mg_checks {
    MG_VEC(struct mg_check)
};

uint32_t mg_checks_count(const struct mg_checks *checks, enum mg_check_level level);
/* One line a check, one more with its remedy, and a last line that says whether a run can work. */
void mg_checks_print(const struct mg_checks *checks, struct mg_arena *arena, FILE *out);
/* {"version", "works", "checks": [{"name", "level": "ok"|"warning"|"error", "detail", "remedy": text or null}]}, on one page. */
MG_MUST_CHECK enum mg_code mg_checks_print_json(const struct mg_checks *checks, struct mg_arena *arena, FILE *out, struct mg_err *err);

#endif
