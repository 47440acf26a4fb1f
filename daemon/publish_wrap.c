/* SPDX-License-Identifier: Apache-2.0 */
#include "publish_wrap.h"

#include <sodium.h>
#include <stdlib.h>

#include "told/event.h"
#include "told/hashchain.h"
#include "told/json.h"
#include "told/mem.h"

static void put_text(struct buf *ret, const char *key, const char *value)
{
    json_t *text = json_string(value);
    char *quoted = text != NULL ? json_dumps(text, JSON_ENCODE_ANY) : NULL;

    if (quoted == NULL)
        abort(); /* no memory; options and configuration have been checked */
    buf_printf(ret, "\"%s\":%s,", key, quoted);
    free(quoted);
    json_decref(text);
}

/* That told will take as `data`, one level down; what is nested more deeply travels as base64. */
static bool is_json(const char *bytes, size_t len)
{
    char *reason = NULL;
    json_t *value = json_parse_within(bytes, len, JSON_DEPTH_MOST - 1, &reason);
    bool is = value != NULL;

    json_decref(value);
    free(reason);
    return is;
}

void publish_wrap(struct buf *ret, const char *adapter, const char *source, const char *id, struct instant time,
                  const char *bytes, size_t len)
{
    char *type = mem_printf("%s%s", EVENT_FOREIGN_PREFIX, adapter);
    bool json = is_json(bytes, len);
    char hash[65], at[INSTANT_TEXT_SIZE];

    hashchain_hex(bytes, len, hash);
    buf_char(ret, '{');
    put_text(ret, "specversion", "1.0");
    put_text(ret, "id", id != NULL ? id : hash);
    put_text(ret, "source", source);
    put_text(ret, "type", type);
    put_text(ret, "time", instant_print(time, at));
    put_text(ret, "datacontenttype", json ? "application/json" : "application/octet-stream");
    if (json) {
        buf_text(ret, "\"data\":");
        buf_append(ret, bytes, len);
    } else {
        size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
        char *text = mem_new(size);

        sodium_bin2base64(text, size, (const unsigned char *)bytes, len, sodium_base64_VARIANT_ORIGINAL);
        buf_printf(ret, "\"data_base64\":\"%s\"", text);
        free(text);
    }
    buf_char(ret, '}');
    free(type);
}
