/* SPDX-License-Identifier: Apache-2.0 */
/* XML as it comes from the police, with the envelopes around it. */
#include "fuzz_adapted.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    fuzz_adapted("spi-xml", bytes, len);
    return 0;
}
