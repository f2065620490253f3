/* Port: tells the user where a run is. On a terminal one redrawn line with bar, counts, rate and ETA; elsewhere plain lines.
 * Threads: any. Never fails: progress is not worth stopping a run. */
#ifndef MG_PROGRESS_H
#define MG_PROGRESS_H

#include "base/base.h"

struct mg_progress_ops {
    const char *name;
    /* A new phase: "ingesting", "selecting", "processing", "reporting", "done". total = 0: unknown. */
    void (*phase)(void *self, const char *phase, struct mg_str message, uint32_t total);
    /* `done` of the phase's total are finished; `message` says what is worked on now. Called as often as convenient. */
    void (*step)(void *self, uint32_t done, struct mg_str message);
    /* A line the user must see now, whatever the terminal shows (a test set aside, a target kept). */
    void (*line)(void *self, struct mg_str text);
    /* Units of work (mutants) done since the last call, for the rate. */
    void (*work)(void *self, uint32_t units);
    void (*finish)(void *self); /* leaves the terminal clean */
};
struct mg_progress {
    const struct mg_progress_ops *ops;
    void *self;
};

#endif
