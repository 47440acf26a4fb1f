/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter `hmcts-court-register`: what the courts' youth register says, as events of the catalogue. */
#ifndef TOLD_ADAPTER_COURT_REGISTER_H
#define TOLD_ADAPTER_COURT_REGISTER_H

#include "adapted_list.h"

/* NULL, or why nothing of the message can be used (caller frees). */
char *adapter_court_register_run(const json_t *root, const struct adapter_origin *origin,
                                 struct adapted_list *list);

#endif
