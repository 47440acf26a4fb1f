/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hostile.h"
#include "told/address.h"
#include "told/json.h"
#include "told/mail.h"
#include "told/mem.h"
#include "told/notice.h"

static struct mail make_mail(void)
{
    struct mail mail = {.from = "told@southwark.example",
                        .envelope_from = "told-7@southwark.example",
                        .to = "ash@southwark.example",
                        .subject = "Act by Mon 3 June 2024 17:00",
                        .message_id = "<told.n7@told.example>"};
    assert_true(instant_parse("2024-06-03T16:05:09Z", &mail.date));
    return mail;
}

static void expect_lines(const struct mail *mail, const char *const *want)
{
    char *lines[MAIL_LINES_MOST];
    size_t count = mail_lines(mail, lines), i = 0;
    for (; i < count; i++) {
        assert_non_null(want[i]);
        assert_string_equal(lines[i], want[i]);
        free(lines[i]);
    }
    assert_null(want[i]);
}

static void test_mail_has_our_lines_in_order(void **state)
{
    (void)state;
    struct mail mail = make_mail();
    static const char *const first[] = {"Date: Mon, 3 Jun 2024 16:05:09 +0000",
                                        "From: told@southwark.example",
                                        "To: ash@southwark.example",
                                        "Subject: Act by Mon 3 June 2024 17:00",
                                        "Message-ID: <told.n7@told.example>",
                                        "Auto-Submitted: auto-generated",
                                        "X-Auto-Response-Suppress: All",
                                        "Content-Type: multipart/alternative",
                                        NULL};
    static const char *const later[] = {"Date: Mon, 3 Jun 2024 16:05:09 +0000",
                                        "From: told@southwark.example",
                                        "To: ash@southwark.example",
                                        "Subject: Act by Mon 3 June 2024 17:00",
                                        "Message-ID: <told.n7@told.example>",
                                        "In-Reply-To: <told.n2@told.example>",
                                        "References: <told.n1@told.example> <told.n2@told.example>",
                                        "Auto-Submitted: auto-generated",
                                        "X-Auto-Response-Suppress: All",
                                        NULL};
    assert_null(mail_validate(&mail));
    expect_lines(&mail, first);
    mail.in_reply_to = "<told.n2@told.example>";
    mail.references = "<told.n1@told.example> <told.n2@told.example>";
    mail.is_mixed = true;
    assert_null(mail_validate(&mail));
    expect_lines(&mail, later);
}

static void test_mail_date_is_that_of_the_day(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"2024-02-29T23:59:59.999999Z", "Date: Thu, 29 Feb 2024 23:59:59 +0000"},
        {"1970-01-01T00:00:00Z", "Date: Thu, 1 Jan 1970 00:00:00 +0000"},
        {"1969-12-31T23:59:59.5Z", "Date: Wed, 31 Dec 1969 23:59:59 +0000"},
        {"2000-01-01T12:00:01+01:00", "Date: Sat, 1 Jan 2000 11:00:01 +0000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mail mail = make_mail();
        char *lines[MAIL_LINES_MOST];
        assert_true(instant_parse(rows[i][0], &mail.date));
        size_t count = mail_lines(&mail, lines);
        assert_string_equal(lines[0], rows[i][1]);
        for (size_t k = 0; k < count; k++)
            free(lines[k]);
    }
}

/* Each of them in each place; a text with a NUL ends there for C, and its rest is nobody's. */
static void test_mail_refuses_hostile_text_in_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        const char *text = HOSTILES[i].text;
        struct mail mail = make_mail();
        const char **places[] = {&mail.from, &mail.envelope_from, &mail.to, &mail.message_id, &mail.in_reply_to, &mail.references};
        char *inside = mem_printf("<%s@told.example>", text);
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            const char *kept = *places[k];
            *places[k] = text;
            if (strcmp(text, "ash@southwark.example") != 0 && mail_validate(&mail) == NULL)
                fail_msg("place %zu takes hostile text %zu: %s", k, i, text);
            *places[k] = kept;
        }
        mail.message_id = inside;
        if (strpbrk(text, "\r\n<> ") != NULL)
            assert_non_null(mail_validate(&mail));
        mail = make_mail();
        mail.subject = text;
        assert_int_equal(mail_validate(&mail) == NULL, *text && address_validate_header(text) == NULL);
        free(inside);
    }
}

static size_t count_of(const char *text, char c)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

/* In a notice they are words: as many tags as a plain word makes, a subject that is a header, nothing filled in twice. */
static void test_mail_says_hostile_values_and_does_not_do_them(void **state)
{
    (void)state;
    static const char template[] = "Subject: Case {{case}} - {{reference}}\n\n**Act by {{case}}:** {{case}}.\n\n{{case}}\n\n"
                                   "- Case: {{case}}\n- {{reference}}\n";
    json_t *plain = json_pack("{s:s, s:s}", "case", "01MP7", "reference", "D-17");
    struct notice want = {0};
    assert_null(notice_render(template, strlen(template), plain, &want));
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        json_t *value = json_stringn(HOSTILES[i].text, strlen(HOSTILES[i].text));
        struct notice got = {0};
        if (value == NULL) /* no UTF-8: no event can hold it */
            continue;
        json_t *values = json_pack("{s:o, s:s}", "case", value, "reference", "D-17");
        char *reason = notice_render(template, strlen(template), values, &got);
        if (reason != NULL)
            fail_msg("hostile text %zu: %s", i, reason);
        assert_null(address_validate_header(got.subject));
        assert_non_null(strstr(got.html, "D-17"));
        assert_true(count_of(got.html, '<') <= count_of(want.html, '<'));
        assert_true(count_of(got.html, '>') <= count_of(want.html, '>'));
        assert_null(strchr(got.text, '\r'));
        notice_release(&got);
        json_decref(values);
    }
    notice_release(&want);
    json_decref(plain);
}

static void test_mail_crlf_leaves_no_line_end_but_crlf(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},           {"a\nb", "a\r\nb"},       {"a\r\nb", "a\r\nb"},      {"a\rb", "a\r\nb"},
        {"\n\r", "\r\n\r\n"}, {"\r\r\n", "\r\n\r\n"}, {"\n.\r\n", "\r\n.\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *got = mail_crlf(rows[i][0]);
        assert_string_equal(got, rows[i][1]);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mail_has_our_lines_in_order),
        cmocka_unit_test(test_mail_date_is_that_of_the_day),
        cmocka_unit_test(test_mail_refuses_hostile_text_in_every_place),
        cmocka_unit_test(test_mail_says_hostile_values_and_does_not_do_them),
        cmocka_unit_test(test_mail_crlf_leaves_no_line_end_but_crlf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
