/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stage: one thread, its own connection, a plain loop. A tick does what is due in bounded batches and returns the
 * instant (told's time) at which it wants to be woken; a kick wakes it sooner. Stages never call each other.
 */
#ifndef TOLD_STAGE_H
#define TOLD_STAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "clock.h"
#include "config.h"
#include "kick.h"

enum stage_name {
    STAGE_INGEST,
    STAGE_DECIDE,
    STAGE_ESCALATE,
    STAGE_DISPATCH,
    STAGE_RETURNS,
    STAGE_COUNT,
};

struct stage_set; /* the stages of this process */

/* What a stage is given. Everything here is safe to use from its thread. */
struct stage {
    enum stage_name name;
    struct config_current *config;
    struct clock *clock;
    struct kick *kick;               /* its own */
    struct kick *next[STAGE_COUNT];  /* the others in this process; NULL where a stage runs elsewhere */
    void (*wait)(void *state, struct stage *stage, int timeout_ms); /* NULL: for kick and wake_fd */
    int wake_fd;                     /* also wakes its loop; its tick sets it, -1: none */
    int wake_backend;                /* whose notices come over wake_fd */
    const char *worker;              /* names this process in claims: host:pid:random */
    bool shadow;                     /* decide and record, tell nobody */
    atomic_bool stop;                /* finish what is in flight and return */
    _Atomic int64_t ticked_ms;       /* monotonic: when it last showed life; the watchdog reads it */
    _Atomic int64_t late_ms;         /* how late its oldest due timer was at the last tick, real ms; 0 while away */
    atomic_bool ready;               /* has completed its first tick, or bound its sockets */
    atomic_bool failed;              /* cannot go on; main stops the process */
    pthread_t thread;
};

const char *stage_text(enum stage_name name); /* "ingest" … */
bool stage_parse(const char *list, bool ret[STAGE_COUNT]); /* "ingest,decide"; false if a word is no stage */

/* The thread bodies; each returns when stage->stop is set and what was in flight has ended. */
void *ingest_run(void *stage);
void *decide_stage_run(void *stage);
void *escalate_stage_run(void *stage);
void *dispatch_run(void *stage);
void *returns_stage_run(void *stage);

/* The loop the last four share. tick: does what is due, returns when to come back (told's time; INSTANT_NONE: only
 * when kicked or polled). */
typedef struct instant stage_tick_fn(void *state, struct stage *stage, struct config *config, struct instant now);
void stage_loop(struct stage *stage, stage_tick_fn *tick, void *state);
/* Fault injection, only in builds with -DTOLD_FAULTS: hangs for ever if the environment variable TOLD_HANG names this stage
 * and the file named by TOLD_HANG_FILE exists. */
void stage_fault(const struct stage *stage);

#endif
