/* SPDX-License-Identifier: Apache-2.0 */
/* The account of a feed's day: every arrival has its column, and the sender's count is compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "desk.h"
#include "log.h"
#include "told/mem.h"

static int start(void **state)
{
    log_open();
    *state = desk_start();
    desk_value(*state, "INSERT INTO told.feed_state (feed) VALUES ('court')");
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

/* An event of the feed court, received at that time; parent: the id of its message, or NULL. */
static void arrive(struct desk *desk, const char *id, const char *type, const char *received, const char *state,
                   const char *parent)
{
    char *sql = mem_printf(
        "WITH one AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body, parent_id)"
        " VALUES ('court/x', '%s', 'court', '%s', '2024-05-01 10:00Z', '%s', '', '%s', (SELECT event_id FROM told.event WHERE id ="
        " '%s')) RETURNING event_id) INSERT INTO told.event_state (event_id, state) SELECT event_id, '%s' FROM one",
        id, type, received, id, parent != NULL ? parent : "", state);

    desk_value(desk, sql);
    free(sql);
}

/* The one row of `feeds --day DAY court` as "received decided review quarantined waiting held void"; the exit code in *ret. */
static const char *account(struct desk *desk, const char *day, int *ret)
{
    static const char *const COLUMNS[] = {"received", "decided", "review", "quarantined", "waiting", "held", "void"};
    static char text[128];
    json_t *rows;
    long sum = 0;

    *ret = desk_toldctl(desk, "amara", "feeds", "--day", day, "court", "--json", NULL);
    rows = json_loads(desk_out(desk), 0, NULL);
    if (rows == NULL || json_array_size(rows) != 1)
        fail_msg("no row: %s%s", desk_out(desk), desk_err(desk));
    text[0] = '\0';
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++) {
        long n = (long)json_integer_value(json_object_get(json_array_get(rows, 0), COLUMNS[i]));

        sum += i > 0 ? n : 0;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%ld", i > 0 ? " " : "", n);
    }
    assert_int_equal(sum, json_integer_value(json_object_get(json_array_get(rows, 0), "received")));
    json_decref(rows);
    return text;
}

static void test_feeds_account_for_everything_that_came_on_a_day_of_london(void **state)
{
    struct desk *desk = *state;
    int code;

    arrive(desk, "before", "court.appearance", "2024-05-30 22:59:59Z", "decided", NULL); /* Thursday, 23:59:59 in London */
    arrive(desk, "first", "court.appearance", "2024-05-30 23:00:00Z", "decided", NULL);
    arrive(desk, "question", "court.appearance", "2024-05-31 08:00Z", "review", NULL);
    arrive(desk, "faulty", "court.appearance", "2024-05-31 08:00Z", "quarantined", NULL);
    arrive(desk, "late", "court.appearance", "2024-05-31 08:00Z", "waiting", NULL);
    arrive(desk, "stopped", "court.appearance", "2024-05-31 22:59Z", "held", NULL);
    arrive(desk, "false", "court.appearance", "2024-05-31 09:00Z", "decided", NULL);
    arrive(desk, "after", "court.appearance", "2024-05-31 23:00Z", "waiting", NULL);
    desk_value(desk, "UPDATE told.event_state SET retracted_by = event_id WHERE event_id = (SELECT event_id FROM told.event WHERE"
                     " id = 'false')");
    /* What decide set aside stands in quarantine as well, and came once; what was refused at the door, and what came under a
     * number that was taken, stand nowhere else. */
    desk_value(desk, "INSERT INTO told.quarantine (feed, source, id, sha256, reason, received_at, body) SELECT 'court', 'court/x',"
                     " 'faulty', encode(sha256('faulty'), 'hex'), 'why', '2024-05-31 08:00Z', ''");
    desk_value(desk, "INSERT INTO told.quarantine (feed, source, id, sha256, reason, received_at, body) VALUES"
                     " ('court', 'court/x', 'first', 'other words', 'equivocation', '2024-05-31 08:30Z', ''),"
                     " ('court', NULL, NULL, 'no JSON', 'not JSON', '2024-05-31 08:30Z', ''),"
                     " ('police', NULL, NULL, 'no JSON', 'not JSON', '2024-05-31 08:30Z', '')");
    /* A foreign message is decided when all its parts are, and in quarantine while one of them is. */
    arrive(desk, "m1", "foreign.hmcts-hearing", "2024-05-31 10:00Z", "decided", NULL);
    arrive(desk, "m1/a", "court.appearance", "2024-05-31 10:00Z", "decided", "m1");
    arrive(desk, "m1/b", "court.remand", "2024-05-31 10:00Z", "waiting", "m1");
    arrive(desk, "m2", "foreign.hmcts-hearing", "2024-05-31 11:00Z", "decided", NULL);
    arrive(desk, "m2/a", "court.appearance", "2024-05-31 11:00Z", "decided", "m2");
    desk_value(desk, "INSERT INTO told.quarantine (feed, source, id, sha256, reason, received_at, body) VALUES"
                     " ('court', 'court/x', 'm2/b', 'part', 'no date of birth', '2024-05-31 11:00Z', '')");
    arrive(desk, "m3", "foreign.hmcts-hearing", "2024-05-31 12:00Z", "decided", NULL);
    assert_string_equal(account(desk, "2024-05-31", &code), "11 2 1 4 2 1 1");
    assert_int_equal(code, 0);
    assert_string_equal(account(desk, "2024-05-30", &code), "1 1 0 0 0 0 0");
    assert_string_equal(account(desk, "2024-06-01", &code), "1 0 0 0 1 0 0");
    assert_string_equal(account(desk, "2024-01-01", &code), "0 0 0 0 0 0 0");
    /* A day of 25 hours: its last one. */
    arrive(desk, "autumn", "court.appearance", "2024-10-27 23:59Z", "decided", NULL);
    assert_string_equal(account(desk, "2024-10-27", &code), "1 1 0 0 0 0 0");
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "--day", "2024-05-31", "nowhere", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "--day", "31 May", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "--day", "2024-05-31", NULL), 0);
}

