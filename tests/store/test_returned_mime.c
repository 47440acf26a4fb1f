/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up mails in the forms that servers, programs and people send, and what each is taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "returned_mime.h"
#include "told/buf.h"
#include "told/mem.h"
#include "told/own_words.h"

#define TO "Delivered-To: told+abc@told.example\r\n"
#define DAEMON "Return-Path: <>\r\n" TO "From: MAILER-DAEMON@mx.example\r\n"
#define REPORT(boundary) "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"" boundary "\"\r\n"
#define GROUP(action, status) "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: " action "\r\nStatus: " status "\r\n"
#define STATUS_PART(b, action, status) "--" b "\r\nContent-Type: message/delivery-status\r\n\r\n" GROUP(action, status) "\r\n"
#define ORIGINAL(b) "--" b "\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <told.n7@told.example>\r\nFrom: told@told.example\r\nSubject: told\r\n\r\nreply with the code 7F3A9-C04D1\r\n--" b "--\r\n"
#define ASH TO "From: Ash Tree <ash@b.example>\r\nTo: told+abc@told.example\r\n"
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"
#define RE "Subject: Re: [told] D-1 act by Mon\r\nIn-Reply-To: <told.n7@told.example>\r\n"
#define NOTICE "> Act by Monday.\r\n> To say by mail that you know, reply with the\r\n> code 7F3A9-C04D1 typed above this text.\r\n"

