/* SPDX-License-Identifier: Apache-2.0 */
/* Every setting of the configuration, in tables. */
#ifndef TOLD_CONFIG_TABLE_H
#define TOLD_CONFIG_TABLE_H

#include "config_key.h"

/* told.conf; the target of each is struct config. The first is the top level, whose groups the others are. */
extern const struct config_table CONFIG_TABLE_TOLD[];
extern const size_t CONFIG_TABLE_TOLD_COUNT;

extern const struct config_table CONFIG_TABLE_FEED;     /* struct config_feed */
extern const struct config_table CONFIG_TABLE_EXPECTS;  /* struct config_expects: a feed's group */
extern const struct config_table CONFIG_TABLE_COURT;    /* struct config_court_read */
extern const struct config_table CONFIG_TABLE_RELAY;    /* struct email_relay */
extern const struct config_table CONFIG_TABLE_ENDPOINT; /* struct config_endpoint_read */
extern const struct config_table CONFIG_TABLE_ROLE;     /* struct config_role_read */
extern const struct config_table CONFIG_TABLE_ROLES;    /* top level of roles.conf: no target */

/* What is written as an array and kept in another shape. */
struct config_court_read {
    struct config_court court;
    char **days;
};
struct config_endpoint_read {
    struct webhook_endpoint endpoint;
    char **secrets; /* file names */
};
struct config_role_read {
    struct directory_role role;
    char **falls_to;
};

#endif
