/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever is wrapped around it is taken off first (foreign_envelope.c). What is then a hearing:
 *
 *   {"hearing": {…}, "sharedTime": …, "hearingDay": …}   public.events.hearing.hearing-resulted,
 * results-shared
 *   {"id": …, "prosecutionCases": […], …}                the bare hearing (court-hearing-event-receiver)
 *   what hearing_translate.c knows                       older and smaller messages of the same system
 */
#include "hearing_share.h"

#include <stdlib.h>
#include <string.h>

#include "foreign_envelope.h"
#include "hearing_translate.h"
#include "told/mem.h"

static bool has_list(const json_t *object, const char *key)
{
    return json_is_array(json_object_get(object, key));
}

static bool is_bare_hearing(const json_t *object)
{
    return has_list(object, "prosecutionCases") || has_list(object, "courtApplications") ||
           (has_list(object, "hearingDays") && json_is_object(json_object_get(object, "courtCentre")));
}

static bool is_known(const json_t *object)
{
    return json_object_get(object, "hearing") != NULL || is_bare_hearing(object) ||
           hearing_translate_is_known(object);
}

/* Takes the hearing. */
static void add(struct hearing_shares *shares, json_t *hearing, char *path, bool is_listing)
{
    shares->items = mem_grow(shares->items, shares->count + 1, sizeof *shares->items);
    shares->items[shares->count++] = (struct hearing_share){hearing, path, is_listing};
}

/* "Message." is "Message" where the hearing stands right there. */
static char *without_dot(const char *path)
{
    size_t len = strlen(path);
    return mem_copy_n(path, len == 0 ? 0 : len - 1);
}

static char *read_translated(struct hearing_shares *ret, const char *path)
{
    json_t *hearings = NULL;
    bool is_listing = false;
    char *reason = hearing_translate(ret->around, &hearings, &is_listing, &ret->nothing);
    size_t i;
    json_t *hearing;

    if (reason == NULL && json_array_size(hearings) > HEARING_SHARES_MOST)
        reason = mem_printf("more than %d hearings: the sender must split the message", HEARING_SHARES_MOST);
    json_array_foreach(hearings, i, hearing)
    {
        if (reason == NULL)
            add(ret, json_incref(hearing),
                json_array_size(hearings) == 1 ? without_dot(path) : mem_printf("%shearings[%zu]", path, i),
                is_listing);
    }
    json_decref(hearings);
    return reason;
}

char *hearing_shares_read(struct hearing_shares *ret, const json_t *root)
{
    char *path = mem_copy("");
    char *reason;
    json_t *hearing;

    *ret = (struct hearing_shares){.around = json_deep_copy(root)};
    reason = foreign_envelope_open(&ret->around, is_known, &path, &ret->twice);
    if (reason != NULL)
        goto done;
    hearing = json_object_get(ret->around, "hearing");
    if (hearing_translate_is_known(ret->around))
        reason = read_translated(ret, path);
    else if (json_is_object(hearing))
        add(ret, json_incref(hearing), mem_printf("%shearing", path), false);
    else if (is_bare_hearing(ret->around))
        add(ret, json_incref(ret->around), without_dot(path), false);
    else if (hearing != NULL)
        reason = mem_printf("%shearing is not an object", path);
    else
        reason = mem_copy(
            "no hearing: expected hearing (an object), prosecutionCases or courtApplications (lists), or one of "
            "the smaller messages about one");
done:
    free(path);
    return reason;
}

void hearing_shares_release(struct hearing_shares *shares)
{
    for (size_t i = 0; i < shares->count; i++) {
        json_decref(shares->items[i].hearing);
        free(shares->items[i].path);
    }
    free(shares->items);
    json_decref(shares->around);
    free(shares->twice);
    *shares = (struct hearing_shares){0};
}
