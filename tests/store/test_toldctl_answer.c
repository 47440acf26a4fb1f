/* SPDX-License-Identifier: Apache-2.0 */
/* ack, done, void, answer, match: what each leaves in the rows, and whom it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk.h"
#include "log.h"
#include "told/mem.h"

/* ada is told, amara logs in as her; her team manager is bea; cal holds a post of the other line; dee has
 * left. */
static const char DIRECTORY[] =
    "person,name,email,team,posts,login,left_on\r\n"
    "p-ada,\"Ada, A\",ada@southwark.example,north,,amara,\r\n"
    "p-bea,Bea B,bea@southwark.example,north,social-work-team-manager;mash-manager,,\r\n"
    "p-cal,Cal C,cal@southwark.example,yos,yos-duty-officer,,\r\n"
    "p-eve,Eve E,eve@southwark.example,yos,,,\r\n"
    "p-dee,Dee D,dee@southwark.example,north,yos-duty-officer,,2024-05-01\r\n";

static int start(void **state)
{
    log_open();
    struct desk *desk = *state = desk_start();
    assert_int_equal(
        desk_toldctl(desk, "amara", "import", "directory", desk_write(desk, "people.csv", DIRECTORY), NULL),
        0);
    desk_value(desk, "INSERT INTO told.child (born_on, created_at) VALUES ('2009-02-03', '2024-01-01')");
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

/* A duty of the child with two lines, the first told to p-ada; returns its number as text (caller frees). */
static char *make_duty(struct desk *desk, const char *kind, const char *closes, const char *due,
                       const char *because)
{
    static int key;
    char *sql =
        mem_printf("WITH d AS (INSERT INTO told.duty (kind, child_id, rule, key, duty, title, says, immediate, "
                   "received_at, due_at, shows, closes,"
                   " because, protocol_hash, calendar_hash, opened_at, next_at) VALUES ('%s', 1, 'D', "
                   "'[%d]', 'D', 't', 's', false, '2024-05-31',"
                   " '%s', '', '%s', '%s', '', '', '2024-05-31', '%s') RETURNING duty_id), l AS ("
                   " INSERT INTO told.duty_line (duty_id, line, role, above, next_at)"
                   " SELECT duty_id, 0, 'social-worker', ARRAY['social-work-team-manager', 'director'], "
                   "'%s'::timestamptz FROM d"
                   " UNION ALL SELECT duty_id, 1, 'yos-duty-officer', ARRAY['yos-line-manager', 'director'], "
                   "'%s' FROM d), n AS ("
                   " INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, "
                   "recipient, state, created_at)"
                   " SELECT duty_id, 1, 0, 0, 'tell', 'social-worker', 'email', 'p-ada', 'sent', now() FROM d"
                   " UNION ALL SELECT duty_id, 1, 1, 0, 'tell', 'yos-duty-officer', 'email', NULL, 'queued', "
                   "now() FROM d)"
                   " SELECT duty_id FROM d",
                   kind, ++key, due, closes, because, due, due, due);
    char *number = mem_copy(desk_value(desk, sql));
    free(sql);
    return number;
}

static char *make(struct desk *desk, const char *closes)
{
    return make_duty(desk, "duty", closes, "2024-06-03 16:00Z", "[]");
}

/* state/closed_as/line 0 next, stopped/line 1 next/duty next */
static const char *look(struct desk *desk, const char *duty)
{
    char *sql = mem_printf(
        "SELECT concat_ws(' ', d.state, coalesce(d.closed_as, '-'), coalesce(to_char(a.next_at, 'MMDDHH24'), "
        "'-'), a.stopped,"
        " coalesce(to_char(b.next_at, 'MMDDHH24'), '-'), coalesce(to_char(d.next_at, 'MMDDHH24'), '-'))"
        " FROM told.duty d, told.duty_line a, told.duty_line b WHERE d.duty_id = %s AND a.duty_id = d.duty_id"
        " AND b.duty_id = d.duty_id AND a.line = 0 AND b.line = 1",
        duty);
    const char *seen = desk_value(desk, sql);
    free(sql);
    return seen;
}

static const char *ask(struct desk *desk, const char *format, const char *duty)
{
    char *sql = NULL;
    const char *at = strstr(format, "%s");
    sql = mem_printf("%.*s%s%s", (int)(at - format), format, duty, at + 2);
    const char *seen = desk_value(desk, sql);
    free(sql);
    return seen;
}

static void test_ack_closes_and_cancels_what_is_queued(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack");
    assert_int_equal(desk_toldctl(desk, "amara", "ack", duty, "--note", "I know", NULL), 0);
    assert_string_equal(look(desk, duty), "closed acknowledged - f - -");
    assert_string_equal(
        ask(desk, "SELECT string_agg(state, ' ' ORDER BY line) FROM told.notification WHERE duty_id = %s",
            duty),
        "sent cancelled");
    assert_string_equal(ask(desk,
                            "SELECT concat_ws(' ', kind, answered_for, answered_by, note) FROM told.answer "
                            "WHERE duty_id = %s",
                            duty),
                        "ack p-ada amara I know");
    assert_string_equal(ask(desk,
                            "SELECT string_agg(what || ' by ' || who, ', ' ORDER BY journal_id) FROM "
                            "told.journal WHERE duty_id = %s",
                            duty),
                        "duty acknowledged by amara, duty closed by amara");
    assert_string_equal(
        ask(desk, "SELECT count(*) FROM told.journal WHERE duty_id = %s AND detail::text LIKE '%%I know%%'",
            duty),
        "0");
    assert_int_equal(desk_toldctl(desk, "amara", "ack", duty, NULL), 65);
    assert_non_null(strstr(desk_err(desk), "closed already (acknowledged)"));
    free(duty);
}

static void test_ack_of_all_waits_for_the_other_line(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack of all");
    assert_int_equal(desk_toldctl(desk, "amara", "ack", duty, NULL), 0);
    assert_string_equal(look(desk, duty), "open - - f 060316 060316");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-cal", NULL), 0);
    assert_string_equal(look(desk, duty), "closed acknowledged - f - -");
    assert_string_equal(ask(desk,
                            "SELECT string_agg(answered_for || '/' || answered_by, ' ' ORDER BY answer_id) "
                            "FROM told.answer WHERE duty_id = %s",
                            duty),
                        "p-ada/amara p-cal/ben");
    free(duty);
}

static void test_ack_of_a_role_is_that_roles_to_give(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack of yos-duty-officer");
    assert_int_equal(desk_toldctl(desk, "amara", "ack", duty, "--json", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "\"closed_as\": null"));
    assert_string_equal(look(desk, duty), "open - - f 060316 060316");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-cal", "--json", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "\"closed_as\": \"acknowledged\""));
    free(duty);
}

