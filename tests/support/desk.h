/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operator's desk: a private database made by `toldctl init`, a configuration for it, and toldctl itself.
 * No stage runs and nothing listens: what is tested here is what commands do to rows.
 */
#ifndef TOLD_DESK_H
#define TOLD_DESK_H

#include "pg.h"
#include "told/buf.h"

struct cluster;
struct desk;

#define DESK_STORY "2024-06-03T09:00:00Z" /* a Monday; its time stands still */

/* Aborts with a message when it cannot. amara and ben are operators. */
struct desk *desk_start(void);
void desk_stop(struct desk *desk); /* NULL is fine */
struct cluster *desk_cluster(struct desk *desk);
const char *desk_conninfo(const struct desk *desk);
const char *desk_config(const struct desk *desk);

/* Runs toldctl as a database user; arguments end with NULL. The exit code; what it wrote is desk_out and
 * desk_err. */
int desk_toldctl(struct desk *desk, const char *user, ...) __attribute__((sentinel));
const char *desk_out(const struct desk *desk);
const char *desk_err(const struct desk *desk);

/* SQL as the superuser. The first column of the first row ("" if none); valid until the next call. */
const char *desk_value(struct desk *desk, const char *sql);
struct pg *desk_connect(struct desk *desk, const char *user); /* of the caller: pg_free */
/* Writes a file into the desk's directory; its path is valid until the next call. */
const char *desk_write(struct desk *desk, const char *name, const char *text);

#endif
