/* SPDX-License-Identifier: Apache-2.0 */
/* A point in time, UTC, in microseconds. The core never asks what time it is: instants are parameters. */
#ifndef TOLD_INSTANT_H
#define TOLD_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

struct instant {
    int64_t us; /* since 1970-01-01T00:00:00Z */
};

#define INSTANT_NONE ((struct instant){INT64_MIN})
#define INSTANT_TEXT_SIZE 32

bool instant_is_none(struct instant at);
int instant_compare(struct instant a, struct instant b); /* <0, 0, >0; none sorts before all */
struct instant instant_add_seconds(struct instant at, int64_t seconds);
struct instant instant_add_ms(struct instant at, int64_t ms);
int64_t instant_ms_between(struct instant from, struct instant to); /* positive when `to` is later */
struct instant instant_earlier(struct instant a, struct instant b); /* none counts as never: the other wins */

/* The Gregorian arithmetic below civil.h: days since 1970-01-01. Month 1 to 12; the day is not checked against it. */
int64_t instant_days_of_date(int year, int month, int day_of_month);
void instant_date_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day_of_month);
#define INSTANT_DATE_SIZE 16
char *instant_print_date(int64_t days, char *out); /* YYYY-MM-DD, at least INSTANT_DATE_SIZE bytes; returns its NUL */

/* RFC 3339 with a zone; 0 to 9 fraction digits (cut to microseconds). A leap second (:60), a lower-case t or z
 * and a blank in place of T are taken as RFC 3339 section 5.6 allows; anything else is false and *ret untouched. */
bool instant_parse(const char *text, struct instant *ret);
/* "2024-06-03T16:00:00Z"; ".123456" only when there is a fraction. Also the form PostgreSQL is given. */
const char *instant_print(struct instant at, char out[INSTANT_TEXT_SIZE]);

#endif
