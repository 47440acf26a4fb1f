/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as one immutable snapshot: read whole, every fault said as file:line, or not taken at all.
 * Stages hold a reference for a tick; SIGHUP swaps the current snapshot.
 */
#ifndef TOLD_CONFIG_H
#define TOLD_CONFIG_H

#include "channel_email.h"
#include "channel_webhook.h"
#include "told/brake.h"
#include "told/backoff.h"
#include "told/calendar.h"
#include "told/codes.h"
#include "told/directory.h"
#include "told/identity.h"
#include "told/ladder.h"
#include "told/protocol.h"
#include "told/silence.h"

enum feed_kind {
    FEED_CONFIRMED, /* publisher DEALER → told ROUTER */
    FEED_BROADCAST, /* told SUB, and a DEALER where the publisher has a replay channel */
    FEED_DIRECTORY, /* files that are dropped into a directory */
};

/* When a feed is expected to speak. The texts are what stands in the file; the rest is worked out from them. */
struct config_expects {
    bool is_set;
    int days; /* 0 "working", 1 "every" */
    char *from, *until;
    char *silent_after; /* without an event; NULL: not watched */
    char *link_after;   /* without anything at all, PING and beacons included; NULL: not watched */
    struct silence_expects events, link; /* after_minutes 0: not watched */
};

struct config_feed {
    char *name; /* "police" */
    enum feed_kind kind;
    char *key;        /* confirmed: the publisher's CURVE public key, Z85; broadcast: the publisher's server key; NULL
                         only without secrets, where the file that holds it is not there yet */
    char *key_file;   /* where it stands, or NULL */
    char *secret_key; /* file with the publisher's secret key, for `toldctl publish`; NULL on a machine that only receives */
    char *next_key;      /* confirmed: a second key that is let in while the publisher changes over, or NULL */
    char *next_key_file;
    char *replay;     /* broadcast: endpoint of its replay channel; NULL: it has none */
    char *path;       /* directory: where files are dropped */
    char *owner;      /* directory: the login whose files are believed; NULL: told's own */
    char *connect;    /* broadcast: endpoint to subscribe to; confirmed: where `toldctl publish` finds told (default: ingest.bind) */
    char **sources;   /* granted prefixes, NULL-terminated */
    char **types;     /* granted types, NULL-terminated; "*" is every type but told's own */
    char *adapter;    /* "cloudevents" or the name of an adapter */
    size_t max_bytes;
    char **gap_tells; /* roles that get a copy of its gap statements, NULL-terminated; none: review_role */
    struct config_expects expects;
};

struct config_template {
    char *name; /* "duty" "escalation" "copy" "review" "match" "alarm" "merged" "closed" … */
    char *text;
    size_t len;
    char hash[65]; /* SHA-256 of the text: pinned on each message written from it */
};

struct config_court {
    char *court;     /* as in event.court */
    bool is_host;    /* our YOS serves that court house */
    unsigned days;   /* bit 0 Monday …: weekdays that are ours */
};

/* File names as the configuration gives them, for the printout. */
struct config_names {
    char *protocol, *calendar, *codes, *roles, *templates, *feeds; /* feeds, protocol, codes: a file or a directory of *.conf */
    char *ingest_secret_key, *ingest_public_key;           /* secrets are named, never printed */
    char *returns_password;
};

/* What becomes of a line whose person is out of office. */
enum config_out_of_office {
    CONFIG_OUT_OF_OFFICE_SOONER, /* its next step is told at once */
    CONFIG_OUT_OF_OFFICE_RECORD,
};

/* Who hears that a duty is closed, of those who were sent its deadline. */
enum config_closing {
    CONFIG_CLOSING_ALL,
    CONFIG_CLOSING_OTHERS, /* than those who answered */
    CONFIG_CLOSING_NOBODY,
};

/* Where mail that comes back is fetched from: a Maildir, a mailbox over IMAP, or both. */
struct config_returns {
    char *maildir;
    char *url; /* "imaps://host:port", or "imap://host:port" */
    enum email_tls tls;
    char *username, *password;
    char *folder, *done; /* what was taken up moves from one to the other */
    char *ca_file;
    int connect_timeout_s, timeout_s;
    int every_s;
    enum config_out_of_office out_of_office;
    char **reply_domains; /* NULL-terminated: people of these may answer from another address than the one that was told */
};

struct config {
    char *file;      /* as given */
    char *directory; /* of the file: relative names start there */
    char *authority;
    char *reference_domain; /* right of the @ in Message-IDs */
    char *link_base;        /* "https://…/duty/": the number of a duty follows; NULL: notices have no link */

