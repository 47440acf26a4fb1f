/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person said in answer to a review in place of an event that left it out: a field of the event ("event.at"), or
 * what told could not look up for it ("court.is_host", "court.is_our_day", "release.on").
 */
#ifndef TOLD_EVENT_ANSWER_H
#define TOLD_EVENT_ANSWER_H

#include "told/event.h"

/* Whether a name that a review gives is of this kind, and not a fact of the child. */
bool event_answer_is_name(const char *name);
/* The event as if it had said that too. answers: {"event.at": {"value": …, more for whoever shows it}, …}. Only what the
 * event leaves out can be answered. NULL and *ret_reason (caller frees), which names what is expected and never a value. */
struct event *event_answer(const struct event *event, const json_t *answers, char **ret_reason);

#endif
