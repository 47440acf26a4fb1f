/* SPDX-License-Identifier: Apache-2.0 */
/* A name of another system in the form of our codes. Private to the adapters. */
#ifndef TOLD_FOREIGN_SLUG_H
#define TOLD_FOREIGN_SLUG_H

/* "B01CX01" is b01cx01, "Lavender Hill Magistrates' Court" is lavender-hill-magistrates-court: the form of
 * the codes of told.conf. NULL for NULL and for a name without a letter or digit. The caller frees. */
char *foreign_slug(const char *name);

#endif
