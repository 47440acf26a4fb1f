/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own under /tmp. */
#ifndef TOLD_SCRATCH_H
#define TOLD_SCRATCH_H

char *scratch_new(void); /* its path; NULL if it could not be made */
/* The whole file below it; NULL if there is none. The caller frees. */
char *scratch_read(const char *directory, const char *name);
void scratch_free(char *directory); /* removes it with all that is in it; NULL is fine */

#endif
