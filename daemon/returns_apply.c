/* SPDX-License-Identifier: Apache-2.0 */
/* One mail, one transaction: whether it was taken before, which message it is about, what is made of it, its row. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "returned_mime.h"
#include "returns_mail.h"
#include "store.h"
#include "told/mem.h"

enum { WORDS_MOST = 4000, LINE_MOST = 300, TRIES = 3 };

/* Of this place, or the same mail in another; whoever takes one up meanwhile makes the INSERT below wait and fail. */
static const struct pg_statement KNOWN = {
    "returned_known", "SELECT place = $1, returned_id FROM told.returned WHERE place = $1 OR (digest = decode($2, 'hex') AND repeats IS NULL)"
    " ORDER BY place = $1 DESC LIMIT 1", 2};

static const struct pg_statement MESSAGE = {
    "returned_message",
    "SELECT message_id, recipient, address, state = 'sent', attempts > $2::int, state = 'claimed' FROM told.message WHERE message_id = $1"
    " AND channel = 'email' AND first_try_at IS NOT NULL",
    2};
static const struct pg_statement REFERRED = {
    "returned_referred",
    "SELECT message_id, recipient, address, state = 'sent', false, state = 'claimed' FROM told.message WHERE uid = ANY ($1::text[]) AND channel = 'email'"
    " AND first_try_at IS NOT NULL ORDER BY message_id DESC LIMIT 1",
    1};
/* A code of that message anywhere in a report: who wrote it had the whole notice. */
static const struct pg_statement HAS_CODE = {
    "returned_has_code", "SELECT 1 FROM told.notification WHERE message_id = $1 AND code = ANY ($2::text[]) LIMIT 1", 2};

static const struct pg_statement RECORD = {
    "returned_record",
    "INSERT INTO told.returned (place, digest, repeats, kind, state, did, reason, status, message_id, attempt, sender, subject, words,"
    " returned_at) VALUES ($1, decode($2, 'hex'), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING returned_id",
    14};

static void release(struct returns_mail *m)
{
    returned_mail_release(&m->mail);
    free(m->words);
    free(m->recipient);
    free(m->address);
}

/* Of the Message-ID and what follows the head: the servers that a mail passes write into the head. Without a Message-ID, of
 * everything. */
static void digest_of(const struct returned_mail *mail, const char *bytes, size_t len, char hex[65])
{
    const char *crlf = memmem(bytes, len, "\r\n\r\n", 4), *lf = memmem(bytes, len, "\n\n", 2);
    const char *body = mail->message_id == NULL ? bytes : crlf != NULL && (lf == NULL || crlf < lf) ? crlf : lf != NULL ? lf : bytes;
    unsigned char hash[32];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    if (mail->message_id != NULL)
        crypto_generichash_update(&state, (const unsigned char *)mail->message_id, strlen(mail->message_id) + 1);
    crypto_generichash_update(&state, (const unsigned char *)body, len - (size_t)(body - bytes));
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(hex, 65, hash, sizeof hash);
}

/* ---- which message ---- */

static bool take_message(struct returns_mail *m, PGresult *rows)
{
    if (rows != NULL && PQntuples(rows) > 0) {
        m->message_id = pg_column_int(rows, 0, 0);
        m->recipient = mem_copy(pg_column(rows, 0, 1));
        m->address = mem_copy(pg_column(rows, 0, 2));
        m->is_sent = pg_column_bool(rows, 0, 3);
        m->is_newer = pg_column_bool(rows, 0, 4);
        m->is_claimed = pg_column_bool(rows, 0, 5);
    }
    PQclear(rows);
    return rows != NULL;
}

