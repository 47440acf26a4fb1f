/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a calendar: a reason, or a calendar whose counting forward and back agree. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "told/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_day(const struct calendar *calendar, struct civil_day day)
{
    struct civil_day back = calendar_back_to_working_day(calendar, day);

    assert(calendar_is_working_day(calendar, back) && back.number <= day.number);
    for (int count = 1; count <= 30; count++) {
        struct civil_day after = calendar_add_working_days(calendar, day, count);
        struct civil_day before = calendar_add_working_days(calendar, day, -count);

        assert(calendar_is_working_day(calendar, after) && after.number >= day.number + count);
        assert(calendar_is_working_day(calendar, before) && before.number <= day.number - count);
        assert(calendar_add_working_days(calendar, after, -count).number == back.number ||
               !calendar_is_working_day(calendar, day));
        assert(calendar_add_working_days(calendar, back, count).number == after.number);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *reason = NULL;
    struct calendar *calendar = calendar_parse((const char *)bytes, len, &reason);
    int first, last;

    assert((calendar == NULL) == (reason != NULL));
    if (calendar == NULL) {
        assert(strncmp(reason, "line ", 5) == 0 || strncmp(reason, "event ", 6) == 0);
        free(reason);
        return 0;
    }
    first = calendar_first_year(calendar);
    last = calendar_last_year(calendar);
    assert(first >= 1000 && first <= last && last <= 9999);
    for (int year = first - 1; year <= last + 1; year++)
        for (int month = 1; month <= 12; month += 11)
            for (int day = 24; day <= 31; day++)
                check_day(calendar, civil_day_of_date(year, month, day));
    calendar_free(calendar);
    return 0;
}
