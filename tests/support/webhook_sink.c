/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_sink.h"

#include "sink_store.h"
#include "told/buf.h"
#include "told/mem.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECRETS_MOST 4
#define SECRET_SIZE 128
#define TOLERANCE_S 300 /* Standard Webhooks: refuse what is too old or too new */
#define HUGE_SIZE (1024 * 1024)

struct secret {
    unsigned char bytes[SECRET_SIZE];
    size_t len;
};

struct webhook_sink {
    struct MHD_Daemon *daemon;
    int port;
    pthread_mutex_t lock; /* script, stalled and the two counts */
    struct sink_script *script;
    struct sink_store *hooks, *faults;
    struct secret secrets[SECRETS_MOST];
    size_t secret_count;
    long valid, valid_for_all;
    struct MHD_Connection **stalled; /* suspended until stop */
    size_t stalled_count;
    bool stopping;
};

/* What has been read of a request. */
struct request {
    struct buf body;
    bool was_stalled;
};

/* ---- the signature, by the book and not by lib/signature.c ---- */

static bool read_secret(const char *text, struct secret *ret)
{
    static const char prefix[] = "whsec_";
    return !strncmp(text, prefix, sizeof prefix - 1) &&
           !sodium_base642bin(ret->bytes, sizeof ret->bytes, text + sizeof prefix - 1,
                              strlen(text) - sizeof prefix + 1, NULL, &ret->len, NULL,
                              sodium_base64_VARIANT_ORIGINAL);
}

static void sign(const struct secret *secret, const char *signed_text, size_t len, char *out, size_t size)
{
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, secret->bytes, secret->len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)signed_text, len);
    crypto_auth_hmacsha256_final(&state, digest);
    sodium_bin2base64(out, size, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

static bool has_signature(const char *list, const char *wanted)
{
    size_t len = strlen(wanted);
    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == len + 3 && !strncmp(at, "v1,", 3) && !strncmp(at + 3, wanted, len))
            return true;
        at += word;
    }
    return false;
}

/* How many of our secrets the request is signed with. */
static size_t count_signatures(const struct webhook_sink *sink, struct MHD_Connection *connection,
                               const struct buf *body)
{
    const char *id = header_of(connection, "webhook-id"), *at = header_of(connection, "webhook-timestamp");
    struct buf text = {0};
    size_t found = 0;
    long long age_s = (long long)time(NULL) - atoll(at);
    if (!*id || age_s > TOLERANCE_S || age_s < -TOLERANCE_S)
        return 0;
    buf_printf(&text, "%s.%s.", id, at);
    buf_append(&text, body->bytes, body->len);
    for (size_t i = 0; i < sink->secret_count; i++) {
        char signature[64];
        sign(&sink->secrets[i], buf_string(&text), text.len, signature, sizeof signature);
        found += has_signature(header_of(connection, "webhook-signature"), signature);
    }
    buf_release(&text);
    return found;
}

/* ---- answers ---- */

static void keep_hook(struct webhook_sink *sink, struct MHD_Connection *connection, const char *path,
                      int status, const struct buf *body)
{
    size_t signatures = count_signatures(sink, connection, body);
    json_t *line = json_pack("{s:s, s:s, s:i, s:b}", "webhook_id", header_of(connection, "webhook-id"),
                             "path", path, "status", status, "valid", signatures > 0);
    if (*header_of(connection, "Authorization"))
        json_object_set_new(line, "authorization", json_string(header_of(connection, "Authorization")));
    pthread_mutex_lock(&sink->lock);
    sink->valid += signatures > 0;
    sink->valid_for_all += signatures > 0 && signatures == sink->secret_count;
    pthread_mutex_unlock(&sink->lock);
    sink_store_add(sink->hooks, line, buf_string(body), body->len);
}

/* An HTTP-date so many seconds ahead. */
static void print_date(int ahead_s, char *out, size_t size)
{
    time_t at = time(NULL) + ahead_s;
    struct tm parts;
    strftime(out, size, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &parts));
}