static bool find_by_token(struct returns *r, struct returns_mail *m)
{
    struct verp verp;
    char id[24], attempt[24];

    for (size_t i = 0; i < m->mail.to_count && m->message_id == 0; i++) {
        if (verp_parse(r->return_path.key, m->mail.to[i], r->config->reference_domain, &verp) != NULL)
            continue;
        snprintf(id, sizeof id, "%lld", (long long)verp.message_id);
        snprintf(attempt, sizeof attempt, "%d", verp.attempt);
        if (!take_message(m, pg_run(r->pg, &MESSAGE, (const char *[]){id, attempt})))
            return false;
        m->attempt = verp.attempt;
        m->is_proved = m->message_id != 0;
    }
    return true;
}

static bool find_by_reference(struct returns *r, struct returns_mail *m)
{
    struct buf ids = {0};
    bool ok;

    for (size_t i = 0; i < m->mail.refers_count; i++)
        pg_array_add(&ids, m->mail.refers[i]);
    ok = m->mail.refers_count == 0 || take_message(m, pg_run(r->pg, &REFERRED, (const char *[]){pg_array_end(&ids)}));
    buf_release(&ids);
    return ok;
}

/* Servers that write prose put the notice itself under it. */
static bool prove_by_code(struct returns *r, struct returns_mail *m)
{
    char codes[RETURNS_CODES_MOST][OWN_WORDS_CODE_SIZE], id[24];
    size_t count = m->mail.text != NULL ? own_words_codes_anywhere(m->mail.text, codes, RETURNS_CODES_MOST) : 0;
    struct buf array = {0};
    PGresult *rows;

    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        pg_array_add(&array, codes[i]);
    snprintf(id, sizeof id, "%lld", (long long)m->message_id);
    rows = pg_run(r->pg, &HAS_CODE, (const char *[]){id, pg_array_end(&array)});
    m->is_proved = rows != NULL && PQntuples(rows) > 0;
    PQclear(rows);
    buf_release(&array);
    return rows != NULL;
}

static bool find_message(struct returns *r, struct returns_mail *m)
{
    bool ok = find_by_token(r, m);

    if (ok && m->message_id == 0)
        ok = find_by_reference(r, m);
    if (ok && m->message_id != 0 && !m->is_proved && m->judged.kind == RETURNED_BOUNCE)
        ok = prove_by_code(r, m);
    if (ok && m->message_id != 0)
        returned_judge_about(&m->mail, m->address, &m->judged);
    return ok;
}

/* ---- what is made of it ---- */

static bool act(struct returns *r, struct returns_mail *m)
{
    switch (m->judged.kind) {
    case RETURNED_BOUNCE:
        return returns_bounce(r, m);
    case RETURNED_AUTOMATIC:
        return returns_automatic(r, m);
    case RETURNED_REPLY:
    case RETURNED_OTHER:
        return returns_answer(r, m);
    default:
        m->did = "recorded";
        return true;
    }
}

static const char *number(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return value == 0 ? NULL : out;
}

