/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the stages of this process live: what decides if systemd is petted. */
#ifndef TOLD_WATCH_H
#define TOLD_WATCH_H

#include "stage.h"

#define WATCH_SILENT_MS 20000 /* a stage that has not ticked for so long hangs; longer than the database's deadline */
#define WATCH_LATE_MS 30000   /* a timer that stays due for so long is not being done (design section 4) */

struct watch {
    int64_t asked_ms;  /* how often systemd wants to be petted; 0: it does not watch */
    int64_t petted_ms; /* monotonic, of the last time */
    bool withheld;     /* said once until it is well again */
};

void watch_init(struct watch *watch, int64_t asked_ms, int64_t now_ms);
/* How long main may sleep. */
int watch_wait_ms(const struct watch *watch);
/* Whether systemd should be petted now: it is time to, and all the stages that run live. Logs which does not. */
bool watch_look(struct watch *watch, const struct stage *const *stages, size_t count, int64_t now_ms);

#endif
