/* The whole pipeline in memory: real operators, engine and services around a scripted agent, ingest, search and model. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include "adapters/memory/agent_memory.h"
#include "adapters/memory/store_memory.h"
#include "base/str.h"
#include "engine/gate.h"
#include "services/run.h"

#define SOURCE "def f(x):\n    x = x + 5\n    return x < 30\n\n\ndef g(x):\n    x = x + 6\n    return x > 40\n\n\ndef trivial(x):\n    return x\n"

/* f has eight mutants: three in its first line, five in its second; so has g. */
#define NOTICES(test, text)                                                                                                                          \
    {                                                                                                                                                \
        text, test, MG_MEMORY_FAILS                                                                                                                  \
    }
#define SUM_OF_F(test) NOTICES(test, "x - 5"), NOTICES(test, "x + 4"), NOTICES(test, "x + 6\n    return x < 30")
#define LIMIT_OF_F(test) NOTICES(test, "<= 30"), NOTICES(test, "!= 30"), NOTICES(test, "(False)"), NOTICES(test, "< 29"), NOTICES(test, "< 31")

extern struct mg_arena *arena;
extern struct mg_memory_script script;
extern struct mg_store store;
extern struct mg_config config;
extern struct mg_cancel cancel;
extern struct mg_run_result result;
extern struct mg_err err;
extern const char *suite_of_f[4], *reason_without_tests; /* what the search writes for m.f; why it has no test for others */
extern bool cancel_in_generator, cancel_in_confirm;
#define WAITS_FOR_EVER 1e9 /* until the alarm rings, where there is one */
extern double script_now, seconds_of_f, seconds_of_g,
    seconds_of_confirm; /* the clock stands still but for what the search takes, and each confirmation */
extern enum mg_code ingest_code;
extern const char *ingest_problem; /* the text with that code */
extern unsigned generated, reported;
extern const char *source_text;   /* of m.py: SOURCE */
extern struct mg_turn *turn;      /* none */
extern struct mg_generator model; /* no ops: none */
extern struct mg_secrets secrets; /* none */

int set_up(void **state);
int tear_down(void **state);
enum mg_code run_it(void);
void use_rules(const struct mg_memory_rule *rules, size_t count);
const struct mg_outcome *outcome_of(const char *name); /* NULL when there is none */
const struct mg_test *test_of(const char *name);       /* of m.f */

#endif
