/* SPDX-License-Identifier: Apache-2.0 */
/* One Session of what a court sends back to the police about cases it has dealt with. Private to the adapter. */
#ifndef TOLD_SPI_RESULT_H
#define TOLD_SPI_RESULT_H

#include "told/instant.h"
#include "told/json.h"
#include "xml.h"

/* The session as a hearing of the court's own system, whose adapter reads the rest of it; the caller's. */
json_t *spi_result_hearing(const struct xml_node *session);

#endif
