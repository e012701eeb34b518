/* clock.h - time. */
#ifndef TS_PLATFORM_CLOCK_H
#define TS_PLATFORM_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t ts_now_ms(void);  /* milliseconds since 1970 UTC */
int64_t ts_mono_ns(void); /* monotonic, nanoseconds */
void ts_sleep_ms(int64_t ms); /* wakes early when cancelled */
/* "2026-11-23T01:29:40.123Z" */
void ts_time_rfc3339(char out[32], int64_t ms);
/* Parts of local time and the bias in minutes (UTC = local + bias), for CMTrace. */
struct ts_local {
    int year, month, day, hour, minute, second, ms, bias_min;
};
void ts_time_local(struct ts_local *out, int64_t ms);
void ts_random_bytes(void *p, size_t n); /* from the system; aborts if it cannot */
void ts_random_id(char out[33]);         /* 128 random bits as hex */

#endif
