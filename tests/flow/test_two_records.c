/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal holds of a duty beside its end: that it is met, and the one of two records that came first. */
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
#define CONCERN ",\"kind\":\"need\",\"after_sentence\":true"

static void jump_to_retry(struct harness *h)
{
    char *at = cast_value(h, "SELECT to_char(max(next_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM"
                             " told.message WHERE state = 'waiting'");

    cast_jump(h, at);
    free(at);
}

static void expect_said(struct harness *h, const char *const argv[], const char *want)
{
    struct buf out = {0}, err = {0};

    assert_int_equal(harness_toldctl(h, "amara", argv, &out, &err), 0);
    if (strstr(buf_string(&out), want) == NULL)
        fail_msg("\"%s\" is not in:\n%s", want, buf_string(&out));
    buf_release(&out);
    buf_release(&err);
}

static char *id_of(struct harness *h, const char *duty)
{
    return cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = '%s'", duty);
}

/* By its word `done`, and what that says. */
static void record_spoken(struct harness *h, const char *want)
{
    char *id = id_of(h, "D48");

    expect_said(h, (const char *[]){"done", id, "--for", "p-gorse", "--note", "spoke to her", NULL}, want);
    cast_settle(h);
    free(id);
}

static void test_two_records_a08_met_by_feed_when_the_yos_has_it_and_still_open(void **state)
{
    struct harness *h = cast_play(state, NOW, "match=hazel@ stage=rcpt do=451\n");
    char *id;

    cast_hear(h, "care.placement", "2024-05-01T10:00:00Z placed-1", "LCS-1", ",\"authority\":\"kent\",\"on\":\"2024-05-01\"");
    cast_hear(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    /* The social worker was reached: that is not yet the YOS. */
    cast_expect_duty(h, "D44", "open 06-04 16:00 1");
    cast_expect(h, "0", "SELECT count(*) FROM told.journal WHERE what = 'duty met'");
    harness_sinks_restart(h, NULL, NULL);
    jump_to_retry(h);
    cast_expect_duty(h, "D44", "told 06-04 16:00 1");
    cast_expect(h, "D44 feed yos-duty-officer t",
                "SELECT concat_ws(' ', d.duty, j.detail->>'by', j.detail->>'role', j.at = d.met_at) FROM told.journal j"
                " JOIN told.duty d USING (duty_id) WHERE j.what = 'duty met'");
    id = id_of(h, "D44");
    expect_said(h, (const char *[]){"why", id, NULL}, "by feed: yos-duty-officer had received it; it closes by ack of yos-duty-officer");
    expect_said(h, (const char *[]){"duty", id, "--json", NULL}, "\"met_by\": \"feed\"");
    /* It closes nothing: without an answer it climbs. */
    cast_jump(h, "2024-06-04T16:00:00Z");
    cast_expect(h, "p-ivy", "SELECT recipient FROM told.notification WHERE duty_id = %s AND role = 'yos-line-manager'", id);
    cast_succeed(h, "ack", id, "--for", "p-ash");
    cast_expect(h, "told", "SELECT state FROM told.duty WHERE duty_id = %s", id);
    cast_succeed(h, "ack", id, "--for", "p-hazel");
    cast_expect(h, "closed", "SELECT state FROM told.duty WHERE duty_id = %s", id);
    free(id);
    cast_check(h);
}

static void test_two_records_a08_is_met_by_whoever_stands_in_for_the_duty_officer(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);
    char *path = harness_path(h, "gone.csv");

    harness_write(h, "gone.csv", "person,name,email,posts,left_on\n"
                                 "p-hazel,Cast hazel,hazel@southwark.example,yos-duty-officer,2024-06-03\n"
                                 "p-larch,Cast larch,larch@southwark.example,yos-operations-manager,2024-06-03\n");
    cast_succeed(h, "import", "directory", path);
    free(path);
    cast_hear(h, "care.placement", "2024-05-01T10:00:00Z placed-1", "LCS-1", ",\"authority\":\"kent\",\"on\":\"2024-05-01\"");
    cast_hear(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    cast_expect(h, "mailbox:yos-operations-manager sent feed",
                "SELECT concat_ws(' ', recipient, n.state, d.met_by) FROM told.notification n JOIN told.duty d USING (duty_id)"
                " WHERE d.duty = 'D44' AND n.role = 'yos-duty-officer' AND n.step = 0");
    cast_check(h);
}

static void test_two_records_a34_done_closes_once_the_written_one_is_accepted(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear(h, "yos.concern", "concern-1", "LCS-1", CONCERN);
    cast_expect_duty(h, "D48", "told 06-03 16:00 1");
    record_spoken(h, "closed as done");
    cast_expect_duty(h, "D48", "closed done 06-03 16:00 1");
    cast_check(h);
}

static void test_two_records_a34_the_spoken_one_first_waits_for_the_written_one(void **state)
{
    struct harness *h = cast_play(state, NOW, "match=ash@ stage=rcpt do=451\n");

    cast_hear(h, "yos.concern", "concern-1", "LCS-1", CONCERN);
    cast_expect_duty(h, "D48", "open 06-03 16:00 1");
    record_spoken(h, "it stays open until the written one is accepted too");
    cast_expect_duty(h, "D48", "acknowledged 06-03 16:00 1");
    cast_expect(h, "queued", "SELECT n.state FROM told.notification n JOIN told.duty d USING (duty_id) WHERE d.duty = 'D48'");
    harness_sinks_restart(h, NULL, NULL);
    jump_to_retry(h);
    cast_expect_duty(h, "D48", "closed done 06-03 16:00 1");
    cast_expect(h, "told_dispatch",
                "SELECT j.who FROM told.journal j JOIN told.duty d USING (duty_id) WHERE d.duty = 'D48' AND what = 'duty closed'");
    cast_check(h);
}

static void test_two_records_a34_climbs_on_when_the_written_one_never_arrives(void **state)
{
    struct harness *h = cast_play(state, NOW, "match=ash@ stage=rcpt do=451\n");

    cast_hear(h, "yos.concern", "concern-1", "LCS-1", CONCERN);
    record_spoken(h, "it stays open until the written one is accepted too");
    cast_jump(h, "2024-06-03T15:59:00Z");
    cast_expect(h, "0", "SELECT max(step) FROM told.notification n JOIN told.duty d USING (duty_id) WHERE d.duty = 'D48'");
    cast_jump(h, "2024-06-03T16:00:00Z");
    cast_expect(h, "p-cedar sent",
                "SELECT recipient || ' ' || n.state FROM told.notification n JOIN told.duty d USING (duty_id)"
                " WHERE d.duty = 'D48' AND step = 1");
    cast_expect(h, "f", "SELECT state = 'closed' FROM told.duty WHERE duty = 'D48'");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_two_records_a08_met_by_feed_when_the_yos_has_it_and_still_open, harness_teardown),
        cmocka_unit_test_teardown(test_two_records_a08_is_met_by_whoever_stands_in_for_the_duty_officer, harness_teardown),
        cmocka_unit_test_teardown(test_two_records_a34_done_closes_once_the_written_one_is_accepted, harness_teardown),
        cmocka_unit_test_teardown(test_two_records_a34_the_spoken_one_first_waits_for_the_written_one, harness_teardown),
        cmocka_unit_test_teardown(test_two_records_a34_climbs_on_when_the_written_one_never_arrives, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
