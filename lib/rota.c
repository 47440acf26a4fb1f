/* SPDX-License-Identifier: Apache-2.0 */
#include "told/rota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

#define HOUR_S 3600

/* ---- times by the wall clock ---- */

/* Exactly two digits. */
static bool read_two(const char *text, int *ret)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

bool rota_wall_parse(const char *text, struct rota_wall *ret)
{
    char day[11];
    struct rota_wall wall = {.minute = 0};
    int hour, minute;
    size_t len = strlen(text);

    if (len != 10 && len != 16 && len != 19)
        return false;
    memcpy(day, text, 10);
    day[10] = '\0';
    if (!civil_parse(day, &wall.day))
        return false;
    if (len > 10) {
        if ((text[10] != ' ' && text[10] != 'T') || text[13] != ':' || !read_two(text + 11, &hour) ||
            !read_two(text + 14, &minute) || hour > 23 || minute > 59)
            return false;
        if (len == 19 && strcmp(text + 16, ":00") != 0)
            return false;
        wall.minute = hour * 60 + minute;
    }
    *ret = wall;
    return true;
}

const char *rota_wall_print(struct rota_wall wall, char out[ROTA_WALL_TEXT_SIZE])
{
    char day[CIVIL_TEXT_SIZE];

    snprintf(out, ROTA_WALL_TEXT_SIZE, "%s %02d:%02d", civil_print(wall.day, day), wall.minute / 60 % 24,
             wall.minute % 60);
    return out;
}

bool rota_wall_is_none(struct rota_wall wall)
{
    return civil_is_none(wall.day);
}

int rota_wall_compare(struct rota_wall a, struct rota_wall b)
{
    if (a.day.number != b.day.number)
        return a.day.number < b.day.number ? -1 : 1;
    return (a.minute > b.minute) - (a.minute < b.minute);
}

struct instant rota_wall_first(struct rota_wall wall)
{
    return civil_instant(wall.day, wall.minute / 60, wall.minute % 60);
}

struct instant rota_wall_last(struct rota_wall wall)
{
    struct instant first = rota_wall_first(wall);
    struct instant again = instant_add_seconds(first, HOUR_S);

    if (rota_wall_is_none(wall))
        return INSTANT_NONE;
    /* Only where the clock goes back does it show the same an hour later. */
    return civil_minute_of(again) == civil_minute_of(first) ? again : first;
}

/* ---- rows ---- */

const char *rota_validate(const struct rota_row *row)
{
    if (rota_wall_is_none(row->from))
        return "from is empty; say when the first turn begins";
    if (!rota_wall_is_none(row->until) && rota_wall_compare(row->until, row->from) <= 0)
        return "until is not after from; correct one of them";
    if (row->people == 0)
        return "people is empty; name who is on";
    if (row->people > 1 && row->turn_days == 0)
        return "several people but no turn; say how long each turn lasts, as day, week or 2 weeks";
    return NULL;
}

bool rota_turn_parse(const char *text, int *ret_days)
{
    int count = 0, days;
    size_t at = 0;

    if (text == NULL || text[0] == '\0') {
        *ret_days = 0;
        return true;
    }
    while (text[at] >= '0' && text[at] <= '9' && at < 3)
        count = count * 10 + (text[at++] - '0');
    if (at > 0 && (count == 0 || text[at] != ' '))
        return false;
    const char *unit = at > 0 ? text + at + 1 : text;
    if (strcmp(unit, "day") == 0 || (at > 0 && strcmp(unit, "days") == 0))
        days = 1;
    else if (strcmp(unit, "week") == 0 || (at > 0 && strcmp(unit, "weeks") == 0))
        days = 7;
    else
        return false;
    days *= at > 0 ? count : 1;
    if (days > ROTA_TURN_DAYS_MOST)
        return false;
    *ret_days = days;
    return true;
}

