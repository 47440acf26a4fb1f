/* SPDX-License-Identifier: Apache-2.0 */
#include "told/silence.h"

#include <string.h>

#include "told/buf.h"

#define MINUTE_MS INT64_C(60000)
#define SPAN_MOST (31 * 24 * 60)

static struct instant at_minute(struct civil_day day, int minute)
{
    if (minute == 24 * 60)
        return civil_instant(civil_add_days(day, 1), 0, 0);
    return civil_instant(day, minute / 60, minute % 60);
}

struct instant silence_due(const struct calendar *calendar, const struct silence_expects *expects, struct instant heard_at)
{
    int64_t left = expects->after_minutes * MINUTE_MS;

    /* Elapsed time, not the wall clock's: the night in which the clocks change is an hour longer or shorter. */
    for (struct civil_day day = civil_day_of(heard_at);; day = civil_add_days(day, 1)) {
        struct instant begin = at_minute(day, expects->from_minute), end = at_minute(day, expects->until_minute);
        int64_t here;

        if (!expects->every_day && !calendar_is_working_day(calendar, day))
            continue;
        if (instant_compare(begin, heard_at) < 0)
            begin = heard_at;
        here = instant_ms_between(begin, end);
        if (here >= left)
            return instant_add_ms(begin, left);
        if (here > 0)
            left -= here;
    }
}

/* Digits up to `most`; the rest of the text, or NULL. */
static const char *digits(const char *text, int most, int *ret)
{
    size_t count = strspn(text, "0123456789");

    if (count == 0 || count > 5)
        return NULL;
    *ret = 0;
    for (size_t i = 0; i < count; i++)
        *ret = *ret * 10 + (text[i] - '0');
    return *ret <= most ? text + count : NULL;
}

bool silence_parse_minute(const char *text, int *ret)
{
    int hour, minute;

    if (strlen(text) != 5 || text[2] != ':' || digits(text, 24, &hour) != text + 2 || digits(text + 3, 59, &minute) != text + 5 ||
        hour * 60 + minute > 24 * 60)
        return false;
    *ret = hour * 60 + minute;
    return true;
}

bool silence_parse_span(const char *text, int *ret)
{
    int hours = 0, minutes = 0, number;
    const char *rest = digits(text, SPAN_MOST, &number);

    if (rest != NULL && *rest == 'h') {
        hours = number;
        rest++;
        if (*rest != '\0')
            rest = digits(rest, 59, &minutes);
    } else {
        minutes = number;
    }
    if (rest == NULL || (*rest != '\0' && strcmp(rest, "m") != 0) || (*rest == '\0' && rest[-1] != 'h'))
        return false;
    if (hours > SPAN_MOST / 60 || hours * 60 + minutes > SPAN_MOST || hours * 60 + minutes == 0)
        return false;
    *ret = hours * 60 + minutes;
    return true;
}

static void add_time(struct buf *out, struct instant at)
{
    char day[CIVIL_TEXT_SIZE];
    int minute = civil_minute_of(at);

    buf_printf(out, "%s %02d:%02d", civil_print(civil_day_of(at), day), minute / 60, minute % 60);
}

#define ASK "only the sender can say what was unheard: ask for its count"

static bool is_numbered(const struct silence_cursor *c)
{
    return c->settled > 0 || c->settled_before > 0;
}

bool silence_is_whole(const struct silence_cursor *cursors, size_t count)
{
    bool whole = count > 0;

    for (size_t i = 0; i < count; i++)
        whole &= !cursors[i].gap && is_numbered(&cursors[i]) &&
                 (cursors[i].epoch == cursors[i].epoch_before || cursors[i].epoch_before == 0);
    return whole;
}

static void add_cursor(struct buf *out, const struct silence_cursor *c)
{
    buf_printf(out, "; source %s: ", c->source);
    if (c->epoch_before != c->epoch && c->epoch_before > 0)
        buf_printf(out, "epoch %lld ended at sequence %lld and epoch %lld begins, now at %lld: compare the two",
                   (long long)c->epoch_before, (long long)c->settled_before, (long long)c->epoch, (long long)c->settled);
    else if (!is_numbered(c))
        buf_text(out, "it numbers nothing, so " ASK);
    else if (c->gap)
        buf_printf(out, "sequences are missing from %lld on", (long long)c->settled + 1);
    else if (c->settled == c->settled_before)
        buf_printf(out, "still at sequence %lld, nothing is known to be missing", (long long)c->settled);
    else
        buf_printf(out, "sequences %lld to %lld came since, none is missing", (long long)c->settled_before + 1,
                   (long long)c->settled);
}

char *silence_statement(const char *feed, bool link, struct instant from, struct instant until,
                        const struct silence_cursor *cursors, size_t count)
{
    struct buf b = {0};

    buf_printf(&b, "feed %s: %s from ", feed, link ? "nothing at all was heard" : "no events were heard");
    add_time(&b, from);
    buf_text(&b, " to ");
    add_time(&b, until);
    for (size_t i = 0; i < count; i++)
        add_cursor(&b, &cursors[i]);
    if (count == 0)
        buf_text(&b, "; it numbers nothing, so " ASK);
    return buf_take(&b);
}
