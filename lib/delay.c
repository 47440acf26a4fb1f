/* SPDX-License-Identifier: Apache-2.0 */
#include "told/delay.h"

#include "told/buf.h"

#define HOUR_MS INT64_C(3600000)
#define SENDER_MS (24 * HOUR_MS) /* less than this on the way is no news */
#define TOLD_MS HOUR_MS

static void add_time(struct buf *out, struct instant at)
{
    char day[CIVIL_TEXT_SIZE];
    int minute = civil_minute_of(at);

    buf_printf(out, "%s %02d:%02d", civil_print(civil_day_of(at), day), minute / 60, minute % 60);
}

/* Whole units, the largest of which there are two. */
static void add_span(struct buf *out, int64_t ms)
{
    if (ms >= 48 * HOUR_MS)
        buf_printf(out, "%lld days", (long long)(ms / (24 * HOUR_MS)));
    else if (ms >= 2 * HOUR_MS)
        buf_printf(out, "%lld hours", (long long)(ms / HOUR_MS));
    else if (ms >= 120000)
        buf_printf(out, "%lld minutes", (long long)(ms / 60000));
    else
        buf_text(out, "less than two minutes");
}

char *delay_text(const struct delay_times *t)
{
    int64_t sender = instant_ms_between(t->happened, t->received), own = instant_ms_between(t->received, t->opened);
    bool overdue = instant_compare(t->due, t->opened) < 0;
    struct buf b = {0};

    if (sender < SENDER_MS && own < TOLD_MS && !overdue)
        return NULL;
    buf_text(&b, DELAY_BEGINS);
    add_time(&b, t->happened);
    if (!instant_is_none(t->recorded)) {
        buf_text(&b, ", recorded by the sender ");
        add_time(&b, t->recorded);
    }
    buf_text(&b, ", received ");
    add_time(&b, t->received);
    if (sender > 0) { /* what is said to happen later was announced in time */
        buf_text(&b, ": ");
        add_span(&b, sender);
        buf_text(&b, " of delay were the sender's");
    }
    if (own >= TOLD_MS) {
        buf_text(&b, "; decided ");
        add_time(&b, t->opened);
        buf_text(&b, ": ");
        add_span(&b, own);
        buf_text(&b, " of delay were told's, a hold, a question or a fact that came late among them");
    }
    if (overdue)
        buf_text(&b, "; already overdue when it opened");
    return buf_take(&b);
}