static const struct {
    const char *name, *mail, *want; /* want: "kind status permanent absence codes" */
} MAILS[] = {
    {"postfix, unknown user", DAEMON "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n" REPORT("x") "\r\n--x\r\n\r\nI'm sorry\r\n" STATUS_PART("x", "failed", "5.1.1") ORIGINAL("x"),
     "bounce 5.1.1 permanent"},
    {"postfix, delayed", DAEMON "Subject: Delayed Mail (still being retried)\r\nAuto-Submitted: auto-replied\r\n" REPORT("x") "\r\n" STATUS_PART("x", "delayed", "4.4.1") ORIGINAL("x"), "delay 4.4.1"},
    {"postfix, given up", DAEMON "Subject: Undelivered Mail\r\n" REPORT("x") "\r\n" STATUS_PART("x", "failed", "4.4.1") ORIGINAL("x"), "bounce 4.4.1"},
    {"postfix, delivered", DAEMON "Subject: Successful Mail Delivery Report\r\n" REPORT("x") "\r\n" STATUS_PART("x", "delivered", "2.0.0") ORIGINAL("x"), "report 2.0.0"},
    {"postfix, relayed", DAEMON REPORT("x") "\r\n" STATUS_PART("x", "relayed (to non-DSN-aware mailer)", "2.0.0") "--x--\r\n", "report 2.0.0"},
    {"exim, report", "Return-path: <>\r\n" TO "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: a@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Mail delivery failed: returning message to sender\r\n" REPORT("x") "\r\n--x\r\n\r\nThis message was created automatically by mail delivery software.\r\n" STATUS_PART("x", "failed", "5.0.0") ORIGINAL("x"), "bounce 5.0.0 permanent"},
    {"exim, prose", "Return-path: <>\r\n" TO "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: a@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Mail delivery failed: returning message to sender\r\n\r\nThis message was created automatically by mail delivery software.\r\n  a@b.example\r\n    550 5.1.1 no such user\r\n", "bounce 5.1.1 permanent"},
    {"exim, warning", "Return-path: <>\r\n" TO "From: Mailer-Daemon@mx.example\r\nAuto-Submitted: auto-replied\r\nSubject: Warning: message 1aBcDe-0001 delayed 24 hours\r\n\r\nA message that you sent has not yet been delivered\r\n", "delay"},
    {"exchange, report", "Return-Path: <>\r\n" TO "From: postmaster@b.example\r\nSubject: Undeliverable: [told] D-1\r\n" REPORT("_000_") "\r\n--_000_\r\nContent-Type: text/html\r\n\r\n<b>Delivery has failed</b>\r\n" STATUS_PART("_000_", "failed", "5.1.10") ORIGINAL("_000_"), "bounce 5.1.10 permanent"},
    {"o365, report with its own fields", "Return-Path: <>\r\n" TO "From: <postmaster@b.onmicrosoft.example>\r\nX-MS-Exchange-Message-Is-Ndr: \r\nX-Auto-Response-Suppress: DR, OOF, AutoReply\r\nSubject: Undeliverable: [told] D-1\r\n" REPORT("x") "\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;AB1.example\r\nReceived-From-MTA: dns;x\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\nAction: failed\r\nStatus: 5.7.129\r\nDiagnostic-Code: smtp;550 5.7.129\r\nX-Display-Name: A\r\n\r\n" ORIGINAL("x"), "bounce 5.7.129 permanent"},
    {"o365, delayed", "Return-Path: <>\r\n" TO "From: postmaster@b.example\r\nSubject: Delivery delayed: [told]\r\n" REPORT("x") "\r\n" STATUS_PART("x", "delayed", "4.7.0") "--x--\r\n", "delay 4.7.0"},
    {"gmail, report", "Return-Path: <>\r\n" TO "From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>\r\nAuto-Submitted: auto-replied\r\nX-Failed-Recipients: a@b.example\r\nSubject: Delivery Status Notification (Failure)\r\n" REPORT("x") "\r\n--x\r\nContent-Type: multipart/related; boundary=y\r\n\r\n--y\r\nContent-Type: multipart/alternative; boundary=z\r\n\r\n--z\r\n\r\n** Address not found **\r\n--z--\r\n--y--\r\n" STATUS_PART("x", "failed", "5.1.1") ORIGINAL("x"), "bounce 5.1.1 permanent"},
    {"gmail, delay", "Return-Path: <>\r\n" TO "From: mailer-daemon@googlemail.example\r\nSubject: Delivery Status Notification (Delay)\r\n" REPORT("x") "\r\n" STATUS_PART("x", "delayed", "4.4.1") "--x--\r\n", "delay 4.4.1"},
    {"qmail", "Return-Path: <>\r\n" TO "From: MAILER-DAEMON@qmail.example\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at qmail.example.\r\n<a@b.example>:\r\n192.0.2.1 does not like recipient.\r\nRemote host said: 550 5.2.1 disabled\r\n", "bounce 5.2.1 permanent"},
    {"sendmail, prose without a status", "Return-Path: <>\r\n" TO "From: Mail Delivery Subsystem <MAILER-DAEMON@old.example>\r\nSubject: Returned mail: see transcript for details\r\n\r\n550 unknown user\r\n", "bounce permanent"},
    {"several recipients, the worst counts", DAEMON REPORT("x") "\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\nAction: delivered\r\nStatus: 2.1.5\r\n\r\nAction: FAILED\r\nStatus: 5.2.2 (full)\r\n\r\nAction: delayed\r\nStatus: 4.0.0\r\n\r\n--x--\r\n", "bounce 5.2.2 permanent"},
    {"report without an action", DAEMON REPORT("x") "\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\nStatus: 5.1.1\r\n\r\n--x--\r\n", "bounce 5.1.1 permanent"},
    {"report in base64", DAEMON REPORT("x") "\r\n--x\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\nUmVwb3J0aW5nLU1UQTogZG5zOyBtCgpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xCg==\r\n--x--\r\n", "bounce 5.1.1 permanent"},
    {"report cut short", DAEMON REPORT("x") "\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\nAction: failed\r\nStatus: 5.1.1", "bounce 5.1.1 permanent"},
    {"report with a status that is none", DAEMON REPORT("x") "\r\n" STATUS_PART("x", "failed", "permanent") "--x--\r\n", "bounce permanent"},
    {"utf-8 report (RFC 6533)", DAEMON REPORT("x") "\r\n--x\r\nContent-Type: message/global-delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\nAction: failed\r\nStatus: 5.6.7\r\n\r\n--x--\r\n", "bounce 5.6.7 permanent"},
    {"report that a person forwards is not theirs", ASH RE "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n" PLAIN "\r\nlook at this\r\n--m\r\nContent-Type: message/rfc822\r\n\r\n" DAEMON REPORT("x") "\r\n" STATUS_PART("x", "failed", "5.1.1") "--x--\r\n--m--\r\n", "reply"},
    {"receipt", ASH "Subject: Read: [told] D-1\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x\r\n\r\n--x\r\n\r\nwas read\r\n--x\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--x--\r\n", "receipt"},
    {"exchange, out of office", "Return-Path: <>\r\n" ASH "Subject: Automatic reply: [told] D-1\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n" PLAIN "\r\nI am on annual leave.\r\n", "automatic absence"},
    {"exchange, subject alone", ASH "Subject: Automatic reply: [told] D-1\r\nX-Auto-Response-Suppress: All\r\n" PLAIN "\r\nback on the 9th\r\n", "automatic"},
    {"gmail, vacation", ASH "Subject: Re: [told] D-1\r\nAuto-Submitted: auto-replied\r\nPrecedence: bulk\r\nX-Autoreply: yes\r\nIn-Reply-To: <told.n7@told.example>\r\n" PLAIN "\r\nI\xe2\x80\x99m away until Monday\r\n", "automatic absence"},
    {"welsh, out of office", ASH "Subject: =?utf-8?B?QXRlYiBhd3RvbWF0aWc6IHRvbGQ=?=\r\nAuto-Submitted: auto-replied\r\n" PLAIN "\r\nRydw i allan o\xe2\x80\x99r swyddfa tan ddydd Llun.\r\n", "automatic absence"},
    {"welsh, by its subject", ASH "Subject: Allan o'r swyddfa\r\n" PLAIN "\r\nAr wyliau.\r\n", "automatic absence"},
    {"sieve vacation", ASH "Subject: Auto: [told]\r\nAuto-Submitted: auto-replied (vacation)\r\n" PLAIN "\r\nLater.\r\n", "automatic"},
    {"helpdesk that says so", ASH "Subject: [Ticket 77] received\r\nAuto-Submitted: auto-generated\r\n" PLAIN "\r\nThank you for contacting us.\r\n" NOTICE, "automatic"},
    {"helpdesk that does not say so and quotes", ASH RE PLAIN "\r\nThank you for contacting us. A colleague will be in touch.\r\n\r\n" NOTICE, "reply"},
    {"Auto-Submitted: no is a person", ASH RE "Auto-Submitted: no\r\n" PLAIN "\r\n7F3A9-C04D1\r\n", "reply 7F3A9C04D1"},
    {"an Exchange rule on a person's mail", ASH RE "X-Auto-Response-Suppress: DR, OOF\r\n" PLAIN "\r\nok 7f3a9c04d1\r\n", "reply 7F3A9C04D1"},
    {"reply on top", ASH RE PLAIN "\r\nI know. 7F3A9-C04D1\r\n\r\nOn Mon, 3 Jun 2024 at 10:00, told <told@told.example> wrote:\r\n" NOTICE, "reply 7F3A9C04D1"},
    {"reply below", ASH RE PLAIN "\r\nOn Mon, 3 Jun 2024,\r\ntold <told@told.example> wrote:\r\n" NOTICE "\r\nNoted, 7f3a9 c04d1.\r\n", "reply 7F3A9C04D1"},
    {"outlook, quote not marked", ASH RE PLAIN "\r\nThanks\r\n\r\nFrom: told <told@told.example>\r\nSent: 03 June 2024 10:00\r\nTo: Ash\r\nSubject: [told] D-1\r\n\r\nCode 7F3A9-C04D1 here\r\n", "reply"},
    {"outlook, typed above", ASH RE PLAIN "\r\n7F3A9-C04D1\r\n________________________________\r\nFrom: told\r\nreply with the code AAAAA-BBBBB typed\r\n", "reply 7F3A9C04D1"},
    {"outlook, welsh", ASH RE PLAIN "\r\nDiolch\r\n\r\nOddi wrth: told\r\nAnfonwyd: 3 Mehefin\r\nAt: Ash\r\nPwnc: told\r\n\r\n7F3A9-C04D1\r\n", "reply"},
    {"quote without any mark", ASH RE PLAIN "\r\nThis is not mine.\r\n\r\nTo say by mail that you know, reply with the\r\ncode 7F3A9-C04D1 typed above this text.\r\n", "reply"},
    {"html alone, gmail", ASH RE "Content-Type: text/html; charset=utf-8\r\n\r\n<div dir=ltr>Noted 7F3A9-C04D1<br></div><div class=\"gmail_quote\"><div>On Mon told wrote:</div><blockquote>code BBBBB-11111</blockquote></div>\r\n", "reply 7F3A9C04D1"},
    {"html alone, quoted only", ASH RE "Content-Type: text/html\r\n\r\n<p>no</p><div id=\"divRplyFwdMsg\"><b>From:</b> told</div><div>7F3A9-C04D1</div>\r\n", "reply"},
    {"html alone, split by tags", ASH RE "Content-Type: text/html\r\n\r\n<style>x{}</style><p>Noted&nbsp;<b>7F3A9</b>-C04D1</p>\r\n", "reply 7F3A9C04D1"},
    {"html in quoted-printable", ASH RE "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Caf=E9 7F3A9=\r\n-C04D1</p>\r\n", "reply 7F3A9C04D1"},
    {"text in base64 and utf-16", ASH RE "Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\nNwBGADMAQQA5AC0AQwAwADQARAAxAA==\r\n", "reply 7F3A9C04D1"},
    {"blank text beside html", ASH RE "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n" PLAIN "\r\n \r\n--x\r\nContent-Type: text/html\r\n\r\n<p>7F3A9-C04D1</p>\r\n--x--\r\n", "reply 7F3A9C04D1"},
    {"signed", ASH RE "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=x\r\n\r\n--x\r\n" PLAIN "\r\n7F3A9-C04D1\r\n--x\r\nContent-Type: application/pkcs7-signature\r\n\r\nAAAA\r\n--x--\r\n", "reply 7F3A9C04D1"},
    {"code in an attachment does not count", ASH RE "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" PLAIN "\r\nsee attached\r\n--x\r\n" PLAIN "Content-Disposition: attachment\r\n\r\n7F3A9-C04D1\r\n--x--\r\n", "reply"},
    {"two codes", ASH RE PLAIN "\r\n7F3A9-C04D1 and 00000-AAAAA, 7F3A9-C04D1 again\r\n", "reply 7F3A9C04D1 00000AAAAA"},
    {"numbers that are no code", ASH RE PLAIN "\r\ncall 07700900123 or 0770 0900 123, ref 7F3A9-C04D12\r\n", "reply"},
    {"forwarded with words", ASH "Subject: Fw: [told] D-1\r\n" PLAIN "\r\nfor you?\r\n-----Original Message-----\r\n7F3A9-C04D1\r\n", "other"},
    {"new mail with a code", ASH "Subject: D-1\r\n" PLAIN "\r\n7F3A9-C04D1\r\n", "reply 7F3A9C04D1"},
    {"from two people", TO "From: a@b.example, c@d.example\r\n" RE PLAIN "\r\n7F3A9-C04D1\r\n", "other 7F3A9C04D1"},
    {"mailing list", ASH RE "List-Id: <x.b.example>\r\nPrecedence: list\r\n" PLAIN "\r\nhi\r\n", "other"},
    {"newsletter", ASH "Subject: Offers\r\nPrecedence: bulk\r\n" PLAIN "\r\nbuy\r\n", "automatic"},
    {"spam", TO "From: x@spam.example\r\nSubject: hello\r\n" PLAIN "\r\nclick\r\n", "other"},
    {"nothing", "", "other"},
    {"no head", "\r\n\r\nonly a body 7F3A9-C04D1\r\n", "other 7F3A9C04D1"},
    {"bare CR", "From: ash@b.example\rSubject: x\r\n\r\nbody\r7F3A9-C04D1\r", "reply 7F3A9C04D1"},
    {"boundary that never comes", ASH RE "Content-Type: multipart/mixed; boundary=none\r\n\r\nno part\r\n", "reply"},
    {"unknown charset", ASH RE "Content-Type: text/plain; charset=x-martian\r\n\r\n\xff\xfe 7F3A9-C04D1\r\n", "reply 7F3A9C04D1"},
};

