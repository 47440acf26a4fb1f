/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms that wait for the next transaction; one of a kind and key, counted. */
#ifndef TOLD_ALARM_LIST_H
#define TOLD_ALARM_LIST_H

#include <stddef.h>

struct alarm {
    char *kind, *key, *detail; /* owned; detail is that of the last one, never personal */
    int count;
};

struct alarm_list {
    struct alarm *alarms;
    size_t count;
};

void alarm_list_add(struct alarm_list *list, const char *kind, const char *key, const char *detail, int count);
void alarm_list_move(struct alarm_list *to, struct alarm_list *from); /* from is empty afterwards */
void alarm_list_release(struct alarm_list *list);

#endif
