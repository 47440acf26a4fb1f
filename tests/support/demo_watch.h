/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the demonstration's story on the terminal, as it happens, from what the database records. */
#ifndef TOLD_DEMO_WATCH_H
#define TOLD_DEMO_WATCH_H

#include "harness.h"

struct demo_watch;

struct demo_watch *demo_watch_new(struct harness *h);
void demo_watch_free(struct demo_watch *watch);
void demo_watch_look(struct demo_watch *watch); /* prints what is new */
void demo_watch_say(struct demo_watch *watch, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
