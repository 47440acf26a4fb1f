/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody else's message in a CloudEvent, as it travels on a confirmed feed with an adapter. */
#ifndef TOLD_PUBLISH_WRAP_H
#define TOLD_PUBLISH_WRAP_H

#include <stddef.h>

#include "told/buf.h"
#include "told/instant.h"

/* id NULL: the SHA-256 of the bytes. JSON goes into `data` as its own bytes, anything else into `data_base64`. The time
 * must be the same when the same message is sent again, for it is part of what told compares. */
void publish_wrap(struct buf *ret, const char *adapter, const char *source, const char *id, struct instant time,
                  const char *bytes, size_t len);

#endif
