/* SPDX-License-Identifier: Apache-2.0 */
/* test-message: one message about nothing, the way every message goes, and what came of it. */
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"
#include "toldctl.h"

static const struct pg_statement insert_test = {"test_message", "SELECT told.message_test($1, $2, $3, $4)", 4};
static const struct pg_statement read_test = {
    "test_message_outcome",
    "SELECT m.message_id AS message, m.channel, m.state, m.attempts, a.code, coalesce(a.reason, m.reason) AS reason,"
    " a.outcome, m.state IN ('sent', 'failed', 'cancelled') AS is_over"
    " FROM told.message m LEFT JOIN LATERAL (SELECT * FROM told.attempt a WHERE a.message_id = m.message_id"
    " ORDER BY attempt_id DESC LIMIT 1) a ON true WHERE m.message_id = $1",
    1};

enum { WAIT_S = 30, LOOK_MS = 100 };

struct test {
    const char *to;
    bool email;
    char *uid; /* owned */
    int64_t message_id;
};

static bool is_endpoint(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strcmp(config->endpoints[i].name, name) == 0)
            return true;
    return false;
}

/* Told at once where it can be told; dispatch looks again before it sends. */
static int judge(struct toldctl *ctl, struct test *test)
{
    test->email = strchr(test->to, '@') != NULL;
    const char *reason = test->email ? config_refuses_mail(ctl->config, test->to) : NULL;
    if (reason)
        return toldctl_refuse(EX_NOPERM, "no mail may go there: %s", reason);
    if (!test->email && !is_endpoint(ctl->config, test->to))
        return toldctl_refuse(EX_DATAERR, "--to is neither a mail address nor a webhook of the configuration");
    return 0;
}

static int step_insert(struct toldctl *ctl, void *step)
{
    struct test *test = step;
    char at[INSTANT_TEXT_SIZE];
    struct instant now = toldctl_now(ctl);
    const char *const values[] = {test->email ? "email" : "webhook", test->to, test->uid, instant_print(now, at)};
    PGresult *row = pg_run(ctl->pg, &insert_test, values);
    if (!row)
        return TOLDCTL_DATABASE;
    test->message_id = pg_column_int(row, 0, 0);
    PQclear(row);
    char *detail = store_detail("channel", values[0], NULL);
    bool good = store_journal(
        ctl->pg, now, &(struct store_journal){.what = "test message asked", .message_id = test->message_id, .detail = detail});
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

/* Asks until it is over or the time is. NULL when the database failed. */
static PGresult *await(struct toldctl *ctl, const struct test *test, int wait_s)
{
    char id[24];
    const char *const values[] = {id};
    int64_t until = clock_monotonic_ms() + (int64_t)wait_s * 1000;
    snprintf(id, sizeof id, "%" PRId64, test->message_id);
    for (;;) {
        PGresult *row = pg_run(ctl->pg, &read_test, values);
        if (!row || pg_column_bool(row, 0, 7) || clock_monotonic_ms() >= until)
            return row;
        PQclear(row);
        poll(NULL, 0, LOOK_MS);
    }
}

static int say(const struct toldctl *ctl, const struct test *test, const PGresult *row)
{
    const char *state = pg_column(row, 0, 2), *outcome = pg_column(row, 0, 6);
    bool over = pg_column_bool(row, 0, 7), sent = strcmp(state, "sent") == 0;
    if (ctl->json) {
        json_t *object = toldctl_row(row, 0);
        toldctl_print_json(object);
        json_decref(object);
    } else {
        printf("message %" PRId64 ": %s%s%s%s%s\n", test->message_id, over ? state : "under way",
               pg_column(row, 0, 4) ? ", code " : "", pg_column(row, 0, 4) ? pg_column(row, 0, 4) : "",
               pg_column(row, 0, 5) ? ", " : "", pg_column(row, 0, 5) ? pg_column(row, 0, 5) : "");
    }
    if (sent)
        return 0;
    return over && (!outcome || strcmp(outcome, "permfail") == 0) ? EX_UNAVAILABLE : EX_TEMPFAIL;
}

int toldctl_test_message(struct toldctl *ctl, int argc, char **argv)
{
    struct test test = {0};
    const char *wait = NULL;
    int64_t wait_s = WAIT_S;
    PGresult *row = NULL;
    const struct toldctl_option options[] = {
        {.name = "to", .ret_text = &test.to}, {.name = "wait", .ret_text = &wait}, {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    if (!test.to || (wait && strcmp(wait, "0") != 0 && !toldctl_number(wait, &wait_s)))
        return toldctl_usage(ctl->command);
    if (wait && strcmp(wait, "0") == 0)
        wait_s = 0;
    int code = toldctl_open_database(ctl);
    if (!code)
        code = judge(ctl, &test);
    if (code)
        return code;
    test.uid = test.email ? mem_printf("<told.test.%08x%08x@%s>", randombytes_random(), randombytes_random(),
                                       ctl->config->reference_domain)
                          : mem_printf("msg_told_test_%08x%08x", randombytes_random(), randombytes_random());
    code = toldctl_step(ctl, step_insert, &test);
    if (!code) {
        toldctl_kick(ctl);
        row = await(ctl, &test, wait_s < 3600 ? (int)wait_s : 3600);
        code = row ? say(ctl, &test, row) : toldctl_database_code(ctl);
    }
    PQclear(row);
    free(test.uid);
    return code;
}
