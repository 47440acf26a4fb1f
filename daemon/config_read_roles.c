/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_read.h"
#include "config_table.h"
#include "told/mem.h"

enum { FALLS_MOST = sizeof((struct directory_role){0}.falls_to) / sizeof(char *) };

static const config_setting_t *group_of(const struct config_text *text, const char *name)
{
    const config_setting_t *at = config_setting_get_member(config_root_setting(&text->parsed), name);

    return at != NULL && config_setting_is_group(at) == CONFIG_TRUE ? at : NULL;
}

static void read_lines(struct config_reading *reading, const struct config_text *text, const config_setting_t *lines)
{
    struct config *config = reading->config;
    size_t count = (size_t)config_setting_length(lines), kept = 0;

    config->line_names = mem_new((count + 1) * sizeof *config->line_names);
    config->line_bottoms = mem_new((count + 1) * sizeof *config->line_bottoms);
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(lines, (unsigned)i);
        const char *bottom = config_setting_get_string(at);

        if (bottom == NULL) {
            config_text_fault_at(reading, text, at, "line %s is of the wrong kind, write the role at its bottom in quotes",
                                 config_setting_name(at));
            continue;
        }
        config->line_names[kept] = mem_copy(config_setting_name(at));
        config->line_bottoms[kept++] = mem_copy(bottom);
    }
}

/* The list becomes the role's own array; what does not fit is a fault. */
static void take_falls_to(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                          struct config_role_read *read)
{
    size_t count = 0;

    while (read->falls_to != NULL && read->falls_to[count] != NULL) {
        if (count < FALLS_MOST)
            read->role.falls_to[count] = read->falls_to[count];
        else
            free(read->falls_to[count]);
        count++;
    }
    if (count > FALLS_MOST)
        config_text_fault_at(reading, text, config_setting_get_member(at, "falls_to"),
                             "falls_to names more than %d roles, keep the first %d", (int)FALLS_MOST, (int)FALLS_MOST);
    free(read->falls_to);
    read->falls_to = NULL;
}

static void read_role(struct config_reading *reading, const struct config_text *text, const config_setting_t *at)
{
    struct config *config = reading->config;
    struct config_role_read read = {.role.name = mem_copy(config_setting_name(at))};

    if (config_setting_is_group(at) == CONFIG_TRUE)
        config_key_read(reading, text, at, &CONFIG_TABLE_ROLE, &read);
    else
        config_text_fault_at(reading, text, at, "role %s is no group, write NAME: { held = \"…\"; … }", read.role.name);
    take_falls_to(reading, text, at, &read);
    config->roles = mem_grow(config->roles, config->role_count + 1, sizeof *config->roles);
    config->roles[config->role_count] = read.role;
    reading->roles = mem_grow(reading->roles, config->role_count + 1, sizeof *reading->roles);
    reading->roles[config->role_count] =
        (struct config_place){.file = mem_copy(text->path), .line = (int)config_setting_source_line(at)};
    config->role_count++;
}

static const struct directory_role *role_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->role_count; i++)
        if (strcmp(config->roles[i].name, name) == 0)
            return &config->roles[i];
    return NULL;
}

/* A line begins at a role of its own. */
static void check_bottoms(struct config_reading *reading, const struct config_text *text, const config_setting_t *lines)
{
    const struct config *config = reading->config;

    for (size_t i = 0; config->line_names != NULL && config->line_names[i] != NULL; i++) {
        const config_setting_t *at = config_setting_get_member(lines, config->line_names[i]);
        const struct directory_role *bottom = role_find(config, config->line_bottoms[i]);

        if (bottom == NULL)
            config_text_fault_at(reading, text, at, "line %s begins at %s, which is no role, add that role or name another",
                                 config->line_names[i], config->line_bottoms[i]);
        else if (bottom->line == NULL || strcmp(bottom->line, config->line_names[i]) != 0)
            config_text_fault_at(reading, text, at, "line %s begins at %s, which is not in it, write line = \"%s\" there",
                                 config->line_names[i], config->line_bottoms[i], config->line_names[i]);
    }
}

void config_read_roles(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *at = config_setting_get_member(config_root_setting(&told->parsed), "roles");
    char *path = config_text_path(reading->config, reading->config->names.roles);
    struct config_text text;

    if (access(path, R_OK) != 0) {
        config_text_fault_at(reading, told, at, "roles: %s cannot be read (%s), name a file that can be", path, strerror(errno));
        free(path);
        return;
    }
    if (config_text_open(&text, reading, path)) {
        const config_setting_t *lines = group_of(&text, "lines"), *roles = group_of(&text, "roles");
        char nothing = 0; /* the table has no target */

        config_key_read(reading, &text, config_root_setting(&text.parsed), &CONFIG_TABLE_ROLES, &nothing);
        if (lines != NULL)
            read_lines(reading, &text, lines);
        for (int i = 0; roles != NULL && i < config_setting_length(roles); i++)
            read_role(reading, &text, config_setting_get_elem(roles, (unsigned)i));
        if (lines != NULL && roles != NULL)
            check_bottoms(reading, &text, lines);
    }
    config_text_close(&text);
    free(path);
}
