/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's chain: whole, without a hole, and the same whoever seals it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <sodium.h>

#include "desk.h"
#include "log.h"
#include "sealer.h"
#include "told/hashchain.h"

static int start(void **state)
{
    log_open();
    *state = desk_start();
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

static void write_rows(struct desk *desk, int count)
{
    char sql[200];

    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO told.journal (at, what, detail) SELECT now(), 'row ' || n, jsonb_build_object('n', n)"
                   " FROM generate_series(1, %d) n",
                   count);
    desk_value(desk, sql);
}

static void seal_all(struct pg *pg)
{
    for (int i = 0; i < 20; i++)
        assert_true(sealer_step(pg, 100));
}

/* Every link again, from the rows as they are. */
static void check_chain(struct desk *desk, long expected)
{
    struct pg *pg = desk_connect(desk, "told_decide");
    PGresult *rows = PQexec(pg_conn(pg), "SELECT s.seal_number, told.journal_text(j), encode(s.link, 'hex')"
                                         " FROM told.journal_seal s JOIN told.journal j USING (journal_id) ORDER BY 1");
    uint8_t link[HASHCHAIN_SIZE] = {0};
    char hex[2 * HASHCHAIN_SIZE + 1];

    assert_int_equal(PQresultStatus(rows), PGRES_TUPLES_OK);
    assert_int_equal(PQntuples(rows), expected);
    for (int i = 0; i < PQntuples(rows); i++) {
        assert_int_equal(atoi(PQgetvalue(rows, i, 0)), i + 1);
        hashchain_link(link, PQgetvalue(rows, i, 1), strlen(PQgetvalue(rows, i, 1)), link);
        assert_string_equal(PQgetvalue(rows, i, 2), sodium_bin2hex(hex, sizeof hex, link, sizeof link));
    }
    PQclear(rows);
    pg_free(pg);
}

static void test_sealer_chains_what_is_committed(void **state)
{
    struct desk *desk = *state;
    struct pg *pg = desk_connect(desk, "told_decide");

    assert_true(sealer_step(pg, 100)); /* nothing to do is no failure */
    check_chain(desk, 0);
    write_rows(desk, 250);
    assert_true(sealer_step(pg, 100)); /* bounded */
    check_chain(desk, 100);
    seal_all(pg);
    check_chain(desk, 250);
    pg_free(pg);
}

static void test_sealer_takes_a_row_that_is_committed_late(void **state)
{
    struct desk *desk = *state;
    struct pg *pg = desk_connect(desk, "told_decide"), *slow = desk_connect(desk, "told_dispatch");

    assert_true(pg_begin(slow) && pg_text(slow, "INSERT INTO told.journal (at, what) VALUES (now(), 'late')"));
    write_rows(desk, 10); /* higher numbers, committed before it */
    seal_all(pg);
    check_chain(desk, 260);
    assert_true(pg_commit(slow));
    seal_all(pg);
    check_chain(desk, 261);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.journal j WHERE NOT EXISTS"
                                         " (SELECT FROM told.journal_seal s WHERE s.journal_id = j.journal_id)"),
                        "0");
    pg_free(pg);
    pg_free(slow);
}

/* Later than whole slices of what was sealed since: found once its slice is looked at. */
static void test_sealer_takes_a_row_that_is_committed_very_late(void **state)
{
    enum { BETWEEN = 50000, SLICES = 3, SLICE_EVERY = 250 };
    struct desk *desk = *state;
    struct pg *pg = desk_connect(desk, "told_decide"), *slow = desk_connect(desk, "told_dispatch");
    long before;

    assert_true(pg_begin(slow) && pg_text(slow, "INSERT INTO told.journal (at, what) VALUES (now(), 'very late')"));
    write_rows(desk, BETWEEN);
    for (int i = 0; i < 2 * BETWEEN / SLICE_EVERY; i++)
        assert_true(sealer_step(pg, 1000));
    assert_true(pg_commit(slow));
    before = strtol(desk_value(desk, "SELECT count(*) FROM told.journal_seal"), NULL, 10);
    assert_int_equal(before, 261 + BETWEEN);
    write_rows(desk, (SLICES + 1) * SLICE_EVERY);
    for (int i = 0; i < 3 * (SLICES + 1); i++)
        assert_true(sealer_step(pg, 1000));
    check_chain(desk, before + 1 + (SLICES + 1) * SLICE_EVERY);
    pg_free(pg);
    pg_free(slow);
}

static void *seal_in_a_thread(void *pg)
{
    for (int i = 0; i < 40; i++)
        (void)sealer_step(pg, 20);
    return NULL;
}

static void test_sealer_is_one_at_a_time(void **state)
{
    struct desk *desk = *state;
    struct pg *pgs[3];
    pthread_t threads[3];

    write_rows(desk, 500);
    for (size_t i = 0; i < 3; i++)
        pgs[i] = desk_connect(desk, "told_decide");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, seal_in_a_thread, pgs[i]), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    seal_all(pgs[0]);
    check_chain(desk, 761 + 51001);
    for (size_t i = 0; i < 3; i++)
        pg_free(pgs[i]);
}

static void test_sealer_says_when_the_database_refuses(void **state)
{
    struct desk *desk = *state;
    struct pg *pg = desk_connect(desk, "told_dispatch"); /* no grant to seal */

    write_rows(desk, 1);
    assert_false(sealer_step(pg, 10));
    assert_int_equal(pg_status(pg), PG_FAULT);
    pg_free(pg);
    pg = pg_new("host=/nonexistent", NULL, 200);
    assert_false(sealer_step(pg, 10));
    pg_free(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealer_chains_what_is_committed),
        cmocka_unit_test(test_sealer_takes_a_row_that_is_committed_late),
        cmocka_unit_test(test_sealer_takes_a_row_that_is_committed_very_late),
        cmocka_unit_test(test_sealer_is_one_at_a_time),
        cmocka_unit_test(test_sealer_says_when_the_database_refuses),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, start, stop);
}
