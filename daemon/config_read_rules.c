/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "config_read.h"
#include "told/buf.h"
#include "told/mem.h"
#include "told/notice.h"
#include "told/protocol_stored.h"

static const char *const TEMPLATES[] = {"duty", "escalation", "copy", "review", "match", "alarm", "merged", "correction", "closing"};

/* The values dispatch gives to every notice; those of a merged one also stand in each item of `duties`. */
static const char *const PLACEHOLDERS[] = {"reference", "due",   "case", "title",     "immediate_note", "repeat_note",
                                           "event",     "child", "why",  "role",      "cites",          "answer",
                                           "authority", "step",  "told_next", "due_short", "duties",
                                           "mail_answer", "mail_note", "person",   "hearing",   "privacy",        "link",
                                           "closed",    "how",                                           NULL};

static int line_of(const struct config_text *told, const char *name)
{
    const config_setting_t *at = config_setting_get_member(config_root_setting(&told->parsed), name);

    return at != NULL ? (int)config_setting_source_line(at) : 1;
}

/* The core says where in a text as "line N: what". */
static void fault_with_line(struct config_reading *reading, const char *path, const char *reason)
{
    int line = 1, len = 0;

    if (sscanf(reason, "line %d: %n", &line, &len) < 1 || len == 0)
        line = 1;
    config_text_fault(reading, path, line, "%s", reason + len);
}

static void pass_fault(void *cookie, const char *file, int line, const char *text)
{
    config_text_fault(cookie, file, line, "%s", text);
}

/* Cut off, or saved on a full disk: such a file must not silence its duties. Old versions that are stored with one stay as
 * they are. */
static void refuse_empty(struct config_reading *reading, const struct protocol_file *file)
{
    const struct protocol *protocol = reading->config->protocol;

    for (size_t i = 0; i < protocol_count(protocol); i++)
        if (strcmp(rule_file(protocol_rule(protocol, i)), file->name) == 0)
            return;
    config_text_fault(reading, file->name, 1, "no rule in this file; write one, or take the file away");
}

static void read_protocol(struct config_reading *reading, const struct config_text *told)
{
    struct config *config = reading->config;
    char *path = config_text_path(config, config->names.protocol);
    struct config_files read;
    bool is_read = config_text_read_list(reading, path, told->path, line_of(told, "protocol"), &read);
    struct protocol_file *files = mem_new((read.count + 1) * sizeof *files);

    for (size_t i = 0; i < read.count; i++)
        files[i] = (struct protocol_file){read.items[i].name, read.items[i].text, read.items[i].len};
    if (is_read)
        config->protocol = protocol_parse(files, read.count, pass_fault, reading);
    for (size_t i = 0; config->protocol != NULL && i < read.count; i++)
        refuse_empty(reading, &files[i]);
    if (config->protocol != NULL)
        config->protocol_text = protocol_stored_print(files, read.count);
    free(files);
    config_text_release_list(&read);
    free(path);
}

static void read_calendar(struct config_reading *reading, const struct config_text *told)
{
    struct config *config = reading->config;
    char *path = config_text_path(config, config->names.calendar);
    char *reason = NULL;
    size_t len = 0;

    config->calendar_text = config_text_read(path, &len, &reason);
    if (config->calendar_text == NULL)
        config_text_fault(reading, told->path, line_of(told, "calendar"), "calendar: %s", reason);
    else if ((config->calendar = calendar_parse(config->calendar_text, len, &reason)) == NULL)
        fault_with_line(reading, path, reason);
    free(reason);
    free(path);
}

static void hash_text(const char *text, size_t len, char ret[65])
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, (const uint8_t *)text, len);
    sodium_bin2hex(ret, 65, hash, sizeof hash);
}

static void read_template(struct config_reading *reading, const struct config_text *told, const char *directory,
                          const char *name)
{
    struct config *config = reading->config;
    char *path = mem_printf("%s/%s.md", directory, name);
    struct config_template template = {.name = mem_copy(name)};
    char *reason = NULL;

    template.text = config_text_read(path, &template.len, &reason);
    if (template.text != NULL)
        hash_text(template.text, template.len, template.hash);
    if (template.text == NULL)
        config_text_fault(reading, told->path, line_of(told, "templates"), "templates: %s", reason);
    else if ((reason = notice_validate(template.text, template.len, PLACEHOLDERS)) != NULL)
        fault_with_line(reading, path, reason);
    config->templates = mem_grow(config->templates, config->template_count + 1, sizeof *config->templates);
    config->templates[config->template_count++] = template;
    free(reason);
    free(path);
}

void config_read_rules(struct config_reading *reading, const struct config_text *told)
{
    char *templates = config_text_path(reading->config, reading->config->names.templates);

    read_protocol(reading, told);
    read_calendar(reading, told);
    if (access(templates, X_OK) != 0)
        config_text_fault(reading, told->path, line_of(told, "templates"),
                          "templates: %s cannot be entered (%s), name the directory of the notices", templates,
                          strerror(errno));
    else
        for (size_t i = 0; i < sizeof TEMPLATES / sizeof TEMPLATES[0]; i++)
            read_template(reading, told, templates, TEMPLATES[i]);
    free(templates);
}
