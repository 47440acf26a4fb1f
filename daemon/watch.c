/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <inttypes.h>

#include "log.h"

enum { WATCH_WAIT_MS = 250 }; /* the longest sleep of main: stages that fail or become ready are seen by then */

void watch_init(struct watch *watch, int64_t asked_ms, int64_t now_ms)
{
    *watch = (struct watch){.asked_ms = asked_ms, .petted_ms = now_ms};
}

int watch_wait_ms(const struct watch *watch)
{
    /* Four looks in the time systemd gives: one may come late. */
    if (watch->asked_ms > 0 && watch->asked_ms / 4 < WATCH_WAIT_MS)
        return watch->asked_ms >= 4 ? (int)(watch->asked_ms / 4) : 1;
    return WATCH_WAIT_MS;
}

/* Of several bad ones the first: the restart is the same. */
static const struct stage *watch_find_bad(const struct watch *watch, const struct stage *const *stages, size_t count,
                                          int64_t now_ms, int64_t *ret_silent_ms, int64_t *ret_late_ms)
{
    int64_t most_ms = WATCH_SILENT_MS;

    if (watch->asked_ms > 0 && watch->asked_ms / 2 < most_ms)
        most_ms = watch->asked_ms / 2;
    for (size_t i = 0; i < count; i++) {
        *ret_silent_ms = now_ms - atomic_load(&stages[i]->ticked_ms);
        *ret_late_ms = atomic_load(&stages[i]->late_ms);
        if (*ret_silent_ms > most_ms || *ret_late_ms > WATCH_LATE_MS)
            return stages[i];
    }
    return NULL;
}

bool watch_look(struct watch *watch, const struct stage *const *stages, size_t count, int64_t now_ms)
{
    int64_t silent_ms = 0, late_ms = 0;
    const struct stage *bad = watch_find_bad(watch, stages, count, now_ms, &silent_ms, &late_ms);

    if (bad != NULL && !watch->withheld)
        log_error("watchdog=withheld stage=%s silent_ms=%" PRId64 " late_ms=%" PRId64, stage_text(bad->name), silent_ms,
                  late_ms);
    if (bad == NULL && watch->withheld)
        log_info("watchdog=resumed");
    watch->withheld = bad != NULL;
    if (bad != NULL || watch->asked_ms == 0 || now_ms - watch->petted_ms < watch_wait_ms(watch))
        return false;
    watch->petted_ms = now_ms;
    return true;
}
