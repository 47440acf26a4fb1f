/* SPDX-License-Identifier: Apache-2.0 */
#include "email_message.h"

#include "told/mail.h"

#include <stdlib.h>

static struct mail mail_of(const struct email_relay *relay, const struct email_job *job)
{
    return (struct mail){.from = relay->from,
                         .envelope_from = job->envelope_from,
                         .to = job->to,
                         .subject = job->subject,
                         .message_id = job->message_id_header,
                         .in_reply_to = job->in_reply_to,
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

static bool add_part(struct email_message *message, const char *type, const char *text)
{
    char *body = mail_crlf(text);
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
