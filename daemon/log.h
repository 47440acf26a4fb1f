/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line a fact on stderr: key=value, ids first, never a person. Under systemd (JOURNAL_STREAM names our stderr)
 * each line starts with its <N> priority, which journald understands and which cannot get lost (trap 26).
 * Severity says whose fault: error cannot go on, warning a peer or an operator must look, info normal life.
 */
#ifndef TOLD_LOG_H
#define TOLD_LOG_H

void log_open(void); /* reads JOURNAL_STREAM; before any thread */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
