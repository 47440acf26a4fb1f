/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to an endpoint, in the form it wants. Always thin: references, words of fixed sets and instants, never a name. */
#ifndef TOLD_WEBHOOK_BODY_H
#define TOLD_WEBHOOK_BODY_H

#include "told/instant.h"
#include "told/json.h"

enum webhook_kind {
    WEBHOOK_STANDARD,     /* Standard Webhooks 1.0 with told's own payload, conf/schema/webhook.json */
    WEBHOOK_TEAMS,        /* Microsoft Teams: an Adaptive Card to a workflow's or connector's URL */
    WEBHOOK_NOTIFY_EMAIL, /* GOV.UK Notify: POST /v2/notifications/email */
    WEBHOOK_NOTIFY_SMS,   /* POST /v2/notifications/sms */
};

/* Names of the sentences a card or a template of Notify may be given; NULL-terminated. What is not among them stays here. */
extern const char *const WEBHOOK_WORDS[];
bool webhook_word_is_known(const char *name);

struct webhook_said {
    int64_t duty_id, child_id; /* child_id 0: not known */
    const char *case_ref;      /* or NULL */
    const char *duty, *title, *says, *kind, *role, *cites, *authority;
    int step;
    bool immediate;
    struct instant due_at, received_at;
    const json_t *words; /* object of strings by the names above; more is not looked at */
    const char *uid;     /* the message's, the same on every attempt */
};

/* Where Notify sends it, and what its template is given: NULL-terminated "name", or "theirs=name". */
struct webhook_template {
    const char *id, *to;
    char *const *personalisation;
};

/* JSON; the caller frees. */
char *webhook_body_standard(const struct webhook_said *said);
char *webhook_body_teams(const struct webhook_said *said);
char *webhook_body_notify(const struct webhook_said *said, enum webhook_kind kind, const struct webhook_template *template);
/* What is put behind the endpoint's URL: "" but for Notify. */
const char *webhook_body_path(enum webhook_kind kind);

#endif
