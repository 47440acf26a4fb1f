/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration, defaults included and secrets left out, in the form it is written in. */
#include <stdio.h>
#include <string.h>

#include "code_table.h"
#include "config.h"
#include "config_refuse.h"
#include "config_table.h"

enum { INDENT = 2 };

static void print_feed(const struct config_feed *feed)
{
    struct config_feed written = *feed;

    if (feed->key_file != NULL)
        written.key = NULL; /* it stands in that file */
    if (feed->next_key_file != NULL)
        written.next_key = NULL;
    printf("feed-%s:\n{\n", feed->name);
    config_key_print(&CONFIG_TABLE_FEED, &written, INDENT);
    if (feed->expects.is_set) {
        printf("  expects:\n  {\n");
        config_key_print(&CONFIG_TABLE_EXPECTS, &feed->expects, 2 * INDENT);
        printf("  };\n");
    }
    printf("};\n");
}

static void print_courts(const struct config *config)
{
    printf("courts =\n(\n");
    for (size_t i = 0; i < config->court_count; i++) {
        const struct config_court *court = &config->courts[i];
        const char *comma = "";

        printf("  { court = ");
        config_key_print_text(court->court);
        printf("; host = %s; days = [", court->is_host ? "true" : "false");
        for (unsigned day = 0; CONFIG_REFUSE_WEEKDAYS[day] != NULL; day++)
            if ((court->days & (1U << day)) != 0) {
                printf("%s \"%s\"", comma, CONFIG_REFUSE_WEEKDAYS[day]);
                comma = ",";
            }
        printf(" ]; }%s\n", i + 1 < config->court_count ? "," : "");
    }
    printf(");\n");
}

static void print_webhooks(const struct config *config)
{
    printf("webhooks:\n{\n");
    for (size_t i = 0; i < config->endpoint_count; i++) {
        struct config_endpoint_read read = {.endpoint = config->endpoints[i]};

        if (read.endpoint.url_file != NULL)
            read.endpoint.url = NULL; /* it stands in that file, and is a secret */
        printf("  %s:\n  {\n", read.endpoint.name);
        config_key_print(&CONFIG_TABLE_ENDPOINT, &read, 2 * INDENT);
        printf("    # %zu secret(s), not printed\n  };\n", read.endpoint.secret_count);
        explicit_bzero(&read, sizeof read);
    }
    printf("};\n");
}

static void print_roles(const struct config *config)
{
    printf("lines:\n{\n");
    for (size_t i = 0; config->line_names[i] != NULL; i++)
        printf("  %s = \"%s\";\n", config->line_names[i], config->line_bottoms[i]);
    printf("};\nroles:\n{\n");
    for (size_t i = 0; i < config->role_count; i++) {
        struct config_role_read read = {.role = config->roles[i]};
        const char *falls_to[sizeof read.role.falls_to / sizeof read.role.falls_to[0] + 1] = {NULL};

        memcpy(falls_to, read.role.falls_to, sizeof read.role.falls_to);
        memcpy(&read.falls_to, &(const char **){falls_to}, sizeof read.falls_to);
        printf("  %s:\n  {\n", read.role.name);
        config_key_print(&CONFIG_TABLE_ROLE, &read, 2 * INDENT);
        printf("  };\n");
    }
    printf("};\n");
}

static void print_relays(const struct config *config)
{
    printf("  relays =\n  (\n");
    for (size_t i = 0; i < config->relay_count; i++) {
        printf("    {\n");
        config_key_print(&CONFIG_TABLE_RELAY, &config->relays[i], 3 * INDENT);
        printf("    }%s\n", i + 1 < config->relay_count ? "," : "");
    }
    printf("  );\n");
}

void config_print(const struct config *config)
{
    printf("# %s\n", config->file);
    config_key_print(&CONFIG_TABLE_TOLD[0], config, 0);
    for (size_t i = 1; i < CONFIG_TABLE_TOLD_COUNT; i++) {
        bool has_relays = strcmp(CONFIG_TABLE_TOLD[i].name, "email") == 0 && config->email.url == NULL;

        printf("%s:\n{\n", CONFIG_TABLE_TOLD[i].name);
        config_key_print(&CONFIG_TABLE_TOLD[i], config, INDENT);
        if (has_relays)
            print_relays(config);
        printf("};\n");
    }
    print_webhooks(config);
    print_courts(config);
    print_roles(config);
    for (size_t i = 0; i < config->feed_count; i++)
        print_feed(&config->feeds[i]);
    code_table_print_settings(config->codes);
    printf("# protocol %s, %zu rules\n", protocol_hash(config->protocol), protocol_count(config->protocol));
    printf("# calendar %s, %d to %d\n", calendar_hash(config->calendar), calendar_first_year(config->calendar),
           calendar_last_year(config->calendar));
    printf("# codes %s, %zu rows\n", codes_hash(config->codes), codes_count(config->codes));
}
