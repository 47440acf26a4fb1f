/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only the CURLcode constants of curl.h are used here; nothing of libcurl is called. Of OpenSSL its numbers, for libcurl hands
 * them on as they are.
 *
 * Where libcurl 7.88 puts a refusal, stage by stage (found by refusing at each; RESPONSE_CODE is the last
 * reply of any stage, so the code alone does not say whose fault it was):
 *
 *   greeting        WEIRD_SERVER_REPLY (8), body not sent      EHLO, HELO   REMOTE_ACCESS_DENIED (9)
 *   AUTH            LOGIN_DENIED (67)                          STARTTLS     USE_SSL_FAILED (64)
 *   MAIL, RCPT, DATA  SEND_ERROR (55)                          after the dot  WEIRD_SERVER_REPLY, body sent
 *   a drop          RECV_ERROR (56): the code is that of the stage before, 354 after the dot
 */
#include "told/reply.h"

#include <curl/curl.h>
#include <stddef.h>

struct curl_reason {
    int curl_code;
    const char *text;
};

/* Why no reply that counts came. Everything not listed is "the transfer failed". */
static const struct curl_reason CURL_REASONS[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, "the address names a protocol that is not allowed"},
    {CURLE_URL_MALFORMAT, "the address is malformed"},
    {CURLE_COULDNT_RESOLVE_PROXY, "the name could not be resolved"},
    {CURLE_COULDNT_RESOLVE_HOST, "the name could not be resolved"},
    {CURLE_COULDNT_CONNECT, "no connection"},
    {CURLE_OPERATION_TIMEDOUT, "timed out"},
    {CURLE_SEND_ERROR, "the connection broke while sending"},
    {CURLE_RECV_ERROR, "the connection broke while waiting for the reply"},
    {CURLE_GOT_NOTHING, "the connection was closed without a reply"},
    {CURLE_PARTIAL_FILE, "the reply was cut short"},
    {CURLE_WRITE_ERROR, "the reply was longer than is read"},
    {CURLE_READ_ERROR, "the message could not be read"},
    {CURLE_ABORTED_BY_CALLBACK, "given up here"},
    {CURLE_WEIRD_SERVER_REPLY, "a reply that makes no sense"},
    {CURLE_REMOTE_ACCESS_DENIED, "the server does not talk to us"},
    {CURLE_LOGIN_DENIED, "the server refused our login"},
    {CURLE_AUTH_ERROR, "the server refused our login"},
    {CURLE_USE_SSL_FAILED, "the server offers no TLS"},
    {CURLE_SSL_CONNECT_ERROR, "the TLS handshake failed"},
    {CURLE_PEER_FAILED_VERIFICATION, "the server's certificate was not accepted"},
    {CURLE_SSL_CERTPROBLEM, "our TLS certificate cannot be used"},
    {CURLE_SSL_CACERT_BADFILE, "our list of certificate authorities cannot be read"},
    {CURLE_SSL_CIPHER, "no TLS cipher in common"},
};

static const char *reason_of_curl(int curl_code)
{
    for (size_t i = 0; i < sizeof CURL_REASONS / sizeof CURL_REASONS[0]; i++)
        if (CURL_REASONS[i].curl_code == curl_code)
            return CURL_REASONS[i].text;
    return "the transfer failed";
}

static struct reply tempfail(const char *reason)
{
    return (struct reply){.outcome = REPLY_TEMPFAIL, .reason = reason};
}

static struct reply permfail(const char *reason)
{
    return (struct reply){.outcome = REPLY_PERMFAIL, .reason = reason};
}

/* No reply that counts: after the whole body had gone out, the other side may have it all the same. */
static struct reply unanswered(int curl_code, bool body_sent)
{
    struct reply reply = tempfail(curl_code == CURLE_OK ? "no reply that counts" : reason_of_curl(curl_code));
    reply.uncertain = body_sent;
    reply.trouble = curl_code != CURLE_ABORTED_BY_CALLBACK && curl_code != CURLE_READ_ERROR;
    return reply;
}

