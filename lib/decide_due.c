/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of an open duty again, on a changed date or calendar (A15, A28). Its condition is not asked: what opened
 * the duty opened it. */
#include <stdlib.h>
#include <string.h>

#include "decide_text.h"
#include "event_slots.h"
#include "told/buf.h"
#include "told/decide.h"

static const struct rule_arm *arm_of(const struct rule *rule, const struct event *event)
{
    for (size_t i = 0; i < rule->arm_count; i++) {
        if (rule->arms[i].type_index == event_type_index(event))
            return &rule->arms[i];
    }
    return NULL;
}

bool decide_due(const struct rule *rule, const struct calendar *calendar, const struct decide_input *input,
                struct decided_due *ret)
{
    const struct rule_arm *arm = arm_of(rule, input->event);
    struct buf text = {0};
    struct term_scope scope;
    struct deadline_due due;

    if (arm == NULL || arm->within == NULL)
        return false;
    term_scope_init(&scope, input);
    deadline_compute(arm->within, calendar, &scope, &due);
    if (!due.known)
        return false;
    *ret = (struct decided_due){.at = due.at, .immediate = due.immediate, .provisional = due.provisional};
    decide_text_shows(arm, &scope, due.at, &text);
    ret->shows = buf_take(&text);
    deadline_explain(arm->within, calendar, &scope, &due, &text);
    ret->explain = buf_take(&text);
    return true;
}

void decided_due_release(struct decided_due *due)
{
    free(due->shows);
    free(due->explain);
    *due = (struct decided_due){0};
}
