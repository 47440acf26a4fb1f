/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_known.h"

#include <stdlib.h>

#include "candidates.h"
#include "told/identity.h"
#include "told/mem.h"

bool decide_known(struct duty_store *s, struct event *const *events, size_t count, bool *ret_known)
{
    struct candidates_asked *asked = mem_grow(NULL, count + 1, sizeof *asked);
    struct person **persons = mem_grow(NULL, count + 1, sizeof(struct person *));
    struct candidates_found found = {0};
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        persons[i] = person_read(events[i] == NULL ? NULL : event_person(events[i]), (const char *const *)s->config->trusted);
        asked[i] = (struct candidates_asked){0, persons[i], true};
    }
    if (count > 0)
        ok = candidates_find(s->pg, asked, count, &found);
    for (size_t i = 0; ok && i < count; i++) {
        struct identity_result result = {0};

        identity_judge(&s->config->identity, persons[i], found.of[i].list, found.of[i].count, &result);
        ret_known[i] = result.verdict != IDENTITY_NONE;
        identity_release(&result);
    }
    candidates_release(&found, count);
    for (size_t i = 0; i < count; i++)
        person_free(persons[i]);
    free(persons);
    free(asked);
    return ok;
}
