/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in memory stays there: names, dates of birth, secrets. */
#ifndef TOLD_DUMP_H
#define TOLD_DUMP_H

#include <stdbool.h>

/* No core dump of this process from now on, and nobody of the same user may look into it. A build for the tests (TOLD_FAULTS)
 * leaves that to who calls it: leak checkers and debuggers must look. False if the kernel would not. */
bool dump_forbid(void);

#endif
