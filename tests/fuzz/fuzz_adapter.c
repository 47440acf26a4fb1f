/* SPDX-License-Identifier: Apache-2.0 */
/* Every adapter of JSON messages. */
#include "fuzz_adapted.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char *const ADAPTERS[] = {
    "hmcts-court-register",
    "hmpps-domain-event",
    "dcf",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof ADAPTERS / sizeof ADAPTERS[0]; i++)
        fuzz_adapted(ADAPTERS[i], bytes, len);
    return 0;
}
