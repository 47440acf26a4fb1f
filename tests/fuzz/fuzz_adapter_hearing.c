/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_adapted.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    fuzz_adapted("hmcts-hearing", bytes, len);
    return 0;
}
