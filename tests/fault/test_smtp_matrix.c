/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every stage of a mail × everything that can go wrong there × the first, the second and a reused connection, each cell with
 * a server of its own and STARTTLS, many at a time. A cell is right when the outcome is of the right class, what the server
 * kept agrees with it, and the next mail goes through.
 */
#include "channel_email.h"
#include "mail_stand.h"
#include "scratch.h"
#include "told/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { THREADS = 24, WITHIN_S = 120 };

enum stage { AT_CONNECT, AT_EHLO, AT_MAIL, AT_RCPT, AT_DATA, AT_DOT, STAGES };
static const char *const STAGE_WORDS[] = {"connect", "ehlo", "mail", "rcpt", "data", "dot"};

enum fault { REPLY_4XX, REPLY_5XX, REPLY_421, DROP, RESET, HALF_CLOSE, STALL, DRIP, GARBAGE, LONG_LINE, BARE_LF, TLS_FAILURE,
             WRONG_CERTIFICATE, STRIPPED, FAULTS };
static const char *const FAULT_WORDS[] = {"450",     "550",       "421",     "drop",  "reset",             "half-close", "stall", "drip",
                                          "garbage", "long-line", "bare-lf", "noise", "wrong-certificate", "strip"};

enum when { FIRST, SECOND, REUSED, WHENS };
static const char *const WHEN_WORDS[] = {"first", "second", "reused"};

enum class { DELIVERED, TEMPFAIL, UNCERTAIN, PERMFAIL };
static const char *const CLASS_WORDS[] = {"delivered", "tempfail", "uncertain", "permfail"};

struct cell {
    enum stage stage;
    enum fault fault;
    enum when when;
    char said[256]; /* why it is wrong; "": it is right */
};

/* ---- what must come of it ---- */

static bool ends_connection(enum fault fault)
{
    return fault == REPLY_421 || fault == DROP || fault == RESET || fault == HALF_CLOSE || fault == TLS_FAILURE;
}

static enum class expected(const struct cell *cell)
{
    bool before_mail = cell->stage <= AT_EHLO, at_dot = cell->stage == AT_DOT;

    /* A connection that is used again is past its greeting. */
    if (cell->when == REUSED && before_mail)
        return DELIVERED;
    /* What is said counts, however long its line is and however that ends. */
    if (cell->fault == BARE_LF || cell->fault == LONG_LINE)
        return DELIVERED;
    /* A kept connection that ends before anything of the body is out has grown stale: a new one takes the mail. */
    if (cell->when == REUSED && !at_dot && ends_connection(cell->fault))
        return DELIVERED;
    if (cell->fault == REPLY_4XX || cell->fault == REPLY_421)
        return TEMPFAIL;
    if (cell->fault == REPLY_5XX)
        return before_mail ? TEMPFAIL : PERMFAIL;
    return at_dot ? UNCERTAIN : TEMPFAIL;
}

/* ---- one cell ---- */

struct bench {
    struct cell *cells;
    size_t count;
    atomic_size_t next;
    struct sink_tls_authority *authority;
    char *ca_path;
};

struct place {
    struct smtp_sink *sink;
    struct email_relay relay;
    struct channel_email *channel;
};

/* The fault once, at the mail or connection it is for. EHLO is said twice on each: in the clear and behind TLS. */
static char *script_of(const struct cell *cell)
{
    int after = cell->when == FIRST ? 0 : cell->stage == AT_CONNECT ? 1 : cell->stage == AT_EHLO ? 2 : cell->when == REUSED;
    const char *prelude = cell->when == SECOND ? "stage=mail match=prelude do=drop times=1\n" : "";

    if (cell->fault == WRONG_CERTIFICATE)
        return mem_copy(prelude);
    return mem_printf("%sstage=%s do=%s times=1 after=%d\n", prelude, STAGE_WORDS[cell->stage], FAULT_WORDS[cell->fault], after);
}

static struct smtp_sink *start_sink(const struct bench *bench, const char *script, enum sink_tls_kind kind, int port)
{
    int line;
    struct smtp_sink *sink = smtp_sink_new(NULL, port, sink_script_new(script, &line));
    struct sink_tls *tls = sink_tls_new(bench->authority, kind);

    if (sink == NULL || tls == NULL)
        abort();
    smtp_sink_set_tls(sink, tls, false);
    if (!smtp_sink_start(sink))
        abort();
    return sink;
}

static enum class send_one(struct place *place, int64_t id, const char *from, struct outcome *ret)
{
    static const atomic_bool never = false;
    struct email_job job = mail_stand_mail(id);
    char *sender = mem_printf("%s@told.southwark.example", from);

    job.envelope_from = sender;
    channel_email_send(place->channel, &job, &never, ret);
    free(sender);
    if (ret->reply.outcome == REPLY_DELIVERED)
        return DELIVERED;
    if (ret->reply.outcome == REPLY_PERMFAIL)
        return PERMFAIL;
    return ret->reply.uncertain ? UNCERTAIN : TEMPFAIL;
}

/* Another server in its place, with a certificate that is not for it: on the second connection. */
static void change_certificate(const struct bench *bench, struct place *place, const struct cell *cell)
{
    int port = smtp_sink_port(place->sink);

    if (cell->fault != WRONG_CERTIFICATE || cell->when != SECOND)
        return;
    smtp_sink_free(place->sink);
    place->sink = start_sink(bench, NULL, SINK_TLS_WRONG_HOST, port);
}

