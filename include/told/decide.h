/* SPDX-License-Identifier: Apache-2.0 */
/* Which duties an event makes, and why: a function of its arguments. The daemon, `explain` and `test` share it. */
#ifndef TOLD_DECIDE_H
#define TOLD_DECIDE_H

#include "told/calendar.h"
#include "told/facts.h"
#include "told/protocol.h"

enum truth {
    TRUTH_UNKNOWN,
    TRUTH_FALSE,
    TRUTH_TRUE,
};

struct decide_past {
    struct instant received_at;
    const struct event *event;
};

struct decide_input {
    const char *authority; /* whose installation this is */
    struct instant received_at;
    const struct event *event;
    const struct facts *facts; /* of the child just before the event */
    enum truth court_is_host, court_is_our_day;
    const struct decide_past *history; /* oldest first, without the event itself */
    size_t history_count;
};

struct decided_duty {
    const struct rule *rule;
    const char *duty;     /* "D41" */
    const char **tell;    /* roles told first, before any falling through */
    size_t tell_count;
    const char **copy;    /* roles told for information; they need no answer (A20) */
    size_t copy_count;
    const char *ladder;   /* "" each role's own line; else the name of a line */
    struct instant due_at;
    struct civil_day as_of; /* whoever was allocated on that day is told (A13); none: whoever is when they are told */
    bool immediate;       /* 60 minute dwell, any hour (A20, A21) */
    bool provisional;     /* due beyond the calendar's last year */
    char *key;            /* canonical JSON array of the rule's key fields with their values: what makes it the same duty */
    char *shows;          /* canonical JSON object of what the reader must know (due_at included): its change tells again */
    json_t *because;      /* array of strings: each condition with its value, the clock with the days counted */
};

struct decided_review {
    const char *duty;
    const char **unknown; /* the fields that were missing */
    size_t unknown_count;
    struct instant due_at; /* 1 working day, or the duty's own clock where that is shorter */
};

/* A duty that only has to be on record: it tells nobody and never climbs. */
struct decided_record {
    const struct rule *rule;
    const char *duty;
    json_t *because; /* array of strings: each condition with its value */
};

struct decided_not {
    const char *duty;
    char *because;
};

/* A moment that told has to come back at: nobody is told before it. */
struct decided_watch {
    const struct rule *rule;
    const char *duty;
    struct instant at;
    bool provisional; /* beyond the calendar's last year */
};

struct decide_memory; /* private: what the lists below live in */

struct decision {
    struct decide_memory *memory;
    struct decided_duty *duties;
    size_t duty_count;
    struct decided_review *reviews;
    size_t review_count;
    struct decided_record *records;
    size_t record_count;
    struct decided_watch *watches;
    size_t watch_count;
    struct decided_not *nots; /* rules that listen to this type of event and did not fire */
    size_t not_count;
};

void decide(const struct protocol *protocol, const struct calendar *calendar, const struct decide_input *input,
            struct decision *ret);
void decision_release(struct decision *decision);
/* The clock of a duty that is open already, worked out again for `input->event`, its ground, on what is known by now:
 * its history may reach beyond that event. False where it cannot be known, or the rule does not start at such events. */
struct decided_due {
    struct instant at;
    bool immediate;
    bool provisional;
    char *shows;   /* as decided_duty.shows; owned */
    char *explain; /* the days counted; owned */
};
bool decide_due(const struct rule *rule, const struct calendar *calendar, const struct decide_input *input,
                struct decided_due *ret);
void decided_due_release(struct decided_due *due);
/* The object of events.md section 6, and "records": [{"duty", "because"}]; recipients are empty lists. New reference. */
json_t *decision_json(const struct decision *decision);

/* Whether `later`, about the same child, closes an open duty of `rule` that `ground` opened: an event type among its
 * `closes` whose condition holds, and the same hearing, meeting or case where both name one. */
enum decide_close {
    DECIDE_CLOSES_NOT,
    DECIDE_CLOSES_DISCHARGED,
    DECIDE_CLOSES_SUPERSEDED, /* void: another duty goes on in its place (protocol.md section 6) */
};
enum decide_close decide_closes(const struct rule *rule, const struct event *ground, const struct event *later);
/* Whether both would show the reader of a duty of `rule` the same, deadline and history left aside. */
bool decide_shows_alike(const struct rule *rule, const struct event *one, const struct event *other);

/* A case file (events.md section 6). NULL and *ret_reason if it is no case. */
struct decide_case;
struct decide_case *decide_case_parse(const char *bytes, size_t len, char **ret_reason);
void decide_case_free(struct decide_case *one);
const char *decide_case_name(const struct decide_case *one);
const struct decide_input *decide_case_input(const struct decide_case *one);
/* NULL if every expect, expect_not and expect_review of the case holds; else what differs (caller frees). */
char *decide_case_compare(const struct decide_case *one, const struct decision *decision);

#endif
