/* SPDX-License-Identifier: Apache-2.0 */
/* Where the value of a name came from, for one event of a child's timeline: which event, import or answer made it so. */
#ifndef TOLD_TIMELINE_SOURCE_H
#define TOLD_TIMELINE_SOURCE_H

#include "told/timeline.h"

/* For a name as rules write it ("child.looked_after", "child.has(yos-worker)", "event.court", "release.on"). `input` is
 * what the event at `index` is decided on. Never NULL; new reference:
 *   {"from": "this event" | "event" | "import" | "answer" | "record" | "configuration" | "silence" | "nobody", "text",
 *    "event", "type", "source", "id", "valid_from", "received_at"}        of an event
 *    "row", "valid_from", "recorded_at", "recorded_by"}                   of an import or answer */
json_t *timeline_source(const struct timeline *t, size_t index, const struct decide_input *input, const char *name);

#endif
