/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_drain.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_crowd.h"
#include "bench_feed.h"

enum { LONGEST_MS = 60000, LOOK_MS = 5 };

/* Whether there is any, by small indexes: whoever looks must not be what is measured. */
static const char LEFT[] = "SELECT EXISTS (SELECT FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
                           " OR EXISTS (SELECT FROM told.message WHERE state = 'claimed')"
                           " OR EXISTS (SELECT FROM told.message WHERE state = 'waiting')";

static bool is_left(struct harness *h)
{
    char *left = harness_value(h, LEFT);
    bool is = strcmp(left, "t") == 0;

    free(left);
    return is;
}

double bench_drain(struct harness *h, const char *channel, int count, int children, int round, int64_t *ret_from_us)
{
    int64_t from_us, end_us;

    PQclear(harness_query(h, "CHECKPOINT"));
    bench_crowd_queue(h, channel, count, children, round);
    from_us = bench_feed_now_us();
    while (is_left(h) && bench_feed_now_us() - from_us < LONGEST_MS * 1000LL)
        poll(NULL, 0, LOOK_MS);
    end_us = bench_feed_now_us();
    if (harness_count(h, "SELECT count(*) FROM told.notification WHERE state <> 'sent'") > 0) {
        char *log = harness_log(h);

        fprintf(stderr, "bench: not every message was accepted; told said:\n%s\n", log);
        abort();
    }
    if (ret_from_us != NULL)
        *ret_from_us = from_us;
    return count * 1e6 / (double)(end_us - from_us);
}
