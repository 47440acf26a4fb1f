/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the configuration that the core reads: text in, libconfig's tree out. */
#ifndef TOLD_LIB_CONF_TEXT_H
#define TOLD_LIB_CONF_TEXT_H

#include <libconfig.h>
#include <stddef.h>

/* NULL, or why the text cannot be read (caller frees), with its line. config_destroy in either case. */
char *conf_text_parse(config_t *ret, const char *text, size_t len, int *ret_line);
/* The first line that is not UTF-8, which neither JSON nor the database would take; 0: there is none. Asked
 * after the settings were read: those that hold such bytes are named by the reader. */
int conf_text_foreign_line(const char *text, size_t len);

#endif
