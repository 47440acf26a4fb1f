/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "told/mem.h"

struct clock {
    pthread_mutex_t lock;
    bool is_story;
    struct instant told_from, real_from;
    double rate;
    struct instant last; /* told's time as last given out: it never goes back; none before the first */
};

/* Real time as last given out. One clock hangs on the wall of a process, so this one stands in the file. */
static struct {
    pthread_mutex_t lock;
    int64_t real_ns;
    int64_t monotonic_ns;
} wall = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum { NS_PER_US = 1000, NS_PER_MS = 1000000 };
#define NS_PER_S INT64_C(1000000000)

static int64_t clock_ns(clockid_t id)
{
    struct timespec at;

    if (clock_gettime(id, &at) != 0)
        abort(); /* only possible with a clock the kernel lacks */
    return (int64_t)at.tv_sec * NS_PER_S + at.tv_nsec;
}

/* UTC of the machine, but monotonic: when somebody sets it back, time here goes on at half speed until they meet. */
struct instant clock_real(void)
{
    int64_t real_ns, monotonic_ns, slowest_ns;

    pthread_mutex_lock(&wall.lock);
    real_ns = clock_ns(CLOCK_REALTIME);
    monotonic_ns = clock_ns(CLOCK_MONOTONIC);
    slowest_ns = wall.real_ns + (monotonic_ns - wall.monotonic_ns) / 2;
    if (wall.real_ns > 0 && real_ns < slowest_ns)
        real_ns = slowest_ns;
    wall.real_ns = real_ns;
    wall.monotonic_ns = monotonic_ns;
    pthread_mutex_unlock(&wall.lock);
    return (struct instant){real_ns / NS_PER_US};
}

int64_t clock_monotonic_ms(void)
{
    return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

struct clock *clock_new(void)
{
    struct clock *clock = mem_new(sizeof *clock);

    pthread_mutex_init(&clock->lock, NULL);
    clock->last = INSTANT_NONE;
    return clock;
}

void clock_free(struct clock *clock)
{
    if (clock == NULL)
        return;
    pthread_mutex_destroy(&clock->lock);
    free(clock);
}

/* Under the lock. */
static struct instant clock_story_at(const struct clock *clock, struct instant real)
{
    double elapsed_us = (double)(real.us - clock->real_from.us) * clock->rate;

    return (struct instant){clock->told_from.us + (int64_t)llround(elapsed_us)};
}

struct instant clock_told(struct clock *clock)
{
    struct instant now = clock_real();

    pthread_mutex_lock(&clock->lock);
    if (clock->is_story) {
        now = clock_story_at(clock, now);
        if (instant_compare(now, clock->last) < 0)
            now = clock->last;
        clock->last = now;
    }
    pthread_mutex_unlock(&clock->lock);
    return now;
}

void clock_follow(struct clock *clock, struct instant told_from, struct instant real_from, double rate)
{
    if (instant_is_none(told_from) || instant_is_none(real_from) || !isfinite(rate) || rate < 0)
        return; /* the table's own checks refuse such a row */
    pthread_mutex_lock(&clock->lock);
    clock->is_story = true;
    clock->told_from = told_from;
    clock->real_from = real_from;
    clock->rate = rate;
    pthread_mutex_unlock(&clock->lock);
}

bool clock_is_story(struct clock *clock)
{
    bool is_story;

    pthread_mutex_lock(&clock->lock);
    is_story = clock->is_story;
    pthread_mutex_unlock(&clock->lock);
    return is_story;
}

int64_t clock_ms_until(struct clock *clock, struct instant told_at)
{
    int64_t ms = instant_ms_between(clock_told(clock), told_at);

    if (ms <= 0)
        return 0;
    pthread_mutex_lock(&clock->lock);
    if (clock->is_story) {
        double real_ms = clock->rate > 0 ? ceil((double)ms / clock->rate) : (double)CLOCK_FAR_MS;

        ms = real_ms < (double)CLOCK_FAR_MS ? (int64_t)real_ms : CLOCK_FAR_MS;
    }
    pthread_mutex_unlock(&clock->lock);
    return ms < CLOCK_FAR_MS ? ms : CLOCK_FAR_MS;
}
