/* The composition root: the only place that knows which adapter stands behind which port. */
#ifndef MG_COMPOSE_H
#define MG_COMPOSE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "cli/config_file.h"
#include "cli/keys.h"
#include "cli/options.h"
#include "core/config.h"
#include "ports/embedder.h"
#include "ports/llm.h"
#include "ports/retriever.h"
#include "ports/sandbox.h"
#include "services/run.h"

enum mg_exit { MG_EXIT_OK = 0, MG_EXIT_FAILURE = 1, MG_EXIT_BELOW_THRESHOLD = 2, MG_EXIT_BUDGET = 3, MG_EXIT_USAGE = 64, MG_EXIT_INTERRUPTED = 130 };

/* One process: what every command gets. */
struct mg_app {
    struct mg_arena *arena;
    struct mg_config config;
    struct mg_config_file config_file;
    struct mg_env env;         /* variables and .env */
    struct mg_secrets secrets; /* what no text may show */
    struct mg_cancel *cancel;
    enum mg_exit exit_code;
    const char *program; /* how we were called, as a word for the shell */
};

/* Whether a run writes tests, keeps what it finds and reports it; a score does none of these, a dry run writes and keeps nothing; who only looks
 * makes no environment either. */
enum mg_purpose { MG_PURPOSE_RUN, MG_PURPOSE_SCORE, MG_PURPOSE_DRY_RUN, MG_PURPOSE_LOOK };

#define MG_REPORTERS 3
struct mg_composed {
    struct mg_run_services services;
    struct mg_reporter reporters[MG_REPORTERS];
    struct mg_str reports_dir;
    struct mg_sandbox sandbox;
    struct mg_progress progress;
    struct mg_llm llm;             /* no ops: none was named */
    struct mg_embedder embedder;   /* of the retriever */
    struct mg_retriever retriever; /* no ops: it is off */
};

/* Wires everything for one run. After MG_OK it must be closed; after an error nothing is left open. *composed must not move. */
MG_MUST_CHECK enum mg_code mg_compose_run(struct mg_app *app, enum mg_purpose purpose, bool no_progress, struct mg_composed *composed,
                                          struct mg_err *err);
void mg_compose_close(struct mg_composed *composed);

/* The store and the reporters alone, for commands on stored runs. A missing storage root is MG_E_NOT_FOUND. */
MG_MUST_CHECK enum mg_code mg_compose_stored(struct mg_app *app, struct mg_composed *composed, struct mg_err *err);

/* The cache of scores in the storage root; `create` makes the root. MG_E_NOT_FOUND when it is not there and must not be made. */
MG_MUST_CHECK enum mg_code mg_compose_cache(struct mg_app *app, bool create, struct mg_cache *cache, struct mg_err *err);
/* Digest of this program and of the environment that tests get. */
struct mg_str mg_compose_machine(struct mg_app *app);

/* The measured mutants in the mutation-testing-report-schema, into a file ("-" = stdout). */
MG_MUST_CHECK enum mg_code mg_compose_write_schema(struct mg_app *app, struct mg_str file, const struct mg_run_result *result, struct mg_err *err);

/* The folder of call's repo ("." when it names none), which may also be a git URL: then it is cloned into <storage.root>/repos, or its clone there
 * brought up to date, its own file of settings is read as that of a local repo, and what the user should know of that is printed. `history`: all
 * commits are needed. */
MG_MUST_CHECK enum mg_code mg_compose_repo(struct mg_app *app, const struct mg_invocation *call, bool history, struct mg_str *repo,
                                           struct mg_err *err);
/* Absolute and resolved; MG_E_NOT_FOUND and MG_E_CONFIG in one line when it is no folder. */
MG_MUST_CHECK enum mg_code mg_resolve_repo(struct mg_app *app, struct mg_str location, struct mg_str *repo, struct mg_err *err);
/* The given id, or twelve new hexadecimal digits. */
/* --max-time; what is there stays when it was not given. */
MG_MUST_CHECK enum mg_code mg_max_time(const struct mg_invocation *call, double *seconds, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_choose_run_id(struct mg_app *app, struct mg_str given, struct mg_str *run_id, struct mg_err *err);

/* 1 failed, 130 cancelled, 3 partial, 2 below the threshold, 0: in that order of precedence. */
enum mg_exit mg_exit_for_report(const struct mg_report *report, double threshold);
enum mg_exit mg_exit_for_error(enum mg_code code);

/* Text from outside for a terminal: as mg_text_line, and NUL-terminated. In the arena. */
struct mg_str mg_printable(struct mg_arena *arena, struct mg_str text);
/* The same, quoted for a shell where it must be. */
struct mg_str mg_shell_word(struct mg_arena *arena, struct mg_str text);

#endif
