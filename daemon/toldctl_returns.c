/* SPDX-License-Identifier: Apache-2.0 */
/* returns: what came back by mail, and what is kept of it for a person. address: those that mail came back from. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duty_store.h"
#include "store.h"
#include "toldctl.h"

/* clang-format off */
static const struct pg_statement list_returns = {
    "returns",
    "SELECT r.returned_id AS returned, r.kind, r.state, r.status, r.message_id AS message, r.attempt,"
    " (SELECT string_agg(DISTINCT n.duty_id::text, ' ') FROM told.notification n WHERE n.message_id = r.message_id) AS duties,"
    " " PG_INSTANT("r.returned_at") " AS returned_at, r.did, r.reason FROM told.returned r"
    " WHERE NOT $1::boolean OR r.state = 'open' ORDER BY r.returned_id DESC LIMIT 1000",
    1};
static const struct pg_statement show_return = {
    "returns_show",
    "SELECT r.returned_id AS returned, r.kind, r.state, r.status, r.message_id AS message, r.attempt, m.recipient,"
    " " PG_INSTANT("r.returned_at") " AS returned_at, r.did, r.reason, r.place, r.sender, r.subject, r.words FROM told.returned r"
    " LEFT JOIN told.message m USING (message_id) WHERE r.returned_id = $1",
    1};
static const struct pg_statement settle_return = {
    "returns_settle",
    "UPDATE told.returned SET state = 'settled', settled_at = $2, sender = NULL, subject = NULL, words = NULL"
    " WHERE returned_id = $1 AND state = 'open' RETURNING message_id",
    2};
/* Nothing is left to look at, and no duty has been opened for it yet: one that is open is for whoever was told of it. */
static const struct pg_statement clear_alarm = {
    "returns_alarm",
    "UPDATE told.alarm SET cleared_at = $1 WHERE kind = 'returned-mail' AND key = 'returns' AND cleared_at IS NULL AND duty_id IS NULL"
    " AND NOT EXISTS (SELECT FROM told.returned WHERE state = 'open')",
    1};
static const struct pg_statement list_addresses = {
    "addresses",
    "SELECT s.address_state_id AS mark, m.recipient, (SELECT string_agg(p.person_id, ' ' ORDER BY p.person_id) FROM told.person p"
    " WHERE lower(p.email) = s.address AND p.left_at IS NULL) AS held_by, s.status, s.returned_id AS returned,"
    " " PG_INSTANT("s.marked_at") " AS marked_at, " PG_INSTANT("s.cleared_at") " AS cleared_at"
    " FROM told.address_state s JOIN told.returned r USING (returned_id) LEFT JOIN told.message m USING (message_id)"
    " WHERE $1::boolean OR s.cleared_at IS NULL ORDER BY s.address_state_id DESC LIMIT 1000",
    1};
/* By the mark's number, by whom it belongs to, by whom it was sent to, or by itself. */
static const struct pg_statement clear_address = {
    "address_clear",
    "UPDATE told.address_state s SET cleared_at = $2 WHERE s.cleared_at IS NULL AND (s.address_state_id::text = $1 OR s.address = lower($1)"
    " OR EXISTS (SELECT FROM told.person p WHERE p.person_id = $1 AND lower(p.email) = s.address)"
    " OR EXISTS (SELECT FROM told.returned r JOIN told.message m USING (message_id) WHERE r.returned_id = s.returned_id"
    " AND m.recipient = $1)) RETURNING s.address_state_id, s.address, s.returned_id",
    2};
/* What the operators were alarmed of: whom it was sent to, and whoever has the address. */
static const struct pg_statement address_alarms = {
    "address_alarms",
    "SELECT a.alarm_id, d.duty_id FROM told.alarm a LEFT JOIN told.duty d ON d.duty_id = a.duty_id AND d.state <> 'closed'"
    " WHERE a.kind = 'address-bounced' AND a.cleared_at IS NULL AND (a.key IN (SELECT p.person_id FROM told.person p WHERE"
    " lower(p.email) = $1) OR a.key IN (SELECT m.recipient FROM told.returned r JOIN told.message m USING (message_id)"
    " WHERE r.returned_id = $2)) ORDER BY d.duty_id FOR UPDATE OF a",
    2};
static const struct pg_statement end_alarm = {
    "address_alarm_end", "UPDATE told.alarm SET cleared_at = $2 WHERE alarm_id = $1 AND cleared_at IS NULL", 2};
static const struct pg_statement lock_duty = {"address_lock_duty", "SELECT FROM told.duty WHERE duty_id = $1 FOR UPDATE", 1};
static const struct pg_statement look_anew = {
    "address_look_anew", "UPDATE told.installation SET directory_version = directory_version + 1", 0};
/* clang-format on */

struct settling {
    const char *id;
    int64_t count;
};

