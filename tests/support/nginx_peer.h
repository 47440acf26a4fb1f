/* SPDX-License-Identifier: Apache-2.0 */
/* A private nginx on 127.0.0.1: its own configuration, directory and ports. What fails here fails the test. */
#ifndef TOLD_NGINX_PEER_H
#define TOLD_NGINX_PEER_H

#include <stddef.h>

enum { NGINX_PORTS_MOST = 10 };

struct nginx_peer;

struct nginx_peer *nginx_peer_new(void); /* does not run yet: what its servers read can be put into its directory */
const char *nginx_peer_directory(const struct nginx_peer *peer);
int nginx_peer_port(const struct nginx_peer *peer, size_t number);
/* servers: server blocks, with @0 to @9 for its ports, @x for one that nobody listens at, and @d for its directory. Returns
 * once it answers. */
void nginx_peer_run(struct nginx_peer *peer, const char *servers);
void nginx_peer_stop(struct nginx_peer *peer); /* removes its directory with all that is in it; NULL is fine */
/* Rereads its configuration: its workers are others once this returns. */
void nginx_peer_reload(struct nginx_peer *peer);
/* How many requests it has logged with such a line, "STATUS PROTOCOL CLIENT-VERIFIED"; waits until there are as many. */
long nginx_peer_logged(const struct nginx_peer *peer, const char *line, long want);

#endif
