/* SPDX-License-Identifier: Apache-2.0 */
/* Store steps that several stages and toldctl share: the story's clock, alarms, the journal. */
#ifndef TOLD_STORE_H
#define TOLD_STORE_H

#include "clock.h"
#include "pg.h"
#include "pg_table.h"

/* Advisory locks, each held to the end of its transaction and taken before any row's: SELECT
 * pg_advisory_xact_lock(KEY). */
#define STORE_LOCK_CHILDREN                                                                                  \
    "7401, 1" /* events are matched, children are made: look again under it, then insert */
#define STORE_LOCK_MIGRATE "7401, 2" /* the schema changes */
#define STORE_LOCK_SEALER "7401, 3"  /* the journal is chained */

/* Reads told.installation and lets the clock follow it. False while the database is away. */
bool store_clock(struct pg *pg, struct clock *clock);

/* NULL, or why this program must not run on that database: schema older, newer or changed, other authority;
 * says which command to give (caller frees). While the database is away pg_status() is PG_AWAY and the text
 * says so. */
char *store_check(struct pg *pg, const char *authority);

/* Raises (or counts again) the one open alarm of this kind and key. detail: never personal. */
#define STORE_ALARM_BOUNCED                                                                                     \
    "mail to this recipient came back, and no more is sent there: correct the directory, or clear the address (toldctl address)"
bool store_alarm(struct pg *pg, const char *kind, const char *key, const char *detail, struct instant at);

struct store_journal {
    const char *what;
    int64_t event_id, child_id, duty_id, notification_id, message_id; /* 0: none */
    const char *detail;                                               /* JSON object text, or NULL */
};
bool store_journal(struct pg *pg, struct instant at, const struct store_journal *row);
/* Many rows of it in one statement: gather, then write. */
#define STORE_JOURNAL_TABLE                                                                                  \
    (struct pg_table)                                                                                        \
    {                                                                                                        \
        .width = 7                                                                                           \
    }
void store_journal_add(struct pg_table *table, const struct store_journal *row);
bool store_journal_write(struct pg *pg, struct instant at, struct pg_table *table);
/* Detail objects without a JSON library: "key", value pairs ended by NULL; NULL values are left out. Caller
 * frees. */
char *store_detail(const char *key, const char *value, ...);

#endif
