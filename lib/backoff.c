/* SPDX-License-Identifier: Apache-2.0 */
#include "told/backoff.h"

#include <stddef.h>

const struct backoff_policy BACKOFF_IMMEDIATE = {
    .steps_s = {30, 60, 120, 300},
    .uncertain_s = 120,
    .jitter_percent = 20,
    .other_channel_failures = 1,
    .other_channel_s = 120, /* a server that is silent for so long has failed, whatever its patience */
};

const struct backoff_policy BACKOFF_ORDINARY = {
    .steps_s = {60, 300, 900, 1800, 3600},
    .uncertain_s = 900,
    .jitter_percent = 20,
    .other_channel_failures = 3,
    .other_channel_s = 900,
};

/* The wait after so many failures; the last one of the list repeats. */
static int64_t step_ms(const struct backoff_policy *policy, int failures)
{
    size_t most = sizeof policy->steps_s / sizeof policy->steps_s[0];
    int wait_s = 1; /* a policy without steps must not make a hot loop */

    for (size_t i = 0; i < most && policy->steps_s[i] > 0; i++) {
        wait_s = policy->steps_s[i];
        if (failures <= (int)i + 1)
            break;
    }
    return (int64_t)wait_s * 1000;
}

const struct backoff_policy *backoff_of(const struct backoff *backoff, bool immediate)
{
    return immediate ? &backoff->immediate : &backoff->ordinary;
}

/* splitmix64 (Steele, Lea, Flood 2014): two seeds that differ in one bit land far apart. */
static uint64_t spread(uint64_t seed)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    seed = (seed ^ (seed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    seed = (seed ^ (seed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return seed ^ (seed >> 31);
}

struct instant backoff_next(const struct backoff_policy *policy, int failures, bool uncertain, uint64_t seed,
                            struct instant now)
{
    int64_t wait = step_ms(policy, failures);
    int64_t floor = uncertain ? (int64_t)policy->uncertain_s * 1000 : 0;
    if (wait < floor)
        wait = floor;

    /* Each failure of each message gets its own draw, or a thousand messages that failed together stay
     * together. */
    uint64_t draw = spread(seed ^ spread((uint64_t)(failures > 0 ? failures : 1)));
    int64_t reach = wait * policy->jitter_percent / 100;
    int64_t jittered = wait - reach + (int64_t)(draw % (uint64_t)(2 * reach + 1));

    /* "Not before" holds whatever the jitter says; so there it only adds, or all would come at the floor
     * itself. */
    if (jittered < floor)
        jittered = floor + (floor - jittered);
    return instant_add_ms(now, jittered);
}

bool backoff_wants_other(const struct backoff_policy *policy, int failures)
{
    return failures >= policy->other_channel_failures;
}

#define BEFORE_DUE_S 60      /* the last try before a deadline leaves the server a minute to take it */
#define PAST_DUE_MOST_S 3600 /* and past it, nobody may silence us for longer */

struct instant backoff_wish(struct instant next, int retry_after_s, struct instant due_at, struct instant now)
{
    bool is_past = instant_compare(due_at, now) <= 0;
    struct instant wish = instant_add_seconds(now, retry_after_s),
                   last = is_past ? instant_add_seconds(now, PAST_DUE_MOST_S) : instant_add_seconds(due_at, -BEFORE_DUE_S);

    if (instant_compare(wish, last) > 0)
        wish = last;
    return instant_compare(wish, next) > 0 ? wish : next;
}
