/* SPDX-License-Identifier: Apache-2.0 */
/* A reply with the code of a notice acknowledges, by the way that `toldctl ack` takes. Who may is said in returns.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer_store.h"
#include "returns_mail.h"
#include "told/address.h"
#include "told/mem.h"

/* Notices that went out with these codes; the first of a duty told to that address is enough. */
static const struct pg_statement CODES = {
    "answer_codes",
    "SELECT DISTINCT ON (n.duty_id) n.duty_id, m.recipient, lower(m.address) = lower($2), m.message_id"
    " FROM told.notification n JOIN told.message m USING (message_id) WHERE n.code = ANY ($1::text[]) AND m.channel = 'email'"
    " AND m.frozen ORDER BY n.duty_id, lower(m.address) = lower($2) DESC, n.notification_id",
    2};
static const struct pg_statement KNOWN_CODES = {
    "answer_known_codes", "SELECT count(DISTINCT code) FROM told.notification WHERE code = ANY ($1::text[])", 1};
static const struct pg_statement IN_SERVICE = {
    "answer_in_service", "SELECT person_id FROM told.person WHERE person_id = $1 AND (left_at IS NULL OR left_at > $2)", 2};
static const struct pg_statement BY_ADDRESS = {
    "answer_by_address",
    "SELECT person_id FROM told.person WHERE lower(email) = lower($1) AND (left_at IS NULL OR left_at > $2)", 2};

static bool is_reply_domain(const struct config_returns *returns, const char *from)
{
    const char *domain;

    if (address_validate(from) != NULL)
        return false;
    domain = address_domain(from);
    for (size_t i = 0; returns->reply_domains != NULL && returns->reply_domains[i] != NULL; i++)
        if (strcasecmp(returns->reply_domains[i], domain) == 0)
            return true;
    return false;
}

/* *ret_who: who answers, NULL if it is nobody whose word counts; the caller frees. False when the database failed. */
static bool find_who(struct returns *r, const char *from, const char *recipient, bool is_told, char **ret_who)
{
    char now[INSTANT_TEXT_SIZE];
    PGresult *rows;

    *ret_who = NULL;
    /* A mailbox that was told answers as itself. */
    if (is_told && (strchr(recipient, ':') != NULL || strcmp(recipient, "last-resort") == 0)) {
        *ret_who = mem_copy(recipient);
        return true;
    }
    if (!is_told && !is_reply_domain(&r->config->returns, from))
        return true;
    rows = pg_run(r->pg, is_told ? &IN_SERVICE : &BY_ADDRESS, (const char *[]){is_told ? recipient : from, instant_print(r->now, now)});
    if (rows != NULL && PQntuples(rows) == 1)
        *ret_who = mem_copy(pg_column(rows, 0, 0));
    PQclear(rows);
    return rows != NULL;
}

static bool acknowledge(struct returns *r, struct returns_mail *m, int64_t duty_id, const char *who)
{
    struct answer_store s = {.pg = r->pg, .config = r->config, .now = r->now};
    struct answered_duty duty = {0};
    struct answered answered;
    enum answer_result result = answer_store_lock(&s, duty_id, &duty);

    if (result == ANSWER_DONE && duty.closed_as != NULL) {
        m->did = "recorded: its duty was closed already";
        m->closed++;
    }
    if (result == ANSWER_DONE && duty.closed_as == NULL)
        result = answer_store_acknowledge(&s, &duty, who, "by mail", "mail", &answered);
    if (result == ANSWER_DONE && duty.closed_as == NULL)
        m->duties++;
    answer_store_release(&duty);
    return result != ANSWER_DATABASE;
}

static bool answer_each(struct returns *r, struct returns_mail *m, const PGresult *rows)
{
    bool ok = true;

    for (int i = 0; ok && i < PQntuples(rows); i++) {
        char *who;

        ok = find_who(r, m->mail.from, pg_column(rows, i, 1), pg_column_bool(rows, i, 2), &who);
        if (ok && who != NULL) {
            ok = acknowledge(r, m, pg_column_int(rows, i, 0), who);
            m->message_id = pg_column_int(rows, i, 3);
        }
        free(who);
    }
    return ok;
}

static const char *why_kept(const struct returns_mail *m, bool known)
{
    if (m->code_count == 0)
        return "kept: no code was typed into it";
    return known ? "kept: it is not from the address that was told" : "kept: its code is of no notice";
}

/* Of several codes some counted: whoever typed the others believes that they are heard. */
static bool look_at_rest(struct returns *r, struct returns_mail *m, const char *codes, int found)
{
    PGresult *known = pg_run(r->pg, &KNOWN_CODES, (const char *[]){codes});
    bool ok = known != NULL;

    if (ok && ((size_t)pg_column_int(known, 0, 0) < m->code_count || m->duties + m->closed < found)) {
        m->is_kept = true;
        m->did = m->duties > 0 ? "acknowledged; kept: another code in it did not count" : "kept: another code in it did not count";
    }
    PQclear(known);
    return ok;
}

bool returns_answer(struct returns *r, struct returns_mail *m)
{
    struct buf codes = {0};
    PGresult *rows = NULL;
    bool ok = true, known = false;

    if (m->mail.from != NULL && m->code_count > 0) {
        for (size_t i = 0; i < m->code_count; i++)
            pg_array_add(&codes, m->codes[i]);
        rows = pg_run(r->pg, &CODES, (const char *[]){pg_array_end(&codes), m->mail.from});
        known = rows != NULL && PQntuples(rows) > 0;
        ok = rows != NULL && answer_each(r, m, rows);
    }
    if (m->duties > 0)
        m->did = "acknowledged";
    if (ok && m->duties + m->closed > 0)
        ok = look_at_rest(r, m, buf_string(&codes), PQntuples(rows));
    if (m->did == NULL) {
        m->is_kept = true;
        m->did = why_kept(m, known);
    }
    PQclear(rows);
    buf_release(&codes);
    return ok;
}
