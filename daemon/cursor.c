/* SPDX-License-Identifier: Apache-2.0 */
#include "cursor.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

struct range {
    int64_t first, last;
};

struct reach {
    int64_t settled;
    struct range *ranges; /* ascending, with a hole between any two; owned */
    size_t count;
};

struct cursor {
    char *source;
    char *feed;
    int64_t epoch;
    struct reach reach;
    struct reach tried;
    bool is_tried;
    bool is_broadcast, has_replay;
    int64_t claimed;
    int64_t lost_below; /* the oldest that the publisher still has */
    int64_t stated;     /* holes up to here have been stated */
    int64_t gap_at_ms;  /* since when something unstated is missing; 0: nothing is */
};

struct cursor_table {
    struct cursor **cursors; /* owned */
    size_t count;
};

static void reach_release(struct reach *reach)
{
    free(reach->ranges);
    *reach = (struct reach){0};
}

static struct reach reach_copy(const struct reach *from)
{
    struct reach copy = {from->settled, NULL, from->count};

    if (from->count > 0) {
        copy.ranges = mem_grow(NULL, from->count, sizeof *copy.ranges);
        memcpy(copy.ranges, from->ranges, from->count * sizeof *copy.ranges);
    }
    return copy;
}

static void range_remove(struct reach *reach, size_t at)
{
    reach->count--;
    memmove(&reach->ranges[at], &reach->ranges[at + 1], (reach->count - at) * sizeof *reach->ranges);
}

static void range_insert(struct reach *reach, size_t at, struct range range)
{
    reach->ranges = mem_grow(reach->ranges, reach->count + 1, sizeof *reach->ranges);
    memmove(&reach->ranges[at + 1], &reach->ranges[at], (reach->count - at) * sizeof *reach->ranges);
    reach->ranges[at] = range;
    reach->count++;
}

/* Adds first…last: it swallows every range that overlaps or touches it, then moves settled on if nothing is between. */
static void reach_add(struct reach *reach, int64_t first, int64_t last)
{
    struct range range = {first, last};
    size_t at = 0;

    if (last <= reach->settled)
        return;
    while (at < reach->count && reach->ranges[at].last < range.first - 1)
        at++;
    while (at < reach->count && reach->ranges[at].first <= range.last + 1) {
        if (reach->ranges[at].first < range.first)
            range.first = reach->ranges[at].first;
        if (reach->ranges[at].last > range.last)
            range.last = reach->ranges[at].last;
        range_remove(reach, at);
    }
    if (range.first <= reach->settled + 1)
        reach->settled = range.last;
    else
        range_insert(reach, at, range);
}

struct cursor_table *cursor_table_new(void)
{
    return mem_new(sizeof(struct cursor_table));
}

static void cursor_free(struct cursor *cursor)
{
    reach_release(&cursor->reach);
    reach_release(&cursor->tried);
    free(cursor->source);
    free(cursor->feed);
    free(cursor);
}

void cursor_table_free(struct cursor_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++)
        cursor_free(table->cursors[i]);
    free(table->cursors);
    free(table);
}

