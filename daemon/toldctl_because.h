/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule made of a stored event, each value with where it came from: what why and why-not say. */
#ifndef TOLD_TOLDCTL_BECAUSE_H
#define TOLD_TOLDCTL_BECAUSE_H

#include "told/timeline.h"
#include "toldctl.h"

/* One stored event, ready to be decided again. */
struct toldctl_subject {
    struct timeline timeline;
    size_t index; /* of the event */
    struct timeline_view view;
    struct decide_input input;
};

/* as_of: only what was recorded by then; none: all that is stored. 0, or an exit code after saying why. */
int toldctl_because_open(struct toldctl *ctl, int64_t child_id, int64_t event_id, struct instant as_of,
                         struct toldctl_subject *ret);
void toldctl_because_release(struct toldctl_subject *subject);

/* explain_rule's object with "rule", with a "source" beside each value, and the titles of bank holidays out of the
 * calendar's text (or NULL). NULL if the rule does not listen to this event. New reference. */
json_t *toldctl_because(const struct toldctl_subject *subject, const struct rule *rule, const struct calendar *calendar,
                        const char *calendar_text);
/* The rule's own words. New reference. */
json_t *toldctl_because_rule(const struct rule *rule);
void toldctl_because_print(const json_t *because);
void toldctl_because_print_rule(const json_t *rule);
/* "2024-06-03 17:00" out of an instant's text; "-" if there is none. */
const char *toldctl_because_time(const json_t *instant, char out[TOLDCTL_TIME_SIZE]);

#endif
