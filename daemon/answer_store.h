/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer writes, whoever brings it: an operator by toldctl, a practitioner by mail. All of it inside the caller's
 * transaction. What an answer does is decided in told/answer.h.
 */
#ifndef TOLD_ANSWER_STORE_H
#define TOLD_ANSWER_STORE_H

#include "config.h"
#include "pg.h"
#include "told/answer.h"

struct answer_store {
    struct pg *pg;
    const struct config *config;
    struct instant now; /* told's time, one for the whole step */
};

/* The duty's row, locked. */
struct answered_duty {
    int64_t duty_id, child_id, event_id; /* child and event 0: none */
    char kind[8], state[16];
    char *closes; /* owned */
    char *closed_as; /* owned; NULL while open */
    bool immediate;
    bool asks_fields; /* a review that names missing fields */
    bool told;        /* a server has taken what each role is told */
    struct instant due_at;
};

struct answered {
    enum answer_effect effect;
    struct instant sleeps_until; /* where it sleeps */
};

enum answer_result {
    ANSWER_DONE,
    ANSWER_NOT_THEIRS, /* they were not told of it and hold no role in its lines; or there is no such duty */
    ANSWER_DATABASE,   /* pg_status() says why */
};

/* ANSWER_NOT_THEIRS: there is no such duty. A closed one has closed_as. */
enum answer_result answer_store_lock(struct answer_store *s, int64_t duty_id, struct answered_duty *ret);
void answer_store_release(struct answered_duty *duty);
/* The row of told.answer, and of the journal. kind: "ack" "done" "void" "match" "unmatch" "answer"; person, note, detail (JSON): or
 * NULL. */
bool answer_store_record(struct answer_store *s, const struct answered_duty *duty, const char *person, const char *kind,
                         const char *note, const char *detail);
/* Closes it and cancels what is still queued. */
bool answer_store_close(struct answer_store *s, const struct answered_duty *duty, const char *closed_as, const char *reason);
/* A person, or a mailbox that was told ("mailbox:ROLE"), says that they know. by: how, for the journal; NULL: by toldctl. */
enum answer_result answer_store_acknowledge(struct answer_store *s, const struct answered_duty *duty, const char *person,
                                            const char *note, const char *by, struct answered *ret);
/* Somebody says something that lets every line of it sleep until due_at, and then climb on. */
bool answer_store_sleep(struct answer_store *s, const struct answered_duty *duty, const char *person, struct answered *ret);

#endif
