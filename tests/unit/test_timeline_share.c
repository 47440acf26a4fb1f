/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "told/event.h"
#include "told/mem.h"
#include "told/timeline.h"

/* What arrived, in order of arrival: "source statement sharedHour word". */
struct arrived {
    const char *source, *statement;
    int shared; /* hour of the share; -1: not said */
    const char *word;
    bool is_out;
    int message;      /* the share it came with; 0: as an event of its own */
    const char *of;   /* case, or NULL */
};

static struct timeline_event make_event(const struct arrived *a, int number)
{
    char *recorded =
        a->shared < 0 ? mem_copy("") : mem_printf("\"recordedtime\":\"2024-06-03T%02d:00:00Z\",", a->shared);
    char *statement =
        a->statement == NULL ? mem_copy("") : mem_printf("\"toldstatement\":\"%s\",", a->statement);
    char *text = mem_printf(
        "{\"specversion\":\"1.0\",\"id\":\"e%d\",\"source\":\"%s\",\"type\":\"court.bail\",%s%s"
        "\"time\":\"2024-06-03T08:00:00Z\",\"data\":{\"person\":{\"family_name\":\"n%d\"},\"decision\":\"%s\",\"case\":\"%s\"}}",
        number, a->source, recorded, statement, number, a->word, a->of == NULL ? "C" : a->of);
    struct timeline_event e = {.event_id = number, .parent_id = a->message, .state = a->is_out ? TIMELINE_OUT : TIMELINE_DECIDED};
    enum event_fault fault;
    char *reason = NULL;

    e.event = event_parse(text, strlen(text), &fault, &reason);
    if (e.event == NULL)
        fail_msg("%s", reason);
    e.received_at = instant_add_seconds(event_time(e.event), number);
    e.valid_from = event_time(e.event);
    free(recorded);
    free(statement);
    free(text);
    return e;
}

/* "-": stands for itself; "=": silent; a number: amends that one. In order of arrival. */
static void check(const char *want, const struct arrived *arrived, int count)
{
    struct timeline t = {.count = (size_t)count,
                         .events = mem_new(sizeof(struct timeline_event) * (size_t)(count + 1))};
    char got[64] = "";

    /* As the database may give them: any order. */
    for (int i = 0; i < count; i++)
        t.events[count - 1 - i] = make_event(&arrived[i], i + 1);
    timeline_order(&t);
    for (size_t i = 0; i < t.count; i++) {
        const struct timeline_event *e = &t.events[i];
        const char *amends = event_amends(e->event);
        strcat(got, e->silent != NULL ? "=" : amends != NULL ? amends + 1 : "-");
        assert_int_equal(e->state, e->silent != NULL || arrived[i].is_out ? TIMELINE_OUT : TIMELINE_DECIDED);
    }
    timeline_release(&t);
    assert_string_equal(got, want);
}

static void test_timeline_share_knows_which_share_holds(void **state)
{
    (void)state;
    check("-=", (struct arrived[]){{"s", "h/a", 9, "conditional", 0, 0, NULL}, {"s", "h/a", 10, "conditional", 0, 0, NULL}}, 2);
    check("-1", (struct arrived[]){{"s", "h/a", 9, "conditional", 0, 0, NULL}, {"s", "h/a", 10, "refused", 0, 0, NULL}}, 2);
    /* The third says what the second said; the fourth what the first had said, and is news again. */
    check("-1=2",
          (struct arrived[]){{"s", "h/a", 9, "conditional", 0, 0, NULL},
                             {"s", "h/a", 10, "refused", 0, 0, NULL},
                             {"s", "h/a", 11, "refused", 0, 0, NULL},
                             {"s", "h/a", 12, "conditional", 0, 0, NULL}},
          4);
    /* Late: shared before the one that stands. */
    check("-=", (struct arrived[]){{"s", "h/a", 10, "refused", 0, 0, NULL}, {"s", "h/a", 9, "conditional", 0, 0, NULL}}, 2);
    check("-=1",
          (struct arrived[]){{"s", "h/a", 10, "refused", 0, 0, NULL},
                             {"s", "h/a", 9, "conditional", 0, 0, NULL},
                             {"s", "h/a", 11, "conditional", 0, 0, NULL}},
          3);
    /* Not said when: as they arrived. */
    check("-1", (struct arrived[]){{"s", "h/a", -1, "refused", 0, 0, NULL}, {"s", "h/a", 9, "conditional", 0, 0, NULL}}, 2);
}

