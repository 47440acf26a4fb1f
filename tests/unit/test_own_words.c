/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody wrote themselves, and the codes in it: a code that was only quoted never counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/delivery_report.h"
#include "told/mem.h"
#include "told/own_words.h"

#define NOTICE "To say by mail that you know, reply with the\r\ncode 7F3A9-C04D1 typed above this text.\r\n"

/* Codes with blanks between. */
static char *codes_of(const char *text, const char *html)
{
    char codes[4][OWN_WORDS_CODE_SIZE], *words = own_words_of(text, html);
    size_t count = own_words_codes(words, codes, 4);
    struct buf b = {0};

    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s", i > 0 ? " " : "", codes[i]);
    free(words);
    return b.len > 0 ? buf_take(&b) : mem_copy("");
}

static void test_own_words_are_what_was_not_quoted(void **state)
{
    static const struct {
        const char *text, *html, *want;
    } table[] = {
        {"", NULL, ""},
        {NULL, NULL, ""},
        {"one\r\ntwo\r\n", NULL, "one\ntwo\n"},
        {"one\ntwo", "<p>three</p>", "one\ntwo\n"},
        {" \r\n\t", "<p>three</p>", "three\n"},
        {"mine\n> theirs\n  > theirs\n| theirs\nmine too", NULL, "mine\nmine too\n"},
        {"mine\nOn Mon, told wrote:\n> theirs\nbelow", NULL, "mine\nbelow\n"},
        {"mine\nOn Monday the third of June,\ntold of Southwark\nwrote:\n\ntheirs, unmarked", NULL, "mine\n"},
        {"mine\nAr ddydd Llun, ysgrifennodd told:\n> nhw", NULL, "mine\n"},
        {"On Monday I wrote: nothing", NULL, "On Monday I wrote: nothing\n"},
        {"mine\n-----Original Message-----\ntheirs", NULL, "mine\n"},
        {"mine\n-----Neges wreiddiol-----\ntheirs", NULL, "mine\n"},
        {"mine\n________________________________\ntheirs", NULL, "mine\n"},
        {"____\nmine", NULL, "____\nmine\n"},
        {"mine\nFrom: told\nDate: today\nTo: me\n\ntheirs", NULL, "mine\n"},
        {"From: what I hear, all is well", NULL, "From: what I hear, all is well\n"},
        {NULL, "a&amp;b &#60;c&#x3e; &lt;d&gt; &#0;&#xD800;&bogus;", "a&b <c> <d>   &bogus;\n"},
        {NULL, "<p>a</p><!-- <p>b</p> --><script>c</script>d", "a\nd\n"},
        {NULL, "a<blockquote>b<blockquote>c</blockquote>d</blockquote>e", "a\ne\n"},
        {NULL, "a<div class=\"gmail_quote\">b<div>c</div>d</div>e", "a\ne\n"},
        {NULL, "a<div id='divRplyFwdMsg'>b</div>c", "a\n"},
        {NULL, "a<p", "a\n"},
        {NULL, "a<!-- b", "a\n"},
        {NULL, "<style>a", ""},
        {NULL, "</blockquote></div>a", "a\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *got = own_words_of(table[i].text, table[i].html);

        if (strcmp(got, table[i].want) != 0)
            fail_msg("row %zu: \"%s\", not \"%s\"", i, got, table[i].want);
        free(got);
    }
}

static void test_own_words_codes_are_those_that_were_typed(void **state)
{
    static const struct {
        const char *text, *want;
    } table[] = {
        {"7F3A9-C04D1", "7F3A9C04D1"},
        {"ack 7f3a9 c04d1!", "7F3A9C04D1"},
        {"7f3a9c04d1.", "7F3A9C04D1"},
        {"x7F3A9-C04D1", ""},
        {"7F3A9-C04D12", ""},
        {"7F3A9--C04D1", "7F3A9C04D1"},
        {"7F3A9 - C04D1", "7F3A9C04D1"},
        {"7F3A9\xe2\x80\x93" "C04D1", "7F3A9C04D1"},
        {"7F3A9 \xe2\x80\x94 C04D1", "7F3A9C04D1"},
        {"7F3A9\xe2\x88\x92" "C04D1", "7F3A9C04D1"},
        {"7F3A9\xc2\xa0" "C04D1", "7F3A9C04D1"},
        {"7F3A9    C04D1", ""},
        {"7F3A9/C04D1", ""},
        {"7F3-A9C04D1", ""},
        {"7F3A9-\nC04D1", ""},
        {"7F3A9-C04D1 7F3A9 C04D1 00000-00000", "7F3A9C04D1 0000000000"},
        {NOTICE, ""},
        {"Reply  With\n the *code* 7F3A9-C04D1", ""},
        {"> reply with the code 7F3A9-C04D1", ""},
        {"7F3A9-C04D1\r\n\r\n" NOTICE, "7F3A9C04D1"},
        {"here is the code 7F3A9-C04D1", "7F3A9C04D1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *got = codes_of(table[i].text, NULL);

        if (strcmp(got, table[i].want) != 0)
            fail_msg("row %zu: \"%s\", not \"%s\"", i, got, table[i].want);
        free(got);
    }
}

static void test_own_words_codes_anywhere_are_quoted_ones_too(void **state)
{
    char codes[2][OWN_WORDS_CODE_SIZE];

    (void)state;
    assert_int_equal(own_words_codes_anywhere(NOTICE, codes, 2), 1);
    assert_string_equal(codes[0], "7F3A9C04D1");
    assert_int_equal(own_words_codes_anywhere("00000-00001 00000-00002 00000-00003", codes, 2), 2);
}

static void test_delivery_report_takes_the_worst_recipient(void **state)
{
    static const struct {
        const char *text, *action, *status;
    } table[] = {
        {"", NULL, NULL},
        {"Reporting-MTA: dns; m\n\nAction: failed\nStatus: 5.1.1\n", "failed", "5.1.1"},
        {"reporting-mta: m\r\n\r\nACTION:  delayed\r\nSTATUS:\t4.4.1\r\n\r\naction: delivered\r\n", "delayed", "4.4.1"},
        {"Action: delivered\n\nAction: Failed\nStatus: 5.0.0\n\nAction: failed\nStatus: 5.2.2", "Failed", "5.0.0"},
        {"Action: failed\nAction: delivered", "failed", NULL},
        {"Status: 5.1.1", NULL, "5.1.1"},
        {"nothing of the kind", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct delivery_report got = {0};

        delivery_report_read(table[i].text, &got);
        assert_string_equal(got.worst.action != NULL ? got.worst.action : "-", table[i].action != NULL ? table[i].action : "-");
        assert_string_equal(got.worst.status != NULL ? got.worst.status : "-", table[i].status != NULL ? table[i].status : "-");
        delivery_report_release(&got);
    }
}

static void test_delivery_report_finds_what_it_says_of_an_address(void **state)
{
    static const char TEXT[] = "Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; member@b.example\nAction: failed\nStatus: 5.1.1\n\n"
                               "Original-Recipient: rfc822;Ash@B.example\nFinal-Recipient: rfc822;ash@inner.example\n"
                               "Action: expanded (to multi-recipient alias)\nStatus: 2.0.0\n\nFinal-Recipient: <bare@b.example>\nAction: delayed\n";
    struct delivery_report got = {0};

    (void)state;
    delivery_report_read(TEXT, &got);
    assert_int_equal(got.count, 3);
    assert_string_equal(got.worst.action, "failed");
    assert_string_equal(delivery_report_about(&got, "ash@b.example")->status, "2.0.0");
    assert_string_equal(delivery_report_about(&got, "member@b.example")->status, "5.1.1");
    assert_string_equal(delivery_report_about(&got, "bare@b.example")->action, "delayed");
    assert_null(delivery_report_about(&got, "h@b.example"));
    assert_null(delivery_report_about(&got, "ash@b.example.com"));
    delivery_report_release(&got);
    delivery_report_read("Final-Recipient: rfc822; a@b.example\n\n", &got);
    for (int i = 0; i < 100; i++)
        delivery_report_read("Final-Recipient: rfc822; a@b.example\nAction: failed\n\n", &got);
    assert_int_equal(got.count, DELIVERY_GROUPS_MOST);
    delivery_report_release(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_words_are_what_was_not_quoted),
        cmocka_unit_test(test_own_words_codes_are_those_that_were_typed),
        cmocka_unit_test(test_own_words_codes_anywhere_are_quoted_ones_too),
        cmocka_unit_test(test_delivery_report_takes_the_worst_recipient),
        cmocka_unit_test(test_delivery_report_finds_what_it_says_of_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
