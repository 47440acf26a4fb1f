/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_answerer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static const struct pg_statement find_asked = {
    "answerer_asked",
    "SELECT person_id FROM told.person WHERE person_id = $1 AND (left_at IS NULL OR left_at > $2)", 2};
static const struct pg_statement find_login = {
    "answerer_login",
    "SELECT person_id FROM told.person WHERE login = session_user AND (left_at IS NULL OR left_at > $1)", 1};
/* From its valid-from on: an event is valid from its `on`, where that is another day than its time's. */
static const struct pg_statement wait_again = {
    "answerer_again",
    "UPDATE told.event_state s SET state = 'waiting', reason = 'a fact came late', begun = 0 FROM told.event e"
    " WHERE e.event_id = s.event_id AND s.child_id = $1 AND s.state IN ('decided', 'review')"
    " AND s.retracted_by IS NULL AND (e.occurred_at >= $2 OR substring(encode(e.body, 'escape') FROM '\"on\"\\s*:\\s*\"([0-9-]{10})\"')"
    " >= to_char($2::timestamptz AT TIME ZONE 'Europe/London', 'YYYY-MM-DD'))",
    2};

int toldctl_answerer_find(struct toldctl *ctl, struct answerer *who)
{
    char now[INSTANT_TEXT_SIZE];
    who->now = toldctl_now(ctl);
    instant_print(who->now, now);
    const char *const by_name[] = {who->asked, now}, *const by_login[] = {now};
    PGresult *rows =
        who->asked ? pg_run(ctl->pg, &find_asked, by_name) : pg_run(ctl->pg, &find_login, by_login);
    if (!rows)
        return TOLDCTL_DATABASE;
    free(who->person);
    who->person = PQntuples(rows) ? mem_copy(pg_column(rows, 0, 0)) : NULL;
    PQclear(rows);
    if (who->person || (who->optional && !who->asked))
        return 0;
    if (who->asked)
        return toldctl_refuse(
            EX_DATAERR, "--for %s: nobody of that id is in service; `toldctl import directory` says who is",
            who->asked);
    return toldctl_refuse(EX_USAGE, "no practitioner has this login, so say who answers: --for PERSON");
}

void toldctl_answerer_release(struct answerer *who)
{
    free(who->person);
    who->person = NULL;
}

int toldctl_answerer_lock(struct toldctl *ctl, int64_t duty_id, struct answered_duty *ret)
{
    struct answer_store s = {.pg = ctl->pg, .config = ctl->config};
    enum answer_result found = answer_store_lock(&s, duty_id, ret);
    if (found == ANSWER_DATABASE)
        return TOLDCTL_DATABASE;
    if (found != ANSWER_DONE)
        return toldctl_refuse(EX_DATAERR, "there is no duty %" PRId64 "; `toldctl duties --open` lists them", duty_id);
    if (ret->closed_as)
        return toldctl_refuse(EX_DATAERR, "duty %" PRId64 " is closed already (%s); `toldctl duty %" PRId64 "` says by whom",
                              duty_id, ret->closed_as, duty_id);
    return 0;
}

bool toldctl_answerer_record(struct toldctl *ctl, const struct answerer *who,
                             const struct answered_duty *duty, const char *kind, const char *note,
                             const char *detail)
{
    struct answer_store s = {.pg = ctl->pg, .config = ctl->config, .now = who->now};
    return answer_store_record(&s, duty, who->person, kind, note, detail);
}

bool toldctl_answerer_close(struct toldctl *ctl, const struct answerer *who, const struct answered_duty *duty,
                            const char *closed_as, const char *reason)
{
    struct answer_store s = {.pg = ctl->pg, .config = ctl->config, .now = who->now};
    return answer_store_close(&s, duty, closed_as, reason);
}

bool toldctl_answerer_again(struct toldctl *ctl, int64_t child_id, struct instant valid_from)
{
    char id[24], from[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, child_id);
    const char *const values[] = {id, instant_print(valid_from, from)};
    return pg_do(ctl->pg, &wait_again, values);
}
