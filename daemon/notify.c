/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

void notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(int64_t monotonic_us)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reading the configuration", monotonic_us);
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=finishing what is in flight");
}

void notify_status(const char *status)
{
    (void)sd_notifyf(0, "STATUS=%s", status);
}

void notify_watchdog(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

int64_t notify_watchdog_ms(void)
{
    uint64_t us = 0;

    /* Only when WATCHDOG_PID is ours: a child that inherited the variables is not watched. */
    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)(us / 1000) : 0;
}
