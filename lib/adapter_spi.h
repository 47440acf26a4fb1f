/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter `spi-xml`: new cases from the police's case systems, as events of the catalogue. */
#ifndef TOLD_ADAPTER_SPI_H
#define TOLD_ADAPTER_SPI_H

#include "adapted_list.h"

/* NULL, or why nothing of the message can be used (caller frees). */
char *adapter_spi_run(const char *bytes, size_t len, const struct adapter_origin *origin,
                      struct adapted_list *list);

#endif
