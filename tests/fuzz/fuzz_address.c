/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever passes as an address or a header value cannot break out of an SMTP command or a header line. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/address.h"
#include "told/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_bytes(const char *text, char least, char most)
{
    for (const char *c = text; *c != '\0'; c++)
        assert(*c >= least && *c <= most);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = mem_copy_n((const char *)bytes, len);

    if (address_validate(text) == NULL) {
        check_bytes(text, 0x21, 0x7e);
        assert(strlen(text) <= 254);
        assert(strpbrk(text, "<>()[],;:\\\"") == NULL);
        const char *at = strchr(text, '@');
        assert(at != NULL && at == strrchr(text, '@') && at > text && at - text <= 64);
        assert(address_domain(text) == at + 1);
        assert(strcmp(at + 1, "localhost") == 0 || strchr(at + 1, '.') != NULL);
        assert(address_validate_header(text) == NULL || strlen(text) > 200);
        static const char *const ours[] = {"southwark.example", "*.southwark.example", NULL};
        if (address_is_within(text, ours)) {
            size_t left = strlen(at + 1);
            assert(left >= 17 && strncasecmp(at + 1 + left - 17, "southwark.example", 17) == 0);
            assert(left == 17 || at[left - 17] == '.');
        }
    }
    if (address_validate_header(text) == NULL) {
        check_bytes(text, 0x20, 0x7e);
        assert(strlen(text) <= 200);
    }
    free(text);
    return 0;
}
