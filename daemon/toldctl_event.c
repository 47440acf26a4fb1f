/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct pg_statement read_body = {"event_body", "SELECT body FROM told.event WHERE event_id = $1",
                                              1};
static const struct pg_statement wait_again = {
    "event_again",
    "UPDATE told.event_state SET state = 'waiting', reason = $2, begun = 0"
    " WHERE event_id = $1 AND state IN ('decided', 'review') AND retracted_by IS NULL",
    2};

static const char *number(int64_t event_id, char out[24])
{
    snprintf(out, 24, "%" PRId64, event_id);
    return out;
}

int toldctl_event_load(struct toldctl *ctl, int64_t event_id, struct event **ret)
{
    char id[24];
    const char *const values[] = {number(event_id, id)};
    PGresult *row = pg_run(ctl->pg, &read_body, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code = 0;
    size_t len = 0;
    enum event_fault fault;
    char *reason = NULL;
    unsigned char *body =
        PQntuples(row) ? PQunescapeBytea((const unsigned char *)pg_column(row, 0, 0), &len) : NULL;
    if (!body)
        code = toldctl_refuse(EX_DATAERR, "there is no event %s; `toldctl events` lists them", id);
    else if (!(*ret = event_parse((const char *)body, len, &fault, &reason)))
        code = toldctl_refuse(EX_DATAERR, "event %s cannot be read: %s", id, reason);
    free(reason);
    PQfreemem(body);
    PQclear(row);
    return code;
}

bool toldctl_event_again(struct toldctl *ctl, int64_t event_id, const char *reason)
{
    char id[24];
    const char *const values[] = {number(event_id, id), reason};
    return pg_do(ctl->pg, &wait_again, values);
}
