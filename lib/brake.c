/* SPDX-License-Identifier: Apache-2.0 */
#include "told/brake.h"

#include "told/mem.h"

long brake_limit(const struct brake_policy *policy, long busiest)
{
    long times = (long)policy->busiest_times * busiest;

    return times > policy->hour_most ? times : policy->hour_most;
}

enum brake_verdict brake_judge(const struct brake_policy *policy, const struct brake_load *load, long adds)
{
    if (adds <= 0)
        return BRAKE_FREE;
    if (load->message + adds > policy->message_most)
        return BRAKE_MESSAGE;
    return load->hour + adds > brake_limit(policy, load->busiest) ? BRAKE_HOUR : BRAKE_FREE;
}

long brake_room(const struct brake_policy *policy, const struct brake_load *load)
{
    long message = policy->message_most - load->message, hour = brake_limit(policy, load->busiest) - load->hour;
    long room = message < hour ? message : hour;

    return room > 0 ? room : 0;
}

char *brake_text(const struct brake_policy *policy, const struct brake_load *load, long adds, enum brake_verdict verdict)
{
    if (verdict == BRAKE_MESSAGE)
        return mem_printf("one message would make %ld duties, more than %d", load->message + adds, policy->message_most);
    return mem_printf("it would make %ld duties in one hour, more than %ld (%d, or %d times the %ld of its busiest hour in %d days)",
                      load->hour + adds, brake_limit(policy, load->busiest), policy->hour_most, policy->busiest_times,
                      load->busiest, policy->busiest_days);
}
