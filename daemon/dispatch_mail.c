/* SPDX-License-Identifier: Apache-2.0 */
/* Whether any mail goes out at all. A relay that is dead has others; when all are, only people can help. */
#include "alarm_store.h"
#include "dispatch.h"
#include "log.h"
#include "store.h"

/* *ret_changed: it was not known before, by whatever process. */
static bool write_down(struct dispatch *d, bool is_down, bool *ret_changed)
{
    struct duty_store s = {.pg = d->pg, .config = d->config, .now = d->now};
    bool ok = is_down ? alarm_store_begin(&s, "mail-down", "email",
                                          "no mail goes out: every relay is dead, and each is probed until it answers; look at"
                                          " toldctl destinations",
                                          ret_changed)
                      : alarm_store_end(&s, "mail-down", "email", "a relay takes mail again", ret_changed);

    return ok && (!*ret_changed || store_journal(d->pg, d->now,
                                                 &(struct store_journal){.what = is_down ? "mail down" : "mail up", .detail = "{}"}));
}

void dispatch_mail_look(struct dispatch *d)
{
    enum email_relays_state state = d->email != NULL ? email_relays_state(d->email) : EMAIL_RELAYS_UNTRIED;
    enum dispatch_mail mail = state == EMAIL_RELAYS_DEAD ? DISPATCH_MAIL_DOWN : DISPATCH_MAIL_UP;
    bool changed = false;

    if (state == EMAIL_RELAYS_UNTRIED || mail == d->mail)
        return;
    if (!pg_begin(d->pg) || !write_down(d, mail == DISPATCH_MAIL_DOWN, &changed) || !pg_commit(d->pg)) {
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
