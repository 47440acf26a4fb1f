/* SPDX-License-Identifier: Apache-2.0 */
/* "whoever was the allocated worker of the young person at the point of custody": who that is when the case has moved, the
 * worker has left, the date is amended; and what the list of allocations says of what was amended or taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
/* The child is sentenced on the Friday; on the Saturday the case goes from p-ash, of north, to p-gorse, of east. */
#define SENTENCED(on) ",\"hearing\":\"h-1\"" CAST_COURT ",\"kind\":\"custody\",\"order\":\"dto\",\"term_months\":8,\"on\":\"" on "\""
#define MOVED ",\"role\":\"social-worker\",\"practitioner\":\"p-gorse\",\"on\":\"2024-06-01\""

/* "telling step recipient state" of one duty. */
static void expect_told(struct harness *h, const char *duty, const char *want)
{
    cast_expect(h, want,
                "SELECT string_agg(concat_ws(' ', n.telling, n.step, n.recipient, n.state), ', ' ORDER BY n.notification_id)"
                " FROM told.notification n JOIN told.duty d USING (duty_id) WHERE d.duty = '%s'", duty);
}

static void expect_said(struct harness *h, const char *command, const char *duty, const char *want)
{
    char *id = cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = '%s'", duty);
    struct buf out = {0}, err = {0};

    assert_int_equal(harness_toldctl(h, "amara", (const char *[]){command, id, NULL}, &out, &err), 0);
    if (strstr(buf_string(&out), want) == NULL)
        fail_msg("\"%s\" is not in:\n%s", want, buf_string(&out));
    buf_release(&out);
    buf_release(&err);
    free(id);
}

static void import(struct harness *h, const char *what, const char *text)
{
    char *path = harness_path(h, "more.csv");

    harness_write(h, "more.csv", text);
    cast_succeed(h, "import", what, path);
    free(path);
}

static void test_custody_worker_a13_is_who_was_allocated_on_the_day_and_their_managers(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear(h, "care.allocation", "2024-06-01T09:00:00Z moved-1", "LCS-1", MOVED);
    cast_hear(h, "court.sentence", "sentence-1", "LCS-1", SENTENCED("2024-05-31"));
    expect_told(h, "D59", "1 0 p-ash sent");
    expect_told(h, "D60", "1 0 p-ash sent");
    expect_told(h, "D42", "1 0 p-gorse sent"); /* what says nothing of the day goes to whoever has the case */
    expect_said(h, "why", "D59", "told is whoever was allocated on 2024-05-31");
    expect_said(h, "why", "D59", "as of 2024-05-31; social-worker: p-ash is allocated");
    expect_said(h, "duty", "D60", "2024-05-31");
    /* Ten working days after the custody date: her manager, who is no manager of the one who has the case now. */
    cast_jump(h, "2024-06-14T16:00:00Z");
    expect_told(h, "D59", "1 0 p-ash sent, 1 1 p-cedar sent");
    cast_check(h);
}

static void test_custody_worker_a13_moves_with_the_custody_date(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear(h, "care.allocation", "2024-06-01T09:00:00Z moved-1", "LCS-1", MOVED);
    cast_hear(h, "court.sentence", "sentence-1", "LCS-1", SENTENCED("2024-05-31"));
    cast_hear(h, "court.sentence", "2024-06-03T08:55:00Z sentence-2", "LCS-1",
              SENTENCED("2024-06-02") ",\"amends\":\"sentence-1\"");
    cast_jump(h, "2024-06-03T09:10:00Z"); /* it waited for company */
    expect_told(h, "D59", "1 0 p-ash sent, 2 0 p-gorse sent");
    cast_expect_duty(h, "D59", "told 06-14 16:00 2");
    cast_expect(h, "2024-06-02", "SELECT as_of FROM told.duty WHERE duty = 'D59'");
    cast_expect(h, "2024-06-02 2024-05-31",
                "SELECT concat_ws(' ', detail->>'as_of', detail->>'was_as_of') FROM told.journal JOIN told.duty USING (duty_id)"
                " WHERE what = 'duty told as of another day' AND duty = 'D59'");
    cast_check(h);
}

static void test_custody_worker_a13_falls_to_their_own_manager_when_they_have_left(void **state)
{
    struct harness *h = cast_play(state, NOW, "match=ash@ stage=rcpt do=451\n");
    char *at;

    cast_hear(h, "care.allocation", "2024-06-01T09:00:00Z moved-1", "LCS-1", MOVED);
    cast_hear(h, "court.sentence", "sentence-1", "LCS-1", SENTENCED("2024-05-31"));
    expect_told(h, "D59", "1 0 p-ash queued");
    cast_import_people(h, "p-ash", "2024-06-03");
    at = cast_value(h, "SELECT to_char(max(next_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM told.message"
                       " WHERE state = 'waiting'");
    cast_jump(h, at);
    expect_told(h, "D59", "1 0 p-ash superseded, 1 0 p-cedar sent");
    expect_said(h, "why", "D59", "as of 2024-05-31; social-worker: p-ash has left; social-work-team-manager: p-cedar of team north");
    free(at);
    cast_check(h);
}

