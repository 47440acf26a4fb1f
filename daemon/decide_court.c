/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_court.h"

#include <string.h>

void decide_court_facts(const struct config *config, const struct event *event, struct decide_input *ret)
{
    const json_t *data = json_object_get(event_json(event), "data");
    const char *court = json_text_at(data, "court"), *at = json_text_at(data, "at"), *on = json_text_at(data, "on");
    struct civil_day day = civil_day_of(event_time(event));
    struct instant instant;

    if (court == NULL || config->court_count == 0)
        return;
    if (on != NULL)
        civil_parse(on, &day);
    else if (at != NULL && instant_parse(at, &instant))
        day = civil_day_of(instant);
    ret->court_is_host = ret->court_is_our_day = TRUTH_FALSE;
    for (size_t i = 0; i < config->court_count; i++) {
        const struct config_court *c = &config->courts[i];

        if (strcmp(c->court, court) != 0)
            continue;
        ret->court_is_host = c->is_host ? TRUTH_TRUE : TRUTH_FALSE;
        ret->court_is_our_day = (c->days >> civil_weekday(day) & 1U) != 0 ? TRUTH_TRUE : TRUTH_FALSE;
    }
}
