/* Progress on stderr: a line that a ticker thread redraws twice a second, so that it never looks stuck, or plain lines. */
#include "cli/progress.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "core/text.h"
#include "os/fd.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x50524f47u
#define LINE_BYTES 1024
#define SAMPLES 20u /* half-seconds over which the rate is measured */
#define BAR 20u
#define PLAIN_SECONDS 5.0 /* between two lines about steps where nothing can be redrawn */

struct progress {
    unsigned magic;
    bool redraws, drawn, ticking, finished;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t ticker;
    char phase[32], message[256];
    uint32_t done, first_done, total;
    bool first_step;
    double started, phase_started, plain_printed;
    uint64_t work, samples[SAMPLES]; /* work done at each of the last ticks */
    unsigned ticks;
};

static struct progress *from(void *self)
{
    struct progress *progress = self;
    MG_ASSERT(progress && progress->magic == MAGIC);
    return progress;
}

/* Copies text from outside, so that no control character reaches the terminal. Cut at a character. */
static void copy_text(char *to, size_t size, struct mg_str text)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str line = mg_text_line(scratch, text);
    size_t len = line.len < size - 1 ? line.len : size - 1;
    while (len > 0 && len < line.len && ((unsigned char)line.at[len] & 0xc0) == 0x80)
        len--;
    if (len > 0)
        memcpy(to, line.at, len);
    to[len] = '\0';
    mg_arena_free(scratch);
}

/* ---- the line ---- */

static size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* Shortens in place to `columns`, the cut shown by two dots. */
static void fit(char *text, size_t columns)
{
    if (columns_of(text) <= columns)
        return;
    size_t keep = columns > 2 ? columns - 2 : 0, at = 0;
    for (size_t seen = 0; text[at]; at++)
        if (((unsigned char)text[at] & 0xc0) != 0x80 && seen++ == keep)
            break;
    text[at] = '\0';
    if (columns > 2)
        memcpy(text + at, "..", 3);
}

static void clock_text(double seconds, char *text, size_t size)
{
    unsigned long whole = seconds > 0 && seconds < 1e8 ? (unsigned long)seconds : 0;
    if (whole >= 3600)
        (void)snprintf(text, size, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        (void)snprintf(text, size, "%lu:%02lu", whole / 60, whole % 60);
}

/* Rate, ETA and elapsed time, the part that is never cut. The ETA waits until two steps and five seconds carry it. */
static void tail_text(const struct mg_progress_view *view, char *text, size_t size)
{
    char elapsed[32], rate[32] = "", eta[48] = "";
    clock_text(view->elapsed_seconds, elapsed, sizeof elapsed);
    if (view->rate > 0)
        (void)snprintf(rate, sizeof rate, view->rate < 10 ? "  %.1f mutants/s" : "  %.0f mutants/s", view->rate);
    uint32_t steps = view->done - view->first_done;
    if (view->total > view->done && view->done >= view->first_done && steps >= 2 && view->phase_seconds >= 5) {
        char left[32];
        clock_text(view->phase_seconds / steps * (view->total - view->done), left, sizeof left);
        (void)snprintf(eta, sizeof eta, "  ETA %s", left);
    }
    (void)snprintf(text, size, "%s%s  %s", rate, eta, elapsed);
}

static void head_text(const struct mg_progress_view *view, unsigned columns, char *text, size_t size)
{
    static const char spinner[] = "|/-\\";
    char bar[BAR + 1];
    char spin = spinner[view->tick % 4];
    if (view->total == 0) {
        (void)snprintf(text, size, "%c %s", spin, view->phase);
        return;
    }
    size_t full = (size_t)((uint64_t)(view->done < view->total ? view->done : view->total) * BAR / view->total);
    memset(bar, '#', full);
    memset(bar + full, '.', BAR - full);
    bar[BAR] = '\0';
    if (columns >= 60)
        (void)snprintf(text, size, "%c [%s] %u/%u %s", spin, bar, view->done, view->total, view->phase);
    else
        (void)snprintf(text, size, "%c %u/%u %s", spin, view->done, view->total, view->phase);
}

void mg_progress_render(const struct mg_progress_view *view, unsigned columns, char *text, size_t size)
{
    char head[128], middle[300], tail[128], whole[600];
    head_text(view, columns, head, sizeof head);
    tail_text(view, tail, sizeof tail);
    (void)snprintf(middle, sizeof middle, "%s%s", view->message[0] ? "  " : "", view->message);
    size_t fixed = columns_of(head) + columns_of(tail);
    fit(middle, fixed < columns ? columns - fixed : 0);
    (void)snprintf(whole, sizeof whole, "%s%s%s", head, middle, tail);
    fit(whole, columns);
    (void)snprintf(text, size, "%s", whole);
}

/* ---- drawing; the lock is held ---- */

static unsigned terminal_columns(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col < 20)
        return 80;
    return window.ws_col > 400 ? 400 : window.ws_col;
}

