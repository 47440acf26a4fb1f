/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes back by mail. Within the stage only; the rest of told knows returns_stage_run (stage.h).
 *
 * What is believed of a mail that anybody could have written:
 *   bounce     marks the address, fails the notification and hurries the line only with the token of the return path, or a
 *              code of the notice: both are unguessable and were given to nobody but the server and the recipient. A made-up
 *              bounce could silence an address otherwise. Without either it is kept for a person. One that names other
 *              recipients alone (a member of a list, where it was forwarded to) marks nothing, and a person looks as well.
 *   automatic  hurries the line with the token, or from the address that was told naming the message: the worst that a
 *              made-up one does is to tell the next person sooner. A shared mailbox that only says "thank you for your mail"
 *              hurries nothing; it must say that nobody is there.
 *   reply      acknowledges with a code of the notice that was typed (not quoted: helpdesks send quotes back unread, and
 *              "this is not mine" quotes the notice too), from the address that was told, or from another address of the
 *              directory whose domain is in returns.reply_domains and whose person the duty's lines know. Anything else is
 *              kept for a person, with an alarm.
 */
#ifndef TOLD_RETURNS_H
#define TOLD_RETURNS_H

#include "config.h"
#include "pg.h"
#include "return_path.h"
#include "stage.h"

enum { RETURNS_MOST = 100 };

struct returns {
    struct stage *stage;
    struct pg *pg;
    struct config *config;
    struct return_path return_path;
    struct instant now; /* told's */
    bool escalate;
};

enum returns_taken {
    RETURNS_TAKEN, /* committed, now or before: it can be put away */
    RETURNS_AGAIN, /* the database is away, or wants it later: nothing more now */
    RETURNS_LATER, /* this one stays until its message has an outcome, the others go on */
    RETURNS_FAULT, /* this one stays, the others go on */
};

/* One mail in one transaction. place: where it was found, the same at every look (told.returned.place). */
enum returns_taken returns_apply(struct returns *r, const char *place, const char *bytes, size_t len);

typedef enum returns_taken returns_take_fn(void *cookie, const char *place, const char *bytes, size_t len);

/* Mails that could not be fetched, though the server is there: they come last, so that they hold up no other. */
enum { RETURNS_STUCK_MOST = 64 };
struct returns_stuck {
    char validity[16];
    char uids[RETURNS_STUCK_MOST][11];
    size_t count, next;
};

/* Hand each mail over and put it away when it was taken; at most *left, counted down. *ret_more: more wait. False where
 * nothing could be read at all. */
bool returns_maildir(const struct config_returns *from, size_t *left, returns_take_fn *take, void *cookie, bool *ret_more);
bool returns_imap(const struct config_returns *from, struct stage *stage, struct returns_stuck *stuck, size_t *left,
                  returns_take_fn *take, void *cookie, bool *ret_more);

#endif
