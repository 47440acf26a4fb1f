/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working days of England and Wales: any day but Saturday, Sunday and bank holidays (SI 2011/1010 reg 2; A29).
 * Input is the GOV.UK bank-holidays.json format.
 */
#ifndef TOLD_CALENDAR_H
#define TOLD_CALENDAR_H

#include <stddef.h>

#include "told/civil.h"

struct calendar;

/* NULL and *ret_reason (caller frees; "line N: what, what to do") if the text cannot be used: not JSON, no
 * england-and-wales, a bad date, or a year between the first and the last without any holiday. */
struct calendar *calendar_parse(const char *text, size_t len, char **ret_reason);
void calendar_free(struct calendar *calendar);
const char *calendar_hash(const struct calendar *calendar); /* SHA-256 of the holidays, 64 hex digits: its version */
int calendar_first_year(const struct calendar *calendar);
int calendar_last_year(const struct calendar *calendar);
bool calendar_covers(const struct calendar *calendar, struct civil_day day); /* outside, only week-ends count */

int calendar_days_left(const struct calendar *calendar, struct civil_day day); /* to the end of its last year; never below 0 */

bool calendar_is_working_day(const struct calendar *calendar, struct civil_day day);
/* The start day is not counted (A01); count may be negative; 0 gives the day itself. */
struct civil_day calendar_add_working_days(const struct calendar *calendar, struct civil_day day, int count);
struct civil_day calendar_back_to_working_day(const struct calendar *calendar, struct civil_day day);
/* 17:00 local of that day: the alarm time of A03. */
struct instant calendar_alarm_at(struct civil_day day);

#endif
