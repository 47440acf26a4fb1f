/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told (sd_notify). Without NOTIFY_SOCKET every verb does nothing. Called by main's thread only. */
#ifndef TOLD_NOTIFY_H
#define TOLD_NOTIFY_H

#include <stdint.h>

void notify_ready(const char *status);
/* systemd 252 knows no Type=notify-reload: RELOADING=1 and then, by notify_ready, READY=1. The instant (CLOCK_MONOTONIC)
 * is what later versions want with it. */
void notify_reloading(int64_t monotonic_us);
void notify_stopping(void);
void notify_status(const char *status);
void notify_watchdog(void);
/* How often systemd wants to be petted at the least; 0: it does not watch. */
int64_t notify_watchdog_ms(void);

#endif
