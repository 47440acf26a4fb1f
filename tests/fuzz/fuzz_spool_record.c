/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a spool file: read to its end whatever they are; and a record behind them is never cut away with them. */
#include <assert.h>
#include <string.h>

#include "told/spool_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* How many whole records, the file read to its end. */
static size_t walk(const char *bytes, size_t len)
{
    size_t at = 0, whole = 0;

    for (;;) {
        struct spool_record record;
        size_t size = 0;
        enum spool_verdict verdict = spool_record_parse(bytes + at, len - at, &record, &size);

        assert((verdict == SPOOL_END) == (at == len));
        if (verdict == SPOOL_END)
            return whole;
        assert(size > 0 && size <= len - at);
        if (verdict == SPOOL_RECORD) {
            assert(record.feed >= bytes + at && record.body + record.len == bytes + at + size);
            whole++;
        }
        assert(verdict != SPOOL_TORN || at + size == len);
        at += size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    struct buf file = {0};
    struct spool_record record = {.received_at = {1}, .feed = text, .feed_len = len / 8, .topic = text + len / 8,
                                  .topic_len = len / 8, .body = text, .len = len};

    buf_append(&file, text, len);
    spool_record_print(&file, &record);
    assert(walk(file.bytes, file.len) >= 1);
    (void)walk(text, len);
    buf_release(&file);
    return 0;
}
