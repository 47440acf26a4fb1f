/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which mails a mail goes on from: what escalates, asks again or tells anew names the first mail of its duty, which is the
 * root of one thread for everybody, and the last one that its own reader had.
 */
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "dispatch_thread.h"
#include "told/mem.h"

enum { REFERENCES_MOST = 800 }; /* bytes; the header's line has an end */

static const struct pg_statement THREADS = {
    "claim_threads",
    "SELECT t.message_id, r.uid, w.uid FROM (SELECT n.message_id, min(o.message_id) AS root,"
    " max(o.message_id) FILTER (WHERE o.recipient = n.recipient) AS own FROM told.notification n"
    " JOIN told.notification o ON o.duty_id = n.duty_id AND o.channel = 'email' AND o.message_id < n.message_id"
    " WHERE n.message_id = ANY ($1::bigint[]) AND n.channel = 'email'"
    " AND (n.step > 0 OR n.telling > 1 OR n.kind NOT IN ('tell', 'copy')) GROUP BY n.message_id, n.duty_id) t"
    " JOIN told.message r ON r.message_id = t.root LEFT JOIN told.message w ON w.message_id = t.own"
    " ORDER BY t.message_id, t.root, t.own",
    1};

static void add(struct dispatch_thread *thread, const char *uid)
{
    if (uid == NULL || (thread->references.len > 0 && strstr(thread->references.bytes, uid) != NULL) ||
        thread->references.len + strlen(uid) > REFERENCES_MOST)
        return;
    if (thread->references.len > 0)
        buf_char(&thread->references, ' ');
    buf_text(&thread->references, uid);
}

PGresult *dispatch_thread_load(struct dispatch *d, const char *messages)
{
    return pg_run(d->pg, &THREADS, (const char *[]){messages});
}

/* Roots before the reader's own: the last of the list is what it is a reply to (RFC 5322 3.6.4). */
void dispatch_thread_of(const PGresult *rows, int64_t message_id, struct dispatch_thread *ret)
{
    *ret = (struct dispatch_thread){0};
    for (int column = 1; rows != NULL && column <= 2; column++)
        for (int i = 0; i < PQntuples(rows); i++)
            if (pg_column_int(rows, i, 0) == message_id)
                add(ret, pg_column(rows, i, column));
    if (ret->references.len == 0)
        return;
    const char *last = strrchr(ret->references.bytes, ' ');
    ret->in_reply_to = mem_copy(last != NULL ? last + 1 : ret->references.bytes);
}

void dispatch_thread_release(struct dispatch_thread *thread)
{
    buf_release(&thread->references);
    free(thread->in_reply_to);
    *thread = (struct dispatch_thread){0};
}
