/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of adapters share: a message run through one, and what must hold of whatever comes out. */
#ifndef TOLD_TESTS_ADAPTED_H
#define TOLD_TESTS_ADAPTED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shipped_codes.h"
#include "told/adapter.h"
#include "told/buf.h"
#include "told/event.h"
#include "told/mem.h"
#include "whole_file.h"

#define ADAPTED_GOLDEN "tests/golden/adapters/"
#define ADAPTED_SENT_AT "2024-11-15T18:00:00Z"

static inline char *adapted_read(const char *path, size_t *ret_len)
{
    char *text = whole_file(path, ret_len);

    if (text == NULL)
        fail_msg("%s cannot be read; run the tests from the top of the tree", path);
    return text;
}

/* The reason why the whole message cannot be used (caller frees), or NULL. */
static inline char *adapted_run(const char *adapter, const char *message, size_t len,
                                struct adapted_list *ret)
{
    struct instant sent_at;

    *ret = (struct adapted_list){0};
    if (!instant_parse(ADAPTED_SENT_AT, &sent_at))
        fail();
    return adapter_run(adapter, shipped_codes(), message, len, "feed/one", "m1", sent_at, ret);
}

/* What must hold of every list, whatever the message. */
static inline void adapted_assert_sound(const struct adapted_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct adapted *found = &list->items[i];
        enum event_fault fault;
        char *reason = NULL;

        assert_non_null(found->part);
        assert_true((found->event == NULL) == (found->reason != NULL));
        if (found->event == NULL)
            continue;
        struct event *event = event_from_json(found->event, &fault, &reason);
        if (event == NULL)
            fail_msg("%s: %s", found->part, reason);
        assert_int_equal(strncmp(event_id(event), "m1/", 3), 0);
        for (size_t k = 0; k < i; k++)
            if (list->items[k].event != NULL)
                assert_string_not_equal(json_text_at(list->items[k].event, "id"), event_id(event));
        event_free(event);
    }
}

/* One line for each part, as toldctl adapt would show it. Caller frees. */
static inline char *adapted_lines(const struct adapted_list *list)
{
    struct buf lines = {0};

    for (size_t i = 0; i < list->count; i++) {
        const struct adapted *found = &list->items[i];
        json_t *line = json_object();

        json_object_set_new(line, "part", json_string(found->part));
        if (found->event != NULL)
            json_object_set(line, "event", found->event);
        else
            json_object_set_new(line, found->nothing ? "nothing" : "fault", json_string(found->reason));
        char *text = json_canonical(line);
        buf_printf(&lines, "%s\n", text);
        free(text);
        json_decref(line);
    }
    return buf_take(&lines);
}

/* Runs NAME.EXTENSION of the golden files and compares with NAME.ndjson; GOLDEN_UPDATE writes it anew. */
static inline void adapted_check_golden(const char *adapter, const char *name, const char *extension)
{
    char *in_path = mem_printf(ADAPTED_GOLDEN "%s.%s", name, extension);
    char *out_path = mem_printf(ADAPTED_GOLDEN "%s.ndjson", name);
    struct adapted_list list;
    size_t len;
    char *message = adapted_read(in_path, &len);
    char *reason = adapted_run(adapter, message, len, &list);

    adapted_assert_sound(&list);
    char *lines = reason == NULL ? adapted_lines(&list) : mem_printf("refused: %s\n", reason);
    if (getenv("GOLDEN_UPDATE") != NULL) {
        FILE *file = fopen(out_path, "w");
        assert_non_null(file);
        fputs(lines, file);
        fclose(file);
    }
    char *expected = adapted_read(out_path, &len);
    assert_string_equal(lines, expected);
    free(expected);
    free(lines);
    free(reason);
    adapted_list_release(&list);
    free(message);
    free(out_path);
    free(in_path);
}

/* One word for what a message comes to: the types of its events in order ("police.charge police.charge"),
 * then "fault" and "nothing" for each such part; "refused" if nothing of it can be used. Caller frees. */
static inline char *adapted_outline(const char *adapter, const char *message, size_t len)
{
    struct buf outline = {0};
    struct adapted_list list;
    char *reason = adapted_run(adapter, message, len, &list);

    adapted_assert_sound(&list);
    if (reason != NULL)
        buf_text(&outline, "refused");
    for (size_t i = 0; i < list.count; i++)
        buf_printf(&outline, "%s%s", i == 0 ? "" : " ",
                   list.items[i].event != NULL ? json_text_at(list.items[i].event, "type")
                   : list.items[i].nothing     ? "nothing"
                                               : "fault");
    free(reason);
    adapted_list_release(&list);
    return buf_take(&outline);
}

static inline void adapted_expect(const char *adapter, const char *message, const char *outline,
                                  const char *what)
{
    char *found = adapted_outline(adapter, message, strlen(message));

    if (strcmp(found, outline) != 0)
        fail_msg("%s: found %s, expected %s", what, found, outline);
    free(found);
}

/* The text at a path of `data` ("person.born_on", "first_hearing.at") of the i-th part; NULL: not there.
 * Whatever is no text is printed as JSON. Caller frees. */
static inline char *adapted_data(const struct adapted_list *list, size_t i, const char *path)
{
    const json_t *at = i < list->count ? json_object_get(list->items[i].event, "data") : NULL;

    while (at != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        char *key = mem_copy_n(path, len);
        at = json_object_get(at, key);
        free(key);
        path += len + (path[len] == '.');
    }
    if (at == NULL)
        return NULL;
    return json_is_string(at) ? mem_copy(json_string_value(at)) : json_canonical(at);
}

static inline void adapted_expect_data(const char *adapter, const char *message, const char *path,
                                       const char *expected, const char *what)
{
    struct adapted_list list;
    char *reason = adapted_run(adapter, message, strlen(message), &list);
    char *found = adapted_data(&list, 0, path);

    if (reason != NULL)
        fail_msg("%s: %s", what, reason);
    if ((found == NULL) != (expected == NULL) || (found != NULL && strcmp(found, expected) != 0))
        fail_msg("%s: %s is %s, expected %s", what, path, found == NULL ? "absent" : found,
                 expected == NULL ? "absent" : expected);
    free(found);
    free(reason);
    adapted_list_release(&list);
}

/* Nothing of `secrets` (NULL-terminated) stands in any reason or part. */
static inline void adapted_assert_discreet(const char *adapter, const char *message, size_t len,
                                           const char *const *secrets)
{
    struct adapted_list list;
    char *reason = adapted_run(adapter, message, len, &list);

    for (size_t s = 0; secrets[s] != NULL; s++) {
        assert_true(reason == NULL || strstr(reason, secrets[s]) == NULL);
        for (size_t i = 0; i < list.count; i++) {
            assert_null(strstr(list.items[i].part, secrets[s]));
            assert_true(list.items[i].reason == NULL || strstr(list.items[i].reason, secrets[s]) == NULL);
        }
    }
    free(reason);
    adapted_list_release(&list);
}

/* Where the samples of real messages are, or NULL; they are no part of this project. Caller frees. */
static inline char *adapted_samples(void)
{
    const char *shared = getenv("TOLD_SHARED");
    char *path = mem_printf("%s/samples", shared == NULL ? "../shared" : shared);

    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

#endif
