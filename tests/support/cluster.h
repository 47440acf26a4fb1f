/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private PostgreSQL 15 cluster: Unix socket only, in its own directory under /tmp, run by a user that is not root,
 * gone without a trace at the end. Logins are peer through a map. Tests and the demonstration share it.
 */
#ifndef TOLD_CLUSTER_H
#define TOLD_CLUSTER_H

#include <stdbool.h>

struct cluster;

/* Aborts with a message when it cannot: nothing works without it. durable: fsync on (demonstration, bench).
 * Logins that may be used: postgres (superuser), the told_… roles, and the operators amara, ben and carys. */
struct cluster *cluster_start(bool durable);
void cluster_stop(struct cluster *cluster); /* ends PostgreSQL and removes the directory; NULL is fine */

const char *cluster_conninfo(const struct cluster *cluster);  /* "host=… dbname=told", without a user */
const char *cluster_directory(const struct cluster *cluster); /* ours, 0700 but for passing through; short (trap 22) */

char *cluster_log(const struct cluster *cluster); /* what PostgreSQL has logged so far; caller frees */

void cluster_halt(struct cluster *cluster);   /* PostgreSQL stops at once (immediate) … */
void cluster_resume(struct cluster *cluster); /* … and is back, recovered, when this returns */
void cluster_freeze(struct cluster *cluster); /* SIGSTOP to every process of it: silent, but the socket accepts */
void cluster_thaw(struct cluster *cluster);

#endif
