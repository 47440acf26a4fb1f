/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints of the configuration, and starting one again that answered "send no more". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "toldctl.h"
#include "told/mem.h"

static const struct pg_statement LIST_ENDPOINTS = {
    "endpoints",
    "SELECT q.name AS endpoint, q.kind, q.host, CASE WHEN e.stopped_at IS NOT NULL THEN 'stopped' WHEN d.state = 'dead' THEN 'open'"
    " ELSE 'well' END AS state, " PG_INSTANT("e.stopped_at") " AS stopped_at, e.message_id AS stopped_by, d.error,"
    " (SELECT count(*) FROM told.message m WHERE m.channel = 'webhook' AND m.address = q.name AND m.state = 'waiting') AS waiting"
    " FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY q (name, kind, host, n) LEFT JOIN told.endpoint e USING (name)"
    " LEFT JOIN told.destination d ON d.channel = 'webhook' AND d.name = q.name ORDER BY q.n",
    3};
static const struct pg_statement START_ENDPOINT = {
    "endpoint_start", "UPDATE told.endpoint SET stopped_at = NULL WHERE name = $1 AND stopped_at IS NOT NULL RETURNING name", 1};

static int list(struct toldctl *ctl)
{
    static const char *const KINDS[] = {"standard", "teams", "notify-email", "notify-sms"};
    struct buf names = {0}, kinds = {0}, hosts = {0};
    int code;

    for (size_t i = 0; i < ctl->config->endpoint_count; i++) {
        const struct webhook_endpoint *endpoint = &ctl->config->endpoints[i];
        char *host = endpoint->url != NULL ? webhook_endpoint_host(endpoint->url) : NULL;

        pg_array_add(&names, endpoint->name);
        pg_array_add(&kinds, KINDS[endpoint->kind]);
        pg_array_add(&hosts, host != NULL ? host : "-");
        free(host);
    }
    code = toldctl_list(ctl, &LIST_ENDPOINTS, (const char *[]){pg_array_end(&names), pg_array_end(&kinds), pg_array_end(&hosts)});
    buf_release(&names);
    buf_release(&kinds);
    buf_release(&hosts);
    return code;
}

static int start(struct toldctl *ctl, void *name)
{
    const char *endpoint = name;
    PGresult *rows = pg_run(ctl->pg, &START_ENDPOINT, (const char *[]){endpoint});
    int code = rows == NULL ? TOLDCTL_DATABASE : 0;

    if (rows != NULL && PQntuples(rows) == 0)
        code = toldctl_refuse(EX_DATAERR, "no endpoint of that name is stopped; `toldctl endpoints` lists them");
    PQclear(rows);
    if (code == 0) {
        char *detail = store_detail("endpoint", endpoint, NULL);

        if (!store_journal(ctl->pg, toldctl_now(ctl), &(struct store_journal){.what = "endpoint started", .detail = detail}))
            code = TOLDCTL_DATABASE;
        free(detail);
    }
    return code;
}

int toldctl_endpoints(struct toldctl *ctl, int argc, char **argv)
{
    int word = toldctl_options(ctl, argc, argv, NULL, 0, 2), code;

    if (word < 0)
        return EX_USAGE;
    if (argc - word != 0 && (argc - word != 2 || strcmp(argv[word], "start") != 0))
        return toldctl_usage(ctl->command);
    if ((code = toldctl_open_database(ctl)) != 0)
        return code;
    if (argc == word)
        return list(ctl);
    code = toldctl_step(ctl, start, argv[word + 1]);
    if (code == 0) {
        toldctl_kick(ctl);
        printf("%s is started: what is told from now on goes there again\n", argv[word + 1]);
    }
    return code;
}
