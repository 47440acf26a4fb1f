/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage that tells. Within the stage only; the rest of told knows dispatch_run (stage.h).
 *
 *   notification queued ──route──▶ recipient known, in a message ──claim──▶ at the socket ──outcome──▶ sent | again | failed
 */
#ifndef TOLD_DISPATCH_H
#define TOLD_DISPATCH_H

#include "directory_load.h"
#include "email_relays.h"
#include "pg.h"
#include "refused_addresses.h"
#include "return_path.h"
#include "stage.h"
#include "told/backoff.h"
#include "told/disclosure.h"
#include "told/verp.h"
#include "webhook_pool.h"

enum {
    DISPATCH_ROUTE_MOST = 200,   /* notifications given a recipient in one transaction */
    DISPATCH_WEBHOOKS_MOST = 64, /* webhook requests in flight */
    DISPATCH_OUTCOMES_MOST = 256,
    DISPATCH_STOP_S = 10, /* what is in flight at a stop gets this long */
};

enum dispatch_mail {
    DISPATCH_MAIL_UNKNOWN, /* since the start: an alarm of before may be open */
    DISPATCH_MAIL_UP,
    DISPATCH_MAIL_DOWN,
};

struct dispatch_flight {
    int64_t message_id;
    int64_t fence;
};

struct dispatch {
    struct stage *stage;
    struct pg *pg;
    struct config *config; /* the snapshot the pools and the directory were made from; a reference */
    struct directory *directory;
    int64_t directory_version;
    struct email_relays *email;
    struct webhook_pool *webhook;
    struct dispatch_flight *flights; /* what we hold a lease on */
    size_t flight_count, flight_room;
    struct outcome *kept; /* came back, and not yet written */
    size_t kept_count, kept_room;
    int64_t renewed_ms, took_over_ms; /* monotonic */
    int64_t others_ms; /* when mails were looked at that go by webhook as well after some time */
    int64_t heard_ms; /* how others found the endpoints; 0: not since the pool was started */
    struct instant now; /* told's, of this tick */
    bool said_dead[EMAIL_RELAYS_MOST]; /* of each relay */
    enum dispatch_mail mail; /* as the operators know it */
    struct refused_addresses *refused; /* of the directory's version */
    struct return_path return_path;
    bool escalate;      /* a line must climb at once: escalate is to be woken */
};

/* Each does one bounded transaction. Returns how much was done, 0 when there is nothing, -1 when the database failed. */
int dispatch_route(struct dispatch *d);
int dispatch_take_over(struct dispatch *d); /* leases that have run out, of whatever process */
/* Whether anything is to be routed, and whether any message is due: one look in place of a transaction for each. False: the
 * database failed. */
bool dispatch_due_look(struct dispatch *d, bool *ret_queued, bool *ret_due);
/* The ids of messages that are due and may go out now, into `ret` as an array, each under the advisory lock of its message.
 * Returns how many, -1 when the database failed. And when the next one is due; none where only an outcome can change that. */
int dispatch_due(struct dispatch *d, const char *channel, size_t most, struct buf *ret);
struct instant dispatch_due_next(struct dispatch *d);
int dispatch_claim(struct dispatch *d, const char *channel, size_t most);
/* Writes the first of what was kept, at most so many. Those whose duty somebody else holds just now go behind the rest. */
struct pg_table;
int dispatch_outcome(struct dispatch *d, size_t most);
/* Within it: notifications whose role a server has now taken, and their duties (one column of ids each). */
bool dispatch_reached(struct dispatch *d, struct pg_table *reached, struct pg_table *duties);
/* What is pinned on a duty, or, of one that is older than that, what is configured. */
struct backoff dispatch_backoff(const struct dispatch *d, const char *pinned);
/* Mails whose recipients are to be told by webhook as well by now. And these, whose duties are locked; within a transaction. */
int dispatch_other(struct dispatch *d);
bool dispatch_other_use(struct dispatch *d, const char *messages);
bool dispatch_renew(struct dispatch *d); /* leases of what is in flight */
void dispatch_destination_write(struct dispatch *d); /* what has changed of relays and endpoints, for people to look at */

