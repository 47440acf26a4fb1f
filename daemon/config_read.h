/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the configuration, one file each; config.c calls them in order. All say every fault they find. */
#ifndef TOLD_CONFIG_READ_H
#define TOLD_CONFIG_READ_H

#include "config_text.h"

void config_read_told(struct config_reading *reading, const struct config_text *told); /* settings, courts */
void config_read_keys(struct config_reading *reading, const struct config_text *told); /* told's own CURVE keys */
void config_read_feeds(struct config_reading *reading, const struct config_text *told);
void config_read_relays(struct config_reading *reading, const struct config_text *told);
void config_read_webhooks(struct config_reading *reading, const struct config_text *told);
void config_read_returns(struct config_reading *reading, const struct config_text *told); /* where mail comes back */
void config_read_roles(struct config_reading *reading, const struct config_text *told);
void config_read_codes(struct config_reading *reading, const struct config_text *told);
void config_read_rules(struct config_reading *reading, const struct config_text *told); /* protocol, calendar, templates */
/* What only shows when all is read: between rules, roles, lines and endpoints. */
void config_check(struct config_reading *reading, const struct config_text *told);
/* Another protocol against this configuration's roles and lines. */
void config_check_protocol(struct config_reading *reading, const struct protocol *protocol);

/* Whether a URL is written for this host; the channel judges the address it really connects to as well. */
bool config_read_is_loopback(const char *url);
/* A secret of a file, or NULL: with the fault said if secrets are wanted. */
char *config_read_secret(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                         const char *name);
/* The CURVE public key that stands in a file, or NULL as above. */
char *config_read_public_key(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                             const char *name);

void config_release_relays(struct config *config); /* wipes their passwords */
void config_release_endpoints(struct config *config); /* wipes their secrets */

#endif
