/* SPDX-License-Identifier: Apache-2.0 */
#include "email_message.h"

#include "told/mail.h"

#include <stdlib.h>
#include <string.h>

static struct mail mail_of(const struct email_relay *relay, const struct email_job *job)
{
    return (struct mail){.from = relay->from,
                         .envelope_from = job->envelope_from,
                         .to = job->to,
                         .subject = job->subject,
                         .message_id = job->message_id_header,
                         .in_reply_to = job->in_reply_to,
                         .reply_to = job->reply_to,
                         .references = job->references,
                         .is_mixed = job->calendar != NULL,
                         .date = job->date};
}

const char *email_message_validate(const struct email_relay *relay, const struct email_job *job)
{
    struct mail mail = mail_of(relay, job);
    return mail_validate(&mail);
}

static bool add_headers(struct email_message *message, const struct email_relay *relay,
                        const struct email_job *job)
{
    struct mail mail = mail_of(relay, job);
    char *lines[MAIL_LINES_MOST];
    size_t count = mail_lines(&mail, lines);
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        struct curl_slist *longer = fine ? curl_slist_append(message->headers, lines[i]) : NULL;
        fine = longer != NULL;
        if (fine)
            message->headers = longer;
        free(lines[i]);
    }
    return fine;
}

/* ---- parts ---- */

static bool fill_part(curl_mimepart *part, const char *type, const char *text)
{
    char *body = mail_crlf(text);
    bool fine = part && curl_mime_data(part, body, CURL_ZERO_TERMINATED) == CURLE_OK &&
                curl_mime_type(part, type) == CURLE_OK &&
                curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
    free(body);
    return fine;
}

static bool add_alternatives(curl_mime *mime, const struct email_job *job)
{
    return fill_part(curl_mime_addpart(mime), "text/plain; charset=utf-8", job->text) &&
           fill_part(curl_mime_addpart(mime), "text/html; charset=utf-8", job->html);
}

/* The type says what the file says of itself: some readers look at the one, some at the other (RFC 6047 2.4). */
static bool add_calendar(curl_mime *mime, const char *calendar)
{
    static const char *const TYPES[] = {"text/calendar; charset=utf-8; method=PUBLISH",
                                        "text/calendar; charset=utf-8; method=CANCEL"};
    curl_mimepart *part = curl_mime_addpart(mime);
    bool cancels = strstr(calendar, "\nMETHOD:CANCEL\r") != NULL;
    return fill_part(part, TYPES[cancels], calendar) && curl_mime_filename(part, "deadline.ics") == CURLE_OK;
}

/* A part of its own inside, so that the file stands beside the text and not in place of it. */
static bool add_mixed(struct email_message *message, CURL *handle, const struct email_job *job)
{
    curl_mime *inner = curl_mime_init(handle);
    curl_mimepart *part = curl_mime_addpart(message->mime);
    if (!inner || !part || !add_alternatives(inner, job) || curl_mime_subparts(part, inner) != CURLE_OK) {
        curl_mime_free(inner);
        return false;
    }
    return curl_mime_type(part, "multipart/alternative") == CURLE_OK && add_calendar(message->mime, job->calendar);
}

bool email_message_init(struct email_message *message, CURL *handle, const struct email_relay *relay,
                        const struct email_job *job)
{
    *message = (struct email_message){.mime = curl_mime_init(handle)};
    return message->mime && add_headers(message, relay, job) &&
           (job->calendar ? add_mixed(message, handle, job) : add_alternatives(message->mime, job));
}

void email_message_release(struct email_message *message)
{
    curl_mime_free(message->mime);
    curl_slist_free_all(message->headers);
    *message = (struct email_message){0};
}
