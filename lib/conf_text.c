/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_text.h"

#include <stdlib.h>
#include <string.h>

#include "told/json.h"
#include "told/mem.h"

/* libconfig would open the file an @include names; the core opens none. 0: there is no such line. */
static int include_line(const char *text)
{
    int line = 1;

    for (const char *at = text; at != NULL; line++) {
        at += strspn(at, " \t\r\v\f");
        if (strncmp(at, "@include", strlen("@include")) == 0)
            return line;
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    return 0;
}

char *conf_text_parse(config_t *ret, const char *text, size_t len, int *ret_line)
{
    char *whole = mem_copy_n(text, len);
    char *reason = NULL;

    config_init(ret);
    *ret_line = 1;
    if (strlen(whole) != len) {
        reason = mem_copy("a NUL byte in the file; it must be text");
    } else if (include_line(whole) > 0) {
        *ret_line = include_line(whole);
        reason = mem_copy("@include is not taken here; name each file in the configuration");
    } else if (config_read_string(ret, whole) != CONFIG_TRUE) {
        *ret_line = config_error_line(ret);
        reason = mem_printf("%s; the rest of the file was not read", config_error_text(ret));
    }
    free(whole);
    return reason;
}

int conf_text_foreign_line(const char *text, size_t len)
{
    const char *end = text + len;

    for (int line = 1; text < end; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        json_t *taken = json_stringn(text, (size_t)((newline == NULL ? end : newline) - text));

        if (taken == NULL)
            return line;
        json_decref(taken);
        text = newline == NULL ? end : newline + 1;
    }
    return 0;
}