static int32_t floor_div(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

/* When turn number `turn` begins by the wall clock; without turns there is but turn 0. */
static struct rota_wall turn_from(const struct rota_row *row, int32_t turn)
{
    return (struct rota_wall){civil_add_days(row->from.day, turn * row->turn_days), row->from.minute};
}

/* When it ends: at the next hand-over, or with the row; none: never. */
static struct rota_wall turn_until(const struct rota_row *row, int32_t turn)
{
    struct rota_wall next = row->turn_days > 0 ? turn_from(row, turn + 1) : ROTA_WALL_NONE;

    if (rota_wall_is_none(next) || (!rota_wall_is_none(row->until) && rota_wall_compare(row->until, next) < 0))
        return row->until;
    return next;
}

/* False where the row has no such turn. *ret_until none: it never ends. */
static bool read_turn(const struct rota_row *row, int32_t turn, struct instant *ret_from, struct instant *ret_until)
{
    if (turn < 0 || (row->turn_days == 0 && turn > 0))
        return false;
    struct rota_wall from = turn_from(row, turn);
    if (!rota_wall_is_none(row->until) && rota_wall_compare(from, row->until) >= 0)
        return false;
    *ret_from = rota_wall_first(from);
    *ret_until = rota_wall_last(turn_until(row, turn));
    return true;
}

/* The turn that begins on the day of `at`, or the last one before that day. */
static int32_t turn_of_day(const struct rota_row *row, struct instant at)
{
    if (row->turn_days == 0)
        return 0;
    return floor_div(civil_day_of(at).number - row->from.day.number, row->turn_days);
}

size_t rota_on(const struct rota_row *row, struct instant at, size_t ret_people[ROTA_ON_MOST])
{
    size_t count = 0;
    int32_t turn = turn_of_day(row, at);

    /* Before the hand-over of its day it is still the turn before; in an overlap it is both. */
    for (int32_t i = turn; i >= turn - 1; i--) {
        struct instant from, until;
        if (read_turn(row, i, &from, &until) && instant_compare(from, at) <= 0 &&
            (instant_is_none(until) || instant_compare(at, until) < 0))
            ret_people[count++] = (size_t)i % row->people;
    }
    return count;
}

struct instant rota_next_change(const struct rota_row *row, struct instant after)
{
    struct instant next = INSTANT_NONE;
    int32_t turn = turn_of_day(row, after);

    if (turn < 0)
        return rota_wall_first(row->from);
    for (int32_t i = turn - 1; i <= turn + 1; i++) {
        struct instant edge[2];
        if (!read_turn(row, i, &edge[0], &edge[1]))
            continue;
        for (size_t k = 0; k < 2; k++)
            if (!instant_is_none(edge[k]) && instant_compare(edge[k], after) > 0)
                next = instant_earlier(next, edge[k]);
    }
    return next;
}

/* ---- several rows that are one rota ---- */

/* The row that begins first among those not yet seen. */
static size_t earliest(const struct rota_row *rows, size_t count, const bool *seen)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (!seen[i] && (best == count || rota_wall_compare(rows[i].from, rows[best].from) < 0))
            best = i;
    return best;
}

bool rota_find_gap(const struct rota_row *rows, size_t count, size_t *ret_row, struct rota_wall *ret_from)
{
    bool *seen = mem_new(count + 1), found = false, endless = false;
    struct rota_wall reach = ROTA_WALL_NONE;

    for (size_t step = 0; step < count && !found && !endless; step++) {
        size_t i = earliest(rows, count, seen);
        seen[i] = true;
        /* Instants, for a time that the night lacks is no gap. */
        if (step > 0 && instant_compare(rota_wall_first(rows[i].from), rota_wall_last(reach)) > 0) {
            *ret_row = i;
            *ret_from = reach;
            found = true;
        }
        endless = rota_wall_is_none(rows[i].until);
        if (step == 0 || rota_wall_compare(rows[i].until, reach) > 0)
            reach = rows[i].until;
    }
    free(seen);
    return found;
}
