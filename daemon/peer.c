/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range4 {
    uint32_t net;
    unsigned bits;
    enum peer_kind kind;
};

/* The IANA special-purpose registry of IPv4; the first row that holds decides, what is in none is public. */
static const struct range4 RANGES4[] = {
    {0x00000000, 8, PEER_NEVER},    /* 0.0.0.0/8 this network */
    {0x7f000000, 8, PEER_LOOPBACK}, /* 127.0.0.0/8 */
    {0x0a000000, 8, PEER_PRIVATE},  /* 10.0.0.0/8 */
    {0xac100000, 12, PEER_PRIVATE}, /* 172.16.0.0/12 */
    {0xc0a80000, 16, PEER_PRIVATE}, /* 192.168.0.0/16 */
    {0x64400000, 10, PEER_PRIVATE}, /* 100.64.0.0/10 carriers' NAT */
    {0xa9fe0000, 16, PEER_NEVER},   /* 169.254.0.0/16 link-local */
    {0xc0000000, 24, PEER_NEVER},   /* 192.0.0.0/24 */
    {0xc0000200, 24, PEER_NEVER},   /* 192.0.2.0/24 documentation */
    {0xc0586300, 24, PEER_NEVER},   /* 192.88.99.0/24 6to4 relays */
    {0xc6120000, 15, PEER_NEVER},   /* 198.18.0.0/15 benchmarks */
    {0xc6336400, 24, PEER_NEVER},   /* 198.51.100.0/24 documentation */
    {0xcb007100, 24, PEER_NEVER},   /* 203.0.113.0/24 documentation */
    {0xe0000000, 3, PEER_NEVER},    /* 224.0.0.0/4 multicast, 240.0.0.0/4 reserved, broadcast */
};

static enum peer_kind judge4(uint32_t host)
{
    for (size_t i = 0; i < sizeof RANGES4 / sizeof *RANGES4; i++)
        if ((host ^ RANGES4[i].net) >> (32 - RANGES4[i].bits) == 0)
            return RANGES4[i].kind;
    return PEER_PUBLIC;
}

struct range6 {
    uint8_t net[16];
    unsigned bits;
    enum peer_kind kind;
};

/* Of IPv6 only global unicast 2000::/3 is public, less what is special in it. */
static const struct range6 RANGES6[] = {
    {{[15] = 1}, 128, PEER_LOOPBACK},           /* ::1 */
    {{0xfc}, 7, PEER_PRIVATE},                  /* fc00::/7 */
    {{0x20, 0x01}, 23, PEER_NEVER},             /* 2001::/23 Teredo, ORCHID and others */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, PEER_NEVER}, /* 2001:db8::/32 documentation */
    {{0x20, 0x02}, 16, PEER_NEVER},             /* 2002::/16 6to4 */
    {{0x3f, 0xff}, 20, PEER_NEVER},             /* 3fff::/20 documentation */
    {{0x20}, 3, PEER_PUBLIC},
};

static bool starts_with(const uint8_t *bytes, const uint8_t *net, unsigned bits)
{
    if (memcmp(bytes, net, bits / 8) != 0)
        return false;
    return bits % 8 == 0 || (uint8_t)(bytes[bits / 8] ^ net[bits / 8]) >> (8 - bits % 8) == 0;
}

static enum peer_kind judge6(const uint8_t bytes[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b}; /* RFC 6052 */
    if (!memcmp(bytes, mapped, 12) || !memcmp(bytes, translated, 12))
        return judge4((uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 | (uint32_t)bytes[14] << 8 |
                      bytes[15]);
    for (size_t i = 0; i < sizeof RANGES6 / sizeof *RANGES6; i++)
        if (starts_with(bytes, RANGES6[i].net, RANGES6[i].bits))
            return RANGES6[i].kind;
    return PEER_NEVER;
}

enum peer_kind peer_judge(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return judge4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        return judge6(in6.sin6_addr.s6_addr);
    }
    return PEER_NEVER;
}
