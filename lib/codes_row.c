/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   { code = "4020"; event = "court.remand"; to = "local-authority-accommodation"; }
 *   { code = "MRG"; when = "received"; nothing = "a record that changed"; }
 *   { code = "FMI"; kind = "yoi"; }
 */
#include "codes_row.h"

#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"
#include "value.h"

#define TEXT_MOST 128

void codes_row_fault(struct codes_reader *reader, const config_setting_t *at, char *text)
{
    int line = (int)config_setting_source_line(at);

    reader->fault(reader->cookie, reader->file, line > 0 ? line : 1, text);
    reader->faults++;
    free(text);
}

/* "court-results 1002: kind must be …". */
static void fault(struct codes_reader *reader, const struct codes_row *row, const config_setting_t *at,
                  char *text)
{
    codes_row_fault(
        reader, at,
        mem_printf("%s %s: %s", reader->spec->name, row->code == NULL ? "without a code" : row->code, text));
    free(text);
}

static const config_setting_t *member(const config_setting_t *group, const char *key)
{
    /* libconfig 1.5 knows no const here; nothing is changed. */
    return config_setting_get_member((config_setting_t *)(uintptr_t)group, key);
}

/* Goes into events, reasons and JSON: libconfig's \x escapes make any byte. */
static bool is_plain(const char *text)
{
    json_t *json = json_string(text);
    size_t len = strlen(text);
    bool is_good = json != NULL && len > 0 && len <= TEXT_MOST && text[0] != ' ' && text[len - 1] != ' ';

    for (const char *c = text; *c != '\0'; c++)
        is_good = is_good && (unsigned char)*c >= 0x20 && *c != 0x7f;
    json_decref(json);
    return is_good;
}

/* A copy of the text of a setting, or NULL with the fault said. */
static char *read_text(struct codes_reader *reader, const struct codes_row *row,
                       const config_setting_t *group, const char *key)
{
    const config_setting_t *at = member(group, key);
    const char *text = at == NULL ? NULL : config_setting_get_string(at);

    if (at == NULL)
        fault(reader, row, group, mem_printf("%s is missing; add it: %s = \"…\"", key, key));
    else if (text == NULL)
        fault(reader, row, at, mem_printf("%s must be a string; put it in quotes", key));
    else if (!is_plain(text))
        fault(reader, row, at,
              mem_printf(
                  "%s is empty, longer than %d bytes, or holds blanks at its ends or bytes that are no text; "
                  "correct it",
                  key, TEXT_MOST));
    else
        return mem_copy(text);
    return NULL;
}

static char *list_words(const char *const *words)
{
    struct buf list = {0};

    for (size_t i = 0; words[i] != NULL; i++)
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
    return buf_take(&list);
}

static void fault_words(struct codes_reader *reader, const struct codes_row *row, const config_setting_t *at,
                        const char *key, const char *const *words)
{
    char *list = list_words(words);

    fault(reader, row, at, mem_printf("%s is none of its words; write one of %s", key, list));
    free(list);
}

/* One of the words (the one of the set), or NULL with the fault said. */
static const char *read_word(struct codes_reader *reader, const struct codes_row *row,
                             const config_setting_t *group, const char *key, const char *const *words)
{
    char *text = read_text(reader, row, group, key);
    const char *found = NULL;
    unsigned index;

    if (text != NULL && value_find_word(words, text, &index))
        found = words[index];
    else if (text != NULL)
        fault_words(reader, row, member(group, key), key, words);
    free(text);
    return found;
}

static void read_truth(struct codes_reader *reader, struct codes_row *row, const config_setting_t *group,
                       const char *key)
{
    const config_setting_t *at = member(group, key);

    if (at != NULL && config_setting_type(at) == CONFIG_TYPE_BOOL)
        row->word = mem_copy(config_setting_get_bool(at) != 0 ? "true" : "false");
    else
        fault(reader, row, at == NULL ? group : at,
              mem_printf("%s must be there, true or false; add it without quotes", key));
}

/* What the code stands for, where it makes no event by itself. */
static void read_value(struct codes_reader *reader, struct codes_row *row, const config_setting_t *group)
{
    const struct codes_spec *spec = reader->spec;
    const char *const *words = spec->words;

    if (spec->setting == NULL)
        return;
    if (words == NULL)
        words = codes_table_words(spec->type, spec->field);
    if (words == NULL)
        read_truth(reader, row, group, spec->setting);
    else
        row->word = mem_copy(read_word(reader, row, group, spec->setting, words));
}

static unsigned makes_of(const struct codes_spec *spec, const struct codes_row *row)
{
    return spec->makes[row->side != NULL && row->side == spec->sides[1]];
}

static void fault_event(struct codes_reader *reader, const struct codes_row *row, const config_setting_t *at)
{
    struct buf types = {0};

    for (enum codes_sort sort = CODES_VALUE; sort <= CODES_LOOK; sort++)
        if (codes_table_event(sort) != NULL && (makes_of(reader->spec, row) & CODES_SORT(sort)) != 0)
            buf_printf(&types, "%s%s", types.len == 0 ? "" : ", ", codes_table_event(sort)->type);
    fault(reader, row, at,
          mem_printf("event names none that such a code can make; write one of %s", buf_string(&types)));
    buf_release(&types);
}

