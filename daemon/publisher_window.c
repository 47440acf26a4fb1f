/* SPDX-License-Identifier: Apache-2.0 */
#include "publisher_window.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static void event_free(struct window_event *event)
{
    free(event->id);
    free(event->body);
    free(event);
}

void publisher_window_release(struct publisher_window *window)
{
    for (struct window_event *event = window->first; event != NULL;) {
        struct window_event *next = event->next;

        event_free(event);
        event = next;
    }
    for (size_t i = 0; i < window->source_count; i++) {
        free(window->sources[i]->name);
        free(window->sources[i]->refusal);
        free(window->sources[i]);
    }
    free(window->sources);
    *window = (struct publisher_window){0};
}

struct window_source *publisher_window_source(struct publisher_window *window, const char *name)
{
    for (size_t i = 0; i < window->source_count; i++)
        if (strcmp(window->sources[i]->name, name) == 0)
            return window->sources[i];
    return NULL;
}

struct window_source *publisher_window_source_add(struct publisher_window *window, const char *name)
{
    struct window_source *source = mem_new(sizeof *source);

    source->name = mem_copy(name);
    source->first_unacked = 1;
    window->sources = mem_grow(window->sources, window->source_count + 1, sizeof(struct window_source *));
    window->sources[window->source_count++] = source;
    return source;
}

struct window_event *publisher_window_add(struct publisher_window *window, struct window_source *source, const char *body,
                                          size_t len)
{
    struct window_event *event = mem_new(sizeof *event);

    event->source = source;
    event->body = mem_copy_n(body, len);
    event->len = len;
    event->previous = window->last;
    if (window->last != NULL)
        window->last->next = event;
    else
        window->first = event;
    window->last = event;
    window->count++;
    window->bytes += len;
    return event;
}

void publisher_window_mark(struct publisher_window *window, struct window_event *event, bool is_sent)
{
    if (event->is_sent == is_sent)
        return;
    event->is_sent = is_sent;
    if (is_sent) {
        event->was_sent = true;
        window->sent++;
        window->sent_bytes += event->len;
    } else {
        window->sent--;
        window->sent_bytes -= event->len;
    }
}

void publisher_window_remove(struct publisher_window *window, struct window_event *event)
{
    publisher_window_mark(window, event, false);
    if (event->previous != NULL)
        event->previous->next = event->next;
    else
        window->first = event->next;
    if (event->next != NULL)
        event->next->previous = event->previous;
    else
        window->last = event->previous;
    window->count--;
    window->bytes -= event->len;
    event_free(event);
}

void publisher_window_rewind(struct publisher_window *window, const struct window_source *source)
{
    for (struct window_event *event = window->first; event != NULL; event = event->next)
        if (source == NULL || event->source == source)
            publisher_window_mark(window, event, false);
}
