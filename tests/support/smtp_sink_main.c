/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_sink --dir DIR [--port N] [--script FILE] [--exit-when-parent-dies], or --quiet-store in place of
 * --dir. Prints "PORT n" once it listens; ends on SIGTERM. */
#include "sink_options.h"
#include "smtp_sink.h"

#include <stdio.h>
#include <sysexits.h>

int main(int argc, char **argv)
{
    struct sink_options options;
    int stop_fd = sink_options_read(argc, argv, &options);
    struct smtp_sink *sink = smtp_sink_new(options.directory, options.port, options.script);
    if (!sink || stop_fd < 0) {
        perror("smtp_sink: cannot listen on 127.0.0.1 or write to the directory");
        smtp_sink_free(sink);
        return EX_UNAVAILABLE;
    }
    sink_options_announce(smtp_sink_port(sink));
    smtp_sink_run(sink, stop_fd);
    smtp_sink_free(sink);
    return 0;
}
