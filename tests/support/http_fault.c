/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fault.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "told/mem.h"

enum { CONNECTIONS_MOST = 4096, DRIP_MS = 400, OVERSIZED = 1024 * 1024, REQUEST_MOST = 64 * 1024 };

struct http_fault {
    int socket, port, stop_fd;
    struct sink_tls *tls;
    pthread_t acceptor, threads[CONNECTIONS_MOST];
    size_t thread_count;
    atomic_long requests;
};

struct connection {
    struct http_fault *server;
    struct sink_tls_session *tls;
    int fd;
    bool reset; /* RST at the end */
};

/* Whether the fd can be read before the server is stopped; ms -1: however long that takes. */
static bool wait_for(const struct connection *c, bool readable, int ms)
{
    struct pollfd fds[2] = {{.fd = c->server->stop_fd, .events = POLLIN}, {.fd = c->fd, .events = readable ? POLLIN : 0}};

    (void)poll(fds, 2, ms);
    return (fds[0].revents & POLLIN) == 0;
}

static bool write_all(const struct connection *c, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(c->fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool say(const struct connection *c, const char *bytes, size_t len)
{
    struct buf wire = {0};
    bool ok;

    if (c->tls == NULL)
        return write_all(c, bytes, len);
    sink_tls_session_write(c->tls, bytes, len, &wire);
    ok = write_all(c, buf_string(&wire), wire.len);
    buf_release(&wire);
    return ok;
}

/* One read; what it says goes to `request`. */
static bool read_some(const struct connection *c, struct buf *request)
{
    char bytes[4096];
    struct buf wire = {0};
    bool ok = wait_for(c, true, -1);
    ssize_t got = ok ? recv(c->fd, bytes, sizeof bytes, 0) : 0;

    if (got <= 0)
        return false;
    if (c->tls == NULL)
        buf_append(request, bytes, (size_t)got);
    else
        ok = sink_tls_session_feed(c->tls, bytes, (size_t)got, request, &wire) && write_all(c, buf_string(&wire), wire.len);
    buf_release(&wire);
    return ok;
}

static bool is_whole(const struct buf *request)
{
    const char *text = buf_string(request), *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");

    return end != NULL && length != NULL && request->len >= (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
}

static void drip(const struct connection *c, const char *text)
{
    for (; *text != '\0' && say(c, text, 1) && wait_for(c, false, DRIP_MS); text++)
        ;
}

static void answer(struct connection *c, int status, const char *fault)
{
    bool oversized = strcmp(fault, "oversized") == 0, half = strcmp(fault, "half-close") == 0;
    size_t body = oversized ? OVERSIZED : 100;
    char *text = mem_printf("HTTP/1.1 %d Because\r\nContent-Type: text/plain\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                            status, strcmp(fault, "redirect") == 0 ? "Location: /200/none\r\n" : "", body),
         *filler = mem_new(body);

    memset(filler, 'x', body);
    if (strcmp(fault, "drip") == 0)
        drip(c, text);
    else if (say(c, text, strlen(text)))
        (void)say(c, filler, half ? body / 10 : body);
    free(text);
    free(filler);
}

static void misbehave(struct connection *c, const char *request)
{
    char fault[32] = "";
    int status = 0;

    if (sscanf(request, "POST /%d/%31[a-z-]", &status, fault) != 2)
        return;
    atomic_fetch_add(&c->server->requests, 1);
    if (strcmp(fault, "stall") == 0)
        (void)wait_for(c, true, -1); /* until whoever asked gives up */
    else if (strcmp(fault, "reset") == 0)
        c->reset = true;
    else if (strcmp(fault, "garbage") == 0)
        (void)say(c, "\x01\xff\x00{]: nothing like it\r\n\r\n", 25);
    else
        answer(c, status, fault);
}

static void *serve(void *cookie)
{
    struct connection *c = cookie;
    struct buf request = {0};
    char rest[4096];

    while (!is_whole(&request) && request.len < REQUEST_MOST && read_some(c, &request))
        ;
    if (is_whole(&request))
        misbehave(c, buf_string(&request));
    if (c->reset)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    else /* a close over unread bytes would be a reset */
        for (shutdown(c->fd, SHUT_WR); wait_for(c, true, -1) && recv(c->fd, rest, sizeof rest, 0) > 0;)
            ;
    close(c->fd);
    sink_tls_session_free(c->tls);
    buf_release(&request);
    free(c);
    return NULL;
}

static void *accept_all(void *cookie)
{
    struct http_fault *server = cookie;
    struct connection listening = {.server = server, .fd = server->socket};

    while (server->thread_count < CONNECTIONS_MOST && wait_for(&listening, true, -1)) {
        int fd = accept4(server->socket, NULL, NULL, SOCK_CLOEXEC);
        struct connection *c;

        if (fd < 0)
            continue;
        c = mem_new(sizeof *c);
        *c = (struct connection){.server = server, .fd = fd};
        c->tls = server->tls != NULL ? sink_tls_session_new(server->tls) : NULL;
        if (pthread_create(&server->threads[server->thread_count], NULL, serve, c) == 0)
            server->thread_count++;
    }
    return NULL;
}

struct http_fault *http_fault_start(struct sink_tls *tls)
{
    struct http_fault *server = mem_new(sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    server->tls = tls;
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->stop_fd < 0 || server->socket < 0 || bind(server->socket, (struct sockaddr *)&address, size) != 0 ||
        listen(server->socket, 512) != 0 || getsockname(server->socket, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&server->acceptor, NULL, accept_all, server) != 0)
        abort();
    server->port = ntohs(address.sin_port);
    return server;
}

void http_fault_stop(struct http_fault *server)
{
    uint64_t one = 1;

    if (server == NULL)
        return;
    if (write(server->stop_fd, &one, sizeof one) == sizeof one)
        pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < server->thread_count; i++)
        pthread_join(server->threads[i], NULL);
    close(server->socket);
    close(server->stop_fd);
    sink_tls_free(server->tls);
    free(server);
}

int http_fault_port(const struct http_fault *server)
{
    return server->port;
}

long http_fault_requests(struct http_fault *server)
{
    return atomic_load(&server->requests);
}
