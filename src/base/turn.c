/* A ticket lock: a plain mutex would let a thread that goes from target to target keep out those whose replies have come. */
#include "base/turn.h"

#include <pthread.h>
#include <stdlib.h>

struct mg_turn {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    bool taken;
    uint64_t next, serving; /* tickets of those who go on */
};

enum mg_code mg_turn_new(struct mg_turn **turn, struct mg_err *err)
{
    *turn = calloc(1, sizeof **turn);
    if (!*turn)
        return MG_FAIL(err, MG_E_LIMIT, "out of memory");
    **turn = (struct mg_turn){ .mutex = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
    return MG_OK;
}

void mg_turn_free(struct mg_turn *turn)
{
    if (!turn)
        return;
    MG_ASSERT(turn->next == turn->serving && !turn->taken);
    (void)pthread_cond_destroy(&turn->moved);
    (void)pthread_mutex_destroy(&turn->mutex);
    free(turn);
}

void mg_turn_take(struct mg_turn *turn)
{
    if (!turn)
        return;
    (void)pthread_mutex_lock(&turn->mutex);
    for (uint64_t mine = turn->next++; turn->taken || turn->serving != mine;)
        (void)pthread_cond_wait(&turn->moved, &turn->mutex);
    turn->serving++;
    turn->taken = true;
    (void)pthread_mutex_unlock(&turn->mutex);
}

void mg_turn_take_last(struct mg_turn *turn)
{
    if (!turn)
        return;
    (void)pthread_mutex_lock(&turn->mutex);
    while (turn->taken || turn->serving != turn->next)
        (void)pthread_cond_wait(&turn->moved, &turn->mutex);
    turn->taken = true;
    (void)pthread_mutex_unlock(&turn->mutex);
}

void mg_turn_leave(struct mg_turn *turn)
{
    if (!turn)
        return;
    (void)pthread_mutex_lock(&turn->mutex);
    turn->taken = false;
    (void)pthread_cond_broadcast(&turn->moved);
    (void)pthread_mutex_unlock(&turn->mutex);
}

void mg_turn_wait(struct mg_turn *turn, const uint64_t *changes)
{
    if (!turn)
        return;
    (void)pthread_mutex_lock(&turn->mutex);
    turn->taken = false;
    (void)pthread_cond_broadcast(&turn->moved);
    for (uint64_t before = *changes; turn->taken || turn->serving != turn->next || *changes == before;)
        (void)pthread_cond_wait(&turn->moved, &turn->mutex);
    turn->taken = true;
    (void)pthread_mutex_unlock(&turn->mutex);
}
