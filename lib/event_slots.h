/* SPDX-License-Identifier: Apache-2.0 */
/* What the other parts of the core read of an event: its typed fields. */
#ifndef TOLD_LIB_EVENT_SLOTS_H
#define TOLD_LIB_EVENT_SLOTS_H

#include "field.h"
#include "told/event.h"

int event_type_index(const struct event *event); /* of the catalogue; -1: foreign.<adapter> */
struct civil_day event_day(const struct event *event); /* the local day from which its facts hold */
const struct value *event_slot(const struct event *event, unsigned slot);
/* By name; unknown if the type has no such field. For the few places where the type is known as code is
 * written. */
struct value event_value(const struct event *event, const char *name);
const char *event_word(const struct event *event, const char *name); /* a word's or a code's text, or NULL */
bool event_says(const struct event *event, const char *name, const char *word);
bool event_is_true(const struct event *event, const char *name); /* surely */
bool event_is_type(const struct event *event, const char *type);
/* Keeps a copy of what was answered. */
void event_take_answers(struct event *event, const json_t *answers);
/* An answer to what no event states of itself (court.is_host, release.on), or unknown. */
struct value event_answer_value(const struct event *event, const char *name);

#endif
