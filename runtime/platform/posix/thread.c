#include "platform/thread.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ts_thread {
    pthread_t id;
    void (*fn)(void *ctx);
    void *ctx;
};

struct ts_mutex {
    pthread_mutex_t m;
};

struct ts_cond {
    pthread_cond_t c;
};

static void *thread_main(void *p)
{
    struct ts_thread *t = p;

    t->fn(t->ctx);
    return NULL;
}

struct ts_thread *ts_thread_start(void (*fn)(void *ctx), void *ctx)
{
    struct ts_thread *t = ts_alloc(sizeof *t);

    t->fn = fn;
    t->ctx = ctx;
    int rc = pthread_create(&t->id, NULL, thread_main, t);
    if (rc != 0) { /* as with memory: nothing sensible goes on without it */
        fprintf(stderr, "taskseq: cannot start a thread: %s\n", strerror(rc));
        _Exit(3);
    }
    return t;
}

void ts_thread_join(struct ts_thread *t)
{
    int rc = pthread_join(t->id, NULL);

    assert(rc == 0);
    (void)rc;
    ts_free(t);
}

struct ts_mutex *ts_mutex_new(void)
{
    struct ts_mutex *m = ts_alloc(sizeof *m);

    pthread_mutex_init(&m->m, NULL);
    return m;
}

void ts_mutex_free(struct ts_mutex *m)
{
    if (m) {
        pthread_mutex_destroy(&m->m);
        ts_free(m);
    }
}

void ts_mutex_lock(struct ts_mutex *m)
{
    int rc = pthread_mutex_lock(&m->m);

    assert(rc == 0);
    (void)rc;
}

void ts_mutex_unlock(struct ts_mutex *m)
{
    int rc = pthread_mutex_unlock(&m->m);

    assert(rc == 0);
    (void)rc;
}

struct ts_cond *ts_cond_new(void)
{
    struct ts_cond *c = ts_alloc(sizeof *c);

    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->c, &attr);
    pthread_condattr_destroy(&attr);
    return c;
}

void ts_cond_free(struct ts_cond *c)
{
    if (c) {
        pthread_cond_destroy(&c->c);
        ts_free(c);
    }
}

void ts_cond_wait(struct ts_cond *c, struct ts_mutex *m)
{
    pthread_cond_wait(&c->c, &m->m);
}

bool ts_cond_wait_ms(struct ts_cond *c, struct ts_mutex *m, int ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return pthread_cond_timedwait(&c->c, &m->m, &t) != ETIMEDOUT;
}

void ts_cond_signal(struct ts_cond *c)
{
    pthread_cond_signal(&c->c);
}

void ts_cond_broadcast(struct ts_cond *c)
{
    pthread_cond_broadcast(&c->c);
}
