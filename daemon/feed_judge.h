/* SPDX-License-Identifier: Apache-2.0 */
/* A body becomes an arrival: an event its feed may send, or a refusal with the reason. The same for every kind of feed. */
#ifndef TOLD_FEED_JUDGE_H
#define TOLD_FEED_JUDGE_H

#include "arrival.h"
#include "config.h"

bool feed_judge_source(const struct config_feed *feed, const char *source);
bool feed_judge_type(const struct config_feed *feed, const char *type);

/* Never NULL. topic: of a broadcast, else NULL. The bytes are copied. The reason names what is wrong and where, never a
 * value found. Of a refusal, source, id and sequence are filled in as far as they can be read. */
struct arrival *feed_judge_body(const struct config_feed *feed, const char *topic, const char *bytes, size_t len);
/* A refusal of something that is no body at all: its first bytes are kept. */
struct arrival *feed_judge_debris(const struct config_feed *feed, const char *bytes, size_t len, const char *reason);

#endif
