/* SPDX-License-Identifier: Apache-2.0 */
#include "service_stages.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "told/mem.h"

struct service_stages {
    struct stage each[STAGE_COUNT];
    bool is_wanted[STAGE_COUNT];
    bool is_running[STAGE_COUNT];
    char *worker;
};

static void *(*const BODIES[STAGE_COUNT])(void *) = {
    [STAGE_INGEST] = ingest_run,
    [STAGE_DECIDE] = decide_stage_run,
    [STAGE_ESCALATE] = escalate_stage_run,
    [STAGE_DISPATCH] = dispatch_run,
    [STAGE_RETURNS] = returns_stage_run,
};

/* Which process holds a claim: a pid alone comes again after a restart. */
static char *worker_name(void)
{
    char host[64] = "";

    if (gethostname(host, sizeof host - 1) != 0)
        strcpy(host, "host");
    return mem_printf("%s:%ld:%08x", host, (long)getpid(), (unsigned)randombytes_random());
}

struct service_stages *service_stages_new(const bool wanted[STAGE_COUNT], bool shadow, struct config_current *config,
                                          struct clock *clock)
{
    struct service_stages *stages = mem_new(sizeof *stages);

    stages->worker = worker_name();
    memcpy(stages->is_wanted, wanted, sizeof stages->is_wanted);
    for (int i = 0; i < STAGE_COUNT; i++) {
        struct stage *stage = &stages->each[i];

        stage->name = (enum stage_name)i;
        stage->config = config;
        stage->clock = clock;
        stage->worker = stages->worker;
        stage->shadow = shadow;
        stage->wake_fd = -1;
        if (wanted[i])
            stage->kick = kick_new();
    }
    /* All kicks exist before the first stage runs: `next` never changes afterwards. */
    for (int i = 0; i < STAGE_COUNT; i++)
        for (int j = 0; j < STAGE_COUNT; j++)
            stages->each[i].next[j] = i == j ? NULL : stages->each[j].kick;
    return stages;
}

void service_stages_free(struct service_stages *stages)
{
    if (stages == NULL)
        return;
    for (int i = 0; i < STAGE_COUNT; i++)
        kick_free(stages->each[i].kick);
    free(stages->worker);
    free(stages);
}

void service_stages_start(struct service_stages *stages, enum stage_name name)
{
    struct stage *stage = &stages->each[name];

    if (!stages->is_wanted[name] || stages->is_running[name])
        return;
    atomic_store(&stage->ticked_ms, clock_monotonic_ms()); /* time to begin counts like a tick */
    if (pthread_create(&stage->thread, NULL, BODIES[name], stage) != 0) {
        log_error("stage=%s cannot be started: no thread", stage_text(name));
        abort(); /* as without memory: systemd tries again */
    }
    stages->is_running[name] = true;
    log_info("stage=%s state=started worker=%s%s", stage_text(name), stages->worker, stage->shadow ? " shadow=yes" : "");
}

/* The last of an event's way first: whatever comes in finds somebody to do the rest. */
void service_stages_start_all(struct service_stages *stages)
{
    for (int i = STAGE_COUNT - 1; i >= 0; i--)
        service_stages_start(stages, (enum stage_name)i);
}

bool service_stages_are_ready(const struct service_stages *stages)
{
    for (int i = 0; i < STAGE_COUNT; i++)
        if (stages->is_running[i] && !atomic_load(&stages->each[i].ready))
            return false;
    return true;
}

bool service_stages_have_failed(const struct service_stages *stages)
{
    for (int i = 0; i < STAGE_COUNT; i++)
        if (stages->is_running[i] && atomic_load(&stages->each[i].failed)) {
            log_error("stage=%s state=failed", stage_text((enum stage_name)i));
            return true;
        }
    return false;
}

size_t service_stages_running(const struct service_stages *stages, const struct stage *ret[STAGE_COUNT])
{
    size_t count = 0;

    for (int i = 0; i < STAGE_COUNT; i++)
        if (stages->is_running[i])
            ret[count++] = &stages->each[i];
    return count;
}

void service_stages_wake(struct service_stages *stages)
{
    for (int i = 0; i < STAGE_COUNT; i++)
        kick_wake(stages->each[i].kick);
}

static void stop_one(struct service_stages *stages, enum stage_name name, void (*meanwhile)(void *cookie), void *cookie)
{
    struct stage *stage = &stages->each[name];

    if (!stages->is_running[name])
        return;
    atomic_store(&stage->stop, true);
    kick_wake(stage->kick);
    while (pthread_tryjoin_np(stage->thread, NULL) != 0)
        meanwhile(cookie);
    stages->is_running[name] = false;
    log_info("stage=%s state=stopped", stage_text(name));
}

void service_stages_stop(struct service_stages *stages, void (*meanwhile)(void *cookie), void *cookie)
{
    for (int i = 0; i < STAGE_COUNT; i++)
        stop_one(stages, (enum stage_name)i, meanwhile, cookie);
}
