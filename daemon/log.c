/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "clock.h"

enum { LOG_LINE_MOST = 2048 };

/* Where standard error goes does not change while a process lives; written once by log_open. */
static atomic_bool log_is_journal;

void log_open(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* "device:inode" of the socket systemd gave us */
    unsigned long long device = 0, inode = 0;
    struct stat at;

    if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &at) != 0)
        return;
    /* The variable is inherited; a stderr that somebody redirected since then is no journal. */
    atomic_store(&log_is_journal, at.st_dev == device && at.st_ino == inode);
}

static const char *log_severity_text(int severity)
{
    switch (severity) {
    case LOG_ERR:
        return "error";
    case LOG_WARNING:
        return "warning";
    default:
        return "info";
    }
}

static size_t log_head(char *line, size_t room, int severity)
{
    char at[INSTANT_TEXT_SIZE];
    int len;

    if (atomic_load(&log_is_journal))
        len = snprintf(line, room, "<%d>", severity);
    else
        len = snprintf(line, room, "%s %s ", instant_print(clock_real(), at), log_severity_text(severity));
    return len > 0 ? (size_t)len : 0;
}

static void log_line(int severity, const char *format, va_list args)
{
    char line[LOG_LINE_MOST];
    size_t head = log_head(line, sizeof line, severity);
    int more = vsnprintf(line + head, sizeof line - head - 1, format, args);
    size_t len;

    if (more < 0)
        return;
    len = strlen(line);
    /* One fact, one line: nobody forges a second one with a line feed. */
    for (size_t i = head; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[len++] = '\n';
    /* A single write, so that threads' lines do not mix; a log that cannot be written has nowhere to be told. */
    if (write(STDERR_FILENO, line, len) < 0)
        return;
}

void log_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(LOG_ERR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(LOG_INFO, format, args);
    va_end(args);
}
