/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toldctl: what the commands share. A command reads its options, opens what it needs (configuration,
 * database), does one step and says what it did. Exit codes are sysexits; 1 means that a difference was
 * found.
 */
#ifndef TOLD_TOLDCTL_H
#define TOLD_TOLDCTL_H

#include <sysexits.h>

#include "clock.h"
#include "config.h"
#include "pg.h"

struct toldctl {
    const char *command;
    const char *config_path; /* -f, or NULL */
    const char *as;          /* --as: the database user; NULL: PGUSER or the login */
    bool json;
    struct config *config; /* owned; NULL until opened */
    struct pg *pg;         /* owned; NULL until opened */
    struct clock *clock;   /* owned; follows the story of a demonstration */
};

/* One command. argv[0] is its name. Returns the exit code. */
typedef int toldctl_fn(struct toldctl *ctl, int argc, char **argv);

toldctl_fn toldctl_init, toldctl_migrate, toldctl_status, toldctl_events, toldctl_duties, toldctl_duty,
    toldctl_notifications, toldctl_notice, toldctl_endpoints, toldctl_destinations, toldctl_reviews, toldctl_watches, toldctl_ack, toldctl_done, toldctl_void, toldctl_answer,
    toldctl_retry, toldctl_test_message, toldctl_match, toldctl_quarantine, toldctl_feeds, toldctl_import, toldctl_coverage, toldctl_protocol, toldctl_explain,
    toldctl_test, toldctl_adapt, toldctl_journal, toldctl_why, toldctl_why_not, toldctl_what_if, toldctl_returns,
    toldctl_address;

/* Options of a command, beside --json, --as and -f, which every command takes. Ends with name NULL. */
struct toldctl_option {
    const char *name;
    const char **ret_text; /* takes a value; or */
    bool *ret_flag;        /* is there or not; or */
    const char **ret_list; /* may be repeated: up to TOLDCTL_LIST_MOST, NULL-terminated */
};
#define TOLDCTL_LIST_MOST 32

/* Reads the options wherever they stand. Returns the index in argv of the first word that is none, or -1
 * after saying what is wrong: too few or too many words (words_most < 0: any number), an unknown option. */
int toldctl_options(struct toldctl *ctl, int argc, char **argv, const struct toldctl_option *options,
                    int words_least, int words_most);
int toldctl_usage(const char *command); /* says how the command is used; EX_USAGE */
int toldctl_refuse(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));           /* "toldctl: …"; returns code */
bool toldctl_number(const char *text, int64_t *ret); /* a positive number of a row: 17, or D-17, C-17 as notices print it */

bool toldctl_since(const char *text, struct instant *ret); /* an instant, or a day: its first in London */

/* Each returns 0, or the exit code after saying why. */
int toldctl_open_config(struct toldctl *ctl);
int toldctl_open_local_config(struct toldctl *ctl); /* conf/told.conf under the working directory first */
int toldctl_open_database(
    struct toldctl *ctl); /* and the configuration; schema and authority checked, clock set */
int toldctl_open_snapshot(struct toldctl *ctl);  /* begins a transaction that sees one state and can write nothing */
int toldctl_database_code(struct toldctl *ctl);  /* what the last failure of the database is for the caller */
struct instant toldctl_now(struct toldctl *ctl); /* told's time */

/* One transaction, repeated whole while the database says so. The step returns 0 to commit; any other code
 * rolls back and is returned; TOLDCTL_DATABASE means "pg_status() says why". Nothing may be printed inside a
 * step: it may run twice. */
#define TOLDCTL_DATABASE (-1)
typedef int toldctl_step_fn(struct toldctl *ctl, void *step);
int toldctl_step(struct toldctl *ctl, toldctl_step_fn *run, void *step);
/* Wakes the stages, wherever they run; a hint, their poll is the truth. */
void toldctl_kick(struct toldctl *ctl);

/* Prints a whole result: with --json an array of objects named by its columns, else a table. A column that
 * ends in _at is an instant as PG_INSTANT prints it, shown as London's wall clock in the table. */
int toldctl_list(struct toldctl *ctl, const struct pg_statement *statement, const char *const *values);
void toldctl_print(const struct toldctl *ctl, const PGresult *rows);
json_t *toldctl_rows(const PGresult *rows);         /* array of objects; new reference */
json_t *toldctl_row(const PGresult *rows, int row); /* new reference */
void toldctl_print_json(const json_t *value);
/* A local time for people: "2024-06-03 17:00". */
#define TOLDCTL_TIME_SIZE 32
const char *toldctl_local_time(struct instant at, char out[TOLDCTL_TIME_SIZE]);

/* A whole file; "-" is standard input. False after saying why (then EX_NOINPUT). The caller frees. */
bool toldctl_read(const char *path, char **ret_bytes, size_t *ret_len);

#endif
