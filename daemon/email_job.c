/* SPDX-License-Identifier: Apache-2.0 */
#include "email_job.h"

#include <stdlib.h>

#include "told/mem.h"

struct email_job email_job_copy(const struct email_job *from)
{
    struct email_job to = *from;
    to.envelope_from = mem_copy(from->envelope_from);
    to.to = mem_copy(from->to);
    to.subject = mem_copy(from->subject);
    to.message_id_header = mem_copy(from->message_id_header);
    to.in_reply_to = mem_copy(from->in_reply_to);
    to.references = mem_copy(from->references);
    to.reply_to = mem_copy(from->reply_to);
    to.text = mem_copy(from->text);
    to.html = mem_copy(from->html);
    to.calendar = mem_copy(from->calendar);
    return to;
}

void email_job_release(struct email_job *job)
{
    free(job->envelope_from);
    free(job->to);
    free(job->subject);
    free(job->message_id_header);
    free(job->in_reply_to);
    free(job->references);
    free(job->reply_to);
    free(job->text);
    free(job->html);
    free(job->calendar);
    *job = (struct email_job){0};
}
