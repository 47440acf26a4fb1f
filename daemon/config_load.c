/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration read whole: section after section, every fault said, and only then taken or not. */
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "told/mem.h"

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_copy(".");
    return slash == path ? mem_copy("/") : mem_copy_n(path, (size_t)(slash - path));
}

static void read_all(struct config_reading *reading, const struct config_text *told)
{
    config_read_told(reading, told);
    config_read_keys(reading, told);
    config_read_relays(reading, told);
    config_read_webhooks(reading, told);
    config_read_returns(reading, told);
    config_read_feeds(reading, told);
    config_read_roles(reading, told);
    config_read_codes(reading, told);
    config_read_rules(reading, told);
    config_check(reading, told);
}

struct config *config_load(const char *path, bool with_secrets, config_fault_fn *fault, void *cookie)
{
    struct config *config = mem_new(sizeof *config);
    struct config_reading reading = {
        .config = config, .with_secrets = with_secrets, .fault = fault, .cookie = cookie};
    struct config_text told;

    config->references = 1;
    config->file = mem_copy(path);
    config->directory = directory_of(path);
    if (config_text_open(&told, &reading, path))
        read_all(&reading, &told);
    config_text_close(&told);
    for (size_t i = 0; i < config->role_count; i++)
        free(reading.roles[i].file);
    free(reading.roles);
    if (reading.faults == 0)
        return config;
    config_unref(config);
    return NULL;
}
