/* SPDX-License-Identifier: Apache-2.0 */
/* watches: the moments that told comes back at. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"
#include "toldctl_answerer.h"

/* clang-format off */
static const struct pg_statement list_watches = {
    "watches",
    "SELECT 'W-' || watch_id AS watch, duty, rule, child_id AS child, state, " PG_INSTANT("at") " AS comes_at, provisional,"
    " ground_id AS opened_by, " PG_INSTANT("opened_at") " AS opened_at, event_id AS event, reason"
    " FROM told.watch WHERE $1::boolean OR state = 'open' ORDER BY at, watch_id",
    1};
static const struct pg_statement lock_watch = {
    "watch_lock", "SELECT watch_id, child_id, rule, state FROM told.watch WHERE watch_id = $1 FOR UPDATE", 1};
static const struct pg_statement end_watch = {
    "watch_done",
    "UPDATE told.watch SET state = 'done', reason = 'done by a person', ended_at = $2, answered_for = $3, note = $4"
    " WHERE watch_id = $1",
    4};
/* clang-format on */

struct ending {
    int64_t watch_id;
    struct answerer who;
    const char *note;
};

static int list(struct toldctl *ctl, bool all)
{
    int code = toldctl_open_database(ctl);

    if (code)
        return code;
    PGresult *rows = pg_run(ctl->pg, &list_watches, (const char *const[]){all ? "true" : "false"});
    if (rows)
        toldctl_print(ctl, rows);
    else
        code = TOLDCTL_DATABASE;
    PQclear(rows);
    return code;
}

static int refuse(const struct ending *e, const char *state)
{
    if (state == NULL)
        return toldctl_refuse(EX_DATAERR, "there is no watch W-%" PRId64 "; `toldctl watches` lists them", e->watch_id);
    return toldctl_refuse(EX_DATAERR, "watch W-%" PRId64 " is not open any more: it is %s", e->watch_id, state);
}

static bool write_end(struct toldctl *ctl, const struct ending *e, const PGresult *row)
{
    char id[24], now[INSTANT_TEXT_SIZE];
    char *detail = store_detail("watch", pg_column(row, 0, 0), "rule", pg_column(row, 0, 2), "for", e->who.person, NULL);
    bool good;

    snprintf(id, sizeof id, "%" PRId64, e->watch_id);
    good = pg_do(ctl->pg, &end_watch, (const char *const[]){id, instant_print(e->who.now, now), e->who.person, e->note}) &&
           store_journal(ctl->pg, e->who.now,
                         &(struct store_journal){
                             .what = "watch done", .child_id = pg_column_int(row, 0, 1), .detail = detail});
    free(detail);
    return good;
}

static int step_done(struct toldctl *ctl, void *step)
{
    struct ending *e = step;
    char id[24];
    PGresult *row;
    int code = toldctl_answerer_find(ctl, &e->who);

    if (code)
        return code;
    snprintf(id, sizeof id, "%" PRId64, e->watch_id);
    row = pg_run(ctl->pg, &lock_watch, (const char *const[]){id});
    if (!row)
        return TOLDCTL_DATABASE;
    if (PQntuples(row) == 0)
        code = refuse(e, NULL);
    else if (strcmp(pg_column(row, 0, 3), "open") != 0)
        code = refuse(e, pg_column(row, 0, 3));
    else
        code = write_end(ctl, e, row) ? 0 : TOLDCTL_DATABASE;
    PQclear(row);
    return code;
}

static int done(struct toldctl *ctl, struct ending *e, const char *word)
{
    int code = EX_USAGE;

    if (!e->note || !*e->note)
        return toldctl_refuse(EX_USAGE, "say why there is nothing to wait for: --note TEXT");
    if (!toldctl_number(word, &e->watch_id))
        return toldctl_refuse(EX_USAGE, "%s is no number of a watch; `toldctl watches` lists them", word);
    code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_done, e);
    if (!code && !ctl->json)
        printf("watch W-%" PRId64 ": done for %s; nobody will be told\n", e->watch_id, e->who.person);
    toldctl_answerer_release(&e->who);
    return code;
}

int toldctl_watches(struct toldctl *ctl, int argc, char **argv)
{
    struct ending e = {0};
    bool all = false;
    const struct toldctl_option options[] = {{.name = "for", .ret_text = &e.who.asked},
                                             {.name = "note", .ret_text = &e.note},
                                             {.name = "all", .ret_flag = &all},
                                             {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);

    if (at < 0)
        return EX_USAGE;
    if (at == argc)
        return list(ctl, all);
    if (argc - at == 2 && strcmp(argv[at], "done") == 0)
        return done(ctl, &e, argv[at + 1]);
    return toldctl_refuse(EX_USAGE, "write `toldctl watches`, or `toldctl watches done WATCH --note TEXT`");
}