static int step_settle(struct toldctl *ctl, void *step)
{
    struct settling *s = step;
    char now[INSTANT_TEXT_SIZE];
    const char *const values[] = {s->id, instant_print(toldctl_now(ctl), now)};
    PGresult *row = pg_run(ctl->pg, &settle_return, values);
    if (!row)
        return TOLDCTL_DATABASE;
    if (PQntuples(row) == 0) {
        PQclear(row);
        return toldctl_refuse(EX_DATAERR, "nothing open came back with the number %s; `toldctl returns --open` lists it", s->id);
    }
    char *detail = store_detail("returned", s->id, NULL);
    const char *const alarm[] = {now};
    bool good = pg_do(ctl->pg, &clear_alarm, alarm) &&
                store_journal(ctl->pg, toldctl_now(ctl),
                              &(struct store_journal){
                                  .what = "returned mail settled", .message_id = pg_column_int(row, 0, 0), .detail = detail});
    free(detail);
    PQclear(row);
    return good ? 0 : TOLDCTL_DATABASE;
}

static int show(struct toldctl *ctl, const char *id)
{
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &show_return, values);
    if (!row)
        return toldctl_database_code(ctl);
    int code = 0;
    if (PQntuples(row) == 0) {
        code = toldctl_refuse(EX_DATAERR, "nothing came back with the number %s; `toldctl returns` lists it", id);
    } else if (ctl->json) {
        json_t *one = toldctl_row(row, 0);
        toldctl_print_json(one);
        json_decref(one);
    } else {
        for (int column = 0; column < PQnfields(row); column++) {
            const char *text = pg_column(row, 0, column);
            printf("%-12s ", PQfname(row, column));
            /* Somebody else wrote it: a terminal gets none of its control bytes. */
            for (; text && *text; text++)
                putchar((unsigned char)*text < 0x20 && *text != '\n' ? ' ' : *text == 0x7f ? ' ' : *text);
            putchar('\n');
        }
    }
    PQclear(row);
    return code;
}

int toldctl_returns(struct toldctl *ctl, int argc, char **argv)
{
    bool open = false;
    int64_t number;
    const struct toldctl_option options[] = {{.name = "open", .ret_flag = &open}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);
    if (at < 0)
        return EX_USAGE;
    int words = argc - at;
    bool shows = words == 2 && strcmp(argv[at], "show") == 0, settles = words == 2 && strcmp(argv[at], "settle") == 0;
    if (words != 0 && !shows && !settles)
        return toldctl_usage("returns");
    if (words != 0 && !toldctl_number(argv[at + 1], &number))
        return toldctl_refuse(EX_USAGE, "%s is no number; `toldctl returns` lists them", argv[at + 1]);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    if (shows)
        return show(ctl, argv[at + 1]);
    if (settles) {
        struct settling s = {.id = argv[at + 1]};
        return toldctl_step(ctl, step_settle, &s);
    }
    const char *const values[] = {open ? "true" : "false"};
    return toldctl_list(ctl, &list_returns, values);
}

/* Its alarm has been answered with it. */
static bool end_alarms(struct toldctl *ctl, const char *address, const char *returned, const char *now)
{
    struct duty_store s = {.pg = ctl->pg, .config = ctl->config, .now = toldctl_now(ctl)};
    const char *const values[] = {address, returned};
    PGresult *rows = pg_run(ctl->pg, &address_alarms, values);
    bool good = rows != NULL;
    for (int i = 0; good && i < PQntuples(rows); i++) {
        const char *const alarm[] = {pg_column(rows, i, 0), now}, *const duty[] = {pg_column(rows, i, 1)};
        good = duty[0] == NULL || (pg_do(ctl->pg, &lock_duty, duty) &&
                                   duty_store_close(&s, pg_column_int(rows, i, 1), "discharged", "the address was cleared", 0));
        good = good && pg_do(ctl->pg, &end_alarm, alarm);
    }
    PQclear(rows);
    return good;
}

static int step_clear(struct toldctl *ctl, void *step)
{
    struct settling *s = step;
    char now[INSTANT_TEXT_SIZE];
    const char *const values[] = {s->id, instant_print(toldctl_now(ctl), now)};
    PGresult *rows = pg_run(ctl->pg, &clear_address, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    bool good = true;
    s->count = PQntuples(rows);
    for (int i = 0; good && i < PQntuples(rows); i++) {
        char *detail = store_detail("mark", pg_column(rows, i, 0), NULL);
        good = store_journal(ctl->pg, toldctl_now(ctl), &(struct store_journal){.what = "address cleared", .detail = detail}) &&
               end_alarms(ctl, pg_column(rows, i, 1), pg_column(rows, i, 2), now);
        free(detail);
    }
    PQclear(rows);
    if (good && s->count == 0)
        return toldctl_refuse(EX_DATAERR, "%s names no address that is marked; `toldctl address` lists them", s->id);
    return good && pg_do(ctl->pg, &look_anew, NULL) ? 0 : TOLDCTL_DATABASE;
}

int toldctl_address(struct toldctl *ctl, int argc, char **argv)
{
    bool all = false;
    const struct toldctl_option options[] = {{.name = "all", .ret_flag = &all}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);
    if (at < 0)
        return EX_USAGE;
    bool clears = argc - at == 2 && strcmp(argv[at], "clear") == 0;
    if (argc != at && !clears)
        return toldctl_usage("address");
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    if (clears) {
        struct settling s = {.id = argv[at + 1]};
        code = toldctl_step(ctl, step_clear, &s);
        if (!code) {
            toldctl_kick(ctl);
            printf("%" PRId64 " cleared: mail is sent there again\n", s.count);
        }
        return code;
    }
    const char *const values[] = {all ? "true" : "false"};
    return toldctl_list(ctl, &list_addresses, values);
}
