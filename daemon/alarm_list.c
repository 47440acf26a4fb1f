/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm_list.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static struct alarm *alarm_find(const struct alarm_list *list, const char *kind, const char *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->alarms[i].kind, kind) == 0 && strcmp(list->alarms[i].key, key) == 0)
            return &list->alarms[i];
    return NULL;
}

void alarm_list_add(struct alarm_list *list, const char *kind, const char *key, const char *detail, int count)
{
    struct alarm *alarm = alarm_find(list, kind, key);

    if (alarm == NULL) {
        list->alarms = mem_grow(list->alarms, list->count + 1, sizeof *list->alarms);
        alarm = &list->alarms[list->count++];
        *alarm = (struct alarm){.kind = mem_copy(kind), .key = mem_copy(key)};
    }
    free(alarm->detail);
    alarm->detail = mem_copy(detail);
    alarm->count += count;
}

void alarm_list_move(struct alarm_list *to, struct alarm_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        alarm_list_add(to, from->alarms[i].kind, from->alarms[i].key, from->alarms[i].detail, from->alarms[i].count);
    alarm_list_release(from);
}

void alarm_list_release(struct alarm_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->alarms[i].kind);
        free(list->alarms[i].key);
        free(list->alarms[i].detail);
    }
    free(list->alarms);
    *list = (struct alarm_list){0};
}
