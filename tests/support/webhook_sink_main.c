/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_sink --dir DIR [--port N] [--script FILE] [--secret whsec_…]… [--exit-when-parent-dies], or
 * --quiet-store in place of --dir. Prints "PORT n" once it listens; ends on SIGTERM. */
#include "sink_options.h"
#include "webhook_sink.h"

#include <stdio.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sink_options options;
    struct signalfd_siginfo signal;
    int stop_fd = sink_options_read(argc, argv, &options);
    struct webhook_sink *sink =
        webhook_sink_start(options.directory, options.port, options.script, options.secrets);
    if (!sink || stop_fd < 0) {
        perror("webhook_sink: cannot listen on 127.0.0.1, write to the directory or read a secret");
        webhook_sink_stop(sink);
        return EX_UNAVAILABLE;
    }
    sink_options_announce(webhook_sink_port(sink));
    while (read(stop_fd, &signal, sizeof signal) < 0)
        continue;
    webhook_sink_stop(sink);
    return 0;
}
