/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of codes on stdout: to be read, and as they are written. */
#ifndef TOLD_CODE_TABLE_H
#define TOLD_CODE_TABLE_H

#include "told/codes.h"

void code_table_print(const struct codes *codes);
void code_table_print_settings(const struct codes *codes);

#endif
