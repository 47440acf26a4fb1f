/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema.h"
#include "store.h"
#include "toldctl.h"

#define INSTALLED "/etc/told/told.conf"
#define LOCAL "conf/told.conf"
#define STEP_TRIES 10

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

static int open_config(struct toldctl *ctl, const char *path)
{
    /* told's own secrets are not ours to read. */
    if (!ctl->config)
        ctl->config = config_load(path, false, on_fault, NULL);
    return ctl->config ? 0
                       : toldctl_refuse(EX_CONFIG, "%s cannot be used; put right what is named above", path);
}

int toldctl_open_config(struct toldctl *ctl)
{
    return open_config(ctl, ctl->config_path ? ctl->config_path : INSTALLED);
}

int toldctl_open_local_config(struct toldctl *ctl)
{
    const char *here = access(LOCAL, R_OK) == 0 ? LOCAL : INSTALLED;
    return open_config(ctl, ctl->config_path ? ctl->config_path : here);
}

static const char *login(const struct toldctl *ctl)
{
    if (ctl->as)
        return ctl->as;
    const char *user = getenv("PGUSER");
    const struct passwd *who = getpwuid(geteuid());
    return user ? user : who ? who->pw_name : "?";
}

int toldctl_database_code(struct toldctl *ctl)
{
    enum pg_status status = pg_status(ctl->pg);
    if (status == PG_AWAY)
        return toldctl_refuse(
            EX_UNAVAILABLE,
            "the database does not answer as %s (%s); see whether it runs, whether `database` in %s is "
            "right, and whether that login may connect",
            login(ctl), pg_message(ctl->pg), ctl->config->file);
    if (status == PG_AGAIN)
        return toldctl_refuse(EX_TEMPFAIL, "others kept changing the same rows; try again");
    if (strcmp(pg_sqlstate(ctl->pg), "42501") == 0)
        return toldctl_refuse(
            EX_NOPERM,
            "the login %s may not do this; make it an operator: `toldctl init --authority %s --operator %s`",
            login(ctl), ctl->config->authority, login(ctl));
    return toldctl_refuse(EX_SOFTWARE, "the database refused: %s %s", pg_sqlstate(ctl->pg),
                          pg_message(ctl->pg));
}

int toldctl_open_database(struct toldctl *ctl)
{
    int code = toldctl_open_config(ctl);
    if (code)
        return code;
    ctl->pg = pg_new(ctl->config->database, ctl->as, ctl->config->database_deadline_ms);
    ctl->clock = clock_new();
    if (!pg_is_up(ctl->pg))
        return toldctl_database_code(ctl);
    char *reason = store_check(ctl->pg, ctl->config->authority);
    if (reason) {
        code = pg_status(ctl->pg) == PG_OK ? toldctl_refuse(EX_CONFIG, "%s", reason)
                                           : toldctl_database_code(ctl);
        free(reason);
        return code;
    }
    return store_clock(ctl->pg, ctl->clock) ? 0 : toldctl_database_code(ctl);
}

int toldctl_open_snapshot(struct toldctl *ctl)
{
    return pg_begin(ctl->pg) && pg_text(ctl->pg, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
               ? 0
               : toldctl_database_code(ctl);
}

struct instant toldctl_now(struct toldctl *ctl)
{
    return clock_told(ctl->clock);
}

int toldctl_step(struct toldctl *ctl, toldctl_step_fn *run, void *step)
{
    for (int tries = 0; tries < STEP_TRIES; tries++) {
        int code = pg_begin(ctl->pg) ? run(ctl, step) : TOLDCTL_DATABASE;
        if (code == 0 && pg_commit(ctl->pg))
            return 0;
        pg_rollback(ctl->pg);
        if (code > 0)
            return code;
        if (pg_status(ctl->pg) != PG_AGAIN)
            break;
    }
    return toldctl_database_code(ctl);
}

void toldctl_kick(struct toldctl *ctl)
{
    pg_text(ctl->pg, "NOTIFY told_decide; NOTIFY told_escalate; NOTIFY told_dispatch; NOTIFY told_returns");
}
