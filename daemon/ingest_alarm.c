/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_alarm.h"

#include <stdlib.h>

#include "told/mem.h"

void ingest_alarm_gap(struct alarm_list *alarms, struct gap_list *gaps, const struct gap *gap)
{
    char *detail = gap_text(gap);

    alarm_list_add(alarms, "gap", gap->source, detail, 1);
    gap_list_add(gaps, gap);
    free(detail);
}

static void alarm_refused(struct alarm_list *alarms, const struct arrival *arrival)
{
    char *detail = arrival->freezes
                       ? mem_printf("feed %s is frozen, its events are held: %s; both bodies are kept", arrival->feed,
                                    arrival->reason)
                       : mem_printf("feed %s sent what had to be quarantined, last: %s", arrival->feed, arrival->reason);

    alarm_list_add(alarms, arrival->freezes ? "equivocation" : "quarantine", arrival->feed, detail, 1);
    free(detail);
}

/* A broadcast that comes with a higher epoch: how far the old one went, nobody says. */
static void alarm_rebuilt(struct ingest_batch *batch, const struct arrival *arrival)
{
    const struct batch_greeting *greeting = &batch->greeting;
    struct gap gap = {.feed = arrival->feed, .source = arrival->source, .reason = "epoch", .epoch = greeting->was_epoch,
                      .first = greeting->was_settled + 1, .last = GAP_END_UNKNOWN};
    char *detail = mem_printf("feed %s: the publisher's log was rebuilt, epoch %lld after %lld; compare the two",
                              arrival->feed, (long long)arrival->epoch, (long long)greeting->was_epoch);

    alarm_list_add(&batch->alarms, "epoch", arrival->source, detail, 1);
    ingest_alarm_gap(&batch->alarms, &batch->gaps, &gap);
    free(detail);
}

static void alarm_greeting(struct ingest_batch *batch, const struct arrival *arrival)
{
    const struct batch_greeting *greeting = &batch->greeting;
    struct gap gap = {.feed = arrival->feed, .source = arrival->source, .reason = "oldest", .epoch = greeting->was_epoch,
                      .first = greeting->was_settled + 1, .last = arrival->sequence - 1};
    char *detail = NULL;

    if (!greeting->was_known)
        return;
    if (arrival->epoch >= 0 && greeting->epoch > arrival->epoch) {
        detail = mem_printf("feed %s: the publisher came with epoch %lld, known is %lld; it was refused", arrival->feed,
                            (long long)arrival->epoch, (long long)greeting->epoch);
        alarm_list_add(&batch->alarms, "epoch", arrival->source, detail, 1);
    } else if (arrival->epoch > greeting->was_epoch && arrival->peer == 0 && greeting->was_epoch > 0) {
        alarm_rebuilt(batch, arrival);
    } else if (arrival->epoch == greeting->was_epoch && arrival->sequence > greeting->was_settled + 1 && arrival->peer != 0) {
        /* "one beyond the cursor is a gap": what the publisher no longer has and we never got. */
        ingest_alarm_gap(&batch->alarms, &batch->gaps, &gap);
    }
    free(detail);
}

void ingest_alarm_collect(struct ingest_batch *batch)
{
    alarm_list_release(&batch->alarms);
    for (size_t i = 0; i < batch->given.count; i++) {
        const struct alarm *alarm = &batch->given.alarms[i];

        alarm_list_add(&batch->alarms, alarm->kind, alarm->key, alarm->detail, alarm->count);
    }
    gap_list_release(&batch->gaps);
    for (size_t i = 0; i < batch->given_gaps.count; i++)
        gap_list_add(&batch->gaps, &batch->given_gaps.gaps[i]);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->arrivals[i]->kind == ARRIVAL_REFUSED)
            alarm_refused(&batch->alarms, batch->arrivals[i]);
        else if (batch->arrivals[i]->kind == ARRIVAL_GREETING)
            alarm_greeting(batch, batch->arrivals[i]);
    }
}
