/* SPDX-License-Identifier: Apache-2.0 */
/* What a publisher has not settled yet, in the order it was put; and the sources it speaks for. No sockets. */
#ifndef TOLD_PUBLISHER_WINDOW_H
#define TOLD_PUBLISHER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_source {
    char *name; /* owned */
    bool is_welcome; /* since its last HELLO */
    bool is_refused; /* told will not have it: what is put for it is refused */
    char *refusal;   /* owned */
    bool has_first;  /* first_unacked is known */
    uint64_t first_unacked;
};

struct window_event {
    struct window_event *previous, *next; /* of the window that owns it */
    struct window_source *source;         /* borrowed */
    char *id;                             /* owned, or NULL */
    bool has_sequence;
    bool is_sent;  /* under way */
    bool was_sent; /* at some time: an answer may be for it, even if it has to be sent again */
    uint64_t sequence, number;
    char *body; /* owned */
    size_t len;
};

struct publisher_window {
    struct window_source **sources; /* owned */
    size_t source_count;
    struct window_event *first, *last;
    size_t count, bytes;
    size_t sent, sent_bytes; /* under way */
};

void publisher_window_release(struct publisher_window *window);
struct window_source *publisher_window_source(struct publisher_window *window, const char *name); /* or NULL */
struct window_source *publisher_window_source_add(struct publisher_window *window, const char *name);
struct window_event *publisher_window_add(struct publisher_window *window, struct window_source *source, const char *body,
                                          size_t len);
void publisher_window_mark(struct publisher_window *window, struct window_event *event, bool is_sent);
void publisher_window_remove(struct publisher_window *window, struct window_event *event); /* and frees it */
/* Everything of a source (NULL: of all) has to be sent again. */
void publisher_window_rewind(struct publisher_window *window, const struct window_source *source);

#endif
