/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotations by the wall clock of Europe/London: who of those who take turns is on, and when that changes. A hand-over at
 * a time that an October night has twice overlaps: who comes begins at the first, who goes stays to the second. One at a
 * time that a March night lacks is the instant the clock jumps. So no hand-over leaves a gap.
 */
#ifndef TOLD_ROTA_H
#define TOLD_ROTA_H

#include <stddef.h>

#include "told/civil.h"

struct rota_wall {
    struct civil_day day; /* none: no such time */
    int minute;           /* 0 … 1439, minutes since midnight by the wall clock */
};

#define ROTA_WALL_NONE ((struct rota_wall){CIVIL_NONE, 0})
#define ROTA_WALL_TEXT_SIZE 24
#define ROTA_ON_MOST 2 /* who came on and who has not gone yet */
#define ROTA_TURN_DAYS_MOST 366

/* "2024-06-03 09:00", "2024-06-03T09:00", seconds only as ":00"; a day alone is its midnight. False leaves *ret. */
bool rota_wall_parse(const char *text, struct rota_wall *ret);
const char *rota_wall_print(struct rota_wall wall, char out[ROTA_WALL_TEXT_SIZE]);
bool rota_wall_is_none(struct rota_wall wall);
int rota_wall_compare(struct rota_wall a, struct rota_wall b);
struct instant rota_wall_first(struct rota_wall wall); /* when the clock shows it; the jump if it never does */
struct instant rota_wall_last(struct rota_wall wall);  /* the same, but the second time where it shows it twice */

struct rota_row {
    struct rota_wall from;  /* the first hand-over; the later ones are at its time of day */
    struct rota_wall until; /* none: no end */
    int turn_days;          /* days a turn lasts: 1, 7, …; 0: no turns, the first of the people is on throughout */
    size_t people;          /* how many take turns, in order, over and over; at least 1 */
};

/* NULL, or what is wrong with the row (static text: "what, what to do"). */
const char *rota_validate(const struct rota_row *row);
/* "" or NULL: 0; "day", "week", "3 days", "2 weeks". False leaves *ret_days. */
bool rota_turn_parse(const char *text, int *ret_days);

/* Who is on, by their place among the people; who came on last stands first. The count: 0, 1, or 2 while a hand-over
 * overlaps. */
size_t rota_on(const struct rota_row *row, struct instant at, size_t ret_people[ROTA_ON_MOST]);
/* The first instant after `after` at which somebody comes on or goes; none: never again. */
struct instant rota_next_change(const struct rota_row *row, struct instant after);

/* The first gap between rows that are one rota: from where the rows before it have all ended to the begin of
 * rows[*ret_row]. False if there is none. */
bool rota_find_gap(const struct rota_row *rows, size_t count, size_t *ret_row, struct rota_wall *ret_from);

#endif
