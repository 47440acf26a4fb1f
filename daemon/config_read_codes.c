/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of codes: every file of them, and every fault. */
#include <stdlib.h>

#include "config_read.h"
#include "told/mem.h"

struct place {
    struct config_reading *reading;
    const char *file; /* where told.conf names them: what stands in none of them is said there */
    int line;
};

static void pass_fault(void *cookie, const char *file, int line, const char *text)
{
    const struct place *place = cookie;

    if (file != NULL)
        config_text_fault(place->reading, file, line, "%s", text);
    else
        config_text_fault(place->reading, place->file, place->line, "codes: %s", text);
}

void config_read_codes(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *at = config_setting_get_member(config_root_setting(&told->parsed), "codes");
    struct place place = {reading, told->path, at != NULL ? (int)config_setting_source_line(at) : 1};
    char *path = config_text_path(reading->config, reading->config->names.codes);
    struct config_files read;
    bool is_read = config_text_read_list(reading, path, place.file, place.line, &read);
    struct codes_file *files = mem_new((read.count + 1) * sizeof *files);

    for (size_t i = 0; i < read.count; i++)
        files[i] = (struct codes_file){read.items[i].name, read.items[i].text, read.items[i].len};
    if (is_read)
        reading->config->codes = codes_parse(files, read.count, pass_fault, &place);
    free(files);
    config_text_release_list(&read);
    free(path);
}
