/* SPDX-License-Identifier: Apache-2.0 */
#include "imap_mock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "told/buf.h"
#include "told/mem.h"

enum { LINE_MOST = 8192, WAKE_MS = 50 };

struct imap_mock {
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    int listener, port;
    bool stop, refuse;
    char *text, *token;
    bool *gone; /* by UID */
    int count, cut_first, cut_last;
};

struct session {
    struct imap_mock *mock;
    int fd;
    bool over;
    char line[LINE_MOST];
    size_t len; /* read ahead, in line */
};

static bool is_stopping(struct imap_mock *mock)
{
    pthread_mutex_lock(&mock->lock);
    bool stop = mock->stop;
    pthread_mutex_unlock(&mock->lock);
    return stop;
}

static void send_bytes(struct session *s, const char *bytes, size_t len)
{
    while (len > 0 && !s->over) {
        ssize_t sent = send(s->fd, bytes, len, MSG_NOSIGNAL);

        s->over = sent <= 0;
        if (sent > 0)
            bytes += sent, len -= (size_t)sent;
    }
}

static void __attribute__((format(printf, 2, 3))) say(struct session *s, const char *format, ...)
{
    va_list values;
    char *text = NULL;

    va_start(values, format);
    if (vasprintf(&text, format, values) >= 0)
        send_bytes(s, text, strlen(text));
    va_end(values);
    free(text);
}

/* The next line without its end; the caller frees. NULL: the connection, or the mock, is over. */
static char *hear(struct session *s)
{
    for (;;) {
        char *end = memmem(s->line, s->len, "\r\n", 2), *line;
        struct pollfd fd = {.fd = s->fd, .events = POLLIN};
        ssize_t got;

        if (end != NULL) {
            line = mem_copy_n(s->line, (size_t)(end - s->line));
            s->len -= (size_t)(end + 2 - s->line);
            memmove(s->line, end + 2, s->len);
            return line;
        }
        if (s->len == LINE_MOST || is_stopping(s->mock))
            return NULL;
        if (poll(&fd, 1, WAKE_MS) <= 0)
            continue;
        got = recv(s->fd, s->line + s->len, LINE_MOST - s->len, 0);
        if (got <= 0)
            return NULL;
        s->len += (size_t)got;
    }
}

/* "user=…\1auth=Bearer TOKEN\1\1" in base64, or any login by password. */
static bool is_let_in(struct imap_mock *mock, const char *mechanism, const char *base64)
{
    char plain[LINE_MOST], *want = NULL;
    size_t len = 0;
    bool fine;

    pthread_mutex_lock(&mock->lock);
    want = mock->token != NULL ? mem_printf("\1auth=Bearer %s\1\1", mock->token) : NULL;
    fine = !mock->refuse;
    pthread_mutex_unlock(&mock->lock);
    if (fine && want != NULL)
        fine = strncasecmp(mechanism, "XOAUTH2", 7) == 0 &&
               sodium_base642bin((unsigned char *)plain, sizeof plain - 1, base64, strlen(base64), NULL, &len, NULL,
                                 sodium_base64_VARIANT_ORIGINAL) == 0 &&
               len >= strlen(want) && memcmp(plain + len - strlen(want), want, strlen(want)) == 0;
    free(want);
    return fine;
}

static void authenticate(struct session *s, const char *tag, const char *rest)
{
    const char *blank = strchr(rest, ' ');
    char *more = NULL;

    if (blank == NULL) {
        say(s, "+ \r\n");
        more = hear(s);
    }
    if ((blank != NULL || more != NULL) && is_let_in(s->mock, rest, blank != NULL ? blank + 1 : more))
        say(s, "%s OK in\r\n", tag);
    else
        say(s, "%s NO [AUTHENTICATIONFAILED] not you\r\n", tag);
    free(more);
}

static void search(struct session *s, const char *tag)
{
    struct buf b = {0};

    buf_text(&b, "* SEARCH");
    pthread_mutex_lock(&s->mock->lock);
    for (int uid = 1; uid <= s->mock->count; uid++)
        if (!s->mock->gone[uid])
            buf_printf(&b, " %d", uid);
    pthread_mutex_unlock(&s->mock->lock);
    buf_printf(&b, "\r\n%s OK done\r\n", tag);
    send_bytes(s, b.bytes, b.len);
    buf_release(&b);
}

static char *text_of(const struct imap_mock *mock, int uid)
{
    struct buf b = {0};

    for (const char *at = mock->text; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 'd') {
            buf_printf(&b, "%d", uid);
            at++;
        } else {
            buf_char(&b, *at);
        }
    }
    return buf_take(&b);
}

