/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole mails as a server gets them, byte for byte: tests/golden/mails/NAME.eml, lines ended by LF and boundaries, which
 * libcurl draws anew each time, named in the order they come. GOLDEN_UPDATE=1 writes them anew.
 */
#include "mail_stand.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/ics.h"
#include "told/mem.h"
#include "whole_file.h"

#define BOUNDARY "------------------------"
enum { BOUNDARY_LEN = 24 + 16, BOUNDARIES_MOST = 4 };

static bool is_boundary(const char *text)
{
    if (strncmp(text, BOUNDARY, strlen(BOUNDARY)) != 0)
        return false;
    for (size_t i = strlen(BOUNDARY); i < BOUNDARY_LEN; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

static char *normal(const char *mail)
{
    const char *seen[BOUNDARIES_MOST];
    size_t count = 0, i;
    struct buf out = {0};

    while (*mail != '\0') {
        if (is_boundary(mail)) {
            for (i = 0; i < count && strncmp(seen[i], mail, BOUNDARY_LEN) != 0; i++)
                continue;
            assert_true(i < BOUNDARIES_MOST);
            if (i == count)
                seen[count++] = mail;
            buf_printf(&out, "BOUNDARY-%zu", i + 1);
            mail += BOUNDARY_LEN;
        } else if (mail[0] == '\r' && mail[1] == '\n') {
            mail++;
        } else {
            assert_int_not_equal(*mail, '\r');
            buf_char(&out, *mail++);
        }
    }
    return buf_take(&out);
}

static void match_golden(const char *name, const char *mail)
{
    char *path = mem_printf("tests/golden/mails/%s.eml", name), *expected;
    FILE *file;

    if (getenv("GOLDEN_UPDATE") != NULL) {
        assert_non_null(file = fopen(path, "w"));
        assert_true(fputs(mail, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    expected = whole_file(path, NULL);
    if (expected == NULL)
        fail_msg("%s is missing: write it with GOLDEN_UPDATE=1", path);
    assert_string_equal(mail, expected);
    free(expected);
    free(path);
}

static char *notice_file(const char *name, const char *kind)
{
    char *path = mem_printf("tests/golden/notices/%s.%s", name, kind), *text = whole_file(path, NULL);

    assert_non_null(text);
    text[strcspn(text, strcmp(kind, "subject") == 0 ? "\n" : "")] = '\0';
    free(path);
    return text;
}

static struct instant at(const char *text)
{
    struct instant ret;

    assert_true(instant_parse(text, &ret));
    return ret;
}

struct golden_mail {
    const char *name; /* of the notice too */
    const char *in_reply_to, *references;
    enum ics_method method;
    int sequence; /* 0: nothing for a calendar */
};

static const struct golden_mail MAILS[] = {
    {"duty", NULL, NULL, ICS_PUBLISH, 1},
    {"escalation", "<told.n9@told.southwark.example>", "<told.n1@told.southwark.example> <told.n9@told.southwark.example>",
     ICS_PUBLISH, 1},
    {"copy", NULL, NULL, ICS_PUBLISH, 0},
    {"correction", "<told.n1@told.southwark.example>", NULL, ICS_CANCEL, 3},
};

static struct email_job make_golden(const struct golden_mail *mail)
{
    const struct ics_entry entry = {.uid = "duty-17@told.southwark.example",
                                    .sequence = mail->sequence,
                                    .due_at = at("2024-06-03T16:00:00Z"),
                                    .reference = "D-17",
                                    .case_ref = "01MP1000124"};
    struct email_job job = {.message_id = 17,
                            .envelope_from = mem_copy("told+token@told.southwark.example"),
                            .to = mem_copy("worker@southwark.example"),
                            .subject = notice_file(mail->name, "subject"),
                            .message_id_header = mem_copy("<told.n42@told.southwark.example>"),
                            .in_reply_to = mem_copy(mail->in_reply_to),
                            .references = mem_copy(mail->references),
                            .date = at("2024-06-03T08:50:00Z"),
                            .text = notice_file(mail->name, "txt"),
                            .html = notice_file(mail->name, "html")};

    if (mail->sequence > 0)
        job.calendar = ics_print(mail->method, "told@southwark.example", job.date, &entry, 1);
    return job;
}

static void test_email_message_is_the_golden_mail(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});

    for (size_t i = 0; i < sizeof MAILS / sizeof *MAILS; i++) {
        struct email_job job = make_golden(&MAILS[i]);
        char name[32], *mail, *text;

        assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
        snprintf(name, sizeof name, "mails/%06zu.eml", i + 1);
        mail = mail_stand_read(&stand, name);
        text = normal(mail);
        match_golden(MAILS[i].name, text);
        free(text);
        free(mail);
        email_job_release(&job);
    }
    mail_stand_stop(&stand);
}

/* The end of a part is not the end of the mail: cut there, it cannot have arrived. */
static void test_email_message_with_a_file_is_uncertain_only_when_all_of_it_is_out(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        size_t calendar_len;
        bool uncertain;
    } table[] = {{"stage=dot do=drop times=1", 100, true}, {"stage=body do=drop times=1", 16 * 1024 * 1024, false}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.script = table[i].script});
        struct email_job job = mail_stand_mail(1);

        job.calendar = mem_new(table[i].calendar_len + 1);
        memset(job.calendar, 'x', table[i].calendar_len);
        struct outcome outcome = mail_stand_send(&stand, &job);
        assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
        assert_int_equal(outcome.reply.uncertain, table[i].uncertain);
        free(job.calendar);
        mail_stand_stop(&stand);
    }
}

static void test_email_message_with_wrong_references_is_never_sent(void **state)
{
    (void)state;
    static const char *const table[] = {"", " ", "<a@x.example> ", "<a@x.example>  <b@x.example>", "<a@x.example>\r\nBcc: <b@x.example>",
                                        "a@x.example", "<a@x.example>,<b@x.example>"};
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        job.references = mem_copy(table[i]);
        struct outcome outcome = mail_stand_send(&stand, &job);
        assert_string_equal(outcome.reply.reason, "the References are not valid");
        free(job.references);
    }
    struct buf longer = {0};
    for (int i = 0; i < 60; i++)
        buf_printf(&longer, "%s<a@long.example>", i > 0 ? " " : "");
    job.references = longer.bytes;
    assert_string_equal(mail_stand_send(&stand, &job).reply.reason, "the References are not valid");
    buf_release(&longer);
    assert_int_equal(smtp_sink_connections(stand.sink), 0);
    mail_stand_stop(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email_message_is_the_golden_mail),
        cmocka_unit_test(test_email_message_with_a_file_is_uncertain_only_when_all_of_it_is_out),
        cmocka_unit_test(test_email_message_with_wrong_references_is_never_sent),
    };
    return cmocka_run_group_tests_name("email_message", tests, NULL, NULL);
}
