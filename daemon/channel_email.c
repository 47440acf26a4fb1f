/* SPDX-License-Identifier: Apache-2.0 */
#include "channel_email.h"

#include "email_message.h"
#include "peer.h"
#include "told/address.h"
#include "told/mem.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MOST 4 /* one connection, and what a connect tries side by side */
#define TAIL_SIZE 96   /* holds libcurl's closing boundary line */
#define HEAD_SIZE 4096 /* holds the headers: each is short, see email_message.h */

struct channel_email {
    const struct email_relay *relay; /* borrowed */
    CURL *handle;
    char *url;                 /* owned; with the name to say in EHLO */
    int sockets[SOCKETS_MOST]; /* libcurl's; -1: none */
    long connections;
    bool spoilt; /* the kept connection must not be used again */

    /* of the mail in hand */
    const atomic_bool *give_up;
    bool refused;   /* an address was not fit for clear text */
    size_t out_len; /* bytes of the body handed to the socket */
    char tail[TAIL_SIZE];
    size_t tail_len;
    char head[HEAD_SIZE]; /* of the message: it names the boundary that ends all */
    size_t head_len;
};

/* ---- what libcurl calls back ---- */

static void keep_socket(struct channel_email *channel, int from, int to)
{
    for (size_t i = 0; i < SOCKETS_MOST; i++)
        if (channel->sockets[i] == from) {
            channel->sockets[i] = to;
            return;
        }
}

static curl_socket_t open_socket(void *cookie, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct channel_email *channel = cookie;
    (void)purpose;
    if (channel->relay->tls == EMAIL_TLS_NONE && peer_judge(&address->addr) != PEER_LOOPBACK) {
        channel->refused = true;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    /* A server that stops reading in the middle of the body: libcurl's response timeout does not run there.
     */
    unsigned timeout_ms = (unsigned)channel->relay->response_timeout_s * 1000u;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    keep_socket(channel, -1, fd);
    return fd;
}

static int close_socket(void *cookie, curl_socket_t fd)
{
    keep_socket(cookie, fd, -1);
    return close(fd);
}

static int watch_progress(void *cookie, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct channel_email *channel = cookie;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(channel->give_up) ? 1 : 0;
}

/* Whether the last line handed over is the closing boundary of the whole, not of a part: behind it comes only the dot. */
static bool is_body_sent(const struct channel_email *channel)
{
    static const char mark[] = "boundary=";
    const char *name = memmem(channel->head, channel->head_len, mark, sizeof mark - 1);
    if (!name)
        return false;
    name += sizeof mark - 1;
    size_t len = 0, left = (size_t)(channel->head + channel->head_len - name);
    while (len < left && (name[len] == '-' || (name[len] >= '0' && name[len] <= '9') || (name[len] >= 'a' && name[len] <= 'f')))
        len++;
    if (len == 0 || len + 7 > TAIL_SIZE || channel->tail_len < len + 7)
        return false;
    const char *end = channel->tail + channel->tail_len - (len + 7);
    return !memcmp(end, "\n--", 3) && !memcmp(end + 3, name, len) && !memcmp(end + 3 + len, "--\r\n", 4);
}

static void set_timeout(CURL *handle, int timeout_s)
{
    (void)curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)timeout_s);
}

static int final_timeout(const struct email_relay *relay)
{
    return relay->final_timeout_s > 0 ? relay->final_timeout_s : relay->response_timeout_s;
}

/* libcurl shows body bytes here right after the socket took them, and nowhere else: the MIME writer gives no
 * length beforehand, and by its read callbacks bytes are only in a buffer. */
static int watch_bytes(CURL *handle, curl_infotype type, char *bytes, size_t len, void *cookie)
{
    struct channel_email *channel = cookie;
    if (type != CURLINFO_DATA_OUT)
        return 0;
    size_t begin = len < HEAD_SIZE - channel->head_len ? len : HEAD_SIZE - channel->head_len;
    memcpy(channel->head + channel->head_len, bytes, begin);
    channel->head_len += begin;
    size_t take = len < TAIL_SIZE ? len : TAIL_SIZE;
    size_t keep = channel->tail_len + take > TAIL_SIZE ? TAIL_SIZE - take : channel->tail_len;
    memmove(channel->tail, channel->tail + channel->tail_len - keep, keep);
    memcpy(channel->tail + keep, bytes + len - take, take);
    channel->tail_len = keep + take;
    channel->out_len += len;
    /* RFC 5321 4.5.3.2.6: behind the dot a server may work for ten minutes, and giving up sooner makes duplicates; before it
     * nothing has been taken. libcurl has one timeout, which it reads anew at each wait: in 7.88 Curl_pp_state_timeout. */
    if (is_body_sent(channel))
        set_timeout(handle, final_timeout(channel->relay));
    return 0;
}

