/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a feed has been silent for too long. Only the hours count in which it is expected to speak: courts sit on working
 * days, police never sleep. Pure: the last time it was heard is a parameter.
 */
#ifndef TOLD_SILENCE_H
#define TOLD_SILENCE_H

#include "told/calendar.h"

struct silence_expects {
    bool every_day;   /* else on working days */
    int from_minute;  /* of the local day, 0 … 1439 */
    int until_minute; /* 1 … 1440, after from_minute */
    int after_minutes; /* of silence, in the hours expected; at least 1 */
};

/* The first instant at which it is too long. */
struct instant silence_due(const struct calendar *calendar, const struct silence_expects *expects, struct instant heard_at);
/* "08:00" to "24:00" as minutes; false if it is no time of day. */
bool silence_parse_minute(const char *text, int *ret);
/* "90m", "4h", "1h30m" as minutes, up to 31 days; false if it is no such span. */
bool silence_parse_span(const char *text, int *ret);

struct silence_cursor {
    const char *source;
    int64_t epoch_before, settled_before; /* 0: it was not known */
    int64_t epoch, settled;
    bool gap; /* something below is known to be missing */
};
/* What was unheard: "feed police: no events from … to …; source police/mps: …". The caller frees. */
char *silence_statement(const char *feed, bool link, struct instant from, struct instant until,
                        const struct silence_cursor *cursors, size_t count);
/* Whether the sequences alone show that nothing is missing: there are some, of every source, in one epoch, without a gap. */
bool silence_is_whole(const struct silence_cursor *cursors, size_t count);

#endif
