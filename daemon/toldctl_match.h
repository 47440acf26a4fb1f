/* SPDX-License-Identifier: Apache-2.0 */
/* What the three ways of `match` share: an answer, a look, taking an answer back. */
#ifndef TOLD_TOLDCTL_MATCH_H
#define TOLD_TOLDCTL_MATCH_H

#include "candidates.h"
#include "told/event.h"
#include "toldctl.h"

/* The event that a match review asks about; the code is 0, an exit code after saying why, or TOLDCTL_DATABASE. */
int toldctl_match_event(struct toldctl *ctl, int64_t review_id, int64_t *ret_event_id, struct event **ret);

/* Whom it may be about by now, looked up by name too. */
struct match_look {
    struct person *person;
    struct candidates_found found;
    struct identity_result result;
};
bool toldctl_match_look(struct toldctl *ctl, int64_t event_id, const struct event *event, struct match_look *ret);
void toldctl_match_look_release(struct match_look *look);

/* match REVIEW: who may be meant, with names, for the operator's eyes. */
int toldctl_match_show(struct toldctl *ctl, int64_t review_id);
/* match --undo REVIEW. asked: --for, or NULL; reason: or NULL. */
int toldctl_match_undo(struct toldctl *ctl, int64_t review_id, const char *asked, const char *reason);

#endif
