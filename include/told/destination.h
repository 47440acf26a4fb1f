/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a destination is given at a time: little at first, more with each success, less with each failure, nothing once
 * it is dead but a probe now and then. The idea is Postfix's scheduler (SCHEDULER_README, "cohorts"): only what says
 * something of the destination itself counts, never a refused recipient.
 */
#ifndef TOLD_DESTINATION_H
#define TOLD_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum destination_state {
    DESTINATION_ALIVE,
    DESTINATION_DEAD,
};

struct destination_policy {
    int initial;        /* at a time, at first and after a death; at least 1 */
    int most;           /* at a time, ever */
    int dead_after;     /* failures in a row */
    int probe_first_ms; /* wait before the first probe; each one that fails doubles it */
    int probe_most_ms;
};

struct destination {
    const struct destination_policy *policy; /* borrowed */
    enum destination_state state;
    int concurrency;
    int failures;           /* in a row */
    const char *error;      /* of the last failure, static text; NULL: none since it is alive */
    int64_t probe_at_ms;    /* while dead */
    const char *last_error; /* the same, kept when it is well again; and when that was */
    int64_t last_error_ms;
    /* its own */
    int successes; /* since the last change of concurrency */
    bool had_failure;
    bool probing;
    int probe_wait_ms;
};

void destination_init(struct destination *d, const struct destination_policy *policy);
/* How many more may be begun beside those in flight. */
size_t destination_room(const struct destination *d, size_t in_flight);
/* Whether a probe is due: one at a time. Whoever sends it says so first. now_ms: of a clock that does not go back. */
bool destination_wants_probe(const struct destination *d, int64_t now_ms);
void destination_probe(struct destination *d);
/* What came of a try or a probe: that it was served, or why not (static text). True if what is shown of it is another
 * now: state, concurrency or error. */
bool destination_success(struct destination *d);
bool destination_failure(struct destination *d, const char *error, bool was_probe, int64_t now_ms);
/* What concerns it and yet says that it answers: a wrong address, a login it refuses. */
void destination_note(struct destination *d, const char *error, int64_t now_ms);
/* Somebody else has found it dead, or well again: the one waits for a probe, the other lets it through at once. True if it
 * was not known. */
bool destination_hear_dead(struct destination *d, const char *error, int64_t now_ms);
bool destination_hear_alive(struct destination *d, int64_t now_ms);
const char *destination_state_text(enum destination_state state); /* "alive" "dead" */

#endif
