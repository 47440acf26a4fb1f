/* SPDX-License-Identifier: Apache-2.0 */
#include "service_config.h"

#include <stdio.h>

#include "log.h"
#include "told/civil.h"

void service_config_log_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    log_error("%s:%d: %s", file, line, text);
}

static void log_warning_at(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    log_warning("%s:%d: %s", file, line, text);
}

void service_config_warn(const struct config *config, struct instant today, config_fault_fn *warn, void *cookie)
{
    int year, month, day, last = calendar_last_year(config->calendar);
    char text[256];

    civil_split(civil_day_of(today), &year, &month, &day);
    if (last > year)
        return;
    (void)snprintf(text, sizeof text,
                   "the calendar ends with %d: deadlines after it count week-ends only, put in a newer file of bank holidays",
                   last);
    warn(cookie, config->names.calendar, 1, text);
}

void service_config_reload(const char *file, struct config_current *current)
{
    struct config *next = config_load(file, true, service_config_log_fault, NULL);
    struct config *now;

    if (next == NULL) {
        log_error("configuration=refused file=%s: the old one stays in force, correct the faults above and reload", file);
        return;
    }
    now = config_current_get(current);
    (void)config_keep(now, next, log_warning_at, NULL);
    config_unref(now);
    service_config_warn(next, clock_real(), log_warning_at, NULL);
    log_info("configuration=reloaded protocol=%s calendar=%s codes=%s", protocol_hash(next->protocol),
             calendar_hash(next->calendar), codes_hash(next->codes));
    config_current_set(current, next);
}

const char *service_config_user(const struct config *config, const bool wanted[STAGE_COUNT])
{
    if (wanted[STAGE_DECIDE] || wanted[STAGE_ESCALATE])
        return config->user_decide;
    if (wanted[STAGE_DISPATCH])
        return config->user_dispatch;
    return wanted[STAGE_RETURNS] ? config->user_returns : config->user_ingest;
}
