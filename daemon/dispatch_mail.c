/* SPDX-License-Identifier: Apache-2.0 */
/* Whether any mail goes out at all. A relay that is dead has others; when all are, only people can help. */
#include "dispatch.h"
#include "duty_store.h"
#include "log.h"
#include "store.h"

#define KIND "mail-down"
#define KEY "email"

static const struct pg_statement ALARM = {
    "mail_alarm",
    "SELECT a.alarm_id, a.duty_id FROM told.alarm a WHERE a.kind = '" KIND "' AND a.key = '" KEY "' AND a.cleared_at IS NULL", 0};
static const struct pg_statement LOCK_DUTY = {"mail_lock_duty", "SELECT duty_id FROM told.duty WHERE duty_id = $1 FOR UPDATE", 1};
static const struct pg_statement CLEAR = {
    "mail_clear", "UPDATE told.alarm SET cleared_at = $2 WHERE alarm_id = $1 AND cleared_at IS NULL", 2};

static bool note(struct dispatch *d, const char *what)
{
    return store_journal(d->pg, d->now, &(struct store_journal){.what = what, .detail = "{}"});
}

/* Whether it is raised, now or before: by a process that has ended, by another one. */
static bool raise_alarm(struct dispatch *d, bool *ret_new)
{
    PGresult *open = pg_run(d->pg, &ALARM, NULL);
    bool ok = open != NULL;

    *ret_new = ok && PQntuples(open) == 0;
    PQclear(open);
    return ok && (!*ret_new || (store_alarm(d->pg, KIND, KEY,
                                            "no mail goes out: every relay is dead, and each is probed until it answers; look at"
                                            " toldctl destinations",
                                            d->now) &&
                                note(d, "mail down")));
}

/* The operators' duty ends by the fact that mail goes out again. */
static bool end_alarm(struct dispatch *d, bool *ret_ended)
{
    struct duty_store s = {.pg = d->pg, .config = d->config, .now = d->now};
    char now[INSTANT_TEXT_SIZE];
    PGresult *open = pg_run(d->pg, &ALARM, NULL);
    bool ok = open != NULL, some = ok && PQntuples(open) > 0;

    if (some && pg_column(open, 0, 1) != NULL)
        ok = pg_do(d->pg, &LOCK_DUTY, (const char *[]){pg_column(open, 0, 1)}) &&
             duty_store_close(&s, pg_column_int(open, 0, 1), "discharged", "a relay takes mail again", 0);
    if (ok && some)
        ok = pg_do(d->pg, &CLEAR, (const char *[]){pg_column(open, 0, 0), instant_print(d->now, now)}) && note(d, "mail up");
    *ret_ended = some;
    PQclear(open);
    return ok;
}

void dispatch_mail_look(struct dispatch *d)
{
    enum email_relays_state state = d->email != NULL ? email_relays_state(d->email) : EMAIL_RELAYS_UNTRIED;
    enum dispatch_mail mail = state == EMAIL_RELAYS_DEAD ? DISPATCH_MAIL_DOWN : DISPATCH_MAIL_UP;
    bool changed = false;

    if (state == EMAIL_RELAYS_UNTRIED || mail == d->mail)
        return;
    if (!pg_begin(d->pg) || !(mail == DISPATCH_MAIL_DOWN ? raise_alarm(d, &changed) : end_alarm(d, &changed)) || !pg_commit(d->pg)) {
        pg_rollback(d->pg);
        return;
    }
    d->mail = mail;
    d->escalate |= changed;
    if (mail == DISPATCH_MAIL_DOWN)
        log_error("channel=email state=down do=\"no mail goes out: every relay is dead; see toldctl destinations\"");
    else if (changed)
        log_info("channel=email state=up");
}
