/* SPDX-License-Identifier: Apache-2.0 */
/* "After 3 failures or 15 minutes (immediate: the first failure) the other channel is used as well", and the first goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"

/* p-juniper has an address, and here an endpoint that is for when mail fails. */
#define SPARE                                                                                                  \
    "spare: { url = \"http://127.0.0.1:@HOOK@/spare\"; secrets = [ \"webhook.secret\" ]; allow_private = true;" \
    " when = \"mail-fails\"; };\n"

static struct harness *begin(void **state, const char *smtp_script)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = NOW, .story_stands = true, .poll_ms = 50, .smtp_script = smtp_script, .more_hooks = SPARE});

    cast_import(h);
    PQclear(harness_query(h, "UPDATE told.person SET webhook = 'spare' WHERE person_id = 'p-juniper'"));
    PQclear(harness_query(h, "UPDATE told.installation SET directory_version = directory_version + 1"));
    harness_told(h, NULL, NULL);
    return h;
}

static void jump_to_mail(struct harness *h)
{
    char *at = cast_value(h, "SELECT to_char(max(next_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM told.message"
                             " WHERE recipient = 'p-juniper' AND channel = 'email' AND state = 'waiting'");

    assert_true(*at != '\0');
    cast_jump(h, at);
    free(at);
}

#define MAILS "FROM told.message WHERE recipient = 'p-juniper' AND channel = 'email'"
#define HOOKS "FROM told.message WHERE recipient = 'p-juniper' AND channel = 'webhook'"

static void charge_of(struct harness *h, const char *lcs, const char *id)
{
    cast_publish(h, &(struct cast_event){
                        .type = "police.charge", .id = id, .time = "2024-06-03T08:50:00Z", .lcs = lcs, .fields = CAST_CHARGE});
}

static void test_other_channel_is_used_after_three_failures_and_the_mail_goes_on(void **state)
{
    struct harness *h = begin(state, "match=juniper stage=rcpt do=451\n");

    charge_of(h, "LCS-3", "charge-1");
    for (int failed = 1; failed < 3; failed++) {
        char *want = mem_printf("%d", failed);

        cast_await(h, want, "SELECT max(failures) " MAILS);
        cast_settle(h);
        cast_expect(h, "0", "SELECT count(*) " HOOKS);
        jump_to_mail(h);
        free(want);
    }
    cast_await(h, "3", "SELECT max(failures) " MAILS);
    cast_await(h, "2 sent", "SELECT count(*) || ' ' || min(state) " HOOKS);
    assert_int_equal(harness_lines(h, "hooks.ndjson"), 2);
    cast_expect(h, "1", "SELECT count(*) FROM told.journal WHERE what = 'other channel used'");
    /* The duties are told, the mail goes on, and nothing climbs for it. */
    cast_await(h, "2", "SELECT count(*) FROM told.duty WHERE state = 'told'");
    jump_to_mail(h);
    cast_await(h, "4 waiting", "SELECT max(failures) || ' ' || min(state) " MAILS);
    cast_expect(h, "2", "SELECT count(*) " HOOKS);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty_line WHERE step > 0");
    harness_sinks_restart(h, NULL, NULL);
    jump_to_mail(h);
    cast_await(h, "sent", "SELECT min(state) " MAILS);
    cast_check(h);
}

static void test_other_channel_is_used_after_fifteen_minutes(void **state)
{
    struct harness *h = begin(state, "match=juniper stage=dot do=drop\n");

    charge_of(h, "LCS-3", "charge-1");
    cast_await(h, "1 t", "SELECT max(failures) || ' ' || left(bool_and(uncertain)::text, 1) " MAILS);
    cast_settle(h);
    cast_jump(h, "2024-06-03T09:14:59Z");
    cast_bystander(h);
    cast_expect(h, "0", "SELECT count(*) " HOOKS);
    cast_jump(h, "2024-06-03T09:15:00Z");
    cast_await(h, "2 sent", "SELECT count(*) || ' ' || min(state) " HOOKS);
    cast_expect(h, "1 waiting", "SELECT max(failures) || ' ' || min(state) " MAILS);
    cast_check(h);
}

