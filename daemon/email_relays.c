/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   submit ──▶ the pool of the first relay that is alive ──▶ done ──▶ its destination learns
 *                       ▲                                              │
 *                       └── the next relay, same attempt ◀─────────────┤ the relay's trouble, nothing can have arrived
 *                                                        outcomes ◀────┘ all else
 *
 * Used by one thread; the pools have their own.
 */
#include "email_relays.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "told/mem.h"

enum {
    PROBE_FIRST_MS = 1000,
    PROBE_MOST_MS = 60000,
    DEAD_AFTER = 3, /* where there is no other relay; where there is one, at the first */
    TAKE_MOST = 64,
};

struct relay {
    struct email_pool *pool;
    char *name;
    struct destination_policy policy;
    struct destination destination;
    bool changed;
};

struct email_relays {
    struct relay *list;
    size_t count;
    struct outcome *given_back; /* of those whose relay died before they were begun, with no other left */
    size_t given_count, given_room;
    bool stopping, is_served;
};

static bool start_relay(struct relay *relay, const struct email_relay *from, bool is_only, int wake_fd,
                        const char **ret_reason)
{
    relay->pool = email_pool_start(from, wake_fd, ret_reason);
    if (relay->pool == NULL)
        return false;
    relay->name = mem_copy(from->name != NULL ? from->name : "relay");
    relay->policy = (struct destination_policy){.initial = 1,
                                                .most = from->senders,
                                                .dead_after = is_only ? DEAD_AFTER : 1,
                                                .probe_first_ms = PROBE_FIRST_MS,
                                                .probe_most_ms = PROBE_MOST_MS};
    destination_init(&relay->destination, &relay->policy);
    email_pool_limit(relay->pool, (size_t)relay->destination.concurrency);
    relay->changed = true;
    return true;
}

struct email_relays *email_relays_start(const struct email_relay *relays, size_t count, int wake_fd, const char **ret_reason)
{
    struct email_relays *all = mem_new(sizeof *all);

    all->list = mem_new(count * sizeof *all->list);
    for (; all->count < count; all->count++)
        if (!start_relay(&all->list[all->count], &relays[all->count], count == 1, wake_fd, ret_reason)) {
            email_relays_free(all);
            return NULL;
        }
    return all;
}

/* ---- which one ---- */

static struct relay *first_alive(struct email_relays *all, unsigned tried)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].destination.state == DESTINATION_ALIVE && (tried & 1U << i) == 0)
            return &all->list[i];
    return NULL;
}

static void send_probes(struct email_relays *all)
{
    int64_t now_ms = clock_monotonic_ms();

    for (size_t i = 0; i < all->count; i++) {
        struct email_job job = {.probe = true};

        if (destination_wants_probe(&all->list[i].destination, now_ms) && email_pool_hand_over(all->list[i].pool, &job))
            destination_probe(&all->list[i].destination);
    }
}

size_t email_relays_free_slots(struct email_relays *all)
{
    struct relay *relay;

    if (all->stopping)
        return 0;
    send_probes(all);
    relay = first_alive(all, 0);
    return relay != NULL ? email_pool_free_slots(relay->pool) : 0;
}

bool email_relays_submit(struct email_relays *all, const struct email_job *job)
{
    struct relay *relay = first_alive(all, 0);

    return relay != NULL && email_pool_submit(relay->pool, job);
}

/* ---- what came of it ---- */

static void give_back(struct email_relays *all, const struct email_job *job)
{
    if (all->given_count == all->given_room) {
        all->given_room = all->given_room * 2 + 16;
        all->given_back = mem_grow(all->given_back, all->given_room, sizeof *all->given_back);
    }
    all->given_back[all->given_count++] = (struct outcome){
        .message_id = job->message_id, .fence = job->fence, .reply.reason = "its relay is in trouble and was not tried"};
}

/* Those that wait for a sender of a relay that has died go to the next one, or back. */
static void move_waiting(struct email_relays *all, struct relay *from)
{
    struct email_job job;

    while (email_pool_withdraw(from->pool, &job)) {
        struct relay *to = first_alive(all, job.tried);

        if (!job.probe && (to == NULL || !email_pool_hand_over(to->pool, &job)))
            give_back(all, &job);
        email_job_release(&job);
    }
}

