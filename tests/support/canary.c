/* SPDX-License-Identifier: Apache-2.0 */
#include "canary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Each is found nowhere else. A date is looked for in the forms that a text might give it. */
static const char *const CANARIES[] = {"Quillonna", "Zephyrine", "Vantreese", "Ombrelake", "SE98 7ZZ", "SE987ZZ",
                                       CANARY_BORN, "29 December 2008", "29/12/2008", "2008/0009876Q", "998877/08Q", "A9876QQ",
                                       "01QQ/9876/08", "CCD-QQ-98", "YOS-QQ-98", "LCS-QQ-98", "QQ-NHS-98", "QQ-UPN-98",
                                       "QQ68010", "bluebells", "Workerly"};

void canary_search(const char *where, const char *text)
{
    for (size_t i = 0; i < sizeof CANARIES / sizeof *CANARIES; i++) {
        const char *at = strcasestr(text, CANARIES[i]);

        if (at != NULL)
            fail_msg("%s holds \"%s\": …%.200s…", where, CANARIES[i], at > text + 100 ? at - 100 : text);
    }
}
