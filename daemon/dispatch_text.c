/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said. Thin: a case reference and told's own numbers, never a name, a date of birth or an offence. Whatever
 * a feed sent is kept out but for the case reference, and that goes into the parsed tree of the notice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "told/mem.h"
#include "told/notice.h"

#define REPEAT "This may be a repeat: an earlier try to send it may have arrived."

static const char *const WEEKDAYS[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

/* "Monday 3 June 2024 at 17:00", by the clock of Europe/London. */
static char *local_text(struct instant at)
{
    struct civil_day day = civil_day_of(at);
    int year, month, date, minute = civil_minute_of(at);

    civil_split(day, &year, &month, &date);
    return mem_printf("%s %d %s %d at %02d:%02d", WEEKDAYS[civil_weekday(day)], date, MONTHS[month - 1], year, minute / 60,
                      minute % 60);
}

static void set(json_t *values, const char *name, char *text)
{
    json_object_set_new(values, name, json_string(text));
    free(text);
}

static char *case_text(const struct dispatch_item *item)
{
    return mem_copy(item->case_ref != NULL ? item->case_ref : "not stated");
}

/* "police.charge" becomes "charge, received Friday …": the type's last word is plain English for its reader. */
static char *event_text(const struct dispatch_item *item)
{
    const char *type = item->event_type, *dot = type != NULL ? strrchr(type, '.') : NULL;
    char *when = local_text(item->received_at), *text, *hyphen;

    if (type == NULL)
        text = mem_printf("raised %s", when);
    else
        text = mem_printf("%s, received %s", dot != NULL ? dot + 1 : type, when);
    while (type != NULL && (hyphen = strchr(text, '-')) != NULL)
        *hyphen = ' ';
    free(when);
    return text;
}

static char *role_text(const char *role)
{
    char *text = mem_copy(role);

    for (char *hyphen; (hyphen = strchr(text, '-')) != NULL;)
        *hyphen = ' ';
    return text;
}

static char *next_text(const struct dispatch_item *item)
{
    char *role, *when, *text;

    if (strcmp(item->kind, "copy") == 0)
        return mem_copy("those who must act are asked again, a step at a time, until one of them answers.");
    if (strcmp(item->kind, "correction") == 0)
        return mem_copy("nothing more is sent about this.");
    when = local_text(item->next_at);
    if (item->next_role == NULL) {
        text = mem_printf("you are told again on %s, and the operators of told are alarmed.", when);
    } else {
        role = role_text(item->next_role);
        text = mem_printf("the %s is told on %s.", role, when);
        free(role);
    }
    free(when);
    return text;
}

/* The last reason of the decision is its clock and the first its condition: one sentence of why. */
static char *why_text(const struct dispatch_item *item)
{
    char *role = role_text(item->role), *text;
    json_t *because = json_loads(item->protocol_because, 0, NULL);

    if (strcmp(item->duty_kind, "duty") == 0)
        text = mem_printf("Duty %s applies to this event.", item->duty);
    else if (json_is_object(because) && json_text_at(because, "detail") != NULL)
        text = mem_copy(json_text_at(because, "detail"));
    else if (json_is_object(because) && json_text_at(because, "because") != NULL)
        text = mem_printf("It could not be matched for certain: %s.", json_text_at(because, "because"));
    else
        text = mem_copy("The protocol could not be applied to what was received.");
    if (item->because != NULL && strcmp(item->kind, "escalate") == 0) {
        char *longer = mem_printf("%s Nobody below you in the line has answered.", text);

        free(text);
        text = longer;
    }
    json_decref(because);
    free(role);
    return text;
}

static char *question_text(const struct dispatch_item *item)
{
    json_t *because = json_loads(item->protocol_because, 0, NULL), *unknown = json_object_get(because, "unknown"), *field;
    struct buf b = {0};
    size_t i;

    buf_text(&b, item->title);
    json_array_foreach(unknown, i, field)
        buf_printf(&b, "%s%s", i == 0 ? ". What is missing: " : ", ", json_string_value(field));
    json_decref(because);
    return buf_take(&b);
}

static char *answer_text(const struct dispatch_item *item)
{
    long long id = (long long)item->duty_id;

    if (strcmp(item->duty_kind, "match") == 0)
        return mem_printf("Have your told operator look at the message and record which child it is about:"
                          " toldctl match D-%lld CHILD, or: toldctl match D-%lld none.", id, id);
    if (strcmp(item->duty_kind, "review") == 0)
        return mem_printf("Have your told operator record what is missing: toldctl answer D-%lld FIELD=VALUE.", id);
    if (strcmp(item->duty_kind, "alarm") == 0)
        return mem_printf("Look at it, put it right, and record that: toldctl done D-%lld --note TEXT.", id);
    return mem_printf("Have your told operator record your answer: toldctl ack D-%lld --for YOU when you know,"
                      " toldctl done D-%lld --note TEXT when it is done.", id, id);
}

/* Where in the protocol: rules are looked up by name in the current one; an older duty keeps its number at least. */
static char *cites_text(const struct config *config, const struct dispatch_item *item)
{
    const struct rule *rule = protocol_find(config->protocol, item->rule);

    if (rule != NULL)
        return mem_printf("%s", rule_cites(rule));
    return mem_copy(strcmp(item->duty_kind, "duty") == 0 ? item->duty : "the rules for what cannot be decided");
}

static json_t *values_of(const struct config *config, const struct dispatch_item *item)
{
    json_t *values = json_object();

    set(values, "reference", mem_printf("D-%lld", (long long)item->duty_id));
    set(values, "case", case_text(item));
    set(values, "child", item->child_id != 0 ? mem_printf("C-%lld", (long long)item->child_id) : mem_copy("not known yet"));
    set(values, "title", question_text(item));
    set(values, "due", local_text(item->due_at));
    set(values, "immediate_note", mem_copy(item->immediate ? "This is immediate: any hour, any day." : ""));
    set(values, "event", event_text(item));
    set(values, "cites", cites_text(config, item));
    set(values, "told_next", next_text(item));
    set(values, "why", why_text(item));
    set(values, "role", role_text(item->role));
    set(values, "step", mem_printf("%d", item->step));
    set(values, "repeat_note", mem_copy(""));
    set(values, "answer", answer_text(item));
    set(values, "authority", mem_copy(config->authority));
    return values;
}

static const char *template_of(const struct dispatch_item *item)
{
    if (strcmp(item->kind, "correction") == 0)
        return "correction";
    if (strcmp(item->duty_kind, "duty") != 0)
        return item->duty_kind;
    if (strcmp(item->kind, "copy") == 0)
        return "copy";
    return strcmp(item->kind, "escalate") == 0 ? "escalation" : "duty";
}

char *dispatch_text_email(const struct config *config, const struct dispatch_item *items, size_t count,
                          struct dispatch_text *ret)
{
    const char *name = count > 1 ? "merged" : template_of(&items[0]);
    const struct config_template *template = config_template(config, name);
    struct notice notice = {0};
    json_t *values, *duties;
    char *fault;

    if (template == NULL)
        return mem_printf("there is no template %s", name);
    values = values_of(config, &items[0]); /* the first is the one due first */
    if (count > 1) {
        duties = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(duties, values_of(config, &items[i]));
        json_object_set_new(values, "duties", duties);
    }
    fault = notice_render(template->text, template->len, values, &notice);
    json_decref(values);
    if (fault == NULL)
        *ret = (struct dispatch_text){notice.subject, notice.text, notice.html};
    return fault;
}

void dispatch_text_webhook(const struct config *config, const struct dispatch_item *item, struct dispatch_text *ret)
{
    json_t *root = json_object(), *data = values_of(config, item);
    char due[INSTANT_TEXT_SIZE], received[INSTANT_TEXT_SIZE];

    /* Sentences are for people; a case system gets references, words of fixed sets and instants. */
    static const char *const SENTENCES[] = {"due",       "immediate_note", "event",  "told_next", "why",
                                            "repeat_note", "answer",       "role"};

    for (size_t i = 0; i < sizeof SENTENCES / sizeof *SENTENCES; i++)
        json_object_del(data, SENTENCES[i]);
    json_object_set_new(data, "duty", json_string(item->duty));
    json_object_set_new(data, "kind", json_string(item->kind));
    json_object_set_new(data, "role", json_string(item->role));
    json_object_set_new(data, "step", json_integer(item->step));
    json_object_set_new(data, "immediate", json_boolean(item->immediate));
    json_object_set_new(data, "case", item->case_ref != NULL ? json_string(item->case_ref) : json_null());
    json_object_set_new(data, "due_at", json_string(instant_print(item->due_at, due)));
    json_object_set_new(data, "received_at", json_string(instant_print(item->received_at, received)));
    json_object_set_new(root, "type", json_string("told.notification"));
    json_object_set_new(root, "timestamp", json_string(received));
    json_object_set_new(root, "data", data);
    ret->text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
}

/* After the '>' that ends the first `mark` in the text; at its head where mark is NULL. */
static char *insert(char *text, const char *mark, const char *what)
{
    const char *at = mark != NULL ? strstr(text, mark) : NULL, *end = at != NULL ? strchr(at, '>') : NULL;
    size_t head = end != NULL ? (size_t)(end - text) + 1 : 0;
    char *longer = mem_printf("%.*s%s%s", (int)head, text, what, text + head);

    free(text);
    return longer;
}

void dispatch_text_repeat(struct dispatch_text *text)
{
    if (text->text != NULL)
        text->text = insert(text->text, NULL, REPEAT "\n\n");
    if (text->html != NULL)
        text->html = insert(text->html, "<body", "<p>" REPEAT "</p>");
}

void dispatch_text_release(struct dispatch_text *text)
{
    free(text->subject);
    free(text->text);
    free(text->html);
    *text = (struct dispatch_text){0};
}
