/* SPDX-License-Identifier: Apache-2.0 */
/* What toldctl shows, and the commands that set aside things going again: quarantine, feeds, journal. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk.h"
#include "log.h"
#include "store.h"
#include "told/hashchain.h"
#include "told/mem.h"

static int start(void **state)
{
    log_open();
    struct desk *desk = *state = desk_start();
    desk_value(
        desk,
        "INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body)"
        " VALUES ('police/x', E'\\033[31mid', 'police', 'police.charge', '2024-05-31 10:00Z', '2024-05-31 "
        "10:01Z', '', '{}');"
        "INSERT INTO told.event_state (event_id, state, reason) VALUES (1, 'decided', 'a duty');"
        "INSERT INTO told.child (created_at) VALUES (now());"
        "INSERT INTO told.duty (kind, child_id, rule, key, duty, title, says, immediate, received_at, due_at, "
        "shows, closes, because,"
        " protocol_hash, calendar_hash, opened_at, next_at) VALUES ('duty', 1, 'D41', '[]', 'D41', 'Tell the "
        "worker', 'Read the case', false,"
        " '2024-05-31 10:01Z', '2024-06-01 16:00Z', '', 'ack', '[\"why\"]', 'p', 'c', '2024-05-31 10:01Z', "
        "'2024-06-03 16:00Z');"
        "INSERT INTO told.duty_ground VALUES (1, 1, now());"
        "INSERT INTO told.duty_line (duty_id, line, role, above, next_at) VALUES (1, 0, 'social-worker', "
        "'{director}', now());"
        "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, state, created_at)"
        " VALUES (1, 1, 0, 0, 'tell', 'social-worker', 'email', 'queued', now())");
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

static json_t *json_of(struct desk *desk)
{
    json_t *value = json_loads(desk_out(desk), 0, NULL);
    if (!value)
        fail_msg("no JSON: %s%s", desk_out(desk), desk_err(desk));
    return value;
}

static void test_listing_has_a_table_and_a_json_twin(void **state)
{
    static const char *const lists[] = {"events",  "duties",     "notifications",
                                        "reviews", "quarantine", "feeds"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        assert_int_equal(desk_toldctl(*state, "amara", lists[i], NULL), 0);
        assert_int_equal(desk_toldctl(*state, "amara", lists[i], "--json", NULL), 0);
        json_t *list = json_of(*state);
        assert_true(json_is_array(list));
        if (strcmp(lists[i], "feeds") != 0) /* which lists those of the configuration too */
            assert_int_equal(json_array_size(list), i < 3 ? 1 : 0);
        json_decref(list);
    }
}

static void test_listing_shows_no_control_bytes_on_a_terminal(void **state)
{
    assert_int_equal(desk_toldctl(*state, "amara", "events", NULL), 0);
    assert_null(strchr(desk_out(*state), '\033'));
    assert_non_null(strstr(desk_out(*state), "2024-05-31 11:01")); /* London, in summer */
}

static void test_listing_filters_duties(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *words[3];
        size_t count;
    } rows[] = {{{"--open", NULL}, 1},
                {{"--overdue", NULL}, 1},
                {{"--child", "1", NULL}, 1},
                {{"--child", "2", NULL}, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(
            desk_toldctl(desk, "amara", "duties", "--json", rows[i].words[0], rows[i].words[1], NULL), 0);
        json_t *list = json_of(desk);
        assert_int_equal(json_array_size(list), rows[i].count);
        json_decref(list);
    }
    assert_int_equal(desk_toldctl(desk, "amara", "duties", "--child", "one", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "duties", "--shoe", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "duties", "surplus", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "dutees", NULL), 64);
}

static void test_listing_shows_a_duty_whole(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_toldctl(desk, "amara", "duty", "1", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "duty", "1", "--json", NULL), 0);
    json_t *whole = json_of(desk);
    static const char *const parts[] = {"grounds", "lines", "notifications"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(json_array_size(json_object_get(whole, parts[i])), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(whole, "because"), 0)), "why");
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(json_array_get(json_object_get(whole, "lines"), 0), "above"), 0)),
                        "director");
    json_decref(whole);
    assert_int_equal(desk_toldctl(desk, "amara", "duty", "99", NULL), 65);
}

