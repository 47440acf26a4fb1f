/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a process of told: its stages started, watched, told of signals and stopped in order.
 *
 *   starting ──schema fits──▶ running ──SIGTERM, or a stage gave up──▶ stopping ──each stage has finished──▶ ended
 *      └── database away ──▶ waiting: ingest answers BUSY, the others begin when it is back
 *      └── schema or authority do not fit ──▶ stopping
 */
#ifndef TOLD_SERVICE_H
#define TOLD_SERVICE_H

#include "stage.h"

struct service_options {
    const char *file; /* read again at SIGHUP */
    bool stages[STAGE_COUNT];
    bool shadow;
};

/* Takes over the configuration. Returns the exit code. */
int service_run(const struct service_options *options, struct config *config);

#endif
