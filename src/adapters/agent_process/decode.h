/* Answers of the agent into the structs of ports/agent.h. Everything is checked: an index in a result may be used without looking again. */
#ifndef MG_DECODE_H
#define MG_DECODE_H

#include "adapters/agent_process/fields.h"
#include "ports/agent.h"

#define MG_MOST_TESTS 10000000u /* more than any repo has; keeps sums far from overflow */

void mg_decode_found(struct mg_fields *fields, yyjson_val *root, uint32_t test_count, struct mg_found *found);
void mg_decode_collected(struct mg_fields *fields, yyjson_val *root, struct mg_collected *collected);
/* The answer behind the last test: notes. True when workers with session fixtures are there. */
bool mg_decode_baseline_end(struct mg_fields *fields, yyjson_val *root, struct mg_baseline_result *result);
void mg_decode_baseline(struct mg_fields *fields, yyjson_val *root, const struct mg_str *files, size_t file_count, uint32_t test_count,
                        struct mg_baseline_result *result);
void mg_decode_description(struct mg_fields *fields, yyjson_val *root, struct mg_description *description);
void mg_decode_probed(struct mg_fields *fields, yyjson_val *root, size_t call_count, size_t mutant_count, struct mg_probed *probed);
void mg_decode_examined(struct mg_fields *fields, yyjson_val *root, const uint32_t *tests, size_t count, struct mg_examined *examined);
void mg_decode_mutant(struct mg_fields *fields, yyjson_val *root, uint32_t test_count, struct mg_mutant_run *run);
void mg_decode_confirmed(struct mg_fields *fields, yyjson_val *root, struct mg_confirmed *confirmed);

#endif
