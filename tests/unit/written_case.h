/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision of the shipped rules, written down in one line. JSON stands here with single quotes in place of double ones: it
 * is read by people first.
 */
#ifndef TOLD_TESTS_WRITTEN_CASE_H
#define TOLD_TESTS_WRITTEN_CASE_H

#include "shipped.h"
#include "told/decide.h"

/* What is left out is "", and nothing is known of it. */
struct told_case {
    const char *received; /* an instant */
    const char *time;     /* NULL: as received */
    const char *child;    /* members of the object */
    const char *more;     /* "'court':{…},'history':[…]" */
    const char *type;
    const char *data;   /* members beside an empty person */
    const char *expect; /* "'expect':[…],'expect_not':[…],'expect_review':[…]" */
};

struct made {
    struct decide_case *one;
    struct decision decision;
};

static inline const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static inline void quote(char *text)
{
    for (; *text != '\0'; text++)
        *text = *text == '\'' ? '"' : *text;
}

/* An event of a history, or the event of a case. */
static inline char *event_text(const char *id, const char *time, const char *type, const char *data)
{
    bool bare = or_empty(data)[0] == '\0';

    return mem_printf("{'specversion':'1.0','id':'%s','source':'x/y','type':'%s','time':'%s','data':{'person':{}%s%s}}",
                      id, type, time, bare ? "" : ",", or_empty(data));
}

static inline struct made make_decision(const struct shipped *shipped, const struct told_case *row)
{
    const char *more = or_empty(row->more);
    const char *expect = or_empty(row->expect);
    char *event = event_text("e-1", row->time == NULL ? row->received : row->time, row->type, row->data);
    char *text = mem_printf("{'received_at':'%s','authority':'southwark','child':{%s}%s%s%s%s,'event':%s}", row->received,
                            or_empty(row->child), more[0] == '\0' ? "" : ",", more, expect[0] == '\0' ? "" : ",", expect,
                            event);
    char *reason = NULL;
    struct made made = {0};

    quote(text);
    made.one = decide_case_parse(text, strlen(text), &reason);
    if (made.one == NULL)
        fail_msg("%s\n%s", reason, text);
    decide(shipped->protocol, shipped->calendar, decide_case_input(made.one), &made.decision);
    free(event);
    free(text);
    return made;
}

static inline void free_made(struct made *made)
{
    decision_release(&made->decision);
    decide_case_free(made->one);
}

static inline void check_cases(const struct shipped *shipped, const struct told_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct made made = make_decision(shipped, &rows[i]);
        char *difference = decide_case_compare(made.one, &made.decision);

        if (difference != NULL)
            fail_msg("row %zu, %s %s: %s", i, rows[i].type, or_empty(rows[i].data), difference);
        free_made(&made);
    }
}

#define CHECK_CASES(state, rows) check_cases(*(state), rows, sizeof(rows) / sizeof((rows)[0]))

/* NULL if it did not come out. */
static inline const struct decided_duty *duty_of(const struct made *made, const char *duty)
{
    for (size_t i = 0; i < made->decision.duty_count; i++) {
        if (strcmp(made->decision.duties[i].duty, duty) == 0)
            return &made->decision.duties[i];
    }
    return NULL;
}

static inline bool is_recorded(const struct made *made, const char *duty)
{
    for (size_t i = 0; i < made->decision.record_count; i++) {
        if (strcmp(made->decision.records[i].duty, duty) == 0)
            return true;
    }
    return false;
}

static inline struct instant instant_of(const char *text)
{
    struct instant at = INSTANT_NONE;

    if (!instant_parse(text, &at))
        fail_msg("no instant: %s", text);
    return at;
}

static inline void assert_at(struct instant at, const char *expected)
{
    char text[INSTANT_TEXT_SIZE];

    assert_string_equal(instant_print(at, text), expected);
}

#endif
