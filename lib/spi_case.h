/* SPDX-License-Identifier: Apache-2.0 */
/* One Case element of an SPI message. Private to the adapter. */
#ifndef TOLD_SPI_CASE_H
#define TOLD_SPI_CASE_H

#include "adapted_list.h"
#include "xml.h"

struct spi_message {
    const struct adapter_origin *origin;
    struct adapted_list *list;
    struct instant written_at; /* by an envelope; none: not stated */
    size_t case_count;         /* so far */
};

/* Adds what every defendant of it comes to; part is "Case[N]". */
void spi_case_read(struct spi_message *message, const struct xml_node *element);

#endif
