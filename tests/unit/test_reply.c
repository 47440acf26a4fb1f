/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "told/reply.h"

#define DELIVERED REPLY_DELIVERED, false
#define TEMPFAIL REPLY_TEMPFAIL, false
#define UNCERTAIN REPLY_TEMPFAIL, true
#define PERMFAIL REPLY_PERMFAIL, false

struct row {
    const char *label;
    int curl_code;
    long code;
    bool body_sent;
    enum reply_outcome outcome;
    bool uncertain;
};

static void assert_row(const struct row *row, struct reply reply)
{
    if (reply.outcome != row->outcome || reply.uncertain != row->uncertain || reply.reason == NULL)
        fail_msg("%s: %s%s, %s", row->label, reply_outcome_text(reply.outcome),
                 reply.uncertain ? " uncertain" : "", reply.reason != NULL ? reply.reason : "no reason");
}

static void test_reply_of_smtp_is_one_table(void **state)
{
    (void)state;
    /* As libcurl 7.88.1 reports them, stage by stage. */
    static const struct row rows[] = {
        {"250 after the dot", CURLE_OK, 250, true, DELIVERED},
        {"251 at the end", CURLE_OK, 251, true, DELIVERED},
        {"greeted with 554", CURLE_WEIRD_SERVER_REPLY, 554, false, TEMPFAIL},
        {"greeted with 421", CURLE_WEIRD_SERVER_REPLY, 421, false, TEMPFAIL},
        {"dropped at the greeting", CURLE_RECV_ERROR, 0, false, TEMPFAIL},
        {"HELO refused", CURLE_REMOTE_ACCESS_DENIED, 550, false, TEMPFAIL},
        {"EHLO 502, dropped at HELO", CURLE_RECV_ERROR, 502, false, TEMPFAIL},
        {"login refused", CURLE_LOGIN_DENIED, 535, false, TEMPFAIL},
        {"STARTTLS refused", CURLE_USE_SSL_FAILED, 554, false, TEMPFAIL},
        {"certificate not accepted", CURLE_PEER_FAILED_VERIFICATION, 220, false, TEMPFAIL},
        {"MAIL wants TLS", CURLE_SEND_ERROR, 530, false, TEMPFAIL},
        {"RCPT 550", CURLE_SEND_ERROR, 550, false, PERMFAIL},
        {"RCPT 553", CURLE_SEND_ERROR, 553, false, PERMFAIL},
        {"RCPT 599", CURLE_SEND_ERROR, 599, false, PERMFAIL},
        {"RCPT 451", CURLE_SEND_ERROR, 451, false, TEMPFAIL},
        {"RCPT 421", CURLE_SEND_ERROR, 421, false, TEMPFAIL},
        {"dropped at RCPT, 250 of MAIL", CURLE_RECV_ERROR, 250, false, TEMPFAIL},
        {"DATA 554", CURLE_SEND_ERROR, 554, false, PERMFAIL},
        {"554 after the dot", CURLE_WEIRD_SERVER_REPLY, 554, true, PERMFAIL},
        {"451 after the dot", CURLE_WEIRD_SERVER_REPLY, 451, true, TEMPFAIL},
        {"421 after the dot", CURLE_WEIRD_SERVER_REPLY, 421, true, TEMPFAIL},
        {"251 after the dot, refused by libcurl", CURLE_WEIRD_SERVER_REPLY, 251, true, UNCERTAIN},
        {"dropped after the dot", CURLE_RECV_ERROR, 354, true, UNCERTAIN},
        {"timed out after the dot", CURLE_OPERATION_TIMEDOUT, 354, true, UNCERTAIN},
        {"timed out before the body was out", CURLE_OPERATION_TIMEDOUT, 354, false, TEMPFAIL},
        {"no error and no code", CURLE_OK, 0, true, UNCERTAIN},
        {"no error, 354", CURLE_OK, 354, true, UNCERTAIN},
        {"no such relay", CURLE_COULDNT_RESOLVE_HOST, 0, false, TEMPFAIL},
        {"no connection", CURLE_COULDNT_CONNECT, 0, false, TEMPFAIL},
        {"an unknown code of libcurl", 999, 0, false, TEMPFAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_row(&rows[i], reply_of_smtp(rows[i].curl_code, rows[i].code, rows[i].body_sent));
}

/* What a destination is judged by: never by a recipient it refuses, nor by our own giving up. */
static void test_reply_tells_trouble_of_the_destination_from_that_of_a_message(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int curl_code;
        long code;
        bool body_sent, trouble;
    } rows[] = {
        {"250 after the dot", CURLE_OK, 250, true, false},
        {"no connection", CURLE_COULDNT_CONNECT, 0, false, true},
        {"greeted with 554", CURLE_WEIRD_SERVER_REPLY, 554, false, true},
        {"greeted with 450", CURLE_WEIRD_SERVER_REPLY, 450, false, true},
        {"HELO refused", CURLE_REMOTE_ACCESS_DENIED, 550, false, true},
        {"login refused", CURLE_LOGIN_DENIED, 535, false, true},
        {"no TLS", CURLE_USE_SSL_FAILED, 250, false, true},
        {"certificate not accepted", CURLE_PEER_FAILED_VERIFICATION, 220, false, true},
        {"MAIL wants a login", CURLE_SEND_ERROR, 530, false, true},
        {"RCPT 550", CURLE_SEND_ERROR, 550, false, false},
        {"RCPT 451", CURLE_SEND_ERROR, 451, false, false},
        {"RCPT 421", CURLE_SEND_ERROR, 421, false, true},
        {"554 after the dot", CURLE_WEIRD_SERVER_REPLY, 554, true, false},
        {"421 after the dot", CURLE_WEIRD_SERVER_REPLY, 421, true, true},
        {"timed out at RCPT", CURLE_OPERATION_TIMEDOUT, 250, false, true},
        {"timed out after the dot", CURLE_OPERATION_TIMEDOUT, 354, true, true},
        {"given up here", CURLE_ABORTED_BY_CALLBACK, 250, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (reply_of_smtp(rows[i].curl_code, rows[i].code, rows[i].body_sent).trouble != rows[i].trouble)
            fail_msg("SMTP: %s", rows[i].label);
    static const struct {
        int curl_code;
        long status;
        bool trouble;
    } http[] = {{CURLE_OK, 200, false}, {CURLE_OK, 404, false}, {CURLE_OK, 410, false}, {CURLE_OK, 302, false},
                {CURLE_OK, 500, true},  {CURLE_OK, 503, true},  {CURLE_OK, 429, true},  {CURLE_COULDNT_CONNECT, 0, true},
                {CURLE_OPERATION_TIMEDOUT, 0, true}};
    for (size_t i = 0; i < sizeof http / sizeof http[0]; i++)
        if (reply_of_http(http[i].curl_code, http[i].status, false, 0).trouble != http[i].trouble)
            fail_msg("HTTP: %ld, curl %d", http[i].status, http[i].curl_code);
}

static void test_reply_of_http_is_one_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"200", CURLE_OK, 200, true, DELIVERED},
        {"204", CURLE_OK, 204, true, DELIVERED},
        {"299", CURLE_OK, 299, true, DELIVERED},
        {"301", CURLE_OK, 301, true, PERMFAIL},
        {"304", CURLE_OK, 304, true, PERMFAIL},
        {"400", CURLE_OK, 400, true, PERMFAIL},
        {"401", CURLE_OK, 401, true, PERMFAIL},
        {"408", CURLE_OK, 408, true, TEMPFAIL},
        {"410", CURLE_OK, 410, true, PERMFAIL},
        {"413 before the body was out", CURLE_SEND_ERROR, 413, false, PERMFAIL},
        {"422", CURLE_OK, 422, true, PERMFAIL},
        {"425", CURLE_OK, 425, true, TEMPFAIL},
        {"429", CURLE_OK, 429, true, TEMPFAIL},
        {"500", CURLE_OK, 500, true, TEMPFAIL},
        {"501", CURLE_OK, 501, true, TEMPFAIL},
        {"503", CURLE_OK, 503, true, TEMPFAIL},
        {"503 cut short", CURLE_PARTIAL_FILE, 503, true, TEMPFAIL},
        {"599", CURLE_OK, 599, true, TEMPFAIL},
        {"600", CURLE_OK, 600, true, UNCERTAIN},
        {"nothing at all", CURLE_GOT_NOTHING, 0, true, UNCERTAIN},
        {"200 cut short", CURLE_PARTIAL_FILE, 200, true, UNCERTAIN},
        {"301 cut short", CURLE_RECV_ERROR, 301, true, UNCERTAIN},
        {"timed out after the body", CURLE_OPERATION_TIMEDOUT, 0, true, UNCERTAIN},
        {"timed out before the body was out", CURLE_OPERATION_TIMEDOUT, 0, false, TEMPFAIL},
        {"no such host", CURLE_COULDNT_RESOLVE_HOST, 0, false, TEMPFAIL},
        {"no connection", CURLE_COULDNT_CONNECT, 0, false, TEMPFAIL},
        {"certificate not accepted", CURLE_PEER_FAILED_VERIFICATION, 0, false, TEMPFAIL},
        {"malformed address", CURLE_URL_MALFORMAT, 0, false, PERMFAIL},
        {"a protocol not allowed", CURLE_UNSUPPORTED_PROTOCOL, 0, false, PERMFAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_row(&rows[i], reply_of_http(rows[i].curl_code, rows[i].code, rows[i].body_sent, 0));
}

/* Trap 11, over everything there is: no code of libcurl but 0 and no status but 2xx ever counts as delivered.
 */
static void test_reply_is_delivered_only_with_no_error_and_a_2xx(void **state)
{
    (void)state;
    for (int curl_code = 0; curl_code < CURL_LAST; curl_code++)
        for (long code = 0; code < 700; code++)
            for (int body_sent = 0; body_sent < 2; body_sent++) {
                bool right = curl_code == CURLE_OK && code / 100 == 2;
                struct reply smtp = reply_of_smtp(curl_code, code, body_sent);
                struct reply http = reply_of_http(curl_code, code, body_sent, 0);
                assert_int_equal(smtp.outcome == REPLY_DELIVERED, right);
                assert_int_equal(http.outcome == REPLY_DELIVERED, right);
                assert_true(!smtp.uncertain ||
                            (body_sent && smtp.outcome == REPLY_TEMPFAIL && (code < 400 || code > 599)));
                assert_true(!http.uncertain ||
                            (body_sent && http.outcome == REPLY_TEMPFAIL && (code < 400 || code > 599)));
                assert_non_null(smtp.reason);
                assert_non_null(http.reason);
            }
}

static void test_reply_keeps_the_wish_of_a_server_that_is_busy(void **state)
{
    (void)state;
    assert_int_equal(reply_of_http(CURLE_OK, 429, true, 30).retry_after_s, 30);
    assert_int_equal(reply_of_http(CURLE_OK, 503, true, 120).retry_after_s, 120);
    assert_int_equal(reply_of_http(CURLE_OK, 503, true, -5).retry_after_s, 0);
    assert_int_equal(reply_of_http(CURLE_OK, 404, true, 30).retry_after_s, 0);
    assert_int_equal(reply_of_http(CURLE_OK, 200, true, 30).retry_after_s, 0);
}

static void test_reply_says_when_an_endpoint_wants_no_more(void **state)
{
    (void)state;
    assert_true(reply_of_http(CURLE_OK, 410, true, 0).gone);
    assert_false(reply_of_http(CURLE_OK, 404, true, 0).gone);
    assert_false(reply_of_smtp(CURLE_SEND_ERROR, 550, false).gone);
}

static void test_reply_outcomes_have_words(void **state)
{
    (void)state;
    assert_string_equal(reply_outcome_text(REPLY_TEMPFAIL), "tempfail");
    assert_string_equal(reply_outcome_text(REPLY_DELIVERED), "delivered");
    assert_string_equal(reply_outcome_text(REPLY_PERMFAIL), "permfail");
}

static void test_reply_says_what_is_wrong_with_a_certificate(void **state)
{
    (void)state;
    assert_non_null(strstr(reply_certificate_text(0), "another host"));
    assert_non_null(strstr(reply_certificate_text(10), "expired"));
    assert_non_null(strstr(reply_certificate_text(19), "no authority we trust"));
    assert_string_equal(reply_certificate_text(7), "the server's certificate was not accepted");
}

/* What would be refused of every message is said to the operators; what is about one of them is not. */
static void test_reply_says_when_every_message_would_be_refused(void **state)
{
    (void)state;
    static const struct {
        long status;
        bool http, notify;
    } rows[] = {{200, false, false}, {301, true, true},   {400, false, true},  {401, true, true},   {403, true, true},
                {404, true, true},   {405, true, true},   {410, false, false}, {413, false, false}, {422, false, false},
                {429, false, false}, {500, false, false}, {503, false, false}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (reply_of_http(CURLE_OK, rows[i].status, true, 0).astray != rows[i].http ||
            reply_of_notify(CURLE_OK, rows[i].status, true, 0).astray != rows[i].notify)
            fail_msg("%ld", rows[i].status);
    assert_false(reply_of_http(CURLE_COULDNT_CONNECT, 0, false, 0).astray);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_of_smtp_is_one_table),
        cmocka_unit_test(test_reply_tells_trouble_of_the_destination_from_that_of_a_message),
        cmocka_unit_test(test_reply_of_http_is_one_table),
        cmocka_unit_test(test_reply_is_delivered_only_with_no_error_and_a_2xx),
        cmocka_unit_test(test_reply_keeps_the_wish_of_a_server_that_is_busy),
        cmocka_unit_test(test_reply_says_when_an_endpoint_wants_no_more),
        cmocka_unit_test(test_reply_outcomes_have_words),
        cmocka_unit_test(test_reply_says_what_is_wrong_with_a_certificate),
        cmocka_unit_test(test_reply_says_when_every_message_would_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
