/* What the files of the search generator share. The pipeline, one file each:
 *   words.c   literals and words of the code          values.c  candidate values of a type
 *   params.c  values of the target's own parameters   harvest.c calls that somebody wrote already
 *   calls.c   calls made from values, and their text  rounds.c  which calls tell which mutants apart
 *   choose.c  the smallest readable set of them       write.c   tests as a person would write them
 *   witness.c instead of the last two: for each mutant one call, and what both sides come to
 * search.c runs them in order. Everything lives in the request's arena. */
#ifndef MG_SEARCH_INTERNAL_H
#define MG_SEARCH_INTERNAL_H

#include "base/map.h"
#include "generate/search/expr.h"
#include "generate/search/rng.h"
#include "ports/generator.h"
#include "python/syntax.h"

/* A name of the code under test as tests write it: `from module import name [as bound]`. */
struct mg_import {
    struct mg_str module, name, bound, line;
};

/* One candidate value: a Python expression. */
struct mg_value {
    struct mg_str source;
    unsigned weight;    /* how often it is drawn, relative to its pool */
    unsigned cost;      /* to read; 0 = not asked for yet */
    bool demoted;       /* values of its kind have only met TypeErrors at this parameter */
    uint32_t good, bad; /* calls with it that returned or killed, and others */
};
struct mg_pool {
    MG_VEC(struct mg_value)
    struct mg_map known;            /* source -> index + 1 */
    uint64_t total;                 /* of the weights */
    MG_LIST(struct mg_str) special; /* what the code refuses or asks about: each is tried once around calls that work */
};

/* Atoms of the code, by how near they stand to what must be tested. */
struct mg_words {
    struct mg_parts strings, regexes;                      /* values, those of the target's own body first */
    struct mg_parts ints, floats, bytes;                   /* source texts, same order */
    struct mg_parts samples;                               /* texts that the regexes match */
    struct mg_parts keys;                                  /* names that **kwargs may take */
    struct mg_parts plain;                                 /* words of docstrings and long texts */
    size_t own_strings, own_ints, own_floats, own_regexes; /* how many of them are from the body */
};

struct mg_arg {
    const struct mg_param *param;
    struct mg_str keyword; /* empty: given by position */
    struct mg_str source;
};
struct mg_kill {
    uint32_t mutant, fact;
    bool by_timeout;
    struct mg_str told; /* when s->telling */
};
enum mg_origin { MG_FROM_DRAW, MG_FROM_TESTS, MG_FROM_DOCTEST };
struct mg_candidate {
    struct mg_str raw;      /* a whole call as a doctest wrote it; then there is no receiver and no argument */
    struct mg_str receiver; /* expression, empty for functions */
    bool as_text;           /* str(…) of the result is looked at: an object's own == may leave parts out */
    MG_LIST(struct mg_arg) args;
    enum mg_origin origin;
    struct mg_str want; /* of a doctest */
    bool printed;       /* the doctest prints the result: `want` is its str() */
    struct mg_call call;
    unsigned cost;
    bool observed, usable;
    struct mg_observation seen;
    MG_LIST(struct mg_kill) kills;
};

/* How the target is called. */
enum mg_call_shape { MG_CALL_FUNCTION, MG_CALL_METHOD, MG_CALL_PROPERTY, MG_CALL_OPERATOR };

struct mg_search {
    const struct mg_generate_request *request;
    struct mg_arena *arena;
    struct mg_rng rng;
    struct mg_module *module;
    struct mg_description about;
    struct mg_words words;
    struct mg_map plain; /* literals that a reader takes in at a glance: samples of ours, values of doctests and tests */

    enum mg_call_shape shape;
    struct mg_str callee;     /* `func`, `Class`, `Class.method`; for methods the attribute's name */
    const char *operator;     /* "\1 == \2": receiver and argument of a special method */
    struct mg_str class_name; /* as tests write it; empty for functions */
    MG_LIST(struct mg_import) imports;
    MG_LIST(struct mg_str) import_lines; /* of library values */

