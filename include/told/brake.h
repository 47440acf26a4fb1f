/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fan-out brake: when what a message or a feed makes is more than can be believed. Pure: the counts are
 * parameters. What is over is held for a person; immediate duties are told all the same.
 */
#ifndef TOLD_BRAKE_H
#define TOLD_BRAKE_H

#include <stdbool.h>

struct brake_policy {
    int message_most;  /* duties one arriving message may make: 20 */
    int hour_most;     /* duties a feed may always make in an hour: 50 */
    int busiest_times; /* and as many times those of its busiest hour: 5 */
    int busiest_days;  /* in so many days before: 28 */
};

struct brake_load {
    long message; /* made before by the same arriving message */
    long hour;    /* made before by the same feed, of what it sent in the same hour */
    long busiest; /* made in the busiest hour that counts */
};

enum brake_verdict {
    BRAKE_FREE,
    BRAKE_MESSAGE, /* the message is held */
    BRAKE_HOUR,    /* the feed is held */
};

/* Whether `adds` duties more are too many. A message that is too many by itself says nothing of its feed. */
enum brake_verdict brake_judge(const struct brake_policy *policy, const struct brake_load *load, long adds);
/* How many a feed may make in an hour. */
long brake_limit(const struct brake_policy *policy, long busiest);
/* How many may still come before either is too many; never negative. */
long brake_room(const struct brake_policy *policy, const struct brake_load *load);
/* The numbers behind a verdict, for the operators; the caller frees. */
char *brake_text(const struct brake_policy *policy, const struct brake_load *load, long adds, enum brake_verdict verdict);

#endif