static double rate_of(const struct progress *p)
{
    unsigned span = p->ticks < SAMPLES ? p->ticks : SAMPLES;
    if (span < 2)
        return 0;
    uint64_t oldest = p->samples[(p->ticks - span) % SAMPLES];
    return (double)(p->work - oldest) / (span * 0.5);
}

static void draw(struct progress *p)
{
    if (!p->redraws || p->finished || !p->phase[0])
        return;
    double now = mg_now();
    struct mg_progress_view view = { .phase = p->phase,
                                     .message = p->message,
                                     .done = p->done,
                                     .first_done = p->first_done,
                                     .total = p->total,
                                     .phase_seconds = now - p->phase_started,
                                     .elapsed_seconds = now - p->started,
                                     .rate = rate_of(p),
                                     .tick = p->ticks };
    char text[LINE_BYTES];
    mg_progress_render(&view, terminal_columns() - 1, text, sizeof text); /* the last column would wrap */
    (void)fprintf(stderr, "\r%s\x1b[K", text);
    (void)fflush(stderr);
    p->drawn = true;
}

static void erase(struct progress *p)
{
    if (p->drawn)
        (void)fputs("\r\x1b[K", stderr);
    p->drawn = false;
}

static void plain_line(struct progress *p, const char *text)
{
    p->plain_printed = mg_now();
    if (p->total > 0)
        (void)fprintf(stderr, "[%s] %s (%u/%u)\n", p->phase, text, p->done, p->total);
    else
        (void)fprintf(stderr, "[%s] %s\n", p->phase, text);
    (void)fflush(stderr);
}

/* ---- the port, when stderr belongs to a log of JSON lines ---- */

static void log_phase(void *self, const char *name, struct mg_str message, uint32_t total)
{
    (void)self;
    mg_log_phase(name);
    MG_LOG(MG_LOG_DEBUG, "phase", MG_L_TEXT("doing", message), MG_L_INT("steps", total));
}

static void log_line(void *self, struct mg_str text)
{
    (void)self;
    MG_LOG(MG_LOG_INFO, "progress", MG_L_TEXT("text", text));
}

static void no_step(void *self, uint32_t done, struct mg_str message) { (void)self, (void)done, (void)message; }
static void no_work(void *self, uint32_t units) { (void)self, (void)units; }
static void no_finish(void *self) { (void)self; }

static const struct mg_progress_ops log_ops = {
    .name = "log", .phase = log_phase, .step = no_step, .line = log_line, .work = no_work, .finish = no_finish
};

/* ---- the port ---- */