static enum MHD_Result answer(struct MHD_Connection *connection, int status, int retry_after_s, size_t len)
{
    char *body = mem_new(len + 1);
    memset(body, 'x', len);
    struct MHD_Response *response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    char seconds[40];
    snprintf(seconds, sizeof seconds, "%d", retry_after_s);
    if (retry_after_s < 0)
        print_date(-retry_after_s, seconds, sizeof seconds);
    if (retry_after_s)
        MHD_add_response_header(response, "Retry-After", seconds);
    if (status >= 300 && status < 400)
        MHD_add_response_header(response, "Location", "/elsewhere");
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result stall(struct webhook_sink *sink, struct MHD_Connection *connection)
{
    pthread_mutex_lock(&sink->lock);
    bool stopping = sink->stopping;
    if (!stopping) {
        sink->stalled = mem_grow(sink->stalled, sink->stalled_count + 1, sizeof(struct MHD_Connection *));
        sink->stalled[sink->stalled_count++] = connection;
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&sink->lock);
    return stopping ? MHD_NO : MHD_YES;
}

static enum MHD_Result misbehave(struct webhook_sink *sink, struct MHD_Connection *connection,
                                 const char *path, struct request *request, const struct sink_fault *fault)
{
    json_t *line = json_pack("{s:s, s:s, s:s}", "webhook_id", header_of(connection, "webhook-id"), "path",
                             path, "do", fault->word);
    sink_store_add(sink->faults, line, NULL, 0);
    switch (fault->act) {
    case SINK_REPLY:
        if (fault->code >= 200 && fault->code < 300)
            keep_hook(sink, connection, path, fault->code, &request->body);
        return answer(connection, fault->code, fault->retry_after_s, 0);
    case SINK_HUGE:
        keep_hook(sink, connection, path, MHD_HTTP_OK, &request->body);
        return answer(connection, MHD_HTTP_OK, 0, HUGE_SIZE);
    case SINK_ACCEPT_THEN_DROP:
        keep_hook(sink, connection, path, 0, &request->body);
        return MHD_NO;
    case SINK_ACCEPT_THEN_STALL:
        keep_hook(sink, connection, path, 0, &request->body);
        /* fall through */
    case SINK_STALL:
        request->was_stalled = true;
        return stall(sink, connection);
    default:
        return MHD_NO;
    }
}

static enum MHD_Result on_request_end(struct webhook_sink *sink, struct MHD_Connection *connection,
                                      const char *path, struct request *request)
{
    struct sink_fault fault;
    if (request->was_stalled)
        return MHD_NO;
    pthread_mutex_lock(&sink->lock);
    bool faulty = sink_script_take(sink->script, "request", path, &fault);
    pthread_mutex_unlock(&sink->lock);
    if (faulty)
        return misbehave(sink, connection, path, request, &fault);
    keep_hook(sink, connection, path, MHD_HTTP_OK, &request->body);
    return answer(connection, MHD_HTTP_OK, 0, 0);
}

static enum MHD_Result on_request(void *cookie, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *len,
                                  void **request_cookie)
{
    struct request *request = *request_cookie;
    (void)version;
    if (!request) {
        *request_cookie = mem_new(sizeof *request);
        return MHD_YES;
    }
    if (*len > 0) {
        buf_append(&request->body, bytes, *len);
        *len = 0;
        return MHD_YES;
    }
    if (strcmp(method, "POST") != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, 0, 0);
    return on_request_end(cookie, connection, path, request);
}

static void on_done(void *cookie, struct MHD_Connection *connection, void **request_cookie,
                    enum MHD_RequestTerminationCode why)
{
    struct request *request = *request_cookie;
    (void)cookie, (void)connection, (void)why;
    if (request)
        buf_release(&request->body);
    free(request);
    *request_cookie = NULL;
}

/* ---- life ---- */

static bool read_secrets(struct webhook_sink *sink, const char *const *secrets)
{
    for (; secrets && *secrets; secrets++)
        if (sink->secret_count == SECRETS_MOST ||
            !read_secret(*secrets, &sink->secrets[sink->secret_count++]))
            return false;
    return true;
}

static bool listen_on(struct webhook_sink *sink, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sink->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
                         NULL, on_request, sink, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                         MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        sink->daemon ? MHD_get_daemon_info(sink->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    sink->port = info ? info->port : 0;
    return sink->port > 0;
}

struct webhook_sink *webhook_sink_start(const char *directory, int port, struct sink_script *script,
                                        const char *const *secrets)
{
    int ignored;
    struct webhook_sink *sink = mem_new(sizeof *sink);
    pthread_mutex_init(&sink->lock, NULL);
    sink->script = script ? script : sink_script_new(NULL, &ignored);
    sink->hooks = sink_store_new(directory, "hooks", "json");
    sink->faults = sink_store_new(directory, "hook-faults", NULL);
    if (sodium_init() >= 0 && sink->hooks && sink->faults && read_secrets(sink, secrets) &&
        listen_on(sink, port))
        return sink;
    webhook_sink_stop(sink);
    return NULL;
}

void webhook_sink_stop(struct webhook_sink *sink)
{
    if (!sink)
        return;
    pthread_mutex_lock(&sink->lock);
    sink->stopping = true;
    for (size_t i = 0; i < sink->stalled_count; i++)
        MHD_resume_connection(sink->stalled[i]);
    pthread_mutex_unlock(&sink->lock);
    if (sink->daemon)
        MHD_stop_daemon(sink->daemon);
    pthread_mutex_destroy(&sink->lock);
    sink_store_free(sink->hooks);
    sink_store_free(sink->faults);
    sink_script_free(sink->script);
    free(sink->stalled);
    free(sink);
}

int webhook_sink_port(const struct webhook_sink *sink)
{
    return sink->port;
}

long webhook_sink_accepted(struct webhook_sink *sink)
{
    return sink_store_count(sink->hooks);
}

long webhook_sink_valid(struct webhook_sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    long count = sink->valid;
    pthread_mutex_unlock(&sink->lock);
    return count;
}

long webhook_sink_valid_for_all(struct webhook_sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    long count = sink->valid_for_all;
    pthread_mutex_unlock(&sink->lock);
    return count;
}
