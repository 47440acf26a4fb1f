/* SPDX-License-Identifier: Apache-2.0 */
/* What a box is made of, for the files of the harness alone. */
#ifndef TOLD_HARNESS_BOX_H
#define TOLD_HARNESS_BOX_H

#include "harness.h"

enum { HARNESS_TOLD_MOST = 16, HARNESS_FEEDS = 8 };

struct harness {
    struct harness_options options;
    struct cluster *cluster;
    char *directory, *config, *build, *root; /* build: where told, toldctl and the sinks are; root: of the project */
    char public_key[41], public_keys[HARNESS_FEEDS][41], secret_keys[HARNESS_FEEDS][41];
    char *endpoint, *broadcast_endpoint, *replay_endpoint, *webhook_secret;
    int smtp_port, hook_port, port_fds[5]; /* as long as the box stands, its ports are nobody else's */
    pid_t smtp, hook, told[HARNESS_TOLD_MOST];
    int notify_fd;
    struct buf notified;
    PGconn *sql;
};

/* A box that cannot be built ends the test program. */
void harness_die(const char *what);
int64_t harness_now_ms(void); /* monotonic */
/* Keys first: feeds and configuration name them. */
void harness_files_keys(struct harness *h);
void harness_files_feeds(struct harness *h);
void harness_files_config(struct harness *h);

#endif
