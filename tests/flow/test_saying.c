/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to whom: thin to everybody, full only to assured mail over checked TLS; and that what was said stays to be
 * read, byte for byte. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cast.h"
#include "smtp_sink.h"
#include "told/json.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"
#define NAME "Quillonna Vantreese"
#define BORN "born 3 February 2009"

/* A relay that speaks TLS, beside the clear one of the harness. */
struct stand {
    struct harness *h;
    struct smtp_sink *sink;
    char *directory, *clear, *assured; /* configurations */
    pid_t told;
};

/* The configuration with another relay, which is the whole line of it, and with a link. */
static char *with_relay(const char *config, int port)
{
    const char *line = strstr(config, "email = {"), *rest = line != NULL ? strchr(line, '\n') : NULL;

    assert_non_null(rest);
    return mem_printf("%.*slink_base = \"https://told.southwark.example/duty/\";\nemail = { from = \"told@southwark.example\";"
                      " connect_timeout_s = 5; response_timeout_s = 5; assured = [ \"southwark.example\" ]; relays = ("
                      " { name = \"assured\"; tls = \"starttls\"; url = \"smtp://127.0.0.1:%d\"; ca_file = \"ca.pem\"; } ); };%s",
                      (int)(line - config), config, port, rest);
}

static void start_sink(struct stand *s, const char *script)
{
    int line = 0;
    char *ca = harness_path(s->h, "ca.pem");
    struct sink_tls_authority *authority = sink_tls_authority_new(ca);

    s->directory = harness_path(s->h, "assured");
    assert_int_equal(mkdir(s->directory, 0700), 0);
    s->sink = smtp_sink_new(s->directory, 0, sink_script_new(script, &line));
    assert_non_null(s->sink);
    smtp_sink_set_tls(s->sink, sink_tls_new(authority, SINK_TLS_GOOD), false);
    assert_true(smtp_sink_start(s->sink));
    sink_tls_authority_free(authority);
    free(ca);
}

static struct stand *begin(void **state, const char *script)
{
    struct stand *s = *state = mem_new(sizeof *s);

    s->h = harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    start_sink(s, script);
    s->clear = harness_read(s->h, "told.conf");
    s->assured = with_relay(s->clear, smtp_sink_port(s->sink));
    cast_import(s->h);
    return s;
}

static int teardown(void **state)
{
    struct stand *s = *state;

    smtp_sink_stop(s->sink);
    smtp_sink_free(s->sink);
    harness_stop(s->h);
    free(s->directory);
    free(s->clear);
    free(s->assured);
    free(s);
    return 0;
}

static void start_told(struct stand *s, const char *config)
{
    harness_write(s->h, "told.conf", config);
    s->told = harness_told(s->h, NULL, NULL);
}

static void charge(struct stand *s)
{
    cast_publish(s->h, &(struct cast_event){.type = "police.charge",
                                            .id = "charge-1",
                                            .time = "2024-06-03T08:50:00Z",
                                            .lcs = "LCS-1",
                                            .fields = CAST_CHARGE ",\"first_hearing\":{\"court\":\"camberwell-youth-court\","
                                                                  "\"at\":\"2024-06-10T09:00:00Z\"}"});
}

/* What toldctl prints of the first notification to p-ash. */
static char *notice(struct stand *s, const char *user, int want, const char *option, const char *value)
{
    char *id = cast_value(s->h, "SELECT min(notification_id) FROM told.notification WHERE recipient = 'p-ash' AND state <> 'superseded'");
    const char *argv[] = {"notice", id, option, value, NULL};
    struct buf out = {0}, err = {0};

    assert_int_equal(harness_toldctl(s->h, user, argv, &out, &err), want);
    free(id);
    buf_release(&err);
    return out.len > 0 ? buf_take(&out) : mem_copy("");
}

/* The part of a mail that begins with this header, its quoted-printable undone. The line before is its boundary. */
static char *part(const char *mail, const char *type)
{
    struct buf b = {0};
    const char *at = strstr(mail, type), *line = at, *body = at != NULL ? strstr(at, "\r\n\r\n") : NULL, *end;
    char *boundary;

    assert_non_null(body);
    for (line -= 2; line[-1] != '\n';)
        line--;
    boundary = mem_printf("\r\n%.*s", (int)(at - line - 2), line);
    end = strstr(body, boundary);
    free(boundary);
    assert_non_null(end);
    for (const char *c = body + 4; c < end; c++) {
        char hex[3] = {c[0] == '=' ? c[1] : '\0', c[0] == '=' ? c[2] : '\0', '\0'};

        if (*c == '\r')
            continue;
        if (*c != '=') {
            buf_char(&b, *c);
            continue;
        }
        if (hex[0] != '\r')
            buf_char(&b, (char)strtol(hex, NULL, 16));
        c += 2;
    }
    return buf_take(&b);
}

/* The first mail to p-ash in a sink's folder ("" or "assured/"). */
static char *mail_to_ash(struct stand *s, const char *folder)
{
    char *list_name = mem_printf("%smails.ndjson", folder), *list = harness_read(s->h, list_name), *name, *mail;
    const char *at = strstr(list, "\"to\":\"ash@");
    int number = 1;

    assert_non_null(at);
    for (const char *c = list; c < at; c++)
        number += *c == '\n';
    name = mem_printf("%smails/%06d.eml", folder, number);
    mail = harness_read(s->h, name);
    free(list_name);
    free(list);
    free(name);
    return mail;
}

