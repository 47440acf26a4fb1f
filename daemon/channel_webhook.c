/* SPDX-License-Identifier: Apache-2.0 */
#include "channel_webhook.h"

#include "peer.h"
#include "secret.h"
#include "told/address.h"
#include "told/buf.h"
#include "told/mem.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct channel_webhook {
    const struct webhook_endpoint *endpoint; /* borrowed */
    CURL *handle;
    struct curl_slist *headers;
    char *url;
    char *body; /* owned; libcurl reads from it */
    int64_t message_id;
    int64_t fence;
    size_t header_bytes, body_bytes; /* read of the reply */
    char head[160];                  /* of the reply's body, where that says more than the status (Teams) */
    bool cut;                        /* the reply was longer than we read */
    bool refused;                    /* an address was not allowed */
};

static bool is_clear(const struct webhook_endpoint *endpoint)
{
    return !strncmp(endpoint->url, "http://", 7);
}

/* ---- what libcurl calls back ---- */

static bool is_allowed(const struct webhook_endpoint *endpoint, enum peer_kind kind)
{
    switch (kind) {
    case PEER_PUBLIC:
        return !is_clear(endpoint);
    case PEER_LOOPBACK:
    case PEER_PRIVATE:
        return endpoint->allow_private;
    case PEER_NEVER:
        return false;
    }
    return false;
}

static curl_socket_t open_socket(void *cookie, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct channel_webhook *request = cookie;
    (void)purpose;
    if (!is_allowed(request->endpoint, peer_judge(&address->addr))) {
        request->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Nothing of a reply is kept; MAXFILESIZE would not stop a chunked one (trap 15). */
static size_t count_bytes(struct channel_webhook *request, size_t *total, size_t len)
{
    *total += len;
    if (*total <= WEBHOOK_REPLY_MOST)
        return len;
    request->cut = true;
    return 0;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *cookie)
{
    struct channel_webhook *request = cookie;
    (void)bytes;
    return count_bytes(request, &request->header_bytes, size * count);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *cookie)
{
    struct channel_webhook *request = cookie;
    size_t len = size * count, room = sizeof request->head - 1 - strlen(request->head);
    if (request->endpoint->kind == WEBHOOK_TEAMS)
        memcpy(request->head + strlen(request->head), bytes, len < room ? len : room);
    return count_bytes(request, &request->body_bytes, len);
}

/* ---- the request ---- */

static bool add_header(struct channel_webhook *request, const char *line)
{
    struct curl_slist *longer = curl_slist_append(request->headers, line);
    if (longer)
        request->headers = longer;
    return longer != NULL;
}

/* A login for this attempt alone: Notify wants it no older than 30 seconds. */
static bool add_token(struct channel_webhook *request, const struct webhook_job *job)
{
    char token[NOTIFY_TOKEN_SIZE];
    notify_token(&request->endpoint->api_key, job->timestamp, token);
    char *line = mem_printf("Authorization: Bearer %s", token);
    bool fine = add_header(request, line);
    explicit_bzero(token, sizeof token);
    secret_free(line);
    return fine;
}

/* Standard Webhooks: one signature for each secret, parted by blanks, so that a receiver may know either. */
static bool add_signatures(struct channel_webhook *request, const struct webhook_job *job)
{
    struct buf id = {0}, timestamp = {0}, signatures = {0};
    buf_printf(&id, "webhook-id: %s", job->webhook_id);
    buf_printf(&timestamp, "webhook-timestamp: %lld", (long long)job->timestamp);
    buf_text(&signatures, "webhook-signature:");
    for (size_t i = 0; i < request->endpoint->secret_count; i++) {
        char signature[SIGNATURE_TEXT_SIZE];
        signature_sign(&request->endpoint->secrets[i], job->webhook_id, job->timestamp, job->body,
                       strlen(job->body), signature);
        buf_printf(&signatures, " %s", signature);
    }
    bool fine = add_header(request, buf_string(&id)) && add_header(request, buf_string(&timestamp)) &&
                add_header(request, buf_string(&signatures));
    buf_release(&signatures);
    buf_release(&timestamp);
    buf_release(&id);
    return fine;
}

static bool add_headers(struct channel_webhook *request, const struct webhook_job *job)
{
    if (!add_header(request, "Content-Type: application/json") || !add_header(request, "Accept:") ||
        !add_header(request, "Expect:"))
        return false;
    switch (request->endpoint->kind) {
    case WEBHOOK_STANDARD:
        return add_signatures(request, job);
    case WEBHOOK_NOTIFY_EMAIL:
    case WEBHOOK_NOTIFY_SMS:
        return add_token(request, job);
    case WEBHOOK_TEAMS: /* its url is all it knows us by */
        break;
    }
    return true;
}

static bool set_certificates(struct channel_webhook *request)
{
    CURL *h = request->handle;
    const struct webhook_endpoint *endpoint = request->endpoint;
    if (endpoint->ca_file && (curl_easy_setopt(h, CURLOPT_CAINFO, endpoint->ca_file) || curl_easy_setopt(h, CURLOPT_CAPATH, NULL)))
        return false;
    return !endpoint->cert_file || (!curl_easy_setopt(h, CURLOPT_SSLCERT, endpoint->cert_file) &&
                                    !curl_easy_setopt(h, CURLOPT_SSLKEY, endpoint->key_file));
}

static bool set_security(struct channel_webhook *request)
{
    CURL *h = request->handle;
    const struct webhook_endpoint *endpoint = request->endpoint;
    return !curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, is_clear(endpoint) ? "http" : "https") &&
           !curl_easy_setopt(h, CURLOPT_PROXY, "") && !curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
           !curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) &&
           !curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) &&
           !curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           set_certificates(request) &&
           !curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, request);
}

