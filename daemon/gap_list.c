/* SPDX-License-Identifier: Apache-2.0 */
#include "gap_list.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

void gap_list_add(struct gap_list *list, const struct gap *gap)
{
    struct gap copy = *gap;

    copy.feed = mem_copy(gap->feed);
    copy.source = mem_copy(gap->source);
    list->gaps = mem_grow(list->gaps, list->count + 1, sizeof *list->gaps);
    list->gaps[list->count++] = copy;
}

void gap_list_move(struct gap_list *to, struct gap_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        gap_list_add(to, &from->gaps[i]);
    gap_list_release(from);
}

void gap_list_release(struct gap_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->gaps[i].feed);
        free(list->gaps[i].source);
    }
    free(list->gaps);
    *list = (struct gap_list){0};
}

/* Whose turn it is differs: what the publisher may still send, and what nobody will. */
static const char *advice(const struct gap *gap)
{
    if (strcmp(gap->reason, "missing") == 0)
        return "ask the publisher to send them again";
    if (strcmp(gap->reason, "oldest") == 0)
        return "the publisher no longer has them: ask where else they are kept";
    return "the publisher's log was rebuilt: compare the two";
}

char *gap_text(const struct gap *gap)
{
    char *last = gap->last == GAP_END_UNKNOWN ? mem_copy("the end") : mem_printf("%lld", (long long)gap->last);
    char *text = mem_printf("feed %s is degraded: of epoch %lld, sequences %lld to %s were not heard; %s, then `toldctl feeds "
                            "close-gap` if they never come",
                            gap->feed, (long long)gap->epoch, (long long)gap->first, last, advice(gap));

    free(last);
    return text;
}