static void test_ack_of_a_done_duty_sleeps_until_it_is_due(void **state)
{
    struct desk *desk = *state;
    char *duty = make_duty(desk, "duty", "done, care.visit", "2024-06-05 16:00Z", "[]");
    assert_int_equal(desk_toldctl(desk, "amara", "ack", duty, NULL), 0);
    assert_string_equal(look(desk, duty), "acknowledged - 060516 t 060516 060516");
    free(duty);
    duty = make_duty(desk, "duty", "done", "2024-05-31 16:00Z",
                     "[]"); /* overdue: a dwell ahead, 17:00 of the next working day */
    assert_int_equal(desk_toldctl(desk, "amara", "ack", duty, NULL), 0);
    assert_string_equal(look(desk, duty), "acknowledged - 060416 t 053116 053116");
    assert_int_equal(desk_toldctl(desk, "amara", "done", duty, NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "done", duty, "--note", "visited", NULL), 0);
    assert_string_equal(look(desk, duty), "closed done - t - -");
    free(duty);
}

static void test_ack_is_taken_from_a_higher_step_and_refused_from_a_stranger(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-eve", NULL), 77);
    assert_non_null(strstr(desk_err(desk), "was not told"));
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-dee", NULL), 65); /* has left */
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-nobody", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, NULL), 64); /* no practitioner has that login */
    assert_non_null(strstr(desk_err(desk), "--for"));
    assert_string_equal(look(desk, duty), "open - 060316 f 060316 060316");
    assert_string_equal(ask(desk, "SELECT count(*) FROM told.answer WHERE duty_id = %s", duty), "0");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-bea", NULL), 0);
    assert_string_equal(look(desk, duty), "closed acknowledged - f - -");
    free(duty);
}

