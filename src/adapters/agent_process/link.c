/* Lines of JSON over a socket, against a peer that may send anything or nothing. */
#include "adapters/agent_process/link.h"
#include "base/str.h"
#include "os/fd.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define READ_STEP ((size_t)64 << 10)
#define BUFFER_LIMIT (MG_LINE_LIMIT * 2) /* a line plus what comes behind it while we write */

void mg_link_open(struct mg_link *link, int fd, const struct mg_cancel *cancel) { *link = (struct mg_link){ .fd = fd, .cancel = cancel }; }

void mg_link_close(struct mg_link *link)
{
    mg_fd_close(&link->fd);
    for (size_t i = 0; i < link->job_count; i++)
        yyjson_doc_free(link->jobs[i].answer);
    free(link->jobs);
    free(link->in);
    *link = (struct mg_link){ .fd = -1 };
}

static enum mg_code broken(struct mg_link *link, struct mg_err *err, const char *why)
{
    mg_fd_close(&link->fd);
    return MG_FAIL(err, MG_E_CHILD, "%s", why);
}

/* --- reading --- */

static bool make_room(struct mg_link *link)
{
    if (link->from > 0 && (link->from == link->len || link->cap - link->len < READ_STEP)) {
        memmove(link->in, link->in + link->from, link->len - link->from);
        link->len -= link->from;
        link->searched -= link->from;
        link->from = 0;
    }
    if (link->cap - link->len >= READ_STEP)
        return true;
    size_t cap = link->cap ? link->cap * 2 : READ_STEP * 2;
    if (cap > BUFFER_LIMIT + READ_STEP)
        return false;
    char *in = realloc(link->in, cap);
    if (!in)
        return false;
    link->in = in;
    link->cap = cap;
    return true;
}

/* Takes what is there without waiting. */
static enum mg_code fill(struct mg_link *link, struct mg_err *err)
{
    if (!make_room(link))
        return broken(link, err, "the agent sent more than can be taken");
    ssize_t got = recv(link->fd, link->in + link->len, link->cap - link->len, MSG_DONTWAIT);
    if (got > 0)
        link->len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        return broken(link, err, "the interpreter died");
    return MG_OK;
}

/* The next line without its newline, valid until the next read. */
static enum mg_code next_line(struct mg_link *link, double deadline, struct mg_str *line, struct mg_err *err)
{
    for (;;) {
        const char *end = link->len > link->searched ? memchr(link->in + link->searched, '\n', link->len - link->searched) : NULL;
        if (end) {
            *line = (struct mg_str){ link->in + link->from, (size_t)(end - link->in) - link->from };
            link->from = link->searched = (size_t)(end - link->in) + 1;
            return MG_OK;
        }
        link->searched = link->len;
        if (link->len - link->from > MG_LINE_LIMIT)
            return broken(link, err, "the agent sent a line of more than 64 MiB");
        if (link->fd < 0)
            return MG_FAIL(err, MG_E_CHILD, "the agent is gone");
        short ready;
        MG_TRY(mg_fd_wait(link->fd, POLLIN, deadline, link->cancel, &ready, err));
        MG_TRY(fill(link, err));
    }
}

/* Keeps the answer when it belongs to a job, in the place of one before it that nobody has taken; else drops it: a late answer to a request that
 * timed out. */
static bool keep_for_job(struct mg_link *link, uint64_t id, yyjson_doc *doc)
{
    for (size_t i = 0; i < link->job_count; i++)
        if (link->jobs[i].id == id) {
            yyjson_doc_free(link->jobs[i].answer);
            link->jobs[i].answer = doc;
            return true;
        }
    yyjson_doc_free(doc);
    return false;
}

static unsigned hex4(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10) : 0x10000;
        value = value * 16 + digit;
    }
    return value;
}

/* Python texts may hold lone surrogates, JSON for others may not: each becomes U+FFFD, in place. True when there was one. */
static bool replace_lone_surrogates(char *at, size_t len)
{
    bool found = false;
    for (size_t i = 0; i + 6 <= len; i++) {
        if (at[i] != '\\')
            continue;
        unsigned code = at[i + 1] == 'u' ? hex4(at + i + 2) : 0;
        bool paired = code >= 0xD800 && code < 0xDC00 && i + 12 <= len && at[i + 6] == '\\' && at[i + 7] == 'u' && hex4(at + i + 8) >= 0xDC00 &&
                      hex4(at + i + 8) < 0xE000;
        if (code >= 0xD800 && code < 0xE000 && !paired) {
            memcpy(at + i + 2, "fffd", 4);
            found = true;
        }
        i += paired ? 11 : code ? 5 : 1; /* 1: the character behind the backslash belongs to it */
    }
    return found;
}

/* One message. *doc is NULL when it was kept for a job or dropped; *job says which. */
static enum mg_code receive_one(struct mg_link *link, uint64_t wanted, double deadline, yyjson_doc **doc, bool *job, struct mg_err *err)
{
    struct mg_str line = MG_NO_STR;
    MG_TRY(next_line(link, deadline, &line, err));
    *doc = yyjson_read(line.at, line.len, 0);
    if (!*doc && replace_lone_surrogates((char *)(uintptr_t)line.at, line.len)) /* the line lies in our own buffer */
        *doc = yyjson_read(line.at, line.len, 0);
    yyjson_val *root = yyjson_doc_get_root(*doc), *id = yyjson_obj_get(root, "id");
    if (!yyjson_is_obj(root) || !yyjson_is_uint(id)) {
        yyjson_doc_free(*doc);
        *doc = NULL;
        return broken(link, err, "the agent sent a line that is no message");
    }
    *job = false;
    if (yyjson_get_uint(id) == wanted)
        return MG_OK;
    *job = keep_for_job(link, yyjson_get_uint(id), *doc);
    *doc = NULL;
    return MG_OK;
}