static void test_other_channel_is_used_at_the_first_failure_of_an_immediate_duty(void **state)
{
    struct harness *h = begin(state, "match=juniper stage=rcpt do=451\n");

    cast_say(h, "court.home-concern", "concern-1", "LCS-3", CAST_COURT ",\"hearing\":\"h-1\"");
    cast_await(h, "t", "SELECT count(*) > 0 " HOOKS " AND state = 'sent' AND immediate");
    cast_expect(h, "1", "SELECT max(failures) " MAILS " AND immediate");
    cast_check(h);
}

/* "At once when no channel of the last step can reach its person": the other one can. */
static void test_other_channel_tells_when_the_mail_is_refused_for_good(void **state)
{
    struct harness *h = begin(state, "match=juniper stage=rcpt do=550\n");

    charge_of(h, "LCS-3", "charge-1");
    cast_await(h, "2 sent", "SELECT count(*) || ' ' || min(state) " HOOKS);
    cast_settle(h);
    cast_expect(h, "failed", "SELECT min(state) " MAILS);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty_line WHERE step > 0");
    cast_check(h);
}

static void test_other_channel_is_left_alone_while_mail_arrives(void **state)
{
    struct harness *h = begin(state, NULL);

    charge_of(h, "LCS-3", "charge-1");
    cast_await(h, "sent", "SELECT min(state) " MAILS);
    cast_expect(h, "0", "SELECT count(*) FROM told.message WHERE other_at IS NOT NULL");
    cast_jump(h, "2024-06-03T09:30:00Z");
    cast_bystander(h);
    cast_expect(h, "0", "SELECT count(*) " HOOKS);
    /* Who has no mail address is told there at once. */
    PQclear(harness_query(h, "UPDATE told.person SET webhook = 'spare' WHERE person_id = 'p-kapok'"));
    PQclear(harness_query(h, "UPDATE told.installation SET directory_version = directory_version + 1"));
    charge_of(h, "LCS-4", "charge-2");
    cast_await(h, "2", "SELECT count(*) FROM told.message WHERE recipient = 'p-kapok' AND address = 'spare' AND state = 'sent'");
    cast_check(h);
}

/* What a duty is tried again by is what was configured when it opened: a reload is for those that open after it. */
static void test_other_channel_and_waits_are_pinned_on_the_duty(void **state)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = NOW, .story_stands = true, .poll_ms = 50, .smtp_script = "match=southwark stage=rcpt do=451\n",
        .more_hooks = SPARE});
    pid_t told;
    char *conf, *changed;

    cast_import(h);
    PQclear(harness_query(h, "UPDATE told.person SET webhook = 'spare' WHERE person_id = 'p-juniper'"));
    told = harness_told(h, NULL, NULL);
    charge_of(h, "LCS-3", "charge-1");
    cast_await(h, "1", "SELECT max(failures) " MAILS);
    cast_settle(h);
    conf = harness_read(h, "told.conf");
    changed = mem_printf("%sretry = { ordinary_s = [ 7200 ]; other_ordinary_failures = 1; };\n", conf);
    harness_write(h, "told.conf", changed);
    assert_true(harness_reload(h, told));
    jump_to_mail(h);
    cast_await(h, "2", "SELECT max(failures) " MAILS);
    cast_settle(h);
    /* Five minutes, give or take a fifth; and no webhook before the third. */
    cast_expect(h, "t", "SELECT max(next_at) < '2024-06-03 09:08:00Z' " MAILS);
    cast_expect(h, "0", "SELECT count(*) " HOOKS);
    /* p-birch has no webhook; the new waits are hers. */
    charge_of(h, "LCS-6", "charge-2");
    cast_await(h, "t", "SELECT max(next_at) > '2024-06-03 10:30:00Z' FROM told.message WHERE recipient = 'p-birch' AND failures = 1");
    free(conf);
    free(changed);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_other_channel_is_used_after_three_failures_and_the_mail_goes_on, harness_teardown),
        cmocka_unit_test_teardown(test_other_channel_is_used_after_fifteen_minutes, harness_teardown),
        cmocka_unit_test_teardown(test_other_channel_is_used_at_the_first_failure_of_an_immediate_duty, harness_teardown),
        cmocka_unit_test_teardown(test_other_channel_tells_when_the_mail_is_refused_for_good, harness_teardown),
        cmocka_unit_test_teardown(test_other_channel_is_left_alone_while_mail_arrives, harness_teardown),
        cmocka_unit_test_teardown(test_other_channel_and_waits_are_pinned_on_the_duty, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
