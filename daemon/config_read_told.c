/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "config_refuse.h"
#include "config_table.h"
#include "told/mem.h"

static unsigned weekday_bit(const char *day)
{
    for (unsigned i = 0; CONFIG_REFUSE_WEEKDAYS[i] != NULL; i++)
        if (strcmp(CONFIG_REFUSE_WEEKDAYS[i], day) == 0)
            return 1U << i;
    return 0;
}

static void read_court(struct config_reading *reading, const struct config_text *told, const config_setting_t *at)
{
    struct config *config = reading->config;
    struct config_court_read read = {0};

    if (config_setting_is_group(at) != CONFIG_TRUE) {
        config_text_fault_at(reading, told, at, "courts holds something else than a group, write { court = \"…\"; }");
        return;
    }
    config_key_read(reading, told, at, &CONFIG_TABLE_COURT, &read);
    for (size_t i = 0; read.days != NULL && read.days[i] != NULL; i++)
        read.court.days |= weekday_bit(read.days[i]);
    for (size_t i = 0; i < config->court_count && read.court.court != NULL; i++)
        if (config->courts[i].court != NULL && strcmp(config->courts[i].court, read.court.court) == 0)
            config_text_fault_at(reading, told, at, "this court stands twice, remove one");
    config_text_free_list(read.days);
    config->courts = mem_grow(config->courts, config->court_count + 1, sizeof *config->courts);
    config->courts[config->court_count++] = read.court;
}

/* One number for both. */
static void read_retry(struct config *config)
{
    config->retry.ordinary.jitter_percent = config->retry.immediate.jitter_percent;
}

void config_read_told(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *root = config_root_setting(&told->parsed);
    const config_setting_t *courts = config_setting_get_member(root, "courts");

    config_key_read(reading, told, root, &CONFIG_TABLE_TOLD[0], reading->config);
    for (size_t i = 1; i < CONFIG_TABLE_TOLD_COUNT; i++) {
        const struct config_table *table = &CONFIG_TABLE_TOLD[i];
        const config_setting_t *group = config_setting_get_member(root, table->name);

        /* Of the wrong kind: said above; here it counts as absent. */
        if (group != NULL && config_setting_is_group(group) != CONFIG_TRUE)
            group = NULL;
        config_key_read(reading, told, group, table, reading->config);
    }
    read_retry(reading->config);
    if (courts == NULL || config_setting_is_list(courts) != CONFIG_TRUE)
        return;
    for (int i = 0; i < config_setting_length(courts); i++)
        read_court(reading, told, config_setting_get_elem(courts, (unsigned)i));
}
