/* SPDX-License-Identifier: Apache-2.0 */
#include "demo_watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "told/civil.h"
#include "told/mem.h"

struct demo_watch {
    struct harness *h;
    bool color;
    struct buf seen; /* keys already printed, "|e12|j40|" */
    struct instant now;
};

struct demo_watch *demo_watch_new(struct harness *h)
{
    struct demo_watch *w = mem_new(sizeof *w);

    w->h = h;
    w->color = isatty(1) != 0;
    w->now = INSTANT_NONE;
    return w;
}

void demo_watch_free(struct demo_watch *w)
{
    if (w == NULL)
        return;
    buf_release(&w->seen);
    free(w);
}

static const char *color_of(const char *who)
{
    static const struct {
        const char *who, *color;
    } COLORS[] = {{"STORY", "1"},   {"came in", "36"}, {"duty", "33"},   {"told", "32"},
                  {"retry", "35"},  {"failed", "31"},  {"climbs", "31"}, {"answer", "1;32"}};

    for (size_t i = 0; i < sizeof COLORS / sizeof *COLORS; i++)
        if (strcmp(COLORS[i].who, who) == 0)
            return COLORS[i].color;
    return "0";
}

static void print(struct demo_watch *w, struct instant at, const char *who, const char *text)
{
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct civil_day day;
    int year, month, date, minute;

    if (instant_is_none(at)) {
        printf("                  ");
    } else {
        day = civil_day_of(at);
        civil_split(day, &year, &month, &date);
        minute = civil_minute_of(at);
        printf("%s %d %s %02d:%02d  ", DAYS[civil_weekday(day)], date, month == 5 ? "May" : "Jun", minute / 60, minute % 60);
        if (date < 10)
            printf(" ");
    }
    if (w->color)
        printf("\033[%sm%-8s\033[0m  %s\n", color_of(who), who, text);
    else
        printf("%-8s  %s\n", who, text);
}

void demo_watch_say(struct demo_watch *w, const char *who, const char *format, ...)
{
    char text[1024];
    va_list args;
    char *now = harness_value(w->h, "SELECT to_char((told_from + (clock_timestamp() - real_from) * rate) AT TIME ZONE 'UTC',"
                                    " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM told.installation");

    instant_parse(now, &w->now);
    free(now);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (strcmp(who, "STORY") == 0)
        printf("\n");
    print(w, w->now, who, text);
}

static bool first_time(struct demo_watch *w, const char *key)
{
    char *mark = mem_printf("|%s|", key);
    bool known = w->seen.bytes != NULL && strstr(w->seen.bytes, mark) != NULL;

    if (!known)
        buf_text(&w->seen, mark);
    free(mark);
    return !known;
}

/* key, instant, word, text; ordered as it happened. */
static const char *const NEWS =
    "WITH news AS ("
    " SELECT 'e' || e.event_id AS key, e.received_at AS at, 1 AS rank, e.event_id AS n, 'came in' AS who,"
    " e.type || ' from ' || e.source || coalesce(', made from event ' || e.parent_id, '') AS text"
    " FROM told.event e"
    " UNION ALL SELECT 's' || s.event_id || s.state || coalesce(s.reason, ''), coalesce(s.decided_at, e.received_at), 2, s.event_id, 'decided',"
    " 'event ' || s.event_id || ': ' || coalesce(s.reason, s.state) || coalesce('; match: ' || s.match_because, '')"
    " FROM told.event_state s JOIN told.event e USING (event_id) WHERE s.state <> 'waiting'"
    " UNION ALL SELECT 'd' || d.duty_id, d.opened_at, 3, d.duty_id, 'duty',"
    " 'D-' || d.duty_id || ' ' || d.duty || ', due ' || to_char(d.due_at AT TIME ZONE 'Europe/London', 'Dy DD Mon HH24:MI')"
    " || ', for ' || (SELECT string_agg(role, ', ' ORDER BY line) FROM told.duty_line l WHERE l.duty_id = d.duty_id)"
    " || ': ' || d.title || E'\\n                            because '"
    " || CASE jsonb_typeof(d.because) WHEN 'array' THEN coalesce((SELECT string_agg(v, E'\\n                                    ') FROM jsonb_array_elements_text(d.because) v), '')"
    "    ELSE coalesce(d.because->>'detail', d.because->>'because', 'unknown: ' || (d.because->'unknown')::text, d.because::text) END"
    " FROM told.duty d"
    " UNION ALL SELECT 'j' || j.journal_id, j.at, 4, j.journal_id,"
    " CASE WHEN j.what = 'notification sent' THEN 'told' WHEN j.what = 'notification tried' AND j.detail->>'state' = 'failed' THEN 'failed'"
    "   WHEN j.what IN ('notification tried', 'message taken over, uncertain') THEN 'retry' WHEN j.what = 'duty escalated' THEN 'climbs'"
    "   WHEN j.what = 'duty closed' OR j.what LIKE 'duty a%' OR j.what LIKE 'answer%' THEN 'answer' ELSE 'note' END,"
    " coalesce('D-' || j.duty_id || ' ', '') || CASE"
    "   WHEN j.what = 'notification sent' THEN n.role || ' (' || n.recipient || ') by ' || n.channel || CASE WHEN n.kind = 'closing' THEN ': closed, nothing more to do' WHEN n.step > 0 THEN ', step ' || n.step ELSE '' END"
    "   WHEN j.what = 'notification tried' THEN n.role || ' (' || n.recipient || ') by ' || n.channel || ': ' || (j.detail->>'reason') || ', attempt ' || (j.detail->>'attempt')"
    "   WHEN j.what = 'duty escalated' THEN 'nobody has answered: step ' || (j.detail->>'step') || ', ' || (j.detail->>'to')"
    "   ELSE j.what || coalesce(' (' || (j.detail->>'as') || coalesce(': ' || (j.detail->>'reason'), '') || ')', '') || coalesce(' for ' || (j.detail->>'for'), '') END"
    " FROM told.journal j LEFT JOIN told.notification n USING (notification_id)"
    " WHERE j.what NOT IN ('duty opened'))"
    " SELECT key, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), who, text FROM news ORDER BY at, rank, n";

void demo_watch_look(struct demo_watch *w)
{
    PGresult *rows = harness_query(w->h, NEWS);

    for (int i = 0; i < PQntuples(rows); i++) {
        struct instant at = INSTANT_NONE;

        if (!first_time(w, PQgetvalue(rows, i, 0)))
            continue;
        instant_parse(PQgetvalue(rows, i, 1), &at);
        print(w, at, PQgetvalue(rows, i, 2), PQgetvalue(rows, i, 3));
    }
    PQclear(rows);
}