static bool set_transfer(struct channel_webhook *request)
{
    CURL *h = request->handle;
    return !curl_easy_setopt(h, CURLOPT_URL, request->url) &&
           !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) && !curl_easy_setopt(h, CURLOPT_PRIVATE, request) &&
           !curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           /* On a connection used before, libcurl sends a request that got no reply a second time by itself:
            * an attempt that no row knows of. So each has a connection of its own. */
           !curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L) &&
           !curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L) &&
           !curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, (long)request->endpoint->connect_timeout_s) &&
           !curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)request->endpoint->timeout_s) &&
           !curl_easy_setopt(h, CURLOPT_HTTPHEADER, request->headers) &&
           !curl_easy_setopt(h, CURLOPT_USERAGENT, "told") &&
           !curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body)) &&
           !curl_easy_setopt(h, CURLOPT_POSTFIELDS, request->body) &&
           !curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header) &&
           !curl_easy_setopt(h, CURLOPT_HEADERDATA, request) &&
           !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(h, CURLOPT_WRITEDATA, request);
}

static void refuse(struct outcome *ret, enum reply_outcome outcome, const char *reason)
{
    ret->reply = (struct reply){.outcome = outcome, .reason = reason};
    snprintf(ret->detail, sizeof ret->detail, "refused before sending");
}

struct channel_webhook *channel_webhook_new(const struct webhook_endpoint *endpoint,
                                            const struct webhook_job *job, struct outcome *ret)
{
    *ret = (struct outcome){.message_id = job->message_id, .fence = job->fence, .begun = true};
    if (!job->webhook_id[0] || strpbrk(job->webhook_id, " .") || address_validate_header(job->webhook_id)) {
        refuse(ret, REPLY_PERMFAIL, "the webhook-id is not one word of plain ASCII");
        return NULL;
    }
    struct channel_webhook *request = mem_new(sizeof *request);
    request->endpoint = endpoint;
    request->url = mem_printf("%s%s", endpoint->url, webhook_body_path(endpoint->kind));
    request->body = mem_copy(job->body);
    request->message_id = job->message_id;
    request->fence = job->fence;
    request->handle = curl_easy_init();
    if (request->handle && add_headers(request, job) && set_transfer(request) && set_security(request))
        return request;
    refuse(ret, REPLY_TEMPFAIL, "libcurl would not take the request");
    channel_webhook_free(request);
    return NULL;
}

