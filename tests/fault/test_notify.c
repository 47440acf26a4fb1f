/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd hears, what makes it hear nothing, and the loop whose ticks decide that. A socket plays systemd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"
#include "told/buf.h"
#include "told/mem.h"
#include "watch.h"

struct systemd {
    int socket;
    struct sockaddr_un address;
    char heard[4096];
};

static int setup_systemd(void **state)
{
    struct systemd *systemd = mem_new(sizeof *systemd);

    systemd->address.sun_family = AF_UNIX;
    (void)snprintf(systemd->address.sun_path, sizeof systemd->address.sun_path, "/tmp/told-notify.%ld", (long)getpid());
    systemd->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(systemd->address.sun_path);
    assert_int_equal(bind(systemd->socket, (const struct sockaddr *)&systemd->address, sizeof systemd->address), 0);
    setenv("NOTIFY_SOCKET", systemd->address.sun_path, 1);
    *state = systemd;
    return 0;
}

static int teardown_systemd(void **state)
{
    struct systemd *systemd = *state;

    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    unlink(systemd->address.sun_path);
    close(systemd->socket);
    free(systemd);
    return 0;
}

/* One datagram, "" if none has come: they are delivered before sendmsg returns. */
static const char *heard(struct systemd *systemd)
{
    ssize_t len = recv(systemd->socket, systemd->heard, sizeof systemd->heard - 1, 0);

    systemd->heard[len > 0 ? len : 0] = '\0';
    return systemd->heard;
}

static void test_notify_says_each_state(void **state)
{
    notify_ready("running");
    assert_string_equal(heard(*state), "READY=1\nSTATUS=running");
    notify_status("waiting for the database");
    assert_string_equal(heard(*state), "STATUS=waiting for the database");
    notify_watchdog();
    assert_string_equal(heard(*state), "WATCHDOG=1");
    notify_stopping();
    assert_string_equal(heard(*state), "STOPPING=1\nSTATUS=finishing what is in flight");
    assert_string_equal(heard(*state), "");
}

static void test_notify_reloads_with_the_instant(void **state)
{
    const char *text;

    notify_reloading(1234567890123456);
    text = heard(*state);
    assert_ptr_equal(strstr(text, "RELOADING=1\n"), text);
    assert_non_null(strstr(text, "MONOTONIC_USEC=1234567890123456\n"));
    notify_ready("running"); /* what ends a reload for systemd 252 */
    assert_ptr_equal(strstr(heard(*state), "READY=1\n"), ((struct systemd *)*state)->heard);
}

static void test_notify_is_silent_without_systemd(void **state)
{
    unsetenv("NOTIFY_SOCKET");
    notify_ready("running");
    notify_watchdog();
    assert_string_equal(heard(*state), "");
    assert_int_equal(notify_watchdog_ms(), 0);
}

static void test_notify_reads_how_often_it_is_watched(void **state)
{
    char pid[24];

    (void)state;
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 30000);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    assert_int_equal(notify_watchdog_ms(), 0);
}

/* ---- watch ---- */

struct looks {
    int64_t asked_ms, silent_ms, late_ms;
    bool is_petted;
};

