/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a duty, queueing its notifications, closing it: the one door through which decide and escalate write. */
#ifndef TOLD_DUTY_STORE_H
#define TOLD_DUTY_STORE_H

#include "config.h"
#include "pg.h"
#include "told/decide.h"

#define DUTY_LINES_MOST 8
#define DUTY_ABOVE_MOST 12

struct duty_new {
    const char *kind; /* "duty" "review" "match" "alarm" */
    int64_t child_id; /* 0: none known */
    const char *case_ref; /* or NULL */
    const char *rule;
    const char *key;
    int occurrence;
    const char *duty;
    const char *title;
    const char *says; /* what whoever is told first has to do, without a full stop */
    bool immediate;
    bool provisional;
    int64_t event_id; /* first ground; 0: none */
    struct instant received_at;
    struct instant due_at;
    const char *as_of; /* "2024-06-03": whoever was allocated on that day is told (A13); NULL: whoever is then */
    const char *shows;
    const char *closes;
    const char *because; /* JSON text */
    const char *const *tell;
    size_t tell_count;
    const char *const *copy;
    size_t copy_count;
    const char *ladder;
};

struct version_shelf;
struct decide_brake;

/* Duties opened or told again, questions to people among them. */
struct duty_made {
    int calm;
    int immediate;
};

struct duty_store {
    struct pg *pg;
    const struct config *config;
    const struct directory *roles; /* the configured roles; people are not needed to open a duty */
    struct instant now;            /* told's */
    bool shadow;                   /* recorded, but nobody is told */
    struct version_shelf *versions; /* protocols that open duties pin; decide needs it, the others leave it NULL */
    struct decide_brake *brake;     /* what each feed has made; the same */
    struct duty_made made;          /* since whoever counts set it to nothing; alarms do not count */
};

/* The new duty's number; 0 if it was there already; -1 when the database failed (pg_status says how). */
int64_t duty_store_open(struct duty_store *s, const struct duty_new *duty);
/* One notification for a role, queued for dispatch. Nothing happens if there is one already. */
bool duty_store_notify(struct duty_store *s, int64_t duty_id, int telling, int line, int step, const char *kind,
                       const char *role);
/* Tells each role of the steps already told again, after a change: telling n+1. why, or NULL: for the journal. */
bool duty_store_tell_again(struct duty_store *s, int64_t duty_id, struct instant due_at, bool immediate, const char *shows,
                           const char *why);
/* Another day whose allocations say who is told, before those are told again: the day moved with its event. NULL: none. */
bool duty_store_move_as_of(struct duty_store *s, int64_t duty_id, const char *as_of);
bool duty_store_add_ground(struct duty_store *s, int64_t duty_id, int64_t event_id);
/* Closes an open duty, whose row the caller has locked, and cancels what is still queued. */
bool duty_store_close(struct duty_store *s, int64_t duty_id, const char *closed_as, const char *reason, int64_t event_id);

#endif
