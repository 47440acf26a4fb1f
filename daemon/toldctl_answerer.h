/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers, and what every answer writes. All of it inside the step's transaction. */
#ifndef TOLD_TOLDCTL_ANSWERER_H
#define TOLD_TOLDCTL_ANSWERER_H

#include "answer_store.h"
#include "toldctl.h"

struct answerer {
    const char *asked;  /* --for, or NULL: the practitioner whose login this is */
    bool optional;      /* nobody need stand behind it: the login alone is recorded */
    char *person;       /* found; owned; NULL only where optional */
    struct instant now; /* told's time, one for the whole step */
};

/* 0, an exit code after saying why, or TOLDCTL_DATABASE. */
int toldctl_answerer_find(struct toldctl *ctl, struct answerer *who);
void toldctl_answerer_release(struct answerer *who);
/* Locks it; refuses what is not there or is closed. */
int toldctl_answerer_lock(struct toldctl *ctl, int64_t duty_id, struct answered_duty *ret);
/* The row of told.answer, and of the journal. kind: "ack" "done" "void" "match" "unmatch" "answer". detail: JSON, or
 * NULL. */
bool toldctl_answerer_record(struct toldctl *ctl, const struct answerer *who,
                             const struct answered_duty *duty, const char *kind, const char *note,
                             const char *detail);
/* Closes it and cancels what is still queued. */
bool toldctl_answerer_close(struct toldctl *ctl, const struct answerer *who, const struct answered_duty *duty,
                            const char *closed_as, const char *reason);
/* A fact came late: the child's events from then on wait to be decided again. */
bool toldctl_answerer_again(struct toldctl *ctl, int64_t child_id, struct instant valid_from);

#endif