static void test_custody_worker_a13_falls_to_their_own_manager_when_away_without_cover(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    import(h, "absences", "person,from,back,cover\np-ash,2024-06-01,2024-06-10,\n");
    cast_hear(h, "care.allocation", "2024-06-01T09:00:00Z moved-1", "LCS-1", MOVED);
    cast_hear(h, "court.sentence", "sentence-1", "LCS-1", SENTENCED("2024-05-31"));
    expect_told(h, "D59", "1 0 p-cedar sent");
    cast_check(h);
}

static void test_custody_worker_a13_takes_what_is_known_now_of_that_day(void **state)
{
    struct harness *h = cast_play(state, NOW, "match=ash@ stage=rcpt do=451\n");
    char *at;

    cast_hear(h, "court.sentence", "sentence-1", "LCS-1", SENTENCED("2024-05-31"));
    expect_told(h, "D59", "1 0 p-ash queued");
    /* Heard late: by the end of the custody date it was p-birch; the day after, p-gorse. */
    cast_hear(h, "care.allocation", "2024-06-01T09:00:00Z moved-1", "LCS-1", MOVED);
    cast_hear(h, "care.allocation", "2024-06-01T09:00:00Z moved-0", "LCS-1",
              ",\"role\":\"social-worker\",\"practitioner\":\"p-birch\",\"on\":\"2024-05-31\"");
    at = cast_value(h, "SELECT to_char(max(next_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM told.message"
                       " WHERE state = 'waiting'");
    cast_jump(h, at);
    expect_told(h, "D59", "1 0 p-ash superseded, 1 0 p-birch sent");
    free(at);
    cast_check(h);
}

/* Whom a charge about LCS-1 comes to first. */
static void expect_worker(struct harness *h, const char *id, const char *want)
{
    cast_hear(h, "police.charge", id, "LCS-1", CAST_CHARGE);
    cast_expect(h, want,
                "SELECT DISTINCT recipient FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.event e"
                " USING (event_id) WHERE e.id = '%s' AND d.duty = 'D41'", id);
    cast_expect(h, want,
                "SELECT person_id FROM told.child_allocation_said WHERE role = 'social-worker' AND child_id = (SELECT child_id"
                " FROM told.child_identifier WHERE value = 'LCS1' OR value = 'LCS-1') ORDER BY valid_from DESC, by_event DESC,"
                " heard_at DESC, number DESC LIMIT 1");
}

static void test_custody_worker_forgets_what_an_amended_allocation_said(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear(h, "care.allocation", "2024-05-28T10:00:00Z given-1", "LCS-1",
              ",\"role\":\"social-worker\",\"practitioner\":\"p-birch\",\"on\":\"2024-05-28\"");
    expect_worker(h, "charge-1", "p-birch");
    /* It was the tracking officer that p-birch became. */
    cast_hear(h, "care.allocation", "2024-06-03T08:51:00Z given-2", "LCS-1",
              ",\"role\":\"yos-tracking-officer\",\"practitioner\":\"p-birch\",\"on\":\"2024-05-28\",\"amends\":\"given-1\"");
    expect_worker(h, "charge-2", "p-ash");
    cast_expect(h, "given-1", "SELECT id FROM told.event JOIN told.event_state s USING (event_id) WHERE s.replaced_by IS NOT NULL");
    /* The amendment is taken back: what it amended holds again. */
    cast_hear(h, "care.allocation", "2024-06-03T08:52:00Z back-2", "LCS-1", ",\"retracts\":\"given-2\"");
    expect_worker(h, "charge-3", "p-birch");
    cast_hear(h, "care.allocation", "2024-06-03T08:53:00Z back-1", "LCS-1", ",\"retracts\":\"given-1\"");
    expect_worker(h, "charge-4", "p-ash");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_custody_worker_a13_is_who_was_allocated_on_the_day_and_their_managers, harness_teardown),
        cmocka_unit_test_teardown(test_custody_worker_a13_moves_with_the_custody_date, harness_teardown),
        cmocka_unit_test_teardown(test_custody_worker_a13_falls_to_their_own_manager_when_they_have_left, harness_teardown),
        cmocka_unit_test_teardown(test_custody_worker_a13_falls_to_their_own_manager_when_away_without_cover, harness_teardown),
        cmocka_unit_test_teardown(test_custody_worker_a13_takes_what_is_known_now_of_that_day, harness_teardown),
        cmocka_unit_test_teardown(test_custody_worker_forgets_what_an_amended_allocation_said, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
