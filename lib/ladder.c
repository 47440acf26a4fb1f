/* SPDX-License-Identifier: Apache-2.0 */
#include "told/ladder.h"

/* Whatever the policy says, next_at lies ahead: a dwell of nothing would tell the whole line in one tick. */
static int at_least_one(int count)
{
    return count > 1 ? count : 1;
}

/*
 * Design section 10: "Each further step after 1 working day, 60 minutes for immediate duties." A working day
 * ends at 17:00 (A03), so a step told on a Friday evening dwells until Monday 17:00, as a duty received then
 * would.
 */
static struct instant dwell_end(bool immediate, const struct ladder_policy *policy,
                                const struct calendar *calendar, struct instant now)
{
    if (immediate)
        return instant_add_seconds(now, (int64_t)at_least_one(policy->dwell_immediate_minutes) * 60);
    struct civil_day today = civil_day_of(now);
    return calendar_alarm_at(
        calendar_add_working_days(calendar, today, at_least_one(policy->dwell_working_days)));
}

struct ladder_move ladder_climb(const struct ladder_line *line, bool immediate,
                                const struct ladder_policy *policy, const struct calendar *calendar,
                                struct instant now)
{
    struct ladder_move move = {.next_at = dwell_end(immediate, policy, calendar, now)};

    /* One step and no more, however late we are: no level is skipped (A20). A line that became shorter ends
     * at its new top. `stopped` needs no branch: it only moved next_at to due_at, and that has come. */
    if (line->step < line->top) {
        move.step = line->step + 1;
    } else {
        move.step = line->top;
        move.top_again = true;
    }
    return move;
}

struct instant ladder_first_at(struct instant due_at, struct instant now)
{
    /* A due time that is past, or that nobody gave, climbs at once (A15): next_at is never none. */
    return instant_compare(due_at, now) > 0 ? due_at : now;
}
