/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is not ours: nginx, with TLS, client certificates, HTTP/1.1 and HTTP/2, and what it says of its own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "nginx_peer.h"
#include "secret.h"
#include "sink_tls.h"
#include "told/buf.h"
#include "told/mem.h"
#include "webhook_pool.h"

#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define BODY "{\"reference\":\"D-17\"}"

enum port { GOOD, WRONG_HOST, EXPIRED, MUTUAL, CLEAR, BOTH_VERSIONS, CLEAR_TWO, REFUSING, SILENT };

#define SSL_OF(name) "ssl_certificate @d/" name ".pem; ssl_certificate_key @d/" name ".key; "
#define TEAMS_SAYS "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error "
#define OK "location / { return 200 \"ok\"; } }\n"

static const char SERVERS[] =
    "server { listen 127.0.0.1:@0 ssl; " SSL_OF("good")
    "location = /301 { return 301 https://127.0.0.1:@0/ok; } location = /308 { return 308 https://127.0.0.1:@0/ok; }\n"
    "location = /401 { return 401; } location = /410 { return 410; } location = /444 { return 444; }\n"
    "location = /413 { client_max_body_size 8; return 200; }\n"
    "location = /429 { add_header Retry-After 120 always; return 429; }\n"
    "location = /503 { add_header Retry-After \"Fri, 31 Dec 2049 23:59:59 GMT\" always; return 503; }\n"
    "location = /503-odd { add_header Retry-After -5 always; return 503; }\n"
    "location = /503-past { add_header Retry-After \"Fri, 31 Dec 1999 23:59:59 GMT\" always; return 503; }\n"
    "location = /503-huge { add_header Retry-After 99999999999999999999 always; return 503; }\n"
    "location = /502 { proxy_pass http://127.0.0.1:@x; }\n"
    "location = /504 { proxy_pass http://127.0.0.1:@8; proxy_read_timeout 1s; }\n"
    "location = /204 { return 204; } location = /202 { return 202; }\n"
    "location = /slow { limit_rate 4; return 200 \"forty bytes of a body, four in a second.\"; }\n"
    "location = /static { alias @d/good.pem; }\n" OK
    "server { listen 127.0.0.1:@1 ssl; " SSL_OF("elsewhere") OK
    "server { listen 127.0.0.1:@2 ssl; " SSL_OF("expired") OK
    "server { listen 127.0.0.1:@3 ssl; " SSL_OF("good") "ssl_verify_client on; ssl_client_certificate @d/ca.pem; " OK
    "server { listen 127.0.0.1:@4;\n"
    "location = /teams { return 200 \"1\"; } location = /teams-flow { return 202; } location = /teams-empty { return 200; }\n"
    "location = /teams-429 { return 200 \"" TEAMS_SAYS "429 with ContextId tcid=0,server=x,cv=y..\"; }\n"
    "location = /teams-413 { return 200 \"" TEAMS_SAYS "413 with ContextId tcid=0,server=x,cv=y..\"; }\n"
    "location = /teams-0 { return 200 \"Webhook message delivery failed with error: Teams is away\"; }\n"
    "location = /teams-400 { return 400 \"Summary or Text is required.\"; }\n" OK
    "server { listen 127.0.0.1:@5 ssl http2; " SSL_OF("good") OK
    "server { listen 127.0.0.1:@6 http2; " OK
    "server { listen 127.0.0.1:@7 ssl; " SSL_OF("good") "ssl_reject_handshake on; }\n";

struct stand {
    struct nginx_peer *nginx;
    int silent; /* accepts and says nothing */
};

static char *path_of(const struct stand *s, const char *name)
{
    return mem_printf("%s/%s", nginx_peer_directory(s->nginx), name);
}

static void make_certificate(const struct stand *s, struct sink_tls_authority *authority, enum sink_tls_kind kind, const char *name)
{
    struct sink_tls *tls = sink_tls_new(authority, kind);
    char *base = path_of(s, name), *certificate = mem_printf("%s.pem", base), *key = mem_printf("%s.key", base);

    assert_true(tls != NULL && sink_tls_write(tls, certificate, key));
    assert_int_equal(chmod(key, 0600), 0);
    sink_tls_free(tls);
    free(base);
    free(certificate);
    free(key);
}

