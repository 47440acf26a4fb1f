/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter `hmcts-hearing`: what a hearing of the Common Platform resulted in, as events of the catalogue. */
#ifndef TOLD_ADAPTER_HEARING_H
#define TOLD_ADAPTER_HEARING_H

#include "adapted_list.h"

/* NULL, or why nothing of the message can be used (caller frees). */
char *adapter_hearing_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list);

/* One hearing in the shape of HMCTS's schema that another adapter has put together; the index tells its events from those of
 * others in the message, and the path says where it stands in it. around: what stands beside it (sharedTime). */
char *adapter_hearing_read(const json_t *hearing, const json_t *around, const char *path, size_t index,
                           const struct adapter_origin *origin, struct adapted_list *list);

#endif
