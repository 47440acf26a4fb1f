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
#define DRIP_MS 200

struct peer {
    int fd;
    struct smtp_session *session;
    struct sink_tls_session *tls; /* NULL: in the clear */
    struct buf wire;              /* what is still to be written */
    struct peer *next, *previous; /* in the sink's list */
    bool writing;                 /* EPOLLOUT is asked for */
    bool half_closed;
};

struct smtp_sink {
    struct sink_script *script;
    struct smtp_session_setup setup;
    struct sink_tls *tls; /* NULL: clear text only */
    bool is_implicit;
    char *login, *password;
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
    if (smtp_session_manner(peer->session).resets) {
        struct linger at_once = {.l_onoff = 1};
        (void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(peer->fd);
    smtp_session_free(peer->session);
    sink_tls_session_free(peer->tls);
    buf_release(&peer->wire);
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

/* What the session has to say, as it goes over the wire. False when TLS cannot begin as it should. */
static bool encode(struct smtp_sink *sink, struct peer *peer)
{
    struct buf *out = smtp_session_out(peer->session);
    bool is_plain = !peer->tls || smtp_session_manner(peer->session).is_noise;
    if (is_plain)
        buf_append(&peer->wire, out->bytes, out->len);
    else if (sink_tls_session_is_ready(peer->tls))
        sink_tls_session_write(peer->tls, out->bytes, out->len, &peer->wire);
    if (is_plain || sink_tls_session_is_ready(peer->tls))
        buf_reset(out);
    if (!smtp_session_wants_tls(peer->session))
        return true;
    peer->tls = sink_tls_session_new(sink->tls);
    return smtp_session_secure(peer->session);
}

/* Writes what there is; false when the connection has come to its end. */
static bool flush_peer(struct smtp_sink *sink, struct peer *peer)
{
    bool drips = smtp_session_manner(peer->session).drips;
    struct buf *wire = &peer->wire, rest = {0};
    size_t done = 0, most;
    if (!encode(sink, peer))
        encode(sink, peer); /* what it says in place of a handshake */
    most = drips && wire->len > 1 ? 1 : wire->len;
    while (done < most) {
        ssize_t sent = send(peer->fd, wire->bytes + done, most - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0)
            break;
        done += (size_t)sent;
    }
    if (done < wire->len)
        buf_append(&rest, wire->bytes + done, wire->len - done);
    buf_reset(wire);
    if (rest.len)
        buf_append(wire, rest.bytes, rest.len);
    buf_release(&rest);
    watch_peer(sink, peer, wire->len > 0 && !drips);
    if (wire->len == 0 && smtp_session_manner(peer->session).half_closes && !peer->half_closed)
        peer->half_closed = shutdown(peer->fd, SHUT_WR) == 0;
    return wire->len > 0 || !smtp_session_is_over(peer->session);
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
    peer->session = smtp_session_new(&sink->setup);
    if (sink->is_implicit) {
        peer->tls = sink_tls_session_new(sink->tls);
        (void)smtp_session_secure(peer->session);
    }
    if (sink->peers)
        sink->peers->previous = peer;
    sink->peers = peer;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event) < 0 || !flush_peer(sink, peer))
        close_peer(sink, peer);
}

/* Once the script has spoken in place of a handshake, nothing of TLS goes on. */
static bool feed_tls(struct peer *peer, const char *bytes, size_t len)
{
    struct buf plain = {0};
    bool goes_on = true;
    if (sink_tls_session_is_ready(peer->tls) || !smtp_session_is_stalled(peer->session))
        goes_on = sink_tls_session_feed(peer->tls, bytes, len, &plain, &peer->wire);
    if (plain.len)
        smtp_session_feed(peer->session, plain.bytes, plain.len);
    buf_release(&plain);
    return goes_on;
}

static void serve_peer(struct smtp_sink *sink, struct peer *peer)
{
    char bytes[65536];
    ssize_t got = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    bool goes_on = got != 0;
    if (got > 0 && peer->tls)
        goes_on = feed_tls(peer, bytes, (size_t)got);
    else if (got > 0)
        smtp_session_feed(peer->session, bytes, (size_t)got);
    if (!flush_peer(sink, peer) || !goes_on)
        close_peer(sink, peer);
}

/* A byte of each that drips; true while there are some. */
static bool drip(struct smtp_sink *sink)
{
    bool some = false;
    for (struct peer *peer = sink->peers, *next; peer; peer = next) {
        next = peer->next;
        if (!smtp_session_manner(peer->session).drips || !peer->wire.len)
            continue;
        some = true;
        if (!flush_peer(sink, peer))
            close_peer(sink, peer);
    }
    return some;
}

static bool watch(struct smtp_sink *sink, int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};
    return epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void smtp_sink_run(struct smtp_sink *sink, int stop_fd)
{
    struct epoll_event events[EVENTS_MOST];
    bool stopped = !watch(sink, stop_fd, &sink->stop_fd), dripping = false;
    while (!stopped) {
        int count = epoll_wait(sink->epoll, events, EVENTS_MOST, dripping ? DRIP_MS : -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &sink->stop_fd)
                stopped = true;
            else if (events[i].data.ptr == &sink->listener)
                accept_peer(sink);
            else
                serve_peer(sink, events[i].data.ptr);
        }
        if (!dripping || count == 0)
            dripping = drip(sink);
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
    /* Before it is bound where the port is chosen; after it where any will do, which with it could be one that somebody holds.
     * In the end always: another one may take its place while its connections still end. */
    if (port != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, len) < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        listen(fd, 512) < 0 || getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
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
    sink->stop_fd = -1;
    sink->setup = (struct smtp_session_setup){.script = sink->script,
                                              .mails = sink_store_new(directory, "mails", "eml"),
                                              .faults = sink_store_new(directory, "faults", NULL),
                                              .quiet = !directory};
    sink->listener = listen_on(port, &sink->port);
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (sink->setup.mails && sink->setup.faults && sink->listener >= 0 && sink->epoll >= 0 &&
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
    sink_store_free(sink->setup.mails);
    sink_store_free(sink->setup.faults);
    sink_tls_free(sink->tls);
    free(sink->login);
    free(sink->password);
    sink_script_free(sink->script);
    free(sink);
}

void smtp_sink_set_tls(struct smtp_sink *sink, struct sink_tls *tls, bool is_implicit)
{
    sink->tls = tls;
    sink->is_implicit = is_implicit;
    sink->setup.offers_tls = !is_implicit;
}

void smtp_sink_set_login(struct smtp_sink *sink, const char *login, const char *password)
{
    sink->login = mem_copy(login);
    sink->password = mem_copy(password);
    sink->setup.login = sink->login;
    sink->setup.password = sink->password;
}

int smtp_sink_port(const struct smtp_sink *sink)
{
    return sink->port;
}

long smtp_sink_accepted(struct smtp_sink *sink)
{
    return sink_store_count(sink->setup.mails);
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