enum mg_code mg_link_receive(struct mg_link *link, uint64_t id, double deadline, yyjson_doc **doc, struct mg_err *err)
{
    bool job;
    do
        MG_TRY(receive_one(link, id, deadline, doc, &job, err));
    while (!*doc);
    return MG_OK;
}

/* --- jobs --- */

static void add_job(struct mg_link *link, struct mg_link_job job)
{
    if (link->job_count == link->job_cap) {
        size_t cap = link->job_cap ? link->job_cap * 2 : 64;
        struct mg_link_job *jobs = realloc(link->jobs, cap * sizeof *jobs);
        MG_ASSERT(jobs);
        link->jobs = jobs;
        link->job_cap = cap;
    }
    link->jobs[link->job_count++] = job;
}

void mg_link_add_job(struct mg_link *link, uint64_t id, uint64_t ticket, double wall)
{
    add_job(link, (struct mg_link_job){ .id = id, .ticket = ticket, .wall = wall });
}

void mg_link_put_back(struct mg_link *link, const struct mg_link_job *job)
{
    add_job(link, (struct mg_link_job){ .id = job->id, .ticket = job->ticket, .wall = job->wall, .asleep = true });
}

void mg_link_drop_job(struct mg_link *link, uint64_t id)
{
    for (size_t i = 0; i < link->job_count; i++)
        if (link->jobs[i].id == id) {
            yyjson_doc_free(link->jobs[i].answer);
            link->jobs[i] = link->jobs[--link->job_count];
            return;
        }
}

enum mg_code mg_link_take_job(struct mg_link *link, double deadline, struct mg_link_job *job, struct mg_err *err)
{
    if (link->job_count == 0)
        return MG_FAIL(err, MG_E_STATE, "no mutant is running");
    for (;;) {
        for (size_t i = 0; i < link->job_count; i++)
            if (link->jobs[i].answer) {
                *job = link->jobs[i];
                link->jobs[i] = link->jobs[--link->job_count];
                return MG_OK;
            }
        bool kept = false;
        while (!kept) {
            yyjson_doc *stray = NULL;
            MG_TRY(receive_one(link, 0, deadline, &stray, &kept, err)); /* our ids start at 1: nothing is wanted but jobs */
            yyjson_doc_free(stray);
        }
    }
}

/* --- writing --- */

struct mg_request mg_request_new(struct mg_link *link, const char *op)
{
    struct mg_request request = { .doc = yyjson_mut_doc_new(NULL), .id = ++link->last_id };
    MG_ASSERT(request.doc);
    request.root = yyjson_mut_obj(request.doc);
    yyjson_mut_doc_set_root(request.doc, request.root);
    yyjson_mut_obj_add_uint(request.doc, request.root, "id", request.id);
    yyjson_mut_obj_add_str(request.doc, request.root, "op", op);
    return request;
}

void mg_request_str(struct mg_request *request, const char *key, struct mg_str text)
{
    yyjson_mut_obj_add_strn(request->doc, request->root, key, text.at ? text.at : "", text.len);
}

void mg_request_strs(struct mg_request *request, const char *key, const struct mg_str *texts, size_t count)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(request->doc, request->root, key);
    for (size_t i = 0; i < count; i++)
        yyjson_mut_arr_add_strn(request->doc, list, texts[i].at ? texts[i].at : "", texts[i].len);
}

/* One sendmsg without waiting; returns what send(2) does. */
static ssize_t put(int fd, const char *at, size_t len, int pass_fd)
{
    struct iovec part = { .iov_base = (void *)(uintptr_t)at, .iov_len = len };
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { .bytes = { 0 } };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (pass_fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &pass_fd, sizeof pass_fd);
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Reads while it cannot write: a peer that is blocked on sending us results would never take our next line. */
static enum mg_code write_line(struct mg_link *link, const char *at, size_t len, int pass_fd, double deadline, struct mg_err *err)
{
    while (len > 0) {
        if (link->fd < 0)
            return MG_FAIL(err, MG_E_CHILD, "the agent is gone");
        ssize_t sent = put(link->fd, at, len, pass_fd);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
            pass_fd = -1;
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            short ready;
            enum mg_code code = mg_fd_wait(link->fd, POLLIN | POLLOUT, deadline, link->cancel, &ready, err);
            if (code != MG_OK) {
                mg_fd_close(&link->fd); /* half a line is out: nothing can follow it */
                return code;
            }
            if (ready & POLLIN)
                MG_TRY(fill(link, err));
        } else if (sent == 0 || errno != EINTR) {
            return broken(link, err, "the interpreter died");
        }
    }
    return MG_OK;
}

enum mg_code mg_link_send(struct mg_link *link, struct mg_request *request, int pass_fd, double deadline, struct mg_err *err)
{
    size_t len = 0;
    char *text = yyjson_mut_write(request->doc, 0, &len);
    yyjson_mut_doc_free(request->doc);
    request->doc = NULL;
    if (!text)
        return MG_FAIL(err, MG_E_PARSE, "text for the agent is not valid UTF-8");
    enum mg_code code = MG_OK;
    if (len >= MG_LINE_LIMIT)
        code = MG_FAIL(err, MG_E_LIMIT, "a request of %zu bytes is too large for the agent", len);
    text[len] = '\n'; /* in place of its NUL */
    if (code == MG_OK)
        code = write_line(link, text, len + 1, pass_fd, deadline, err);
    free(text);
    return code;
}
