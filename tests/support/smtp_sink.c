/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp_sink.h"

#include "smtp_session.h"
#include "told/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MOST 64

struct peer {
    int fd;
    struct smtp_session *session;
    struct peer *next, *previous; /* in the sink's list */
    bool writing;                 /* EPOLLOUT is asked for */
};

struct smtp_sink {
    struct sink_script *script;
    struct sink_store *mails, *faults;
    bool quiet;
    int listener, epoll, port;
    atomic_long connections;
    struct peer *peers;
    pthread_t thread;
    bool running;
    int stop_fd;
};

static void close_peer(struct smtp_sink *sink, struct peer *peer)
{
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        sink->peers = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    close(peer->fd);
    smtp_session_free(peer->session);
    free(peer);
}

static void watch_peer(struct smtp_sink *sink, struct peer *peer, bool writing)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (writing)
        event.events |= EPOLLOUT;
    if (peer->writing != writing)
        epoll_ctl(sink->epoll, EPOLL_CTL_MOD, peer->fd, &event);
    peer->writing = writing;
}

/* Writes what the session has to say; false when the connection has come to its end. */
static bool flush_peer(struct smtp_sink *sink, struct peer *peer)
{
    struct buf *out = smtp_session_out(peer->session);
    size_t done = 0;
    while (done < out->len) {
        ssize_t sent = send(peer->fd, out->bytes + done, out->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0)
            break;
        done += (size_t)sent;
    }
    struct buf rest = {0};
    if (done < out->len)
        buf_append(&rest, out->bytes + done, out->len - done);
    buf_reset(out);
    if (rest.len)
        buf_append(out, rest.bytes, rest.len);
    buf_release(&rest);
    watch_peer(sink, peer, out->len > 0);
    return out->len > 0 || !smtp_session_is_over(peer->session);
}

static void accept_peer(struct smtp_sink *sink)
{
    int fd = accept4(sink->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), one = 1;
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    atomic_fetch_add(&sink->connections, 1);
    struct peer *peer = mem_new(sizeof *peer);
    *peer = (struct peer){.fd = fd, .next = sink->peers};
    peer->session = smtp_session_new(sink->script, sink->mails, sink->faults, sink->quiet);
    if (sink->peers)
        sink->peers->previous = peer;
    sink->peers = peer;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event) < 0 || !flush_peer(sink, peer))
        close_peer(sink, peer);
}

static void serve_peer(struct smtp_sink *sink, struct peer *peer)
{
    char bytes[65536];
    ssize_t got = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0)
        smtp_session_feed(peer->session, bytes, (size_t)got);
    if (got == 0 || !flush_peer(sink, peer))
        close_peer(sink, peer);
}

static bool watch(struct smtp_sink *sink, int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};
    return epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void smtp_sink_run(struct smtp_sink *sink, int stop_fd)
{
    struct epoll_event events[EVENTS_MOST];
    bool stopped = !watch(sink, stop_fd, &sink->stop_fd);
    while (!stopped) {
        int count = epoll_wait(sink->epoll, events, EVENTS_MOST, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &sink->stop_fd)
                stopped = true;
            else if (events[i].data.ptr == &sink->listener)
                accept_peer(sink);
            else
                serve_peer(sink, events[i].data.ptr);
        }
    }
}

static int listen_on(int port, int *ret_port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 512) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

struct smtp_sink *smtp_sink_new(const char *directory, int port, struct sink_script *script)
{
    int ignored;
    struct smtp_sink *sink = mem_new(sizeof *sink);
    sink->script = script ? script : sink_script_new(NULL, &ignored);
    sink->quiet = !directory;
    sink->stop_fd = -1;
    sink->mails = sink_store_new(directory, "mails", "eml");
    sink->faults = sink_store_new(directory, "faults", NULL);
    sink->listener = listen_on(port, &sink->port);
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (sink->mails && sink->faults && sink->listener >= 0 && sink->epoll >= 0 &&
        watch(sink, sink->listener, &sink->listener))
        return sink;
    smtp_sink_free(sink);
    return NULL;
}

void smtp_sink_free(struct smtp_sink *sink)
{
    if (!sink)
        return;
    smtp_sink_stop(sink);
    while (sink->peers)
        close_peer(sink, sink->peers);
    if (sink->listener >= 0)
        close(sink->listener);
    if (sink->epoll >= 0)
        close(sink->epoll);
    if (sink->stop_fd >= 0)
        close(sink->stop_fd);
    sink_store_free(sink->mails);
    sink_store_free(sink->faults);
    sink_script_free(sink->script);
    free(sink);
}

int smtp_sink_port(const struct smtp_sink *sink)
{
    return sink->port;
}

long smtp_sink_accepted(struct smtp_sink *sink)
{
    return sink_store_count(sink->mails);
}

long smtp_sink_connections(struct smtp_sink *sink)
{
    return atomic_load(&sink->connections);
}

static void *run_thread(void *cookie)
{
    struct smtp_sink *sink = cookie;
    smtp_sink_run(sink, sink->stop_fd);
    return NULL;
}

bool smtp_sink_start(struct smtp_sink *sink)
{
    sink->stop_fd = eventfd(0, EFD_CLOEXEC);
    sink->running = sink->stop_fd >= 0 && !pthread_create(&sink->thread, NULL, run_thread, sink);
    return sink->running;
}

void smtp_sink_stop(struct smtp_sink *sink)
{
    uint64_t one = 1;
    if (!sink->running)
        return;
    if (write(sink->stop_fd, &one, sizeof one) == sizeof one)
        pthread_join(sink->thread, NULL);
    sink->running = false;
}
