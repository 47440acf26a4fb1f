/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of 127.0.0.1, for peers that cannot choose one themselves. */
#ifndef TOLD_TESTS_LOOPBACK_H
#define TOLD_TESTS_LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bound and not listened at: the kernel gives it to nobody who asks for any port, and whoever asks for this one, with
 * SO_REUSEADDR as servers do, has it. Until *ret_fd is closed. */
static inline int loopback_hold_port(int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    /* Only once it is bound: with it, bind may choose a port that somebody else holds like this. */
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("no free port of 127.0.0.1");
        abort();
    }
    *ret_fd = fd;
    return ntohs(address.sin_port);
}

static inline bool loopback_answers(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool fine = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    if (fd >= 0)
        close(fd);
    return fine;
}

#endif
