/* SPDX-License-Identifier: Apache-2.0 */
/* Every status a server may give, in every way a connection may break: what each of them comes out as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "http_fault.h"
#include "scratch.h"
#include "told/mem.h"
#include "webhook_pool.h"

#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/* D delivered, T try again, P refused for good, G gone. */
static const struct {
    int status;
    char class;
} statuses[] = {
    {200, 'D'}, {201, 'D'}, {202, 'D'}, {203, 'D'}, {204, 'D'}, {206, 'D'}, {207, 'D'}, {299, 'D'}, {300, 'P'},
    {301, 'P'}, {302, 'P'}, {303, 'P'}, {304, 'P'}, {307, 'P'}, {308, 'P'}, {400, 'P'}, {401, 'P'}, {402, 'P'},
    {403, 'P'}, {404, 'P'}, {405, 'P'}, {406, 'P'}, {407, 'P'}, {408, 'T'}, {409, 'P'}, {410, 'G'}, {411, 'P'},
    {413, 'P'}, {415, 'P'}, {418, 'P'}, {421, 'P'}, {422, 'P'}, {425, 'T'}, {426, 'P'}, {428, 'P'}, {429, 'T'},
    {431, 'P'}, {451, 'P'}, {499, 'P'}, {500, 'T'}, {501, 'T'}, {502, 'T'}, {503, 'T'}, {504, 'T'}, {511, 'T'},
    {599, 'T'},
};
#define STATUSES (sizeof statuses / sizeof *statuses)

enum where { CLEAR, TLS, WRONG_HOST, SELF_SIGNED, EXPIRED, OLD, NO_TLS, PLACES };

/* S as the status says; H as it says, but what looked like less than a 400 may have been cut short; U uncertain; N nothing of it
 * went out. */
static const struct {
    const char *fault;
    enum where where;
    char rule;
} faults[] = {
    {"none", CLEAR, 'S'},      {"none", TLS, 'S'},         {"redirect", CLEAR, 'S'},  {"redirect", TLS, 'S'},
    {"oversized", CLEAR, 'S'}, {"oversized", TLS, 'S'},    {"half-close", CLEAR, 'H'}, {"half-close", TLS, 'H'},
    {"reset", CLEAR, 'U'},     {"reset", TLS, 'U'},        {"stall", CLEAR, 'U'},     {"stall", TLS, 'U'},
    {"drip", CLEAR, 'U'},      {"drip", TLS, 'U'},         {"garbage", CLEAR, 'U'},   {"garbage", TLS, 'U'},
    {"none", WRONG_HOST, 'N'}, {"none", SELF_SIGNED, 'N'}, {"none", EXPIRED, 'N'},    {"none", OLD, 'N'},
    {"none", NO_TLS, 'N'},
};
#define FAULTS (sizeof faults / sizeof *faults)
#define CELLS (STATUSES * FAULTS)

struct stand {
    char *directory, *ca;
    struct http_fault *servers[PLACES];
    struct webhook_endpoint *endpoints;
    struct webhook_pool *pool;
};

static void start_servers(struct stand *s)
{
    static const enum sink_tls_kind kinds[] = {[TLS] = SINK_TLS_GOOD,           [WRONG_HOST] = SINK_TLS_WRONG_HOST,
                                               [SELF_SIGNED] = SINK_TLS_SELF_SIGNED, [EXPIRED] = SINK_TLS_EXPIRED,
                                               [OLD] = SINK_TLS_OLD};
    struct sink_tls_authority *authority = sink_tls_authority_new(s->ca);

    assert_non_null(authority);
    for (size_t i = 0; i < PLACES; i++)
        s->servers[i] = http_fault_start(i == CLEAR || i == NO_TLS ? NULL : sink_tls_new(authority, kinds[i]));
    sink_tls_authority_free(authority);
}

static void make_endpoint(struct stand *s, size_t cell)
{
    size_t fault = cell % FAULTS;
    enum where where = faults[fault].where;
    struct webhook_endpoint *endpoint = &s->endpoints[cell];

    *endpoint = (struct webhook_endpoint){
        .name = mem_printf("cell-%zu", cell),
        .url = mem_printf("http%s://127.0.0.1:%d/%d/%s", where == CLEAR ? "" : "s", http_fault_port(s->servers[where]),
                          statuses[cell / FAULTS].status, faults[fault].fault),
        .secret_count = 1,
        .allow_private = true,
        .ca_file = mem_copy(s->ca),
        .connect_timeout_s = 10,
        .timeout_s = strcmp(faults[fault].fault, "stall") == 0 || strcmp(faults[fault].fault, "drip") == 0 ? 5 : 30};
    assert_null(signature_key_parse(SECRET, &endpoint->secrets[0]));
}

