/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets stand in files of their own: refused when group or others can read them, wiped when freed, never printed. */
#ifndef TOLD_SECRET_H
#define TOLD_SECRET_H

#include <stdbool.h>

/* The file's text without trailing white space. A name without '/' is looked for in $CREDENTIALS_DIRECTORY first, then
 * in `directory` (that of the configuration). NULL and *ret_reason ("what, what to do"; caller frees) on failure. */
char *secret_read(const char *directory, const char *name, char **ret_reason);
/* Where it would be read, for a library that opens it by itself; the caller frees. */
char *secret_find(const char *directory, const char *name);
void secret_free(char *secret);
/* Creates the file with mode 0600, never over an existing one. NULL, or the reason (caller frees). */
char *secret_write(const char *path, const char *text);

#endif