static void phase(void *self, const char *name, struct mg_str message, uint32_t total)
{
    struct progress *p = from(self);
    log_phase(NULL, name, message, total);
    (void)pthread_mutex_lock(&p->lock);
    copy_text(p->phase, sizeof p->phase, mg_str_from(name));
    copy_text(p->message, sizeof p->message, message);
    p->total = total;
    p->done = p->first_done = 0;
    p->first_step = true;
    p->phase_started = mg_now();
    p->plain_printed = 0; /* a phase that says nothing itself is announced by its first step */
    if (p->redraws)
        draw(p);
    else if (!p->finished && p->message[0])
        plain_line(p, p->message);
    (void)pthread_mutex_unlock(&p->lock);
}

static void step(void *self, uint32_t done, struct mg_str message)
{
    struct progress *p = from(self);
    char text[sizeof p->message];
    copy_text(text, sizeof text, message);
    (void)pthread_mutex_lock(&p->lock);
    bool news = done != p->done || strcmp(text, p->message) != 0;
    if (p->first_step)
        p->first_done = done;
    p->first_step = false;
    p->done = done;
    memcpy(p->message, text, sizeof text);
    if (!p->redraws && !p->finished && news && text[0] && mg_now() - p->plain_printed >= PLAIN_SECONDS)
        plain_line(p, p->message);
    else
        draw(p);
    (void)pthread_mutex_unlock(&p->lock);
}

static void line(void *self, struct mg_str text)
{
    struct progress *p = from(self);
    char copy[LINE_BYTES];
    copy_text(copy, sizeof copy, text);
    (void)pthread_mutex_lock(&p->lock);
    erase(p);
    (void)fprintf(stderr, "%s\n", copy);
    (void)fflush(stderr);
    draw(p);
    (void)pthread_mutex_unlock(&p->lock);
}

static void work(void *self, uint32_t units)
{
    struct progress *p = from(self);
    (void)pthread_mutex_lock(&p->lock);
    p->work += units;
    (void)pthread_mutex_unlock(&p->lock);
}

static void finish(void *self)
{
    struct progress *p = from(self);
    (void)pthread_mutex_lock(&p->lock);
    p->finished = true;
    erase(p);
    (void)fflush(stderr);
    (void)pthread_cond_signal(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    if (p->ticking)
        (void)pthread_join(p->ticker, NULL);
    p->ticking = false;
}

static const struct mg_progress_ops ops = { .name = "terminal", .phase = phase, .step = step, .line = line, .work = work, .finish = finish };

/* ---- the ticker ---- */

static void *tick(void *self)
{
    struct progress *p = from(self);
    (void)pthread_mutex_lock(&p->lock);
    while (!p->finished) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 500000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&p->wake, &p->lock, &until);
        p->samples[p->ticks++ % SAMPLES] = p->work;
        draw(p);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Without a ticker the line still moves with every step. Signals are the main thread's. */
static bool start_ticker(struct progress *p)
{
    sigset_t all, before;
    if (sigfillset(&all) != 0 || pthread_sigmask(SIG_BLOCK, &all, &before) != 0)
        return false;
    bool started = pthread_create(&p->ticker, NULL, tick, p) == 0;
    return pthread_sigmask(SIG_SETMASK, &before, NULL) == 0 && started;
}

static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

struct mg_progress mg_cli_progress_open(bool plain)
{
    if (mg_log_owns_stderr())
        return (struct mg_progress){ &log_ops, NULL };
    struct progress *p = calloc(1, sizeof *p);
    MG_ASSERT(p); /* as the arena: out of memory ends the program */
    p->magic = MAGIC;
    p->redraws = !plain && can_redraw();
    p->started = p->phase_started = mg_now();
    MG_ASSERT(pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->wake, NULL) == 0);
    p->ticking = p->redraws && start_ticker(p);
    return (struct mg_progress){ &ops, p };
}

void mg_cli_progress_close(struct mg_progress progress)
{
    if (!progress.self)
        return;
    struct progress *p = from(progress.self);
    finish(p);
    (void)pthread_cond_destroy(&p->wake);
    (void)pthread_mutex_destroy(&p->lock);
    p->magic = 0;
    free(p);
}