static void fetch(struct session *s, const char *tag, int uid)
{
    struct imap_mock *mock = s->mock;
    char *text;
    bool cut, gone;

    pthread_mutex_lock(&mock->lock);
    gone = uid < 1 || uid > mock->count || mock->gone[uid];
    cut = uid >= mock->cut_first && uid <= mock->cut_last;
    pthread_mutex_unlock(&mock->lock);
    if (gone) {
        say(s, "%s OK nothing\r\n", tag);
        return;
    }
    text = text_of(mock, uid);
    say(s, "* %d FETCH (UID %d BODY[] {%zu}\r\n", uid, uid, strlen(text));
    send_bytes(s, text, cut ? strlen(text) / 2 : strlen(text));
    if (cut)
        s->over = true;
    else
        say(s, ")\r\n%s OK done\r\n", tag);
    free(text);
}

static void move(struct session *s, const char *tag, int uid)
{
    pthread_mutex_lock(&s->mock->lock);
    if (uid >= 1 && uid <= s->mock->count)
        s->mock->gone[uid] = true;
    pthread_mutex_unlock(&s->mock->lock);
    say(s, "%s OK moved\r\n", tag);
}

static void answer(struct session *s, char *line)
{
    char *save = NULL, *tag = strtok_r(line, " ", &save), *rest = save;
    int uid = 0;

    if (tag == NULL || rest == NULL)
        s->over = true;
    else if (strncasecmp(rest, "CAPABILITY", 10) == 0)
        say(s, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 MOVE\r\n%s OK done\r\n", tag);
    else if (strncasecmp(rest, "AUTHENTICATE ", 13) == 0)
        authenticate(s, tag, rest + 13);
    else if (strncasecmp(rest, "SELECT", 6) == 0)
        say(s, "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] stays\r\n%s OK [READ-WRITE] selected\r\n", tag);
    else if (strncasecmp(rest, "UID SEARCH", 10) == 0)
        search(s, tag);
    else if (sscanf(rest, "UID FETCH %d", &uid) == 1)
        fetch(s, tag, uid);
    else if (sscanf(rest, "UID MOVE %d", &uid) == 1)
        move(s, tag, uid);
    else
        say(s, "%s OK fine\r\n", tag);
    s->over |= rest != NULL && strncasecmp(rest, "LOGOUT", 6) == 0;
}

static void serve(struct imap_mock *mock, int fd)
{
    struct session s = {.mock = mock, .fd = fd};
    char *line;

    say(&s, "* OK ready\r\n");
    while (!s.over && (line = hear(&s)) != NULL) {
        answer(&s, line);
        free(line);
    }
    close(fd);
}

static void *run(void *cookie)
{
    struct imap_mock *mock = cookie;

    while (!is_stopping(mock)) {
        struct pollfd fd = {.fd = mock->listener, .events = POLLIN};
        int got = poll(&fd, 1, WAKE_MS) > 0 ? accept4(mock->listener, NULL, NULL, SOCK_CLOEXEC) : -1;

        if (got >= 0)
            serve(mock, got);
    }
    return NULL;
}

struct imap_mock *imap_mock_start(int mails, const char *text)
{
    struct imap_mock *mock = mem_new(sizeof *mock);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    *mock = (struct imap_mock){.count = mails, .text = mem_copy(text), .gone = mem_new((size_t)mails + 1)};
    mock->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (mock->listener < 0 || bind(mock->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(mock->listener, 8) != 0 ||
        getsockname(mock->listener, (struct sockaddr *)&at, &len) != 0 || pthread_mutex_init(&mock->lock, NULL) != 0 ||
        pthread_create(&mock->thread, NULL, run, mock) != 0)
        abort();
    mock->port = ntohs(at.sin_port);
    return mock;
}

void imap_mock_stop(struct imap_mock *mock)
{
    if (mock == NULL)
        return;
    pthread_mutex_lock(&mock->lock);
    mock->stop = true;
    pthread_mutex_unlock(&mock->lock);
    pthread_join(mock->thread, NULL);
    pthread_mutex_destroy(&mock->lock);
    close(mock->listener);
    free(mock->text);
    free(mock->token);
    free(mock->gone);
    free(mock);
}

int imap_mock_port(const struct imap_mock *mock)
{
    return mock->port;
}

void imap_mock_cut(struct imap_mock *mock, int first, int last)
{
    pthread_mutex_lock(&mock->lock);
    mock->cut_first = first;
    mock->cut_last = last;
    pthread_mutex_unlock(&mock->lock);
}

void imap_mock_refuse(struct imap_mock *mock, bool refuse)
{
    pthread_mutex_lock(&mock->lock);
    mock->refuse = refuse;
    pthread_mutex_unlock(&mock->lock);
}

void imap_mock_want_token(struct imap_mock *mock, const char *token)
{
    pthread_mutex_lock(&mock->lock);
    free(mock->token);
    mock->token = mem_copy(token);
    pthread_mutex_unlock(&mock->lock);
}

int imap_mock_left(struct imap_mock *mock)
{
    int left = 0;

    pthread_mutex_lock(&mock->lock);
    for (int uid = 1; uid <= mock->count; uid++)
        left += !mock->gone[uid];
    pthread_mutex_unlock(&mock->lock);
    return left;
}