static struct sink_tls_authority *make_authority(const struct stand *s, const char *name)
{
    char *path = path_of(s, name);
    struct sink_tls_authority *authority = sink_tls_authority_new(path);

    assert_non_null(authority);
    free(path);
    return authority;
}

static int listen_silently(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static int start(void **state)
{
    struct stand *s = *state = mem_new(sizeof *s);
    struct sink_tls_authority *ours, *others;

    s->nginx = nginx_peer_new();
    ours = make_authority(s, "ca.pem");
    others = make_authority(s, "other-ca.pem");
    make_certificate(s, ours, SINK_TLS_GOOD, "good");
    make_certificate(s, ours, SINK_TLS_WRONG_HOST, "elsewhere");
    make_certificate(s, ours, SINK_TLS_EXPIRED, "expired");
    make_certificate(s, ours, SINK_TLS_GOOD, "client");
    make_certificate(s, ours, SINK_TLS_EXPIRED, "old-client");
    make_certificate(s, others, SINK_TLS_GOOD, "other-client");
    sink_tls_authority_free(ours);
    sink_tls_authority_free(others);
    s->silent = listen_silently(nginx_peer_port(s->nginx, SILENT));
    nginx_peer_run(s->nginx, SERVERS);
    return 0;
}

static int stop(void **state)
{
    struct stand *s = *state;

    nginx_peer_stop(s->nginx);
    close(s->silent);
    free(s);
    return 0;
}

/* ---- one request ---- */

struct trial {
    enum port port;
    const char *scheme, *host, *path;     /* NULL: "https", "127.0.0.1", "ok" */
    const char *ca;                       /* NULL: "ca.pem"; "": the system's */
    const char *certificate, *key;        /* of ours, or NULL */
    enum webhook_kind kind;
    char class;                           /* D delivered, T again, P refused, G gone, U uncertain */
    const char *reason;                   /* a part of it, or NULL */
};

static struct webhook_endpoint endpoint_of(const struct stand *s, const struct trial *t)
{
    struct webhook_endpoint endpoint = {.name = mem_copy("nginx"),
                                        .kind = t->kind,
                                        .url = mem_printf("%s://%s:%d/%s", t->scheme != NULL ? t->scheme : "https",
                                                          t->host != NULL ? t->host : "127.0.0.1",
                                                          nginx_peer_port(s->nginx, t->port), t->path != NULL ? t->path : "ok"),
                                        .secret_count = t->kind == WEBHOOK_STANDARD,
                                        .allow_private = true,
                                        .connect_timeout_s = 10,
                                        .timeout_s = t->path != NULL && strcmp(t->path, "slow") == 0 ? 3 : 20};

    assert_null(signature_key_parse(SECRET, &endpoint.secrets[0]));
    if (t->ca == NULL || *t->ca != '\0')
        endpoint.ca_file = path_of(s, t->ca != NULL ? t->ca : "ca.pem");
    endpoint.cert_file = t->certificate != NULL ? path_of(s, t->certificate) : NULL;
    endpoint.key_file = t->key != NULL ? path_of(s, t->key) : NULL;
    return endpoint;
}

static struct outcome send_one(struct webhook_pool *pool)
{
    struct webhook_job job = {.message_id = 5, .webhook_id = (char[]){"msg_5"}, .timestamp = time(NULL), .body = (char[]){BODY}};
    struct outcome outcome;

    assert_true(webhook_pool_submit(pool, &job));
    while (webhook_pool_take(pool, &outcome, 1) == 0) {
        webhook_pool_wait(pool, NULL, 0, 1000);
        webhook_pool_perform(pool);
    }
    return outcome;
}

static char class_of(const struct reply *reply)
{
    if (reply->outcome == REPLY_DELIVERED)
        return 'D';
    if (reply->outcome == REPLY_PERMFAIL)
        return reply->gone ? 'G' : 'P';
    return reply->uncertain ? 'U' : 'T';
}

static struct outcome try(const struct stand *s, const struct trial *t)
{
    struct webhook_endpoint endpoint = endpoint_of(s, t);
    const char *reason = NULL;
    struct webhook_pool *pool = webhook_pool_start(&endpoint, 1, 1, &reason);
    struct outcome outcome;

    if (pool == NULL)
        fail_msg("%s: %s", endpoint.url, reason);
    outcome = send_one(pool);
    if (class_of(&outcome.reply) != t->class || (t->reason != NULL && strstr(outcome.reply.reason, t->reason) == NULL))
        fail_msg("%s with %s and %s: %c instead of %c, %s (%s)", endpoint.url, t->ca != NULL ? t->ca : "ca.pem",
                 t->certificate != NULL ? t->certificate : "no certificate", class_of(&outcome.reply), t->class,
                 outcome.reply.reason, outcome.detail);
    webhook_pool_free(pool);
    webhook_endpoint_release(&endpoint);
    return outcome;
}

static void try_all(const struct stand *s, const struct trial *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        try(s, &table[i]);
}
#define TRY_ALL(s, table) try_all(s, table, sizeof(table) / sizeof *(table))

/* How many requests nginx has answered with this, all tests before this one put together. */
static long answered(const struct stand *s, const char *status)
{
    return nginx_peer_logged(s->nginx, status, 0);
}

/* ---- the server's certificate ---- */

static void test_webhook_peers_nothing_goes_to_a_server_that_cannot_prove_itself(void **state)
{
    static const struct trial table[] = {
        {.port = GOOD, .ca = "other-ca.pem", .class = 'T'}, /* of the same name: to libcurl a broken handshake */
        {.port = GOOD, .ca = "", .class = 'T', .reason = "no authority we trust"},
        {.port = GOOD, .host = "127.0.0.2", .class = 'T'}, /* nobody there, or nobody of that name */
        {.port = WRONG_HOST, .class = 'T', .reason = "for another host"},
        {.port = WRONG_HOST, .host = "localhost", .class = 'T', .reason = "for another host"},
        {.port = EXPIRED, .class = 'T', .reason = "it has expired"},
        {.port = REFUSING, .class = 'T', .reason = "TLS handshake failed"},
        {.port = CLEAR, .class = 'T', .reason = "TLS handshake failed"},
        {.port = GOOD, .ca = "missing.pem", .class = 'T', .reason = "list of certificate authorities cannot be read"},
    };
    const struct trial good[] = {{.port = GOOD, .class = 'D'}, {.port = GOOD, .host = "localhost", .class = 'D'}};
    struct stand *s = *state;
    long before = answered(s, "200 ");

    TRY_ALL(s, table);
    assert_int_equal(answered(s, "200 "), before);
    TRY_ALL(s, good);
    assert_int_equal(nginx_peer_logged(s->nginx, "200 ", before + 2), before + 2);
}

/* "The plain HTTP request was sent to HTTPS port": a 400, and nobody has it. */
static void test_webhook_peers_clear_text_to_a_tls_port_is_refused(void **state)
{
    struct stand *s = *state;
    long before = answered(s, "400 ");

    try(s, &(struct trial){.port = GOOD, .scheme = "http", .class = 'P', .reason = "HTTP 4xx"});
    assert_int_equal(nginx_peer_logged(s->nginx, "400 ", before + 1), before + 1);
}

/* ---- our own ---- */

static void test_webhook_peers_mutual_tls_wants_our_certificate(void **state)
{
    static const struct trial refused[] = {
        {.port = MUTUAL, .class = 'P', .reason = "HTTP 4xx"}, /* "No required SSL certificate was sent" */
        {.port = MUTUAL, .certificate = "other-client.pem", .key = "other-client.key", .class = 'P', .reason = "HTTP 4xx"},
        {.port = MUTUAL, .certificate = "old-client.pem", .key = "old-client.key", .class = 'P', .reason = "HTTP 4xx"},
        /* nothing is begun with what cannot be used */
        {.port = MUTUAL, .certificate = "client.pem", .key = "other-client.key", .class = 'T', .reason = "our TLS certificate"},
        {.port = MUTUAL, .certificate = "missing.pem", .key = "client.key", .class = 'T', .reason = "our TLS certificate"},
        {.port = MUTUAL, .certificate = "client.pem", .key = "missing.key", .class = 'T', .reason = "our TLS certificate"},
    };
    struct stand *s = *state;
    long before = answered(s, "200 HTTP/1.1 SUCCESS");

    TRY_ALL(s, refused);
    assert_int_equal(answered(s, "200 HTTP/1.1 SUCCESS"), before);
    try(s, &(struct trial){.port = MUTUAL, .certificate = "client.pem", .key = "client.key", .class = 'D'});
    assert_int_equal(nginx_peer_logged(s->nginx, "200 HTTP/1.1 SUCCESS", before + 1), before + 1);
}

/* ---- the same from files of the configuration ---- */

static char *write_conf(const struct stand *s, const char *files)
{
    char here[1024], *path = path_of(s, "told.conf"), *secret = path_of(s, "hook.secret"), *parts, *reason;
    FILE *file = fopen(path, "w");

    assert_true(file != NULL && getcwd(here, sizeof here) != NULL);
    parts = mem_printf("%s/tests/golden/config/parts", here);
    fprintf(file,
            "authority = \"kingsmere\"; reference_domain = \"told.kingsmere.example\";\n"
            "last_resort = \"last-resort@kingsmere.example\"; trusted = [ \"pnc\" ]; review_role = \"social-work-team-manager\";\n"
            "feeds = \"%s/feeds-good\"; protocol = \"%s/protocol-good\"; roles = \"%s/roles.conf\";\n"
            "calendar = \"%s/calendar.json\"; codes = \"%s/codes-good\"; templates = \"%s/conf/templates\";\n"
            "email: { url = \"smtp://localhost:25\"; tls = \"none\"; from = \"told@kingsmere.example\"; };\n"
            "ingest: { bind = \"tcp://127.0.0.1:5571\"; secret_key = \"told.key\"; };\n"
            "webhooks: { case-system: { url = \"https://127.0.0.1:%d/ok\"; allow_private = true; secrets = [ \"hook.secret\" ];\n"
            "%s } };\n",
            parts, parts, parts, parts, parts, here, nginx_peer_port(s->nginx, MUTUAL), files);
    assert_int_equal(fclose(file), 0);
    unlink(secret);
    reason = secret_write(secret, SECRET);
    assert_null(reason);
    free(parts);
    free(secret);
    return path;
}

static void keep_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", strrchr(file, '/') + 1, line, text);
}

