/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter `hmcts-hearing`: what a hearing of the Common Platform resulted in, as events of the catalogue. */
#ifndef TOLD_ADAPTER_HEARING_H
#define TOLD_ADAPTER_HEARING_H

#include "adapted_list.h"

/* NULL, or why nothing of the message can be used (caller frees). */
char *adapter_hearing_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list);

#endif
