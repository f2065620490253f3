/* Threads that wait twice: for the turn to work, and behind their work to be dismissed. */
#include "services/hands.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct hand {
    struct mg_hands *all;
    unsigned number;
    pthread_t thread;
};

struct mg_hands {
    struct mg_turn *turn;
    void (*work)(void *self, unsigned number);
    void *self;
    unsigned count;

    pthread_mutex_t mutex; /* of what stands below: threads that have no turn wait here */
    pthread_cond_t changed;
    unsigned working;
    bool dismissed;
    struct hand at[];
};

static void *live(void *self)
{
    struct hand *hand = self;
    struct mg_hands *all = hand->all;
    mg_turn_take_last(all->turn);
    all->work(all->self, hand->number);
    mg_turn_leave(all->turn);
    (void)pthread_mutex_lock(&all->mutex);
    all->working--;
    (void)pthread_cond_broadcast(&all->changed);
    while (!all->dismissed)
        (void)pthread_cond_wait(&all->changed, &all->mutex);
    (void)pthread_mutex_unlock(&all->mutex);
    return NULL;
}

/* Threads take the mask of the one that makes them. */
static void begin(struct mg_hands *all, unsigned wanted)
{
    sigset_t every, before;
    if (sigfillset(&every) != 0 || pthread_sigmask(SIG_BLOCK, &every, &before) != 0)
        return;
    for (; all->count < wanted; all->count++) {
        struct hand *hand = &all->at[all->count];
        *hand = (struct hand){ .all = all, .number = all->count + 1 };
        (void)pthread_mutex_lock(&all->mutex);
        bool begun = pthread_create(&hand->thread, NULL, live, hand) == 0;
        all->working += begun;
        (void)pthread_mutex_unlock(&all->mutex);
        if (!begun)
            break;
    }
    MG_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

enum mg_code mg_hands_hire(struct mg_turn *turn, unsigned wanted, void (*work)(void *self, unsigned number), void *self, struct mg_hands **hands,
                           unsigned *count, struct mg_err *err)
{
    struct mg_hands *all = calloc(1, sizeof *all + wanted * sizeof all->at[0]);
    *hands = all;
    *count = 0;
    if (!all)
        return MG_FAIL(err, MG_E_LIMIT, "out of memory");
    *all = (struct mg_hands){ .turn = turn, .work = work, .self = self, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    begin(all, wanted);
    *count = all->count;
    return MG_OK;
}

void mg_hands_wait(struct mg_hands *hands)
{
    mg_turn_leave(hands->turn);
    (void)pthread_mutex_lock(&hands->mutex);
    while (hands->working > 0)
        (void)pthread_cond_wait(&hands->changed, &hands->mutex);
    (void)pthread_mutex_unlock(&hands->mutex);
    mg_turn_take(hands->turn);
}

void mg_hands_dismiss(struct mg_hands *hands)
{
    if (!hands)
        return;
    (void)pthread_mutex_lock(&hands->mutex);
    hands->dismissed = true;
    (void)pthread_cond_broadcast(&hands->changed);
    (void)pthread_mutex_unlock(&hands->mutex);
    for (unsigned i = 0; i < hands->count; i++)
        (void)pthread_join(hands->at[i].thread, NULL);
    (void)pthread_cond_destroy(&hands->changed);
    (void)pthread_mutex_destroy(&hands->mutex);
    free(hands);
}
