/* SPDX-License-Identifier: Apache-2.0 */
#include "told/delivery_report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/mem.h"

enum { VALUE_MOST = 300 };

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

static void release_group(struct delivery_group *group)
{
    free(group->action);
    free(group->status);
    free(group->final);
    free(group->original);
    *group = (struct delivery_group){0};
}

static void replace(char **text, const char *by)
{
    free(*text);
    *text = mem_copy(by);
}

/* One message has one recipient, but servers behind lists and forwards report on several. A group takes the place of what is
 * there if it is worse. */
static void take(struct delivery_report *ret, struct delivery_group *group)
{
    struct delivery_group *worst = &ret->worst;

    if ((group->action != NULL || group->status != NULL) &&
        ((worst->action == NULL && worst->status == NULL) || rank_of(group->action) > rank_of(worst->action))) {
        replace(&worst->action, group->action);
        replace(&worst->status, group->status);
    }
    if ((group->final != NULL || group->original != NULL) && ret->count < DELIVERY_GROUPS_MOST)
        ret->groups[ret->count++] = *group;
    else
        release_group(group);
    *group = (struct delivery_group){0};
}

static void read_field(struct delivery_group *group, const char *line, size_t len)
{
    struct {
        const char *name;
        char **target;
    } fields[] = {{"action:", &group->action},
                  {"status:", &group->status},
                  {"final-recipient:", &group->final},
                  {"original-recipient:", &group->original}};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t at = strlen(fields[i].name);

        if (len <= at || strncasecmp(line, fields[i].name, at) != 0 || *fields[i].target != NULL)
            continue;
        while (at < len && (line[at] == ' ' || line[at] == '\t'))
            at++;
        *fields[i].target = mem_copy_n(line + at, len - at < VALUE_MOST ? len - at : VALUE_MOST);
    }
}

void delivery_report_read(const char *text, struct delivery_report *ret)
{
    struct delivery_group group = {0};

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
    release_group(&report->worst);
    for (size_t i = 0; i < report->count; i++)
        release_group(&report->groups[i]);
    *report = (struct delivery_report){0};
}

/* RFC 3464 2.3.2: "rfc822;" and the address, which some put into angle brackets. */
static bool is_address(const char *field, const char *address)
{
    const char *at = field != NULL ? strchr(field, ';') : NULL;
    size_t len = strlen(address);

    if (field == NULL)
        return false;
    at = at != NULL ? at + 1 : field;
    at += strspn(at, " \t<");
    return strncasecmp(at, address, len) == 0 && at[len + strspn(at + len, " \t>")] == '\0';
}

const struct delivery_group *delivery_report_about(const struct delivery_report *report, const char *address)
{
    for (size_t i = 0; i < report->count; i++)
        if (is_address(report->groups[i].final, address) || is_address(report->groups[i].original, address))
            return &report->groups[i];
    return NULL;
}
