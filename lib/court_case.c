/* SPDX-License-Identifier: Apache-2.0 */
#include "court_case.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

void court_case_fault(struct court_case *read, char *reason)
{
    if (read->fault == NULL)
        read->fault = reason;
    else
        free(reason);
}

/* One order is one sentence, under however many offences it stands; whether their terms run side by side or
 * one after the other is not said, so of two different ones none is believed. */
static void note_sentence(struct court_case *read, const struct codes_row *result, struct civil_day on,
                          int term_months)
{
    for (size_t i = 0; i < read->sentence_count; i++) {
        if (strcmp(read->sentences[i].result->order, result->order) != 0)
            continue;
        if (read->sentences[i].term_months != term_months)
            read->sentences[i].term_months = 0;
        return;
    }
    if (read->sentence_count == COURT_CASE_ORDERS)
        court_case_fault(
            read, mem_printf("more than %d different orders: look at the message itself", COURT_CASE_ORDERS));
    else
        read->sentences[read->sentence_count++] = (struct court_order){result, on, term_months};
}

const char *court_case_note(struct court_case *read, const struct codes_row *result, struct civil_day on,
                            int term_months)
{
    switch (result->sort) {
    case CODES_SENTENCE:
        note_sentence(read, result, on, term_months);
        break;
    case CODES_ENDING:
        return result->word;
    case CODES_REMAND:
    case CODES_BAIL:
        if (read->liberty == NULL || court_result_rank(result) > court_result_rank(read->liberty))
            read->liberty = result;
        break;
    case CODES_LOOK:
        court_case_fault(read, mem_printf("result code %s makes no event (%s): look at the message itself",
                                          result->code, result->word));
        break;
    default: /* a designation says nothing by itself: its prompts do */
        break;
    }
    return NULL;
}

void court_case_note_offence(struct court_case *read, const char *outcome)
{
    read->offence_count++;
    if (outcome == NULL)
        return;
    if (read->ended_count++ == 0)
        read->outcome = outcome;
    else if (read->outcome != NULL && strcmp(read->outcome, outcome) != 0)
        read->outcome = NULL;
}

void court_case_note_conviction(struct court_case *read, struct civil_day on, const char *code,
                                const char *title)
{
    json_t *convicted = json_object();

    court_event_set(convicted, "code", code);
    court_event_set(convicted, "title", title);
    if (read->convicted == NULL) {
        read->convicted = json_array();
        read->convicted_on = on;
    }
    json_array_append_new(read->convicted, convicted);
}

/* A charge that is withdrawn beside one that goes on ends nothing: the case has ended when every offence has.
 */
bool court_case_has_ended(const struct court_case *read)
{
    return read->ended_count > 0 && read->ended_count == read->offence_count;
}

bool court_case_has_kind(const struct court_case *read, const char *kind)
{
    for (size_t i = 0; i < read->sentence_count; i++)
        if (strcmp(read->sentences[i].result->word, kind) == 0)
            return true;
    return false;
}

void court_case_release(struct court_case *read)
{
    json_decref(read->convicted);
    free(read->fault);
    *read = (struct court_case){0};
}
