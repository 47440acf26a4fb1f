/* SPDX-License-Identifier: Apache-2.0 */
/* The mail itself: headers, the text and HTML alternatives, the deadline for a calendar, handed to libcurl's MIME writer. */
#ifndef TOLD_EMAIL_MESSAGE_H
#define TOLD_EMAIL_MESSAGE_H

#include "channel_email.h"

#include <curl/curl.h>

struct email_message {
    struct curl_slist *headers;
    curl_mime *mime;
};

/* Every byte of the envelope and the headers (trap 10): NULL, or why it must not be sent (static). */
const char *email_message_validate(const struct email_relay *relay, const struct email_job *job);
/* False if libcurl would not have it; release in any case. */
bool email_message_init(struct email_message *message, CURL *handle, const struct email_relay *relay,
                        const struct email_job *job);
void email_message_release(struct email_message *message);

#endif