/* What OpenSSL finds wrong with a chain (x509_vfy.h); that it is for another host libcurl finds by itself, before it asks. */
const char *reply_certificate_text(long verify_result)
{
    switch (verify_result) {
    case 0:
    case 1:
        return "the server's certificate was not accepted: it is for another host";
    case 9:
        return "the server's certificate was not accepted: it is not valid yet";
    case 10:
        return "the server's certificate was not accepted: it has expired";
    case 2:
    case 18:
    case 19:
    case 20:
    case 21:
        return "the server's certificate was not accepted: it is of no authority we trust, look at ca_file";
    default:
        return reason_of_curl(CURLE_PEER_FAILED_VERIFICATION);
    }
}

struct range_row {
    long from, to;
    enum reply_outcome outcome;
    const char *reason;
};

/* The first row that holds the code decides. */
static const struct range_row *row_of(const struct range_row *rows, size_t count, long code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= rows[i].from && code <= rows[i].to)
            return &rows[i];
    return NULL;
}

/* ---- SMTP: RFC 5321 4.2, RFC 4954 6, RFC 3207 ---- */

static const struct range_row SMTP_ROWS[] = {
    {421, 421, REPLY_TEMPFAIL, "SMTP 421: the server is closing"},
    {450, 450, REPLY_TEMPFAIL, "SMTP 450: the mailbox is busy"},
    {451, 451, REPLY_TEMPFAIL, "SMTP 451: the server had an error"},
    {452, 452, REPLY_TEMPFAIL, "SMTP 452: the server is short of storage"},
    {400, 499, REPLY_TEMPFAIL, "SMTP 4xx: refused for now"},
    {530, 530, REPLY_TEMPFAIL, "SMTP 530: the server wants a login or TLS first"},
    {534, 535, REPLY_TEMPFAIL, "SMTP 534 or 535: the server refused our login"},
    {538, 538, REPLY_TEMPFAIL, "SMTP 538: the server wants TLS first"},
    {550, 550, REPLY_PERMFAIL, "SMTP 550: the mailbox is refused"},
    {551, 551, REPLY_PERMFAIL, "SMTP 551: the mailbox is elsewhere"},
    {552, 552, REPLY_PERMFAIL, "SMTP 552: too large for the mailbox"},
    {553, 553, REPLY_PERMFAIL, "SMTP 553: the address is not allowed"},
    {554, 554, REPLY_PERMFAIL, "SMTP 554: the message is refused"},
    {500, 599, REPLY_PERMFAIL, "SMTP 5xx: refused for good"},
};

/* A 5xx counts against the recipient only where a recipient or a message was refused; at the greeting, at
 * EHLO, AUTH or STARTTLS it is between the server and us, and the next try may go better. */
static bool is_about_recipient(int curl_code, bool body_sent)
{
    return body_sent || curl_code == CURLE_SEND_ERROR;
}

/* Whatever is said of a mail says that the server is well, but for these: it is closing, or does not want us. */
static bool is_trouble(int curl_code, long code, bool body_sent)
{
    return code == 421 || code == 530 || code == 534 || code == 535 || code == 538 ||
           !is_about_recipient(curl_code, body_sent);
}

struct reply reply_of_smtp(int curl_code, long code, bool body_sent)
{
    if (curl_code == CURLE_OK && code >= 200 && code <= 299)
        return (struct reply){.outcome = REPLY_DELIVERED, .reason = "accepted"};
    const struct range_row *row = row_of(SMTP_ROWS, sizeof SMTP_ROWS / sizeof SMTP_ROWS[0], code);
    if (row == NULL)
        return unanswered(curl_code, body_sent);
    struct reply reply = {.outcome = row->outcome, .reason = row->reason};
    if (row->outcome == REPLY_PERMFAIL && !is_about_recipient(curl_code, body_sent))
        reply = tempfail(reason_of_curl(curl_code));
    reply.trouble = is_trouble(curl_code, code, body_sent);
    return reply;
}

/* ---- HTTP: RFC 9110 section 15; Standard Webhooks 1.0 asks for 410 as "send no more" ---- */

