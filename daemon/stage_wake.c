/* SPDX-License-Identifier: Apache-2.0 */
#include "stage_wake.h"

#include <stdio.h>

void stage_wake_listen(struct stage *stage, struct pg *pg)
{
    char sql[64];
    PGconn *conn = pg_conn(pg);
    PGnotify *note;

    if (conn == NULL) {
        stage->wake_fd = -1;
        return;
    }
    /* A new connection may have got the old one's descriptor: its backend tells them apart. */
    if (stage->wake_fd != PQsocket(conn) || stage->wake_backend != PQbackendPID(conn)) {
        stage->wake_fd = -1;
        snprintf(sql, sizeof sql, "LISTEN told_%s", stage_text(stage->name));
        if (!pg_text(pg, sql))
            return;
        stage->wake_fd = pg_socket(pg);
        stage->wake_backend = PQbackendPID(conn);
    }
    PQconsumeInput(conn);
    while ((note = PQnotifies(conn)) != NULL)
        PQfreemem(note);
}

void stage_wake_next(struct stage *stage, struct pg *pg, enum stage_name next)
{
    char sql[64];

    if (stage->next[next] != NULL) {
        kick_wake(stage->next[next]);
        return;
    }
    snprintf(sql, sizeof sql, "NOTIFY told_%s", stage_text(next));
    pg_text(pg, sql);
}
