/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "cluster.h"
#include "log.h"
#include "pg.h"
#include "told/mem.h"

#define DEADLINE_MS 700

static const struct pg_statement ADD = {
    "add", "SELECT $1::int + $2::int, NULL::int, 't'::bool, " PG_INSTANT("$3::timestamptz"), 3};
static const struct pg_statement SLEEP = {"sleep", "SELECT pg_sleep($1::int)", 1};
static const struct pg_statement BACKEND = {"backend", "SELECT pg_terminate_backend(pg_backend_pid())", 0};
static const struct pg_statement INSERT = {"insert", "INSERT INTO once VALUES ($1::int)", 1};
static const struct pg_statement ARRAY = {
    "array", "SELECT string_agg(coalesce(x, '-'), '|') FROM unnest($1::text[]) x", 1};

static char *conninfo(struct cluster *cluster)
{
    /* The cluster's database is made by toldctl; these tests need none of its own. */
    return mem_printf("%s dbname=postgres", cluster_conninfo(cluster));
}

static struct pg *connect_as(struct cluster *cluster, int deadline_ms)
{
    char *info = conninfo(cluster);
    struct pg *pg = pg_new(info, "postgres", deadline_ms);
    free(info);
    assert_true(pg_is_up(pg));
    return pg;
}

static int start(void **state)
{
    log_open();
    *state = cluster_start(false);
    return 0;
}

static int stop(void **state)
{
    cluster_stop(*state);
    return 0;
}

static void test_pg_runs_a_statement_prepared_at_first_use(void **state)
{
    struct pg *pg = connect_as(*state, DEADLINE_MS);
    const char *const values[] = {"40", "2", "2024-06-03 17:00:00.5+01"};
    for (int i = 0; i < 2; i++) {
        PGresult *row = pg_run(pg, &ADD, values);
        assert_non_null(row);
        assert_int_equal(pg_status(pg), PG_OK);
        assert_int_equal(pg_column_int(row, 0, 0), 42);
        assert_null(pg_column(row, 0, 1));
        assert_int_equal(pg_column_int(row, 0, 1), 0);
        assert_true(pg_column_bool(row, 0, 2));
        struct instant at;
        assert_true(instant_parse("2024-06-03T16:00:00.5Z", &at));
        assert_int_equal(instant_compare(pg_column_instant(row, 0, 3), at), 0);
        assert_true(instant_is_none(pg_column_instant(row, 0, 1)));
        PQclear(row);
    }
    pg_free(pg);
}

static void test_pg_ends_by_its_deadline_and_comes_back(void **state)
{
    struct pg *pg = connect_as(*state, DEADLINE_MS);
    const char *const values[] = {"30"};
    int64_t began = clock_monotonic_ms();
    assert_null(pg_run(pg, &SLEEP, values));
    assert_true(clock_monotonic_ms() - began < DEADLINE_MS + 500);
    assert_int_equal(pg_status(pg), PG_AWAY);
    assert_int_equal(pg_socket(pg), -1);
    assert_null(pg_conn(pg));
    assert_false(pg_do(pg, &SLEEP, values)); /* at once, while away */
    assert_int_equal(pg_status(pg), PG_AWAY);
    while (!pg_is_up(pg)) /* at most one try a second */
        usleep(20000);
    assert_true(pg_text(pg, "SELECT 1"));
    pg_free(pg);
}

static void test_pg_is_away_while_the_server_is_frozen_or_gone(void **state)
{
    struct pg *pg = connect_as(*state, DEADLINE_MS);
    cluster_freeze(*state);
    int64_t began = clock_monotonic_ms();
    assert_false(pg_text(pg, "SELECT 1"));
    assert_int_equal(pg_status(pg), PG_AWAY);
    for (int i = 0; i < 3; i++) /* connecting to a frozen server is bounded too */
        assert_false(pg_is_up(pg));
    assert_true(clock_monotonic_ms() - began < 4 * DEADLINE_MS + 500);
    cluster_thaw(*state);
    while (!pg_is_up(pg))
        usleep(20000);
    cluster_halt(*state);
    assert_false(pg_text(pg, "SELECT 1"));
    assert_int_equal(pg_status(pg), PG_AWAY);
    cluster_resume(*state);
    while (!pg_is_up(pg))
        usleep(20000);
    assert_true(pg_text(pg, "SELECT 1"));
    pg_free(pg);
}

