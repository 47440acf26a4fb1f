/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter `dcf`: the police's digital case file for a first hearing, as events of the catalogue. */
#ifndef TOLD_ADAPTER_DCF_H
#define TOLD_ADAPTER_DCF_H

#include "adapted_list.h"

/* NULL, or why nothing of the message can be used (caller frees). */
char *adapter_dcf_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list);

#endif
