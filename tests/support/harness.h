/* SPDX-License-Identifier: Apache-2.0 */
/*
 * told in a box: a private database, the mail and webhook sinks, keys made for the occasion, a configuration, and told
 * itself as real processes. Flow and fault tests, the demonstration and the bench stand on it.
 */
#ifndef TOLD_HARNESS_H
#define TOLD_HARNESS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "told/buf.h"
#include "told/instant.h"

struct harness;

struct harness_options {
    const char *story_from;   /* told's time at the start, RFC 3339; NULL: real time */
    bool story_stands;        /* its clock stands still between jumps */
    const char *smtp_script;  /* lines of the sink's script, or NULL */
    const char *hook_script;
    bool durable;             /* fsync on */
    bool count_only;          /* sinks keep nothing (bench) */
    int lease_ms;             /* 0: 6,000 */
    int senders;              /* 0: 2 */
    int deadline_ms;          /* of the database client; 0: 10,000 */
    int response_timeout_s;   /* 0: 20 */
    int poll_ms;              /* 0: 100 */
    const char *brake;        /* settings of the fan-out brake, "" for its defaults; NULL: so wide that it never holds */
    const char *expects;      /* when the feed police is expected to speak: settings of that group, or NULL */
    int smtp_port, hook_port; /* where somebody else listens in the place of our sinks (which then hear nothing); 0: they do */
    int second_relay_port;    /* a relay behind the sink's own, named second; the first is then named first */
    int dead_after_s;         /* 0: 900 */
    const char *more_hooks;   /* endpoints beside case-system, or NULL; @HOOK@ is the port of the sink */
    const char *more_config;  /* lines for the end of told.conf, or NULL */
    bool broadcast;           /* with a broadcast feed that this process publishes (harness_broadcast_endpoint) */
    bool replay;              /* and repeats (harness_replay_endpoint) */
    int gap_after_s;          /* 0: 60 */
    int replay_every_s;       /* 0: 30 */
    bool drop;                /* with the directory feeds "drop" and, foreign, "drop-register" (harness_path "drop", …) */
};

struct harness *harness_start(const struct harness_options *options);
void harness_stop(struct harness *h); /* ends every process it started and removes every file; NULL is fine */
int harness_teardown(void **state);   /* the same of *state, as cmocka calls it */

const char *harness_directory(const struct harness *h); /* of configuration and sinks' files */
const char *harness_config(const struct harness *h);    /* told.conf */
struct cluster *harness_cluster(struct harness *h);
const char *harness_public_key(const struct harness *h); /* told's own, Z85 */
const char *harness_endpoint(const struct harness *h);   /* where told's ROUTER listens */
const char *harness_broadcast_endpoint(const struct harness *h);
const char *harness_replay_endpoint(const struct harness *h);
/* The path of a feed's secret key file ("police", "court", "custody", "care", "yos", "register", "hearing",
 * "broadcast"). */
char *harness_secret(const struct harness *h, const char *feed);
char *harness_path(const struct harness *h, const char *name); /* in its directory; caller frees */
void harness_write(const struct harness *h, const char *name, const char *text);
void harness_sinks_restart(struct harness *h, const char *smtp_script, const char *hook_script); /* same ports */
void harness_sinks_stop(struct harness *h);
void harness_sinks_freeze(struct harness *h); /* silent, but the sockets accept … */
void harness_sinks_thaw(struct harness *h);

/* Starts told (stages NULL: all) and returns once it said READY. extra: one more "NAME=value" of its environment, or NULL. */
pid_t harness_told(struct harness *h, const char *stages, const char *extra);
/* Starts it and waits for nothing: one that is not expected to live. */
pid_t harness_told_begin(struct harness *h, const char *stages, const char *extra);
/* Sends a signal (0: none); waits for the end unless it is SIGHUP, SIGSTOP or SIGCONT. Returns the wait status. */
int harness_signal(struct harness *h, pid_t told, int signo);
/* What systemd would have been told since the last call: lines of all notifications. Waits for `want` at most timeout_ms. */
bool harness_await_notify(struct harness *h, const char *want, int timeout_ms);
/* SIGHUP, and returns once told said that it is ready again; false if it did not. */
bool harness_reload(struct harness *h, pid_t told);
char *harness_read(const struct harness *h, const char *name); /* a file of its directory, "" if there is none; caller frees */
char *harness_log(const struct harness *h); /* what all told processes wrote so far; caller frees */

/* Runs toldctl with this configuration, as the operator amara unless `user` says otherwise; argv without program name,
 * NULL-terminated. Returns its exit code; out and err may be NULL. */
int harness_toldctl(struct harness *h, const char *user, const char *const argv[], struct buf *out, struct buf *err);
/* The same with text on its standard input (publish … -). */
int harness_toldctl_input(struct harness *h, const char *user, const char *const argv[], const char *input, struct buf *out,
                          struct buf *err);
/* A publisher in the background: toldctl publish of a file. Wait with waitpid. */
pid_t harness_publish_start(struct harness *h, const char *feed, const char *path, const char *output_path);

/* SQL as the superuser: a test looks at everything. The first column of the first row ("" if none); caller frees. */
char *harness_value(struct harness *h, const char *sql);
long harness_count(struct harness *h, const char *sql);
PGresult *harness_query(struct harness *h, const char *sql);
/* Asks again until the value is `want`; false after timeout_ms. */
bool harness_await(struct harness *h, const char *sql, const char *want, int timeout_ms);

/* Moves told's time of a story. */
void harness_jump(struct harness *h, const char *to);
/* Lines of a sink's NDJSON file ("mails.ndjson", "hooks.ndjson"); 0 if there is none yet. */
long harness_lines(const struct harness *h, const char *name);

#endif
