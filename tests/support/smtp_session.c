/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp_session.h"

#include "told/mem.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAIL_MOST (10 * 1024 * 1024)
#define LINE_MOST 4096
#define LONG_LINE 100000

struct smtp_session {
    struct smtp_session_setup setup;
    struct buf in, out;
    char *from, *to; /* of the transaction; owned, NULL before MAIL and RCPT */
    bool is_secure, is_logged_in;
    bool wants_tls;
    int login_lines; /* of AUTH that are still to come, as they come */
    bool in_body;
    bool body_seen; /* the stage "body" was asked about for this mail */
    bool over;      /* nothing more is read, the connection closes */
    bool stalled;   /* nothing more is answered */
    bool is_stripped;
    enum sink_act form; /* of the next reply */
    struct smtp_session_manner manner;
};

/* In the form that the script asked for. */
static void reply(struct smtp_session *session, const char *text)
{
    if (session->form == SINK_LONG_LINE) {
        buf_append(&session->out, text, 4);
        for (int i = 0; i < LONG_LINE; i++)
            buf_char(&session->out, 'x');
        text += 4;
    }
    for (; *text; text++)
        if (*text != '\r' || session->form != SINK_BARE_LF)
            buf_char(&session->out, *text);
    buf_text(&session->out, session->form == SINK_BARE_LF ? "\n" : "\r\n");
    session->manner.drips = session->manner.drips || session->form == SINK_DRIP;
    session->form = SINK_NOTHING;
}

/* ---- faults ---- */

static void note_fault(struct smtp_session *session, const char *stage, const char *word)
{
    json_t *line = json_pack("{s:s, s:s, s:s, s:s}", "stage", stage, "do", word, "from",
                             session->from ? session->from : "", "to", session->to ? session->to : "");
    sink_store_add(session->setup.faults, line, NULL, 0);
}

static void act(struct smtp_session *session, const struct sink_fault *fault)
{
    char text[64];
    switch (fault->act) {
    case SINK_REPLY:
        snprintf(text, sizeof text, "%d told to say so", fault->code);
        reply(session, text);
        session->over = fault->code == 421;
        break;
    case SINK_STALL:
    case SINK_ACCEPT_THEN_STALL:
        session->stalled = true;
        break;
    case SINK_HALF_CLOSE:
        session->stalled = session->manner.half_closes = true;
        break;
    case SINK_GARBAGE:
    case SINK_NOISE:
        buf_append(&session->out, "\x16\0\xff this is no reply\r\n", 21);
        session->stalled = true;
        session->manner.is_noise = fault->act == SINK_NOISE;
        break;
    default:
        session->over = true;
        session->manner.resets = fault->act == SINK_RESET;
        break;
    }
}

/* Whether a rule has dealt with this stage; *ret_accept: the mail is to be kept all the same. */
static bool misbehave(struct smtp_session *session, const char *stage, const char *subject, bool *ret_accept)
{
    struct sink_fault fault;
    if (!sink_script_take(session->setup.script, stage, subject, &fault))
        return false;
    note_fault(session, stage, fault.word);
    *ret_accept = fault.act == SINK_ACCEPT_THEN_DROP || fault.act == SINK_ACCEPT_THEN_STALL;
    if (fault.act == SINK_STRIP)
        session->is_stripped = true;
    else if (fault.act >= SINK_DRIP)
        session->form = fault.act;
    else
        act(session, &fault);
    return fault.act != SINK_STRIP && fault.act < SINK_DRIP;
}

/* ---- the mail ---- */

static void end_transaction(struct smtp_session *session)
{
    free(session->from);
    free(session->to);
    session->from = session->to = NULL;
    session->in_body = session->body_seen = false;
}

/* The value of a header field that is not folded; the caller frees. */
static char *header_of(const char *mail, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = mail; *line && *line != '\r' && *line != '\n';) {
        size_t end = strcspn(line, "\r\n");
        if (end > len + 1 && !strncasecmp(line, name, len) && line[len] == ':') {
            size_t blank = strspn(line + len + 1, " ");
            return mem_copy_n(line + len + 1 + blank, end - len - 1 - blank);
        }
        line += end;
        line += *line == '\r';
        line += *line == '\n';
    }
    return mem_copy("");
}

/* Undoes the dot-stuffing of RFC 5321 4.5.2. */
static void unstuff(const char *body, size_t len, struct buf *out)
{
    bool at_start = true;
    for (size_t i = 0; i < len;) {
        const char *end = memchr(body + i, '\n', len - i);
        size_t line = end ? (size_t)(end - body) + 1 - i : len - i;
        size_t skip = at_start && body[i] == '.' ? 1 : 0;
        buf_append(out, body + i + skip, line - skip);
        at_start = end != NULL;
        i += line;
    }
}