static const struct range_row HTTP_ROWS[] = {
    {300, 399, REPLY_PERMFAIL, "HTTP 3xx: redirects are not followed, correct the configured address"},
    {401, 401, REPLY_PERMFAIL, "HTTP 401: not authorised"},
    {403, 403, REPLY_PERMFAIL, "HTTP 403: forbidden"},
    {404, 404, REPLY_PERMFAIL, "HTTP 404: no such address"},
    {408, 408, REPLY_TEMPFAIL, "HTTP 408: the server timed out"},
    {410, 410, REPLY_PERMFAIL, "HTTP 410: the endpoint wants no more"},
    {413, 413, REPLY_PERMFAIL, "HTTP 413: too large"},
    {425, 425, REPLY_TEMPFAIL, "HTTP 425: too early"},
    {429, 429, REPLY_TEMPFAIL, "HTTP 429: too many requests"},
    {400, 499, REPLY_PERMFAIL, "HTTP 4xx: refused for good"},
    {500, 500, REPLY_TEMPFAIL, "HTTP 500: the server had an error"},
    {502, 502, REPLY_TEMPFAIL, "HTTP 502: bad gateway"},
    {503, 503, REPLY_TEMPFAIL, "HTTP 503: not available"},
    {504, 504, REPLY_TEMPFAIL, "HTTP 504: the gateway timed out"},
    {500, 599, REPLY_TEMPFAIL, "HTTP 5xx: the server failed"},
};

/* GOV.UK Notify's REST API: 400 is about the message (a template, a number, a recipient that a trial service may not write
 * to), 403 about our key or clock, which an operator puts right, 429 about its rate or its limit of the day. */
static const struct range_row NOTIFY_ROWS[] = {
    {400, 400, REPLY_PERMFAIL, "Notify 400: the template or the recipient is refused"},
    {401, 401, REPLY_TEMPFAIL, "Notify 401: no login, look at the api_key"},
    {403, 403, REPLY_TEMPFAIL, "Notify 403: our api_key or clock is refused"},
    {429, 429, REPLY_TEMPFAIL, "Notify 429: over its rate or the limit of the day"},
};

/* What is wrong then is wrong for every message. Of Notify all of a message but its words is configuration. */
static bool is_astray(long status)
{
    return (status >= 300 && status <= 399) || status == 401 || status == 403 || status == 404 || status == 405 || status == 407;
}

static struct reply reply_by(const struct range_row *row, int curl_code, long status, bool body_sent, int retry_after_s);

struct reply reply_of_notify(int curl_code, long status, bool body_sent, int retry_after_s)
{
    const struct range_row *row = row_of(NOTIFY_ROWS, sizeof NOTIFY_ROWS / sizeof NOTIFY_ROWS[0], status);
    if (row == NULL)
        return reply_of_http(curl_code, status, body_sent, retry_after_s);
    struct reply reply = reply_by(row, curl_code, status, body_sent, retry_after_s);
    reply.trouble = reply.trouble || status == 401 || status == 403;
    reply.astray = status != 429;
    return reply;
}

struct reply reply_of_http(int curl_code, long status, bool body_sent, int retry_after_s)
{
    if (curl_code == CURLE_OK && status >= 200 && status <= 299)
        return (struct reply){.outcome = REPLY_DELIVERED, .reason = "accepted"};
    /* An answer that is no HTTP/1 at all is HTTP/0.9 to libcurl, and a protocol that is not allowed. */
    if (curl_code == CURLE_UNSUPPORTED_PROTOCOL && body_sent)
        curl_code = CURLE_WEIRD_SERVER_REPLY;
    if (curl_code == CURLE_URL_MALFORMAT || curl_code == CURLE_UNSUPPORTED_PROTOCOL)
        return permfail(reason_of_curl(curl_code));
    return reply_by(row_of(HTTP_ROWS, sizeof HTTP_ROWS / sizeof HTTP_ROWS[0], status), curl_code, status, body_sent,
                    retry_after_s);
}

static struct reply reply_by(const struct range_row *row, int curl_code, long status, bool body_sent, int retry_after_s)
{
    /* Below 400 a broken transfer says nothing: what looked like a 2xx or a 3xx may have been cut short. */
    if (row == NULL || (curl_code != CURLE_OK && status < 400))
        return unanswered(curl_code, body_sent);
    struct reply reply = {.outcome = row->outcome,
                          .trouble = status >= 500 || status == 408 || status == 429,
                          .astray = is_astray(status),
                          .gone = status == 410,
                          .reason = row->reason};
    if (reply.outcome == REPLY_TEMPFAIL && retry_after_s > 0)
        reply.retry_after_s = retry_after_s;
    return reply;
}

const char *reply_outcome_text(enum reply_outcome outcome)
{
    switch (outcome) {
    case REPLY_TEMPFAIL:
        return "tempfail";
    case REPLY_DELIVERED:
        return "delivered";
    case REPLY_PERMFAIL:
        return "permfail";
    }
    return "unknown";
}
