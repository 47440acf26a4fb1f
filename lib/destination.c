/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            success: more at a time                  a probe fails: wait twice as long
 *              ┌────────┐     so many failures in a row      ┌────────┐
 *              └▶ alive ─┴──────────────────────────────────▶ dead ───┘
 *   failure: half ─┘ ◀──────────────────────────────────────┘
 *                       a probe, or what was still in flight, is served
 *
 * Until the first failure each success adds one, so that it doubles with each cohort; after it only a whole cohort of
 * successes does, for then the limit is near.
 */
#include "told/destination.h"

void destination_init(struct destination *d, const struct destination_policy *policy)
{
    *d = (struct destination){.policy = policy, .concurrency = policy->initial, .probe_wait_ms = policy->probe_first_ms};
    if (d->concurrency > policy->most)
        d->concurrency = policy->most;
}

size_t destination_room(const struct destination *d, size_t in_flight)
{
    if (d->state == DESTINATION_DEAD || in_flight >= (size_t)d->concurrency)
        return 0;
    return (size_t)d->concurrency - in_flight;
}

bool destination_wants_probe(const struct destination *d, int64_t now_ms)
{
    return d->state == DESTINATION_DEAD && !d->probing && now_ms >= d->probe_at_ms;
}

void destination_probe(struct destination *d)
{
    d->probing = true;
}

static bool grow(struct destination *d)
{
    d->successes++;
    if (d->concurrency >= d->policy->most || (d->had_failure && d->successes < d->concurrency))
        return false;
    d->concurrency++;
    d->successes = 0;
    return true;
}

static void revive(struct destination *d)
{
    const char *last_error = d->last_error;
    int64_t last_error_ms = d->last_error_ms;

    destination_init(d, d->policy);
    d->had_failure = true;
    d->last_error = last_error;
    d->last_error_ms = last_error_ms;
}

bool destination_success(struct destination *d)
{
    bool had_error = d->error != NULL;

    d->failures = 0;
    if (d->state == DESTINATION_ALIVE) {
        d->error = NULL;
        return grow(d) || had_error;
    }
    revive(d);
    return true;
}

static void die(struct destination *d, int64_t now_ms)
{
    d->state = DESTINATION_DEAD;
    d->probing = false;
    d->probe_wait_ms = d->policy->probe_first_ms;
    d->probe_at_ms = now_ms + d->probe_wait_ms;
}

/* What was begun before it died and fails after that says nothing new. */
static bool fail_again(struct destination *d, bool was_probe, int64_t now_ms)
{
    if (!was_probe)
        return false;
    d->probing = false;
    if (d->probe_wait_ms < d->policy->probe_most_ms / 2)
        d->probe_wait_ms *= 2;
    else
        d->probe_wait_ms = d->policy->probe_most_ms;
    d->probe_at_ms = now_ms + d->probe_wait_ms;
    return true;
}

void destination_note(struct destination *d, const char *error, int64_t now_ms)
{
    d->last_error = error;
    d->last_error_ms = now_ms;
}

bool destination_failure(struct destination *d, const char *error, bool was_probe, int64_t now_ms)
{
    bool is_new = d->error != error;
    int before = d->concurrency;

    d->error = error;
    destination_note(d, error, now_ms);
    d->failures++;
    if (d->state == DESTINATION_DEAD)
        return fail_again(d, was_probe, now_ms) || is_new;
    d->had_failure = true;
    d->successes = 0;
    d->concurrency = before > 1 ? before / 2 : 1;
    if (d->failures >= d->policy->dead_after)
        die(d, now_ms);
    return is_new || d->concurrency != before || d->state == DESTINATION_DEAD;
}

bool destination_hear_dead(struct destination *d, const char *error, int64_t now_ms)
{
    if (d->state == DESTINATION_DEAD)
        return false;
    d->had_failure = true;
    d->successes = 0;
    d->concurrency = 1;
    d->error = error;
    die(d, now_ms);
    return true;
}

bool destination_hear_alive(struct destination *d, int64_t now_ms)
{
    if (d->state == DESTINATION_ALIVE || d->probing || d->probe_at_ms <= now_ms)
        return false;
    d->probe_at_ms = now_ms;
    return true;
}

const char *destination_state_text(enum destination_state state)
{
    return state == DESTINATION_DEAD ? "dead" : "alive";
}