static void keep_mail(struct smtp_session *session, const char *body, size_t len)
{
    struct buf mail = {0};
    if (session->setup.quiet) {
        sink_store_add(session->setup.mails, NULL, NULL, 0);
        return;
    }
    unstuff(body, len, &mail);
    char *id = header_of(buf_string(&mail), "Message-ID"), *subject = header_of(buf_string(&mail), "Subject");
    json_t *line = json_pack("{s:s, s:s, s:s, s:s}", "message_id", id, "from", session->from, "to",
                             session->to, "subject", subject);
    sink_store_add(session->setup.mails, line, buf_string(&mail), mail.len);
    free(subject);
    free(id);
    buf_release(&mail);
}

/* ---- commands ---- */

/* The address between '<' and '>'. */
static char *path_of(const char *line)
{
    const char *open = strchr(line, '<'), *close = open ? strchr(open, '>') : NULL;
    return close ? mem_copy_n(open + 1, (size_t)(close - open - 1)) : NULL;
}

static void on_mail(struct smtp_session *session, const char *line)
{
    bool accept;
    char *from = path_of(line);
    if ((session->setup.offers_tls && !session->is_secure) || (session->setup.login && !session->is_logged_in)) {
        reply(session, "530 TLS and a login first");
        free(from);
        return;
    }
    if (!from || session->from) {
        reply(session, from ? "503 one transaction at a time" : "501 no path");
        free(from);
        return;
    }
    session->from = from;
    if (misbehave(session, "mail", session->from, &accept))
        end_transaction(session);
    else
        reply(session, "250 ok");
}

static void on_rcpt(struct smtp_session *session, const char *line)
{
    bool accept;
    char *to = path_of(line);
    if (!to || !session->from || session->to) {
        reply(session, !to ? "501 no path" : session->to ? "452 one recipient" : "503 MAIL first");
        free(to);
        return;
    }
    session->to = to;
    if (misbehave(session, "rcpt", session->to, &accept)) {
        free(session->to);
        session->to = NULL;
    } else {
        reply(session, "250 ok");
    }
}

static void on_data(struct smtp_session *session)
{
    bool accept;
    if (!session->to)
        reply(session, "503 RCPT first");
    else if (!misbehave(session, "data", session->to, &accept)) {
        reply(session, "354 go on, end with a dot");
        session->in_body = true;
    }
}

/* Whether the bytes of a login are these. */
static bool is_encoded(const char *text, const char *bytes, size_t len)
{
    char decoded[512];
    size_t got = 0;
    return !sodium_base642bin((unsigned char *)decoded, sizeof decoded, text, strlen(text), NULL, &got, NULL,
                              sodium_base64_VARIANT_ORIGINAL) &&
           got == len && !memcmp(decoded, bytes, len);
}

static void end_login(struct smtp_session *session, bool is_right)
{
    session->is_logged_in = is_right;
    session->login_lines = 0;
    reply(session, is_right ? "235 welcome" : "535 no such login");
}

/* RFC 4616: NUL login NUL password. */
static void on_plain(struct smtp_session *session, const char *text)
{
    struct buf want = {0};
    buf_append(&want, "", 1);
    buf_text(&want, session->setup.login);
    buf_append(&want, "", 1);
    buf_text(&want, session->setup.password);
    end_login(session, is_encoded(text, want.bytes, want.len));
    buf_release(&want);
}

enum { LOGIN_PLAIN = 1, LOGIN_PASSWORD, LOGIN_NAME };

static void on_login_line(struct smtp_session *session, const char *line)
{
    const struct smtp_session_setup *setup = &session->setup;
    if (session->login_lines == LOGIN_PLAIN)
        on_plain(session, line);
    else if (session->login_lines == LOGIN_PASSWORD)
        end_login(session, is_encoded(line, setup->password, strlen(setup->password)));
    else if (!is_encoded(line, setup->login, strlen(setup->login)))
        end_login(session, false);
    else {
        session->login_lines = LOGIN_PASSWORD;
        reply(session, "334 UGFzc3dvcmQ6");
    }
}

static void on_auth(struct smtp_session *session, const char *mechanism)
{
    bool accept;
    if (misbehave(session, "auth", "", &accept))
        return;
    if (!session->setup.login || (session->setup.offers_tls && !session->is_secure))
        reply(session, "538 not in clear text");
    else if (!strncasecmp(mechanism, "PLAIN ", 6))
        on_plain(session, mechanism + 6);
    else if (!strcasecmp(mechanism, "PLAIN")) {
        session->login_lines = LOGIN_PLAIN;
        reply(session, "334 ");
    } else if (!strcasecmp(mechanism, "LOGIN")) {
        session->login_lines = LOGIN_NAME;
        reply(session, "334 VXNlcm5hbWU6");
    } else {
        reply(session, "504 PLAIN or LOGIN");
    }
}

static void on_ehlo(struct smtp_session *session, const char *name)
{
    bool accept, shows_tls = session->setup.offers_tls && !session->is_secure;
    end_transaction(session);
    if (misbehave(session, "ehlo", name, &accept))
        return;
    char *text = mem_printf("250-sink.example\r\n%s%s250-8BITMIME\r\n250 SIZE 10485760",
                            shows_tls && !session->is_stripped ? "250-STARTTLS\r\n" : "",
                            session->setup.login && !shows_tls ? "250-AUTH LOGIN PLAIN\r\n" : "");
    reply(session, text);
    free(text);
}

