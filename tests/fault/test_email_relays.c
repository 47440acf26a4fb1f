/* SPDX-License-Identifier: Apache-2.0 */
/* Several relays: mail goes to the first that is well, an attempt outlives a relay in trouble, and the first comes back. */
#include "email_relays.h"
#include "mail_stand.h"
#include "scratch.h"
#include "told/mem.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

enum { RELAYS = 2, TRIES = 2000 };

struct pair {
    struct smtp_sink *sinks[RELAYS];
    struct email_relay relays[RELAYS];
    struct email_relays *all;
    int wake_fd;
};

static struct pair begin(const char *first_script, const char *second_script, size_t count, int senders)
{
    struct pair p = {.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    const char *scripts[] = {first_script, second_script}, *reason = NULL;

    for (size_t i = 0; i < count; i++) {
        p.sinks[i] = smtp_sink_new(NULL, 0, mail_stand_script(scripts[i]));
        assert_true(p.sinks[i] && smtp_sink_start(p.sinks[i]));
        p.relays[i] = (struct email_relay){.name = mem_copy(i == 0 ? "first" : "second"),
                                           .url = mem_printf("smtp://127.0.0.1:%d", smtp_sink_port(p.sinks[i])),
                                           .from = mem_copy("told@told.southwark.example"),
                                           .connect_timeout_s = mail_stand_patience_s(scripts[i]),
                                           .response_timeout_s = mail_stand_patience_s(scripts[i]),
                                           .senders = senders};
    }
    p.all = email_relays_start(p.relays, count, p.wake_fd, &reason);
    if (p.all == NULL)
        fail_msg("%s", reason);
    return p;
}

static void end(struct pair *p)
{
    email_relays_free(p->all);
    for (size_t i = 0; i < RELAYS; i++) {
        smtp_sink_free(p->sinks[i]);
        email_relay_release(&p->relays[i]);
    }
    close(p->wake_fd);
}

static void wait_a_little(struct pair *p)
{
    struct pollfd woken = {.fd = p->wake_fd, .events = POLLIN};
    uint64_t count;

    if (poll(&woken, 1, 10) == 1)
        assert_int_equal(read(p->wake_fd, &count, sizeof count), sizeof count);
}

static struct outcome await(struct pair *p)
{
    struct outcome outcome;

    for (int i = 0; i < TRIES; i++) {
        if (email_relays_take(p->all, &outcome, 1) == 1)
            return outcome;
        wait_a_little(p);
    }
    fail_msg("no outcome came");
    abort();
}

static struct outcome send_one(struct pair *p, int64_t id)
{
    struct email_job job = mail_stand_mail(id);

    assert_true(email_relays_free_slots(p->all) > 0);
    assert_true(email_relays_submit(p->all, &job));
    return await(p);
}

static void await_state(struct pair *p, size_t index, enum destination_state state)
{
    struct outcome none;

    for (int i = 0; email_relays_destination(p->all, index)->state != state; i++) {
        if (i == TRIES)
            fail_msg("%s is not %s", email_relays_name(p->all, index), destination_state_text(state));
        (void)email_relays_free_slots(p->all);
        assert_int_equal(email_relays_take(p->all, &none, 1), 0);
        wait_a_little(p);
    }
}

static void test_email_relays_give_all_to_the_first_while_it_is_well(void **state)
{
    (void)state;
    struct pair p = begin("match=worker stage=rcpt do=550 times=1 after=3", NULL, 2, 1);

    for (int64_t i = 1; i <= 8; i++) {
        struct outcome outcome = send_one(&p, i);

        /* A recipient that is refused is no trouble of the relay. */
        assert_int_equal(outcome.reply.outcome, i == 4 ? REPLY_PERMFAIL : REPLY_DELIVERED);
        assert_string_equal(outcome.destination, "first");
    }
    assert_int_equal(smtp_sink_connections(p.sinks[1]), 0);
    end(&p);
}

static void test_email_relays_go_on_at_the_next_in_the_same_attempt(void **state)
{
    (void)state;
    static const char *const scripts[] = {"stage=connect do=drop", "stage=connect do=554", "stage=ehlo do=stall",
                                          "stage=mail do=421", "stage=rcpt do=drop", "stage=data do=reset"};

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct pair p = begin(scripts[i], NULL, 2, 1);
        struct outcome outcome = send_one(&p, 7);

        if (outcome.reply.outcome != REPLY_DELIVERED || strcmp(outcome.destination, "second") != 0)
            fail_msg("%s: %s at %s", scripts[i], outcome.detail, outcome.destination);
        assert_int_equal(outcome.message_id, 7);
        /* It is passed over now: the next goes straight to the second. */
        long before = smtp_sink_connections(p.sinks[0]);
        assert_string_equal(send_one(&p, 8).destination, "second");
        assert_int_equal(smtp_sink_connections(p.sinks[0]), before);
        assert_int_equal(smtp_sink_accepted(p.sinks[0]), 0);
        assert_int_equal(smtp_sink_accepted(p.sinks[1]), 2);
        end(&p);
    }
}

/* It may have arrived: another relay would make a second one of it. */
static void test_email_relays_send_nothing_twice_that_may_have_arrived(void **state)
{
    (void)state;
    static const char *const scripts[] = {"stage=dot do=accept-then-drop", "stage=dot do=drop", "stage=dot do=stall"};

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct pair p = begin(scripts[i], NULL, 2, 1);
        struct outcome outcome = send_one(&p, 7);

        assert_true(outcome.reply.uncertain);
        assert_string_equal(outcome.destination, "first");
        assert_int_equal(smtp_sink_accepted(p.sinks[1]), 0);
        end(&p);
    }
}

