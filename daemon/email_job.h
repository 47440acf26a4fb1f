/* SPDX-License-Identifier: Apache-2.0 */
/* One message to one recipient, as it goes to a sender and comes back. */
#ifndef TOLD_EMAIL_JOB_H
#define TOLD_EMAIL_JOB_H

#include "outcome.h"
#include "told/instant.h"

struct email_job {
    int64_t message_id;
    int64_t fence;
    char *envelope_from; /* return path of this attempt */
    char *to;
    char *subject;
    char *message_id_header; /* "<told.123@authority.example>", the same for every attempt */
    char *in_reply_to;       /* the same form; NULL: none */
    char *references;        /* of the same form, with blanks between; NULL: as in_reply_to */
    char *reply_to;          /* address; NULL: replies go where the mail is from */
    struct instant date;     /* told's time */
    char *text;              /* UTF-8; any line ends, they go out as CRLF */
    char *html;
    char *calendar;          /* iCalendar (RFC 5545); NULL: no attachment */
    bool probe;              /* nothing is sent: whether the server answers at all. */
    unsigned tried;          /* relays that this attempt has been at, a bit each */
};

/* What came of it. The job belongs to whoever took it. */
struct email_done {
    struct email_job job;
    struct outcome outcome;
};

struct email_job email_job_copy(const struct email_job *from);
void email_job_release(struct email_job *job);

#endif
