/* SPDX-License-Identifier: Apache-2.0 */
/* Least privilege, tried: what a role must not do fails with 42501 and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk.h"
#include "log.h"

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

static const char *const roles[] = {"told_ingest",  "told_decide", "told_dispatch",
                                    "told_console", "told_reader", "amara"};
#define ROLES (sizeof roles / sizeof *roles)

/* Tries it as each role in a transaction that is rolled back. `may`: a letter for each of `roles` that is
 * let. */
static void try_as_each(struct desk *desk, const char *sql, const char *may)
{
    for (size_t i = 0; i < ROLES; i++) {
        struct pg *pg = desk_connect(desk, roles[i]);
        pg_begin(pg);
        bool done = pg_text(pg, sql);
        if (may[i] == 'y' && !done)
            fail_msg("%s: %s: refused with %s", roles[i], sql, pg_sqlstate(pg));
        if (may[i] != 'y' && (done || strcmp(pg_sqlstate(pg), "42501") != 0))
            fail_msg("%s: %s: %s %s", roles[i], sql, done ? "done" : "refused with", pg_sqlstate(pg));
        pg_rollback(pg);
        pg_free(pg);
    }
}

static const struct {
    const char *sql;
    const char *may; /* ingest decide dispatch console reader operator */
} GRANTS[] = {
    {"UPDATE told.event SET type = 'x'", "------"},
    {"DELETE FROM told.event", "------"},
    {"TRUNCATE told.event CASCADE", "------"},
    {"UPDATE told.journal SET what = 'x'", "------"},
    {"DELETE FROM told.journal", "------"},
    {"UPDATE told.journal_seal SET link = ''", "------"},
    {"DELETE FROM told.journal_seal", "------"},
    {"INSERT INTO told.journal (at, what) VALUES (now(), 'x')", "yyyy-y"},
    {"INSERT INTO told.journal (at, what, who) VALUES (now(), 'x', 'somebody else')", "------"},
    {"UPDATE told.answer SET note = 'x'", "------"},
    {"UPDATE told.child_status SET value = 'true'", "------"},
    {"UPDATE told.child_allocation SET person_id = 'x'", "------"},
    {"DELETE FROM told.child_identifier", "------"},
    {"UPDATE told.quarantine SET state = 'dismissed'", "-y---y"},
    {"UPDATE told.quarantine SET body = ''", "------"},
    {"UPDATE told.feed_state SET frozen_at = NULL", "y----y"},
    {"UPDATE told.installation SET directory_version = directory_version + 1", "---y-y"},
    {"UPDATE told.installation SET authority = 'x'", "------"},
    {"UPDATE told.installation SET told_from = told_from", "------"},
    {"UPDATE told.schema_version SET checksum = ''", "------"},
    {"CREATE TABLE told.more (n int)", "------"},
    {"CREATE TABLE public.more (n int)", "------"},
    {"CREATE TEMPORARY TABLE more (n int)", "------"},
    {"SELECT FROM told.installation", "yyyyyy"},
    {"SELECT note FROM told.answer", "-y--yy"},
    {"SELECT name FROM told.person", "-yyyyy"},
    {"SELECT body FROM told.quarantine", "yy--yy"},
    {"UPDATE told.person SET name = name", "-----y"},
    {"UPDATE told.duty SET due_at = due_at", "-y----"},
    {"UPDATE told.duty SET closes = 'ack'", "-y----"},
    {"UPDATE told.notification SET recipient = recipient", "-yy---"},
    {"UPDATE told.message SET address = 'x'", "--y---"},
    {"UPDATE told.message SET state = 'sent'", "--y---"},
    {"INSERT INTO told.message (channel, recipient, address, topic, immediate, uid, created_at, next_at)"
     " VALUES ('email', 'p', 'x', 'x', false, gen_random_uuid(), now(), now())",
     "--y---"},
    {"SELECT told.message_again(0, now())", "-----y"},
    {"SELECT told.message_test('email', 'x', gen_random_uuid()::text, now())", "-----y"},
    {"UPDATE told.event_state SET state = 'waiting'", "-y---y"},
    {"UPDATE told.duty SET closed_as = closed_as, met_by = met_by", "-yy---"},
    {"UPDATE told.duty SET as_of = as_of", "-y----"},
    {"SELECT body_text FROM told.message", "--y--y"},
    {"SELECT body_html FROM told.message", "--y--y"},
    {"SELECT subject, content, template_hash FROM told.message", "--yyyy"},
    {"SELECT stopped_at FROM told.endpoint", "--y-yy"},
    {"UPDATE told.endpoint SET stopped_at = NULL", "--y--y"},
    {"UPDATE told.endpoint SET name = name", "--y---"},
    {"SELECT ground_id FROM told.watch", "-yy-yy"},
    {"SELECT kind FROM told.answer", "-yy-yy"},
    {"SELECT person_id FROM told.child_allocation_said", "-yyyyy"},
    {"UPDATE told.event_state SET replaced_by = NULL", "-y----"},
    {"UPDATE told.cursor SET settled = 0", "y----y"},
    {"UPDATE told.cursor SET epoch = 0", "y-----"},
    {"SELECT first FROM told.feed_gap", "yy--yy"},
    {"UPDATE told.feed_gap SET closed_as = 'heard'", "y----y"},
    {"UPDATE told.feed_gap SET note = 'x'", "-----y"},
    {"UPDATE told.feed_gap SET first = 0", "------"},
    {"DELETE FROM told.feed_gap", "------"},
    {"UPDATE told.event_number SET id = 'x'", "------"},
    {"DELETE FROM told.event_number", "------"},
    {"SELECT people FROM told.rota", "-yyyyy"},
    {"SELECT cover FROM told.absence", "-yyyyy"},
    {"UPDATE told.rota SET withdrawn_at = now()", "-----y"},
    {"UPDATE told.rota SET people = people", "------"},
    {"DELETE FROM told.rota", "------"},
    {"UPDATE told.absence SET cover = cover", "------"},
    {"SELECT family_name FROM told.child_detail", "-y---y"},
    {"SELECT digest FROM told.match_decision", "-y---y"},
    {"SELECT told.name_codes('x')", "-y---y"},
    {"SELECT told.identifier_forget(0)", "-----y"},
    {"UPDATE told.child_detail SET family = 'x'", "------"},
    {"DELETE FROM told.child_detail", "------"},
    {"UPDATE told.match_decision SET is_same = true", "------"},
    {"UPDATE told.match_decision SET forgotten_at = now()", "-----y"},
    {"INSERT INTO told.match_decision (review_id, event_id, child_id, is_same, recorded_at, recorded_by)"
     " VALUES (1, 1, 1, true, now(), 'x')", "------"},
    {"UPDATE told.hold SET state = 'released'", "-----y"},
    {"UPDATE told.hold SET settled = true", "-y----"},
    {"INSERT INTO told.hold_answer (hold_id, answered_at, answered_by) VALUES (1, now(), 'x')", "------"},
    {"DELETE FROM told.held_event", "------"},
    {"UPDATE told.feed_hour SET duties = 0", "-y----"},
    {"UPDATE told.feed_silence SET statement = ''", "-y----"},
    {"INSERT INTO told.feed_count (feed, day, sent, note, recorded_at) VALUES ('f', '2024-06-03', 1, 'n', now())", "-----y"},
    {"UPDATE told.feed_count SET sent = 0", "------"},
    {"UPDATE told.alarm SET kind = 'x'", "yyy---"},
    {"INSERT INTO told.absence (person_id, away_from, recorded_at, recorded_by) VALUES ('p', now(), now(), 'x')", "------"},
    {"UPDATE told.destination SET state = state", "--y---"},
    {"SELECT state FROM told.destination", "-yy-yy"},
    {"UPDATE told.destination SET alarmed_at = alarmed_at", "-yy---"}, /* escalate says which has been dead for long */
    {"SELECT key FROM told.return_path", "--yy--"},
    {"SELECT words FROM told.returned", "---yyy"},
    {"SELECT told.message_came_back(0, 'x')", "---y--"},
    {"UPDATE told.returned SET kind = 'other'", "------"},
    {"UPDATE told.returned SET words = NULL", "-----y"},
    {"SELECT address FROM told.address_state", "--yyyy"},
    {"UPDATE told.address_state SET cleared_at = now()", "-----y"},
    {"UPDATE told.address_state SET address = 'x'", "------"},
    {"UPDATE told.notification SET code = 'x'", "-yy---"},
    {"INSERT INTO told.answer (duty_id, kind, answered_by, answered_at) VALUES (1, 'ack', 'x', now())", "------"},
};

