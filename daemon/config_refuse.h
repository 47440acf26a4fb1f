/* SPDX-License-Identifier: Apache-2.0 */
/* What a single value may be: NULL, or "what, what to do" (static text). */
#ifndef TOLD_CONFIG_REFUSE_H
#define TOLD_CONFIG_REFUSE_H

const char *config_refuse_code(const char *text);     /* lower-case letters, digits, hyphens */
const char *config_refuse_address(const char *text);  /* a mail address */
const char *config_refuse_domain(const char *text);   /* right of an @ */
const char *config_refuse_domains(const char *text);  /* a domain, or "*." before one */
const char *config_refuse_conninfo(const char *text); /* libpq's, without user and password */
const char *config_refuse_bind(const char *text);     /* tcp://HOST:PORT to listen on */
const char *config_refuse_connect(const char *text);  /* tcp://HOST:PORT to connect to */
const char *config_refuse_key(const char *text);      /* CURVE, Z85 */
const char *config_refuse_source(const char *text);   /* a granted prefix */
const char *config_refuse_type(const char *text);     /* a granted type, or "*" */
const char *config_refuse_adapter(const char *text);
const char *config_refuse_trusted(const char *text); /* a scheme whose identifiers make a match certain */
const char *config_refuse_weekday(const char *text);
const char *config_refuse_minute(const char *text); /* a time of day */
const char *config_refuse_span(const char *text);   /* hours and minutes */
const char *config_refuse_url(const char *text);
const char *config_refuse_folder(const char *text); /* of an IMAP mailbox */
const char *config_refuse_link(const char *text); /* what the number of a duty is put behind */

extern const char *const CONFIG_REFUSE_WEEKDAYS[]; /* "monday" …, NULL-terminated */

#endif
