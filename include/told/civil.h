/* SPDX-License-Identifier: Apache-2.0 */
/* Civil days and the wall clock of Europe/London (protocol reading A30). */
#ifndef TOLD_CIVIL_H
#define TOLD_CIVIL_H

#include "told/instant.h"

struct civil_day {
    int32_t number; /* days since 1970-01-01, proleptic Gregorian */
};

#define CIVIL_NONE ((struct civil_day){INT32_MIN})
#define CIVIL_TEXT_SIZE 16

bool civil_is_none(struct civil_day day);
struct civil_day civil_day_of_date(int year, int month, int day_of_month); /* none if there is no such date */
void civil_split(struct civil_day day, int *ret_year, int *ret_month, int *ret_day_of_month);
bool civil_parse(const char *text, struct civil_day *ret); /* exactly YYYY-MM-DD, year 1000 to 9999 */
const char *civil_print(struct civil_day day, char out[CIVIL_TEXT_SIZE]);
int civil_weekday(struct civil_day day); /* 0 Monday … 6 Sunday */
struct civil_day civil_add_days(struct civil_day day, int days);
/* The corresponding date of another month, else that month's last day (Dodds v Walker [1981]). */
struct civil_day civil_add_months(struct civil_day day, int months);
int civil_age(struct civil_day born, struct civil_day on); /* whole years; someone born on 29 February ages on 1 March */

/* Europe/London: UTC+1 from 01:00 UTC of the last Sunday of March to 01:00 UTC of the last Sunday of October. */
bool civil_is_summer(struct instant at);
struct civil_day civil_day_of(struct instant at);
int civil_minute_of(struct instant at); /* 0 … 1439, minutes since local midnight by the wall clock */
/* The instant at which the wall clock shows hour:minute on that day. A time that comes twice (October) is the
 * first; one that never comes (March) is the instant the clock jumps over it. */
struct instant civil_instant(struct civil_day day, int hour, int minute);

#endif
