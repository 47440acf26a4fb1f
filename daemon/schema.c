/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/hashchain.h"
#include "told/mem.h"

#define MIGRATE_FIRST "give `toldctl migrate` (as told_owner) before told is started"

static const struct pg_statement exists = {
    "schema_exists",
    "SELECT to_regnamespace('told') IS NOT NULL AND to_regclass('told.schema_version') IS NOT NULL", 0};
static const struct pg_statement applied = {
    "schema_applied", "SELECT number, name, checksum FROM told.schema_version ORDER BY number", 0};
static const struct pg_statement record = {"schema_record",
                                           "INSERT INTO told.schema_version (number, name, checksum, "
                                           "applied_at) VALUES ($1, $2, $3, clock_timestamp())",
                                           3};

static const char BOOTSTRAP[] = "SELECT pg_advisory_xact_lock(" STORE_LOCK_MIGRATE ");"
                                "CREATE SCHEMA IF NOT EXISTS told;"
                                "CREATE TABLE IF NOT EXISTS told.schema_version ("
                                "    number     integer PRIMARY KEY,"
                                "    name       text NOT NULL,"
                                "    checksum   text NOT NULL," /* SHA-256 of the file */
                                "    applied_at timestamptz NOT NULL)";

static char *database_fault(struct pg *pg, const char *during)
{
    if (pg_status(pg) == PG_AWAY)
        return mem_printf("the database does not answer: %s", pg_message(pg));
    return mem_printf("%s: the database says %s %s", during, pg_sqlstate(pg), pg_message(pg));
}

/* NULL if row `row` of the database is the file at that place. */
static char *compare_one(const PGresult *rows, int row, const struct schema_file *file)
{
    if (!file->number)
        return mem_printf(
            "the database is newer than this program: it has %s, which is unknown here; install the told it "
            "was migrated with, or a later one",
            pg_column(rows, row, 1));
    char checksum[65];
    hashchain_hex(file->text, strlen(file->text), checksum);
    if (pg_column_int(rows, row, 0) != file->number || strcmp(pg_column(rows, row, 2), checksum) != 0)
        return mem_printf(
            "%s was applied to the database in another form (checksum %.12s, here %.12s): a file that was "
            "applied is never changed; put it back and write a new one, or install the told that belongs to "
            "this database",
            pg_column(rows, row, 1), pg_column(rows, row, 2), checksum);
    return NULL;
}

/* What the database has must be the first *ret_count of our files. NULL, or the difference. */
static char *compare(struct pg *pg, size_t *ret_count)
{
    PGresult *rows = pg_run(pg, &applied, NULL);
    if (!rows)
        return database_fault(pg, "reading told.schema_version");
    char *reason = NULL;
    size_t count = (size_t)PQntuples(rows);
    for (size_t i = 0; i < count && !reason; i++)
        reason = compare_one(rows, (int)i, &SCHEMA_FILES[i]);
    PQclear(rows);
    *ret_count = count;
    return reason;
}

char *schema_check(struct pg *pg)
{
    PGresult *found = pg_run(pg, &exists, NULL);
    if (!found)
        return database_fault(pg, "looking for the schema told");
    bool is_there = pg_column_bool(found, 0, 0);
    PQclear(found);
    if (!is_there)
        return mem_copy("the database has no schema of told: " MIGRATE_FIRST);
    size_t count = 0;
    char *reason = compare(pg, &count);
    if (!reason && SCHEMA_FILES[count].number)
        reason = mem_printf("the database is older than this program: %s is missing; " MIGRATE_FIRST,
                            SCHEMA_FILES[count].name);
    return reason;
}

static char *apply(struct pg *pg, const struct schema_file *file)
{
    char number[16], checksum[65];
    snprintf(number, sizeof number, "%d", file->number);
    hashchain_hex(file->text, strlen(file->text), checksum);
    const char *const values[] = {number, file->name, checksum};
    if (!pg_text(pg, file->text) || !pg_do(pg, &record, values))
        return database_fault(pg, file->name);
    return NULL;
}

/* One transaction: looks again under the lock, applies the first file that is missing. */
static char *apply_next(struct pg *pg, const struct schema_file **ret_file)
{
    size_t count = 0;
    char *reason = NULL;
    *ret_file = NULL;
    if (!pg_begin(pg) || !pg_text(pg, "SELECT pg_advisory_xact_lock(" STORE_LOCK_MIGRATE ")"))
        reason = database_fault(pg, "taking the lock of migrations");
    if (!reason)
        reason = compare(pg, &count);
    if (!reason && SCHEMA_FILES[count].number) {
        reason = apply(pg, &SCHEMA_FILES[count]);
        *ret_file = &SCHEMA_FILES[count];
    }
    if (!reason && !pg_commit(pg))
        reason = database_fault(pg, "commit");
    pg_rollback(pg);
    return reason;
}

static char *bootstrap(struct pg *pg, schema_say_fn *say, void *cookie)
{
    PGresult *found = pg_run(pg, &exists, NULL);
    if (!found)
        return database_fault(pg, "looking for the schema told");
    bool is_there = pg_column_bool(found, 0, 0);
    PQclear(found);
    if (is_there)
        return NULL;
    char *reason = NULL;
    if (!pg_begin(pg) || !pg_text(pg, BOOTSTRAP) || !pg_commit(pg))
        reason = database_fault(pg, "creating the schema told");
    pg_rollback(pg);
    if (!reason)
        say(cookie, "created the schema told");
    return reason;
}

char *schema_migrate(struct pg *pg, schema_say_fn *say, void *cookie)
{
    char *reason = bootstrap(pg, say, cookie);
    size_t done = 0;
    while (!reason) {
        const struct schema_file *file;
        reason = apply_next(pg, &file);
        if (reason || !file)
            break;
        char *text = mem_printf("applied %s", file->name);
        say(cookie, text);
        free(text);
        done++;
    }
    if (!reason && done == 0)
        say(cookie, "nothing to apply: the database has every file");
    return reason;
}
