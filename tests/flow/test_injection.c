/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile text in every foreign field, from the socket to the mail server and the endpoint: ids, sources, case references,
 * hearings, courts, names of children, of workers and of teams, addresses. Whatever goes in: each mail has one recipient,
 * our headers and our tags, and there are as many mails as told knows of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "dealer.h"
#include "hostile.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z"
enum { QUIET_MS = 180000 };

/* ---- what goes in ---- */

/* As JSON writes it; bytes that are no UTF-8 stand as they are, and make a body that is none. */
static char *quoted(const struct hostile *hostile)
{
    struct buf b = {0};

    for (size_t i = 0; i < hostile->len; i++) {
        unsigned char c = (unsigned char)hostile->text[i];

        if (c < 0x20)
            buf_printf(&b, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            buf_printf(&b, "\\%c", c);
        else
            buf_char(&b, (char)c);
    }
    buf_text(&b, "");
    return buf_take(&b);
}

/* What PostgreSQL can hold; the rest never gets that far. */
static bool is_storable(const struct hostile *hostile)
{
    json_t *value = strlen(hostile->text) == hostile->len ? json_stringn(hostile->text, hostile->len) : NULL;
    bool storable = value != NULL;

    json_decref(value);
    return storable;
}

/* As an SQL literal. */
static char *literal(const char *text)
{
    struct buf b = {0};

    buf_char(&b, '\'');
    for (; *text != '\0'; text++)
        buf_printf(&b, "%s%c", *text == '\'' ? "'" : "", *text);
    buf_char(&b, '\'');
    return buf_take(&b);
}

/* `sql` with the id of the i-th worker and the i-th text in it. */
static void __attribute__((format(printf, 3, 0))) change(struct harness *h, size_t i, const char *sql)
{
    char *text = literal(HOSTILES[i].text), *statement = NULL;

    if (is_storable(&HOSTILES[i]) && asprintf(&statement, sql, text, i) > 0)
        PQclear(harness_query(h, statement));
    free(statement);
    free(text);
}

/* A worker each, whose name and team are hostile, allocated to a child each. Past the import, which may refuse some. */
static void make_people(struct harness *h)
{
    struct buf children = {0}, people = {0}, allocations = {0};
    char *path;

    buf_text(&children, "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
                        "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n");
    buf_text(&people, "person,name,email,team,webhook\n");
    buf_text(&allocations, "scheme,identifier,role,person,from\n");
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        buf_printf(&children, "LCS-9%03zu,2009-02-03,s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n", i);
        buf_printf(&people, "h-%03zu,Name,h%03zu@southwark.example,team-%03zu,%s\n", i, i, i, i % 4 == 0 ? "case-system" : "");
        buf_printf(&allocations, "lcs,LCS-9%03zu,social-worker,h-%03zu,2024-01-08\n", i, i);
    }
    harness_write(h, "c.csv", children.bytes);
    harness_write(h, "p.csv", people.bytes);
    harness_write(h, "a.csv", allocations.bytes);
    cast_succeed(h, "import", "directory", (path = harness_path(h, "p.csv")));
    free(path);
    cast_succeed(h, "import", "children", (path = harness_path(h, "c.csv")));
    free(path);
    cast_succeed(h, "import", "allocations", (path = harness_path(h, "a.csv")));
    free(path);
    for (size_t i = 0; i < HOSTILE_COUNT; i++)
        change(h, i,
               "WITH t AS (INSERT INTO told.team (team_id, name) SELECT v, v FROM (VALUES (%s)) x (v) RETURNING team_id)"
               " UPDATE told.person SET name = t.team_id, team_id = t.team_id FROM t WHERE person_id = 'h-%03zu'");
    buf_release(&children);
    buf_release(&people);
    buf_release(&allocations);
}

/* Every third worker's address as well; those before them keep one that works. */
static void make_addresses(struct harness *h)
{
    for (size_t i = 0; i < HOSTILE_COUNT; i += 3)
        change(h, i, "UPDATE told.person SET email = %s WHERE person_id = 'h-%03zu'");
    PQclear(harness_query(h, "UPDATE told.installation SET directory_version = directory_version + 1"));
}

