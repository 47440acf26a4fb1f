/* SPDX-License-Identifier: Apache-2.0 */
#include "told/delivery_report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/mem.h"

/* RFC 3464 2.3.3, the worst first. */
static int rank_of(const char *action)
{
    static const char *const ACTIONS[] = {"failed", "delayed", "expanded", "relayed", "delivered"};
    const int count = (int)(sizeof ACTIONS / sizeof *ACTIONS);

    for (int i = 0; action != NULL && i < count; i++)
        if (strncasecmp(action, ACTIONS[i], strlen(ACTIONS[i])) == 0)
            return count - i;
    return 0;
}

/* One message has one recipient, but servers behind lists and forwards report on several. A group takes the place of what is
 * there if it is worse. */
static void take(struct delivery_report *ret, struct delivery_report *group)
{
    if ((group->action != NULL || group->status != NULL) &&
        ((ret->action == NULL && ret->status == NULL) || rank_of(group->action) > rank_of(ret->action))) {
        struct delivery_report old = *ret;

        *ret = *group;
        *group = old;
    }
    delivery_report_release(group);
}

static void read_field(struct delivery_report *group, const char *line, size_t len)
{
    static const char ACTION[] = "action:", STATUS[] = "status:";
    char **target = len > sizeof ACTION && strncasecmp(line, ACTION, sizeof ACTION - 1) == 0   ? &group->action
                    : len > sizeof STATUS && strncasecmp(line, STATUS, sizeof STATUS - 1) == 0 ? &group->status
                                                                                               : NULL;
    size_t at = sizeof ACTION - 1;

    if (target == NULL || *target != NULL)
        return;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    *target = mem_copy_n(line + at, len - at < 100 ? len - at : 100);
}

void delivery_report_read(const char *text, struct delivery_report *ret)
{
    struct delivery_report group = {0};

    while (*text != '\0') {
        size_t len = strcspn(text, "\r\n");

        if (len == 0)
            take(ret, &group);
        else
            read_field(&group, text, len);
        text += len;
        text += (text[0] == '\r' && text[1] == '\n') + (text[0] != '\0');
    }
    take(ret, &group);
}

void delivery_report_release(struct delivery_report *report)
{
    free(report->action);
    free(report->status);
    *report = (struct delivery_report){0};
}
