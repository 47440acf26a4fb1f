/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <string.h>

#include "event_slots.h"

static bool history_unsays(const struct event *later, const struct event *earlier)
{
    const char *target = event_retracts(later) != NULL ? event_retracts(later) : event_amends(later);

    return target != NULL && strcmp(target, event_id(earlier)) == 0 &&
           strcmp(event_source(later), event_source(earlier)) == 0;
}

void history_init(struct history *history, const struct decide_input *input)
{
    *history = (struct history){.input = input};
    for (size_t i = 0; i <= input->history_count && !history->corrected; i++) {
        const struct event *event = i < input->history_count ? input->history[i].event : input->event;

        history->corrected = event_amends(event) != NULL || event_retracts(event) != NULL;
    }
}

const struct event *history_standing(const struct history *history, size_t index)
{
    const struct decide_input *input = history->input;
    const struct event *event = input->history[index].event;

    if (!history->corrected)
        return event;
    if (event_retracts(event) != NULL || history_unsays(input->event, event))
        return NULL;
    for (size_t i = 0; i < input->history_count; i++) {
        if (history_unsays(input->history[i].event, event))
            return NULL;
    }
    return event;
}

static bool history_is_release(const struct event *event)
{
    return event_is_type(event, "custody.release") && event_says(event, "reason", "released");
}

static bool history_is_custodial_sentence(const struct event *event)
{
    return event_is_type(event, "court.sentence") && event_says(event, "kind", "custody");
}

/* Index after the last release; 0 if there was none. */
static size_t history_since_release(const struct history *history)
{
    for (size_t i = history->input->history_count; i > 0; i--) {
        const struct event *event = history_standing(history, i - 1);

        if (event != NULL && history_is_release(event))
            return i;
    }
    return 0;
}

bool history_entered(const struct history *history)
{
    bool received = false;

    for (size_t i = history_since_release(history); i < history->input->history_count; i++) {
        const struct event *event = history_standing(history, i);

        if (event == NULL)
            continue;
        if (event_is_type(event, "custody.reception")) {
            if (event_is_true(event, "sentenced"))
                return true;
            received = true;
        }
        if (received && history_is_custodial_sentence(event))
            return true;
    }
    return false;
}

bool history_custodial(const struct history *history)
{
    for (size_t i = history_since_release(history); i < history->input->history_count; i++) {
        const struct event *event = history_standing(history, i);

        if (event == NULL)
            continue;
        if (history_is_custodial_sentence(event) ||
            (event_is_type(event, "custody.reception") && event_is_true(event, "sentenced")))
            return true;
    }
    return false;
}

static bool history_is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool history_is_other_case(const struct event *a, const struct event *b)
{
    return event_case(a) != NULL && event_case(b) != NULL && strcmp(event_case(a), event_case(b)) != 0;
}

/* Whether one of the later events ends what `begun` began. What a sentencing hearing says of itself may
 * arrive in any order, so an end at the same hearing ends it wherever it stands; but not what that hearing says of a
 * later day. */
static bool history_is_ended(const struct history *history, size_t begun_at)
{
    const struct event *begun = history->input->history[begun_at].event;

    for (size_t i = 0; i < history->input->history_count; i++) {
        const struct event *event = history_standing(history, i);

        if (event == NULL || history_is_other_case(event, begun) ||
            (!event_is_type(event, "court.sentence") && !event_is_type(event, "court.proceedings-ended")))
            continue;
        if (i > begun_at || (history_is_same(event_word(event, "hearing"), event_word(begun, "hearing")) &&
                             event_day(begun).number <= event_day(event).number))
            return true;
    }
    return false;
}

bool history_proceedings(const struct history *history)
{
    for (size_t i = 0; i < history->input->history_count; i++) {
        const struct event *event = history_standing(history, i);

        if (event == NULL || event_is_type(event, "court.sentence") ||
            event_is_type(event, "court.proceedings-ended"))
            continue;
        if (!event_is_type(event, "police.charge") && event_word(event, "hearing") == NULL &&
            !event_is_type(event, "court.hearing-listed") && !event_is_type(event, "court.appearance"))
            continue;
        if (!history_is_ended(history, i))
            return true;
    }
    return false;
}

struct civil_day history_release_on(const struct history *history)
{
    size_t from = history_since_release(history);

    for (size_t i = history->input->history_count; i > from; i--) {
        const struct event *event = history_standing(history, i - 1);
        struct value on;

        if (event == NULL || !event_is_type(event, "custody.release-dates"))
            continue;
        on = event_value(event, event_is_true(event, "early_entitled") ? "early_on" : "mandatory_on");
        return on.kind == VALUE_DAY ? on.day : CIVIL_NONE;
    }
    return CIVIL_NONE;
}

static const struct event *history_find(const struct decide_input *input, const char *source, const char *id)
{
    for (size_t i = 0; i < input->history_count; i++) {
        const struct event *event = input->history[i].event;

        if (strcmp(event_id(event), id) == 0 && strcmp(event_source(event), source) == 0)
            return event;
    }
    return NULL;
}

const char *history_first_id(const struct decide_input *input)
{
    const struct event *event = input->event;
    const char *id = event_id(event);

    /* At most one step for each event stored: two that amend each other must not hold us here for ever. */
    for (size_t i = 0; i <= input->history_count && event != NULL && event_amends(event) != NULL; i++) {
        id = event_amends(event);
        event = history_find(input, event_source(event), id);
    }
    return id;
}