static void test_ack_is_taken_from_whoever_is_allocated_in_the_role(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack");
    desk_value(
        desk, "INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
              " VALUES (1, 'social-worker', 'p-eve', '2024-01-01', now(), 'import')");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-eve", NULL), 0);
    desk_value(desk, "DELETE FROM told.child_allocation");
    free(duty);
}

/* p-eve was on the rota in the week before last, when the duty officers' shared mailbox was told, and holds no post. */
static void test_ack_is_taken_from_whoever_was_on_the_rota_when_its_mailbox_was_told(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack of yos-duty-officer");
    desk_value(desk, "INSERT INTO told.rota (role, people, turn_days, begins, ends, recorded_at)"
                     " VALUES ('yos-duty-officer', '{p-eve}', 0, '2024-05-20 09:00', '2024-05-27 09:00', now())");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-eve", NULL), 77); /* nor is she on it now */
    ask(desk, "UPDATE told.notification SET recipient = 'mailbox:yos-duty-officer', state = 'sent',"
              " sent_at = '2024-05-28 12:00Z' WHERE line = 1 AND duty_id = %s", duty);
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-eve", NULL), 77);
    assert_non_null(strstr(desk_err(desk), "p-eve was not told of duty"));
    ask(desk, "UPDATE told.notification SET sent_at = '2024-05-21 12:00Z' WHERE line = 1 AND duty_id = %s", duty);
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-eve", NULL), 0);
    assert_string_equal(look(desk, duty), "closed acknowledged - f - -");
    free(duty);
    /* And from whoever is on it now, though nobody was told yet. */
    duty = make(desk, "ack of yos-duty-officer");
    desk_value(desk, "UPDATE told.rota SET ends = NULL");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-eve", NULL), 0);
    assert_string_equal(look(desk, duty), "closed acknowledged - f - -");
    desk_value(desk, "DELETE FROM told.rota");
    free(duty);
}

static void test_ack_is_not_taken_from_the_manager_of_another_team(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "ack");
    desk_value(
        desk, "INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
              " VALUES (1, 'social-worker', 'p-eve', '2024-01-01', now(), 'import')"); /* p-eve is of yos, p-bea of north */
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-bea", NULL), 77);
    desk_value(desk, "UPDATE told.child_allocation SET person_id = 'p-ada'");
    assert_int_equal(desk_toldctl(desk, "ben", "ack", duty, "--for", "p-bea", NULL), 0);
    desk_value(desk, "DELETE FROM told.child_allocation");
    free(duty);
}

static void test_done_of_two_records_waits_for_the_written_one_a34(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "done and told, care.visit");
    assert_int_equal(desk_toldctl(desk, "amara", "done", duty, "--note", "spoken", "--json", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "\"closed_as\": null"));
    assert_string_equal(look(desk, duty), "acknowledged - 060316 t 060316 060316");
    ask(desk, "UPDATE told.duty SET told_at = now() WHERE duty_id = %s", duty);
    assert_int_equal(desk_toldctl(desk, "amara", "done", duty, "--note", "spoken", NULL), 0);
    assert_string_equal(look(desk, duty), "closed done - t - -");
    free(duty);
}

static void test_void_wants_a_reason_and_says_so_only_in_the_answer(void **state)
{
    struct desk *desk = *state;
    char *duty = make(desk, "done");
    assert_int_equal(desk_toldctl(desk, "ben", "void", duty, NULL), 64);
    assert_int_equal(desk_toldctl(desk, "ben", "void", duty, "--reason", "twin of another", NULL), 0);
    assert_string_equal(look(desk, duty), "closed void - f - -");
    assert_string_equal(
        ask(desk, "SELECT note || coalesce(answered_for, '-') FROM told.answer WHERE duty_id = %s", duty),
        "twin of another-");
    assert_int_equal(desk_toldctl(desk, "ben", "void", "999999", "--reason", "x", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "ben", "void", "one", "--reason", "x", NULL), 64);
    free(duty);
}