static void say(struct dealer *dealer, const char *source, const char *type, size_t i, uint64_t sequence, const char *more)
{
    char *text = quoted(&HOSTILES[i]);
    char *body = mem_printf("{\"specversion\":\"1.0\",\"id\":\"%s %zu\",\"source\":\"%s\",\"type\":\"%s\",\"sequence\":\"%020llu\","
                            "\"time\":\"2024-06-03T08:50:00Z\",\"data\":{\"person\":{\"identifiers\":{\"lcs\":\"LCS-9%03zu\"},"
                            "\"given_names\":\"%s\",\"family_name\":\"%s\",\"born_on\":\"2009-02-03\"},\"case\":\"%s\"%s}}",
                            text, i, source, type, (unsigned long long)sequence, i, text, text, text, more);

    dealer_say_bytes(dealer, "EVENT", body, strlen(body));
    free(body);
    free(text);
}

/* All of them are kept: as an event, or in quarantine with the reason. */
static void await_kept(struct harness *h, const char *feed)
{
    char *want = mem_printf("%d", HOSTILE_COUNT);
    char *sql = mem_printf("SELECT (SELECT count(*) FROM told.event WHERE feed = '%s')"
                           " + (SELECT count(*) FROM told.quarantine WHERE feed = '%s')",
                           feed, feed);

    assert_true(harness_await(h, sql, want, QUIET_MS));
    free(sql);
    free(want);
}

static void say_charges(struct harness *h)
{
    struct dealer *dealer = dealer_open(h, "police");

    dealer_hello(dealer, "police/injection", 1, 1);
    json_decref(dealer_await(dealer, "WELCOME", QUIET_MS));
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        char *text = quoted(&HOSTILES[i]);
        char *more = mem_printf(",\"charged_on\":\"2024-05-31\",\"offences\":[{\"code\":\"%s\",\"title\":\"%s\"}],\"authority\":"
                                "\"southwark\",\"bail_objected\":false,\"exploitation_indicator\":false,\"drug_supply\":false",
                                text, text);

        say(dealer, "police/injection", "police.charge", i, i + 1, more);
        free(more);
        free(text);
    }
    await_kept(h, "police");
    dealer_close(dealer);
}

static void say_hearings(struct harness *h)
{
    struct dealer *dealer = dealer_open(h, "court");

    dealer_hello(dealer, "court/injection", 1, 1);
    json_decref(dealer_await(dealer, "WELCOME", QUIET_MS));
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        char *text = quoted(&HOSTILES[i]);
        char *more = mem_printf(",\"court\":\"%s\",\"hearing\":\"%s\",\"at\":\"2024-07-20T09:00:00Z\",\"purpose\":\"first\"",
                                i % 2 == 0 ? "camberwell-youth-court" : text, text);

        say(dealer, "court/injection", "court.hearing-listed", i, i + 1, more);
        free(more);
        free(text);
    }
    await_kept(h, "court");
    dealer_close(dealer);
}

/* The source too. told need not answer such a peer; it must go on. */
static void say_sources(struct harness *h)
{
    for (size_t i = 0; i < HOSTILE_COUNT; i += 5) {
        struct dealer *dealer = dealer_open(h, "yos");
        char *text = quoted(&HOSTILES[i]), *source = mem_printf("yos/%s", text);
        char *hello = mem_printf("{\"wire\":1,\"source\":\"%s\",\"epoch\":1,\"first_unacked\":\"%020d\"}", source, 1);

        dealer_say(dealer, "HELLO", hello);
        say(dealer, source, "yos.assessment", i, 1, ",\"state\":\"completed\",\"found\":[]");
        json_decref(dealer_await(dealer, "ACK", 300));
        dealer_close(dealer);
        free(hello);
        free(source);
        free(text);
    }
}

/* ---- what comes out ---- */

static bool is_one_of(const char *const *words, const char *text, size_t len)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == len && strncasecmp(*words, text, len) == 0)
            return true;
    return false;
}

static void check_header(const char *mail, int number)
{
    static const char *const OURS[] = {"Date",       "From",       "To",           "Subject",     "Message-ID",
                                       "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
                                       "MIME-Version", "Content-Type", NULL};
    size_t seen = 0;

    for (const char *line = mail; strncmp(line, "\r\n", 2) != 0;) {
        size_t name = strcspn(line, ":\r\n");
        const char *end = strstr(line, "\r\n");

        assert_non_null(end);
        /* The one line that is folded is libcurl's, with the boundary. */
        if (*line != ' ' && !is_one_of(OURS, line, name))
            fail_msg("mail %d has a header of somebody else's: %.*s", number, (int)(end - line), line);
        seen += strncasecmp(line, "To:", 3) == 0 || strncasecmp(line, "From:", 5) == 0 || strncasecmp(line, "Subject:", 8) == 0;
        line = end + 2;
    }
    assert_int_equal(seen, 3);
}

