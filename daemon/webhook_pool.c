/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_pool.h"

#include "clock.h"
#include "told/mem.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define FDS_MOST 16 /* the caller's own, beside libcurl's */

/* As slow as is polite to an endpoint that struggles, as quick as people wait for it to come back. */
static const struct destination_policy POLICY = {
    .initial = 8, .most = 64, .dead_after = 5, .probe_first_ms = 1000, .probe_most_ms = 60000};

#define HEARD "found dead by another told, or before the last start"

struct fare {
    struct destination destination;
    size_t in_flight;
    bool changed, has_opened;
    int64_t served_ms; /* when it last took something from us, monotonic; 0: never */
};

struct flight {
    struct channel_webhook *request; /* owned, added to multi */
    size_t endpoint;
    bool is_probe;
};

struct webhook_pool {
    struct webhook_endpoint *endpoints; /* owned copies */
    struct fare *fares;                 /* of each */
    size_t endpoint_count;
    CURLM *multi;
    struct flight *flights;
    size_t in_flight, in_flight_most;
    struct outcome *outcomes;
    size_t outcome_count, outcome_room;
    bool stopping;
};

static void put_outcome(struct webhook_pool *pool, const struct outcome *outcome)
{
    if (pool->outcome_count == pool->outcome_room) {
        pool->outcome_room = pool->outcome_room ? pool->outcome_room * 2 : 16;
        pool->outcomes = mem_grow(pool->outcomes, pool->outcome_room, sizeof *pool->outcomes);
    }
    pool->outcomes[pool->outcome_count++] = *outcome;
}

struct webhook_pool *webhook_pool_start(const struct webhook_endpoint *endpoints, size_t count,
                                        size_t in_flight_most, const char **ret_reason)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = webhook_endpoint_validate(&endpoints[i], true);
        if (fault) {
            *ret_reason = fault;
            return NULL;
        }
    }
    CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    if (!multi) {
        *ret_reason = "libcurl could not be started";
        return NULL;
    }
    struct webhook_pool *pool = mem_new(sizeof *pool);
    pool->multi = multi;
    pool->endpoint_count = count;
    pool->endpoints = mem_new((count + 1) * sizeof *pool->endpoints);
    for (size_t i = 0; i < count; i++)
        webhook_endpoint_copy(&pool->endpoints[i], &endpoints[i]);
    pool->fares = mem_new((count + 1) * sizeof *pool->fares);
    for (size_t i = 0; i < count; i++) {
        destination_init(&pool->fares[i].destination, &POLICY);
        pool->fares[i].changed = true;
    }
    pool->in_flight_most = in_flight_most;
    pool->flights = mem_new((in_flight_most + 1) * sizeof *pool->flights);
    return pool;
}

size_t webhook_pool_free_slots(const struct webhook_pool *pool)
{
    return pool->stopping ? 0 : pool->in_flight_most - pool->in_flight;
}

/* SIZE_MAX is no endpoint: the configuration has changed since the message was written. */
static struct channel_webhook *make_request(struct webhook_pool *pool, const struct webhook_job *job,
                                            struct outcome *ret)
{
    if (job->endpoint < pool->endpoint_count)
        return channel_webhook_new(&pool->endpoints[job->endpoint], job, ret);
    *ret = (struct outcome){.message_id = job->message_id, .fence = job->fence, .begun = true};
    ret->reply = (struct reply){.outcome = REPLY_PERMFAIL, .reason = "no such endpoint in the configuration"};
    return NULL;
}

static void take_off(struct webhook_pool *pool, struct channel_webhook *request, size_t endpoint)
{
    struct fare *fare = &pool->fares[endpoint];
    bool is_probe = destination_wants_probe(&fare->destination, clock_monotonic_ms());

    if (is_probe)
        destination_probe(&fare->destination);
    fare->in_flight++;
    pool->flights[pool->in_flight++] = (struct flight){request, endpoint, is_probe};
}

bool webhook_pool_submit(struct webhook_pool *pool, const struct webhook_job *job)
{
    struct outcome outcome;
    if (!webhook_pool_free_slots(pool))
        return false;
    struct channel_webhook *request = make_request(pool, job, &outcome);
    if (request && curl_multi_add_handle(pool->multi, channel_webhook_handle(request)) == CURLM_OK) {
        take_off(pool, request, job->endpoint);
        return true;
    }
    if (request)
        channel_webhook_finish(request, CURLE_FAILED_INIT, &outcome);
    channel_webhook_free(request);
    put_outcome(pool, &outcome);
    return true;
}

/* What says something of the endpoint; what is given up at a stop says nothing of anybody. */
static void learn(struct webhook_pool *pool, const struct flight *flight, const struct outcome *outcome)
{
    struct fare *fare = &pool->fares[flight->endpoint];
    bool was_open = fare->destination.state == DESTINATION_DEAD, changed = false;
    fare->in_flight--;
    if (outcome->reply.outcome == REPLY_DELIVERED)
        fare->served_ms = clock_monotonic_ms();
    if (outcome->reply.astray) {
        destination_note(&fare->destination, outcome->reply.reason, clock_monotonic_ms());
        changed = true;
    }
    if (outcome->reply.trouble)
        changed = destination_failure(&fare->destination, outcome->reply.reason, flight->is_probe, clock_monotonic_ms());
    else if (outcome->curl_code != CURLE_ABORTED_BY_CALLBACK)
        changed = destination_success(&fare->destination) || changed;
    fare->changed = fare->changed || changed;
    /* What came while a probe was due waited for that one. */
    fare->has_opened = fare->has_opened || (fare->destination.state == DESTINATION_DEAD && (!was_open || flight->is_probe));
}

