/* SPDX-License-Identifier: Apache-2.0 */
#include "demo_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/json.h"
#include "told/mem.h"

struct sink_ids {
    char **ids;
    size_t count;
};

static struct sink_ids read_ids(const struct harness *h, const char *file, const char *member)
{
    struct sink_ids list = {0};
    char *path = harness_path(h, file), *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");

    while (f != NULL && getline(&line, &room, f) > 0) {
        json_t *one = json_loads(line, 0, NULL);

        list.ids = mem_grow(list.ids, list.count + 1, sizeof *list.ids);
        list.ids[list.count++] = mem_copy(json_text_at(one, member) != NULL ? json_text_at(one, member) : "?");
        json_decref(one);
    }
    if (f != NULL)
        fclose(f);
    free(line);
    free(path);
    return list;
}

static long times(const struct sink_ids *list, const char *id)
{
    long n = 0;

    for (size_t i = 0; i < list->count; i++)
        n += strcmp(list->ids[i], id) == 0;
    return n;
}

static void release(struct sink_ids *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->ids[i]);
    free(list->ids);
}

/* Each message the database calls sent must stand in its sink's book, once, or as often as there were uncertain tries
 * besides; and the sink's book must hold nothing else. */
static int compare(struct harness *h, const char *channel, const struct sink_ids *book)
{
    char *sql = mem_printf(
        "SELECT m.uid, m.state = 'sent', (SELECT count(*) FROM told.attempt a WHERE a.message_id = m.message_id AND a.uncertain)"
        " FROM told.message m WHERE channel = '%s'",
        channel);
    PGresult *rows = harness_query(h, sql);
    long matched = 0;
    int bad = 0;

    for (int i = 0; i < PQntuples(rows); i++) {
        const char *uid = PQgetvalue(rows, i, 0);
        bool sent = PQgetvalue(rows, i, 1)[0] == 't';
        long there = times(book, uid), uncertain = strtol(PQgetvalue(rows, i, 2), NULL, 10);

        matched += there;
        if (there < (sent ? 1 : 0) || there > (sent ? 1 : 0) + uncertain) {
            printf("DISAGREE  %s %s: database says %s with %ld uncertain tries, the sink has it %ld times\n", channel, uid,
                   sent ? "sent" : "not sent", uncertain, there);
            bad++;
        }
    }
    if (matched != (long)book->count) {
        printf("DISAGREE  the %s sink has %zu, of which the database knows %ld\n", channel, book->count, matched);
        bad++;
    }
    PQclear(rows);
    free(sql);
    return bad;
}

static int expect(struct harness *h, const char *what, const char *sql, long least)
{
    long n = harness_count(h, sql);

    if (n >= least)
        return 0;
    printf("MISSING   %s: %ld, at least %ld should be there\n", what, n, least);
    return 1;
}

static int parts_of_the_story(struct harness *h)
{
    return expect(h, "a duty answered at its third step",
                  "SELECT count(*) FROM told.duty_line l JOIN told.duty USING (duty_id) WHERE closed_as = 'acknowledged' AND step = 3", 1) +
           expect(h, "an immediate duty on a Saturday night", "SELECT count(*) FROM told.duty WHERE duty = 'D21' AND immediate", 1) +
           expect(h, "children of the register", "SELECT count(DISTINCT child_id) FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.parent_id IS NOT NULL AND child_id IS NOT NULL", 2) +
           expect(h, "an unknown child, matched by a person", "SELECT count(*) FROM told.duty WHERE kind = 'match' AND state = 'closed'", 1) +
           expect(h, "a 451", "SELECT count(*) FROM told.attempt WHERE code = 451", 1) +
           expect(h, "a 550", "SELECT count(*) FROM told.attempt WHERE code = 550", 1) +
           expect(h, "a try cut short by a kill", "SELECT count(*) FROM told.attempt WHERE uncertain", 1) +
           expect(h, "a 503", "SELECT count(*) FROM told.attempt WHERE code = 503", 1);
}

static void counts(struct harness *h, long acknowledged, const struct sink_ids *mails, const struct sink_ids *hooks)
{
    static const struct {
        const char *what, *sql;
    } ROWS[] = {
        {"events stored as received", "SELECT count(*) FROM told.event WHERE parent_id IS NULL"},
        {"events made from foreign messages", "SELECT count(*) FROM told.event WHERE parent_id IS NOT NULL"},
        {"duties, reviews and alarms", "SELECT count(*) FROM told.duty"},
        {"  of them still open", "SELECT count(*) FROM told.duty WHERE state <> 'closed'"},
        {"notifications sent", "SELECT count(*) FROM told.notification WHERE state = 'sent'"},
        {"messages sent", "SELECT count(*) FROM told.message WHERE state = 'sent'"},
        {"attempts", "SELECT count(*) FROM told.attempt"},
        {"  of them uncertain", "SELECT count(*) FROM told.attempt WHERE uncertain"},
        {"rows in the journal", "SELECT count(*) FROM told.journal"},
    };

    printf("\n%-40s %6ld\n", "events acknowledged to publishers", acknowledged);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        printf("%-40s %6ld\n", ROWS[i].what, harness_count(h, ROWS[i].sql));
    printf("%-40s %6zu\n%-40s %6zu\n\n", "mails in the sink's book", mails->count, "webhooks in the sink's book", hooks->count);
}

int demo_check(struct harness *h, long acknowledged, bool complete)
{
    struct sink_ids mails = read_ids(h, "mails.ndjson", "message_id"), hooks = read_ids(h, "hooks.ndjson", "webhook_id");
    long stored = harness_count(h, "SELECT count(*) FROM told.event WHERE parent_id IS NULL");
    int bad = 0;

    counts(h, acknowledged, &mails, &hooks);
    if (stored != acknowledged) {
        printf("DISAGREE  %ld events acknowledged, %ld stored\n", acknowledged, stored);
        bad++;
    }
    bad += compare(h, "email", &mails) + compare(h, "webhook", &hooks) + parts_of_the_story(h);
    if (!complete) {
        printf("MISSING   the story was not played to its end\n");
        bad++;
    }
    printf(bad == 0 ? "Publishers, database and sinks agree.\n" : "%d disagreement(s).\n", bad);
    release(&mails);
    release(&hooks);
    return bad == 0 ? 0 : 1;
}
