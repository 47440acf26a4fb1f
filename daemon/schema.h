/* SPDX-License-Identifier: Apache-2.0 */
/* The numbered SQL files, embedded at build time, and the one way they reach a database. Forward only. */
#ifndef TOLD_SCHEMA_H
#define TOLD_SCHEMA_H

#include <stddef.h>

#include "pg.h"

struct schema_file {
    int number;
    const char *name; /* "0002_events.sql" */
    const char *text;
};

extern const struct schema_file SCHEMA_FILES[]; /* generated; ends with number 0 */
extern const char *const SCHEMA_ROLES;          /* sql/roles.sql */

/* Called once for each thing done, with a sentence. */
typedef void schema_say_fn(void *cookie, const char *text);

/* NULL if the database has exactly these files; else what differs and which command to give (caller frees).
 */
char *schema_check(struct pg *pg);
/* Applies what is missing, each file in its own transaction, under an advisory lock. As told_owner. NULL on
 * success, else the reason (caller frees): a changed file, a newer database, a file that does not apply. */
char *schema_migrate(struct pg *pg, schema_say_fn *say, void *cookie);

#endif