static void on_starttls(struct smtp_session *session)
{
    bool accept;
    if (misbehave(session, "starttls", "", &accept))
        return;
    session->wants_tls = session->setup.offers_tls && !session->is_secure;
    reply(session, session->wants_tls ? "220 go on" : "502 not here");
}

static void on_line(struct smtp_session *session, const char *line)
{
    if (session->login_lines) {
        on_login_line(session, line);
    } else if (!strncasecmp(line, "EHLO ", 5) || !strncasecmp(line, "HELO ", 5)) {
        on_ehlo(session, line + 5);
    } else if (!strcasecmp(line, "STARTTLS")) {
        on_starttls(session);
    } else if (!strncasecmp(line, "AUTH ", 5)) {
        on_auth(session, line + 5);
    } else if (!strncasecmp(line, "MAIL FROM:", 10)) {
        on_mail(session, line);
    } else if (!strncasecmp(line, "RCPT TO:", 8)) {
        on_rcpt(session, line);
    } else if (!strcasecmp(line, "DATA")) {
        on_data(session);
    } else if (!strcasecmp(line, "RSET")) {
        end_transaction(session);
        reply(session, "250 ok");
    } else if (!strcasecmp(line, "QUIT")) {
        reply(session, "221 bye");
        session->over = true;
    } else {
        reply(session, !strcasecmp(line, "NOOP") ? "250 ok" : "502 not here");
    }
}

static void on_mail_end(struct smtp_session *session, const char *body, size_t len)
{
    bool accept = false;
    if (misbehave(session, "dot", session->to, &accept)) {
        if (accept)
            keep_mail(session, body, len);
    } else {
        keep_mail(session, body, len);
        reply(session, "250 kept");
    }
    end_transaction(session);
}

/* ---- bytes ---- */

static void consume(struct buf *in, size_t len)
{
    in->len -= len;
    memmove(in->bytes, in->bytes + len, in->len);
    in->bytes[in->len] = '\0';
}

/* Each returns whether it could do something. */
static bool take_body(struct smtp_session *session)
{
    bool accept;
    struct buf *in = &session->in;
    if (!in->len)
        return false;
    if (!session->body_seen && misbehave(session, "body", session->to, &accept))
        return true;
    session->body_seen = true;
    bool is_empty = in->len >= 3 && !memcmp(in->bytes, ".\r\n", 3);
    const char *end = is_empty ? in->bytes : memmem(in->bytes, in->len, "\r\n.\r\n", 5);
    if (!end) {
        session->over = in->len > MAIL_MOST;
        return false;
    }
    size_t len = is_empty ? 0 : (size_t)(end - in->bytes) + 2;
    on_mail_end(session, in->bytes, len);
    consume(in, len + 3);
    return true;
}

static bool take_line(struct smtp_session *session)
{
    struct buf *in = &session->in;
    char *end = in->len ? memchr(in->bytes, '\n', in->len) : NULL;
    if (!end) {
        session->over = in->len > LINE_MOST;
        return false;
    }
    size_t len = (size_t)(end - in->bytes);
    char *line = mem_copy_n(in->bytes, len > 0 && in->bytes[len - 1] == '\r' ? len - 1 : len);
    consume(in, len + 1);
    on_line(session, line);
    free(line);
    return true;
}

void smtp_session_feed(struct smtp_session *session, const char *bytes, size_t len)
{
    if (session->over || session->stalled)
        return;
    buf_append(&session->in, bytes, len);
    while (!session->over && !session->stalled && !session->wants_tls &&
           (session->in_body ? take_body(session) : take_line(session)))
        continue;
}

static void greet(struct smtp_session *session)
{
    bool accept;
    if (!misbehave(session, "connect", "", &accept))
        reply(session, "220 sink.example ready");
}

struct smtp_session *smtp_session_new(const struct smtp_session_setup *setup)
{
    struct smtp_session *session = mem_new(sizeof *session);
    *session = (struct smtp_session){.setup = *setup};
    greet(session);
    return session;
}

bool smtp_session_wants_tls(const struct smtp_session *session)
{
    return session->wants_tls;
}

bool smtp_session_secure(struct smtp_session *session)
{
    bool accept;
    session->wants_tls = false;
    session->is_secure = true;
    buf_reset(&session->in); /* what came in the clear behind STARTTLS is not TLS's (CVE-2011-0411) */
    return !misbehave(session, "tls", "", &accept);
}

struct smtp_session_manner smtp_session_manner(const struct smtp_session *session)
{
    return session->manner;
}

void smtp_session_free(struct smtp_session *session)
{
    if (!session)
        return;
    end_transaction(session);
    buf_release(&session->in);
    buf_release(&session->out);
    free(session);
}

struct buf *smtp_session_out(struct smtp_session *session)
{
    return &session->out;
}

bool smtp_session_is_over(const struct smtp_session *session)
{
    return session->over;
}

bool smtp_session_is_stalled(const struct smtp_session *session)
{
    return session->stalled;
}