static size_t drop_bytes(char *bytes, size_t size, size_t count, void *cookie)
{
    (void)bytes, (void)cookie;
    return size * count;
}

/* ---- the handle ---- */

static bool set_callbacks(struct channel_email *channel)
{
    CURL *h = channel->handle;
    return !curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, channel) &&
           !curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, close_socket) &&
           !curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, channel) &&
           !curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, watch_progress) &&
           !curl_easy_setopt(h, CURLOPT_XFERINFODATA, channel) &&
           !curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L) &&
           !curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, watch_bytes) &&
           !curl_easy_setopt(h, CURLOPT_DEBUGDATA, channel) && !curl_easy_setopt(h, CURLOPT_VERBOSE, 1L) &&
           !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, drop_bytes);
}

static bool set_security(struct channel_email *channel)
{
    CURL *h = channel->handle;
    const struct email_relay *relay = channel->relay;
    bool clear = relay->tls == EMAIL_TLS_NONE;
    return !curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, relay->tls == EMAIL_TLS_IMPLICIT ? "smtps" : "smtp") &&
           !curl_easy_setopt(h, CURLOPT_PROXY,
                             "") && /* an environment's proxy would get past the address check */
           !curl_easy_setopt(h, CURLOPT_USE_SSL, (long)(clear ? CURLUSESSL_NONE : CURLUSESSL_ALL)) &&
           !curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) &&
           !curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) &&
           !curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           (!relay->ca_file || (!curl_easy_setopt(h, CURLOPT_CAINFO, relay->ca_file) &&
                                !curl_easy_setopt(h, CURLOPT_CAPATH, NULL))) &&
           (!relay->username || (!curl_easy_setopt(h, CURLOPT_USERNAME, relay->username) &&
                                 !curl_easy_setopt(h, CURLOPT_PASSWORD, relay->password)));
}

static bool set_transfer(struct channel_email *channel)
{
    CURL *h = channel->handle;
    const struct email_relay *relay = channel->relay;
    return !curl_easy_setopt(h, CURLOPT_URL, channel->url) && !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(h, CURLOPT_UPLOAD, 1L) &&
           !curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, (long)relay->connect_timeout_s) &&
           !curl_easy_setopt(h, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)relay->response_timeout_s);
}

struct channel_email *channel_email_new(const struct email_relay *relay)
{
    struct channel_email *channel = mem_new(sizeof *channel);
    channel->relay = relay;
    for (size_t i = 0; i < SOCKETS_MOST; i++)
        channel->sockets[i] = -1;
    /* The path of an SMTP URL is the name said in EHLO: our domain, not what the machine happens to be
     * called. */
    channel->url = mem_printf("%s/%s", relay->url, address_domain(relay->from));
    channel->handle = curl_easy_init();
    if (channel->handle && set_transfer(channel) && set_security(channel) && set_callbacks(channel))
        return channel;
    channel_email_free(channel);
    return NULL;
}

static void shut_sockets(struct channel_email *channel, int how)
{
    for (size_t i = 0; i < SOCKETS_MOST; i++)
        if (channel->sockets[i] >= 0)
            (void)shutdown(channel->sockets[i], how);
}

void channel_email_free(struct channel_email *channel)
{
    if (!channel)
        return;
    /* libcurl says QUIT and would wait up to two minutes for the answer of a server that is stuck. */
    shut_sockets(channel, SHUT_RD);
    if (channel->handle)
        curl_easy_cleanup(channel->handle);
    free(channel->url);
    free(channel);
}

long channel_email_connections(const struct channel_email *channel)
{
    return channel->connections;
}

/* ---- one mail ---- */

/* libcurl 7.88 keeps a connection whose reply after the dot timed out: the late 250 of one mail would be read
 * as the answer to the next one's MAIL. So after any failure the connection is cut, and the next mail has a
 * new one. */
