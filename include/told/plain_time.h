/* SPDX-License-Identifier: Apache-2.0 */
/* Days and instants as people read them, by the clock of Europe/London. The caller frees. */
#ifndef TOLD_PLAIN_TIME_H
#define TOLD_PLAIN_TIME_H

#include "told/civil.h"

char *plain_time_text(struct instant at);       /* "Monday 3 June 2024 at 17:00" */
char *plain_time_text_short(struct instant at); /* "Mon 3 June 2024 17:00", for a subject */
char *plain_time_day(struct civil_day day);     /* "3 June 2024" */

#endif
