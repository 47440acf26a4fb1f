/* SPDX-License-Identifier: Apache-2.0 */
/* import calendar: what a new list of bank holidays would change, said before it is put in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "config.h"
#include "desk.h"
#include "log.h"
#include "told/mem.h"

static void fail_on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fail_msg("%s:%d: %s", file, line, text);
}

/* A charge heard on Friday 31 May 2024: one working day, so Monday 3 June at 17:00. */
static int start(void **state)
{
    struct desk *desk;
    struct config *config;
    char *sql;

    log_open();
    desk = *state = desk_start();
    config = config_load(desk_config(desk), false, fail_on_fault, NULL);
    sql = mem_printf(
        "INSERT INTO told.child (created_at) VALUES ('2024-01-01');"
        "INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body) VALUES ('police/mps', 'c-1',"
        " 'police', 'police.charge', '2024-05-31 10:00Z', '2024-05-31 10:00Z', 'x', convert_to('{\"specversion\":\"1.0\","
        "\"id\":\"c-1\",\"source\":\"police/mps\",\"type\":\"police.charge\",\"time\":\"2024-05-31T10:00:00Z\","
        "\"data\":{\"person\":{}}}', 'UTF8'));"
        "INSERT INTO told.event_state (event_id, state, child_id) VALUES (1, 'decided', 1);"
        "INSERT INTO told.duty (kind, child_id, rule, key, duty, title, says, immediate, event_id, received_at, due_at, shows,"
        " closes, because, protocol_hash, calendar_hash, opened_at, next_at) VALUES ('duty', 1, 'D41', '[]', 'D41', 't', 's', false,"
        " 1, '2024-05-31 10:00Z', '2024-06-03 16:00Z', '', 'ack', '[]', '%s', '%s', '2024-05-31', '2024-06-03 16:00Z');"
        "INSERT INTO told.duty_ground VALUES (1, 1, '2024-05-31')",
        protocol_hash(config->protocol), calendar_hash(config->calendar));
    desk_value(desk, sql);
    free(sql);
    config_unref(config);
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

/* The configured one, with other days: the title is of the format and says nothing. */
static char *calendar_with(const char *leave_out, const char *add)
{
    json_t *all = json_load_file("conf/calendar/bank-holidays.json", 0, NULL), *one;
    json_t *events = json_object_get(json_object_get(all, "england-and-wales"), "events");
    char *text;
    size_t i;

    assert_non_null(events);
    for (i = json_array_size(events); i-- > 0;)
        if (strcmp(json_string_value(json_object_get(json_array_get(events, i), "date")), leave_out) == 0)
            json_array_remove(events, i);
    one = json_pack("{ss ss ss sb}", "title", "Made up", "date", add, "notes", "", "bunting", 0);
    if (*add != '\0')
        json_array_append(events, one);
    json_decref(one);
    text = json_dumps(all, JSON_INDENT(1));
    json_decref(all);
    return text;
}

static int import(struct desk *desk, const char *text)
{
    return desk_toldctl(desk, "amara", "import", "calendar", desk_write(desk, "days.json", text), NULL);
}

static void expect(struct desk *desk, const char *want)
{
    if (strstr(desk_out(desk), want) == NULL)
        fail_msg("\"%s\" is not in:\n%s%s", want, desk_out(desk), desk_err(desk));
}

static void test_import_calendar_says_what_would_change_and_stores_it(void **state)
{
    struct desk *desk = *state;
    char *text = calendar_with("2024-05-27", "2024-06-03");

    assert_int_equal(import(desk, text), 0);
    expect(desk, "added   2024-06-03\n");
    expect(desk, "removed 2024-05-27\n");
    expect(desk, "D-1 D41 would move from 2024-06-03 17:00 to 2024-06-04 17:00");
    expect(desk, "nothing counts by it yet");
    expect(desk, "bank-holidays.json");
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.calendar_version WHERE text LIKE '%Made up%'"), "1");
    assert_string_equal(desk_value(desk, "SELECT count(*) || min(who) FROM told.journal WHERE what = 'import'"), "1amara");
    /* Nothing moved: what told counts by is the configured file. */
    assert_string_equal(desk_value(desk, "SELECT due_at = '2024-06-03 16:00Z' FROM told.duty"), "t");
    assert_int_equal(import(desk, text), 0);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.calendar_version"), "1");
    free(text);
    text = calendar_with("", "");
    assert_int_equal(import(desk, text), 0);
    expect(desk, "it is the one in force");
    assert_null(strstr(desk_out(desk), "would move"));
    free(text);
}

static void test_import_calendar_refuses_what_cannot_be_used(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(import(desk, "{\n\"england-and-wales\": {\n"), 65);
    assert_non_null(strstr(desk_err(desk), "days.json:"));
    assert_non_null(strstr(desk_err(desk), "1 fault; nothing was imported"));
    assert_int_equal(import(desk, "{\"scotland\":{}}"), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "import", "calendar", "/nonexistent.json", NULL), 66);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.calendar_version WHERE text LIKE '%scotland%'"), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_calendar_says_what_would_change_and_stores_it),
        cmocka_unit_test(test_import_calendar_refuses_what_cannot_be_used),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