static void test_done_of_an_alarm_clears_it(void **state)
{
    struct desk *desk = *state;
    char *duty = make_duty(desk, "alarm", "done", "2024-06-03 16:00Z", "[]");
    ask(desk,
        "INSERT INTO told.alarm (kind, key, detail, raised_at, duty_id) VALUES ('gap', 'x', 'd', now(), %s)",
        duty);
    assert_int_equal(desk_toldctl(desk, "amara", "done", duty, "--note", "closed the gap", NULL), 0);
    assert_string_equal(
        ask(desk, "SELECT cleared_at = '" DESK_STORY "' FROM told.alarm WHERE duty_id = %s", duty), "t");
    free(duty);
}

/* An event as ingest stores it, in review; returns its number (caller frees). */
static char *make_event(struct desk *desk, const char *id, const char *person, const char *child)
{
    char *sql = mem_printf(
        "WITH e AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body) "
        "VALUES ('court/c', '%s',"
        " 'court', 'court.appearance', '2024-05-31 10:00Z', '2024-05-31 10:01Z', '', "
        "convert_to('{\"specversion\":\"1.0\","
        "\"id\":\"%s\",\"source\":\"court/"
        "c\",\"type\":\"court.appearance\",\"time\":\"2024-05-31T10:00:00Z\",\"data\":{\"person\":%s,"
        "\"hearing\":\"h-1\",\"court\":\"c\",\"on\":\"2024-05-30\"}}', 'UTF8')) RETURNING event_id), s AS ("
        " INSERT INTO told.event_state (event_id, state, child_id) SELECT event_id, 'review', %s FROM e) "
        "SELECT event_id FROM e",
        id, id, person, child);
    char *number = mem_copy(desk_value(desk, sql));
    free(sql);
    return number;
}

static char *make_review(struct desk *desk, const char *kind, const char *event, const char *child)
{
    char *duty = make_duty(desk, kind, "done", "2024-06-03 16:00Z",
                           "{\"duties\": [\"D41\"], \"unknown\": [\"child.looked_after\"]}");
    char *sql = mem_printf("UPDATE told.duty SET event_id = %s, child_id = %s WHERE duty_id = %s;"
                           "INSERT INTO told.duty_ground VALUES (%s, %s, now())",
                           event, child, duty, duty, event);
    desk_value(desk, sql);
    free(sql);
    return duty;
}

static void test_answer_states_facts_from_when_the_event_holds(void **state)
{
    struct desk *desk = *state;
    char *event = make_event(desk, "ev-1", "{}", "1"), *review = make_review(desk, "review", event, "1");
    assert_int_equal(desk_toldctl(desk, "amara", "done", review, "--note", "x", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "answer", review, "looked_after=maybe", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "answer", review, "nonsense=true", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "answer", review, "looked_after", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "answer", review, "has(social-worker)=p-unknown", NULL), 65);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.child_status"), "0");
    assert_int_equal(desk_toldctl(desk, "amara", "reviews", "--json", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "child.looked_after"));
    assert_int_equal(desk_toldctl(desk, "amara", "answer", review, "child.looked_after=true",
                                  "markers=gang,county-lines", "has(social-worker)=p-ada",
                                  "has(yos-worker)=nobody", NULL),
                     0);
    /* Its `on` is another day than its time: the fact holds from the beginning of that day, or the event
     * would not see it. */
    assert_string_equal(
        desk_value(desk, "SELECT string_agg(concat_ws(' ', field, value, origin, recorded_by, valid_from = "
                         "'2024-05-29 23:00Z'), ', '"
                         " ORDER BY status_id) FROM told.child_status"),
        "looked_after true answer amara t, markers [\"gang\", \"county-lines\"] answer amara t");
    assert_string_equal(desk_value(desk, "SELECT string_agg(role || '=' || coalesce(person_id, '-'), ' ' "
                                         "ORDER BY role) FROM told.child_allocation"),
                        "social-worker=p-ada yos-worker=-");
    assert_string_equal(ask(desk, "SELECT state FROM told.event_state WHERE event_id = %s", event),
                        "waiting");
    assert_string_equal(ask(desk, "SELECT closed_as FROM told.duty WHERE duty_id = %s", review), "done");
    assert_int_equal(desk_toldctl(desk, "amara", "answer", review, "looked_after=false", NULL), 65);
    desk_value(
        desk,
        "DELETE FROM told.child_allocation; DELETE FROM told.child_status; DELETE FROM told.event_state");
    free(event);
    free(review);
}