    char *database;  /* conninfo without user */
    int database_deadline_ms; /* a silent server is away after this: 15,000 */
    char *user_ingest, *user_decide, *user_dispatch, *user_returns;

    char *ingest_bind;       /* "tcp://127.0.0.1:5571"; NULL: this process has no ingest */
    char *ingest_public_key; /* Z85: given to publishers */
    char *ingest_secret_key; /* the secret itself */
    int credit;
    int batch_most; /* 500 */
    int gap_after_s;    /* 60: a gap open for so long makes its feed degraded */
    int replay_every_s; /* 30: a replay channel is asked at least so often */
    char *spool;        /* directory for what is subscribed while the database is away; NULL: no feed needs one */
    int spool_most_mib;
    struct config_feed *feeds;
    size_t feed_count;

    struct protocol *protocol;
    char *protocol_text; /* all files, as protocol_stored.h stores them with their hash */
    struct calendar *calendar;
    char *calendar_text;
    struct codes *codes; /* what the codes of other systems mean */
    struct directory_role *roles;
    size_t role_count;
    char **line_names, **line_bottoms; /* NULL-terminated, side by side */
    struct config_court *courts;
    size_t court_count;
    char **trusted; /* identifier schemes that make a match certain; NULL-terminated */
    struct identity_policy identity;
    char *unknown_child_role; /* who finds out who an unknown child is; NULL: the review role */
    char *looked_after_role;  /* also told of a doubtful match that may be about a looked after child (A26): "mash"; or NULL */

    struct email_relay email;   /* what stands in email itself; without relays it is the one relay */
    struct email_relay *relays; /* in the order they are tried; at least one */
    size_t relay_count;
    struct config_returns returns;
    enum config_closing closing;
    char **assured; /* domains whose mail may name a child; NULL-terminated */
    char **webhook_hosts; /* where endpoints may be, exactly; empty: wherever their urls say */
    struct webhook_endpoint *endpoints;
    size_t endpoint_count;
    char **email_domains; /* the only ones mail may go to; "*.a.example" is each below it; NULL or empty: any */
    char *last_resort;    /* mailbox that is told when nobody is */
    char *review_role;    /* who answers reviews and matches: "yos-duty-officer" (a rule that cannot be decided, a child that cannot be matched) */
    char *operators_role; /* who is told of alarms: "operators" */
    struct config_template *templates;
    size_t template_count;

    int lease_ms;         /* 30,000; tests use 2,000 */
    int merge_window_s;   /* 600 */
    int dead_after_s;     /* 900; a relay or an endpoint that is dead for so long is an alarm, real time */
    int poll_ms;          /* 1,000: the truth behind kicks */
    struct ladder_policy ladder;
    struct brake_policy brake;
    struct backoff retry; /* of duties that open from now on */
    struct config_names names;
    int references;       /* of this snapshot; touched by config_ref and config_unref only */
};

typedef void config_fault_fn(void *cookie, const char *file, int line, const char *text);

/* with_secrets false: `toldctl explain`, `test`, `adapt`, `protocol` and `publish` must work where told's own secrets
 * cannot be read. NULL if there was any fault; all are reported in one run. */
struct config *config_load(const char *path, bool with_secrets, config_fault_fn *fault, void *cookie);
struct config *config_ref(struct config *config); /* thread-safe */
void config_unref(struct config *config);
void config_print(const struct config *config); /* effective configuration on stdout, secrets left out */
const struct config_feed *config_feed(const struct config *config, const char *name); /* or NULL */
const struct config_feed *config_feed_of_key(const struct config *config, const char *z85); /* or NULL */
const struct webhook_endpoint *config_endpoint(const struct config *config, const char *name); /* or NULL */
const struct config_template *config_template(const struct config *config, const char *name);
/* Whether mail that comes back is read at all. */
bool config_returns_is_on(const struct config_returns *returns);
/* Before `next` takes the place of `now`: settings that a running process cannot take over (connections, sockets and
 * channels are made once) are put back to what is in force, and each that differed is named, as a fault in next's file.
 * Returns how many. */
size_t config_keep(const struct config *now, struct config *next, config_fault_fn *fault, void *cookie);
/* NULL, or why no mail may go to this address (static text): its grammar, or email.domains. */
const char *config_refuses_mail(const struct config *config, const char *address);
/* A directory with the configured roles and no people yet. */
struct directory *config_directory(const struct config *config);

/* The current snapshot, swapped by SIGHUP. */
struct config_current;
struct config_current *config_current_new(struct config *config); /* takes over the reference */
void config_current_free(struct config_current *current);
struct config *config_current_get(struct config_current *current);          /* a new reference */
void config_current_set(struct config_current *current, struct config *config); /* takes over the reference */

#endif
