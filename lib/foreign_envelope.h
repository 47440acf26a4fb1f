/* SPDX-License-Identifier: Apache-2.0 */
/* What queues, topics and buses put around a message of the courts. Private to the adapters. */
#ifndef TOLD_FOREIGN_ENVELOPE_H
#define TOLD_FOREIGN_ENVELOPE_H

#include <stdbool.h>

#include "told/json.h"

/* Leaves in *root (replaced) what is known, or what is left when there is no envelope more, and in *path (replaced) where it
 * stands: "" or "Message.". *twice: of a message that stood as text, which key of it stands twice; or as it was. NULL, or why
 * an envelope cannot be opened (caller frees). */
char *foreign_envelope_open(json_t **root, bool (*is_known)(const json_t *), char **path, char **twice);

#endif
