/* SPDX-License-Identifier: Apache-2.0 */
/* A template, a NUL byte, the values as JSON. Whatever they are: the subject is a header, the text keeps to
 * the page, and values make no tag that a plain word in their place does not make. */
#include "told/notice.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n"), columns = 0;
        for (size_t i = 0; i < len; i++)
            columns += ((unsigned char)text[i] & 0xc0) != 0x80;
        must(columns <= 78 && text[len] == '\n');
        text += len + 1;
    }
}

static size_t count_tags(const char *html)
{
    size_t n = 0;
    for (const char *body = strstr(html, "<body"); body && *body; body++)
        n += *body == '<';
    return n;
}

/* The same values with every text that shows something as one plain letter; false where a text shows nothing
 * for sure only to the renderer (it is left alone then, and so is the comparison). */
static int make_plain(json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    int sure = 1;
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        if (*text && !strpbrk(text, "abcdefghijklmnopqrstuvwxyz0123456789<>"))
            return 0;
        if (*text)
            json_string_set(value, "x");
    }
    json_object_foreach(value, key, member) sure &= make_plain(member);
    json_array_foreach(value, i, member) sure &= make_plain(member);
    return sure;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *cut = len ? memchr(bytes, 0, len) : NULL;
    size_t template_len = cut ? (size_t)(cut - bytes) : len;
    char *reason = NULL;
    json_t *values = cut ? json_parse((const char *)cut + 1, len - template_len - 1, &reason) : json_object();
    struct notice notice = {0}, plain = {0};
    free(reason);
    if (!values)
        return 0;
    reason = notice_render((const char *)bytes, template_len, values, &notice);
    must(!reason == !!notice.subject);
    if (!reason) {
        must(strlen(notice.subject) <= 200 && strlen(notice.subject) > 0);
        for (const char *c = notice.subject; *c; c++)
            must(*c >= 0x20 && *c <= 0x7e);
        check_text(notice.text);
        must(!strchr(notice.text, '\r'));
        if (make_plain(values)) {
            reason = notice_render((const char *)bytes, template_len, values, &plain);
            must(!reason && count_tags(plain.html) == count_tags(notice.html));
        }
    }
    notice_release(&plain);
    notice_release(&notice);
    json_decref(values);
    free(reason);
    const char *const names[] = {"a", "b", NULL};
    free(notice_validate((const char *)bytes, template_len, names));
    return 0;
}
