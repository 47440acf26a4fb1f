/* SPDX-License-Identifier: Apache-2.0 */
/* What each command takes and does, in one table. */
#ifndef TOLD_TOLDCTL_USAGE_H
#define TOLD_TOLDCTL_USAGE_H

#include <stdio.h>

void toldctl_usage_print(FILE *out);

#endif
