/* SPDX-License-Identifier: Apache-2.0 */
/* init and migrate: made once, made again without harm, refused where something differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk.h"
#include "log.h"
#include "schema.h"
#include "store.h"

/* What the files after the grants make: they are applied again with it. */
#define LATER_TABLES "told.rota, told.absence, told.watch, told.calendar_in_force"
/* What newer files add is dropped with their rows, so that they can be applied again. */
#define DROP_0011                                                                                              \
    "DROP VIEW told.child_allocation_said; ALTER TABLE told.event_state DROP COLUMN replaced_by;"              \
    "ALTER TABLE told.duty DROP COLUMN as_of, DROP COLUMN met_at, DROP COLUMN met_role, DROP COLUMN met_by;"
#define DROP_0012                                                                                              \
    "DROP TABLE told.match_decision, told.child_detail; DROP INDEX told.child_born;"                           \
    "DROP FUNCTION told.name_codes, told.identifier_forget;"
#define DROP_0013 "DROP TABLE told.feed_gap, told.event_number;"
#define DROP_0014                                                                                              \
    "DROP TABLE told.feed_hour, told.message_fan_out, told.hold, told.hold_answer, told.held_event,"           \
    " told.feed_watch, told.feed_silence, told.feed_count; DROP INDEX told.event_feed_received,"               \
    " told.quarantine_received, told.event_state_held, told.event_state_review;"
#define DROP_0015 "DROP TABLE told.return_path, told.destination;"
#define DROP_0016 "DROP FUNCTION told.message_came_back; DROP TABLE told.address_state, told.returned; ALTER TABLE told.notification DROP COLUMN code;"
#define DROP_0018                                                                                              \
    "DROP FUNCTION told.message_again, told.message_test; ALTER TABLE told.message DROP COLUMN test;"
#define DROP_0017 "DROP TABLE told.endpoint; ALTER TABLE told.message DROP COLUMN content, DROP COLUMN template, DROP COLUMN template_hash;"
#define DROP_0019 "ALTER TABLE told.destination DROP COLUMN last_error, DROP COLUMN last_error_at, DROP COLUMN alarmed_at;" \
    "ALTER TABLE told.message DROP COLUMN other_at; ALTER TABLE told.duty DROP COLUMN retry;"
#define DROP_0020 "DROP FUNCTION told.duty_closing;"
#define DROP_0021 "DROP TABLE told.match_asked; DROP INDEX told.event_state_follows;"
/* All of it, the newest first. */
#define TAKE_BACK DROP_0021 DROP_0020 DROP_0019 DROP_0018 DROP_0017 DROP_0016 DROP_0015 DROP_0014 DROP_0013 DROP_0012 DROP_0011

static int start(void **state)
{
    log_open();
    *state = desk_start();
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

static void test_schema_is_whole_after_init(void **state)
{
    struct pg *pg = desk_connect(*state, "told_ingest");
    assert_null(schema_check(pg));
    assert_null(store_check(pg, "southwark"));
    char *reason = store_check(pg, "elsewhere");
    assert_non_null(strstr(reason, "southwark"));
    free(reason);
    struct clock *clock = clock_new();
    struct instant story;
    assert_true(store_clock(pg, clock));
    assert_true(clock_is_story(clock));
    assert_true(instant_parse(DESK_STORY, &story));
    assert_int_equal(instant_compare(clock_told(clock), story), 0);
    clock_free(clock);
    pg_free(pg);
    assert_string_equal(
        desk_value(*state,
                   "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'told'"),
        "told_owner");
}

static void test_schema_migrates_again_without_harm(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "nothing to apply"));
    assert_int_equal(
        desk_toldctl(desk, "postgres", "init", "--authority", "southwark", "--operator", "amara", NULL), 0);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.installation"), "1");
    desk_value(desk, TAKE_BACK);
    /* Who may not create may not migrate a database that lacks something either. */
    desk_value(desk, "CREATE TABLE kept AS SELECT * FROM told.schema_version WHERE number >= 8;"
                     "DELETE FROM told.schema_version WHERE number >= 8; DROP TABLE " LATER_TABLES);
    assert_int_equal(desk_toldctl(desk, "amara", "migrate", "--as", "amara", NULL), 78);
    assert_int_equal(desk_toldctl(desk, "amara", "status", NULL), 78);
    assert_non_null(strstr(desk_err(desk), "0008_grants.sql is missing"));
    assert_non_null(strstr(desk_err(desk), "toldctl migrate"));
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 0); /* grants can be given twice */
    assert_non_null(strstr(desk_out(desk), "applied 0008_grants.sql"));
    desk_value(desk, "DROP TABLE kept");
}

/* An amendment that was decided before there was a place to say so. */
static void test_schema_marks_what_was_amended_before(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, TAKE_BACK);
    desk_value(desk, "DELETE FROM told.schema_version WHERE number >= 11;"
                     "INSERT INTO told.child (created_at) VALUES (now());"
                     "INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body)"
                     " SELECT 'care/x', id, 'care', 'care.allocation', now(), now(), id, convert_to(body, 'UTF8') FROM (VALUES"
                     " ('a', '{\"data\":{\"role\":\"x\"}}'), ('b', '{\"data\":{\"amends\":\"a\",\"note\":\"\u00fc\"}}'),"
                     " ('c', 'no JSON'), ('d', '{\"data\":{\"amends\":\"b\"}}'), ('e', 'not JSON, but \"amends\"')) v (id, body);"
                     "INSERT INTO told.event_state (event_id, state, outcome, child_id) SELECT event_id,"
                     " CASE id WHEN 'd' THEN 'held' WHEN 'e' THEN 'quarantined' ELSE 'decided' END,"
                     " CASE WHEN id IN ('a', 'b') THEN '' END, CASE WHEN id <> 'c' THEN (SELECT max(child_id) FROM told.child) END"
                     " FROM told.event WHERE source = 'care/x'");
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 0);
    assert_string_equal(desk_value(desk, "SELECT string_agg(e.id || coalesce('<' || b.id, ''), ' ' ORDER BY e.id) FROM told.event e"
                                         " JOIN told.event_state s USING (event_id) LEFT JOIN told.event b ON b.event_id = s.replaced_by"),
                        "a<b b c d e");
    desk_value(desk, "TRUNCATE told.event_state, told.event CASCADE");
}

