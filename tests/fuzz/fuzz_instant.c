/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as an instant and as a date: what is taken prints and parses back to itself, on the day it says.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "told/civil.h"
#include "told/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_instant(const char *text)
{
    struct instant at = {42}, again = {0};
    char printed[INSTANT_TEXT_SIZE];
    struct civil_day day;
    int minute;

    if (!instant_parse(text, &at)) {
        assert(at.us == 42);
        return;
    }
    assert(instant_parse(instant_print(at, printed), &again) && again.us == at.us);
    day = civil_day_of(at);
    minute = civil_minute_of(at);
    assert(minute >= 0 && minute < 1440);
    /* The wall clock leads back to the same minute, or to its first showing an hour before. */
    again = civil_instant(day, minute / 60, minute % 60);
    assert(at.us - again.us < INT64_C(60000000) ||
           at.us - again.us - INT64_C(3600000000) < INT64_C(60000000));
    assert(again.us <= at.us && civil_day_of(again).number == day.number);
}

static void check_date(const char *text)
{
    struct civil_day day = {42};
    char printed[CIVIL_TEXT_SIZE];

    if (!civil_parse(text, &day)) {
        assert(day.number == 42);
        return;
    }
    assert(strcmp(civil_print(day, printed), text) == 0);
    for (int months = -25; months <= 25; months++) {
        struct civil_day other = civil_add_months(day, months);

        assert(abs(other.number - day.number - months * 30) <= 28);
        assert(abs(civil_add_months(other, -months).number - day.number) <= 3);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = mem_copy_n((const char *)bytes, len); /* exactly as long as it is, for the sanitizer */

    check_instant(text);
    check_date(text);
    free(text);
    return 0;
}