    MG_LIST(struct mg_pool *) pools; /* one per parameter */
    struct mg_pool *receivers;
    MG_LIST(struct mg_candidate *) calls;
    struct mg_map known_calls;
    const struct mg_candidate *varied; /* the call that is being varied: its strings are worth repeating elsewhere in it */
    uint64_t work;                     /* calls probed so far */
    bool *alive;                       /* per mutant */
    uint32_t alive_count;
    uint32_t reached_count;       /* calls that ran a line of some mutant */
    double began, seconds, until; /* monotonic: `seconds` are for all of it; no probe is begun after `until`, 0 = it takes what it takes */
    bool late;                    /* it came to `until` */
    bool telling;                 /* for a reader, not for tests: a crash counts, and what the mutant came to is asked for */
};

/* search.c */
MG_MUST_CHECK enum mg_code mg_search_open(struct mg_search *s, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_err *err);
void mg_search_close(struct mg_search *s);
/* All that calls are made of. *reason is not empty when the target cannot be called at all. */
MG_MUST_CHECK enum mg_code mg_search_prepare(struct mg_search *s, struct mg_str *reason, struct mg_err *err);

/* witness.c */
MG_MUST_CHECK enum mg_code mg_search_witness(void *self, const struct mg_generate_request *request, struct mg_arena *arena,
                                             struct mg_witness *witnesses, struct mg_err *err);

/* words.c */
void mg_words_collect(struct mg_search *s);
/* Literals on the lines of live mutants are the likeliest boundaries: their values go into the pools again, with more weight. */
struct mg_str mg_words_hot(struct mg_search *s, enum mg_atom_kind kind);

/* values.c */
struct mg_pool *mg_pool_new(struct mg_search *s);
void mg_pool_add(struct mg_search *s, struct mg_pool *pool, struct mg_str source, unsigned weight);
/* Remembers how a call with that value ended: what works is drawn more often. Unknown values are ignored. */
void mg_pool_learn(struct mg_pool *pool, struct mg_str source, bool good);
/* How hard a value is to read; the plain ones are easier than their length says. */
unsigned mg_value_cost(struct mg_search *s, struct mg_str source);
void mg_value_is_plain(struct mg_search *s, struct mg_str source);
/* A value by weight and experience; empty when the pool is. */
struct mg_str mg_pool_draw(struct mg_search *s, const struct mg_pool *pool);
void mg_pool_fill(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type, struct mg_str name, int depth);
/* Adds the members of `from` so that together they weigh about `share`. */
void mg_pool_merge(struct mg_search *s, struct mg_pool *pool, const struct mg_pool *from, unsigned share);
struct mg_sample {
    const char *source;
    unsigned weight;
};
void mg_pool_add_samples(struct mg_search *s, struct mg_pool *pool, const struct mg_sample *samples, size_t count);
/* The first letters of an expression tell its kind: number, string, list, … For statistics. */
char mg_value_kind(struct mg_str source);

/* params.c */
/* Fills the pools of the receiver and of each parameter. */
void mg_values_collect(struct mg_search *s);

/* names.c */
/* The expression by which tests call a module's object; registers its import. */
struct mg_str mg_search_name(struct mg_search *s, struct mg_str module, struct mg_str qualname);
bool mg_name_is_builtin(struct mg_str name);
void mg_search_callee(struct mg_search *s);
struct mg_str mg_search_import_lines(struct mg_search *s);
/* A variable's name that hides none of the imported names. */
struct mg_str mg_local_name(struct mg_search *s, struct mg_str wanted);
struct mg_str mg_snake_case(struct mg_arena *arena, struct mg_str name);