static void test_pg_tells_what_may_be_repeated_from_what_may_not(void **state)
{
    struct pg *pg = connect_as(*state, 5000);
    const char *const one[] = {"1"};
    assert_true(pg_text(pg, "CREATE TEMPORARY TABLE once (n int PRIMARY KEY)"));
    assert_true(pg_begin(pg));
    assert_true(pg_do(pg, &INSERT, one));
    assert_false(pg_do(pg, &INSERT, one));
    assert_int_equal(pg_status(pg), PG_AGAIN);
    assert_string_equal(pg_sqlstate(pg), "23505");
    assert_null(strstr(pg_message(pg), "(1)")); /* the key's value is in the detail, which is not kept */
    pg_rollback(pg);
    assert_int_equal(pg_status(pg), PG_AGAIN); /* why it was rolled back */
    assert_false(pg_text(pg, "SELECT no_such_column"));
    assert_int_equal(pg_status(pg), PG_FAULT);
    assert_true(pg_begin(pg));
    assert_false(pg_text(pg, "SELECT no_such_column"));
    assert_false(pg_commit(pg)); /* COMMIT "succeeds" as a ROLLBACK */
    assert_int_equal(pg_status(pg), PG_FAULT);
    assert_false(pg_do(pg, &BACKEND, NULL));
    assert_int_equal(pg_status(pg), PG_AWAY);
    pg_free(pg);
}

static long count_once(struct pg *pg)
{
    static const struct pg_statement COUNT = {"count", "SELECT count(*) FROM once", 0};
    PGresult *row = pg_run(pg, &COUNT, NULL);
    assert_non_null(row);
    long count = (long)pg_column_int(row, 0, 0);
    PQclear(row);
    return count;
}

/* More than may be in flight at a time, and each seen by what comes behind it. */
static void test_pg_later_is_carried_out_in_order_and_committed(void **state)
{
    struct pg *pg = connect_as(*state, 5000);
    char number[24];
    assert_true(pg_text(pg, "CREATE TEMPORARY TABLE once (n int PRIMARY KEY)"));
    assert_true(pg_later(pg, &INSERT, (const char *[]){"-1"})); /* outside of a step it is waited for */
    assert_int_equal(count_once(pg), 1);
    assert_true(pg_begin(pg));
    for (int i = 0; i < 100; i++) {
        snprintf(number, sizeof number, "%d", i);
        assert_true(pg_later(pg, &INSERT, (const char *[]){number}));
    }
    assert_int_equal(count_once(pg), 101);
    assert_true(pg_text(pg, "SAVEPOINT here"));
    assert_true(pg_later(pg, &INSERT, (const char *[]){"200"}));
    assert_true(pg_text(pg, "ROLLBACK TO SAVEPOINT here"));
    assert_true(pg_later(pg, &INSERT, (const char *[]){"201"}));
    assert_true(pg_commit(pg));
    assert_int_equal(pg_status(pg), PG_OK);
    assert_int_equal(count_once(pg), 102);
    assert_true(pg_begin(pg));
    assert_true(pg_later(pg, &INSERT, (const char *[]){"300"}));
    pg_rollback(pg);
    assert_int_equal(count_once(pg), 102);
    pg_free(pg);
}

/* Whatever is waited for next says so, and nothing behind it is carried out. */
static void test_pg_later_that_fails_shows_at_the_next_wait(void **state)
{
    struct pg *pg = connect_as(*state, 5000);
    const char *const one[] = {"1"}, *const two[] = {"2"}, *const three[] = {"3"};
    assert_true(pg_text(pg, "CREATE TEMPORARY TABLE once (n int PRIMARY KEY)"));
    for (int end = 0; end < 4; end++) {
        assert_true(pg_begin(pg));
        assert_true(pg_later(pg, &INSERT, one));
        assert_true(pg_later(pg, &INSERT, one));
        assert_true(pg_later(pg, &INSERT, two));
        if (end == 0)
            assert_false(pg_commit(pg));
        else if (end == 1)
            assert_false(pg_do(pg, &INSERT, three));
        else if (end == 2)
            assert_false(pg_text(pg, "SELECT 1"));
        if (end < 3) {
            assert_int_equal(pg_status(pg), PG_AGAIN);
            assert_string_equal(pg_sqlstate(pg), "23505");
        }
        pg_rollback(pg);
        assert_int_equal(count_once(pg), 0);
        assert_true(pg_begin(pg));
        assert_true(pg_later(pg, &INSERT, three));
        assert_true(pg_commit(pg));
        assert_int_equal(count_once(pg), 1);
        assert_true(pg_text(pg, "DELETE FROM once"));
    }
    pg_free(pg);
}

