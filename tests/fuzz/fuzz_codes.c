/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/codes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the string it has read, or is reading, where the syntax goes wrong there. */
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static const char OTHERS[] =
    "court-results = (); court-short-codes = (); bail-statuses = (); hearing-prompts = (); authority-affixes = ();\n"
    "custody-movements = (); custody-causes = (); establishments = (); spi-custody-statuses = ();\n";

static void count_fault(void *cookie, const char *file, int line, const char *text)
{
    size_t *count = cookie;

    assert((file == NULL) == (line == 0) && strlen(text) > 0);
    ++*count;
}

/* The fuzzed file is to bring the three tables that the other has not. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct codes_file files[] = {{"fuzz.conf", (const char *)bytes, len},
                                       {"others.conf", OTHERS, sizeof OTHERS - 1}};
    size_t faults = 0;
    struct codes *codes = codes_parse(files, 2, count_fault, &faults);

    assert((codes == NULL) == (faults > 0));
    if (codes != NULL) {
        json_t *all = codes_json(codes), *table;
        size_t i, rows = 0;

        assert(all != NULL); /* whatever stood in the file is text */
        json_array_foreach(json_object_get(all, "tables"), i, table) rows +=
            json_array_size(json_object_get(table, "rows"));
        assert(rows == codes_count(codes) && strlen(codes_hash(codes)) == 64);
        json_decref(all);
    }
    codes_free(codes);
    return 0;
}
