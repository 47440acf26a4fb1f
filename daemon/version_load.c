/* SPDX-License-Identifier: Apache-2.0 */
#include "version_load.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"
#include "told/protocol_stored.h"

static const struct pg_statement PROTOCOL = {
    "version_protocol", "SELECT text, " PG_INSTANT("first_used_at") " FROM told.protocol_version WHERE hash = $1", 1};
static const struct pg_statement CALENDAR = {
    "version_calendar", "SELECT text, " PG_INSTANT("first_used_at") " FROM told.calendar_version WHERE hash = $1", 1};

/* The first fault is enough: a stored version was without any when it was stored. */
static void keep_fault(void *cookie, const char *file, int line, const char *text)
{
    char **reason = cookie;

    if (*reason == NULL)
        *reason = mem_printf("this program cannot read it again: %s:%d: %s", file, line, text);
}

/* The text of a version (caller frees), or NULL. */
static char *read_text(struct pg *pg, const struct pg_statement *statement, const char *hash, struct instant *ret_first_used_at,
                       char **ret_reason)
{
    PGresult *row = pg_run(pg, statement, (const char *[]){hash});
    char *text = NULL;

    if (row != NULL && PQntuples(row) == 0) {
        *ret_reason = mem_copy("it was never stored");
    } else if (row != NULL) {
        text = mem_copy(pg_column(row, 0, 0));
        if (ret_first_used_at != NULL)
            *ret_first_used_at = pg_column_instant(row, 0, 1);
    }
    PQclear(row);
    return text;
}

struct protocol *version_load_protocol(struct pg *pg, const char *hash, struct instant *ret_first_used_at, char **ret_reason)
{
    char *text = read_text(pg, &PROTOCOL, hash, ret_first_used_at, ret_reason);
    struct protocol *protocol = text != NULL ? protocol_stored_parse(text, keep_fault, ret_reason) : NULL;

    if (protocol != NULL && strcmp(protocol_hash(protocol), hash) != 0) {
        *ret_reason = mem_copy("the stored text is not the one its hash was made of");
        protocol_free(protocol);
        protocol = NULL;
    }
    free(text);
    return protocol;
}

struct calendar *version_load_calendar(struct pg *pg, const char *hash, struct instant *ret_first_used_at, char **ret_text,
                                       char **ret_reason)
{
    char *text = read_text(pg, &CALENDAR, hash, ret_first_used_at, ret_reason);
    struct calendar *calendar = text != NULL ? calendar_parse(text, strlen(text), ret_reason) : NULL;

    if (calendar != NULL && strcmp(calendar_hash(calendar), hash) != 0) {
        *ret_reason = mem_copy("the stored text is not the one its hash was made of");
        calendar_free(calendar);
        calendar = NULL;
    }
    if (calendar != NULL && ret_text != NULL)
        *ret_text = text;
    else
        free(text);
    return calendar;
}