/* What is said of such files. */
static void check_fault(const struct stand *s, const char *files, const char *want)
{
    char *conf = write_conf(s, files);
    struct buf faults = {0};

    config_unref(config_load(conf, true, keep_fault, &faults));
    if (strstr(buf_string(&faults), want) == NULL)
        fail_msg("%s: no \"%s\" in: %s", files, want, buf_string(&faults));
    buf_release(&faults);
    free(conf);
}

static void test_webhook_peers_keys_in_files_are_judged_where_they_are_named(void **state)
{
    struct stand *s = *state;
    char *open_key = path_of(s, "client.key"), *locked = path_of(s, "locked.key");
    FILE *file = fopen(locked, "w");

    assert_true(file != NULL && fputs("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", file) >= 0);
    assert_true(fclose(file) == 0 && chmod(locked, 0600) == 0);
    check_fault(s, "cert_file = \"client.pem\"; key_file = \"no.key\";", "told.conf:8: secret file ");
    check_fault(s, "cert_file = \"client.pem\"; key_file = \"no.key\";", "no.key does not exist, create it with mode 0600");
    check_fault(s, "cert_file = \"no.pem\"; key_file = \"client.key\";", "told.conf:8: cert_file: ");
    check_fault(s, "cert_file = \"client.pem\"; key_file = \"locked.key\";", "is under a passphrase");
    check_fault(s, "cert_file = \"client.pem\"; key_file = \"hook.secret\";", "holds no private key in PEM");
    check_fault(s, "cert_file = \"client.key\";", "cert_file and key_file go together");
    assert_int_equal(chmod(open_key, 0644), 0);
    check_fault(s, "cert_file = \"client.pem\"; key_file = \"client.key\";", "client.key is open to group or others (mode 0644)");
    assert_int_equal(chmod(open_key, 0600), 0);
    free(open_key);
    free(locked);
}

