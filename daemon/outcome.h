/* SPDX-License-Identifier: Apache-2.0 */
/* What a channel hands back to dispatch for one try of one message. */
#ifndef TOLD_OUTCOME_H
#define TOLD_OUTCOME_H

#include "told/reply.h"

#include <stdint.h>

struct outcome {
    int64_t message_id;
    int64_t fence; /* of the claim it was sent under */
    bool begun;    /* false: stopped before anything was tried; give the claim back, it is no attempt */
    struct reply reply;
    long code;        /* last SMTP reply or HTTP status, 0 if none */
    int curl_code;    /* CURLcode */
    char destination[32]; /* name of the relay or host it was tried at; "": of none */
    char detail[128]; /* static words and codes, for the log and the attempt's row; never foreign bytes */
};

#endif
