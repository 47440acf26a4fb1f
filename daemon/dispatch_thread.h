/* SPDX-License-Identifier: Apache-2.0 */
/* Within dispatch: the mails that a mail is shown under. */
#ifndef TOLD_DISPATCH_THREAD_H
#define TOLD_DISPATCH_THREAD_H

#include "dispatch.h"

struct dispatch_thread {
    struct buf references; /* Message-IDs with blanks between; empty: a mail that begins a thread */
    char *in_reply_to;     /* NULL with it */
};

/* Of messages in an array; NULL when the database failed. The same at every attempt: only earlier messages count. */
PGresult *dispatch_thread_load(struct dispatch *d, const char *messages);
void dispatch_thread_of(const PGresult *rows, int64_t message_id, struct dispatch_thread *ret);
void dispatch_thread_release(struct dispatch_thread *thread);

#endif
