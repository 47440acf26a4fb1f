/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches notice that something did not happen (A16, A18, A24). This is which moments a child's events leave open: a
 * fold over them in the order in which they became true. At its moment a watch becomes an event of told's own, and is
 * decided like any other.
 */
#ifndef TOLD_WATCH_H
#define TOLD_WATCH_H

#include "told/decide.h"

struct watch_list; /* one state for each rule that watches */

struct watch_pending {
    const struct rule *rule;
    const struct event *ground; /* what opened it */
    struct instant at;
    bool provisional; /* beyond the calendar's last year */
};

struct watch_list *watch_list_new(const struct protocol *protocol);
void watch_list_free(struct watch_list *list);
/* Whether some watch may open at such an event: then watch_list_take wants its decision, else NULL will do. */
bool watch_list_opens(const struct watch_list *list, const struct event *event);
/* The next event that stands (neither retracted nor amended), with what was decided of it. */
void watch_list_take(struct watch_list *list, const struct event *event, const struct decision *decision);
/* What is open after all of them. The rules are the protocol's, the events the caller's. */
size_t watch_list_pending(const struct watch_list *list, struct watch_pending *ret, size_t most);
/* The event that this moment is: its id is made of child, rule and instant, so that it can only come once. Caller frees. */
char *watch_instant_text(const struct watch_pending *pending, int64_t child_id);

#endif