/* No relay takes mail, or one does again: the operators' alarm, once, and its end. */
void dispatch_mail_look(struct dispatch *d);
void dispatch_destination_hear(struct dispatch *d);  /* what others have found of the endpoints */

void dispatch_outcome_keep(struct dispatch *d, const struct outcome *outcome);
void dispatch_outcome_give_up(struct dispatch *d); /* the first of them; its lease is renewed no more */
char *dispatch_lease_end(const struct dispatch *d, char out[INSTANT_TEXT_SIZE]); /* of one that begins now, real time */

/* An endpoint answered 410: nothing more is sent to it until a person starts it again. */
bool dispatch_endpoint_stop(struct dispatch *d, int64_t message_id);
/* Breakers that have opened: whoever is told by such an endpoint alone is told by email, or the next step is. */
void dispatch_endpoint_opened(struct dispatch *d);

/* What is said: subject, text and HTML of an email, or the body of a webhook, from the notifications in a message. */
struct dispatch_item {
    int64_t notification_id, duty_id, child_id, event_id;
    int telling, line, step;
    const char *kind, *role, *because;     /* of the notification; borrowed from a result */
    const char *duty_kind, *duty, *rule, *title, *says, *case_ref, *protocol_because;
    const char *event_type;
    const char *code;                      /* typed into a reply, it acknowledges; NULL: replies are no answers here */
    const char *as_of;                     /* the day whose allocations hold for its duty, or NULL */
    const char *next_role;                 /* who is told next, or NULL */
    const char *below;                     /* roles told before it in its line, with commas; of a copy, who must act */
    struct instant due_at, received_at, next_at;
    bool immediate;
    const char *closed_as;                 /* NULL while it is open */
    struct instant closed_at;
    json_t *disclosed;                     /* what a full notice says beside; NULL: thin */
};
struct dispatch_text {
    char *subject;
    char *text; /* of a webhook: the JSON body */
    char *html;
    char *calendar; /* of an email: its deadlines as iCalendar, or NULL */
    const char *template;      /* what it was written from, and its hash: a template of the configuration, or NULL */
    const char *template_hash;
    enum disclosure content;
};
/* Whether it is about what is over: a correction or a closing. It goes where its reader was told, though the duty is closed. */
bool dispatch_text_is_after(const char *kind);
/* Whether mail to this address may name a child: an assured domain, over relays whose certificates are checked. */
bool dispatch_may_name(const struct config *config, const char *address);
/* Where it may, fills `disclosed` of the items of a message that is about to be frozen. False: the database failed. */
bool dispatch_disclose(struct dispatch *d, const char *address, struct dispatch_item *items, size_t count);
void dispatch_disclose_release(struct dispatch_item *items, size_t count);
/* NULL, or why nothing can be said (caller frees). */
char *dispatch_text_email(const struct config *config, const struct dispatch_item *items, size_t count,
                          struct dispatch_text *ret);
/* endpoint: of the configuration, or NULL when it is not in it any more. uid: the message's. */
void dispatch_text_webhook(const struct config *config, const struct webhook_endpoint *endpoint,
                           const struct dispatch_item *item, const char *uid, struct dispatch_text *ret);
/* The same of a test, which is about nothing. */
char *dispatch_test_email(const struct config *config, const char *uid, struct instant at, struct dispatch_text *ret);
void dispatch_test_webhook(const struct config *config, const struct webhook_endpoint *endpoint, const char *uid,
                           struct instant at, struct dispatch_text *ret);
char *dispatch_text_body(const struct webhook_endpoint *endpoint, const struct webhook_said *said); /* in the form it wants */
/* Puts "this may be a repeat" into a frozen text: the only thing that is ever added. */
void dispatch_text_repeat(struct dispatch_text *text);
/* The deadlines of what it speaks of, frozen with it; NULL where there is nothing to put into a calendar. The caller frees. */
char *dispatch_calendar(const struct config *config, const struct dispatch_item *items, size_t count, struct instant now);
void dispatch_text_release(struct dispatch_text *text);

#endif
