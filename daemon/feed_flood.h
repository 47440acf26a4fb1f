/* SPDX-License-Identifier: Apache-2.0 */
/* How many bodies of each key had to be quarantined within the last hour. */
#ifndef TOLD_FEED_FLOOD_H
#define TOLD_FEED_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

enum { FEED_FLOOD_MOST = 100 }; /* in an hour (wire.md); one more and the key is dropped */

enum feed_flood_verdict {
    FEED_FLOOD_CALM,
    FEED_FLOOD_BEGINS, /* this one is beyond the limit: still kept, then the key is dropped */
    FEED_FLOOD_GOES_ON, /* the limit was passed before: not even kept */
};

struct feed_flood;

struct feed_flood *feed_flood_new(void);
void feed_flood_free(struct feed_flood *flood);
/* One more of this key. What goes on is not counted, so that an hour after the last one counted it is calm again. */
enum feed_flood_verdict feed_flood_count(struct feed_flood *flood, const char *key, int64_t now_ms);

#endif
