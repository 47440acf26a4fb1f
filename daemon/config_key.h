/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as tables: name, kind, target, default, whether a reload takes it. Reading, printing and comparing are loops
 * over them, and a name that stands in no table is refused. */
#ifndef TOLD_CONFIG_KEY_H
#define TOLD_CONFIG_KEY_H

#include "config_text.h"

enum config_kind {
    CONFIG_KEY_TEXT,   /* char * */
    CONFIG_KEY_TEXTS,  /* char **, NULL-terminated; an array of strings, or one */
    CONFIG_KEY_NUMBER, /* int */
    CONFIG_KEY_SIZE,   /* size_t */
    CONFIG_KEY_NUMBERS, /* int[CONFIG_NUMBERS_MOST], a 0 behind the last; an array of whole numbers, none of them 0 */
    CONFIG_KEY_YES,    /* bool */
    CONFIG_KEY_WORD,   /* an enum: index into words */
    CONFIG_KEY_APART,  /* read elsewhere: only its name and its type are known here */
};

/* How many numbers such an array may hold; the 0 comes behind them where there is room. */
#define CONFIG_NUMBERS_MOST 12

struct config_key {
    const char *name;
    enum config_kind kind;
    size_t offset;            /* of the target in the struct the table is for */
    const char *fallback;     /* as it would be written; NULL: unset (TEXT NULL, TEXTS empty), or required. NUMBERS: with blanks between */
    bool is_required;
    int least, most;          /* NUMBER, SIZE, each of NUMBERS */
    const char *const *words; /* WORD: NULL-terminated, in the order of the enum */
    const char *(*refuse)(const char *text); /* TEXT, TEXTS: NULL or why not, "what, what to do"; may be NULL */
    bool is_fixed;            /* a running process cannot take another value over */
    int type;                 /* APART: CONFIG_TYPE_GROUP, CONFIG_TYPE_LIST or CONFIG_TYPE_STRING */
};

struct config_table {
    const char *name; /* of the group in the file; "" at the top */
    const struct config_key *keys;
    size_t count;
};

/* Fills `target` from the group (NULL: absent, so defaults). Every fault is said. */
void config_key_read(struct config_reading *reading, const struct config_text *text, const config_setting_t *group,
                     const struct config_table *table, void *target);
void config_key_release(const struct config_table *table, void *target);
/* name = value; lines with that indent; APART is left to the caller. */
void config_key_print(const struct config_table *table, const void *target, int indent);
/* Puts each fixed setting of `next` back to what it is in `now`, and calls `differs` for those that were not equal. */
typedef void config_key_differs_fn(void *cookie, const char *table, const char *key);
void config_key_keep(const struct config_table *table, const void *now, void *next, config_key_differs_fn *differs,
                     void *cookie);
/* A quoted string as libconfig reads it. */
void config_key_print_text(const char *text);

#endif