static void test_listing_gives_the_status_and_its_alarms(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "INSERT INTO told.alarm (kind, key, detail, raised_at) VALUES ('gap', 'police/x', "
                     "'sequence 7', '2024-06-01Z')");
    assert_int_equal(desk_toldctl(desk, "amara", "status", "--json", NULL), 0);
    json_t *status = json_of(desk);
    assert_string_equal(json_string_value(json_object_get(status, "now")), DESK_STORY);
    assert_int_equal(json_integer_value(json_object_get(status, "open_duties")), 1);
    assert_int_equal(json_integer_value(json_object_get(status, "overdue")), 1);
    assert_int_equal(json_array_size(json_object_get(status, "open_alarms")), 1);
    json_decref(status);
    assert_int_equal(desk_toldctl(desk, "amara", "status", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "sequence 7"));
}

static void test_quarantine_is_judged_again_by_todays_rules(void **state)
{
    struct desk *desk = *state;
    desk_value(
        desk,
        "INSERT INTO told.quarantine (feed, source, id, epoch, sha256, reason, received_at, body) VALUES"
        " ('police', NULL, NULL, NULL, 'a', 'not JSON', '2024-06-01Z', '{'),"
        " ('police', 'police/x', 'q-1', 1, 'b', 'a field', '2024-06-01 09:00Z', "
        "convert_to('{\"specversion\":\"1.0\",\"id\":\"q-1\","
        "\"source\":\"police/x\",\"type\":\"yos.cusp-of-custody\",\"time\":\"2024-05-31T10:00:00Z\","
        "\"sequence\":\"00000000000000000007\",\"data\":{\"person\":{}}}', 'UTF8')),"
        " ('police', 'court/x', 'q-2', 1, 'c', 'not granted', '2024-06-01Z', "
        "convert_to('{\"specversion\":\"1.0\",\"id\":\"q-2\","
        "\"source\":\"court/"
        "x\",\"type\":\"yos.cusp-of-custody\",\"time\":\"2024-05-31T10:00:00Z\",\"data\":{\"person\":{}}}', "
        "'UTF8'))");
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "retry", "1", NULL), 65);
    assert_non_null(strstr(desk_err(desk), "still not understood"));
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "retry", "3", NULL), 77);
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "show", "1", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "{"));
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "retry", "2", NULL), 0);
    assert_string_equal(
        desk_value(desk, "SELECT concat_ws(' ', e.type, e.sequence, e.received_at = '2024-06-01 09:00Z', "
                         "length(digest), s.state)"
                         " FROM told.event e JOIN told.event_state s USING (event_id) WHERE e.id = 'q-1'"),
        "yos.cusp-of-custody 7 t 64 waiting");
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "retry", "2", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "dismiss", "1", NULL), 0);
    assert_string_equal(
        desk_value(desk, "SELECT string_agg(state, ' ' ORDER BY quarantine_id) FROM told.quarantine"),
        "dismissed retried open");
    assert_int_equal(desk_toldctl(desk, "amara", "quarantine", "burn", "1", NULL), 64);
}

static void test_feeds_thaw_lets_held_events_go(void **state)
{
    struct desk *desk = *state;
    desk_value(desk, "INSERT INTO told.feed_state (feed, frozen_at, frozen_reason) VALUES ('police', now(), "
                     "'equivocation');"
                     "UPDATE told.event_state SET state = 'held', reason = 'feed frozen' WHERE event_id = 1;"
                     "UPDATE told.event_state SET state = 'held', reason = 'another' WHERE event_id = 2");
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "--json", NULL), 0);
    json_t *feeds = json_of(desk), *one;
    long held = 0;
    size_t i;
    json_array_foreach(feeds, i, one)
        if (strcmp(json_string_value(json_object_get(one, "feed")), "police") == 0)
            held = json_integer_value(json_object_get(one, "held"));
    assert_int_equal(held, 2);
    json_decref(feeds);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "thaw", "nothing", NULL), 65);
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "thaw", "police", NULL), 0);
    assert_string_equal(desk_value(desk, "SELECT state FROM told.event_state WHERE event_id = 1"), "waiting");
    assert_string_equal(desk_value(desk, "SELECT state FROM told.event_state WHERE event_id = 2"), "held");
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.feed_state WHERE frozen_at IS NULL"),
                        "1");
    assert_int_equal(desk_toldctl(desk, "amara", "feeds", "thaw", "police", NULL), 65);
}