static CURLcode transfer(struct channel_email *channel, long *ret_code, bool *ret_reused)
{
    long connects = 0;
    channel->refused = false;
    channel->out_len = channel->tail_len = channel->head_len = 0;
    set_timeout(channel->handle, channel->relay->response_timeout_s);
    curl_easy_setopt(channel->handle, CURLOPT_FRESH_CONNECT, channel->spoilt ? 1L : 0L);
    CURLcode result = curl_easy_perform(channel->handle);
    curl_easy_getinfo(channel->handle, CURLINFO_RESPONSE_CODE, ret_code);
    curl_easy_getinfo(channel->handle, CURLINFO_NUM_CONNECTS, &connects);
    channel->connections += connects;
    channel->spoilt = result != CURLE_OK;
    if (channel->spoilt)
        shut_sockets(channel, SHUT_RDWR);
    *ret_reused = connects == 0;
    return result;
}

/* A kept connection that the server had closed meanwhile, or closes now: nothing of this mail was taken, and
 * a new connection is no new attempt. */
static bool is_stale(const struct channel_email *channel, CURLcode result, long code, bool reused)
{
    return reused && channel->out_len == 0 && (code < 400 || code == 421) &&
           (result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_GOT_NOTHING ||
            result == CURLE_WEIRD_SERVER_REPLY);
}

static void fill_outcome(const struct channel_email *channel, CURLcode result, long code, struct outcome *ret)
{
    ret->reply = reply_of_smtp((int)result, code, is_body_sent(channel));
    ret->code = code;
    ret->curl_code = (int)result;
    if (channel->refused && result == CURLE_COULDNT_CONNECT)
        ret->reply.reason = "clear text to a host that is not this one: set tls for the relay";
    if (result == CURLE_OK)
        snprintf(ret->detail, sizeof ret->detail, "smtp %ld", code);
    else
        snprintf(ret->detail, sizeof ret->detail, "smtp %ld, curl %d (%s)%s", code, (int)result,
                 curl_easy_strerror(result), is_body_sent(channel) ? ", body sent" : "");
}

static void send_message(struct channel_email *channel, const struct email_job *job,
                         struct email_message *message, struct outcome *ret)
{
    struct curl_slist *to = curl_slist_append(NULL, job->to);
    CURL *h = channel->handle;
    bool fine = to && !curl_easy_setopt(h, CURLOPT_MAIL_FROM, job->envelope_from) &&
                !curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to) &&
                !curl_easy_setopt(h, CURLOPT_HTTPHEADER, message->headers) &&
                !curl_easy_setopt(h, CURLOPT_MIMEPOST, message->mime);
    if (fine) {
        long code = 0;
        bool reused = false;
        CURLcode result = transfer(channel, &code, &reused);
        if (is_stale(channel, result, code, reused) && !atomic_load(channel->give_up))
            result = transfer(channel, &code, &reused);
        fill_outcome(channel, result, code, ret);
    } else {
        ret->reply =
            (struct reply){.outcome = REPLY_TEMPFAIL, .reason = "libcurl would not take the message"};
    }
    curl_easy_setopt(h, CURLOPT_MAIL_RCPT, NULL);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(h, CURLOPT_MIMEPOST, NULL);
    curl_slist_free_all(to);
}

/* NOOP behind greeting, TLS and login: what a mail would meet before it. The connection is kept for one. */
static void probe(struct channel_email *channel, struct outcome *ret)
{
    CURL *h = channel->handle;
    long code = 0;
    bool reused = false;
    if (curl_easy_setopt(h, CURLOPT_UPLOAD, 0L) || curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, "NOOP")) {
        ret->reply =
            (struct reply){.outcome = REPLY_TEMPFAIL, .reason = "libcurl would not take the message"};
    } else {
        CURLcode result = transfer(channel, &code, &reused);
        fill_outcome(channel, result, code, ret);
    }
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
}

void channel_email_send(struct channel_email *channel, const struct email_job *job,
                        const atomic_bool *give_up, struct outcome *ret)
{
    struct email_message message = {0};
    *ret = (struct outcome){.message_id = job->message_id, .fence = job->fence, .begun = true};
    channel->give_up = give_up;
    const char *fault = job->probe ? NULL : email_message_validate(channel->relay, job);
    if (job->probe) {
        probe(channel, ret);
    } else if (fault) {
        ret->reply = (struct reply){.outcome = REPLY_PERMFAIL, .reason = fault};
        snprintf(ret->detail, sizeof ret->detail, "refused before sending");
    } else if (!email_message_init(&message, channel->handle, channel->relay, job)) {
        ret->reply =
            (struct reply){.outcome = REPLY_TEMPFAIL, .reason = "libcurl would not take the message"};
    } else {
        send_message(channel, job, &message, ret);
    }
    email_message_release(&message);
}
