/* What the copy holds and which interpreter would run it, as digests: see ports/ingest.h. */
#ifndef MG_INGEST_SURVEY_H
#define MG_INGEST_SURVEY_H

#include "ports/ingest.h"

MG_MUST_CHECK enum mg_code mg_ingest_survey(const struct mg_repo *repo, struct mg_arena *arena, struct mg_survey *survey, struct mg_err *err);
struct mg_str mg_ingest_digest(struct mg_str path, struct mg_arena *arena);

#endif
