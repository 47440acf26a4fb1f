/* SPDX-License-Identifier: Apache-2.0 */
/* Who was told what over which channel, and what came of it: in ids, words and times, never in names. */
#include <string.h>

#include "toldctl.h"

/* clang-format off */
static const struct pg_statement list_notifications = {
    "notifications",
    "SELECT n.notification_id AS notification, n.duty_id AS duty, n.kind, n.role, n.line, n.step,"
    " n.telling, n.channel,"
    " n.recipient, n.state, n.reason, m.attempts, m.uid AS message, " PG_INSTANT("m.next_at") " AS next_at, "
    PG_INSTANT("n.sent_at") " AS sent_at, n.because FROM told.notification n LEFT JOIN told.message m USING"
    " (message_id)"
    " WHERE ($1::bigint IS NULL OR n.duty_id = $1) AND ($2::text IS NULL OR n.state = $2)"
    " AND ($3::text IS NULL OR n.recipient = $3) AND ($4::timestamptz IS NULL OR n.created_at >= $4)"
    " ORDER BY n.notification_id DESC LIMIT $5::bigint",
    5};
/* clang-format on */

static const char *const STATES[] = {"queued", "claimed", "sent", "uncertain", "failed", "superseded", "cancelled"};

static bool is_state(const char *text)
{
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
        if (strcmp(STATES[i], text) == 0)
            return true;
    return false;
}

int toldctl_notifications(struct toldctl *ctl, int argc, char **argv)
{
    const char *duty = NULL, *state = NULL, *recipient = NULL, *since = NULL, *limit = "1000";
    char text[INSTANT_TEXT_SIZE];
    struct instant from;
    int64_t number;
    const struct toldctl_option options[] = {{.name = "duty", .ret_text = &duty},
                                             {.name = "state", .ret_text = &state},
                                             {.name = "recipient", .ret_text = &recipient},
                                             {.name = "since", .ret_text = &since},
                                             {.name = "limit", .ret_text = &limit},
                                             {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    if ((duty && !toldctl_number(duty, &number)) || !toldctl_number(limit, &number) ||
        (since && !toldctl_since(since, &from)))
        return toldctl_usage(ctl->command);
    if (state && !is_state(state))
        return toldctl_refuse(EX_USAGE, "--state is one of queued, claimed, sent, uncertain, failed, superseded, "
                                        "cancelled");
    /* D-17, as notices print it: the database takes the number. */
    if (duty && strspn(duty, "0123456789") == 0)
        duty += 2;
    const char *const values[] = {duty, state, recipient, since ? instant_print(from, text) : NULL, limit};
    int code = toldctl_open_database(ctl);
    return code ? code : toldctl_list(ctl, &list_notifications, values);
}