/* Every byte on its way: lines end in CRLF alone, nothing that is not ASCII, nothing longer than a line may be. */
static void check_bytes(const char *mail, int number)
{
    size_t column = 0;

    for (const char *at = mail; *at != '\0'; at++) {
        bool end = at[0] == '\r' && at[1] == '\n';

        if (!end && *at != '\t' && (*at < 0x20 || *at > 0x7e))
            fail_msg("mail %d has the byte %02x", number, (unsigned char)*at);
        column = end ? 0 : column + 1;
        assert_true(column <= 998);
        at += end;
    }
}

/* Quoted-printable undone. */
static char *unquoted(const char *text)
{
    char *out = mem_copy(text), *to = out;
    unsigned byte;

    for (const char *at = text; *at != '\0';) {
        if (strncmp(at, "=\r\n", 3) == 0)
            at += 3;
        else if (*at == '=' && sscanf(at + 1, "%2X", &byte) == 1)
            *to++ = (char)byte, at += 3;
        else
            *to++ = *at++;
    }
    *to = '\0';
    return out;
}

static void check_html(const char *html, int number)
{
    static const char *const OURS[] = {"!doctype", "html", "head", "meta",   "title", "body", "p",  "h1", "h2",
                                       "ul",       "ol",   "li",   "strong", "em",    "hr",   "br", "style", "a", NULL};
    int anchors = 0;

    for (const char *at = strchr(html, '<'); at != NULL && strncmp(html, "--", 2) != 0; at = strchr(at + 1, '<')) {
        const char *name = at + 1 + (at[1] == '/');

        if (!is_one_of(OURS, name, strcspn(name, " >/\r\n")))
            fail_msg("mail %d has a tag of somebody else's: %.40s", number, at);
        if (strncmp(at, "<a ", 3) == 0 && (anchors++, strstr(at, "thief") != NULL && strstr(at, "thief") < strchr(at, '>')))
            fail_msg("mail %d has a link of somebody else's: %.60s", number, at);
    }
}

static void check_mail(struct harness *h, int number, const char *to)
{
    char *mail = cast_mail(h, number), *part = strstr(mail, "Content-Type: text/html"), *html, *end;
    struct buf line = {0};

    buf_printf(&line, "\r\nTo: %s\r\n", to);
    if (strstr(mail, buf_string(&line)) == NULL)
        fail_msg("mail %d is not addressed to the one who gets it", number);
    check_header(mail, number);
    check_bytes(mail, number);
    assert_non_null(part);
    part = strstr(part, "\r\n\r\n");
    assert_non_null(part);
    end = strstr(part, "\r\n--------------------------");
    assert_non_null(end);
    *end = '\0';
    html = unquoted(part);
    check_html(html, number);
    buf_release(&line);
    free(html);
    free(mail);
}

static void check_mails(struct harness *h)
{
    json_t *mails = cast_lines(h, "mails.ndjson"), *mail;
    char *count = mem_printf("%zu", json_array_size(mails));
    size_t i;

    cast_expect(h, count,
                "SELECT count(*) FROM told.attempt a JOIN told.message USING (message_id) WHERE channel = 'email'"
                " AND a.outcome = 'delivered'");
    json_array_foreach(mails, i, mail)
    {
        const char *to = json_text_at(mail, "to"), *host = strchr(to, '@');

        assert_non_null(host);
        assert_true(strcmp(host, "@southwark.example") == 0 || strcmp(host, "@outside.southwark.example") == 0);
        assert_int_equal(strncmp(json_text_at(mail, "from"), "told+", 5), 0);
        assert_string_equal(strchr(json_text_at(mail, "from"), '@'), "@told.southwark.example");
        check_mail(h, (int)json_integer_value(json_object_get(mail, "n")), to);
    }
    free(count);
    json_decref(mails);
}