/* A copy cut between two characters; NULL stays NULL. */
static char *cut(const char *text, size_t most)
{
    size_t len = text != NULL ? strnlen(text, most) : 0;

    while (len > 0 && text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return text != NULL ? mem_copy_n(text, len) : NULL;
}

/* *ret_id: the new row's. */
static bool record(struct returns *r, const struct returns_mail *m, const char *place, const char *digest, int64_t repeats, char ret_id[24])
{
    char message[24], attempt[24], earlier[24], now[INSTANT_TEXT_SIZE];
    char *sender = m->is_kept ? cut(m->mail.from, LINE_MOST) : NULL, *subject = m->is_kept ? cut(m->mail.subject, LINE_MOST) : NULL,
         *words = m->is_kept ? cut(m->words, WORDS_MOST) : NULL;
    PGresult *rows = pg_run(r->pg, &RECORD,
                            (const char *[]){place, digest, number(earlier, repeats), returned_text(m->judged.kind),
                                             m->is_kept ? "open" : "done", m->did, m->judged.reason,
                                             m->judged.status[0] != '\0' ? m->judged.status : NULL, number(message, m->message_id),
                                             number(attempt, m->attempt), sender, subject, words, instant_print(r->now, now)});

    if (rows != NULL)
        snprintf(ret_id, 24, "%s", pg_column(rows, 0, 0));
    PQclear(rows);
    free(sender);
    free(subject);
    free(words);
    return rows != NULL;
}

static bool write_down(struct returns *r, struct returns_mail *m, const char *place, const char *digest)
{
    char *detail;
    bool ok = record(r, m, place, digest, 0, m->id);

    if (!ok)
        return false;
    detail = store_detail("returned", m->id, "kind", returned_text(m->judged.kind), "did", m->did, "because", m->judged.reason,
                          m->judged.status[0] != '\0' ? "status" : NULL, m->judged.status, NULL);
    ok = store_journal(r->pg, r->now, &(struct store_journal){.what = "mail came back", .message_id = m->message_id, .detail = detail}) &&
         (!m->marks || returns_bounce_mark(r, m, m->id)) &&
         (!m->is_kept || store_alarm(r->pg, "returned-mail", "returns",
                                     "mail came back that only a person can answer: toldctl returns --open", r->now));
    free(detail);
    return ok;
}

/* Its place is in its row: the name of a file may be anything. */
static void say(const struct returns_mail *m)
{
    log_info("returned=%s kind=%s message=%lld attempt=%d status=%s did=\"%s\" reason=\"%s\"", m->id,
             returned_text(m->judged.kind), (long long)m->message_id, m->attempt, m->judged.status[0] != '\0' ? m->judged.status : "-",
             m->did, m->judged.reason);
}

/* ---- the step ---- */

/* What it was is known from its bytes; nothing of the last try is left. */
static void begin_again(struct returns_mail *m)
{
    free(m->recipient);
    free(m->address);
    m->recipient = m->address = NULL;
    m->message_id = m->attempt = m->lines = m->duties = m->closed = 0;
    m->is_proved = m->is_sent = m->is_newer = m->is_claimed = m->is_later = m->is_kept = m->marks = false;
    m->did = NULL;
}

static bool step(struct returns *r, struct returns_mail *m, const char *place, const char *digest, bool *ret_fresh)
{
    PGresult *known = pg_run(r->pg, &KNOWN, (const char *[]){place, digest});
    bool ok = known != NULL, here = ok && PQntuples(known) > 0 && pg_column_bool(known, 0, 0);
    int64_t earlier = ok && PQntuples(known) > 0 ? pg_column_int(known, 0, 1) : 0;
    char id[24];

    PQclear(known);
    *ret_fresh = ok && earlier == 0;
    if (!ok || here)
        return ok;
    if (earlier != 0) {
        m->did = "the same mail again";
        return record(r, m, place, digest, earlier, id);
    }
    return find_message(r, m) && act(r, m) && (m->is_later || write_down(r, m, place, digest));
}

enum returns_taken returns_apply(struct returns *r, const char *place, const char *bytes, size_t len)
{
    struct returns_mail m = {0};
    enum returns_taken taken = RETURNS_AGAIN;
    char digest[65];
    bool fresh = false, done = false;

    returned_mime_read(bytes, len, &m.mail);
    returned_judge(&m.mail, &m.judged);
    m.words = own_words_of(m.mail.text, m.mail.html);
    m.code_count = own_words_codes(m.words, m.codes, RETURNS_CODES_MOST);
    digest_of(&m.mail, bytes, len, digest);
    for (int i = 0; i < TRIES && !done; i++) {
        begin_again(&m);
        done = pg_begin(r->pg) && step(r, &m, place, digest, &fresh) && !m.is_later && pg_commit(r->pg);
        if (done)
            break;
        if (m.is_later) {
            pg_rollback(r->pg);
            taken = RETURNS_LATER;
            break;
        }
        taken = pg_status(r->pg) == PG_FAULT ? RETURNS_FAULT : RETURNS_AGAIN;
        pg_rollback(r->pg);
        if (taken == RETURNS_FAULT || pg_status(r->pg) == PG_AWAY)
            break;
    }
    if (done && fresh)
        say(&m);
    release(&m);
    return done ? RETURNS_TAKEN : taken;
}
