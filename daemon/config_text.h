/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the configuration: read whole, parsed by libconfig, their faults counted and passed on. */
#ifndef TOLD_CONFIG_TEXT_H
#define TOLD_CONFIG_TEXT_H

#include <libconfig.h>

#include "config.h"

/* One reading of a configuration: where faults go, and how many there were. */
struct config_reading {
    struct config *config; /* being filled */
    bool with_secrets;
    config_fault_fn *fault;
    void *cookie;
    size_t faults;
    struct config_place *roles; /* where each role stands, for checks between sections; beside config->roles */
};

/* Where something stands, for faults that show only later. */
struct config_place {
    char *file;
    int line;
};

struct config_text {
    char *path;
    config_t parsed;
};

void config_text_fault(struct config_reading *reading, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same at a setting of an open text. */
void config_text_fault_at(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* `name` as seen from the configuration's directory; the caller frees. */
char *config_text_path(const struct config *config, const char *name);
/* The bytes with a NUL behind them (caller frees), or NULL and *ret_reason (caller frees). */
char *config_text_read(const char *path, size_t *ret_len, char **ret_reason);
/* False, with the fault said, where the file cannot be read or parsed. config_text_close in either case. */
bool config_text_open(struct config_text *text, struct config_reading *reading, const char *path);
void config_text_close(struct config_text *text);

/* A regular file itself, or the files of a directory whose names end in `ending`, sorted. NULL-terminated; the caller
 * frees with config_text_free_list. NULL, with the fault said at file:line, where there is none. */
char **config_text_list(struct config_reading *reading, const char *path, const char *ending, const char *file, int line);
void config_text_free_list(char **list);

/* The files of such a list with what is in them; `text` NULL where one could not be read, which is said. */
struct config_file {
    char *name, *text;
    size_t len;
};
struct config_files {
    struct config_file *items;
    size_t count;
};
/* False, with every fault said, where there is none or one could not be read. Release in either case. */
bool config_text_read_list(struct config_reading *reading, const char *path, const char *file, int line,
                           struct config_files *ret);
void config_text_release_list(struct config_files *files);

#endif
