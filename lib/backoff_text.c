/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a duty keeps what it is tried again by, in numbers: immediate and ordinary, parted by ';', and behind another the longest.
 *
 *   30,60,120,300 120 20 1 120;60,300,900,1800,3600 900 20 3 900;432000
 *   └ waits       │   │  │ └ seconds until the other channel; before it the failures
 *                 │   └ jitter    └ not before, after uncertain
 */
#include <stdlib.h>
#include <string.h>

#include "told/backoff.h"
#include "told/buf.h"

enum { STEPS_MOST = sizeof((struct backoff_policy *)0)->steps_s / sizeof(int), NUMBER_MOST = 100000000 };

static void print_policy(struct buf *b, const struct backoff_policy *policy)
{
    for (size_t i = 0; i < STEPS_MOST && policy->steps_s[i] > 0; i++)
        buf_printf(b, "%s%d", i > 0 ? "," : "", policy->steps_s[i]);
    buf_printf(b, " %d %d %d %d;", policy->uncertain_s, policy->jitter_percent, policy->other_channel_failures,
               policy->other_channel_s);
}

char *backoff_print(const struct backoff *backoff)
{
    struct buf b = {0};

    print_policy(&b, &backoff->immediate);
    print_policy(&b, &backoff->ordinary);
    buf_printf(&b, "%d", backoff->longest_s);
    return buf_take(&b);
}

/* A number, and one of these characters behind it; without any, the end. */
static bool take(const char **at, const char *behind, int *ret, char *ret_behind)
{
    char *end;
    long value;

    if (**at < '0' || **at > '9')
        return false;
    value = strtol(*at, &end, 10);
    if (value > NUMBER_MOST || (*end == '\0') != (*behind == '\0') || strchr(behind, *end) == NULL)
        return false;
    *ret = (int)value;
    *ret_behind = *end;
    *at = *end != '\0' ? end + 1 : end;
    return true;
}

static bool take_policy(const char **at, struct backoff_policy *ret)
{
    struct backoff_policy policy = {0};
    char behind = ',';

    for (size_t i = 0; behind == ','; i++)
        if (i == STEPS_MOST || !take(at, ", ", &policy.steps_s[i], &behind) || policy.steps_s[i] == 0)
            return false;
    if (!take(at, " ", &policy.uncertain_s, &behind) || !take(at, " ", &policy.jitter_percent, &behind) ||
        !take(at, " ", &policy.other_channel_failures, &behind) || !take(at, ";", &policy.other_channel_s, &behind))
        return false;
    *ret = policy;
    return policy.jitter_percent <= 100;
}

bool backoff_parse(const char *text, struct backoff *ret)
{
    struct backoff backoff = {0};
    char behind;

    if (!take_policy(&text, &backoff.immediate) || !take_policy(&text, &backoff.ordinary) ||
        !take(&text, "", &backoff.longest_s, &behind))
        return false;
    *ret = backoff;
    return true;
}
