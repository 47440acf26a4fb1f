/* SPDX-License-Identifier: Apache-2.0 */
/* What a try came to: the one table from SMTP, HTTP and libcurl results to outcomes. Nothing else decides "sent". */
#ifndef TOLD_REPLY_H
#define TOLD_REPLY_H

#include <stdbool.h>

enum reply_outcome {
    REPLY_TEMPFAIL,
    REPLY_DELIVERED, /* only with a 250 after the dot, or a 2xx */
    REPLY_PERMFAIL,
};

struct reply {
    enum reply_outcome outcome;
    bool uncertain;       /* a tempfail after the whole body had gone out: the other side may have it */
    bool trouble;         /* it says something of the destination itself, not of this message (destination.h) */
    bool astray;          /* it would refuse every message so: an address, a login, a template that somebody must correct */
    bool gone;            /* HTTP 410: the endpoint wants no more; alarm */
    int retry_after_s;    /* the server's wish, 0 if none; capped by the caller */
    const char *reason;   /* static text for journal and log; never foreign bytes */
};

/* curl_code: CURLcode; code: CURLINFO_RESPONSE_CODE, the last reply of any stage; body_sent: every byte of the body
 * was handed to the socket. */
struct reply reply_of_smtp(int curl_code, long code, bool body_sent);
struct reply reply_of_http(int curl_code, long status, bool body_sent, int retry_after_s);
struct reply reply_of_notify(int curl_code, long status, bool body_sent, int retry_after_s); /* GOV.UK Notify */
/* Why a certificate was not accepted. verify_result: CURLINFO_SSL_VERIFYRESULT. */
const char *reply_certificate_text(long verify_result);
const char *reply_outcome_text(enum reply_outcome outcome); /* "tempfail" "delivered" "permfail" */

#endif
