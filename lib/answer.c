/* SPDX-License-Identifier: Apache-2.0 */
#include "told/answer.h"

#include <string.h>

#define OF_ALL "ack of all"
#define OF_ROLE "ack of "

static bool is_one_of(const char *role, const char *const *roles, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(role, roles[i]) == 0)
            return true;
    return false;
}

static bool is_held(const struct answer_line *line, const char *const *held, size_t held_count)
{
    if (is_one_of(line->role, held, held_count))
        return true;
    for (size_t i = 0; i < line->above_count; i++)
        if (is_one_of(line->above[i], held, held_count))
            return true;
    return false;
}

size_t answer_lines(const struct answer_line *lines, size_t count, const char *const *held, size_t held_count,
                    bool *counts)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        counts[i] = lines[i].told;
        found += counts[i];
    }
    if (found > 0)
        return found;
    for (size_t i = 0; i < count; i++) {
        counts[i] = is_held(&lines[i], held, held_count);
        found += counts[i];
    }
    return found;
}

/* Whether every line of that role is answered once these are; of every role, if it is NULL or none of the
 * lines has it. */
static bool all_answered(const struct answer_line *lines, size_t count, const bool *counts, const char *role)
{
    bool some = false;
    for (size_t i = 0; i < count; i++) {
        if (role && strcmp(lines[i].role, role) != 0)
            continue;
        if (!lines[i].answered && !counts[i])
            return false;
        some = true;
    }
    return some || (role && all_answered(lines, count, counts, NULL));
}

enum answer_effect answer_acknowledge(const char *closes, const struct answer_line *lines, size_t count,
                                      const bool *counts)
{
    if (strcmp(closes, "ack") == 0)
        return ANSWER_CLOSES;
    if (strcmp(closes, OF_ALL) == 0)
        return all_answered(lines, count, counts, NULL) ? ANSWER_CLOSES : ANSWER_HEARD;
    if (strncmp(closes, OF_ROLE, strlen(OF_ROLE)) == 0)
        return all_answered(lines, count, counts, closes + strlen(OF_ROLE)) ? ANSWER_CLOSES : ANSWER_HEARD;
    /* "done", "care.visit": a deed or an event closes it; so does whatever we do not know, for silence is the
     * worse fault. */
    return ANSWER_SLEEPS;
}

enum answer_effect answer_done(const char *closes, bool told)
{
    return told || strstr(closes, "done and told") == NULL ? ANSWER_CLOSES : ANSWER_SLEEPS;
}