/* Seals what is not sealed yet, as the sealer does. */
static void seal(struct desk *desk)
{
    uint8_t link[HASHCHAIN_SIZE] = {0};
    desk_value(desk, "DELETE FROM told.journal_seal");
    for (int i = 1;; i++) {
        char *next = mem_printf(
            "SELECT told.journal_text(j) FROM told.journal j ORDER BY journal_id OFFSET %d LIMIT 1", i - 1);
        const char *text = desk_value(desk, next);
        char hex[2 * HASHCHAIN_SIZE + 1];
        free(next);
        if (!*text)
            break;
        hashchain_link(link, text, strlen(text), link);
        for (size_t k = 0; k < HASHCHAIN_SIZE; k++)
            snprintf(hex + 2 * k, 3, "%02x", link[k]);
        char *insert = mem_printf("INSERT INTO told.journal_seal SELECT %d, journal_id, '\\x%s' FROM "
                                  "told.journal ORDER BY journal_id OFFSET %d LIMIT 1",
                                  i, hex, i - 1);
        desk_value(desk, insert);
        free(insert);
    }
}

static void test_journal_verify_finds_every_tampering(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *harm, *says;
    } rows[] = {
        {"UPDATE told.journal SET what = 'something else' WHERE journal_id = (SELECT min(journal_id) + 1 "
         "FROM told.journal)",
         "is not what was sealed"},
        {"UPDATE told.journal SET who = 'ben' WHERE journal_id = (SELECT min(journal_id) FROM told.journal)",
         "is not what was sealed"},
        {"DELETE FROM told.journal_seal WHERE seal_number = 2", "seal 2 is missing"},
        {"ALTER TABLE told.journal_seal DROP CONSTRAINT IF EXISTS journal_seal_journal_id_fkey;"
         "DELETE FROM told.journal WHERE journal_id = (SELECT min(journal_id) + 1 FROM told.journal)",
         "is gone"},
    };
    for (int i = 0; i < 4; i++)
        desk_value(desk, "INSERT INTO told.journal (at, what) VALUES ('2024-06-03 09:00Z', 'row')");
    assert_int_equal(desk_toldctl(desk, "amara", "journal", "verify", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "not sealed yet"));
    seal(desk);
    assert_int_equal(desk_toldctl(desk, "amara", "journal", "verify", "--json", NULL), 0);
    json_t *verdict = json_of(desk);
    assert_true(json_is_true(json_object_get(verdict, "intact")));
    assert_int_equal(json_array_size(json_object_get(verdict, "unsealed")), 0);
    json_decref(verdict);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_value(desk, rows[i].harm);
        assert_int_equal(desk_toldctl(desk, "amara", "journal", "verify", NULL), 1);
        if (!strstr(desk_out(desk), rows[i].says))
            fail_msg("%s: %s", rows[i].harm, desk_out(desk));
        seal(desk);
        assert_int_equal(desk_toldctl(desk, "amara", "journal", "verify", NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listing_has_a_table_and_a_json_twin),
        cmocka_unit_test(test_listing_shows_no_control_bytes_on_a_terminal),
        cmocka_unit_test(test_listing_filters_duties),
        cmocka_unit_test(test_listing_shows_a_duty_whole),
        cmocka_unit_test(test_listing_gives_the_status_and_its_alarms),
        cmocka_unit_test(test_quarantine_is_judged_again_by_todays_rules),
        cmocka_unit_test(test_feeds_thaw_lets_held_events_go),
        cmocka_unit_test(test_journal_verify_finds_every_tampering),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