/* calls.c */
/* Whether the call is written as an operator, which binds looser than a dot: `a + b`, `-a`. */
bool mg_call_is_loose(const struct mg_search *s, const struct mg_candidate *candidate);
/* The call's text with the given texts for receiver and arguments. */
struct mg_str mg_call_text(struct mg_search *s, const struct mg_candidate *candidate, struct mg_str receiver, const struct mg_str *args);
/* Completes the candidate's text and cost; NULL when it is known already. */
struct mg_candidate *mg_call_finish(struct mg_search *s, struct mg_candidate *candidate);
struct mg_candidate *mg_call_copy(struct mg_search *s, const struct mg_candidate *candidate);
struct mg_candidate *mg_call_draw(struct mg_search *s);
struct mg_candidate *mg_call_mutate(struct mg_search *s, const struct mg_candidate *parent);
/* One parameter at a time around a call that works, up to `limit` in `calls`. */
void mg_calls_around(struct mg_search *s, const struct mg_candidate *base, struct mg_candidate **calls, size_t *count, size_t limit);
/* Variables of a call's setup. */
struct mg_str mg_receiver_name(struct mg_search *s);
struct mg_str mg_arg_name(struct mg_search *s, const struct mg_candidate *candidate, size_t index);
/* Up to `limit` simpler variants of a call. */
size_t mg_call_simpler(struct mg_search *s, const struct mg_candidate *candidate, struct mg_candidate **variants, size_t limit);

bool mg_wants_receiver(const struct mg_search *s);
size_t mg_param_index(const struct mg_search *s, const struct mg_param *param);
void mg_call_push_arg(struct mg_search *s, struct mg_candidate *c, const struct mg_param *param, struct mg_str keyword, struct mg_str source);

/* harvest.c */
/* Calls written in doctests and existing tests, with all their values. */
void mg_calls_harvest(struct mg_search *s);

/* mutate_value.c */
struct mg_str mg_value_neighbour(struct mg_search *s, struct mg_str source);
size_t mg_value_simpler(struct mg_search *s, struct mg_str source, struct mg_str *variants, size_t limit);

/* rounds.c */
enum mg_probe_scope { MG_PROBE_ORIGINAL, MG_PROBE_ALIVE, MG_PROBE_KILLED };
/* Runs the calls on the original and on the mutants of that scope; fills what was seen and adds the kills. */
MG_MUST_CHECK enum mg_code mg_rounds_probe(struct mg_search *s, struct mg_candidate *const *calls, size_t count, enum mg_probe_scope scope,
                                           struct mg_err *err);
/* From now on the search has its time. */
void mg_rounds_begin(struct mg_search *s);
bool mg_runs_mutant(const struct mg_candidate *c, const struct mg_mutant *mutant); /* a line of it */
MG_MUST_CHECK enum mg_code mg_rounds_run(struct mg_search *s, struct mg_err *err);

/* choose.c */
struct mg_chosen {
    MG_VEC(struct mg_candidate *)
};
MG_MUST_CHECK enum mg_code mg_choose(struct mg_search *s, struct mg_chosen *chosen, struct mg_err *err);

/* describe.c */
/* `empty_string`, `negative_1`, `hello_world`: a value as a part of a test's name. */
struct mg_str mg_describe_value(struct mg_arena *arena, struct mg_str source);
/* What sets this call apart, as a part of a test's name; may be empty. */
struct mg_str mg_describe_call(struct mg_search *s, const struct mg_candidate *candidate);
/* Whether it gives an optional argument by keyword: that is then what the test is about. */
bool mg_has_choice(const struct mg_candidate *candidate);
/* The same and longer descriptions, shortest first: for where the first is another test's too. */
void mg_describe_options(struct mg_search *s, const struct mg_candidate *candidate, struct mg_parts *options);

/* facts.c */
/* Calls and what they gave, as lines a reader understands: easy ones first, different results before more of the same. */
void mg_facts_collect(struct mg_search *s, struct mg_suite *suite);

/* write.c */
void mg_write_suite(struct mg_search *s, const struct mg_chosen *chosen, struct mg_suite *suite);

#endif
