/* SPDX-License-Identifier: Apache-2.0 */
#include "told/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/hashchain.h"
#include "told/mem.h"

static bool case_joins(const char *mine, const char *theirs, bool open)
{
    if (mine == NULL && theirs == NULL)
        return true;
    if (mine == NULL || theirs == NULL)
        return open;
    return strcmp(mine, theirs) == 0;
}

static bool comes_before(const struct ledger_duty *a, const struct ledger_duty *b)
{
    if (a->grounded != b->grounded)
        return a->grounded;
    if (a->closed != b->closed)
        return b->closed;
    if (a->occurrence != b->occurrence)
        return a->occurrence > b->occurrence;
    return a->duty_id < b->duty_id;
}

const struct ledger_duty *ledger_same(const struct ledger_duty *duties, size_t count, const char *case_ref)
{
    const struct ledger_duty *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct ledger_duty *d = &duties[i];

        if ((d->grounded || case_joins(case_ref, d->case_ref, !d->closed)) && (best == NULL || comes_before(d, best)))
            best = d;
    }
    return best;
}

const struct decided_duty *ledger_made(const struct decision *decision, const struct rule *rule)
{
    for (size_t i = 0; i < decision->duty_count; i++)
        if (decision->duties[i].rule == rule)
            return &decision->duties[i];
    return NULL;
}

void ledger_enter(const struct protocol *protocol, const struct calendar *calendar, const struct decide_input *input,
                  const struct decided_duty *duty, const struct ledger_duty *same, struct ledger_entry *ret)
{
    struct decide_input earlier = *input;
    struct decision first = {0};
    const struct decided_duty *as_of_first = NULL;

    *ret = (struct ledger_entry){0};
    if (same == NULL) {
        ret->occurrence = 1;
        return;
    }
    /* Its clock starts at the first receipt, not at this one. */
    if (instant_compare(same->received_at, input->received_at) < 0) {
        earlier.received_at = same->received_at;
        decide(protocol, calendar, &earlier, &first);
        as_of_first = ledger_made(&first, duty->rule);
    }
    if (as_of_first == NULL)
        as_of_first = duty;
    ret->changes = !same->newer && strcmp(as_of_first->shows, same->shows) != 0;
    if (same->closed && ret->changes && !same->grounded)
        ret->occurrence = same->occurrence + 1;
    else
        ret->joins = !same->grounded;
    ret->tells = ret->changes && !same->closed;
    if (ret->tells) {
        ret->due_at = as_of_first->due_at;
        ret->immediate = as_of_first->immediate;
        ret->shows = mem_copy(as_of_first->shows);
    }
    decision_release(&first);
}

void ledger_entry_release(struct ledger_entry *entry)
{
    free(entry->shows);
    *entry = (struct ledger_entry){0};
}

void ledger_digest(const struct decision *decision, char out[65])
{
    struct buf b = {0};

    for (size_t i = 0; i < decision->duty_count; i++) {
        const struct decided_duty *d = &decision->duties[i];

        buf_printf(&b, "%s %s %lld %s", rule_name(d->rule), d->key, (long long)d->due_at.us, d->shows);
        for (size_t k = 0; k < d->tell_count; k++)
            buf_printf(&b, " %s", d->tell[k]);
        buf_char(&b, '\n');
    }
    for (size_t i = 0; i < decision->review_count; i++) {
        buf_printf(&b, "? %s", decision->reviews[i].duty);
        for (size_t k = 0; k < decision->reviews[i].unknown_count; k++)
            buf_printf(&b, " %s", decision->reviews[i].unknown[k]);
        buf_char(&b, '\n');
    }
    hashchain_hex(buf_string(&b), b.len, out);
    buf_release(&b);
}