/* Takes a request out of the multi, with its outcome. */
static void end_request(struct webhook_pool *pool, struct channel_webhook *request, CURLcode result)
{
    struct outcome outcome;
    channel_webhook_finish(request, (int)result, &outcome);
    for (size_t i = 0; i < pool->in_flight; i++)
        if (pool->flights[i].request == request) {
            learn(pool, &pool->flights[i], &outcome);
            pool->flights[i] = pool->flights[--pool->in_flight];
            break;
        }
    put_outcome(pool, &outcome);
    curl_multi_remove_handle(pool->multi, channel_webhook_handle(request));
    channel_webhook_free(request);
}

void webhook_pool_perform(struct webhook_pool *pool)
{
    int running = 0, left = 0;
    CURLMsg *message;
    (void)curl_multi_perform(pool->multi, &running);
    while ((message = curl_multi_info_read(pool->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *request = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        end_request(pool, (struct channel_webhook *)(void *)request, result);
    }
}

void webhook_pool_wait(struct webhook_pool *pool, const int *fds, size_t count, int timeout_ms)
{
    struct curl_waitfd extra[FDS_MOST];
    unsigned used = 0;
    for (size_t i = 0; i < count && used < FDS_MOST; i++)
        if (fds[i] >= 0)
            extra[used++] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
    (void)curl_multi_poll(pool->multi, extra, used, timeout_ms, NULL);
}

size_t webhook_pool_take(struct webhook_pool *pool, struct outcome *outcomes, size_t most)
{
    size_t count = pool->outcome_count < most ? pool->outcome_count : most;
    for (size_t i = 0; i < count; i++)
        outcomes[i] = pool->outcomes[i];
    pool->outcome_count -= count;
    for (size_t i = 0; i < pool->outcome_count; i++)
        pool->outcomes[i] = pool->outcomes[i + count];
    return count;
}

void webhook_pool_stop(struct webhook_pool *pool, int wait_s)
{
    int64_t until_ms = clock_monotonic_ms() + (int64_t)wait_s * 1000;
    pool->stopping = true;
    for (;;) {
        webhook_pool_perform(pool);
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (!pool->in_flight || left_ms <= 0)
            break;
        webhook_pool_wait(pool, NULL, 0, (int)left_ms);
    }
    while (pool->in_flight)
        end_request(pool, pool->flights[0].request, CURLE_ABORTED_BY_CALLBACK);
}

void webhook_pool_free(struct webhook_pool *pool)
{
    if (!pool)
        return;
    webhook_pool_stop(pool, 0);
    curl_multi_cleanup(pool->multi);
    for (size_t i = 0; i < pool->endpoint_count; i++)
        webhook_endpoint_release(&pool->endpoints[i]);
    free(pool->endpoints);
    free(pool->flights);
    free(pool->fares);
    free(pool->outcomes);
    free(pool);
    curl_global_cleanup();
}

/* ---- how each endpoint fares ---- */

size_t webhook_pool_count(const struct webhook_pool *pool)
{
    return pool->endpoint_count;
}

const char *webhook_pool_name(const struct webhook_pool *pool, size_t endpoint)
{
    return pool->endpoints[endpoint].name;
}

size_t webhook_pool_room(const struct webhook_pool *pool, size_t endpoint)
{
    const struct fare *fare = &pool->fares[endpoint];
    size_t room = destination_room(&fare->destination, fare->in_flight), free_slots = webhook_pool_free_slots(pool);

    if (destination_wants_probe(&fare->destination, clock_monotonic_ms()))
        room = 1;
    return room < free_slots ? room : free_slots;
}

const struct destination *webhook_pool_destination(const struct webhook_pool *pool, size_t endpoint)
{
    return &pool->fares[endpoint].destination;
}

bool webhook_pool_changed(struct webhook_pool *pool, size_t endpoint)
{
    bool changed = pool->fares[endpoint].changed;

    pool->fares[endpoint].changed = false;
    return changed;
}

bool webhook_pool_has_opened(const struct webhook_pool *pool, size_t endpoint)
{
    return pool->fares[endpoint].has_opened;
}

void webhook_pool_seen(struct webhook_pool *pool, size_t endpoint)
{
    pool->fares[endpoint].has_opened = false;
}

void webhook_pool_hear(struct webhook_pool *pool, size_t endpoint, bool dead, int64_t since_ms)
{
    struct fare *fare = &pool->fares[endpoint];

    if (!dead) {
        (void)destination_hear_alive(&fare->destination, clock_monotonic_ms());
    } else if ((fare->served_ms == 0 || fare->served_ms < since_ms) &&
               destination_hear_dead(&fare->destination, HEARD, clock_monotonic_ms())) {
        fare->has_opened = true;
        fare->changed = false; /* whoever found it has written it */
    }
}

bool webhook_pool_is_open(const struct webhook_pool *pool, const char *name)
{
    for (size_t i = 0; i < pool->endpoint_count; i++)
        if (!strcmp(pool->endpoints[i].name, name))
            return pool->fares[i].destination.state == DESTINATION_DEAD &&
                   !destination_wants_probe(&pool->fares[i].destination, clock_monotonic_ms());
    return false;
}