/* The place of a source in the sorted table, or where it would stand. */
static size_t table_place(const struct cursor_table *table, const char *source, bool *ret_there)
{
    size_t low = 0;
    size_t high = table->count;

    *ret_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(source, table->cursors[middle]->source);

        if (order == 0)
            *ret_there = true;
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct cursor *cursor_find(struct cursor_table *table, const char *source)
{
    bool there;
    size_t at = table_place(table, source, &there);

    return there ? table->cursors[at] : NULL;
}

struct cursor *cursor_get(struct cursor_table *table, const char *source)
{
    bool there;
    size_t at = table_place(table, source, &there);
    struct cursor *cursor;

    if (there)
        return table->cursors[at];
    cursor = mem_new(sizeof *cursor);
    cursor->source = mem_copy(source);
    cursor->claimed = cursor->lost_below = cursor->stated = INT64_MIN;
    table->cursors = mem_grow(table->cursors, table->count + 1, sizeof(struct cursor *));
    memmove(&table->cursors[at + 1], &table->cursors[at], (table->count - at) * sizeof(struct cursor *));
    table->cursors[at] = cursor;
    table->count++;
    return cursor;
}

struct cursor *cursor_at(struct cursor_table *table, size_t i)
{
    return i < table->count ? table->cursors[i] : NULL;
}

const char *cursor_source(const struct cursor *cursor)
{
    return cursor->source;
}

const char *cursor_feed(const struct cursor *cursor)
{
    return cursor->feed;
}

int64_t cursor_epoch(const struct cursor *cursor)
{
    return cursor->epoch;
}

int64_t cursor_settled(const struct cursor *cursor)
{
    return cursor->reach.settled;
}

void cursor_set(struct cursor *cursor, const char *feed, int64_t epoch, int64_t settled)
{
    free(cursor->feed);
    cursor->feed = mem_copy(feed);
    if (epoch != cursor->epoch) {
        cursor->claimed = cursor->lost_below = cursor->stated = INT64_MIN;
        cursor->gap_at_ms = 0;
    }
    cursor->epoch = epoch;
    reach_release(&cursor->reach);
    cursor->reach.settled = settled;
    cursor_try_drop(cursor);
}

void cursor_note(struct cursor *cursor, int64_t first, int64_t last)
{
    reach_add(&cursor->reach, first, last);
}

void cursor_try_begin(struct cursor *cursor)
{
    if (cursor->is_tried)
        return;
    cursor->tried = reach_copy(&cursor->reach);
    cursor->is_tried = true;
}

void cursor_try_add(struct cursor *cursor, int64_t sequence)
{
    reach_add(&cursor->tried, sequence, sequence);
}

bool cursor_is_tried(const struct cursor *cursor)
{
    return cursor->is_tried;
}

int64_t cursor_tried(const struct cursor *cursor)
{
    return cursor->tried.settled;
}

void cursor_try_keep(struct cursor *cursor)
{
    if (!cursor->is_tried)
        return;
    reach_release(&cursor->reach);
    cursor->reach = cursor->tried;
    cursor->tried = (struct reach){0};
    cursor->is_tried = false;
}

void cursor_try_drop(struct cursor *cursor)
{
    reach_release(&cursor->tried);
    cursor->is_tried = false;
}

void cursor_set_broadcast(struct cursor *cursor, bool has_replay)
{
    cursor->is_broadcast = true;
    cursor->has_replay = has_replay;
}

bool cursor_has_replay(const struct cursor *cursor)
{
    return cursor->has_replay;
}

bool cursor_is_broadcast(const struct cursor *cursor)
{
    return cursor->is_broadcast;
}

void cursor_claim(struct cursor *cursor, int64_t last)
{
    if (last > cursor->claimed)
        cursor->claimed = last;
}

bool cursor_is_claimed(const struct cursor *cursor)
{
    return cursor->claimed != INT64_MIN;
}

bool cursor_has(const struct cursor *cursor, int64_t sequence)
{
    bool has = sequence <= cursor->reach.settled;

    for (size_t i = 0; i < cursor->reach.count && !has; i++)
        has = cursor->reach.ranges[i].first <= sequence && sequence <= cursor->reach.ranges[i].last;
    return has;
}

void cursor_lose_below(struct cursor *cursor, int64_t oldest)
{
    if (oldest > cursor->lost_below)
        cursor->lost_below = oldest;
}

bool cursor_is_gapped(const struct cursor *cursor)
{
    return cursor->reach.count > 0 || cursor->claimed > cursor->reach.settled;
}

/* The first hole that ends behind `behind`. The last one may reach up to what the publisher claims. */
static bool hole_behind(const struct cursor *cursor, int64_t behind, struct range *ret)
{
    const struct reach *reach = &cursor->reach;
    int64_t first = reach->settled + 1;

    for (size_t i = 0; i <= reach->count; i++) {
        int64_t last = i < reach->count ? reach->ranges[i].first - 1 : cursor->claimed;

        if (last >= first && last > behind) {
            *ret = (struct range){first > behind ? first : behind + 1, last};
            return true;
        }
        if (i < reach->count)
            first = reach->ranges[i].last + 1;
    }
    return false;
}

int64_t cursor_missing(const struct cursor *cursor)
{
    int64_t missing = 0;
    int64_t behind = cursor->reach.settled;
    struct range hole;

    for (; hole_behind(cursor, behind, &hole); behind = hole.last)
        missing += hole.last - hole.first + 1;
    return missing;
}

bool cursor_hole_is_due(struct cursor *cursor, int64_t now_ms, int64_t patience_ms, struct cursor_hole *ret)
{
    struct range hole;
    bool is_lost;

    if (!hole_behind(cursor, cursor->stated, &hole)) {
        cursor->gap_at_ms = 0;
        return false;
    }
    if (cursor->gap_at_ms == 0)
        cursor->gap_at_ms = now_ms;
    is_lost = hole.first < cursor->lost_below;
    if (!is_lost && now_ms - cursor->gap_at_ms < patience_ms)
        return false;
    if (is_lost && hole.last >= cursor->lost_below)
        hole.last = cursor->lost_below - 1;
    cursor->stated = hole.last;
    *ret = (struct cursor_hole){hole.first, hole.last, now_ms - cursor->gap_at_ms, is_lost};
    return true;
}

void cursor_set_stated(struct cursor *cursor, int64_t last)
{
    if (last > cursor->stated)
        cursor->stated = last;
}

bool cursor_is_stated(const struct cursor *cursor)
{
    return cursor->stated > cursor->reach.settled && cursor_is_gapped(cursor);
}
