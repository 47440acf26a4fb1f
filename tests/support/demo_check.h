/* SPDX-License-Identifier: Apache-2.0 */
/* Do the publishers, the database and the two sinks tell the same story? */
#ifndef TOLD_DEMO_CHECK_H
#define TOLD_DEMO_CHECK_H

#include "harness.h"

/* Prints the counts and each disagreement. 0 when all agree, 1 when not. complete: the story was played to its end. */
int demo_check(struct harness *h, long acknowledged, bool complete);

#endif
