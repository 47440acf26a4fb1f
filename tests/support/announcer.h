/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher of the harness's broadcast feed: a PUB socket that says what a test tells it to, and a log that a thread of
 * its own repeats over the replay channel. What is only logged was lost on the way.
 */
#ifndef TOLD_ANNOUNCER_H
#define TOLD_ANNOUNCER_H

#include "harness.h"

struct announcer;

struct announcer *announcer_open(struct harness *h, bool has_replay);
void announcer_close(struct announcer *announcer); /* NULL is fine */
void announcer_await_subscriber(struct announcer *announcer);

void announcer_publish(struct announcer *announcer, const char *topic, const char *body);
void announcer_event(struct announcer *announcer, const char *source, const char *id, uint64_t sequence); /* heard only */
/* An event of announcer_event's kind: into the log; and published too. */
void announcer_log(struct announcer *announcer, const char *source, int64_t epoch, const char *id, uint64_t sequence);
void announcer_say(struct announcer *announcer, const char *source, int64_t epoch, const char *id, uint64_t sequence);
/* A body of the caller's, of that type. */
void announcer_log_text(struct announcer *announcer, const char *source, int64_t epoch, uint64_t sequence, const char *text);
void announcer_beacon(struct announcer *announcer, const char *source, int64_t epoch, uint64_t last, uint64_t oldest);
void announcer_trim(struct announcer *announcer, const char *source, uint64_t below); /* the log loses its beginning */
void announcer_ignore(struct announcer *announcer, const char *source); /* no GET of it is answered; NULL: all are */

uint64_t announcer_confirmed(struct announcer *announcer, const char *source); /* 0: nothing yet */
long announcer_asked(struct announcer *announcer); /* how many GETs so far */

#endif
