/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter `hmpps-domain-event`: what the prisons say of receptions, releases and dates, as events of the
 * catalogue. */
#ifndef TOLD_ADAPTER_HMPPS_H
#define TOLD_ADAPTER_HMPPS_H

#include "adapted_list.h"

/* NULL, or why nothing of the message can be used (caller frees). */
char *adapter_hmpps_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list);

#endif
