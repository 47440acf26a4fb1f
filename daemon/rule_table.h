/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table of a protocol, to be read by the people whose rules these are. */
#ifndef TOLD_RULE_TABLE_H
#define TOLD_RULE_TABLE_H

#include "told/protocol.h"

void rule_table_print(const struct protocol *protocol); /* on stdout */

#endif
