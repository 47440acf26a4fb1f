/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl alone: told's own channel with nothing written down. */
#ifndef TOLD_BENCH_MAILER_H
#define TOLD_BENCH_MAILER_H

#include "channel_email.h"
#include "harness.h"

/* A mail that told has sent: the same bytes go out again. It points into *ret_row, which the caller PQclears. */
struct email_job bench_mailer_job(struct harness *h, const struct email_relay *relay, PGresult **ret_row);
/* So many over so many connections; returns mails per second. ret_ms: room for the time of each from the start, or NULL. */
double bench_mailer_run(const struct email_relay *relay, const struct email_job *job, int senders, int mails, double *ret_ms);

#endif