static void test_webhook_peers_mutual_tls_works_from_the_configuration(void **state)
{
    struct stand *s = *state;
    char *conf = write_conf(s, "ca_file = \"ca.pem\"; cert_file = \"client.pem\"; key_file = \"client.key\";"), *key;
    struct buf faults = {0};
    struct config *config;
    struct webhook_pool *pool;
    long before = answered(s, "200 HTTP/1.1 SUCCESS");
    const char *reason = NULL;
    struct outcome outcome;

    key = path_of(s, "told.key");
    unlink(key);
    assert_null(secret_write(key, "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"));
    free(key);
    config = config_load(conf, true, keep_fault, &faults);
    if (config == NULL)
        fail_msg("%s", buf_string(&faults));
    pool = webhook_pool_start(config->endpoints, config->endpoint_count, 1, &reason);
    assert_non_null(pool);
    outcome = send_one(pool);
    if (outcome.reply.outcome != REPLY_DELIVERED)
        fail_msg("%s (%s)", outcome.reply.reason, outcome.detail);
    assert_int_equal(nginx_peer_logged(s->nginx, "200 HTTP/1.1 SUCCESS", before + 1), before + 1);
    webhook_pool_free(pool);
    config_unref(config);
    buf_release(&faults);
    free(conf);
}

