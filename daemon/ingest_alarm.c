/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_alarm.h"

#include <stdlib.h>

#include "told/mem.h"

char *ingest_alarm_gap_text(int64_t epoch, int64_t from)
{
    return mem_printf("epoch %lld: events are missing from sequence %lld on; ask the publisher to send them again",
                      (long long)epoch, (long long)from);
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

static void alarm_greeting(struct ingest_batch *batch, const struct arrival *arrival)
{
    const struct batch_greeting *greeting = &batch->greeting;
    char *detail = NULL;

    if (!greeting->was_known)
        return;
    if (arrival->epoch >= 0 && greeting->epoch > arrival->epoch) {
        detail = mem_printf("feed %s: the publisher came with epoch %lld, known is %lld; it was refused", arrival->feed,
                            (long long)arrival->epoch, (long long)greeting->epoch);
        alarm_list_add(&batch->alarms, "epoch", arrival->source, detail, 1);
    } else if (arrival->epoch > greeting->was_epoch && arrival->peer == 0 && greeting->was_epoch > 0) {
        detail = mem_printf("feed %s: the publisher's log was rebuilt, epoch %lld after %lld; compare the two",
                            arrival->feed, (long long)arrival->epoch, (long long)greeting->was_epoch);
        alarm_list_add(&batch->alarms, "epoch", arrival->source, detail, 1);
    }
    /* "one beyond the cursor is a gap": what the publisher no longer has and we never got. */
    if (arrival->sequence > greeting->was_settled + 1 && detail == NULL && arrival->peer != 0) {
        detail = ingest_alarm_gap_text(greeting->was_epoch, greeting->was_settled + 1);
        alarm_list_add(&batch->alarms, "gap", arrival->source, detail, 1);
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
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->arrivals[i]->kind == ARRIVAL_REFUSED)
            alarm_refused(&batch->alarms, batch->arrivals[i]);
        else if (batch->arrivals[i]->kind == ARRIVAL_GREETING)
            alarm_greeting(batch, batch->arrivals[i]);
    }
}
