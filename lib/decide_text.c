/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_text.h"

#include <string.h>

#include "event_slots.h"

/* As jansson writes it, so that it reads the same as canonical JSON made elsewhere. */
static void print_json_text(const char *text, struct buf *out)
{
    static const char *const escapes[0x20] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    const char *from = text;

    buf_char(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append(out, from, (size_t)(text - from));
        from = text + 1;
        if (c >= 0x20)
            buf_printf(out, "\\%c", c);
        else if (escapes[c] != NULL)
            buf_text(out, escapes[c]);
        else
            buf_printf(out, "\\u%04X", c);
    }
    buf_append(out, from, (size_t)(text - from));
    buf_char(out, '"');
}

static void print_json_words(uint64_t set, const char *const *words, struct buf *out)
{
    const char *before = "";

    buf_char(out, '[');
    for (unsigned i = 0; words[i] != NULL; i++) {
        if ((set >> i & 1) == 0)
            continue;
        buf_text(out, before);
        print_json_text(words[i], out);
        before = ",";
    }
    buf_char(out, ']');
}

static void print_json_value(const struct value *value, const char *const *words, struct buf *out)
{
    switch (value->kind) {
    case VALUE_UNKNOWN:
        buf_text(out, "null");
        break;
    case VALUE_BOOL:
    case VALUE_NUMBER:
        value_print(value, words, out);
        break;
    case VALUE_TEXT:
        print_json_text(value->text, out);
        break;
    case VALUE_WORDS:
        print_json_words(value->words, words, out);
        break;
    default:
        buf_char(out, '"');
        value_print(value, words, out);
        buf_char(out, '"');
        break;
    }
}

/* The hearing if the event names one (an appearance is one day of it), else the first event of its chain of
 * amends; ids are one source's own, so the source stands before it. */
static void print_matter(const struct decide_input *input, struct buf *out)
{
    const struct event *event = input->event;
    const char *hearing = event_word(event, "hearing");
    struct value on = event_value(event, "on");
    struct buf matter = {0};
    char day[CIVIL_TEXT_SIZE];

    if (hearing == NULL) {
        buf_text(&matter, event_source(event));
        buf_char(&matter, ' ');
        buf_text(&matter, history_first_id(input));
    } else {
        buf_text(&matter, hearing);
        if (event_is_type(event, "court.appearance") && on.kind == VALUE_DAY) {
            buf_char(&matter, ' ');
            buf_text(&matter, civil_print(on.day, day));
        }
    }
    print_json_text(buf_string(&matter), out);
    buf_release(&matter);
}

void decide_text_key(const struct rule_arm *arm, const struct decide_input *input, struct buf *out)
{
    const struct field_type *type = field_type_at((size_t)arm->type_index);

    buf_char(out, '[');
    for (size_t i = 0; i < arm->key_count; i++) {
        const struct rule_key *key = &arm->keys[i];

        if (i > 0)
            buf_char(out, ',');
        if (key->part == RULE_KEY_TYPE)
            print_json_text(type->name, out);
        else if (key->part == RULE_KEY_MATTER)
            print_matter(input, out);
        else
            print_json_value(event_slot(input->event, key->slot), type->fields[key->slot].words, out);
    }
    buf_char(out, ']');
}

void decide_text_shows(const struct rule_arm *arm, struct term_scope *scope, struct instant due_at,
                       struct buf *out)
{
    const char *before = "{";

    for (size_t i = 0; i < arm->show_count; i++) {
        const struct rule_show *show = &arm->shows[i];
        struct value value = {.kind = VALUE_INSTANT, .at = due_at};

        if (!show->is_due)
            value = term_value(&show->term, scope);
        if (value.kind == VALUE_UNKNOWN)
            continue;
        buf_text(out, before);
        print_json_text(show->label, out);
        buf_char(out, ':');
        print_json_value(&value, show->term.words, out);
        before = ",";
    }
    buf_char(out, '}');
}

/* The lines are ASCII of ours, with codes that were UTF-8 when they were parsed: no need to look again. */
static void add_line(void *cookie, const char *text, size_t len)
{
    json_array_append_new(cookie, json_stringn_nocheck(text, len));
}

static void add_also(const struct rule_arm *arm, struct term_scope *scope, struct buf *scratch, json_t *lines)
{
    const struct rule *rule = arm->rule;

    for (size_t i = 0; i < rule->also_count; i++) {
        if (expr_eval(arm->also[i], scope) != TRUTH_TRUE)
            continue;
        buf_reset(scratch);
        buf_printf(scratch, "%s is told too: %s", rule->also[i].role, rule->also[i].when);
        add_line(lines, buf_string(scratch), scratch->len);
    }
}

/* A13: "whoever was the allocated worker of the young person at the point of custody" (line 122). */
static void add_as_of(const struct rule_arm *arm, struct term_scope *scope, struct buf *scratch, json_t *lines)
{
    struct value day = arm->as_of.name != NULL ? term_value(&arm->as_of, scope) : VALUE_NONE;

    if (day.kind == VALUE_UNKNOWN)
        return;
    buf_reset(scratch);
    buf_text(scratch, "told is whoever was allocated on ");
    value_print(&day, NULL, scratch);
    buf_printf(scratch, " (%s)", arm->as_of.name);
    add_line(lines, buf_string(scratch), scratch->len);
}

json_t *decide_text_because(const struct rule_arm *arm, const struct calendar *calendar,
                            struct term_scope *scope, const struct deadline_due *due, struct buf *scratch)
{
    json_t *lines = json_array();

    expr_explain(arm->when, scope, scratch, add_line, lines);
    add_also(arm, scope, scratch, lines);
    add_as_of(arm, scope, scratch, lines);
    if (arm->within == NULL)
        return lines;
    buf_reset(scratch);
    deadline_explain(arm->within, calendar, scope, due, scratch);
    add_line(lines, buf_string(scratch), scratch->len);
    return lines;
}

static void add_part(void *cookie, const char *text, size_t len)
{
    struct buf *out = cookie;

    if (out->len > 0)
        buf_text(out, "; ");
    buf_append(out, text, len);
}

void decide_text_not(const struct rule_arm *arm, struct term_scope *scope, struct buf *scratch,
                     struct buf *out)
{
    expr_explain(arm->when, scope, scratch, add_part, out);
}
