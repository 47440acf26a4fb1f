/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory that files are renamed into: which of them can be believed, and where they go afterwards.
 *
 *   NAME ──read──▶ … ──committed──▶ done/NAME        a name that begins with a dot is not there yet
 *                     └──refused──▶ failed/NAME and failed/NAME.reason
 */
#ifndef TOLD_DROP_DIRECTORY_H
#define TOLD_DROP_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "told/instant.h"

#define DROP_FILE_MOST (64 * 1024 * 1024) /* a file beyond it is refused whole */

struct drop_directory;

/* Makes done/ and failed/ where they are missing. owner: the login whose files are believed, NULL: told's own. NULL and
 * *ret_reason (caller frees) when the directory cannot be used: it is that owner's or told's, and nobody else may write. */
struct drop_directory *drop_directory_open(const char *path, const char *owner, char **ret_reason);
void drop_directory_close(struct drop_directory *drop); /* NULL is fine */

/* The name that comes first and was not passed over; NULL: there is none. The caller frees. */
char *drop_directory_next(struct drop_directory *drop);

struct drop_file {
    char *bytes; /* owned */
    size_t len;
    struct instant changed_at;
};
/* NULL, or why it is not believed or cannot be read, "what, what to do" (caller frees). */
char *drop_directory_read(struct drop_directory *drop, const char *name, struct drop_file *ret);

/* A name that is taken there gets a number behind it. False when it could not be moved: it is passed over from then on,
 * until told starts anew. */
bool drop_directory_done(struct drop_directory *drop, const char *name);
bool drop_directory_fail(struct drop_directory *drop, const char *name, const char *reason);

#endif