static int start(void **state)
{
    (void)state;
    returned_mime_start();
    return 0;
}

/* In the form of MAILS.want. */
static char *judge(const char *bytes, size_t len)
{
    struct returned_mail mail;
    struct returned judged;
    struct buf b = {0};
    char codes[4][OWN_WORDS_CODE_SIZE], *words;
    size_t count;

    returned_mime_read(bytes, len, &mail);
    returned_judge(&mail, &judged);
    words = own_words_of(mail.text, mail.html);
    count = own_words_codes(words, codes, 4);
    buf_text(&b, returned_text(judged.kind));
    if (judged.status[0] != '\0')
        buf_printf(&b, " %s", judged.status);
    buf_text(&b, judged.is_permanent ? " permanent" : "");
    buf_text(&b, judged.is_absence ? " absence" : "");
    for (size_t i = 0; i < count && judged.kind != RETURNED_BOUNCE; i++)
        buf_printf(&b, " %s", codes[i]);
    free(words);
    returned_mail_release(&mail);
    return buf_take(&b);
}

static void test_returned_mime_takes_each_mail_for_what_it_is(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof MAILS / sizeof *MAILS; i++) {
        char *got = judge(MAILS[i].mail, strlen(MAILS[i].mail));

        if (strcmp(got, MAILS[i].want) != 0) {
            print_message("%s: %s, not %s\n", MAILS[i].name, got, MAILS[i].want);
            wrong++;
        }
        free(got);
    }
    assert_int_equal(wrong, 0);
}

