/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL silent or gone under load, with a subscription and publishers that wait for their ACKs (trap 1): told neither
 * aborts nor grows, answers its PINGs, and loses and doubles nothing. TOLD_STALL_SECONDS says for how long (10).
 */
#include <setjmp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "announcer.h"
#include "clock.h"
#include "cluster.h"
#include "dealer.h"
#include "told/mem.h"

enum { STALL_S = 10, PONG_MS = 10000, SAID_A_SECOND = 500, FILED = 3000, DRAINED = 6000, GROWTH_MOST_KIB = 300 * 1024 };

struct box {
    struct harness *h;
    struct announcer *announcer;
    pid_t told;
    uint64_t said;
};

static int setup(void **state)
{
    static struct box box;

    box = (struct box){0};
    box.h = harness_start(&(struct harness_options){.broadcast = true, .deadline_ms = 3000});
    box.announcer = announcer_open(box.h, false);
    box.told = harness_told(box.h, "ingest", NULL);
    announcer_await_subscriber(box.announcer);
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    announcer_close(box->announcer);
    harness_stop(box->h);
    return 0;
}

static int stall_seconds(void)
{
    const char *text = getenv("TOLD_STALL_SECONDS");

    return text != NULL && atoi(text) > 0 ? atoi(text) : STALL_S;
}

static long memory_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    assert_non_null(file); /* it lives */
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    fclose(file);
    return kib;
}

static void say(struct box *box, int count)
{
    for (int i = 0; i < count; i++) {
        char *id = mem_printf("s%d", (int)++box->said);

        announcer_event(box->announcer, "broadcast/stall", id, box->said);
        free(id);
    }
    announcer_beacon(box->announcer, "broadcast/stall", 1, box->said, 1);
}

static pid_t publish(struct box *box)
{
    struct buf lines = {0};
    char *path = harness_path(box->h, "stall.ndjson"), *output = harness_path(box->h, "stall.out");
    pid_t pid;

    for (int i = 1; i <= FILED; i++) {
        char *id = mem_printf("d%d", i), *text = dealer_event_text("police/stall", id, (uint64_t)i, "X1");

        buf_printf(&lines, "%s\n", text);
        free(text);
        free(id);
    }
    harness_write(box->h, "stall.ndjson", buf_string(&lines));
    pid = harness_publish_start(box->h, "police", path, output);
    buf_release(&lines);
    free(output);
    free(path);
    return pid;
}

static bool stored(struct box *box, const char *source, uint64_t count, int timeout_ms)
{
    char *sql = mem_printf("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || coalesce((SELECT settled FROM told.cursor "
                           "WHERE source = '%s'), 0) FROM told.event WHERE source = '%s'", source, source);
    char *want = mem_printf("%llu %llu %llu", (unsigned long long)count, (unsigned long long)count, (unsigned long long)count);
    bool is_there = harness_await(box->h, sql, want, timeout_ms);

    free(want);
    free(sql);
    return is_there;
}

static void stall(struct box *box, void away(struct cluster *), void back(struct cluster *))
{
    struct dealer *dealer = dealer_open(box->h, "custody");
    pid_t publisher = publish(box);
    int seconds = stall_seconds(), status = -1;
    long before, most = 0;

    say(box, SAID_A_SECOND);
    assert_true(harness_await(box->h, "SELECT count(*) > 100 FROM told.event", "t", 20000));
    before = memory_kib(box->told);
    away(harness_cluster(box->h));
    for (int64_t until = clock_monotonic_ms() + 1000 * seconds; clock_monotonic_ms() < until;) {
        int64_t next_ms = clock_monotonic_ms() + 1000;
        json_t *pong;
        long now;

        say(box, SAID_A_SECOND);
        dealer_say(dealer, "PING", "{}");
        pong = dealer_await(dealer, "PONG", PONG_MS);
        assert_non_null(pong);
        json_decref(pong);
        now = memory_kib(box->told);
        most = now > most ? now : most;
        if (next_ms > clock_monotonic_ms())
            json_decref(dealer_await(dealer, "nothing", (int)(next_ms - clock_monotonic_ms())));
    }
    back(harness_cluster(box->h));
    assert_true(most - before < GROWTH_MOST_KIB);
    assert_true(stored(box, "broadcast/stall", box->said, 60000));
    assert_int_equal(waitpid(publisher, &status, 0), publisher);
    assert_int_equal(status, 0);
    assert_true(stored(box, "police/stall", FILED, 20000));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.feed_gap"), 0);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm"), 0);
    assert_int_equal(harness_signal(box->h, box->told, SIGTERM), 0);
    dealer_close(dealer);
}

static void test_stall_of_a_silent_database_loses_nothing(void **state)
{
    stall(*state, cluster_freeze, cluster_thaw);
}

static void test_stall_of_a_database_that_is_gone_loses_nothing(void **state)
{
    stall(*state, cluster_halt, cluster_resume);
}

static long spool_bytes(struct box *box)
{
    long bytes = 0;

    for (int n = 1; n < 100; n++) {
        char *name = mem_printf("spool/%020d.spool", n), *path = harness_path(box->h, name);
        struct stat about;

        bytes += stat(path, &about) == 0 ? (long)about.st_size : 0;
        free(path);
        free(name);
    }
    return bytes;
}

/* All of it is on the disk: the files no longer grow, and hold more than the bodies. */
static bool is_spooled(struct box *box)
{
    long before = -1, bytes = 0;

    for (int i = 0; i < 200 && (bytes != before || bytes < DRAINED * 200L); i++) {
        before = bytes;
        (void)poll(NULL, 0, 200);
        bytes = spool_bytes(box);
    }
    return bytes == before && bytes >= DRAINED * 200L;
}

/* Killed again and again while it drains: the database settles what comes twice, and when it was received stays. */
static void test_stall_ends_well_when_told_is_killed_while_it_drains(void **state)
{
    struct box *box = *state;
    char back_at[INSTANT_TEXT_SIZE], *sql;

    say(box, 100);
    assert_true(stored(box, "broadcast/stall", 100, 20000));
    cluster_halt(harness_cluster(box->h));
    /* In portions that told's socket takes in full: a SUB that is behind loses silently (trap 6). */
    for (int i = 0; i < DRAINED / 1000; i++) {
        say(box, 1000);
        (void)poll(NULL, 0, 50);
    }
    assert_true(is_spooled(box));
    instant_print(clock_real(), back_at);
    cluster_resume(harness_cluster(box->h));
    for (long more = 1000; more < DRAINED; more += DRAINED / 4) {
        char *reached = mem_printf("SELECT count(*) > %ld FROM told.event WHERE source = 'broadcast/stall'", more);

        assert_true(harness_await(box->h, reached, "t", 30000));
        free(reached);
        harness_signal(box->h, box->told, SIGKILL);
        box->told = harness_told(box->h, "ingest", NULL);
    }
    assert_true(stored(box, "broadcast/stall", box->said, 60000));
    sql = mem_printf("SELECT count(*) FROM told.event WHERE source = 'broadcast/stall' AND received_at > '%s'", back_at);
    assert_int_equal(harness_count(box->h, sql), 0);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.feed_state WHERE frozen_at IS NOT NULL"), 0);
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stall_of_a_silent_database_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stall_of_a_database_that_is_gone_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stall_ends_well_when_told_is_killed_while_it_drains, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