static void test_feeds_compare_a_senders_count(void **state)
{
    struct desk *desk = *state;
    int code;

    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "count", "court", "2024-05-31", "13", "--note", "their mail", NULL), 1);
    assert_non_null(strstr(desk_out(desk), "sent 13, received 11"));
    assert_string_equal(desk_value(desk, "SELECT kind || ' ' || key || ': ' || detail FROM told.alarm WHERE cleared_at IS NULL"),
                        "count court 2024-05-31: feed court, 2024-05-31: the sender counted 13, told received 11: 2 are missing;"
                        " ask the sender to send them again, or record the right count with toldctl feeds count");
    account(desk, "2024-05-31", &code);
    assert_int_equal(code, 1);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "--day", "2024-05-31", NULL), 1);
    /* One alarm however often it is said; the right count ends it. */
    assert_int_equal(desk_toldctl(desk, "ben", "feeds", "count", "court", "2024-05-31", "9", "--note", "by telephone", NULL), 1);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.alarm"), "1");
    assert_int_equal(desk_toldctl(desk, "ben", "feeds", "count", "court", "2024-05-31", "11", "--note", "counted again", NULL), 0);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.alarm WHERE cleared_at IS NULL"), "0");
    account(desk, "2024-05-31", &code);
    assert_int_equal(code, 0);
    assert_string_equal(desk_value(desk, "SELECT string_agg(recorded_by || ' ' || sent, ', ' ORDER BY feed_count_id) FROM told.feed_count"),
                        "amara 13, ben 9, ben 11");
    /* Nothing came, and nothing was sent: that is a count too. */
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "count", "court", "2024-01-01", "0", "--note", "a holiday", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "count", "court", "2024-06-03", "4", "--note", "so far", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "count", "nowhere", "2024-05-31", "4", "--note", "x", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "count", "court", "2024-05-31", "-4", "--note", "x", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "count", "court", "2024-05-31", "4", NULL), 64);
}

static void test_feeds_say_how_each_stands(void **state)
{
    struct desk *desk = *state;
    json_t *rows, *one;
    size_t i;
    bool court = false;

    desk_value(desk, "INSERT INTO told.cursor VALUES ('court/x', 'court', 1, 40, now());"
                     "INSERT INTO told.feed_gap (feed, source, epoch, first, last, reason, since, stated_at) VALUES ('court',"
                     " 'court/x', 1, 41, 44, 'missing', now(), now())");
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "--json", NULL), 0);
    rows = json_loads(desk_out(desk), 0, NULL);
    json_array_foreach(rows, i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "feed")), "court") != 0)
            continue;
        court = true;
        assert_string_equal(json_string_value(json_object_get(one, "state")), "degraded");
        assert_string_equal(json_string_value(json_object_get(one, "settled")), "court/x 1:40");
        assert_int_equal(json_integer_value(json_object_get(one, "gaps")), 1);
        assert_int_equal(json_integer_value(json_object_get(one, "waiting")), 3);
        assert_int_equal(json_integer_value(json_object_get(one, "held")), 1);
        assert_int_equal(json_integer_value(json_object_get(one, "review")), 1);
        assert_int_equal(json_integer_value(json_object_get(one, "quarantined")), 4);
        /* Monday 09:00 less Friday 08:00. */
        assert_string_equal(json_string_value(json_object_get(one, "oldest_waiting_at")), "2024-05-31T08:00:00.000000Z");
        assert_int_equal(json_integer_value(json_object_get(one, "lag_s")), 73 * 3600);
    }
    assert_true(court);
    json_decref(rows);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "silences", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "holds", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "nonsense", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "release", "H-7", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "void", "H-7", NULL), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feeds_account_for_everything_that_came_on_a_day_of_london),
        cmocka_unit_test(test_feeds_compare_a_senders_count),
        cmocka_unit_test(test_feeds_say_how_each_stands),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