static void say(struct cell *cell, const char *what, enum class got, const struct outcome *outcome)
{
    snprintf(cell->said, sizeof cell->said, "%s: %s (%s; %s)", what, CLASS_WORDS[got], outcome->reply.reason, outcome->detail);
}

static void judge(struct cell *cell, const struct bench *bench, struct place *place)
{
    struct outcome outcome;
    enum class want = expected(cell), got;
    long kept;

    if (cell->when != FIRST) {
        got = send_one(place, 1, cell->when == SECOND ? "prelude" : "before", &outcome);
        if (got != (cell->when == SECOND ? TEMPFAIL : DELIVERED)) {
            say(cell, "the mail before it", got, &outcome);
            return;
        }
    }
    change_certificate(bench, place, cell);
    kept = smtp_sink_accepted(place->sink);
    got = send_one(place, 2, "told", &outcome);
    kept = smtp_sink_accepted(place->sink) - kept;
    if (got != want)
        say(cell, "came out as", got, &outcome);
    else if (want != UNCERTAIN && kept != (want == DELIVERED))
        snprintf(cell->said, sizeof cell->said, "the server kept %ld of a mail that is %s", kept, CLASS_WORDS[want]);
    if (cell->said[0] != '\0' || cell->fault == WRONG_CERTIFICATE)
        return;
    got = send_one(place, 3, "told", &outcome);
    if (got != DELIVERED)
        say(cell, "the next mail", got, &outcome);
}

static void run_cell(const struct bench *bench, struct cell *cell)
{
    char *script = script_of(cell);
    bool is_wrong = cell->fault == WRONG_CERTIFICATE && cell->when == FIRST;
    /* Where nothing is to be waited for, a busy machine has time; where something is, enough for all that comes before it. */
    bool is_waited_for = cell->fault == STALL || cell->fault == DRIP || cell->fault == GARBAGE || cell->fault == TLS_FAILURE;
    int timeout_s = is_waited_for ? 3 : 20;
    struct place place = {.sink = start_sink(bench, script, is_wrong ? SINK_TLS_WRONG_HOST : SINK_TLS_GOOD, 0)};
    char *url = mem_printf("smtp://127.0.0.1:%d", smtp_sink_port(place.sink)), *from = mem_copy("told@told.southwark.example");

    place.relay = (struct email_relay){.url = url,
                                       .tls = EMAIL_TLS_STARTTLS,
                                       .from = from,
                                       .ca_file = bench->ca_path,
                                       .connect_timeout_s = timeout_s,
                                       .response_timeout_s = timeout_s,
                                       .senders = 1};
    place.channel = channel_email_new(&place.relay);
    if (place.channel == NULL)
        abort();
    judge(cell, bench, &place);
    channel_email_free(place.channel);
    smtp_sink_free(place.sink);
    free(script);
    free(from);
    free(url);
}

static void *run_cells(void *bench_)
{
    struct bench *bench = bench_;

    for (size_t i; (i = atomic_fetch_add(&bench->next, 1)) < bench->count;)
        run_cell(bench, &bench->cells[i]);
    return NULL;
}

/* ---- all of them ---- */

/* A certificate is shown when a connection begins, STARTTLS is offered at EHLO: elsewhere they cannot go wrong. */
static bool is_cell(const struct cell *cell)
{
    if (cell->fault == WRONG_CERTIFICATE)
        return cell->stage == AT_CONNECT;
    return cell->fault != STRIPPED || cell->stage == AT_EHLO;
}

static void fill(struct bench *bench)
{
    bench->cells = mem_new(STAGES * FAULTS * WHENS * sizeof *bench->cells);
    for (int i = 0; i < STAGES * FAULTS * WHENS; i++) {
        struct cell cell = {.stage = (enum stage)(i / (FAULTS * WHENS)),
                            .fault = (enum fault)(i / WHENS % FAULTS),
                            .when = (enum when)(i % WHENS)};

        if (is_cell(&cell))
            bench->cells[bench->count++] = cell;
    }
}

static size_t report(const struct bench *bench)
{
    size_t wrong = 0;

    for (size_t i = 0; i < bench->count; i++) {
        const struct cell *cell = &bench->cells[i];

        if (cell->said[0] == '\0')
            continue;
        wrong++;
        print_error("%s, %s, %s connection: must be %s; %s\n", STAGE_WORDS[cell->stage], FAULT_WORDS[cell->fault],
                    WHEN_WORDS[cell->when], CLASS_WORDS[expected(cell)], cell->said);
    }
    return wrong;
}

static void test_smtp_matrix_has_the_right_class_in_every_cell(void **state)
{
    (void)state;
    char *directory = scratch_new();
    struct bench bench = {.ca_path = mem_printf("%s/ca.pem", directory)};
    pthread_t threads[THREADS];
    time_t from = time(NULL);

    bench.authority = sink_tls_authority_new(bench.ca_path);
    assert_non_null(bench.authority);
    fill(&bench);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_cells, &bench), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    print_message("%zu cells in %ld s\n", bench.count, (long)(time(NULL) - from));
    assert_int_equal(report(&bench), 0);
    assert_int_equal(bench.count, STAGES * 12 * WHENS + 2 * WHENS);
    assert_true(time(NULL) - from < WITHIN_S);
    sink_tls_authority_free(bench.authority);
    free(bench.cells);
    free(bench.ca_path);
    scratch_free(directory);
}

static int start(void **state)
{
    (void)state;
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    curl_global_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_smtp_matrix_has_the_right_class_in_every_cell)};
    return cmocka_run_group_tests_name("smtp_matrix", tests, start, stop);
}
