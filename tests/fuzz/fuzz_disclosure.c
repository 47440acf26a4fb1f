/* SPDX-License-Identifier: Apache-2.0 */
/* The body of an event as it was stored: whatever it is, what a full notice says of it is one of two texts, and UTF-8. */
#include "told/disclosure.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    json_t *values = json_object();
    const char *name;
    json_t *value;

    disclosure_add(values, (const char *)bytes, len);
    if (json_object_size(values) > 2)
        abort();
    json_object_foreach(values, name, value)
        if (json_string_value(value) == NULL)
            abort();
    json_decref(values);
    return 0;
}
