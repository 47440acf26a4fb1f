/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of the spool: its length, the CRC32C of its bytes (both 32 bits, little-endian), and the bytes: when it was
 * received, its feed, its topic and its body. What is read back may have been torn by a crash or damaged by a disk.
 */
#ifndef TOLD_SPOOL_RECORD_H
#define TOLD_SPOOL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "told/buf.h"
#include "told/instant.h"

#define SPOOL_NAME_MOST 1024              /* bytes of a feed or a topic */
#define SPOOL_BODY_MOST (8 * 1024 * 1024) /* no frame is larger */

struct spool_record {
    struct instant received_at;
    const char *feed, *topic, *body; /* into the bytes that were parsed; none ends with a NUL */
    size_t feed_len, topic_len, len;
};

enum spool_verdict {
    SPOOL_RECORD,  /* whole and as it was written */
    SPOOL_END,     /* no bytes are left */
    SPOOL_TORN,    /* from here on no record begins: a write that did not end */
    SPOOL_DAMAGED, /* broken, but further on a record begins */
};

/* Appends it. Names longer than SPOOL_NAME_MOST and bodies longer than SPOOL_BODY_MOST are cut. */
void spool_record_print(struct buf *out, const struct spool_record *record);
/* What begins here. ret_size: how many bytes it takes; of what is damaged, up to the next record; of what is torn, all. */
enum spool_verdict spool_record_parse(const char *bytes, size_t len, struct spool_record *ret, size_t *ret_size);

/* CRC-32C (Castagnoli), as RFC 3720 appendix B.4 has it. */
uint32_t spool_record_crc32c(const void *bytes, size_t len);

#endif
