/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages may name a child, and what the events behind a duty say of it. */
#include <stdio.h>
#include <string.h>

#include "dispatch.h"
#include "told/disclosure.h"

/* The newest first, as far as they stand: neither taken back nor replaced. Only events that were matched to this very child
 * for certain, or by a person, are its own; what opened a watch is a ground of what the watch became. */
static const struct pg_statement GROUNDS = {
    "disclose_grounds",
    "SELECT convert_from(e.body, 'UTF8') FROM (SELECT g.event_id FROM told.duty_ground g WHERE g.duty_id = $1"
    " UNION SELECT w.ground_id FROM told.duty_ground g JOIN told.watch w USING (event_id) WHERE g.duty_id = $1) q"
    " JOIN told.event e USING (event_id) JOIN told.event_state s USING (event_id)"
    " WHERE s.child_id = $2 AND s.retracted_by IS NULL AND s.replaced_by IS NULL"
    " ORDER BY e.received_at DESC, e.event_id DESC LIMIT 20",
    2};

/* Whichever relay takes it, the certificate of the server was checked: a clear one among them, and nothing is full. */
static bool relays_are_verified(const struct config *config)
{
    for (size_t i = 0; i < config->relay_count; i++)
        if (config->relays[i].tls == EMAIL_TLS_NONE)
            return false;
    return config->relay_count > 0;
}

bool dispatch_may_name(const struct config *config, const char *address)
{
    return relays_are_verified(config) && disclosure_is_assured(address, config->assured);
}

/* Alarms and matches are about nobody who is known; what a correction takes back may have named the wrong child, and what is
 * closed needs no name any more. */
static bool is_of_child(const struct dispatch_item *item)
{
    return item->child_id != 0 && !dispatch_text_is_after(item->kind) &&
           (strcmp(item->duty_kind, "duty") == 0 || strcmp(item->duty_kind, "review") == 0);
}

static bool disclose(struct dispatch *d, struct dispatch_item *item)
{
    char duty[24], child[24];
    PGresult *rows;

    snprintf(duty, sizeof duty, "%lld", (long long)item->duty_id);
    snprintf(child, sizeof child, "%lld", (long long)item->child_id);
    rows = pg_run(d->pg, &GROUNDS, (const char *[]){duty, child});
    if (rows == NULL)
        return false;
    item->disclosed = json_object();
    for (int i = 0; i < PQntuples(rows); i++)
        disclosure_add(item->disclosed, pg_column(rows, i, 0), strlen(pg_column(rows, i, 0)));
    PQclear(rows);
    return true;
}

bool dispatch_disclose(struct dispatch *d, const char *address, struct dispatch_item *items, size_t count)
{
    if (!dispatch_may_name(d->config, address))
        return true;
    for (size_t i = 0; i < count; i++)
        if (is_of_child(&items[i]) && !disclose(d, &items[i]))
            return false;
    return true;
}

void dispatch_disclose_release(struct dispatch_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_decref(items[i].disclosed);
}
