/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "told/event.h"
#include "told/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_event(const struct event *event)
{
    struct facts *facts = facts_new();
    struct facts *copy;
    char a[65], b[65];

    assert(event_id(event)[0] != '\0' && event_source(event)[0] != '\0');
    assert(!instant_is_none(event_time(event)) && !instant_is_none(event_valid_from(event)));
    event_digest(event, a);
    assert(strlen(a) == 64);
    facts_apply(facts, event);
    copy = facts_copy(facts);
    facts_digest(facts, a);
    facts_digest(copy, b);
    assert(strcmp(a, b) == 0);
    facts_close(facts);
    facts_free(copy);
    facts_free(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    enum event_fault fault = EVENT_OK;
    char *reason = NULL;
    struct event *event = event_parse((const char *)bytes, len, &fault, &reason);

    if (event == NULL) {
        assert(fault != EVENT_OK && reason != NULL && strlen(reason) > 0);
    } else {
        assert(reason == NULL);
        check_event(event);
    }
    event_free(event);
    free(reason);
    return 0;
}