void channel_webhook_free(struct channel_webhook *request)
{
    if (!request)
        return;
    if (request->handle)
        curl_easy_cleanup(request->handle);
    curl_slist_free_all(request->headers);
    free(request->body);
    secret_free(request->url); /* that of Teams is one */
    free(request);
}

void *channel_webhook_handle(struct channel_webhook *request)
{
    return request->handle;
}

static bool is_notify(const struct webhook_endpoint *endpoint)
{
    return endpoint->kind == WEBHOOK_NOTIFY_EMAIL || endpoint->kind == WEBHOOK_NOTIFY_SMS;
}

/* A connector of Teams answers 200 and says in its body that it did not deliver: "Webhook message delivery failed with
 * error: Microsoft Teams endpoint returned HTTP error 429 …"; where it did, the body is "1". Workflows answer 202 and
 * mean it. */
static long status_of(const struct channel_webhook *request, long status)
{
    const char *said;
    if (request->endpoint->kind != WEBHOOK_TEAMS || status != 200)
        return status;
    said = strcasestr(request->head, "HTTP error ");
    long inner = said ? strtol(said + strlen("HTTP error "), NULL, 10) : 0;
    if (inner >= 400 && inner <= 599)
        return inner;
    return strcasestr(request->head, "failed") || strcasestr(request->head, "error") ? 502 : 200;
}

void channel_webhook_finish(struct channel_webhook *request, int curl_code, struct outcome *ret)
{
    long status = 0, verify = 0;
    curl_off_t sent = 0, retry_after_s = 0;
    curl_easy_getinfo(request->handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(request->handle, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(request->handle, CURLINFO_RETRY_AFTER, &retry_after_s);
    curl_easy_getinfo(request->handle, CURLINFO_SSL_VERIFYRESULT, &verify);
    bool body_sent = sent >= (curl_off_t)strlen(request->body);
    /* What we would not read any more of came after a whole head: the status stands. */
    bool answered = curl_code == CURLE_OK || (request->cut && request->body_bytes > 0);
    if (retry_after_s < 0 || retry_after_s > INT_MAX)
        retry_after_s = retry_after_s < 0 ? 0 : INT_MAX;

    *ret = (struct outcome){.message_id = request->message_id, .fence = request->fence, .begun = true};
    long meant = status_of(request, status);
    ret->reply = is_notify(request->endpoint)
                     ? reply_of_notify(answered ? CURLE_OK : curl_code, meant, body_sent, (int)retry_after_s)
                     : reply_of_http(answered ? CURLE_OK : curl_code, meant, body_sent, (int)retry_after_s);
    snprintf(ret->destination, sizeof ret->destination, "%s", request->endpoint->name ? request->endpoint->name : "");
    ret->code = meant;
    ret->curl_code = curl_code;
    if (request->refused && curl_code == CURLE_COULDNT_CONNECT)
        ret->reply.reason = "the endpoint's address is not allowed: private, special or clear text";
    if (curl_code == CURLE_PEER_FAILED_VERIFICATION)
        ret->reply.reason = reply_certificate_text(verify);
    if (meant != status)
        snprintf(ret->detail, sizeof ret->detail, "http %ld, and its body says that it did not deliver", status);
    else if (answered)
        snprintf(ret->detail, sizeof ret->detail, "http %ld%s", status, request->cut ? ", reply cut" : "");
    else
        snprintf(ret->detail, sizeof ret->detail, "http %ld, curl %d (%s)%s", status, curl_code,
                 curl_easy_strerror((CURLcode)curl_code), body_sent ? ", body sent" : "");
}
