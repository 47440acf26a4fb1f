/* SPDX-License-Identifier: Apache-2.0 */
#include "email_message.h"

#include "told/address.h"
#include "told/buf.h"
#include "told/mem.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "<local@domain>" with the same grammar as an address (RFC 5322 3.6.4, without its older forms). */
static bool is_message_id(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len < 3 || len > 200 || text[0] != '<' || text[len - 1] != '>')
        return false;
    char *inner = mem_copy_n(text + 1, len - 2);
    bool fine = !address_validate(inner);
    free(inner);
    return fine;
}

const char *email_message_validate(const struct email_relay *relay, const struct email_job *job)
{
    if (address_validate(relay->from))
        return "the relay's from address is not valid: correct the configuration";
    if (address_validate(job->envelope_from))
        return "the return path is not a valid address";
    if (address_validate(job->to))
        return "the recipient's address is not valid: correct the directory";
    if (!job->subject[0] || address_validate_header(job->subject))
        return "the subject is not one line of plain ASCII";
    if (!is_message_id(job->message_id_header))
        return "the Message-ID is not valid";
    if (job->in_reply_to && !is_message_id(job->in_reply_to))
        return "the In-Reply-To is not valid";
    if (instant_is_none(job->date))
        return "the message has no date";
    return NULL;
}

/* ---- headers ---- */

/* RFC 5322 3.3, always +0000; not strftime, whose names of days follow the locale. */
static char *print_date(struct instant at)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(at.us / 1000000 - (at.us % 1000000 < 0));
    struct tm tm;
    if (!gmtime_r(&seconds, &tm))
        return mem_copy("Thu, 1 Jan 1970 00:00:00 +0000");
    return mem_printf("%s, %d %s %04d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                      tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool add_header(struct email_message *message, const char *name, const char *value)
{
    char *line = mem_printf("%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(message->headers, line);
    free(line);
    if (longer)
        message->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct email_message *message, const struct email_relay *relay,
                        const struct email_job *job)
{
    char *date = print_date(job->date);
    bool fine = add_header(message, "Date", date) && add_header(message, "From", relay->from) &&
                add_header(message, "To", job->to) && add_header(message, "Subject", job->subject) &&
                add_header(message, "Message-ID", job->message_id_header) &&
                (!job->in_reply_to || (add_header(message, "In-Reply-To", job->in_reply_to) &&
                                       add_header(message, "References", job->in_reply_to))) &&
                /* RFC 3834, and Exchange's way of saying it: no out-of-office reply to a machine. */
                add_header(message, "Auto-Submitted", "auto-generated") &&
                add_header(message, "X-Auto-Response-Suppress", "All") &&
                /* Without it libcurl makes the outermost part multipart/mixed. */
                add_header(message, "Content-Type", "multipart/alternative");
    free(date);
    return fine;
}

/* ---- parts ---- */

/* A lone LF would get past libcurl's dot-stuffing, a lone CR past some servers (trap 10). */
static char *with_crlf(const char *text)
{
    struct buf out = {0};
    for (; *text; text++) {
        if (*text == '\r' && text[1] == '\n')
            text++;
        if (*text == '\n' || *text == '\r')
            buf_text(&out, "\r\n");
        else
            buf_char(&out, *text);
    }
    return out.len ? buf_take(&out) : mem_copy("");
}

static bool add_part(struct email_message *message, const char *type, const char *text)
{
    char *body = with_crlf(text);
    curl_mimepart *part = curl_mime_addpart(message->mime);
    bool fine = part && curl_mime_data(part, body, CURL_ZERO_TERMINATED) == CURLE_OK &&
                curl_mime_type(part, type) == CURLE_OK &&
                curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
    free(body);
    return fine;
}

bool email_message_init(struct email_message *message, CURL *handle, const struct email_relay *relay,
                        const struct email_job *job)
{
    *message = (struct email_message){.mime = curl_mime_init(handle)};
    return message->mime && add_headers(message, relay, job) &&
           add_part(message, "text/plain; charset=utf-8", job->text) &&
           add_part(message, "text/html; charset=utf-8", job->html);
}

void email_message_release(struct email_message *message)
{
    curl_mime_free(message->mime);
    curl_slist_free_all(message->headers);
    *message = (struct email_message){0};
}
