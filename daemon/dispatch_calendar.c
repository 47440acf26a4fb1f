/* SPDX-License-Identifier: Apache-2.0 */
/* The deadlines of a message, for its reader's calendar. */
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "told/ics.h"
#include "told/mem.h"

static bool is_kind(const struct dispatch_item *item, const char *kind)
{
    return strcmp(item->kind, kind) == 0;
}

/* Who gets a copy has nothing to do, and an alarm wants somebody now. */
static bool has_deadline(const struct dispatch_item *item)
{
    return !is_kind(item, "copy") && strcmp(item->duty_kind, "alarm") != 0;
}

char *dispatch_calendar(const struct config *config, const struct dispatch_item *items, size_t count, struct instant now)
{
    struct ics_entry *entries = mem_new(sizeof *entries * (count + 1));
    char **owned = mem_new(sizeof *owned * (2 * count + 1)), *text = NULL;
    bool cancels = count > 0 && dispatch_text_is_after(items[0].kind); /* they share a message with their like only */
    size_t some = 0;

    for (size_t i = 0; i < count; i++) {
        const struct dispatch_item *item = &items[i];

        if (!has_deadline(item))
            continue;
        owned[2 * some] = mem_printf("duty-%lld@%s", (long long)item->duty_id, config->reference_domain);
        owned[2 * some + 1] = mem_printf("D-%lld", (long long)item->duty_id);
        entries[some] = (struct ics_entry){.uid = owned[2 * some],
                                           .sequence = item->telling + cancels,
                                           .due_at = item->due_at,
                                           .reference = owned[2 * some + 1],
                                           .case_ref = item->case_ref};
        some++;
    }
    if (some > 0)
        text = ics_print(cancels ? ICS_CANCEL : ICS_PUBLISH, config->email.from, now, entries, some);
    for (size_t i = 0; i < 2 * some; i++)
        free(owned[i]);
    free(owned);
    free(entries);
    return text;
}
