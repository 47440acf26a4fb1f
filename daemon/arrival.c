/* SPDX-License-Identifier: Apache-2.0 */
#include "arrival.h"

#include <stdlib.h>

#include "told/hashchain.h"
#include "told/mem.h"

struct arrival *arrival_new(enum arrival_kind kind, const char *feed, uint64_t peer)
{
    struct arrival *arrival = mem_new(sizeof *arrival);

    arrival->kind = kind;
    arrival->feed = mem_copy(feed);
    arrival->peer = peer;
    arrival->occurred_at = arrival->received_at = INSTANT_NONE;
    return arrival;
}

void arrival_free(struct arrival *arrival)
{
    if (arrival == NULL)
        return;
    free(arrival->feed);
    free(arrival->source);
    free(arrival->id);
    free(arrival->type);
    free(arrival->topic);
    free(arrival->reason);
    for (char **name = arrival->names; name != NULL && *name != NULL; name++)
        free(*name);
    free(arrival->names);
    free(arrival->bytes);
    free(arrival);
}

void arrival_refuse(struct arrival *arrival, char *reason)
{
    arrival->kind = ARRIVAL_REFUSED;
    free(arrival->reason);
    arrival->reason = reason;
    hashchain_hex(arrival->bytes, arrival->len, arrival->sha256);
}

void arrival_queue_put(struct arrival_queue *queue, struct arrival *arrival)
{
    arrival->next = NULL;
    if (queue->last != NULL)
        queue->last->next = arrival;
    else
        queue->first = arrival;
    queue->last = arrival;
    queue->count++;
    queue->bytes += arrival->len;
}

void arrival_queue_return(struct arrival_queue *queue, struct arrival_queue *front)
{
    if (front->first == NULL)
        return;
    front->last->next = queue->first;
    queue->first = front->first;
    if (queue->last == NULL)
        queue->last = front->last;
    queue->count += front->count;
    queue->bytes += front->bytes;
    *front = (struct arrival_queue){0};
}

struct arrival *arrival_queue_take(struct arrival_queue *queue)
{
    struct arrival *arrival = queue->first;

    if (arrival == NULL)
        return NULL;
    queue->first = arrival->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    queue->bytes -= arrival->len;
    arrival->next = NULL;
    return arrival;
}

void arrival_queue_recall(struct arrival_queue *queue, struct arrival_queue *ret)
{
    struct arrival_queue rest = {0};

    for (struct arrival *arrival; (arrival = arrival_queue_take(queue)) != NULL;)
        arrival_queue_put(arrival->topic != NULL ? ret : &rest, arrival);
    *queue = rest;
}

void arrival_queue_release(struct arrival_queue *queue)
{
    for (struct arrival *arrival; (arrival = arrival_queue_take(queue)) != NULL;)
        arrival_free(arrival);
}
