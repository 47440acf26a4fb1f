/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times as other systems write them. Private to the adapters. A wall clock without a zone is
 * London's. */
#ifndef TOLD_FOREIGN_TIME_H
#define TOLD_FOREIGN_TIME_H

#include "told/civil.h"

/* The day as it is written: "2010-01-28", with a zone behind it (xsd:date), or in front of a time of day. */
bool foreign_time_parse_day(const char *text, struct civil_day *ret);
/* RFC 3339, and with the seconds or the zone left out ("2015-08-01T12:00Z", "2023-07-31T10:37:28"). */
bool foreign_time_parse(const char *text, struct instant *ret);
/* A day and an xsd:time of their own: "10:00:00.000+01:00", "09:01:01". */
bool foreign_time_parse_at(struct civil_day day, const char *time, struct instant *ret);

#endif
