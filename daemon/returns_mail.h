/* SPDX-License-Identifier: Apache-2.0 */
/* One mail that came back, on its way through one transaction. Within the stage `returns` only. */
#ifndef TOLD_RETURNS_MAIL_H
#define TOLD_RETURNS_MAIL_H

#include "returns.h"
#include "told/own_words.h"
#include "told/returned.h"

enum { RETURNS_CODES_MOST = 20 };

struct returns_mail {
    struct returned_mail mail;
    struct returned judged;
    char *words; /* what the sender wrote themselves */
    char codes[RETURNS_CODES_MOST][OWN_WORDS_CODE_SIZE]; /* that the sender typed */
    size_t code_count;

    int64_t message_id; /* 0: none that we know */
    int attempt;        /* 0: not said */
    bool is_proved;     /* the mail holds what only the server and the recipient of that message were given */
    char *recipient, *address;
    bool is_claimed; /* the message is at the socket, or its outcome is not written yet */
    bool is_sent, is_newer; /* the message stands as sent; there was a later attempt than this is about */

    /* what was made of it */
    char id[24];      /* of its row */
    const char *did;  /* static */
    bool is_later;    /* nothing can be made of it yet: it comes again */
    bool is_kept;     /* for a person */
    bool marks;       /* its address takes no mail */
    int lines, duties, closed; /* hurried; acknowledged; closed before */
};

/* Each acts on what the mail says, inside the transaction. False when the database failed. */
bool returns_bounce(struct returns *r, struct returns_mail *m);
bool returns_bounce_mark(struct returns *r, const struct returns_mail *m, const char *returned); /* once its row is there */
bool returns_automatic(struct returns *r, struct returns_mail *m);
bool returns_answer(struct returns *r, struct returns_mail *m);

#endif
