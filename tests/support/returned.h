/* SPDX-License-Identifier: Apache-2.0 */
/* What mail servers and people send back to told, made from the mails that told sent. */
#ifndef TOLD_TESTS_RETURNED_H
#define TOLD_TESTS_RETURNED_H

#include "cast.h"

/* One mail as it arrived. */
struct arrived {
    char *path;  /* its return path: where a server sends what it has to say */
    char *reply; /* Reply-To: where a person's answer goes */
    char *id;    /* Message-ID */
    char *text;  /* the plain text, decoded */
    char *codes[8]; /* "7F3A9-C04D1", in order */
    int code_count;
};

/* The last mail to a person ("ash"); the test fails if there is none. */
void returned_arrived(struct harness *h, const char *person, struct arrived *ret);
void returned_arrived_release(struct arrived *arrived);

/* Puts a Maildir into the harness's directory and turns `returns` on; before harness_told. more: further settings, or "". */
void returned_maildir(struct harness *h, const char *more);
/* Delivers a mail into it as a mail server does, under a name of that number. */
void returned_drop(struct harness *h, int number, const char *text);
/* Mails in new/ of it. */
long returned_waiting(struct harness *h);

/* A delivery report as Postfix writes one. action, status: of RFC 3464. The caller frees. */
char *returned_report(const struct arrived *arrived, const char *to, const char *action, const char *status);
char *returned_away(const struct arrived *arrived, const char *from);
/* words above, the notice quoted below. */
char *returned_reply(const struct arrived *arrived, const char *from, const char *words);

/* told killed between its fetch and its commit: hold, deliver, kill. What it must lock is held by somebody else meanwhile. */
void returned_hold(struct harness *h);
void returned_kill(struct harness *h, pid_t told);

#endif
