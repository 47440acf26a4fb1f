/* SPDX-License-Identifier: Apache-2.0 */
#include "told/disclosure.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/buf.h"
#include "told/mem.h"
#include "told/plain_time.h"

const char *const DISCLOSURE_NAMES[] = {"person", "hearing", NULL};

const char *disclosure_text(enum disclosure level)
{
    return level == DISCLOSURE_FULL ? "full" : "thin";
}

bool disclosure_is_assured(const char *address, char *const *domains)
{
    const char *at = strrchr(address, '@');

    for (; at != NULL && domains != NULL && *domains != NULL; domains++)
        if (strcasecmp(at + 1, *domains) == 0)
            return true;
    return false;
}

static const char *word_at(const json_t *object, const char *key)
{
    const char *text = json_text_at(object, key);

    return text != NULL && *text != '\0' ? text : NULL;
}

/* "Name: Ada Example, born 3 February 2009"; a date alone is no name, and says nothing a reader can use. */
static char *person_text(const json_t *person)
{
    const char *given = word_at(person, "given_names"), *family = word_at(person, "family_name"),
               *born = word_at(person, "born_on");
    struct civil_day day;
    struct buf b = {0};

    if (given == NULL && family == NULL)
        return NULL;
    buf_printf(&b, "Name: %s%s%s", given != NULL ? given : "", given != NULL && family != NULL ? " " : "",
               family != NULL ? family : "");
    if (born != NULL && civil_parse(born, &day)) {
        char *text = plain_time_day(day);

        buf_printf(&b, ", born %s", text);
        free(text);
    }
    return buf_take(&b);
}

/* Of a charge it is the first hearing that counts. */
static char *hearing_text(const json_t *data)
{
    const json_t *first = json_object_get(data, "first_hearing"), *of = json_is_object(first) ? first : data;
    const char *court = word_at(of, "court"), *hearing = word_at(data, "hearing"), *at = word_at(of, "at");
    struct instant when;
    struct buf b = {0};

    if (court == NULL)
        return NULL;
    buf_printf(&b, "Hearing: %s%s", court, hearing != NULL ? ", reference " : "");
    if (hearing != NULL)
        buf_text(&b, hearing);
    if (at != NULL && instant_parse(at, &when)) {
        char *text = plain_time_text(when);

        buf_printf(&b, ", %s", text);
        free(text);
    }
    return buf_take(&b);
}

static void set_once(json_t *values, const char *name, char *text)
{
    if (text != NULL && json_object_get(values, name) == NULL)
        json_object_set_new(values, name, json_string(text));
    free(text);
}

void disclosure_add(json_t *values, const char *body, size_t len)
{
    char *reason = NULL;
    json_t *root = json_parse(body, len, &reason);
    const json_t *data = json_object_get(root, "data");

    set_once(values, "person", person_text(json_object_get(data, "person")));
    set_once(values, "hearing", hearing_text(data));
    json_decref(root);
    free(reason);
}