static void test_timeline_share_keeps_statements_apart(void **state)
{
    (void)state;
    check("--", (struct arrived[]){{"s", "h/a", 9, "conditional", 0, 0, NULL}, {"s", "h/b", 10, "conditional", 0, 0, NULL}}, 2);
    check("--", (struct arrived[]){{"s", "h/a", 9, "conditional", 0, 0, NULL}, {"other", "h/a", 10, "refused", 0, 0, NULL}}, 2);
    check("--", (struct arrived[]){{"s", NULL, 9, "conditional", 0, 0, NULL}, {"s", NULL, 10, "refused", 0, 0, NULL}}, 2);
    /* What was retracted stands for nothing any more. */
    check("--", (struct arrived[]){{"s", "h/a", 9, "conditional", 1, 0, NULL}, {"s", "h/a", 10, "conditional", 0, 0, NULL}}, 2);
}

#define SHARE(n, hour, what) {"s", "h/w/" what, hour, "conditional", 0, n, NULL}

static void test_timeline_share_silences_what_the_latest_share_leaves_out(void **state)
{
    (void)state;
    check("-==", (struct arrived[]){SHARE(1, 9, "appearance"), SHARE(1, 9, "C/outcome"), SHARE(2, 10, "appearance")}, 3);
    check("-==-=", (struct arrived[]){SHARE(1, 9, "appearance"), SHARE(1, 9, "C/outcome"), SHARE(2, 10, "appearance"),
                                      SHARE(3, 11, "C/other"), SHARE(3, 11, "appearance")}, 5);
    /* Said again later: it stands from the first. */
    check("--==", (struct arrived[]){SHARE(1, 9, "appearance"), SHARE(1, 9, "C/outcome"), SHARE(3, 11, "appearance"),
                                     SHARE(3, 11, "C/outcome")}, 4);
    /* An old share that comes late leaves nothing out, and adds nothing. */
    check("--=", (struct arrived[]){SHARE(2, 10, "appearance"), SHARE(2, 10, "C/outcome"), SHARE(1, 9, "appearance")}, 3);
    check("-==", (struct arrived[]){SHARE(2, 10, "appearance"), SHARE(1, 9, "appearance"), SHARE(1, 9, "C/outcome")}, 3);
    /* Another person, another hearing, another case, another source, an event of its own. */
    check("---", (struct arrived[]){SHARE(1, 9, "appearance"), {"s", "h/ww/outcome", 9, "conditional", 0, 1, NULL},
                                    {"s", "h/w2/appearance", 10, "conditional", 0, 2, NULL}}, 3);
    check("--=", (struct arrived[]){SHARE(1, 9, "appearance"), {"s", "h/w/D/outcome", 9, "conditional", 0, 1, "D"},
                                    SHARE(2, 10, "appearance")}, 3);
    check("---", (struct arrived[]){SHARE(1, 9, "appearance"), SHARE(1, 9, "C/outcome"),
                                    {"other", "h/w/appearance", 10, "conditional", 0, 2, NULL}}, 3);
    check("-=", (struct arrived[]){SHARE(0, 9, "appearance"), SHARE(2, 10, "appearance")}, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeline_share_knows_which_share_holds),
        cmocka_unit_test(test_timeline_share_keeps_statements_apart),
        cmocka_unit_test(test_timeline_share_silences_what_the_latest_share_leaves_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
