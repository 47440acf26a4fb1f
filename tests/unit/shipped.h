/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped rules and calendar, for unit tests: shipped_load and shipped_unload are a group's set-up and teardown. */
#ifndef TOLD_TESTS_SHIPPED_H
#define TOLD_TESTS_SHIPPED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/calendar.h"
#include "told/protocol.h"
#include "told/mem.h"
#include "whole_file.h"

struct shipped {
    struct protocol *protocol;
    struct calendar *calendar;
};

static inline char *shipped_read(const char *path, size_t *ret_len)
{
    char *text = whole_file(path, ret_len);

    if (text == NULL)
        fail_msg("%s cannot be read; run the tests from the top of the tree", path);
    return text;
}

static inline void shipped_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    print_error("%s:%d: %s\n", file, line, text);
}

static inline int shipped_load(void **state)
{
    struct protocol_file files[] = {{.name = "conf/protocol/southwark.conf"},
                                    {.name = "conf/protocol/secure-estate.conf"}};
    struct shipped *shipped = mem_new(sizeof(*shipped));
    char *texts[3];
    char *reason = NULL;
    size_t len;

    for (size_t i = 0; i < 2; i++) {
        texts[i] = shipped_read(files[i].name, &files[i].len);
        files[i].text = texts[i];
    }
    texts[2] = shipped_read("conf/calendar/bank-holidays.json", &len);
    shipped->protocol = protocol_parse(files, 2, shipped_fault, NULL);
    shipped->calendar = calendar_parse(texts[2], len, &reason);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
    free(reason);
    *state = shipped;
    return shipped->protocol == NULL || shipped->calendar == NULL ? -1 : 0;
}

static inline int shipped_unload(void **state)
{
    struct shipped *shipped = *state;

    protocol_free(shipped->protocol);
    calendar_free(shipped->calendar);
    free(shipped);
    return 0;
}

#endif