static void read_event(struct codes_reader *reader, struct codes_row *row, const config_setting_t *group)
{
    char *type = read_text(reader, row, group, "event");
    const struct codes_event *event = type == NULL ? NULL : codes_table_event_find(type);
    bool is_known = event != NULL && (makes_of(reader->spec, row) & CODES_SORT(event->sort)) != 0;

    if (type != NULL && !is_known)
        fault_event(reader, row, member(group, "event"));
    free(type);
    if (!is_known)
        return;
    row->sort = event->sort;
    if (event->field != NULL && !reader->spec->is_bare)
        row->word = mem_copy(
            read_word(reader, row, group, event->field, codes_table_words(event->type, event->field)));
    if (!event->has_order)
        return;
    row->order = read_text(reader, row, group, "order");
    if (row->order != NULL &&
        strspn(row->order, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(row->order))
        fault(reader, row, member(group, "order"),
              mem_copy("order is no code; write lower-case words with hyphens"));
}

/* event, or nothing or look with the reason: one of the three. */
static void read_meaning(struct codes_reader *reader, struct codes_row *row, const config_setting_t *group)
{
    static const char *const ways[] = {"event", "nothing", "look"};
    unsigned makes = makes_of(reader->spec, row);
    bool takes_reasons = (makes & CODES_SORT(CODES_LOOK)) != 0;
    size_t way = 0, found = 0;

    for (size_t i = 0; i < (takes_reasons ? 3 : 1); i++)
        if (member(group, ways[i]) != NULL) {
            way = i;
            found++;
        }
    if (found != 1) {
        fault(reader, row, group,
              mem_copy(takes_reasons ? "says none or several of event, nothing and look; keep one of them"
                                     : "event is missing; add it: event = \"…\""));
    } else if (way == 0) {
        read_event(reader, row, group);
    } else {
        row->sort = way == 1 ? CODES_NOTHING : CODES_LOOK;
        row->word = read_text(reader, row, group, ways[way]);
    }
}

/* Whether a row of this kind has the setting. */
static bool takes(const struct codes_spec *spec, const struct codes_row *row, const char *key)
{
    const struct codes_event *event = codes_table_event(row->sort);

    if (strcmp(key, "code") == 0 || (spec->apart != NULL && strcmp(key, spec->apart) == 0))
        return true;
    if (makes_of(spec, row) == 0)
        return spec->setting != NULL && strcmp(key, spec->setting) == 0;
    if (event == NULL)
        return strcmp(key, row->sort == CODES_NOTHING ? "nothing" : "look") == 0;
    return strcmp(key, "event") == 0 || (event->has_order && strcmp(key, "order") == 0) ||
           (event->field != NULL && !spec->is_bare && strcmp(key, event->field) == 0);
}

static void refuse_unknown(struct codes_reader *reader, const struct codes_row *row,
                           const config_setting_t *group)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *one = config_setting_get_elem(group, (unsigned)i);

        if (!takes(reader->spec, row, config_setting_name(one)))
            fault(reader, row, one,
                  mem_printf("\"%s\" is no setting of such a row; correct or remove it",
                             config_setting_name(one)));
    }
}

static void read_code(struct codes_reader *reader, struct codes_row *row, const config_setting_t *group)
{
    const struct codes_spec *spec = reader->spec;
    char *code = read_text(reader, row, group, "code");
    const char *why = code == NULL || spec->refuse == NULL ? NULL : spec->refuse(code);

    row->code = code;
    if (why != NULL)
        fault(reader, row, member(group, "code"), mem_printf("code %s", why));
    if (spec->apart != NULL)
        row->side = read_word(reader, row, group, spec->apart, spec->sides);
}

bool codes_row_read(struct codes_reader *reader, const config_setting_t *group, struct codes_row *ret)
{
    int before = reader->faults;

    *ret = (struct codes_row){.line = (int)config_setting_source_line(group)};
    read_code(reader, ret, group);
    if (reader->faults > before && ret->side == NULL && reader->spec->apart != NULL)
        return false; /* what it may make depends on that */
    if (makes_of(reader->spec, ret) == 0)
        read_value(reader, ret, group);
    else
        read_meaning(reader, ret, group);
    if (reader->faults == before)
        refuse_unknown(reader, ret, group);
    if (ret->word == NULL)
        ret->word = mem_copy("");
    return reader->faults == before;
}

void codes_row_release(struct codes_row *row)
{
    free(row->code);
    free(row->word);
    free(row->order);
    *row = (struct codes_row){0};
}

json_t *codes_row_json(const struct codes_spec *spec, const struct codes_row *row)
{
    const struct codes_event *event = codes_table_event(row->sort);
    json_t *json = json_pack("{ss}", "code", row->code);

    if (row->side != NULL)
        json_object_set_new(json, spec->apart, json_string(row->side));
    if (event != NULL)
        json_object_set_new(json, "event", json_string(event->type));
    if (event != NULL && event->field != NULL && !spec->is_bare)
        json_object_set_new(json, event->field, json_string(row->word));
    if (row->order != NULL)
        json_object_set_new(json, "order", json_string(row->order));
    if (row->sort == CODES_NOTHING || row->sort == CODES_LOOK)
        json_object_set_new(json, row->sort == CODES_NOTHING ? "nothing" : "look", json_string(row->word));
    if (row->sort != CODES_VALUE || spec->setting == NULL)
        return json;
    bool is_truth = spec->words == NULL && codes_table_words(spec->type, spec->field) == NULL;
    json_object_set_new(json, spec->setting,
                        is_truth ? json_boolean(strcmp(row->word, "true") == 0) : json_string(row->word));
    return json;
}