static void test_email_relays_take_the_first_again_once_it_answers(void **state)
{
    (void)state;
    struct pair p = begin("stage=connect do=421 times=2", NULL, 2, 1);

    assert_string_equal(send_one(&p, 1).destination, "second");
    assert_int_equal(email_relays_destination(p.all, 0)->state, DESTINATION_DEAD);
    assert_string_equal(email_relays_destination(p.all, 0)->error, "SMTP 421: the server is closing");
    await_state(&p, 0, DESTINATION_ALIVE); /* by the second probe */
    assert_int_equal(smtp_sink_accepted(p.sinks[0]), 0);
    assert_string_equal(send_one(&p, 2).destination, "first");
    assert_int_equal(smtp_sink_connections(p.sinks[0]), 3); /* the mail and the probe that was served share one */
    end(&p);
}

static void test_email_relays_with_none_left_hold_mail_back_until_one_answers(void **state)
{
    (void)state;
    struct pair p = begin("stage=connect do=554 times=2", "stage=connect do=554 times=5", 2, 1);
    struct outcome outcome = send_one(&p, 1);

    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_false(outcome.reply.uncertain);
    assert_string_equal(outcome.destination, "second");
    assert_int_equal(email_relays_free_slots(p.all), 0);
    await_state(&p, 0, DESTINATION_ALIVE);
    assert_string_equal(send_one(&p, 2).destination, "first");
    end(&p);
}

static void test_email_relays_of_one_take_three_failures_to_die(void **state)
{
    (void)state;
    struct pair p = begin("stage=mail do=421 times=3", NULL, 1, 4);

    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(email_relays_destination(p.all, 0)->state, DESTINATION_ALIVE);
        assert_int_equal(send_one(&p, i).reply.outcome, REPLY_TEMPFAIL);
    }
    assert_int_equal(email_relays_free_slots(p.all), 0);
    assert_true(email_relays_changed(p.all, 0));
    assert_false(email_relays_changed(p.all, 0));
    await_state(&p, 0, DESTINATION_ALIVE);
    assert_int_equal(send_one(&p, 4).reply.outcome, REPLY_DELIVERED);
    end(&p);
}

/* Four senders, but no more than the destination is given: one, then more with each mail that is served. */
static void test_email_relays_begin_small_and_grow(void **state)
{
    (void)state;
    struct pair p = begin("stage=dot do=stall times=1", NULL, 1, 4);
    struct email_job job = mail_stand_mail(1);

    assert_int_equal(email_relays_free_slots(p.all), 1);
    assert_true(email_relays_submit(p.all, &job));
    while (smtp_sink_connections(p.sinks[0]) == 0)
        poll(NULL, 0, 1);
    while (email_relays_free_slots(p.all) == 0)
        poll(NULL, 0, 1);
    /* It waits for the one that stalls, though three senders are idle. */
    assert_true(email_relays_submit(p.all, &job));
    assert_true(await(&p).reply.uncertain);
    assert_int_equal(await(&p).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_connections(p.sinks[0]), 2);
    for (int64_t i = 3; i < 12; i++)
        assert_int_equal(send_one(&p, i).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(email_relays_destination(p.all, 0)->concurrency, 4);
    end(&p);
}

/* Claimed and waiting for a sender when the only relay dies: given back, not lost and no attempt. */
static void test_email_relays_give_back_what_waited_for_one_that_died(void **state)
{
    (void)state;
    enum { QUICK = 40, STUCK = 8 };
    struct pair p = begin("match=stuck stage=mail do=stall", NULL, 1, 1);
    struct email_job job = mail_stand_mail(1);
    int begun = 0, given_back = 0;

    /* A quick server is given more to wait for it. */
    for (int64_t i = 1; i <= QUICK; i++)
        assert_int_equal(send_one(&p, i).reply.outcome, REPLY_DELIVERED);
    assert_true(email_relays_free_slots(p.all) >= STUCK);
    job.envelope_from = (char[]){"stuck@told.southwark.example"};
    for (job.message_id = 101; job.message_id <= 100 + STUCK; job.message_id++)
        assert_true(email_relays_submit(p.all, &job));
    for (int i = 0; i < STUCK; i++) {
        struct outcome outcome = await(&p);

        assert_in_range(outcome.message_id, 101, 100 + STUCK);
        begun += outcome.begun;
        given_back += !outcome.begun;
    }
    assert_in_range(begun, 3, 4); /* a fourth may have been in hand */
    assert_int_equal(begun + given_back, STUCK);
    await_state(&p, 0, DESTINATION_ALIVE); /* whatever came late, it is still probed */
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email_relays_give_all_to_the_first_while_it_is_well),
        cmocka_unit_test(test_email_relays_go_on_at_the_next_in_the_same_attempt),
        cmocka_unit_test(test_email_relays_send_nothing_twice_that_may_have_arrived),
        cmocka_unit_test(test_email_relays_take_the_first_again_once_it_answers),
        cmocka_unit_test(test_email_relays_with_none_left_hold_mail_back_until_one_answers),
        cmocka_unit_test(test_email_relays_of_one_take_three_failures_to_die),
        cmocka_unit_test(test_email_relays_begin_small_and_grow),
        cmocka_unit_test(test_email_relays_give_back_what_waited_for_one_that_died),
    };
    return cmocka_run_group_tests_name("email_relays", tests, NULL, NULL);
}
