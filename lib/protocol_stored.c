/* SPDX-License-Identifier: Apache-2.0 */
#include "told/protocol_stored.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

char *protocol_stored_print(const struct protocol_file *files, size_t count)
{
    json_t *list = json_array();
    char *text;

    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(files[i].name, '/');
        json_t *one = json_object();

        json_object_set_new(one, "name", json_string(slash != NULL ? slash + 1 : files[i].name));
        json_object_set_new(one, "text", json_stringn(files[i].text, files[i].len));
        json_array_append_new(list, one);
    }
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

static bool read_files(const json_t *list, struct protocol_file *files)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *text = json_object_get(one, "text");

        if (json_text_at(one, "name") == NULL || !json_is_string(text))
            return false;
        files[i] = (struct protocol_file){
            .name = json_text_at(one, "name"), .text = json_string_value(text), .len = json_string_length(text)};
    }
    return json_array_size(list) > 0;
}

struct protocol *protocol_stored_parse(const char *text, protocol_fault_fn *fault, void *cookie)
{
    char *reason = NULL;
    json_t *list = json_parse(text, strlen(text), &reason);
    struct protocol_file *files = mem_new((json_array_size(list) + 1) * sizeof *files);
    struct protocol *protocol = NULL;

    if (read_files(list, files))
        protocol = protocol_parse(files, json_array_size(list), fault, cookie);
    else
        fault(cookie, "stored", 1, "no stored protocol: an array of {\"name\", \"text\"} is expected");
    free(files);
    free(reason);
    json_decref(list);
    return protocol;
}
