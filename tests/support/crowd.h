/* SPDX-License-Identifier: Apache-2.0 */
/* Many made-up events about a few made-up children, from a seed: what load and fault tests publish. */
#ifndef TOLD_CROWD_H
#define TOLD_CROWD_H

#include "harness.h"

#define CROWD_CHILDREN 10

/* Imports people, children (LCS-2001 …) and allocations. */
void crowd_import(struct harness *h);

struct crowd {
    unsigned seed;    /* state of the dice */
    int number;       /* events so far */
    int sequences[3]; /* of each source so far */
};
/* Writes police.ndjson, court.ndjson and yos.ndjson with the next `count` events in all, shuffled by the dice, each source
 * with contiguous sequences. */
void crowd_write(struct harness *h, struct crowd *crowd, int count);
/* Publishes the three files at once with three `toldctl publish`; the pids. */
void crowd_publish(struct harness *h, pid_t ret_pids[3]);
/* NULL when all three saw every event acknowledged, else what they said (caller frees). */
char *crowd_await(struct harness *h, const pid_t pids[3]);

/* Every duty as one line of text, in an order that does not depend on numbers; caller frees. */
char *crowd_duties(struct harness *h);
/* The same as the pure core gives it for the events stored, as `toldctl explain` would, each on its own (caller frees). */
char *crowd_expected(struct harness *h);
/* NULL when both texts have the same lines; else the lines that only one of them has (caller frees). */
char *crowd_difference(const char *one, const char *other);
/* The events stored of these sources. */
long crowd_stored(struct harness *h);
/* NULL, or what is wrong with what the mail sink wrote down: a message missing, unknown, or there more often than its
 * uncertain attempts allow (caller frees). */
char *crowd_mails_fault(struct harness *h);
/* Waits until nothing waits, is queued, claimed or due. False after timeout_ms. */
bool crowd_settle(struct harness *h, int timeout_ms);

#endif
