/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people and children of the flow tests, and what a test does with them: publish one event, run one
 * command, wait until told is quiet, read what the sinks wrote down. What fails here fails the test.
 *
 *   LCS-1  s20, open to both services; social worker p-ash, yos worker p-gorse
 *   LCS-2  in need; p-ash in both roles
 *   LCS-3  s20; p-juniper, who has an address and a webhook
 *   LCS-4  s20; p-kapok, who has a webhook alone
 *   LCS-5  nobody cares for it by law; p-ash, p-gorse
 *   LCS-6  s31; p-birch, p-gorse: the bystander
 *   LCS-7  not known whether in need or on a plan; p-ash, p-gorse
 *
 * csc: p-cedar manages north, p-dogwood the service, p-elm is the head, p-fir the director. yos: p-hazel is
 * on duty, p-ivy manages east, p-larch the operations, p-maple the service, p-nutmeg is the head. Each has
 * NAME@southwark.example.
 */
#ifndef TOLD_CAST_H
#define TOLD_CAST_H

#include <jansson.h>

#include "harness.h"

/* Fields of an event's data. */
#define CAST_CHARGE                                                                                          \
    ",\"charged_on\":\"2024-05-31\",\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft of bluebells\"}]," \
    "\"authority\":\"southwark\",\"bail_objected\":false,\"exploitation_indicator\":false,\"drug_supply\":false"
#define CAST_COURT ",\"court\":\"camberwell-youth-court\""

/* A box of its own at that moment, with these people, and into *state for harness_teardown; the clock stands until it is
 * moved. smtp_script may be NULL. cast_play has told run in it, with all stages. */
struct harness *cast_begin(void **state, const char *now, const char *smtp_script);
struct harness *cast_play(void **state, const char *now, const char *smtp_script);
void cast_import(struct harness *h);
/* The people once more; the leaver (an id, or NULL) has left on that day. */
void cast_import_people(struct harness *h, const char *leaver, const char *left_on);

struct cast_event {
    const char *type, *id, *time;
    const char *lcs;      /* NULL: nobody we know, by a PNC number */
    const char *fields;   /* more of the data, from its comma on; or NULL */
    const char *case_ref; /* NULL: the child's own */
};
/* Publishes it to the feed that its type's first word names; the publisher must have seen an ACK. */
void cast_publish(struct harness *h, const struct cast_event *event);
/* The same in fewer words: at 09:50 on Monday 3 June 2024 in London, or with its time before the id
 * ("2024-05-20T10:00:00Z plan-1"). */
void cast_say(struct harness *h, const char *type, const char *id, const char *lcs, const char *fields);
void cast_hear(struct harness *h, const char *type, const char *id, const char *lcs,
               const char *fields); /* and settles */
/* And about whomever that JSON of a person says, with `fields` from a comma on. */
void cast_hear_of(struct harness *h, const char *type, const char *id, const char *person, const char *fields);
/* An event about LCS-6 that has its mail sent and the journal sealed: whatever was due before it has
 * happened. */
void cast_bystander(struct harness *h);

/* Runs toldctl as amara; arguments end with NULL. The exit code. */
int cast_operate(struct harness *h, ...) __attribute__((sentinel));
/* The same, which must succeed. */
#define cast_succeed(...) assert_int_equal(cast_operate(__VA_ARGS__, NULL), 0)

/* Waits until nothing waits, is queued, in flight or due, and the journal is sealed. */
void cast_settle(struct harness *h);
void cast_jump(struct harness *h, const char *to); /* and settles */

/* Fails unless the query's first value is as wanted, now or within ten seconds. */
void cast_expect(struct harness *h, const char *want, const char *sql, ...)
    __attribute__((format(printf, 3, 4)));
void cast_await(struct harness *h, const char *want, const char *sql, ...)
    __attribute__((format(printf, 3, 4)));
/* "STATE CLOSED-AS MM-DD HH:MI TELLING" of a duty; of several, with "; " between, in order of their numbers.
 */
void cast_expect_duty(struct harness *h, const char *duty, const char *want);
char *cast_value(struct harness *h, const char *sql, ...) __attribute__((format(printf, 2, 3)));

/* What a sink wrote down ("mails.ndjson", "hooks.ndjson"), as an array; the caller drops it. */
json_t *cast_lines(struct harness *h, const char *name);
long cast_mails_to(struct harness *h, const char *person); /* "ash" */
char *cast_mail(struct harness *h, int number);            /* the whole of a mail, from 1; the caller frees */
bool cast_log_has(struct harness *h, const char *text);

/* No mail, webhook or line of the log holds anything of a child or an offence; every subject is ASCII; the
 * journal holds none either; an open duty has a next instant. Every test ends with it. */
void cast_check(struct harness *h);

#endif
