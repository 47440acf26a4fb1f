/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as each body of the wire: a reason, or a message that prints and parses again to the same text.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"
#include "told/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define CHECK(kind)                                                                                          \
    static void check_##kind(const char *bytes, size_t len)                                                  \
    {                                                                                                        \
        struct wire_##kind m = {0}, again = {0};                                                             \
        char *reason = wire_##kind##_parse(bytes, len, &m);                                                  \
        char *text, *same;                                                                                   \
                                                                                                             \
        if (reason == NULL) {                                                                                \
            text = wire_##kind##_print(&m);                                                                  \
            assert(wire_##kind##_parse(text, strlen(text), &again) == NULL);                                 \
            same = wire_##kind##_print(&again);                                                              \
            assert(strcmp(text, same) == 0);                                                                 \
            free(text);                                                                                      \
            free(same);                                                                                      \
        }                                                                                                    \
        free(reason);                                                                                        \
        wire_##kind##_release(&m);                                                                           \
        wire_##kind##_release(&again);                                                                       \
    }
CHECK(hello)
CHECK(welcome)
CHECK(ack)
CHECK(nak)
CHECK(busy)

static void check_beacon(const char *bytes, size_t len)
{
    struct wire_beacon m = {0};
    char *reason = wire_beacon_parse(bytes, len, &m);

    assert(reason != NULL || (m.source != NULL && m.epoch >= 0));
    free(reason);
    wire_beacon_release(&m);
}

static void check_end(const char *bytes, size_t len)
{
    struct wire_end m = {0};
    char *reason = wire_end_parse(bytes, len, &m);

    assert(reason != NULL ? m.high == 0 : m.high <= INT64_MAX);
    free(reason);
}

static void check_text(const char *bytes, size_t len)
{
    char *text = mem_copy_n(bytes, len);
    char printed[24];
    uint64_t sequence;
    enum wire_verb verb = wire_verb_parse(bytes, len);

    assert(verb == WIRE_NONE || strcmp(wire_verb_text(verb), text) == 0);
    if (wire_sequence_parse(text, &sequence))
        assert(sequence <= INT64_MAX && strcmp(wire_sequence_print(sequence, printed), text) == 0);
    assert(wire_source_is_granted(text, text) == (text[0] != '\0'));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;

    check_hello(text, len);
    check_welcome(text, len);
    check_ack(text, len);
    check_nak(text, len);
    check_busy(text, len);
    check_beacon(text, len);
    check_end(text, len);
    check_text(text, len);
    return 0;
}
