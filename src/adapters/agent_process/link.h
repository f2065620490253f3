/* One socket to the zygote, a session or a confirmation: lines of JSON out, answers in, every wait with a deadline and the cancel token.
 * What comes in is untrusted: size and form are checked here, fields in fields.h. A broken link stays broken. */
#ifndef MG_LINK_H
#define MG_LINK_H

#include "base/base.h"
#include "base/cancel.h"
#include "base/arena.h"
#include <yyjson.h>

#define MG_LINE_LIMIT ((size_t)64 << 20)

/* A request that is answered whenever it has ended, while others are asked. */
struct mg_link_job {
    uint64_t id, ticket;
    double wall;
    yyjson_doc *answer; /* NULL until it came */
    bool asleep;        /* an answer has said so, and another one is to come */
};
struct mg_link {
    int fd; /* -1 = closed or broken */
    const struct mg_cancel *cancel;
    char *in; /* received, not yet consumed: in[from, len) */
    size_t from, len, cap;
    size_t searched; /* no newline before this */
    uint64_t last_id;
    struct mg_link_job *jobs;
    size_t job_count, job_cap;
};

void mg_link_open(struct mg_link *link, int fd, const struct mg_cancel *cancel); /* takes over fd */
void mg_link_close(struct mg_link *link);

/* A request being built; `mg_link_send` frees it in any case. Texts are borrowed until then. */
struct mg_request {
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    uint64_t id;
};
struct mg_request mg_request_new(struct mg_link *link, const char *op);
void mg_request_str(struct mg_request *request, const char *key, struct mg_str text);
void mg_request_strs(struct mg_request *request, const char *key, const struct mg_str *texts, size_t count);
/* `pass_fd` travels with the line; -1 = none. It stays the caller's. */
MG_MUST_CHECK enum mg_code mg_link_send(struct mg_link *link, struct mg_request *request, int pass_fd, double deadline, struct mg_err *err);

/* The next answer or event with this id. Answers of jobs that come in between are kept, any others are dropped. The caller frees it.
 * Its root is an object. MG_E_CHILD when the peer died (`mg_link_died`) or broke the protocol. */
MG_MUST_CHECK enum mg_code mg_link_receive(struct mg_link *link, uint64_t id, double deadline, yyjson_doc **doc, struct mg_err *err);

void mg_link_add_job(struct mg_link *link, uint64_t id, uint64_t ticket, double wall);
void mg_link_drop_job(struct mg_link *link, uint64_t id); /* its answer will not be waited for */
/* One that was taken, and whose answer said that it is asleep. */
void mg_link_put_back(struct mg_link *link, const struct mg_link_job *job);
/* Takes one answered job off the list, waiting for it. MG_E_STATE when there are no jobs. */
MG_MUST_CHECK enum mg_code mg_link_take_job(struct mg_link *link, double deadline, struct mg_link_job *job, struct mg_err *err);

#endif
