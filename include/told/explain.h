/* SPDX-License-Identifier: Apache-2.0 */
/* What one rule makes of one event, in full. `decide` keeps only what decided it; this is for whoever asks again. */
#ifndef TOLD_EXPLAIN_H
#define TOLD_EXPLAIN_H

#include "told/decide.h"

/* A new reference; NULL if the rule does not listen to events of that type.
 *   {"outcome": "duty" | "review" | "no" | "recorded",
 *    "holds": true | false | null,                         the condition as a whole
 *    "conditions": [{"test", "holds", "decides", "names": [{"name", "value" or null}]}],
 *    "also": [{"role", "when", "holds", "conditions"}],    roles told where that surely holds
 *    "unknown": [names],
 *    "clock": {"within", "due_at", "immediate", "provisional", "text", "conditions", "from", "on", "counted", "skipped",
 *              "moved_back"}}                              without "due_at" where it is unknown; none of a rule that records */
json_t *explain_rule(const struct rule *rule, const struct calendar *calendar, const struct decide_input *input);

/* Whether the rule is asked about events of that type at all: it listens to it, and is enabled. */
bool explain_listens(const struct rule *rule, const char *type);
/* The types it listens to: array of strings, new reference. */
json_t *explain_types(const struct rule *rule);

/* Which event gave history.… or release.on the value it has: its index in the input's history. history_count if no event
 * did, and it would be the same with none. */
size_t explain_history(const char *name, const struct decide_input *input);

#endif
