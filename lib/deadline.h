/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of a rule: by when. Readings A01–A03, A14–A24.
 *
 *   clock := one [ "if (" condition ") else" one ]
 *   one   := "immediate" | "prompt"
 *          | Nwd [ "from" DATE ]          working days after receipt, or after a date; the start is not counted
 *          | Nwd "before" DATE            counted back without the date itself
 *          | N "day[s]" "before" DATE     calendar days, moved back to a working day
 *          | N "month[s]" "before" DATE   the corresponding date, moved back to a working day
 *          | N "month[s]" "after" DATE    the same, forward
 *          | N "day[s]" "after" DATE      that very day, working day or not: the end of a period (A24)
 *          | N "year[s]" "after" DATE     the same: a birthday
 *          | "before" INSTANT             that instant; immediate where it is less than one working day away
 */
#ifndef TOLD_LIB_DEADLINE_H
#define TOLD_LIB_DEADLINE_H

#include "expr.h"
#include "told/calendar.h"

struct deadline;

struct deadline_due {
    bool known;
    bool immediate;
    bool provisional;  /* beyond the calendar's last year, where only week-ends count */
    bool from_receipt; /* a later receipt would give another instant */
    struct instant at;
};

/* For events of one type. NULL and *ret_reason (caller frees). */
struct deadline *deadline_parse(const char *text, int type_index, char **ret_reason);
void deadline_free(struct deadline *deadline);
bool deadline_is_immediate(const struct deadline *deadline); /* always, or where its condition says so */
size_t deadline_date_count(const struct deadline *deadline);
const struct term *deadline_date(const struct deadline *deadline,
                                 size_t index); /* what it counts from or back from */

void deadline_compute(const struct deadline *deadline, const struct calendar *calendar,
                      struct term_scope *scope, struct deadline_due *ret);
/* "1wd" after receipt: the clock of a review. */
struct instant deadline_next_working_day(const struct calendar *calendar, struct instant received_at);
/* The names of what is missing where the due instant is not known. */
void deadline_unknown(const struct deadline *deadline, struct term_scope *scope, expr_line_fn *line,
                      void *cookie);
/* "due 2024-06-03 17:00 Europe/London: 1 working day after Friday 2024-05-31 (receipt); not counted: Sat 1
 * June, …" */
void deadline_explain(const struct deadline *deadline, const struct calendar *calendar,
                      struct term_scope *scope, const struct deadline_due *due, struct buf *out);

#endif