static void assert_holds(const char *whole, const char *said)
{
    if (strstr(whole, said) == NULL)
        fail_msg("not found:\n%s\n---- in\n%s", said, whole);
}

static void test_saying_is_thin_and_shown_byte_for_byte(void **state)
{
    struct stand *s = begin(state, NULL);
    char *mail, *text, *html, *shown, *shown_html;
    json_t *shown_json;

    start_told(s, s->clear);
    charge(s);
    cast_settle(s->h);
    cast_expect(s->h, "thin merged 64", "SELECT DISTINCT concat_ws(' ', content, template, length(template_hash)) FROM told.message"
                                      " WHERE recipient = 'p-ash' AND frozen");
    mail = mail_to_ash(s, "");
    text = part(mail, "Content-Type: text/plain");
    html = part(mail, "Content-Type: text/html");
    shown = notice(s, "amara", 0, NULL, NULL);
    shown_html = notice(s, "amara", 0, "--html", NULL);
    assert_int_equal(strncmp(shown, "Subject: [told] ", 16), 0);
    assert_string_equal(strstr(shown, "\n\n") + 2, text);
    assert_string_equal(shown_html, html);
    assert_holds(text, "No name is given here on purpose");
    assert_null(strstr(text, "https://")); /* no base, no link */
    free(shown);
    shown = notice(s, "amara", 0, "--json", NULL);
    shown_json = json_parse(shown, strlen(shown), &(char *){NULL});
    assert_string_equal(json_text_at(shown_json, "text"), text);
    assert_string_equal(json_text_at(shown_json, "content"), "thin");
    json_decref(shown_json);
    free(notice(s, "amara", 65, "--attempt", "9"));
    free(notice(s, "amara", 64, "--attempt", "x"));
    free(notice(s, "told_reader", 77, NULL, NULL));
    cast_check(s->h);
    free(mail);
    free(text);
    free(html);
    free(shown);
    free(shown_html);
}

static void test_saying_is_full_to_assured_mail_over_checked_tls(void **state)
{
    struct stand *s = begin(state, "match=ash stage=dot do=accept-then-drop times=1\n");
    char *mail, *text, *shown;

    start_told(s, s->assured);
    charge(s);
    cast_await(s->h, "tempfail t", "SELECT concat_ws(' ', outcome, a.uncertain) FROM told.attempt a JOIN told.message USING"
                                   " (message_id) WHERE recipient = 'p-ash'");
    cast_expect(s->h, "full true", "SELECT content || ' ' || (body_text LIKE '%%" NAME ", " BORN "%%') FROM told.message"
                                " WHERE recipient = 'p-ash' AND frozen");
    cast_expect(s->h, "0", "SELECT count(*) FROM told.message WHERE subject LIKE '%%Vantreese%%'");
    shown = notice(s, "amara", 0, NULL, NULL);
    assert_holds(shown, "Hearing: camberwell-youth-court, Monday 10 June 2024 at 10:00");
    assert_holds(shown, "(https://told.southwark.example/duty/");
    assert_null(strstr(shown, "bluebells"));
    assert_null(strstr(shown, "may be a repeat"));
    mail = mail_to_ash(s, "assured/");
    text = part(mail, "Content-Type: text/plain");
    assert_string_equal(strstr(shown, "\n\n") + 2, text);
    free(shown);
    cast_jump(s->h, "2024-06-03T09:20:00Z");
    shown = notice(s, "amara", 0, NULL, NULL);
    assert_holds(shown, "This may be a repeat");
    free(shown);
    shown = notice(s, "amara", 0, "--attempt", "1");
    assert_string_equal(strstr(shown, "\n\n") + 2, text);
    /* Whoever is told of an alarm learns of nobody. */
    cast_expect(s->h, "0", "SELECT count(*) FROM told.message m JOIN told.notification USING (message_id) JOIN told.duty d"
                           " USING (duty_id) WHERE m.content = 'full' AND d.kind IN ('alarm', 'match')");
    assert_false(cast_log_has(s->h, "Vantreese"));
    free(mail);
    free(text);
    free(shown);
}

static void test_saying_names_nobody_once_the_relay_is_not_checked(void **state)
{
    struct stand *s = begin(state, "match=ash stage=rcpt do=451\n");
    char *mail;

    start_told(s, s->assured);
    charge(s);
    cast_await(s->h, "full 451", "SELECT concat_ws(' ', content, code) FROM told.attempt a JOIN told.message USING (message_id)"
                                 " WHERE recipient = 'p-ash'");
    cast_settle(s->h);
    harness_signal(s->h, s->told, SIGTERM);
    start_told(s, s->clear);
    cast_jump(s->h, "2024-06-03T09:20:00Z");
    cast_expect(s->h, "superseded|mail to this address may name nobody any more",
                "SELECT DISTINCT state || '|' || reason FROM told.notification n WHERE recipient = 'p-ash' AND message_id IN"
                " (SELECT message_id FROM told.message WHERE content = 'full')");
    cast_expect(s->h, "sent thin", "SELECT DISTINCT n.state || ' ' || content FROM told.notification n JOIN told.message USING"
                                   " (message_id) WHERE n.recipient = 'p-ash' AND n.state <> 'superseded'");
    mail = mail_to_ash(s, "");
    assert_holds(mail, "No name is given here on purpose");
    cast_check(s->h);
    free(mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_saying_is_thin_and_shown_byte_for_byte, teardown),
        cmocka_unit_test_teardown(test_saying_is_full_to_assured_mail_over_checked_tls, teardown),
        cmocka_unit_test_teardown(test_saying_names_nobody_once_the_relay_is_not_checked, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
