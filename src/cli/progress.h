/* The progress port on stderr. */
#ifndef MG_CLI_PROGRESS_H
#define MG_CLI_PROGRESS_H

#include "ports/progress.h"

/* On a terminal one redrawn line, else (or when `plain`) lines. Close after the last use; ops->finish may come before. */
struct mg_progress mg_cli_progress_open(bool plain);
void mg_cli_progress_close(struct mg_progress progress);

/* The redrawn line for `columns`, without control sequences; for tests too. A NUL-terminated text of at most `size` bytes. */
struct mg_progress_view {
    const char *phase, *message;
    uint32_t done, first_done, total;            /* first_done: what was finished when the phase began (a resumed run) */
    double phase_seconds, elapsed_seconds, rate; /* rate: mutants per second, 0 = unknown */
    unsigned tick;
};
void mg_progress_render(const struct mg_progress_view *view, unsigned columns, char *text, size_t size);

#endif