static void test_match_none_makes_a_child_and_the_next_finds_it(void **state)
{
    struct desk *desk = *state;
    const char *person =
        "{\"identifiers\":{\"pnc\":\"2024/0000001A\",\"asn\":\"12/3\"},\"born_on\":\"2010-01-01\"}";
    char *first = make_event(desk, "m-1", person, "NULL"), *second = make_event(desk, "m-2", person, "NULL");
    char *one = make_review(desk, "match", first, "NULL"), *two = make_review(desk, "match", second, "NULL");
    assert_int_equal(desk_toldctl(desk, "amara", "done", one, "--note", "x", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "match", one, "777", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "match", one, "none", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "(new)"));
    assert_string_equal(ask(desk,
                            "SELECT concat_ws(' ', s.state, s.match_because, c.born_on, (SELECT "
                            "string_agg(scheme, ' ') FROM told.child_identifier i"
                            " WHERE i.child_id = c.child_id)) FROM told.event_state s JOIN told.child c "
                            "USING (child_id) WHERE s.event_id = %s",
                            first),
                        "waiting by a person 2010-01-01 pnc");
    /* Looking again under the lock finds the child that the first answer made. */
    assert_int_equal(desk_toldctl(desk, "amara", "match", two, "none", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "known by now"));
    assert_string_equal(desk_value(desk, "SELECT count(DISTINCT child_id) FROM told.event_state"), "1");
    assert_string_equal(ask(desk, "SELECT closed_as FROM told.duty WHERE duty_id = %s", two), "done");
    desk_value(desk, "DELETE FROM told.event_state; DELETE FROM told.child_identifier");
    free(first);
    free(second);
    free(one);
    free(two);
}

static void test_match_to_a_known_child_learns_only_when_asked(void **state)
{
    struct desk *desk = *state;
    char *first = make_event(desk, "k-1", "{\"identifiers\":{\"pnc\":\"2024/0000009Z\"}}", "NULL");
    char *second = make_event(desk, "k-2", "{\"identifiers\":{\"pnc\":\"2024/0000009Z\"}}", "NULL");
    char *one = make_review(desk, "match", first, "NULL"), *two = make_review(desk, "match", second, "NULL");
    assert_int_equal(desk_toldctl(desk, "amara", "match", one, "1", NULL), 0);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.child_identifier"), "0");
    assert_string_equal(desk_value(desk, "SELECT child_id || state FROM told.event_state WHERE event_id = "
                                         "(SELECT max(event_id) - 1 FROM told.event)"),
                        "1waiting");
    assert_int_equal(desk_toldctl(desk, "amara", "match", two, "1", "--learn", NULL), 0);
    assert_string_equal(desk_value(desk, "SELECT scheme || child_id FROM told.child_identifier"), "pnc1");
    assert_int_equal(desk_toldctl(desk, "amara", "match", two, "1", NULL), 65);
    free(first);
    free(second);
    free(one);
    free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ack_closes_and_cancels_what_is_queued),
        cmocka_unit_test(test_ack_of_all_waits_for_the_other_line),
        cmocka_unit_test(test_ack_of_a_role_is_that_roles_to_give),
        cmocka_unit_test(test_ack_of_a_done_duty_sleeps_until_it_is_due),
        cmocka_unit_test(test_ack_is_taken_from_a_higher_step_and_refused_from_a_stranger),
        cmocka_unit_test(test_ack_is_taken_from_whoever_is_allocated_in_the_role),
        cmocka_unit_test(test_ack_is_taken_from_whoever_was_on_the_rota_when_its_mailbox_was_told),
        cmocka_unit_test(test_ack_is_not_taken_from_the_manager_of_another_team),
        cmocka_unit_test(test_done_of_two_records_waits_for_the_written_one_a34),
        cmocka_unit_test(test_void_wants_a_reason_and_says_so_only_in_the_answer),
        cmocka_unit_test(test_done_of_an_alarm_clears_it),
        cmocka_unit_test(test_answer_states_facts_from_when_the_event_holds),
        cmocka_unit_test(test_match_none_makes_a_child_and_the_next_finds_it),
        cmocka_unit_test(test_match_to_a_known_child_learns_only_when_asked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