static void check_hooks(struct harness *h)
{
    static const char *const OURS[] = {"data", "timestamp", "type", NULL};
    json_t *hooks = cast_lines(h, "hooks.ndjson"), *hook;
    size_t i;

    assert_true(json_array_size(hooks) > 0);
    json_array_foreach(hooks, i, hook)
    {
        char *name = mem_printf("hooks/%06zu.json", i + 1), *text = harness_read(h, name), *reason = NULL;
        json_t *body = json_parse(text, strlen(text), &reason), *member;
        const char *key;

        if (body == NULL)
            fail_msg("webhook %zu: %s", i + 1, reason);
        assert_true(json_is_true(json_object_get(hook, "valid")));
        json_object_foreach(body, key, member) assert_true(is_one_of(OURS, key, strlen(key)));
        assert_string_equal(json_text_at(body, "type"), "told.notification");
        assert_null(json_object_get(json_object_get(body, "data"), "admin"));
        json_decref(body);
        free(text);
        free(name);
    }
    json_decref(hooks);
}

/* A line each, and nothing in it but printable ASCII and what told itself writes. */
static void check_log(struct harness *h)
{
    char *log = harness_log(h);

    for (const char *at = log; *at != '\0'; at++)
        if (*at != '\n' && (*at < 0x20 || *at > 0x7e))
            fail_msg("the log has the byte %02x: %.60s", (unsigned char)*at, at > log + 40 ? at - 40 : log);
    assert_null(strstr(log, "thief"));
    free(log);
}

static void await_quiet(struct harness *h)
{
    assert_true(harness_await(
        h,
        "WITH t AS (SELECT told_from + (clock_timestamp() - real_from) * rate AS now FROM told.installation)"
        " SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting')"
        " + (SELECT count(*) FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
        " + (SELECT count(*) FROM told.message WHERE state = 'claimed' OR (state = 'waiting' AND next_at <= (SELECT now FROM t)))"
        " + (SELECT count(*) FROM told.alarm WHERE duty_id IS NULL AND cleared_at IS NULL)",
        "0", QUIET_MS));
}

static void test_injection_leaves_one_recipient_and_our_headers(void **state)
{
    struct harness *h = *state = harness_start(
        &(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50, .senders = 2});

    cast_import(h);
    make_people(h);
    make_addresses(h);
    harness_told(h, NULL, NULL);
    say_charges(h);
    say_hearings(h);
    say_sources(h);
    await_quiet(h);
    harness_jump(h, "2024-06-03T09:11:00Z"); /* what waited for company */
    await_quiet(h);
    /* Most of them are text that an event may hold: they have been told, not only refused. */
    cast_expect(h, "t", "SELECT count(*) > %d FROM told.duty WHERE duty = 'D41' AND state = 'told'", HOSTILE_COUNT / 2);
    cast_expect(h, "0", "SELECT count(*) FROM told.message WHERE state = 'failed'");
    cast_expect(h, "t", "SELECT count(*) > 20 FROM told.alarm WHERE kind = 'address-refused'");
    check_mails(h);
    check_hooks(h);
    check_log(h);
    assert_true(harness_lines(h, "mails.ndjson") > HOSTILE_COUNT);
    /* Nobody of told was stopped by any of it. */
    cast_bystander(h);
}

/* ---- the way in that is a person's ---- */

static void test_injection_import_takes_none_for_an_address(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    char *path = harness_path(h, "bad.csv"), *at;
    const char *const argv[] = {"import", "directory", path, NULL};
    struct buf csv = {0}, err = {0};
    size_t rows = 0, faults = 0;

    buf_text(&csv, "person,name,email\n");
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        const struct hostile *hostile = &HOSTILES[i];

        if (!is_storable(hostile) || strspn(hostile->text, " \t\r\n\v\f") == hostile->len)
            continue;
        buf_printf(&csv, "h-%zu,Name,\"", i);
        for (size_t k = 0; k < hostile->len; k++)
            buf_printf(&csv, "%s%c", hostile->text[k] == '"' ? "\"" : "", hostile->text[k]);
        buf_text(&csv, "\"\n");
        rows++;
    }
    harness_write(h, "bad.csv", csv.bytes);
    assert_int_equal(harness_toldctl(h, "amara", argv, NULL, &err), 65);
    for (at = err.bytes; (at = strstr(at, "email: ")) != NULL; at++)
        faults++;
    if (faults != rows)
        fail_msg("%zu of %zu refused: %s", faults, rows, err.bytes);
    assert_null(strstr(err.bytes, "thief"));
    cast_expect(h, "0", "SELECT count(*) FROM told.person");
    buf_release(&csv);
    buf_release(&err);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_injection_leaves_one_recipient_and_our_headers, harness_teardown),
        cmocka_unit_test_teardown(test_injection_import_takes_none_for_an_address, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
