/* SPDX-License-Identifier: Apache-2.0 */
/* A relay as the configuration describes it: where it is, how it is spoken to, as whom. */
#ifndef TOLD_EMAIL_RELAY_H
#define TOLD_EMAIL_RELAY_H

#include <stdbool.h>

enum email_tls {
    EMAIL_TLS_NONE, /* clear text: to a loopback address only, whatever the name says */
    EMAIL_TLS_STARTTLS,
    EMAIL_TLS_IMPLICIT,
};

enum { EMAIL_RELAYS_MOST = 16 };

/* Strings belong to whoever holds it; one that is kept longer is copied. */
struct email_relay {
    char *name; /* in the configuration, for the log */
    char *url;  /* "smtp://host:port", with EMAIL_TLS_IMPLICIT "smtps://host:port" */
    enum email_tls tls;
    char *username; /* NULL: no login */
    char *password;
    char *password_file; /* where it stands, for the printout */
    char *from;    /* address of the From header */
    char *ca_file; /* NULL: the system's */
    int connect_timeout_s;
    int response_timeout_s; /* for each reply up to the dot, and for the body itself (300) */
    int final_timeout_s;    /* for the reply after the dot (600); 0: as the others */
    int senders;            /* threads, each with its own connection */
};

/* NULL, or what is wrong with the relay (static). */
const char *email_relay_validate(const struct email_relay *relay);
bool email_relay_is_equal(const struct email_relay *a, const struct email_relay *b);
void email_relay_copy(struct email_relay *to, const struct email_relay *from);
void email_relay_release(struct email_relay *relay); /* wipes the password */

#endif
