/* SPDX-License-Identifier: Apache-2.0 */
#include "adapted_list.h"

#include <stdlib.h>

#include "told/mem.h"

bool adapted_list_is_full(const struct adapted_list *list)
{
    return list->count >= ADAPTED_MOST;
}

static struct adapted *append(struct adapted_list *list, const char *part)
{
    if (adapted_list_is_full(list))
        return NULL;
    /* Doubled at each power of two, so that the list needs no field for its room. */
    if ((list->count & (list->count - 1)) == 0)
        list->items = mem_grow(list->items, list->count == 0 ? 1 : list->count * 2, sizeof *list->items);
    struct adapted *added = &list->items[list->count++];
    *added = (struct adapted){.part = mem_copy(part)};
    return added;
}

void adapted_list_add_event(struct adapted_list *list, const char *part, json_t *event)
{
    struct adapted *added = append(list, part);
    if (added == NULL)
        json_decref(event);
    else
        added->event = event;
}

void adapted_list_add_fault(struct adapted_list *list, const char *part, const char *reason)
{
    struct adapted *added = append(list, part);
    if (added != NULL)
        added->reason = mem_copy(reason);
}

void adapted_list_add_nothing(struct adapted_list *list, const char *part, const char *reason)
{
    struct adapted *added = append(list, part);
    if (added == NULL)
        return;
    added->reason = mem_copy(reason);
    added->nothing = true;
}

static void item_release(struct adapted *item)
{
    json_decref(item->event);
    free(item->part);
    free(item->reason);
}

void adapted_list_take_of_age(struct adapted_list *list, struct adapted_list *own)
{
    for (size_t i = 0; i < own->count; i++) {
        if (own->items[i].event == NULL || list->of_age_count == ADAPTED_MOST)
            continue;
        list->of_age = mem_grow(list->of_age, list->of_age_count + 1, sizeof *list->of_age);
        list->of_age[list->of_age_count++] = own->items[i];
        own->items[i] = (struct adapted){0};
    }
    adapted_list_release(own);
}

void adapted_list_release(struct adapted_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        item_release(&list->items[i]);
    for (size_t i = 0; i < list->of_age_count; i++)
        item_release(&list->of_age[i]);
    free(list->items);
    free(list->of_age);
    *list = (struct adapted_list){0};
}
