/* SPDX-License-Identifier: Apache-2.0 */
#include "court_defendant.h"

#include <string.h>

#include "foreign_person.h"

bool court_defendant_is_child(struct court_defendant *defendant, const char *text, struct civil_day on,
                              struct civil_day *ret_born)
{
    enum foreign_age age = foreign_person_age(text, on, ret_born);

    if (age == FOREIGN_AGE_ADULT)
        adapted_list_add_nothing(defendant->list, defendant->part, "18 or over on the day of the hearing");
    else if (age == FOREIGN_AGE_NO_DATE)
        adapted_list_add_fault(defendant->list, defendant->part, "dateOfBirth " FOREIGN_AGE_FAULT_NO_DATE);
    else if (age == FOREIGN_AGE_ABSURD)
        adapted_list_add_fault(defendant->list, defendant->part,
                               "dateOfBirth cannot be that of a defendant at this hearing: taken as unknown");
    return age != FOREIGN_AGE_ADULT;
}

struct court_reference court_defendant_common(const struct court_case *cases, size_t count)
{
    const struct court_reference none = {NULL, NULL};
    const struct court_case *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (cases[i].is_of_all)
            continue;
        if (first != NULL && (first->about.case_ref == NULL || cases[i].about.case_ref == NULL ||
                              strcmp(first->about.case_ref, cases[i].about.case_ref) != 0))
            return none;
        if (first == NULL)
            first = &cases[i];
    }
    return first == NULL ? none : first->about;
}

static json_t *make_fields(const char *key, const char *word)
{
    json_t *fields = json_object();

    court_event_set(fields, key, word);
    return fields;
}

static void add_sentence(struct court_defendant *defendant, const struct court_case *read, const char *kind,
                         const struct court_order *order, const char *matter)
{
    json_t *fields = make_fields("kind", kind);
    char day[CIVIL_TEXT_SIZE];

    if (order != NULL) {
        court_event_set(fields, "order", order->result->order);
        if (!civil_is_none(order->on))
            court_event_set(fields, "on", civil_print(order->on, day));
        if (order->term_months > 0)
            json_object_set_new(fields, "term_months", json_integer(order->term_months));
    }
    court_event_add(defendant, COURT_EVENT_SENTENCE, read->about, matter, fields);
}

/* A discharge or a fine beside custody or a community order adds nobody who must be told: it is a sentence of
 * its own only where it is all there is. */
static void add_light_sentence(struct court_defendant *defendant, const struct court_case *read)
{
    if (read->is_sentenced_unknown)
        court_event_add(defendant, COURT_EVENT_SENTENCE, read->about, "outcome", json_object());
    else if (read->sentence_count > 0)
        add_sentence(defendant, read, "other", read->sentence_count == 1 ? &read->sentences[0] : NULL,
                     "outcome");
}

/* The first custodial order, or else the first, is what the case came to; the others stand beside it by name,
 * so that a later share that lists them in another order says the same. */
static void add_sentences(struct court_defendant *defendant, const struct court_case *read)
{
    const char *main_kind = court_case_has_kind(read, "custody") ? "custody" : "community";
    bool has_main = false;

    if (!court_case_has_kind(read, main_kind)) {
        add_light_sentence(defendant, read);
        return;
    }
    for (size_t i = 0; i < read->sentence_count; i++) {
        const struct codes_row *result = read->sentences[i].result;
        bool is_main = !has_main && strcmp(result->word, main_kind) == 0;

        has_main |= is_main;
        if (strcmp(result->word, "other") != 0)
            add_sentence(defendant, read, result->word, &read->sentences[i],
                         is_main ? "outcome" : result->order);
    }
}

/*
 * One child is in one place: remanded in one case and bailed in another is remanded. So one event says it,
 * the strictest of all, and it comes last: the end of a case or a community sentence ends a remand, and must
 * not end the remand of the same hearing.
 */
static void add_liberty(struct court_defendant *defendant, const struct court_case *cases, size_t count)
{
    const struct court_case *strictest = NULL;
    json_t *fields;

    for (size_t i = 0; i < count; i++)
        if (cases[i].liberty != NULL && (strictest == NULL || court_result_rank(cases[i].liberty) >
                                                                  court_result_rank(strictest->liberty)))
            strictest = &cases[i];
    if (strictest == NULL)
        return;
    if (strictest->liberty->sort == CODES_REMAND) {
        fields = make_fields("to", strictest->liberty->word);
        court_event_set(fields, "designated_authority", strictest->designated);
        court_event_add(defendant, COURT_EVENT_REMAND, strictest->about, "liberty", fields);
    } else {
        court_event_add(defendant, COURT_EVENT_BAIL, strictest->about, "liberty",
                        make_fields("decision", strictest->liberty->word));
    }
}

static void add_conviction(struct court_defendant *defendant, const struct court_case *read)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *fields = make_fields("on", civil_print(read->convicted_on, day));

    json_object_set(fields, "offences", read->convicted);
    court_event_add(defendant, COURT_EVENT_CONVICTION, read->about, "conviction", fields);
}

void court_defendant_add_events(struct court_defendant *defendant, const struct court_case *cases,
                                size_t count)
{
    court_event_add(defendant, COURT_EVENT_APPEARANCE, court_defendant_common(cases, count), "appearance",
                    json_object());
    for (size_t i = 0; i < count; i++) {
        if (cases[i].convicted != NULL)
            add_conviction(defendant, &cases[i]);
        if (court_case_has_ended(&cases[i]))
            court_event_add(defendant, COURT_EVENT_ENDING, cases[i].about, "outcome",
                            make_fields("outcome", cases[i].outcome));
        add_sentences(defendant, &cases[i]);
    }
    add_liberty(defendant, cases, count);
}

void court_defendant_release(struct court_defendant *defendant)
{
    json_decref(defendant->person);
    defendant->person = NULL;
}
