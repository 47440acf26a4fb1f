/* SPDX-License-Identifier: Apache-2.0 */
/* The rules, read from the files of conf/protocol: data, versioned by hash, checked against the catalogue as they load. */
#ifndef TOLD_PROTOCOL_H
#define TOLD_PROTOCOL_H

#include <stdio.h>

#include "told/json.h"

struct protocol;
struct rule;

struct protocol_file {
    const char *name; /* as shown in faults, for example "conf/protocol/southwark.conf" */
    const char *text;
    size_t len;
};

/* Called once for each fault: "what, what to do". line is 1-based. */
typedef void protocol_fault_fn(void *cookie, const char *file, int line, const char *text);

/* NULL if there was any fault; all faults of all files are reported in one run (one per unparsable file). */
struct protocol *protocol_parse(const struct protocol_file *files, size_t count, protocol_fault_fn *fault, void *cookie);
void protocol_free(struct protocol *protocol);
const char *protocol_hash(const struct protocol *protocol); /* SHA-256 over the files, 64 hex digits: its version */

size_t protocol_count(const struct protocol *protocol);
const struct rule *protocol_rule(const struct protocol *protocol, size_t index);
const struct rule *protocol_find(const struct protocol *protocol, const char *rule_name); /* "D41-leaver" */

const char *rule_name(const struct rule *rule);  /* unique: "D41", "D41-leaver" */
const char *rule_duty(const struct rule *rule);  /* "D41" */
const char *rule_title(const struct rule *rule); /* the duty in the words of the protocol, for lists and as the reason */
const char *rule_says(const struct rule *rule);  /* what whoever is told first has to do: the first line of a notice; "" only
                                                    where the rule is not enabled */
const char *rule_cites(const struct rule *rule);
const char *rule_within(const struct rule *rule);
const char *rule_when(const struct rule *rule);   /* the condition's text */
const char *rule_closes(const struct rule *rule); /* printed form: "ack", "ack of all", "ack of yos-duty-officer", "done", "done, care.visit",
                                                     "done and told" */
enum rule_answer {
    RULE_ANSWER_NEVER, /* an acknowledgement only stops the climb until due_at; somebody must record it done, or a fact comes */
    RULE_ANSWER_ONE,   /* of one of those told */
    RULE_ANSWER_ALL,   /* of every role told */
    RULE_ANSWER_ROLE,  /* of the role named */
};
enum rule_answer rule_answer(const struct rule *rule, const char **ret_role); /* whose acknowledgement closes the duty */
const char *rule_as_of(const struct rule *rule);  /* "event.on": whoever was allocated on that day is told (A13); "" */
const char *rule_kind(const struct rule *rule);   /* "TIMED", "STANDING", …, or "" */
const char *rule_ladder(const struct rule *rule); /* "" each role's own line; else the name of a line */
bool rule_counts_from_release(const struct rule *rule); /* its clock follows the release date, wherever that moves */
bool rule_is_watch(const struct rule *rule); /* it starts at a moment, where nothing came that it waits for */
enum rule_form {
    RULE_TELLS,   /* makes a duty */
    RULE_RECORDS, /* `records`: noted in the journal and in explain, tells nobody, never climbs */
    RULE_STANDS,  /* `started_by = "nothing"`: kept by told itself or by another rule, as its reason says */
};
enum rule_form rule_form(const struct rule *rule);
const char *rule_reason(const struct rule *rule); /* why it is switched off, or why nothing starts it; "" otherwise */
bool rule_is_enabled(const struct rule *rule);
bool rule_is_immediate(const struct rule *rule); /* its clock is immediate, always or where its condition says so */
size_t rule_role_count(const struct rule *rule); /* every role that it may tell, copy or climb by name */
const char *rule_role(const struct rule *rule, size_t index);
const char *rule_file(const struct rule *rule);
int rule_line(const struct rule *rule);

/* The decision table that `told -n` and `toldctl protocol` print. */
json_t *protocol_json(const struct protocol *protocol);

#endif
