/* SPDX-License-Identifier: Apache-2.0 */
/* Where a source stands, whatever order its events come in; and how many bad bodies are too many. No database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cursor.h"
#include "feed_flood.h"

static void test_cursor_settles_in_any_order(void **state)
{
    static const struct {
        int64_t sequences[8]; /* 0 ends */
        int64_t settled;
        bool is_gapped;
    } CASES[] = {
        {{1, 2, 3}, 3, false},          {{3, 2, 1}, 3, false},          {{2}, 0, true},
        {{1, 3, 5}, 1, true},           {{1, 3, 5, 2}, 3, true},        {{1, 3, 5, 2, 4}, 5, false},
        {{5, 3, 4, 1, 2}, 5, false},    {{1, 1, 1}, 1, false},          {{7, 5, 6, 5, 6, 7}, 0, true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct cursor_table *table = cursor_table_new();
        struct cursor *cursor = cursor_get(table, "police/x");

        cursor_set(cursor, "police", 1, 0);
        cursor_try_begin(cursor);
        for (int k = 0; k < 8 && CASES[i].sequences[k] != 0; k++)
            cursor_try_add(cursor, CASES[i].sequences[k]);
        assert_int_equal(cursor_settled(cursor), 0);
        cursor_try_keep(cursor);
        assert_int_equal(cursor_settled(cursor), CASES[i].settled);
        assert_int_equal(cursor_is_gapped(cursor), CASES[i].is_gapped);
        cursor_table_free(table);
    }
}

static void test_cursor_drops_what_was_rolled_back(void **state)
{
    struct cursor_table *table = cursor_table_new();
    struct cursor *cursor = cursor_get(table, "police/x");
    (void)state;

    cursor_set(cursor, "police", 1, 4);
    cursor_try_begin(cursor);
    cursor_try_add(cursor, 5);
    assert_int_equal(cursor_tried(cursor), 5);
    cursor_try_drop(cursor);
    assert_int_equal(cursor_settled(cursor), 4);
    assert_false(cursor_is_tried(cursor));
    cursor_note(cursor, 6, 9);
    cursor_note(cursor, 5, 5);
    assert_int_equal(cursor_settled(cursor), 9);
    cursor_table_free(table);
}

static void assert_hole(struct cursor *cursor, int64_t now_ms, int64_t first, int64_t last, int64_t open_ms)
{
    struct cursor_hole hole = {0};

    assert_true(cursor_hole_is_due(cursor, now_ms, 500, &hole));
    assert_int_equal(hole.first, first);
    assert_int_equal(hole.last, last);
    assert_int_equal(hole.open_ms, open_ms);
}

static void test_cursor_states_each_hole_once(void **state)
{
    struct cursor_table *table = cursor_table_new();
    struct cursor *cursor = cursor_get(table, "police/x");
    struct cursor_hole hole;
    (void)state;

    cursor_set(cursor, "police", 1, 4);
    assert_false(cursor_hole_is_due(cursor, 1000, 500, &hole));
    cursor_claim(cursor, 6); /* a beacon: the last two were lost */
    assert_false(cursor_hole_is_due(cursor, 2000, 500, &hole));
    assert_int_equal(cursor_missing(cursor), 2);
    assert_hole(cursor, 2500, 5, 6, 500);
    assert_false(cursor_hole_is_due(cursor, 9000, 500, &hole));
    assert_true(cursor_is_stated(cursor));
    cursor_note(cursor, 5, 6);
    assert_false(cursor_is_stated(cursor));
    assert_false(cursor_hole_is_due(cursor, 9500, 500, &hole));
    cursor_note(cursor, 9, 9);
    cursor_note(cursor, 12, 14);
    cursor_claim(cursor, 15);
    assert_int_equal(cursor_missing(cursor), 5);
    assert_false(cursor_hole_is_due(cursor, 10000, 500, &hole));
    assert_hole(cursor, 10500, 7, 8, 500);
    assert_hole(cursor, 10500, 10, 11, 500);
    assert_hole(cursor, 10500, 15, 15, 500);
    /* Half of a stated hole comes: the other half is stated already. */
    cursor_note(cursor, 10, 10);
    assert_false(cursor_hole_is_due(cursor, 20000, 500, &hole));
    cursor_claim(cursor, 17);
    assert_false(cursor_hole_is_due(cursor, 20000, 500, &hole));
    assert_hole(cursor, 20600, 16, 17, 600);
    cursor_set(cursor, "police", 2, 0); /* another log has gaps of its own */
    assert_int_equal(cursor_missing(cursor), 0);
    cursor_table_free(table);
}

/* What the publisher no longer has is waited for by nobody; the rest of the hole may still come. */
static void test_cursor_states_what_is_lost_at_once(void **state)
{
    struct cursor_table *table = cursor_table_new();
    struct cursor *cursor = cursor_get(table, "police/x");
    struct cursor_hole hole = {0};
    (void)state;

    cursor_set(cursor, "police", 1, 4);
    cursor_claim(cursor, 9);
    cursor_lose_below(cursor, 8);
    assert_true(cursor_hole_is_due(cursor, 1000, 500, &hole));
    assert_true(hole.is_lost);
    assert_int_equal(hole.first, 5);
    assert_int_equal(hole.last, 7);
    assert_false(cursor_hole_is_due(cursor, 1000, 500, &hole));
    assert_true(cursor_hole_is_due(cursor, 1500, 500, &hole));
    assert_false(hole.is_lost);
    assert_int_equal(hole.first, 8);
    assert_int_equal(hole.last, 9);
    cursor_table_free(table);
}

static void test_cursor_finds_each_source(void **state)
{
    struct cursor_table *table = cursor_table_new();
    char name[32];
    (void)state;

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "police/%d", (i * 37) % 100);
        cursor_set(cursor_get(table, name), "police", 1, (i * 37) % 100);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "police/%d", i);
        assert_non_null(cursor_find(table, name));
        assert_int_equal(cursor_settled(cursor_find(table, name)), i);
    }
    assert_null(cursor_find(table, "police"));
    assert_null(cursor_at(table, 100));
    cursor_table_free(table);
}

static void test_feed_flood_begins_with_the_101st_of_an_hour(void **state)
{
    struct feed_flood *flood = feed_flood_new();
    (void)state;

    for (int i = 0; i < 100; i++)
        assert_int_equal(feed_flood_count(flood, "a", i), FEED_FLOOD_CALM);
    assert_int_equal(feed_flood_count(flood, "b", 100), FEED_FLOOD_CALM);
    assert_int_equal(feed_flood_count(flood, "a", 100), FEED_FLOOD_BEGINS);
    assert_int_equal(feed_flood_count(flood, "a", 101), FEED_FLOOD_GOES_ON);
    assert_int_equal(feed_flood_count(flood, "a", 3600 * 1000 - 1), FEED_FLOOD_GOES_ON);
    assert_int_equal(feed_flood_count(flood, "a", 2 * 3600 * 1000), FEED_FLOOD_CALM);
    feed_flood_free(flood);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_settles_in_any_order),
        cmocka_unit_test(test_cursor_drops_what_was_rolled_back),
        cmocka_unit_test(test_cursor_states_each_hole_once),
        cmocka_unit_test(test_cursor_states_what_is_lost_at_once),
        cmocka_unit_test(test_cursor_finds_each_source),
        cmocka_unit_test(test_feed_flood_begins_with_the_101st_of_an_hour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
