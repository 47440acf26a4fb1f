/* SPDX-License-Identifier: Apache-2.0 */
/* A duty that is closed: whoever was sent its deadline hears so once, and the deadline leaves their calendar. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
#define CLOSINGS "SELECT coalesce(string_agg(concat_ws(' ', d.duty, n.recipient, n.state), ', ' ORDER BY d.duty, n.recipient), '')" \
                 " FROM told.notification n JOIN told.duty d USING (duty_id) WHERE n.kind = 'closing'"

static void set_notices(struct harness *h, const char *word)
{
    char *config = harness_read(h, "told.conf"), *brace = strstr(config, "email = {") + strlen("email = {"),
         *rest = strstr(brace, "; from"), *longer = mem_printf("%.*s closing_notices = \"%s\"; tls = \"none\"%s",
                                                                (int)(brace - config), config, word, rest);

    harness_write(h, "told.conf", longer);
    free(longer);
    free(config);
}

static struct harness *begin(void **state, pid_t *ret_told)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    pid_t told;

    cast_import(h);
    told = harness_told(h, NULL, NULL);
    if (ret_told != NULL)
        *ret_told = told;
    return h;
}

/* Quoted-printable undone. */
static char *plain_of(const char *mail)
{
    char *plain = mem_copy(mail), *to = plain;
    unsigned byte;

    for (const char *at = mail; *at != '\0';) {
        if (strncmp(at, "=\r\n", 3) == 0)
            at += 3;
        else if (*at == '=' && sscanf(at + 1, "%2X", &byte) == 1)
            *to++ = (char)byte, at += 3;
        else
            *to++ = *at++;
    }
    *to = '\0';
    return plain;
}

/* What a calendar program finds in a mail; NULL where there is none. */
static icalcomponent *calendar_of(const char *mail)
{
    char *plain = plain_of(mail), *begin = strstr(plain, "BEGIN:VCALENDAR");
    icalcomponent *calendar = begin != NULL ? icalparser_parse_string(begin) : NULL;

    free(plain);
    return calendar;
}

/* "CANCEL duty-1@… 3, …": method, and uid and sequence of each entry. The caller frees. */
static char *calendar_text(const char *mail)
{
    icalcomponent *calendar = calendar_of(mail);
    struct buf b = {0};

    if (calendar == NULL)
        return mem_copy("none");
    assert_int_equal(icalcomponent_count_errors(calendar), 0);
    buf_text(&b, icalproperty_method_to_string(icalcomponent_get_method(calendar)));
    for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event != NULL;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        assert_int_equal(icalcomponent_get_status(event), icalcomponent_get_method(calendar) == ICAL_METHOD_CANCEL
                                                              ? ICAL_STATUS_CANCELLED
                                                              : ICAL_STATUS_CONFIRMED);
        buf_printf(&b, " %.*s %d", (int)strcspn(icalcomponent_get_uid(event), "@"), icalcomponent_get_uid(event),
                   icalcomponent_get_sequence(event));
    }
    icalcomponent_free(calendar);
    return buf_take(&b);
}

/* The last mail to a person; the caller frees. */
static char *last_mail(struct harness *h, const char *person)
{
    char *to = mem_printf("%s@southwark.example", person), *text = NULL;
    json_t *mails = cast_lines(h, "mails.ndjson"), *mail;
    size_t i;

    json_array_foreach(mails, i, mail)
        if (strcmp(json_text_at(mail, "to"), to) == 0) {
            free(text);
            text = cast_mail(h, (int)json_integer_value(json_object_get(mail, "n")));
        }
    assert_non_null(text);
    json_decref(mails);
    free(to);
    return text;
}

/* The last mail to a person holds a calendar of that method with that entry. */
static void expect_calendar(struct harness *h, const char *person, const char *method, const char *entry)
{
    char *mail = last_mail(h, person), *text = calendar_text(mail);

    if (strncmp(text, method, strlen(method)) != 0 || strstr(text, entry) == NULL)
        fail_msg("%s%s is not in %s", method, entry, text);
    free(text);
    free(mail);
}

static void expect_subject(struct harness *h, const char *person, const char *want)
{
    char *mail = last_mail(h, person), *line = mem_printf("\nSubject: %s\r\n", want);

    if (strstr(mail, line) == NULL)
        fail_msg("no%sin %.600s", line, mail);
    free(line);
    free(mail);
}

static char *number_of(struct harness *h, const char *duty)
{
    return cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = '%s'", duty);
}

static void done(struct harness *h, const char *duty, const char *person)
{
    char *id = number_of(h, duty);

    cast_succeed(h, "done", id, "--for", person, "--note", "rang them");
    free(id);
    cast_settle(h);
}

