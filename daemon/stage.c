/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAGE_STUCK_MS = 10 };

static const char *const STAGE_TEXTS[STAGE_COUNT] = {
    [STAGE_INGEST] = "ingest",
    [STAGE_DECIDE] = "decide",
    [STAGE_ESCALATE] = "escalate",
    [STAGE_DISPATCH] = "dispatch",
    [STAGE_RETURNS] = "returns",
};

/* A timer that stays due, and since when: what makes a stage late. Work that moves on is not late, however much of it
 * an outage or a story's jump has left. */
struct stage_lateness {
    struct instant due_at; /* told's time; none: nothing is due */
    int64_t since_ms;      /* monotonic */
};

const char *stage_text(enum stage_name name)
{
    return STAGE_TEXTS[name];
}

bool stage_parse(const char *list, bool ret[STAGE_COUNT])
{
    bool wanted[STAGE_COUNT] = {false};
    const char *word = list;

    for (;;) {
        size_t len = strcspn(word, ",");
        int name = 0;

        while (name < STAGE_COUNT &&
               (strlen(STAGE_TEXTS[name]) != len || strncmp(STAGE_TEXTS[name], word, len) != 0))
            name++;
        if (name == STAGE_COUNT)
            return false;
        wanted[name] = true;
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    memcpy(ret, wanted, sizeof wanted);
    return true;
}

/* How long one and the same timer has been due by now, after a tick that ought to have done it. */
static int64_t stage_late_ms(struct stage_lateness *lateness, struct instant next_at, struct instant now)
{
    int64_t now_ms = clock_monotonic_ms();

    if (instant_is_none(next_at) || instant_compare(next_at, now) > 0) {
        lateness->due_at = INSTANT_NONE;
        return 0;
    }
    if (instant_compare(lateness->due_at, next_at) != 0) {
        lateness->due_at = next_at;
        lateness->since_ms = now_ms;
    }
    return now_ms - lateness->since_ms;
}

/* The poll is the truth behind kicks: no wait is longer. A timer that stays due must not make the loop spin. */
static int stage_wait_ms(struct stage *stage, const struct config *config, struct instant next_at, int64_t late_ms)
{
    int64_t wait_ms = config->poll_ms;

    if (!instant_is_none(next_at)) {
        int64_t until_ms = clock_ms_until(stage->clock, next_at);

        if (late_ms > 0 && until_ms < STAGE_STUCK_MS)
            until_ms = STAGE_STUCK_MS;
        if (until_ms < wait_ms)
            wait_ms = until_ms;
    }
    return (int)wait_ms;
}

void stage_loop(struct stage *stage, stage_tick_fn *tick, void *state)
{
    struct stage_lateness lateness = {.due_at = INSTANT_NONE};

    stage->wake_fd = -1;
    while (!atomic_load(&stage->stop)) {
        struct config *config = config_current_get(stage->config);
        struct instant next_at;
        int64_t late_ms;
        int wait_ms;

        stage_fault(stage);
        next_at = tick(state, stage, config, clock_told(stage->clock));
        late_ms = stage_late_ms(&lateness, next_at, clock_told(stage->clock));
        atomic_store(&stage->late_ms, late_ms);
        atomic_store(&stage->ticked_ms, clock_monotonic_ms());
        atomic_store(&stage->ready, true);
        wait_ms = stage_wait_ms(stage, config, next_at, late_ms);
        config_unref(config);
        if (atomic_load(&stage->stop))
            break;
        if (stage->wait != NULL)
            stage->wait(state, stage, wait_ms);
        else
            kick_wait(stage->kick, stage->wake_fd, wait_ms);
    }
}

#ifdef TOLD_FAULTS
void stage_fault(const struct stage *stage)
{
    const char *hang = getenv("TOLD_HANG");
    const char *file = getenv("TOLD_HANG_FILE");

    if (hang == NULL || file == NULL || strcmp(hang, stage_text(stage->name)) != 0 || access(file, F_OK) != 0)
        return;
    for (;;)
        pause();
}
#else
void stage_fault(const struct stage *stage)
{
    (void)stage;
}
#endif