static void test_watch_pets_only_while_every_stage_lives(void **state)
{
    static const struct looks table[] = {
        {60000, 0, 0, true},           {60000, WATCH_SILENT_MS, WATCH_LATE_MS, true}, {60000, WATCH_SILENT_MS + 1, 0, false},
        {60000, 0, WATCH_LATE_MS + 1, false}, {2000, 1000, 0, true},                  {2000, 1001, 0, false},
        {0, 0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const int64_t now_ms = 1000000;
        struct stage well = {.name = STAGE_DECIDE}, other = {.name = STAGE_ESCALATE};
        const struct stage *const stages[] = {&well, &other};
        struct watch watch;

        watch_init(&watch, table[i].asked_ms, 0);
        atomic_store(&well.ticked_ms, now_ms);
        atomic_store(&other.ticked_ms, now_ms - table[i].silent_ms);
        atomic_store(&other.late_ms, table[i].late_ms);
        if (watch_look(&watch, stages, 2, now_ms) != table[i].is_petted)
            fail_msg("row %zu: expected %d", i, table[i].is_petted);
    }
}

static void test_watch_pets_again_when_the_stage_is_back(void **state)
{
    struct stage stage = {.name = STAGE_DECIDE};
    const struct stage *const stages[] = {&stage};
    struct watch watch;

    (void)state;
    watch_init(&watch, 4000, 0);
    atomic_store(&stage.ticked_ms, 0);
    assert_false(watch_look(&watch, stages, 1, 3000));
    assert_true(watch.withheld);
    atomic_store(&stage.ticked_ms, 3500);
    assert_true(watch_look(&watch, stages, 1, 3600));
    assert_false(watch_look(&watch, stages, 1, 3601)); /* not more often than asked for */
    assert_true(watch_wait_ms(&watch) <= 1000);
}

static void test_watch_pets_while_no_stage_runs_yet(void **state)
{
    struct watch watch;

    (void)state;
    watch_init(&watch, 4000, 0);
    assert_true(watch_look(&watch, NULL, 0, 3000));
}

/* ---- stage ---- */

static void test_stage_lists_are_parsed_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *list;
        bool is_good, wanted[STAGE_COUNT];
    } table[] = {
        {"ingest", true, {true, false, false, false}},
        {"decide,escalate", true, {false, true, true, false}},
        {"dispatch,ingest,dispatch", true, {true, false, false, true}},
        {"", false, {false}},
        {"ingest,", false, {false}},
        {"ingest,console", false, {false}},
        {"ingest decide", false, {false}},
        {"ing", false, {false}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool wanted[STAGE_COUNT] = {false};

        assert_int_equal(stage_parse(table[i].list, wanted), table[i].is_good);
        assert_memory_equal(wanted, table[i].wanted, sizeof wanted);
    }
    for (int i = 0; i < STAGE_COUNT; i++) {
        bool wanted[STAGE_COUNT] = {false};

        assert_true(stage_parse(stage_text((enum stage_name)i), wanted) && wanted[i]);
    }
}

static void fail_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fail_msg("%s:%d: %s", file, line, text);
}

struct ticks {
    int count, stop_at;
    struct instant next_at;
    int64_t late_ms;
};

static struct instant count_tick(void *state, struct stage *stage, struct config *config, struct instant now)
{
    struct ticks *ticks = state;

    assert_non_null(config);
    assert_false(instant_is_none(now));
    ticks->late_ms = atomic_load(&stage->late_ms);
    if (++ticks->count >= ticks->stop_at || ticks->late_ms > 0)
        atomic_store(&stage->stop, true);
    return ticks->next_at;
}

static void run_loop(struct ticks *ticks)
{
    struct stage stage = {.name = STAGE_DECIDE, .clock = clock_new(), .kick = kick_new()};
    struct config *config = config_load("tests/golden/config/good.conf", false, fail_fault, NULL);

    config->poll_ms = 20;
    stage.config = config_current_new(config);
    stage_loop(&stage, count_tick, ticks);
    assert_true(atomic_load(&stage.ready));
    assert_true(atomic_load(&stage.ticked_ms) > 0);
    config_current_free(stage.config);
    kick_free(stage.kick);
    clock_free(stage.clock);
}

static void test_stage_ticks_by_the_poll_when_nobody_kicks(void **state)
{
    struct ticks ticks = {.stop_at = 3, .next_at = INSTANT_NONE};

    (void)state;
    run_loop(&ticks);
    assert_int_equal(ticks.count, 3);
    assert_int_equal(ticks.late_ms, 0);
}

static void test_stage_is_late_while_one_timer_stays_due(void **state)
{
    struct ticks ticks = {.stop_at = 1000000, .next_at = instant_add_seconds(clock_real(), -3600)};

    (void)state;
    run_loop(&ticks);
    /* From when it was first seen undone: an hour of outage before that is nobody's fault here. */
    assert_in_range(ticks.late_ms, 1, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_notify_says_each_state, setup_systemd, teardown_systemd),
        cmocka_unit_test_setup_teardown(test_notify_reloads_with_the_instant, setup_systemd, teardown_systemd),
        cmocka_unit_test_setup_teardown(test_notify_is_silent_without_systemd, setup_systemd, teardown_systemd),
        cmocka_unit_test_setup_teardown(test_notify_reads_how_often_it_is_watched, setup_systemd, teardown_systemd),
        cmocka_unit_test(test_watch_pets_only_while_every_stage_lives),
        cmocka_unit_test(test_watch_pets_again_when_the_stage_is_back),
        cmocka_unit_test(test_watch_pets_while_no_stage_runs_yet),
        cmocka_unit_test(test_stage_lists_are_parsed_whole_or_not_at_all),
        cmocka_unit_test(test_stage_ticks_by_the_poll_when_nobody_kicks),
        cmocka_unit_test(test_stage_is_late_while_one_timer_stays_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
