/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up children for the bench, each of whom makes one duty of a charge; and the charges. */
#ifndef TOLD_BENCH_CROWD_H
#define TOLD_BENCH_CROWD_H

#include <stdint.h>

#include "harness.h"

/* How the ten social workers are told. Once more: the others reach them no more. */
enum bench_crowd_reach { BENCH_CROWD_EMAIL, BENCH_CROWD_WEBHOOK };
void bench_crowd_people(struct harness *h, enum bench_crowd_reach reach);
/* Children LCS-1 … with a date of birth, a status and a social worker (one of ten, by email). */
void bench_crowd_import(struct harness *h, int children);
/* How a court names a child, and its date of birth. */
void bench_crowd_ccd(long child, char out[40]);
void bench_crowd_born(long child, char out[16]);
/* A charge of the child `number` (its own case) as CloudEvent. */
void bench_crowd_charge(struct buf *out, const char *source, long number, uint64_t sequence);
/* Notifications of duties as decide leaves them, queued for the children 1 … count, one case each; in one
 * transaction, with the NOTIFY that wakes dispatch. channel: "email" or "webhook". round: tells the cases of several calls apart. */
void bench_crowd_queue(struct harness *h, const char *channel, int count, int children, int round);

#endif