static void test_schema_refuses_a_changed_file(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "UPDATE told.schema_version SET checksum = 'x' || checksum WHERE number = 3");
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 78);
    assert_non_null(strstr(desk_err(desk), "0003_children.sql was applied to the database in another form"));
    assert_int_equal(desk_toldctl(desk, "amara", "status", NULL), 78);
    desk_value(desk, "UPDATE told.schema_version SET checksum = substr(checksum, 2) WHERE number = 3");
    assert_int_equal(desk_toldctl(desk, "amara", "status", NULL), 0);
}

static void test_schema_refuses_a_newer_database(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "INSERT INTO told.schema_version VALUES (9999, '9999_later.sql', 'x', now())");
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 78);
    assert_non_null(strstr(desk_err(desk), "newer than this program"));
    assert_int_equal(desk_toldctl(desk, "amara", "status", NULL), 78);
    desk_value(desk, "DELETE FROM told.schema_version WHERE number = 9999");
}

static void test_schema_leaves_nothing_of_a_file_that_fails(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "CREATE TABLE spare AS SELECT * FROM told.schema_version WHERE number >= 7;"
                     "DELETE FROM told.schema_version WHERE number >= 7; DROP TABLE told.journal_seal, " LATER_TABLES);
    desk_value(desk, TAKE_BACK);
    /* 0007 makes its first table anew, which is there: the whole file is refused. */
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 78);
    assert_non_null(strstr(desk_err(desk), "0007_journal.sql: the database says 42P07"));
    assert_string_equal(desk_value(desk, "SELECT to_regclass('told.journal_seal') IS NULL"), "t");
    assert_string_equal(desk_value(desk, "SELECT max(number) FROM told.schema_version"), "6");
    desk_value(desk, "DROP TABLE told.journal CASCADE; DROP FUNCTION IF EXISTS told.journal_text");
    assert_int_equal(desk_toldctl(desk, "told_owner", "migrate", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "status", "--json", NULL), 0);
    desk_value(desk, "DROP TABLE spare");
}

static void test_schema_of_another_authority_is_refused(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_toldctl(desk, "postgres", "init", "--authority", "elsewhere", NULL), 78);
    desk_value(desk, "UPDATE told.installation SET authority = 'elsewhere'");
    assert_int_equal(desk_toldctl(desk, "amara", "status", NULL), 78);
    assert_int_equal(desk_toldctl(desk, "postgres", "init", "--authority", "southwark", NULL), 78);
    desk_value(desk, "UPDATE told.installation SET authority = 'southwark'");
}

static void test_schema_keeps_the_time_of_a_story_from_going_back(void **state)
{
    struct pg *pg = desk_connect(*state, "told_owner");
    assert_false(pg_text(pg, "UPDATE told.installation SET told_from = told_from - interval '1 second'"));
    assert_false(pg_text(pg, "UPDATE told.installation SET demonstration = false"));
    assert_false(pg_text(pg, "INSERT INTO told.installation (authority) VALUES ('second')"));
    assert_true(pg_text(pg, "UPDATE told.installation SET told_from = told_from + interval '1 second'"));
    pg_free(pg);
}

static void test_store_writes_alarm_and_journal(void **state)
{
    struct pg *pg = desk_connect(*state, "told_decide");
    struct instant at;
    assert_true(instant_parse("2024-06-03T10:00:00.5Z", &at));
    assert_true(store_alarm(pg, "gap", "police/mps", "first", at));
    assert_true(store_alarm(pg, "gap", "police/mps", "second", at));
    assert_string_equal(desk_value(*state, "SELECT count || detail FROM told.alarm WHERE kind = 'gap'"),
                        "2second");
    char *detail = store_detail("a", "quote \" and ü", "left-out", NULL, "b", "2", NULL);
    assert_string_equal(detail, "{\"a\":\"quote \\\" and ü\",\"b\":\"2\"}");
    assert_true(store_journal(pg, at, &(struct store_journal){.what = "test", .detail = detail}));
    assert_true(store_journal(pg, at, &(struct store_journal){.what = "test without detail"}));
    free(detail);
    assert_string_equal(
        desk_value(*state,
                   "SELECT detail->>'b' || who || (event_id IS NULL) FROM told.journal WHERE what = 'test'"),
        "2told_decidetrue");
    pg_free(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_is_whole_after_init),
        cmocka_unit_test(test_schema_migrates_again_without_harm),
        cmocka_unit_test(test_schema_marks_what_was_amended_before),
        cmocka_unit_test(test_schema_refuses_a_changed_file),
        cmocka_unit_test(test_schema_refuses_a_newer_database),
        cmocka_unit_test(test_schema_leaves_nothing_of_a_file_that_fails),
        cmocka_unit_test(test_schema_of_another_authority_is_refused),
        cmocka_unit_test(test_schema_keeps_the_time_of_a_story_from_going_back),
        cmocka_unit_test(test_store_writes_alarm_and_journal),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
