/* SPDX-License-Identifier: Apache-2.0 */
/* One rule as it was read, and compiled once for each type of event that it listens to. */
#ifndef TOLD_LIB_RULE_H
#define TOLD_LIB_RULE_H

#include <libconfig.h>

#include "deadline.h"
#include "expr.h"
#include "told/protocol.h"

struct rule_texts {
    char **list; /* owned */
    size_t count;
};

enum rule_key_part {
    RULE_KEY_TYPE,
    RULE_KEY_MATTER, /* the hearing, else the first event of the chain of amends */
    RULE_KEY_FIELD,
};

struct rule_key {
    enum rule_key_part part;
    unsigned slot;
};

/* What the reader must know, sorted by label. No term: the due instant. */
struct rule_show {
    struct term term;
    bool is_due;
    const char *label; /* "at", "first_hearing.court", "due_at", "release.on" */
};

/* The rule for one type of event. */
struct rule_arm {
    const struct rule *rule;
    int type_index;
    struct expr *when;
    struct deadline *within; /* NULL: the rule only records */
    struct term as_of;    /* the day whose allocations hold (A13); no name: those of today */
    struct expr **also; /* one for each of the rule's `also` */
    struct rule_key *keys;
    size_t key_count;
    struct rule_show *shows;
    size_t show_count;
};

struct rule_also {
    char *role;
    char *when;
};

struct rule_close {
    int type_index;
    bool supersedes;   /* another duty goes on in its place: void, not discharged */
    char *when;        /* NULL: always */
    struct expr *expr; /* of the later event alone */
};

/* What opens a watch, for one type of event, and the moment it waits for. */
struct rule_watch_arm {
    const struct rule *rule;
    int type_index;
    struct expr *when;
    struct deadline *at;
};

/* A rule with `watch` starts at a moment: when nothing came that it waits for. */
struct rule_watch {
    struct rule_texts on;
    char *when;
    char *at;
    struct rule_watch_arm *arms;
    size_t arm_count;
    struct rule_close *unless; /* what it waits for: it came, and the watch is met */
    size_t unless_count;
    struct rule_close *ends; /* what makes it pointless; what was met before counts no more */
    size_t end_count;
};

struct rule {
    char *name;
    char *duty;
    char *title;
    char *says;
    char *cites;
    char *kind;
    char *when;
    char *within;
    char *ladder;
    char *as_of; /* "": whoever is allocated when they are told */
    char *file;
    int line;
    bool enabled;
    enum rule_form form;
    char *reason;
    bool immediate;
    struct rule_texts on, tell, copy, key, shows, roles;
    struct rule_also *also;
    size_t also_count;
    enum rule_answer answer;
    char *answer_role;
    bool done_closes;
    bool done_wants_told; /* done, once those told have it in writing as well (A34) */
    struct rule_close *closes;
    size_t close_count;
    char *closes_text;
    struct rule_watch *watch; /* or NULL */
    struct rule_arm *arms;
    size_t arm_count;
};

void rule_texts_add(struct rule_texts *texts, const char *text);
bool rule_texts_has(const struct rule_texts *texts, const char *text);
void rule_texts_release(struct rule_texts *texts);
/* The one of the list that is about this event and whose condition surely holds, or NULL. */
const struct rule_close *rule_close_find(const struct rule_close *list, size_t count, const struct event *event);
void rule_closes_free(struct rule_close *list, size_t count);
void rule_free(struct rule *rule);
json_t *rule_json(const struct rule *rule); /* its row of the decision table; new reference */

/* One group of a file. Reports every fault with its line; NULL if there was any. */
struct rule *rule_read(const config_setting_t *group, const char *file, protocol_fault_fn *fault,
                       void *cookie);

#endif