/* Many servers and mail programs write LF alone. */
static void test_returned_mime_reads_bare_line_feeds_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MAILS / sizeof *MAILS; i++) {
        struct buf b = {0};
        char *got;

        for (const char *c = MAILS[i].mail; *c != '\0'; c++)
            if (*c != '\r' || c[1] != '\n')
                buf_char(&b, *c);
        got = judge(buf_string(&b), b.len);
        if (strcmp(got, MAILS[i].want) != 0)
            fail_msg("%s: %s, not %s", MAILS[i].name, got, MAILS[i].want);
        free(got);
        buf_release(&b);
    }
}

static void test_returned_mime_finds_where_it_came_to_and_what_it_is_about(void **state)
{
    static const char MAIL[] = DAEMON "To: \"told\" <told+TOKEN@told.example>, other@b.example\r\n" REPORT("x") "\r\n" STATUS_PART("x", "failed", "5.1.1")
        "--x\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <told+inner@told.example>\r\nMessage-ID: <told.n9@told.example>\r\n\r\n--x--\r\n";
    struct returned_mail mail;

    (void)state;
    returned_mime_read(MAIL, sizeof MAIL - 1, &mail);
    assert_int_equal(mail.to_count, 4);
    assert_string_equal(mail.to[0], "told+abc@told.example");
    assert_string_equal(mail.to[1], "told+TOKEN@told.example");
    assert_string_equal(mail.to[3], "told+inner@told.example");
    assert_int_equal(mail.refers_count, 1);
    assert_string_equal(mail.refers[0], "<told.n9@told.example>");
    assert_false(mail.is_answer);
    returned_mail_release(&mail);
}

