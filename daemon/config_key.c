/* SPDX-License-Identifier: Apache-2.0 */
#include "config_key.h"

#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"

/* What the reading of one value needs. */
struct place {
    struct config_reading *reading;
    const struct config_text *text;
    const struct config_table *table;
    const struct config_key *key;
    const config_setting_t *at;
    void *target; /* the field itself */
};

static const char *const KIND_TEXTS[] = {
    [CONFIG_KEY_TEXT] = "a string in quotes",
    [CONFIG_KEY_TEXTS] = "an array of strings, [ \"…\", \"…\" ]",
    [CONFIG_KEY_NUMBER] = "a whole number",
    [CONFIG_KEY_SIZE] = "a whole number",
    [CONFIG_KEY_NUMBERS] = "an array of whole numbers, [ 1, 2 ]",
    [CONFIG_KEY_YES] = "true or false",
    [CONFIG_KEY_WORD] = "a word in quotes",
    [CONFIG_KEY_APART] = "a group, { … }",
};

static const struct config_key *key_find(const struct config_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].name, name) == 0)
            return &table->keys[i];
    return NULL;
}

static void fault_unknown(struct config_reading *reading, const struct config_text *text,
                          const struct config_table *table, const config_setting_t *at)
{
    struct buf known = {0};

    for (size_t i = 0; i < table->count; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", table->keys[i].name);
    config_text_fault_at(reading, text, at, "unknown setting %s%s%s, remove it or use one of: %s", config_setting_name(at),
                         table->name[0] != '\0' ? " in " : "", table->name, buf_string(&known));
    buf_release(&known);
}

static void fault_kind(const struct place *place)
{
    const char *want = KIND_TEXTS[place->key->kind];

    if (place->key->kind == CONFIG_KEY_APART && place->key->type == CONFIG_TYPE_LIST)
        want = "a list of groups, ( { … }, { … } )";
    if (place->key->kind == CONFIG_KEY_APART && place->key->type == CONFIG_TYPE_STRING)
        want = "a string in quotes";
    config_text_fault_at(place->reading, place->text, place->at, "%s is of the wrong kind, write %s", place->key->name, want);
}

/* Targets are plain fields of a struct; memcpy keeps their types out of here. */
static void put_text(const struct place *place, const char *value)
{
    char *copy = mem_copy(value);
    const char *why = place->key->refuse != NULL ? place->key->refuse(value) : NULL;

    if (why != NULL)
        config_text_fault_at(place->reading, place->text, place->at, "%s: %s", place->key->name, why);
    memcpy(place->target, &copy, sizeof copy);
}

static void read_text(const struct place *place)
{
    const char *value = config_setting_get_string(place->at);

    if (value == NULL)
        fault_kind(place);
    else if (value[0] == '\0')
        config_text_fault_at(place->reading, place->text, place->at, "%s is empty, give it a value or remove it",
                             place->key->name);
    else
        put_text(place, value);
}

static void add_text(const struct place *place, char ***list, size_t *count, const char *value)
{
    const char *why = NULL;

    if (value == NULL) {
        fault_kind(place);
        return;
    }
    if (value[0] == '\0')
        why = "holds an empty string, remove it";
    else if (place->key->refuse != NULL)
        why = place->key->refuse(value);
    for (size_t i = 0; i < *count && why == NULL; i++)
        if (strcmp((*list)[i], value) == 0)
            why = "names the same twice, remove one";
    if (why != NULL)
        config_text_fault_at(place->reading, place->text, place->at, "%s: %s", place->key->name, why);
    *list = mem_grow(*list, *count + 2, sizeof **list);
    (*list)[(*count)++] = mem_copy(value);
    (*list)[*count] = NULL;
}

static void read_texts(const struct place *place)
{
    char **list = mem_new(sizeof *list);
    size_t count = 0;

    if (config_setting_is_aggregate(place->at) == CONFIG_TRUE) {
        for (int i = 0; i < config_setting_length(place->at); i++)
            add_text(place, &list, &count, config_setting_get_string_elem(place->at, i));
        if (count == 0 && place->key->is_required && config_setting_length(place->at) == 0)
            config_text_fault_at(place->reading, place->text, place->at, "%s is empty, name at least one",
                                 place->key->name);
    } else {
        add_text(place, &list, &count, config_setting_get_string(place->at));
    }
    memcpy(place->target, &list, sizeof list);
}

static void read_number(const struct place *place)
{
    long long value;
    int number;
    size_t size;

    /* A number that needs 64 bits comes as such only with an L; either way it is out of every range here. */
    if (config_setting_type(place->at) != CONFIG_TYPE_INT && config_setting_type(place->at) != CONFIG_TYPE_INT64) {
        fault_kind(place);
        return;
    }
    value = config_setting_get_int64(place->at);
    if (value < place->key->least || value > place->key->most) {
        config_text_fault_at(place->reading, place->text, place->at, "%s is out of range, write %d to %d", place->key->name,
                             place->key->least, place->key->most);
        return;
    }
    number = (int)value;
    size = (size_t)value;
    if (place->key->kind == CONFIG_KEY_SIZE)
        memcpy(place->target, &size, sizeof size);
    else
        memcpy(place->target, &number, sizeof number);
}

/* False with the fault said. */
static bool read_each(const struct place *place, int numbers[CONFIG_NUMBERS_MOST])
{
    int count = config_setting_length(place->at);

    if (count == 0 || count > CONFIG_NUMBERS_MOST) {
        config_text_fault_at(place->reading, place->text, place->at, "%s holds %d numbers, write 1 to %d of them",
                             place->key->name, count, CONFIG_NUMBERS_MOST);
        return false;
    }
    for (int i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(place->at, (unsigned)i);
        long long value = config_setting_get_int64(at);

        if (config_setting_type(at) != CONFIG_TYPE_INT && config_setting_type(at) != CONFIG_TYPE_INT64) {
            fault_kind(place);
            return false;
        }
        if (value < place->key->least || value > place->key->most) {
            config_text_fault_at(place->reading, place->text, place->at, "%s holds %lld, which is out of range, write %d to %d",
                                 place->key->name, value, place->key->least, place->key->most);
            return false;
        }
        numbers[i] = (int)value;
    }
    return true;
}

static void read_numbers(const struct place *place)
{
    int numbers[CONFIG_NUMBERS_MOST] = {0};

    if (config_setting_is_aggregate(place->at) != CONFIG_TRUE || config_setting_is_group(place->at) == CONFIG_TRUE)
        fault_kind(place);
    else if (read_each(place, numbers))
        memcpy(place->target, numbers, sizeof numbers);
}

static void read_yes(const struct place *place)
{
    bool yes;

    if (config_setting_type(place->at) != CONFIG_TYPE_BOOL) {
        fault_kind(place);
        return;
    }
    yes = config_setting_get_bool(place->at) == CONFIG_TRUE;
    memcpy(place->target, &yes, sizeof yes);
}

static int word_find(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static void read_word(const struct place *place)
{
    const char *word = config_setting_get_string(place->at);
    struct buf known = {0};
    int index;

    if (word == NULL) {
        fault_kind(place);
        return;
    }
    index = word_find(place->key->words, word);
    if (index >= 0) {
        memcpy(place->target, &index, sizeof index);
        return;
    }
    for (int i = 0; place->key->words[i] != NULL; i++)
        buf_printf(&known, "%s\"%s\"", i > 0 ? ", " : "", place->key->words[i]);
    config_text_fault_at(place->reading, place->text, place->at, "%s is no word of its set, write one of: %s",
                         place->key->name, buf_string(&known));
    buf_release(&known);
}

static void read_value(const struct place *place)
{
    switch (place->key->kind) {
    case CONFIG_KEY_TEXT:
        read_text(place);
        break;
    case CONFIG_KEY_TEXTS:
        read_texts(place);
        break;
    case CONFIG_KEY_NUMBER:
    case CONFIG_KEY_SIZE:
        read_number(place);
        break;
    case CONFIG_KEY_NUMBERS:
        read_numbers(place);
        break;
    case CONFIG_KEY_YES:
        read_yes(place);
        break;
    case CONFIG_KEY_WORD:
        read_word(place);
        break;
    case CONFIG_KEY_APART:
        if (config_setting_type(place->at) != place->key->type)
            fault_kind(place);
        break;
    }
}

static void put_numbers(const char *fallback, void *target)
{
    int numbers[CONFIG_NUMBERS_MOST] = {0};
    char *end = NULL;

    for (size_t i = 0; i < CONFIG_NUMBERS_MOST && fallback != NULL && *fallback != '\0'; i++, fallback = end)
        numbers[i] = (int)strtol(fallback, &end, 10);
    memcpy(target, numbers, sizeof numbers);
}

static void put_fallback(const struct config_key *key, void *target)
{
    const char *fallback = key->fallback;
    int number = 0;
    size_t size = 0;
    bool yes = false;
    char *text = mem_copy(fallback);
    char **list;

    switch (key->kind) {
    case CONFIG_KEY_TEXT:
        memcpy(target, &text, sizeof text);
        return; /* the target owns the text */
    case CONFIG_KEY_TEXTS:
        list = mem_new(2 * sizeof *list);
        list[0] = text;
        memcpy(target, &list, sizeof list);
        return;
    case CONFIG_KEY_NUMBER:
        number = fallback != NULL ? atoi(fallback) : 0;
        memcpy(target, &number, sizeof number);
        break;
    case CONFIG_KEY_NUMBERS:
        put_numbers(fallback, target);
        break;
    case CONFIG_KEY_SIZE:
        size = fallback != NULL ? strtoul(fallback, NULL, 10) : 0;
        memcpy(target, &size, sizeof size);
        break;
    case CONFIG_KEY_YES:
        yes = fallback != NULL && strcmp(fallback, "true") == 0;
        memcpy(target, &yes, sizeof yes);
        break;
    case CONFIG_KEY_WORD:
        number = fallback != NULL ? word_find(key->words, fallback) : 0;
        memcpy(target, &number, sizeof number);
        break;
    case CONFIG_KEY_APART:
        break;
    }
    free(text);
}

void config_key_read(struct config_reading *reading, const struct config_text *text, const config_setting_t *group,
                     const struct config_table *table, void *target)
{
    int count = group != NULL ? config_setting_length(group) : 0;

    for (int i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);

        if (key_find(table, config_setting_name(at)) == NULL)
            fault_unknown(reading, text, table, at);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];
        struct place place = {.reading = reading, .text = text, .table = table, .key = key};

        place.target = (char *)target + key->offset;
        place.at = group != NULL ? config_setting_get_member(group, key->name) : NULL;
        if (key->kind != CONFIG_KEY_TEXT && key->kind != CONFIG_KEY_TEXTS)
            put_fallback(key, place.target); /* stays where the value is refused */
        else if (place.at == NULL)
            put_fallback(key, place.target);
        if (place.at != NULL)
            read_value(&place);
        else if (key->is_required)
            config_text_fault_at(reading, text, group, "%s%s%s is missing, add it", table->name,
                                 table->name[0] != '\0' ? ": " : "", key->name);
    }
}

void config_key_release(const struct config_table *table, void *target)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];
        void *field = (char *)target + key->offset;
        char *text;
        char **list;

        if (key->kind == CONFIG_KEY_TEXT) {
            memcpy(&text, field, sizeof text);
            free(text);
        } else if (key->kind == CONFIG_KEY_TEXTS) {
            memcpy(&list, field, sizeof list);
            config_text_free_list(list);
        }
    }
}
