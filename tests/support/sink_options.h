/* SPDX-License-Identifier: Apache-2.0 */
/* What both sinks' programs share: their options, and how they end. */
#ifndef TOLD_SINK_OPTIONS_H
#define TOLD_SINK_OPTIONS_H

#include "sink_script.h"

#define SINK_SECRETS_MOST 4

struct sink_options {
    const char *directory; /* NULL with --quiet-store */
    int port;
    struct sink_script *script;
    const char *secrets[SINK_SECRETS_MOST + 1]; /* --secret, as often as wanted; NULL-terminated */
};

/* Reads the command line; says what is wrong on stderr and ends with 64 if it is not understood. Blocks
 * SIGTERM and SIGINT and returns an fd that is readable once one has come (-1: none could be made). */
int sink_options_read(int argc, char **argv, struct sink_options *ret);
/* Tells the parent on stdout, in one line, where to connect. */
void sink_options_announce(int port);

#endif