/* A connection that ends in the middle takes the step with it; the next one is a new one. */
static void test_pg_later_ends_with_its_connection(void **state)
{
    struct pg *pg = connect_as(*state, DEADLINE_MS);
    static const char *const none[] = {"30"};
    assert_true(pg_text(pg, "CREATE TEMPORARY TABLE once (n int PRIMARY KEY)"));
    assert_true(pg_begin(pg));
    assert_true(pg_later(pg, &INSERT, none));
    assert_true(pg_later(pg, &SLEEP, none));
    int64_t began = clock_monotonic_ms();
    assert_false(pg_commit(pg));
    assert_true(clock_monotonic_ms() - began < DEADLINE_MS + 500);
    assert_int_equal(pg_status(pg), PG_AWAY);
    pg_rollback(pg);
    assert_int_equal(pg_status(pg), PG_AWAY);
    assert_false(pg_begin(pg));
    while (!pg_is_up(pg))
        usleep(20000);
    assert_true(pg_begin(pg));
    assert_true(pg_do(pg, &BACKEND, NULL) || pg_status(pg) == PG_AWAY);
    assert_false(pg_commit(pg));
    assert_int_equal(pg_status(pg), PG_AWAY);
    pg_free(pg);
}

static void test_pg_does_not_trust_a_commit_with_a_warning(void **state)
{
    struct pg *pg = connect_as(*state, 5000);
    /* What a cancelled wait for a standby looks like: success, with a 01000 (trap 16). */
    assert_true(
        pg_text(pg, "CREATE TEMPORARY TABLE warned (n int);"
                    "CREATE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE WARNING USING ERRCODE = '01000', MESSAGE = 'x'; RETURN NULL; END $$;"
                    "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON warned DEFERRABLE INITIALLY DEFERRED"
                    " FOR EACH ROW EXECUTE FUNCTION pg_temp.warn()"));
    assert_true(pg_begin(pg));
    assert_true(pg_text(pg, "INSERT INTO warned VALUES (1)"));
    assert_false(pg_commit(pg));
    assert_int_equal(pg_status(pg), PG_AWAY);
    pg_free(pg);
}

static void test_pg_arrays_carry_any_text(void **state)
{
    struct pg *pg = connect_as(*state, 5000);
    struct buf b = {0};
    pg_array_add(&b, "a\"b\\c");
    pg_array_add(&b, NULL);
    pg_array_add(&b, "NULL,{}");
    pg_array_add(&b, "");
    const char *const values[] = {pg_array_end(&b)};
    PGresult *row = pg_run(pg, &ARRAY, values);
    assert_non_null(row);
    assert_string_equal(pg_column(row, 0, 0), "a\"b\\c|-|NULL,{}|");
    PQclear(row);
    buf_release(&b);
    assert_string_equal(pg_array_end(&b), "{}");
    buf_release(&b);
    pg_free(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pg_runs_a_statement_prepared_at_first_use),
        cmocka_unit_test(test_pg_ends_by_its_deadline_and_comes_back),
        cmocka_unit_test(test_pg_is_away_while_the_server_is_frozen_or_gone),
        cmocka_unit_test(test_pg_tells_what_may_be_repeated_from_what_may_not),
        cmocka_unit_test(test_pg_later_is_carried_out_in_order_and_committed),
        cmocka_unit_test(test_pg_later_that_fails_shows_at_the_next_wait),
        cmocka_unit_test(test_pg_later_ends_with_its_connection),
        cmocka_unit_test(test_pg_does_not_trust_a_commit_with_a_warning),
        cmocka_unit_test(test_pg_arrays_carry_any_text),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
