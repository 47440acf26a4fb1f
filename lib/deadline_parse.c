/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the clocks of deadline.h, left to right. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "deadline_step.h"
#include "told/mem.h"

enum { COUNT_MOST = 400 };

/* Whether the text goes on with `word`; takes it, and the blanks after it. */
static bool reads(const char **text, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*text, word, len) != 0 || ((*text)[len] != '\0' && !isspace((unsigned char)(*text)[len])))
        return false;
    *text += len;
    *text += strspn(*text, " \t");
    return true;
}

static bool reads_count(const char **text, int *ret)
{
    size_t len = strspn(*text, "0123456789");

    if (len == 0 || len > 3)
        return false;
    *ret = atoi(*text);
    *text += len;
    *text += strspn(*text, " \t");
    return *ret > 0 && *ret <= COUNT_MOST;
}

static char *read_date(const char **text, int type_index, bool instant, struct deadline_step *step)
{
    size_t len = strcspn(*text, " \t");
    char *name = mem_copy_n(*text, len);
    char *reason = term_find(name, NULL, type_index, TERM_REACH_ALL, &step->date);

    free(name);
    if (reason != NULL)
        return reason;
    step->has_date = true;
    if (step->date.kind != VALUE_INSTANT && (instant || step->date.kind != VALUE_DAY))
        return mem_printf("%s is no %s; count from one, for example event.%s", step->date.name,
                          instant ? "instant" : "date", instant ? "at" : "on");
    *text += len;
    *text += strspn(*text, " \t");
    return NULL;
}

static bool reads_unit(const char **text, struct deadline_step *step)
{
    if (reads(text, "wd"))
        step->way = DUE_WORKING_DAYS_AFTER;
    else if (reads(text, "days") || reads(text, "day"))
        step->way = DUE_DAYS_BEFORE;
    else if (reads(text, "months") || reads(text, "month"))
        step->way = DUE_MONTHS_BEFORE;
    else if (reads(text, "years") || reads(text, "year"))
        step->way = DUE_YEARS_AFTER;
    else
        return false;
    return true;
}

/* What follows "10wd", "7 days", "1 month". */
static char *read_direction(const char **text, int type_index, struct deadline_step *step)
{
    if (step->way == DUE_WORKING_DAYS_AFTER && !reads(text, "from")) {
        if (!reads(text, "before"))
            return NULL; /* from receipt */
        step->way = DUE_WORKING_DAYS_BEFORE;
    } else if (step->way == DUE_MONTHS_BEFORE && reads(text, "after")) {
        step->way = DUE_MONTHS_AFTER;
    } else if (step->way == DUE_DAYS_BEFORE && reads(text, "after")) {
        step->way = DUE_DAYS_AFTER;
    } else if (step->way == DUE_YEARS_AFTER) {
        if (!reads(text, "after"))
            return mem_copy("after which date? write, for example: 16 years after child.born_on");
    } else if (step->way != DUE_WORKING_DAYS_AFTER && !reads(text, "before")) {
        return mem_copy("from or before which date? write, for example: 1 month before release.on");
    }
    return read_date(text, type_index, false, step);
}

static char *read_step(const char **text, int type_index, struct deadline_step *step)
{
    step->way = DUE_IMMEDIATE;
    if (reads(text, "immediate"))
        return NULL;
    if (reads(text, "prompt")) {
        step->way = DUE_PROMPT;
        return NULL;
    }
    if (reads(text, "before")) {
        step->way = DUE_BEFORE_INSTANT;
        return read_date(text, type_index, true, step);
    }
    if (!reads_count(text, &step->count) || !reads_unit(text, step))
        return mem_copy(
            "no clock; write 1wd, 20wd from event.on, immediate, prompt, before event.at or the like");
    return read_direction(text, type_index, step);
}

/* `if (condition) else one` */
static char *read_choice(const char **text, int type_index, struct deadline *deadline)
{
    static const char otherwise[] = ") else ";
    const char *begin;
    const char *end = NULL;
    char *condition;
    char *reason = NULL;

    if (!reads(text, "if") || **text != '(')
        return mem_copy("nothing may follow but: if (condition) else another clock");
    begin = *text + 1;
    for (const char *at = strstr(begin, otherwise); at != NULL; at = strstr(at + 1, otherwise))
        end = at;
    if (end == NULL)
        return mem_copy("\") else\" and another clock expected; add them");
    condition = mem_copy_n(begin, (size_t)(end - begin));
    deadline->condition = expr_parse(condition, type_index, TERM_REACH_ALL, &reason);
    free(condition);
    if (deadline->condition == NULL)
        return reason;
    *text = end + strlen(otherwise);
    *text += strspn(*text, " \t");
    deadline->step_count = 2;
    return read_step(text, type_index, &deadline->steps[1]);
}

struct deadline *deadline_parse(const char *text, int type_index, char **ret_reason)
{
    struct deadline *deadline = mem_new(sizeof(*deadline));
    char *reason;

    deadline->step_count = 1;
    text += strspn(text, " \t");
    reason = read_step(&text, type_index, &deadline->steps[0]);
    if (reason == NULL && *text != '\0')
        reason = read_choice(&text, type_index, deadline);
    if (reason == NULL && *text != '\0')
        reason = mem_copy("something follows the clock; take it out");
    if (reason == NULL)
        return deadline;
    deadline_free(deadline);
    *ret_reason = reason;
    return NULL;
}
