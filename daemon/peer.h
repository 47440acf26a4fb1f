/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of host an address belongs to, judged on the socket address itself right before the connect, so
 * that no answer of a name server can change what was judged (trap 15). */
#ifndef TOLD_PEER_H
#define TOLD_PEER_H

#include <sys/socket.h>

enum peer_kind {
    PEER_NEVER, /* unspecified, link-local (a cloud's metadata service), multicast, reserved, unknown family
                 */
    PEER_LOOPBACK, /* 127.0.0.0/8, ::1 */
    PEER_PRIVATE,  /* RFC 1918, RFC 6598 shared space, RFC 4193 unique local */
    PEER_PUBLIC,
};

/* IPv4 inside IPv6 (::ffff:, 64:ff9b::) counts as the IPv4 address it is. */
enum peer_kind peer_judge(const struct sockaddr *address);

#endif
