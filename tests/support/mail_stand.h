/* SPDX-License-Identifier: Apache-2.0 */
/* A sink and the senders of one relay, with nothing else of told around them. What fails here fails the test. */
#ifndef TOLD_MAIL_STAND_H
#define TOLD_MAIL_STAND_H

#include "email_pool.h"
#include "smtp_sink.h"

struct mail_stand_setup {
    const char *script; /* lines of sink_script.h, or NULL */
    int senders;        /* 0: 1 */
    int timeout_s;      /* for connecting and for each reply; 0: mail_stand_patience_s() */
    enum email_tls tls; /* how the relay is spoken to; the sink speaks the same unless it is told not to */
    enum sink_tls_kind certificate;
    bool is_clear_sink; /* the sink knows no TLS at all */
    const char *host;   /* in the relay's url; NULL: 127.0.0.1 */
    const char *login, *password;             /* that the sink wants */
    const char *relay_login, *relay_password; /* that the relay gives; NULL: the same */
    bool trusts_nobody; /* the relay has the system's authorities, not the sink's */
};

struct mail_stand {
    char *directory;
    struct smtp_sink *sink;
    struct email_relay relay; /* owned texts */
    struct email_pool *pool;
    int wake_fd;
};

/* How long to wait for a server that plays this script: short where it says nothing that ends the matter, long enough for
 * a busy machine where it does. */
int mail_stand_patience_s(const char *script);
struct sink_script *mail_stand_script(const char *text);
struct mail_stand mail_stand_start(const struct mail_stand_setup *setup);
void mail_stand_stop(struct mail_stand *stand);
/* The senders once more, after the relay was changed. */
void mail_stand_restart_pool(struct mail_stand *stand);
/* A mail with everything in it that a mail may have; its texts are constants. */
struct email_job mail_stand_mail(int64_t id);
/* Waits on the eventfd as dispatch does. */
struct outcome mail_stand_await(struct mail_stand *stand);
struct outcome mail_stand_send(struct mail_stand *stand, const struct email_job *job);
/* A file that must be there ("mails/000001.eml"); the caller frees. */
char *mail_stand_read(const struct mail_stand *stand, const char *name);

#endif