static struct stand start(void)
{
    struct stand s = {.directory = scratch_new()};
    const char *reason = NULL;

    s.ca = mem_printf("%s/ca.pem", s.directory);
    start_servers(&s);
    s.endpoints = mem_new(CELLS * sizeof *s.endpoints);
    for (size_t i = 0; i < CELLS; i++)
        make_endpoint(&s, i);
    s.pool = webhook_pool_start(s.endpoints, CELLS, 256, &reason);
    if (s.pool == NULL)
        fail_msg("%s", reason);
    return s;
}

static void stop(struct stand *s)
{
    webhook_pool_free(s->pool);
    for (size_t i = 0; i < PLACES; i++)
        http_fault_stop(s->servers[i]);
    for (size_t i = 0; i < CELLS; i++)
        webhook_endpoint_release(&s->endpoints[i]);
    free(s->endpoints);
    free(s->ca);
    scratch_free(s->directory);
}

/* What must come out: class, and whether it may have arrived. A 204 and a 304 are whole without a body. */
static char expected(size_t cell)
{
    int status = statuses[cell / FAULTS].status;
    char class = statuses[cell / FAULTS].class;

    switch (faults[cell % FAULTS].rule) {
    case 'S':
        return class;
    case 'H':
        return status >= 400 || status == 204 || status == 304 ? class : 'U';
    default:
        return faults[cell % FAULTS].rule;
    }
}

static char found(const struct reply *reply)
{
    if (reply->outcome == REPLY_DELIVERED)
        return 'D';
    if (reply->outcome == REPLY_PERMFAIL)
        return reply->gone ? 'G' : 'P';
    return reply->uncertain ? 'U' : 'T';
}

/* Nothing of it went out is a plain "try again". */
static bool fits(size_t cell, const struct reply *reply)
{
    char want = expected(cell);

    return found(reply) == (want == 'N' ? 'T' : want) && reply->reason != NULL &&
           (reply->trouble || reply->outcome != REPLY_TEMPFAIL || statuses[cell / FAULTS].status == 425);
}

static size_t take(struct stand *s, bool *seen)
{
    struct outcome outcomes[64];
    size_t count = webhook_pool_take(s->pool, outcomes, 64);

    for (size_t i = 0; i < count; i++) {
        size_t cell = (size_t)outcomes[i].message_id;

        assert_true(cell < CELLS && !seen[cell]);
        seen[cell] = true;
        if (!fits(cell, &outcomes[i].reply))
            fail_msg("%d %s at %d: %c instead of %c, %s (%s)", statuses[cell / FAULTS].status, faults[cell % FAULTS].fault,
                     (int)faults[cell % FAULTS].where, found(&outcomes[i].reply), expected(cell), outcomes[i].reply.reason,
                     outcomes[i].detail);
    }
    return count;
}

static void test_webhook_matrix_has_the_right_class_in_every_cell(void **state)
{
    struct stand s = start();
    bool *seen = mem_new(CELLS * sizeof *seen);
    size_t sent = 0, done = 0;
    time_t began = time(NULL);

    (void)state;
    while (done < CELLS) {
        for (; sent < CELLS && webhook_pool_free_slots(s.pool) > 0; sent++) {
            struct webhook_job job = {.message_id = (int64_t)sent, .endpoint = sent, .webhook_id = "msg_1", .timestamp = time(NULL), .body = "{}"};

            assert_true(webhook_pool_submit(s.pool, &job));
        }
        webhook_pool_wait(s.pool, NULL, 0, 1000);
        webhook_pool_perform(s.pool);
        done += take(&s, seen);
    }
    assert_true(time(NULL) - began < 60);
    /* Each went out once: nothing was followed, and nothing sent again by itself. */
    assert_int_equal(http_fault_requests(s.servers[CLEAR]), 8 * STATUSES);
    assert_int_equal(http_fault_requests(s.servers[TLS]), 8 * STATUSES);
    for (size_t i = WRONG_HOST; i < PLACES; i++)
        assert_int_equal(http_fault_requests(s.servers[i]), 0);
    free(seen);
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_webhook_matrix_has_the_right_class_in_every_cell)};

    return cmocka_run_group_tests_name("webhook_matrix", tests, NULL, NULL);
}
