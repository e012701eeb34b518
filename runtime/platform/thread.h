/* thread.h - threads, a mutex, a condition. */
#ifndef TS_PLATFORM_THREAD_H
#define TS_PLATFORM_THREAD_H

#include <stdbool.h>

struct ts_thread;
struct ts_mutex;
struct ts_cond;

struct ts_thread *ts_thread_start(void (*fn)(void *ctx), void *ctx); /* never NULL */
void ts_thread_join(struct ts_thread *t); /* waits and frees */
struct ts_mutex *ts_mutex_new(void);
void ts_mutex_free(struct ts_mutex *m);
void ts_mutex_lock(struct ts_mutex *m);
void ts_mutex_unlock(struct ts_mutex *m);
struct ts_cond *ts_cond_new(void);
void ts_cond_free(struct ts_cond *c);
void ts_cond_wait(struct ts_cond *c, struct ts_mutex *m);
/* The same for at most `ms` milliseconds (monotonic clock).  False: the time was up. */
bool ts_cond_wait_ms(struct ts_cond *c, struct ts_mutex *m, int ms);
void ts_cond_signal(struct ts_cond *c);
void ts_cond_broadcast(struct ts_cond *c);

#endif
