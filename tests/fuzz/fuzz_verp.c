/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is taken for one of our return paths is the very address that we write for that attempt. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/mem.h"
#include "told/verp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const unsigned char key[VERP_KEY_SIZE] = "a key of thirty-two bytes, no mo";
    char *address = mem_copy_n((const char *)bytes, len), *again;
    struct verp verp;

    if (verp_parse(key, address, "told.southwark.example", &verp) == NULL) {
        again = verp_print(key, &verp, "told.southwark.example");
        assert(strcasecmp(again, address) == 0);
        free(again);
    }
    free(address);
    return 0;
}