/* ---- versions of HTTP ---- */

static void test_webhook_peers_speak_http_1_1_also_where_2_is_offered(void **state)
{
    struct stand *s = *state;
    long before = answered(s, "200 HTTP/1.1"), two = answered(s, "HTTP/2.0");

    try(s, &(struct trial){.port = BOTH_VERSIONS, .class = 'D'});
    assert_int_equal(nginx_peer_logged(s->nginx, "200 HTTP/1.1", before + 1), before + 1);
    /* A server that knows HTTP/2 alone answers in it: no reply that counts. */
    try(s, &(struct trial){.port = CLEAR_TWO, .scheme = "http", .class = 'U', .reason = "makes no sense"});
    assert_int_equal(answered(s, "HTTP/2.0"), two);
    assert_int_equal(answered(s, "200 HTTP/1.1"), before + 1);
}

/* ---- what it answers ---- */

static void test_webhook_peers_replies_come_out_as_what_they_are(void **state)
{
    static const struct trial table[] = {
        {.path = "202", .class = 'D'},
        {.path = "204", .class = 'D'},
        {.path = "301", .class = 'P', .reason = "redirects are not followed"},
        {.path = "308", .class = 'P', .reason = "redirects are not followed"},
        {.path = "401", .class = 'P', .reason = "HTTP 401"},
        {.path = "static", .class = 'P', .reason = "HTTP 4xx"}, /* 405 */
        {.path = "410", .class = 'G', .reason = "HTTP 410"},
        {.path = "413", .class = 'P', .reason = "HTTP 413"},
        {.path = "429", .class = 'T', .reason = "HTTP 429"},
        {.path = "502", .class = 'T', .reason = "HTTP 502"},
        {.path = "504", .class = 'T', .reason = "HTTP 504"},
        {.path = "444", .class = 'U', .reason = "closed without a reply"},
        {.path = "slow", .class = 'U', .reason = "timed out"}, /* the head says 200, and the rest does not come in time */
    };
    struct stand *s = *state;
    long before = answered(s, "200 "), redirects;

    redirects = answered(s, "301 ") + answered(s, "308 ");
    TRY_ALL(s, table);
    assert_int_equal(nginx_peer_logged(s->nginx, "301 ", 1) + nginx_peer_logged(s->nginx, "308 ", 1), redirects + 2);
    /* The slow one alone: no redirect was followed. */
    assert_int_equal(nginx_peer_logged(s->nginx, "200 ", before + 1), before + 1);
}

