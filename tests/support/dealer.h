/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher by hand: a raw DEALER that says exactly what a test tells it to, right or wrong. */
#ifndef TOLD_DEALER_H
#define TOLD_DEALER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness.h"

struct dealer;

struct dealer *dealer_open(const struct harness *h, const char *feed); /* with the feed's own key */
struct dealer *dealer_open_stranger(const struct harness *h);          /* with a key nobody knows */
struct dealer *dealer_open_key(const struct harness *h, const char *secret_path); /* with the key of that file */
struct dealer *dealer_open_plain(const struct harness *h);             /* without any */
void dealer_close(struct dealer *dealer);                              /* NULL is fine */

void dealer_say(struct dealer *dealer, const char *verb, const char *body);
void dealer_say_bytes(struct dealer *dealer, const char *verb, const void *body, size_t len);
void dealer_say_frames(struct dealer *dealer, size_t count, const char *frame);
void dealer_hello(struct dealer *dealer, const char *source, int64_t epoch, uint64_t first_unacked);
/* A police.charge of nobody in particular; sequence 0: none. `offence` is what makes two of one id differ. */
void dealer_event(struct dealer *dealer, const char *source, const char *id, uint64_t sequence, const char *offence);
char *dealer_event_text(const char *source, const char *id, uint64_t sequence, const char *offence); /* caller frees */

/* The body of the next message, which must be of that verb: PING is passed over. NULL when another comes or none within
 * ten seconds (a message to stderr says which). The caller decrefs. */
json_t *dealer_hear(struct dealer *dealer, const char *verb);
bool dealer_hears_nothing(struct dealer *dealer, int within_ms);
bool dealer_hears_ping(struct dealer *dealer, int timeout_ms); /* whatever comes before it */
/* The body of the next message that is no PING, whatever its verb; verb "" and NULL when none came. */
json_t *dealer_next(struct dealer *dealer, int timeout_ms, char verb[static 16]);
/* Until a message of that verb comes, whatever comes before it. */
json_t *dealer_await(struct dealer *dealer, const char *verb, int timeout_ms);

#endif