static void test_grants_let_each_role_do_its_own_step_only(void **state)
{
    for (size_t i = 0; i < sizeof GRANTS / sizeof *GRANTS; i++)
        try_as_each(*state, GRANTS[i].sql, GRANTS[i].may);
}

static void test_grants_keep_who_did_it_out_of_every_hand(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "INSERT INTO told.duty (kind, rule, key, duty, title, says, immediate, received_at, due_at, "
                     "shows, closes, because,"
                     " protocol_hash, calendar_hash, opened_at, next_at) VALUES ('alarm', 'alarm', '[]', "
                     "'alarm', 't', 's', false,"
                     " now(), now(), '', 'done', '[]', '', '', now(), now())");
    struct pg *pg = desk_connect(desk, "amara");
    assert_false(pg_text(pg, "INSERT INTO told.answer (duty_id, kind, answered_by, answered_at)"
                             " SELECT duty_id, 'ack', 'ben', now() FROM told.duty"));
    assert_string_equal(pg_sqlstate(pg), "42501");
    assert_true(pg_text(
        pg,
        "INSERT INTO told.answer (duty_id, kind, answered_at) SELECT duty_id, 'ack', now() FROM told.duty"));
    assert_true(pg_text(
        pg, "SET ROLE told_operator; INSERT INTO told.journal (at, what) VALUES (now(), 'test of who')"));
    pg_free(pg);
    assert_string_equal(desk_value(desk, "SELECT answered_by FROM told.answer"), "amara");
    assert_string_equal(desk_value(desk, "SELECT who FROM told.journal WHERE what = 'test of who'"), "amara");
}

static void test_grants_let_nobody_in_who_is_no_role_of_told(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "CREATE ROLE carys LOGIN");
    struct pg *pg = pg_new(desk_conninfo(desk), "carys", 3000);
    assert_false(pg_is_up(pg)); /* no CONNECT on the database */
    pg_free(pg);
    assert_int_equal(desk_toldctl(desk, "carys", "status", NULL), 69);
    desk_value(desk, "GRANT CONNECT ON DATABASE told TO carys");
    assert_int_not_equal(desk_toldctl(desk, "carys", "duties", NULL), 0);
    assert_string_equal(
        desk_value(desk,
                   "SELECT count(*) FROM pg_roles r WHERE rolname ~ '^told_' AND (rolsuper OR rolcreaterole"
                   " OR rolcreatedb OR rolbypassrls)"),
        "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grants_let_each_role_do_its_own_step_only),
        cmocka_unit_test(test_grants_keep_who_did_it_out_of_every_hand),
        cmocka_unit_test(test_grants_let_nobody_in_who_is_no_role_of_told),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