static void test_returned_mime_bounds_what_is_huge_or_deep(void **state)
{
    struct buf deep = {0}, wide = {0}, many = {0};
    char *got;

    (void)state;
    buf_text(&deep, "From: a@b.example\r\n");
    for (int i = 0; i < 5000; i++)
        buf_printf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    got = judge(deep.bytes, deep.len);
    assert_string_equal(got, "other");
    free(got);
    buf_text(&wide, ASH RE PLAIN "\r\n7F3A9-C04D1\r\n");
    for (int i = 0; i < 200000; i++)
        buf_text(&wide, "a line of a very long mail, and another\r\n");
    got = judge(wide.bytes, wide.len);
    assert_string_equal(got, "reply 7F3A9C04D1");
    free(got);
    buf_text(&many, ASH "References:");
    for (int i = 0; i < 20000; i++)
        buf_printf(&many, " <%d@x.example>", i);
    buf_text(&many, "\r\nTo: ");
    for (int i = 0; i < 20000; i++)
        buf_printf(&many, "a%d@x.example,", i);
    buf_text(&many, "\r\n\r\nx\r\n");
    got = judge(many.bytes, many.len);
    assert_string_equal(got, "reply");
    free(got);
    buf_release(&deep);
    buf_release(&wide);
    buf_release(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returned_mime_takes_each_mail_for_what_it_is),
        cmocka_unit_test(test_returned_mime_reads_bare_line_feeds_alike),
        cmocka_unit_test(test_returned_mime_finds_where_it_came_to_and_what_it_is_about),
        cmocka_unit_test(test_returned_mime_bounds_what_is_huge_or_deep),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
