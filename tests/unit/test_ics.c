/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/ics.h"

static struct instant at(const char *text)
{
    struct instant ret;

    assert_true(instant_parse(text, &ret));
    return ret;
}

static const char ONE[] = "BEGIN:VCALENDAR\r\n"
                          "VERSION:2.0\r\n"
                          "PRODID:-//told//deadlines//EN\r\n"
                          "METHOD:PUBLISH\r\n"
                          "BEGIN:VEVENT\r\n"
                          "UID:duty-17@told.southwark.example\r\n"
                          "DTSTAMP:20240603T085000Z\r\n"
                          "SEQUENCE:1\r\n"
                          "ORGANIZER:mailto:told@southwark.example\r\n"
                          "DTSTART:20240604T160000Z\r\n"
                          "SUMMARY:Deadline of D-17\\, case 01MP1000124\r\n"
                          "STATUS:CONFIRMED\r\n"
                          "TRANSP:TRANSPARENT\r\n"
                          "CLASS:PRIVATE\r\n"
                          "END:VEVENT\r\n"
                          "END:VCALENDAR\r\n";

static void test_ics_publishes_a_deadline(void **state)
{
    (void)state;
    const struct ics_entry entry = {.uid = "duty-17@told.southwark.example",
                                    .sequence = 1,
                                    .due_at = at("2024-06-04T16:00:00Z"),
                                    .reference = "D-17",
                                    .case_ref = "01MP1000124"};
    /* The fraction of a second is dropped. */
    char *text = ics_print(ICS_PUBLISH, "told@southwark.example", at("2024-06-03T08:50:00.999Z"), &entry, 1);

    assert_string_equal(text, ONE);
    free(text);
}

static void test_ics_cancels_it_under_the_same_uid(void **state)
{
    (void)state;
    const struct ics_entry entry = {
        .uid = "duty-17@told.southwark.example", .sequence = 3, .due_at = at("2024-06-04T16:00:00Z"), .reference = "D-17"};
    char *text = ics_print(ICS_CANCEL, "told@southwark.example", at("2024-06-03T08:50:00Z"), &entry, 1);

    assert_non_null(strstr(text, "METHOD:CANCEL\r\n"));
    assert_non_null(strstr(text, "STATUS:CANCELLED\r\n"));
    assert_non_null(strstr(text, "SEQUENCE:3\r\n"));
    assert_non_null(strstr(text, "UID:duty-17@told.southwark.example\r\n"));
    assert_non_null(strstr(text, "SUMMARY:Deadline of D-17\r\n"));
    free(text);
}

static void test_ics_of_several_holds_one_event_each(void **state)
{
    (void)state;
    const struct ics_entry entries[] = {
        {.uid = "duty-1@x.example", .sequence = 1, .due_at = at("2024-06-04T16:00:00Z"), .reference = "D-1"},
        {.uid = "duty-2@x.example", .sequence = 2, .due_at = at("2024-06-05T16:00:00Z"), .reference = "D-2"}};
    char *text = ics_print(ICS_PUBLISH, "told@x.example", at("2024-06-03T08:50:00Z"), entries, 2);
    const char *first = strstr(text, "BEGIN:VEVENT"), *second = strstr(first + 1, "BEGIN:VEVENT");

    assert_non_null(second);
    assert_null(strstr(second + 1, "BEGIN:VEVENT"));
    assert_non_null(strstr(second, "UID:duty-2@x.example"));
    free(text);
}

/* Whatever a sender calls a case, it stays within its line; lines are short and end with CRLF. */
static void test_ics_keeps_foreign_text_in_its_place(void **state)
{
    (void)state;
    static const char *const table[] = {
        "x\r\nATTENDEE:mailto:evil@evil.example", "x\nEND:VEVENT", "a;b,c\\d\\n", "\t\x01\x7f",
        "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9"};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct ics_entry entry = {
            .uid = "u@x.example", .sequence = 1, .due_at = at("2024-06-04T16:00:00Z"), .reference = "D-1", .case_ref = table[i]};
        char *text = ics_print(ICS_PUBLISH, "told@x.example", at("2024-06-03T08:50:00Z"), &entry, 1);
        const char *line = text;

        assert_null(strstr(text, "\nATTENDEE"));
        assert_ptr_equal(strstr(text, "END:VEVENT\r\nEND:VCALENDAR\r\n"), text + strlen(text) - 27);
        for (const char *c = text; *c != '\0'; c++) {
            assert_true((unsigned char)*c >= 0x20 || *c == '\r' || *c == '\n');
            assert_int_equal(*c == '\n', c > text && c[-1] == '\r');
            if (*c == '\n') {
                assert_true(c - line <= 76);
                line = c + 1;
            }
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ics_publishes_a_deadline),
        cmocka_unit_test(test_ics_cancels_it_under_the_same_uid),
        cmocka_unit_test(test_ics_of_several_holds_one_event_each),
        cmocka_unit_test(test_ics_keeps_foreign_text_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