static void learn(struct email_relays *all, struct relay *relay, const struct email_done *done)
{
    const struct reply *reply = &done->outcome.reply;
    bool changed = false, was_alive = relay->destination.state == DESTINATION_ALIVE;

    if (!done->outcome.begun || all->stopping)
        return; /* what is given up at a stop says nothing of anybody */
    if (reply->trouble) {
        changed = destination_failure(&relay->destination, reply->reason, done->job.probe, clock_monotonic_ms());
    } else if (done->outcome.code != 0) {
        changed = destination_success(&relay->destination);
        all->is_served = true;
    }
    relay->changed = relay->changed || changed;
    if (!changed)
        return;
    email_pool_limit(relay->pool, (size_t)relay->destination.concurrency);
    /* Only as it dies: later its probe may be among those that wait. */
    if (was_alive && relay->destination.state == DESTINATION_DEAD)
        move_waiting(all, relay);
}

/* Nothing of it can have arrived, so that another relay may have it in the same attempt. */
static bool fail_over(struct email_relays *all, size_t index, struct email_done *done)
{
    const struct reply *reply = &done->outcome.reply;
    struct relay *next;

    if (all->stopping || !done->outcome.begun || !reply->trouble || reply->uncertain ||
        reply->outcome != REPLY_TEMPFAIL)
        return false;
    done->job.tried |= 1U << index;
    next = first_alive(all, done->job.tried);
    return next != NULL && email_pool_hand_over(next->pool, &done->job);
}

static size_t take_relay(struct email_relays *all, size_t index, struct outcome *outcomes, size_t most)
{
    struct relay *relay = &all->list[index];
    struct email_done done[TAKE_MOST];
    size_t count = email_pool_take(relay->pool, done, most < TAKE_MOST ? most : TAKE_MOST), kept = 0;

    for (size_t i = 0; i < count; i++) {
        learn(all, relay, &done[i]);
        if (!done[i].job.probe && !fail_over(all, index, &done[i])) {
            snprintf(done[i].outcome.destination, sizeof done[i].outcome.destination, "%s", relay->name);
            outcomes[kept++] = done[i].outcome;
        }
        email_job_release(&done[i].job);
    }
    return kept;
}

size_t email_relays_take(struct email_relays *all, struct outcome *outcomes, size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++)
        count += take_relay(all, i, outcomes + count, most - count);
    for (; all->given_count > 0 && count < most; all->given_count--)
        outcomes[count++] = all->given_back[all->given_count - 1];
    return count;
}

/* ---- the end ---- */

void email_relays_stop(struct email_relays *all, int wait_s)
{
    int64_t until_ms = clock_monotonic_ms() + (int64_t)wait_s * 1000;

    all->stopping = true;
    for (size_t i = 0; i < all->count; i++) {
        int64_t left_ms = until_ms - clock_monotonic_ms();

        email_pool_stop(all->list[i].pool, left_ms > 0 ? (int)((left_ms + 999) / 1000) : 0);
    }
}

void email_relays_free(struct email_relays *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->count; i++) {
        email_pool_free(all->list[i].pool);
        free(all->list[i].name);
    }
    free(all->list);
    free(all->given_back);
    free(all);
}

/* ---- what is shown ---- */

enum email_relays_state email_relays_state(const struct email_relays *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].destination.state == DESTINATION_ALIVE)
            return all->is_served ? EMAIL_RELAYS_SERVED : EMAIL_RELAYS_UNTRIED;
    return EMAIL_RELAYS_DEAD;
}

size_t email_relays_count(const struct email_relays *all)
{
    return all->count;
}

const char *email_relays_name(const struct email_relays *all, size_t index)
{
    return all->list[index].name;
}

const struct destination *email_relays_destination(const struct email_relays *all, size_t index)
{
    return &all->list[index].destination;
}

bool email_relays_changed(struct email_relays *all, size_t index)
{
    bool changed = all->list[index].changed;

    all->list[index].changed = false;
    return changed;
}