/* The one duty of LCS-1 that p-ash is told of alone in its mail. */
static void charge(struct harness *h)
{
    cast_hear(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
}

static char *with_number(struct harness *h, const char *duty, const char *format)
{
    char *id = number_of(h, duty), *at = strchr(format, '%'), *text;

    assert_non_null(at);
    text = mem_printf("%.*s%s%s", (int)(at - format), format, id, at + 1);
    free(id);
    return text;
}

static void test_closing_takes_the_deadline_out_of_the_calendar(void **state)
{
    struct harness *h = begin(state, NULL);
    char *publish, *cancel, *subject, *mail;

    charge(h);
    publish = with_number(h, "D41", " duty-% 1");
    cancel = with_number(h, "D41", " duty-% 3");
    subject = with_number(h, "D41", "[told] D-% closed, nothing more to do - case 01MP71");
    expect_calendar(h, "ash", "PUBLISH", publish);
    long before = cast_mails_to(h, "ash"), others = harness_lines(h, "mails.ndjson") - before;
    done(h, "D41", "p-ash");
    cast_expect(h, "D41 p-ash sent", CLOSINGS);
    assert_int_equal(cast_mails_to(h, "ash"), before + 1);
    assert_int_equal(harness_lines(h, "mails.ndjson") - cast_mails_to(h, "ash"), others);
    expect_calendar(h, "ash", "CANCEL", cancel);
    expect_subject(h, "ash", subject);
    mail = last_mail(h, "ash");
    assert_non_null(strstr(mail, "text/calendar; charset=utf-8; method=CANCEL"));
    assert_non_null(strstr(mail, "\nIn-Reply-To: <told.n"));
    assert_non_null(strstr(mail, "recorded as done"));
    assert_null(strstr(mail, "rang them"));
    assert_null(strstr(mail, "typed above this text")); /* no code: there is nothing to answer */
    /* Once: nothing that comes later says it again. */
    cast_jump(h, "2024-06-10T16:00:00Z");
    cast_expect(h, "1", "SELECT count(*) FROM told.notification n JOIN told.duty d USING (duty_id) WHERE d.duty = 'D41' AND n.kind = 'closing'");
    cast_expect(h, "t", "SELECT bool_and(reached_at < '2024-06-04') FROM told.duty_line JOIN told.duty USING (duty_id) WHERE duty = 'D41'");
    free(mail);
    free(publish);
    free(cancel);
    free(subject);
    cast_check(h);
}

static void test_closing_is_told_to_the_others_alone_or_to_nobody_where_that_is_set(void **state)
{
    pid_t told;
    struct harness *h = begin(state, &told);

    set_notices(h, "others");
    assert_true(harness_reload(h, told));
    charge(h);
    cast_jump(h, "2024-06-04T16:00:00Z"); /* cedar is told that nobody answered */
    done(h, "D41", "p-ash");
    cast_expect(h, "D41 p-cedar sent", CLOSINGS);
    set_notices(h, "nobody");
    assert_true(harness_reload(h, told));
    done(h, "D01", "p-ash");
    cast_expect_duty(h, "D01", "closed done 06-04 16:00 1");
    cast_expect(h, "D41 p-cedar sent", CLOSINGS);
    cast_check(h);
}

/* Copies had no deadline, and whom the mail did not reach has none either. */
static void test_closing_is_not_told_to_whom_nothing_was_sent(void **state)
{
    struct harness *h = begin(state, NULL);

    harness_sinks_restart(h, "match=ash@ stage=rcpt do=550\n", NULL);
    charge(h);
    cast_expect(h, "p-ash failed, p-cedar sent",
                "SELECT string_agg(concat_ws(' ', n.recipient, n.state), ', ' ORDER BY n.recipient) FROM told.notification n"
                " JOIN told.duty d USING (duty_id) WHERE d.duty = 'D41'");
    done(h, "D41", "p-cedar");
    cast_expect(h, "D41 p-cedar sent", CLOSINGS);
    cast_expect(h, "0", "SELECT count(*) FROM told.notification n JOIN told.notification c USING (duty_id, recipient)"
                        " WHERE n.kind = 'copy' AND c.kind = 'closing'");
    cast_check(h);
}

static void test_closing_of_several_duties_goes_as_two_mails(void **state)
{
    struct harness *h = begin(state, NULL);
    long before;

    cast_hear(h, "police.charge", "charge-1", "LCS-2", CAST_CHARGE); /* p-ash in both roles */
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-2",
              CAST_COURT ",\"hearing\":\"h-1\",\"purpose\":\"first\",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_jump(h, "2024-06-03T09:20:00Z");
    cast_expect(h, "t", "SELECT count(DISTINCT d.duty_id) >= 3 FROM told.duty d JOIN told.notification n USING (duty_id)"
                        " WHERE n.recipient = 'p-ash' AND n.state = 'sent' AND n.kind = 'tell' AND d.child_id = (SELECT child_id FROM"
                        " told.child_identifier WHERE scheme = 'lcs' AND value = 'LCS-2')");
    before = cast_mails_to(h, "ash");
    PGresult *duties = harness_query(h, "SELECT DISTINCT d.duty_id FROM told.duty d JOIN told.notification n USING (duty_id)"
                                        " WHERE n.recipient = 'p-ash' AND n.state = 'sent' AND n.kind = 'tell' ORDER BY 1");
    for (int i = 0; i < PQntuples(duties); i++)
        cast_succeed(h, "done", PQgetvalue(duties, i, 0), "--for", "p-ash", "--note", "done");
    cast_settle(h);
    assert_int_equal(cast_mails_to(h, "ash"), before + 1); /* the first at once */
    cast_jump(h, "2024-06-03T09:40:00Z");
    assert_int_equal(cast_mails_to(h, "ash"), before + 2);
    char *mail = last_mail(h, "ash"), *text = calendar_text(mail), *more = mem_printf(" and %d more closed", PQntuples(duties) - 2);
    assert_int_equal(strncmp(text, "CANCEL duty-", 12), 0);
    for (int i = 1; i < PQntuples(duties); i++) {
        char *uid = mem_printf(" duty-%s ", PQgetvalue(duties, i, 0));

        assert_non_null(strstr(text, uid));
        free(uid);
    }
    assert_true(PQntuples(duties) < 3 || strstr(mail, more) != NULL);
    free(more);
    free(text);
    free(mail);
    PQclear(duties);
    cast_check(h);
}

/* Void by a retraction: a correction says so, and no closing beside it. Declared void by a person: a closing. */
static void test_closing_stands_beside_no_correction(void **state)
{
    struct harness *h = begin(state, NULL);
    char *first, *id;

    charge(h);
    id = number_of(h, "D41");
    first = with_number(h, "D41", " duty-% 3");
    cast_succeed(h, "void", id, "--reason", "entered twice");
    cast_settle(h);
    expect_calendar(h, "ash", "CANCEL", first);
    cast_hear(h, "police.charge", "2024-06-03T08:55:00Z taken-back", "LCS-1", CAST_CHARGE ",\"retracts\":\"charge-1\"");
    cast_expect(h, "D41 p-ash sent", CLOSINGS);
    cast_expect(h, "t", "SELECT count(*) > 0 AND bool_and(n.state = 'sent' AND d.duty <> 'D41') FROM told.notification n"
                        " JOIN told.duty d USING (duty_id) WHERE n.kind = 'correction'");
    free(first);
    free(id);
    cast_check(h);
}

/* A deadline that moves is published again, higher; the end counts from there. */
static void test_closing_counts_on_from_a_moved_deadline(void **state)
{
    struct harness *h = begin(state, NULL);
    char *moved, *cancel;

    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1",
              CAST_COURT ",\"hearing\":\"h-1\",\"purpose\":\"first\",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_jump(h, "2024-06-03T09:20:00Z");
    cast_hear(h, "court.hearing-listed", "2024-06-03T08:52:00Z listed-2", "LCS-1",
              CAST_COURT ",\"hearing\":\"h-1\",\"purpose\":\"first\",\"at\":\"2024-06-27T13:00:00Z\",\"amends\":\"listed-1\"");
    cast_jump(h, "2024-06-03T09:40:00Z");
    moved = with_number(h, "D43", " duty-% 2");
    cancel = with_number(h, "D43", " duty-% 4");
    expect_calendar(h, "ash", "PUBLISH", moved);
    done(h, "D43", "p-ash");
    expect_calendar(h, "ash", "CANCEL", cancel);
    free(moved);
    free(cancel);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_closing_takes_the_deadline_out_of_the_calendar, harness_teardown),
        cmocka_unit_test_teardown(test_closing_is_told_to_the_others_alone_or_to_nobody_where_that_is_set, harness_teardown),
        cmocka_unit_test_teardown(test_closing_is_not_told_to_whom_nothing_was_sent, harness_teardown),
        cmocka_unit_test_teardown(test_closing_of_several_duties_goes_as_two_mails, harness_teardown),
        cmocka_unit_test_teardown(test_closing_stands_beside_no_correction, harness_teardown),
        cmocka_unit_test_teardown(test_closing_counts_on_from_a_moved_deadline, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
