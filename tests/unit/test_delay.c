/* SPDX-License-Identifier: Apache-2.0 */
/* Whose delay it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/delay.h"

#define S " of delay were the sender's"
#define T " of delay were told's, a hold, a question or a fact that came late among them"

static const struct {
    const char *happened, *recorded, *received, *opened, *due, *says;
} TABLE[] = {
    {"2024-06-03T08:00:00Z", NULL, "2024-06-03T09:00:00Z", "2024-06-03T09:00:01Z", "2024-06-04T16:00:00Z", NULL},
    {"2024-06-02T09:00:01Z", NULL, "2024-06-03T09:00:00Z", "2024-06-03T09:00:01Z", "2024-06-04T16:00:00Z", NULL},
    {"2024-06-02T09:00:00Z", NULL, "2024-06-03T09:00:00Z", "2024-06-03T09:00:01Z", "2024-06-04T16:00:00Z",
     "happened 2024-06-02 10:00, received 2024-06-03 10:00: 24 hours" S},
    {"2024-05-27T10:00:00Z", "2024-05-31T09:00:00Z", "2024-06-03T11:00:00Z", "2024-06-03T11:00:01Z", "2024-06-04T16:00:00Z",
     "happened 2024-05-27 11:00, recorded by the sender 2024-05-31 10:00, received 2024-06-03 12:00: 7 days" S},
    /* Overdue though it came at once: a hearing that begins within the minute. */
    {"2024-06-03T08:59:00Z", NULL, "2024-06-03T09:00:00Z", "2024-06-03T09:00:01Z", "2024-06-03T09:00:00Z",
     "happened 2024-06-03 09:59, received 2024-06-03 10:00: less than two minutes" S "; already overdue when it opened"},
    /* A late feed: the release it was to be told eight days before is tomorrow. */
    {"2024-05-20T09:00:00Z", NULL, "2024-06-03T09:00:00Z", "2024-06-03T09:00:01Z", "2024-05-27T16:00:00Z",
     "happened 2024-05-20 10:00, received 2024-06-03 10:00: 14 days" S "; already overdue when it opened"},
    /* Held for four days: the sender was in time. */
    {"2024-06-03T17:00:00Z", NULL, "2024-06-03T17:30:00Z", "2024-06-07T17:30:00Z", "2024-06-04T16:00:00Z",
     "happened 2024-06-03 18:00, received 2024-06-03 18:30: 30 minutes" S "; decided 2024-06-07 18:30: 4 days" T
     "; already overdue when it opened"},
    /* Said to happen after it came: nobody was late. */
    {"2024-06-05T09:00:00Z", NULL, "2024-06-03T09:00:00Z", "2024-06-03T11:00:00Z", "2024-06-04T16:00:00Z",
     "happened 2024-06-05 10:00, received 2024-06-03 10:00; decided 2024-06-03 12:00: 2 hours" T},
    /* By the wall clock of London on both sides of the change. */
    {"2024-03-29T12:00:00Z", NULL, "2024-04-02T12:00:00Z", "2024-04-02T12:00:00Z", "2024-04-03T16:00:00Z",
     "happened 2024-03-29 12:00, received 2024-04-02 13:00: 4 days" S},
};

static struct instant at(const char *text)
{
    struct instant value = INSTANT_NONE;

    assert_true(text == NULL || instant_parse(text, &value));
    return value;
}

static void test_delay_says_whose_it_was_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct delay_times times = {at(TABLE[i].happened), at(TABLE[i].recorded), at(TABLE[i].received), at(TABLE[i].opened),
                                    at(TABLE[i].due)};
        char *text = delay_text(&times);

        if (TABLE[i].says == NULL ? text != NULL : text == NULL || strcmp(text, TABLE[i].says) != 0)
            fail_msg("row %zu: %s", i, text != NULL ? text : "nothing");
        assert_true(text == NULL || strncmp(text, DELAY_BEGINS, strlen(DELAY_BEGINS)) == 0);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay_says_whose_it_was_by_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