static void test_webhook_peers_retry_after_is_read_as_seconds_and_as_a_date(void **state)
{
    struct stand *s = *state;

    assert_int_equal(try(s, &(struct trial){.path = "429", .class = 'T'}).reply.retry_after_s, 120);
    /* More than a year off; it is bounded by the duty's deadline later on. */
    assert_true(try(s, &(struct trial){.path = "503", .class = 'T'}).reply.retry_after_s > 365 * 24 * 3600);
    assert_int_equal(try(s, &(struct trial){.path = "503-odd", .class = 'T'}).reply.retry_after_s, 0);
    assert_int_equal(try(s, &(struct trial){.path = "503-past", .class = 'T'}).reply.retry_after_s, 0);
    assert_true(try(s, &(struct trial){.path = "503-huge", .class = 'T'}).reply.retry_after_s >= 0);
}

/* ---- Microsoft Teams ---- */

#define TEAMS .port = CLEAR, .scheme = "http", .kind = WEBHOOK_TEAMS

/* An old connector answers 200 whatever came of it, and says so in its body. */
static void test_webhook_peers_what_teams_says_in_its_body_counts(void **state)
{
    static const struct trial table[] = {
        {TEAMS, .path = "teams", .class = 'D'},
        {TEAMS, .path = "teams-flow", .class = 'D'},
        {TEAMS, .path = "teams-empty", .class = 'D'},
        {TEAMS, .path = "teams-429", .class = 'T', .reason = "HTTP 429"},
        {TEAMS, .path = "teams-413", .class = 'P', .reason = "HTTP 413"},
        {TEAMS, .path = "teams-0", .class = 'T', .reason = "HTTP 502"},
        {TEAMS, .path = "teams-400", .class = 'P', .reason = "HTTP 4xx"},
        /* Of another endpoint a 200 is a 200. */
        {.port = CLEAR, .scheme = "http", .path = "teams-429", .class = 'D'},
    };
    struct stand *s = *state;
    long before = answered(s, "200 ");

    TRY_ALL(s, table);
    assert_int_equal(nginx_peer_logged(s->nginx, "200 ", before + 6), before + 6);
    assert_non_null(strstr(try(s, &table[3]).detail, "http 200, and its body says that it did not deliver"));
    assert_int_equal(nginx_peer_logged(s->nginx, "200 ", before + 7), before + 7);
}

/* ---- a reload ---- */

static void test_webhook_peers_a_reload_of_nginx_costs_nothing(void **state)
{
    struct stand *s = *state;
    struct trial trial = {.port = GOOD};
    struct webhook_endpoint endpoint = endpoint_of(s, &trial);
    const char *reason = NULL;
    struct webhook_pool *pool = webhook_pool_start(&endpoint, 1, 4, &reason);
    long before = answered(s, "200 ");

    assert_non_null(pool);
    for (int i = 0; i < 12; i++) {
        struct outcome outcome = send_one(pool);

        if (outcome.reply.outcome != REPLY_DELIVERED)
            fail_msg("request %d: %s (%s)", i, outcome.reply.reason, outcome.detail);
        if (i % 4 == 3)
            nginx_peer_reload(s->nginx);
    }
    assert_int_equal(nginx_peer_logged(s->nginx, "200 ", before + 12), before + 12);
    webhook_pool_free(pool);
    webhook_endpoint_release(&endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webhook_peers_nothing_goes_to_a_server_that_cannot_prove_itself),
        cmocka_unit_test(test_webhook_peers_clear_text_to_a_tls_port_is_refused),
        cmocka_unit_test(test_webhook_peers_mutual_tls_wants_our_certificate),
        cmocka_unit_test(test_webhook_peers_keys_in_files_are_judged_where_they_are_named),
        cmocka_unit_test(test_webhook_peers_mutual_tls_works_from_the_configuration),
        cmocka_unit_test(test_webhook_peers_speak_http_1_1_also_where_2_is_offered),
        cmocka_unit_test(test_webhook_peers_replies_come_out_as_what_they_are),
        cmocka_unit_test(test_webhook_peers_retry_after_is_read_as_seconds_and_as_a_date),
        cmocka_unit_test(test_webhook_peers_what_teams_says_in_its_body_counts),
        cmocka_unit_test(test_webhook_peers_a_reload_of_nginx_costs_nothing),
    };

    return cmocka_run_group_tests_name("webhook_peers", tests, start, stop);
}
