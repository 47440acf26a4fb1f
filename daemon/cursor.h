/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each source has come: `settled` is the last sequence up to which nothing is missing, and behind a gap stand
 * ranges of what is stored already. The truth is told.cursor and the rows themselves; this is what ingest knows of them.
 *
 *   1 2 3 4 5 . . 8 9 . 11      settled 5, ranges [8,9] [11,11]; when 6 and 7 arrive it becomes settled 9, [11,11]
 */
#ifndef TOLD_CURSOR_H
#define TOLD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor;       /* of one source */
struct cursor_table; /* of all sources this process has heard of */

struct cursor_table *cursor_table_new(void);
void cursor_table_free(struct cursor_table *table);
struct cursor *cursor_find(struct cursor_table *table, const char *source); /* or NULL */
struct cursor *cursor_get(struct cursor_table *table, const char *source);  /* made when it is not there */
struct cursor *cursor_at(struct cursor_table *table, size_t i);             /* NULL beyond the last */

const char *cursor_source(const struct cursor *cursor);
const char *cursor_feed(const struct cursor *cursor);
int64_t cursor_epoch(const struct cursor *cursor);
int64_t cursor_settled(const struct cursor *cursor);

/* What the database says. Ranges are added with cursor_note afterwards. */
void cursor_set(struct cursor *cursor, const char *feed, int64_t epoch, int64_t settled);
void cursor_note(struct cursor *cursor, int64_t first, int64_t last);

/* What a transaction would make of it: begin, add, then keep after the commit or drop. `tried` is what keep would leave. */
void cursor_try_begin(struct cursor *cursor); /* a second begin changes nothing */
void cursor_try_add(struct cursor *cursor, int64_t sequence);
bool cursor_is_tried(const struct cursor *cursor);
int64_t cursor_tried(const struct cursor *cursor);
void cursor_try_keep(struct cursor *cursor);
void cursor_try_drop(struct cursor *cursor);

/* A broadcast loses silently and in order: without replay its gaps are certain at once. */
void cursor_set_broadcast(struct cursor *cursor, bool has_replay);
bool cursor_is_broadcast(const struct cursor *cursor);
bool cursor_has_replay(const struct cursor *cursor);
/* The publisher says that it has got this far: more may be missing than we can see. */
void cursor_claim(struct cursor *cursor, int64_t last);
bool cursor_is_claimed(const struct cursor *cursor); /* it has said so in this epoch */
bool cursor_has(const struct cursor *cursor, int64_t sequence); /* settled, or stored behind a gap */
/* The publisher no longer has what is below: what is missing there will not come by itself. */
void cursor_lose_below(struct cursor *cursor, int64_t oldest);
/* Something is missing between settled and the highest known. */
bool cursor_is_gapped(const struct cursor *cursor);
int64_t cursor_missing(const struct cursor *cursor); /* how many */

struct cursor_hole {
    int64_t first, last;
    int64_t open_ms; /* since the first of those that are due was noticed */
    bool is_lost;    /* the publisher no longer has it */
};
/* True once for each hole that has been open for patience_ms, or is lost: call it until it is false. */
bool cursor_hole_is_due(struct cursor *cursor, int64_t now_ms, int64_t patience_ms, struct cursor_hole *ret);
void cursor_set_stated(struct cursor *cursor, int64_t last); /* elsewhere, up to there */
/* A person may have closed what was stated: it is worth asking the database again. */
bool cursor_is_stated(const struct cursor *cursor);

#endif
