/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the string it has read, or is reading, where the syntax goes wrong there. */
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void count_fault(void *cookie, const char *file, int line, const char *text)
{
    size_t *count = cookie;

    assert(file != NULL && line >= 0 && strlen(text) > 0);
    ++*count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct protocol_file file = {"fuzz.conf", (const char *)bytes, len};
    size_t faults = 0;
    struct protocol *protocol = protocol_parse(&file, 1, count_fault, &faults);

    assert((protocol == NULL) == (faults > 0));
    if (protocol != NULL) {
        json_t *table = protocol_json(protocol);

        assert(json_array_size(json_object_get(table, "rules")) == protocol_count(protocol));
        for (size_t i = 0; i < protocol_count(protocol); i++)
            assert(protocol_find(protocol, rule_name(protocol_rule(protocol, i))) ==
                   protocol_rule(protocol, i));
        json_decref(table);
    }
    protocol_free(protocol);
    return 0;
}
