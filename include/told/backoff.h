/* SPDX-License-Identifier: Apache-2.0 */
/* When a message is tried again. Defaults of design section 10; jitter comes from a seed, never from a clock. */
#ifndef TOLD_BACKOFF_H
#define TOLD_BACKOFF_H

#include "told/instant.h"

#include <stdbool.h>

struct backoff_policy {
    int steps_s[12];            /* waits after the 1st, 2nd … failure, seconds, 0-terminated; the last repeats */
    int uncertain_s;            /* not before this after *uncertain* */
    int jitter_percent;         /* ± */
    int other_channel_failures; /* after so many failures the other channel is used as well */
    int other_channel_s;        /* or after so long */
};

/* All of it, as it is pinned on a duty. */
struct backoff {
    struct backoff_policy immediate, ordinary;
    int longest_s; /* then a message ends failed */
};

/* What is used where the configuration says nothing else. */
extern const struct backoff_policy BACKOFF_IMMEDIATE; /* 30 s, 1, 2, 5 minutes, then every 5; uncertain 2 minutes; other channel at the first failure, or 2 minutes without an answer */
extern const struct backoff_policy BACKOFF_ORDINARY;  /* 1, 5, 15, 30, 60 minutes, then hourly; uncertain 15 minutes; other channel after 3 or 15 minutes */

#define BACKOFF_LONGEST_S (5 * 24 * 3600) /* after this a message ends failed (design section 10) */

/* failures: how many there were, at least 1. seed: the message's id. */
struct instant backoff_next(const struct backoff_policy *policy, int failures, bool uncertain, uint64_t seed, struct instant now);

/* Whether so many failures are enough for the other channel to be used as well; the first goes on. */
bool backoff_wants_other(const struct backoff_policy *policy, int failures);

const struct backoff_policy *backoff_of(const struct backoff *backoff, bool immediate);
/* As text, to be kept with a duty; the caller frees. False, with *ret untouched, for text that was not made so. */
char *backoff_print(const struct backoff *backoff);
bool backoff_parse(const char *text, struct backoff *ret);

/* The later of `next` and what the server asked for, but never so late that a deadline that is still ahead passes without
 * another try; past it, an hour at most. due_at: the earliest of what the message tells. */
struct instant backoff_wish(struct instant next, int retry_after_s, struct instant due_at, struct instant now);

#endif
