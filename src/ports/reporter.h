/* Port: renders a finished report. */
#ifndef MG_REPORTER_H
#define MG_REPORTER_H

#include "base/base.h"
#include "core/report.h"

struct mg_reporter_ops {
    const char *name; /* "markdown", "json", "terminal" */
    enum mg_code (*write)(void *self, const struct mg_report *report, struct mg_err *err);
};
struct mg_reporter {
    const struct mg_reporter_ops *ops;
    void *self;
};

#endif
