/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said. Thin: a case reference and told's own numbers, never a name, a date of birth or an offence.
 * Whatever a feed sent is kept out but for the case reference, and what a full notice says beside
 * (disclosure.h); that goes into the parsed tree of the notice.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "told/delay.h"
#include "told/mem.h"
#include "told/notice.h"
#include "told/own_words.h"
#include "told/plain_time.h"

#define REPEAT "This may be a repeat: an earlier try to send it may have arrived."

static void set(json_t *values, const char *name, char *text)
{
    json_object_set_new(values, name, json_string(text));
    free(text);
}

static char *case_text(const struct dispatch_item *item)
{
    return mem_copy(item->case_ref != NULL ? item->case_ref : "not stated");
}

/* "yos-line-manager" becomes "YOS line manager": abbreviations of the field in capitals, hyphens and dots as
 * blanks. */
static void add_words(struct buf *out, const char *word, size_t len)
{
    static const char *const ABBREVIATIONS[] = {"yos", "mash", NULL};
    size_t begin = out->len;

    for (size_t at = 0, end; at < len; at = end + 1) {
        bool capital = false;

        for (end = at; end < len && word[end] != '-' && word[end] != '.';)
            end++;
        for (size_t i = 0; ABBREVIATIONS[i] != NULL; i++)
            capital |=
                strlen(ABBREVIATIONS[i]) == end - at && strncmp(word + at, ABBREVIATIONS[i], end - at) == 0;
        if (out->len > begin)
            buf_char(out, ' ');
        for (size_t i = at; i < end; i++)
            buf_char(out, (char)(capital ? toupper((unsigned char)word[i]) : word[i]));
    }
}

/* Whose delay it was, where there was one: one of the lines that the decision wrote. */
static void add_delay(const struct dispatch_item *item, struct buf *out)
{
    json_t *because = json_loads(item->protocol_because, 0, NULL), *line;
    size_t i;

    json_array_foreach(because, i, line)
        if (json_is_string(line) && strncmp(json_string_value(line), DELAY_BEGINS, strlen(DELAY_BEGINS)) == 0)
            buf_printf(out, " (%s)", json_string_value(line));
    json_decref(because);
}

/* "police.charge" becomes "police charge, received Friday …": the words of a type are plain English. */
static char *event_text(const struct dispatch_item *item)
{
    char *when = plain_time_text(item->received_at);
    struct buf b = {0};

    if (item->event_type != NULL)
        add_words(&b, item->event_type, strlen(item->event_type));
    buf_printf(&b, "%s %s", item->event_type != NULL ? ", received" : "raised", when);
    free(when);
    add_delay(item, &b);
    return buf_take(&b);
}

static bool is_kind(const struct dispatch_item *item, const char *kind)
{
    return strcmp(item->kind, kind) == 0;
}

bool dispatch_text_is_after(const char *kind)
{
    return strcmp(kind, "correction") == 0 || strcmp(kind, "closing") == 0;
}

static bool is_duty(const struct dispatch_item *item)
{
    return strcmp(item->duty_kind, "duty") == 0;
}

/* The role, and whose place its holder takes: the last of the reasons names who was found, "social-worker:
 * nobody allocated; mash: mailbox". */
static char *role_text(const struct dispatch_item *item)
{
    const char *found = item->because, *next;
    size_t len = 0;
    struct buf b = {0};

    while (found != NULL && (next = strstr(found, "; ")) != NULL)
        found = next + 2;
    if (found != NULL && found != item->because)
        len = strspn(found, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (len > 0 && found[len] == ':' && (len != strlen(item->role) || strncmp(found, item->role, len) != 0)) {
        add_words(&b, found, len);
        buf_text(&b, ", in place of the ");
    }
    add_words(&b, item->role, strlen(item->role));
    return buf_take(&b);
}

/* The roles of `below` without the reader's own, "social worker, YOS line manager". Returns how many. */
static size_t below_text(const struct dispatch_item *item, struct buf *out, bool *ret_self)
{
    size_t count = 0;

    for (const char *word = item->below; word != NULL && *word != '\0';) {
        size_t len = strcspn(word, ",");

        if (len == strlen(item->role) && strncmp(word, item->role, len) == 0) {
            *ret_self = true;
        } else {
            buf_text(out, count++ > 0 ? ", " : "");
            add_words(out, word, len);
        }
        word += len + (word[len] == ',');
    }
    return count;
}

static char *next_text(const struct dispatch_item *item)
{
    char *when, *text;
    struct buf role = {0};

    if (is_kind(item, "copy"))
        return mem_copy("those who must act are asked again, a step at a time, until one of them answers.");
    if (dispatch_text_is_after(item->kind))
        return mem_copy("nothing more is sent about this.");
    when = plain_time_text(item->next_at);
    if (item->next_role != NULL)
        add_words(&role, item->next_role, strlen(item->next_role));
    if (item->next_role == NULL || strcmp(item->next_role, item->role) == 0)
        text = mem_printf("you are told again on %s, and the operators of told are alarmed.", when);
    else
        text = mem_printf("the %s is told on %s.", buf_string(&role), when);
    buf_release(&role);
    free(when);
    return text;
}

/* Where in the protocol: rules are looked up by name in the current one; an older duty keeps its number at
 * least. */
static char *cites_text(const struct config *config, const struct dispatch_item *item)
{
    const struct rule *rule = protocol_find(config->protocol, item->rule);

    if (rule != NULL)
        return mem_printf("%s", rule_cites(rule));
    return mem_copy(is_duty(item) ? item->duty : "the rules for what cannot be decided");
}

/* The duties that cannot be decided; two rules of one duty name it once. */
static void add_waiting(const json_t *because, struct buf *out)
{
    json_t *duties = json_object_get(because, "duties"), *named = json_object(), *duty;
    size_t i, count = 0;

    json_array_foreach(duties, i, duty)
    {
        if (json_object_get(named, json_string_value(duty)) != NULL)
            continue;
        json_object_set(named, json_string_value(duty), duty);
        buf_printf(out, "%s%s",
                   count++ == 0 ? "these duties depend on it, and only a person can say: " : ", ",
                   json_string_value(duty));
    }
    buf_text(out,
             count > 0
                 ? "."
                 : "the protocol cannot be applied to what was received, and only a person can say more.");
    json_decref(named);
}

/* Why this is asked at all: the duty in the words of the protocol, or why a person must look. */
static void add_ground(const struct config *config, const struct dispatch_item *item, struct buf *out)
{
    json_t *because = json_loads(item->protocol_because, 0, NULL);
    char *cites = cites_text(config, item);

    if (is_duty(item))
        buf_printf(out, "duty %s, \"%s\" (%s).", item->duty, item->title, cites);
    else if (strcmp(item->duty_kind, "alarm") == 0)
        buf_printf(out, "alarms go to the operators of told; this one is \"%s\".",
                   json_is_object(because) && json_text_at(because, "kind") != NULL
                       ? json_text_at(because, "kind")
                       : "alarm");
    else if (strcmp(item->duty_kind, "match") == 0)
        buf_printf(out,
                   "the child could not be matched for certain (%s), and only a person may say who it is.",
                   json_is_object(because) && json_text_at(because, "because") != NULL
                       ? json_text_at(because, "because")
                       : "nobody fits");
    else if (json_is_object(because) && json_text_at(because, "question") != NULL)
        buf_printf(out, "a duty ends by a person or a fact, and %s.", json_text_at(because, "question"));
    else
        add_waiting(because, out);
    free(cites);
    json_decref(because);
}

static char *why_text(const struct config *config, const struct dispatch_item *item)
{
    struct buf b = {0}, below = {0};
    bool self = false;
    size_t count = below_text(item, &below, &self);

    if (is_kind(item, "escalate") && self)
        buf_text(&b, "you were told of this before, and nobody has answered. ");
    else if (is_kind(item, "escalate") && count > 0)
        buf_printf(&b, "%s below you %s not answered: %s. ", count > 1 ? "the roles" : "the role",
                   count > 1 ? "have" : "has", buf_string(&below));
    else if (is_kind(item, "chase"))
        buf_text(&b, "nobody has answered yet, so you are asked again. ");
    else if (item->telling > 1 && (is_kind(item, "tell") || is_kind(item, "copy")))
        buf_text(&b, "what this rests on has changed, so it is told again. ");
    if (is_duty(item) && is_kind(item, "copy"))
        buf_printf(&b,
                   "%s protocol gives you a copy; it is for the %s to answer: ", b.len > 0 ? "The" : "the",
                   buf_string(&below));
    else if (is_duty(item))
        buf_printf(&b, "%s protocol asks for this, ", b.len > 0 ? "The" : "the");
    else if (b.len > 0)
        buf_text(&b, "This is why it was asked: ");
    add_ground(config, item, &b);
    buf_release(&below);
    return buf_take(&b);
}

/* What the reader has to do. Rules say it to whoever is told first; a person further up hears what those were
 * asked. */
static char *title_text(const struct dispatch_item *item, bool merged)
{
    json_t *because = json_loads(item->protocol_because, 0, NULL),
           *unknown = json_object_get(because, "unknown"), *field;
    struct buf b = {0};
    size_t i;

    if (is_duty(item) && is_kind(item, "escalate")) {
        buf_text(&b, merged ? "Nobody has answered: see that this is done. The " : "The ");
        add_words(&b, item->below != NULL ? item->below : item->role,
                  item->below != NULL ? strcspn(item->below, ",") : strlen(item->role));
        buf_printf(&b, " was asked: \"%s\"", item->says);
    } else if (is_kind(item, "copy") && merged) {
        buf_printf(&b, "For your information, nothing to do. Others were asked: \"%s\"", item->says);
    } else {
        buf_text(&b, item->says);
    }
    json_array_foreach(unknown, i, field)
        buf_printf(&b, "%s%s", i == 0 ? ": " : ", ", json_string_value(field));
    json_decref(because);
    return buf_take(&b);
}

static char *answer_text(const struct dispatch_item *item)
{
    long long id = (long long)item->duty_id;
    json_t *because = json_loads(item->protocol_because, 0, NULL);
    bool asks_fields = json_array_size(json_object_get(because, "unknown")) > 0;

    json_decref(because);
    if (strcmp(item->duty_kind, "match") == 0)
        return mem_printf(
            "tell your told operator which child it is, or that it is none you know, with the reference D-%lld"
            " (toldctl match D-%lld CHILD, or none).",
            id, id);
    if (strcmp(item->duty_kind, "review") == 0 && asks_fields)
        return mem_printf("tell your told operator what is missing, with the reference D-%lld"
                          " (toldctl answer D-%lld FIELD=VALUE).",
                          id, id);
    if (strcmp(item->duty_kind, "review") == 0)
        return mem_printf(
            "tell your told operator whether it stands, with the reference D-%lld (toldctl void for the duty that"
            " does not, then toldctl done D-%lld --note TEXT).",
            id, id);
    if (strcmp(item->duty_kind, "alarm") == 0)
        return mem_printf("put it right and record that: toldctl done D-%lld --note TEXT.", id);
    return mem_printf(
        "tell your told operator, with the reference D-%lld, that you know, and again when it is done"
        " (toldctl ack D-%lld, toldctl done D-%lld --note TEXT).",
        id, id, id);
}

/* Whether a reply to this mail is an answer, and with which code. Copies and corrections ask for none. */
static char *mail_answer_text(const struct dispatch_item *item, bool merged)
{
    size_t half = item->code != NULL ? strlen(item->code) / 2 : 0;

    if (half == 0 || is_kind(item, "copy") || dispatch_text_is_after(item->kind))
        return mem_copy(merged ? "" : "A reply to this mail is not an answer.");
    return mem_printf("To say by mail that you know, " OWN_WORDS_QUOTED " %.*s-%s typed above this text; without it a reply is not an"
                      " answer.",
                      (int)half, item->code, item->code + half);
}

/* How it came to its end. Never the reason that a person gave: it may say who somebody is. */
static char *how_text(const struct dispatch_item *item)
{
    static const char *const HOW[][2] = {{"done", "it was recorded as done"},
                                         {"acknowledged", "those who had to know have said that they do"},
                                         {"discharged", "what was received later has settled it"},
                                         {"void", "a person has declared that it should not have been asked"}};
    const char *how = "it is closed";
    char *when, *text;

    if (item->closed_as == NULL)
        return mem_copy("");
    for (size_t i = 0; i < sizeof HOW / sizeof *HOW; i++)
        if (strcmp(HOW[i][0], item->closed_as) == 0)
            how = !is_duty(item) && i == 0 ? "it was answered" : HOW[i][1];
    when = plain_time_text(item->closed_at);
    text = mem_printf("%s, %s", how, when);
    free(when);
    return text;
}

/* "D-17", "D-17 and 3 more": what is closed, in a subject. */
static char *closed_text(const struct dispatch_item *items, size_t count)
{
    long long first = (long long)items[0].duty_id;

    return count > 1 ? mem_printf("D-%lld and %zu more", first, count - 1) : mem_printf("D-%lld", first);
}

/* Where to look: the page of the duty, which asks who is there. */
static char *link_text(const struct config *config, const struct dispatch_item *item)
{
    return config->link_base != NULL ? mem_printf("%s%lld", config->link_base, (long long)item->duty_id) : mem_copy("");
}

static bool is_full(const struct dispatch_item *item)
{
    return json_object_size(item->disclosed) > 0;
}

static void set_disclosed(json_t *values, const struct dispatch_item *item)
{
    for (size_t i = 0; DISCLOSURE_NAMES[i] != NULL; i++) {
        const char *text = json_text_at(item->disclosed, DISCLOSURE_NAMES[i]);

        set(values, DISCLOSURE_NAMES[i], mem_copy(text != NULL ? text : ""));
    }
    set(values, "privacy",
        mem_copy(is_full(item) ? "This mail names a child: keep it in secure mail and pass it on to nobody who need not know."
                               : "No name is given here on purpose: look the case up in your own records."));
}

static json_t *values_of(const struct config *config, const struct dispatch_item *item, bool merged)
{
    json_t *values = json_object();

    set(values, "reference", mem_printf("D-%lld", (long long)item->duty_id));
    set(values, "case", case_text(item));
    set(values, "child",
        item->child_id != 0 ? mem_printf("C-%lld", (long long)item->child_id) : mem_copy("not known yet"));
    set(values, "title", title_text(item, merged));
    set(values, "due", plain_time_text(item->due_at));
    set(values, "due_short", plain_time_text_short(item->due_at));
    set(values, "immediate_note", mem_copy(item->immediate ? "This is immediate: any hour, any day." : ""));
    set(values, "event", event_text(item));
    set(values, "cites", cites_text(config, item));
    set(values, "told_next", next_text(item));
    set(values, "why", why_text(config, item));
    set(values, "role", role_text(item));
    set(values, "step", mem_printf("%d", item->step));
    set(values, "repeat_note", mem_copy(""));
    set(values, "answer", answer_text(item));
    set(values, "mail_answer", mail_answer_text(item, merged));
    set(values, "mail_note",
        mem_copy(item->code != NULL ? "A reply says that you know of the duties whose codes are typed into it; without a code it is no answer."
                                    : "A reply to this mail is not an answer."));
    set(values, "authority", mem_copy(config->authority));
    set(values, "link", link_text(config, item));
    set(values, "how", how_text(item));
    set_disclosed(values, item);
    return values;
}

static const char *template_of(const struct dispatch_item *item)
{
    if (dispatch_text_is_after(item->kind))
        return item->kind;
    if (strcmp(item->kind, "copy") == 0)
        return "copy";
    if (strcmp(item->duty_kind, "duty") != 0)
        return item->duty_kind;
    return strcmp(item->kind, "escalate") == 0 ? "escalation" : "duty";
}

char *dispatch_text_email(const struct config *config, const struct dispatch_item *items, size_t count,
                          struct dispatch_text *ret)
{
    bool closing = strcmp(items[0].kind, "closing") == 0; /* merged with its like only */
    const char *name = count > 1 && !closing ? "merged" : template_of(&items[0]);
    const struct config_template *template = config_template(config, name);
    enum disclosure content = is_full(&items[0]) ? DISCLOSURE_FULL : DISCLOSURE_THIN;
    struct notice notice = {0};
    json_t *values, *duties;
    char *fault;

    if (template == NULL)
        return mem_printf("there is no template %s", name);
    values = values_of(config, &items[0], false); /* the first is the one due first */
    set(values, "closed", closed_text(items, count));
    if (count > 1 || closing) {
        duties = json_array();
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(duties, values_of(config, &items[i], true));
            if (is_full(&items[i]))
                json_object_set(values, "privacy", json_object_get(json_array_get(duties, i), "privacy"));
            content = is_full(&items[i]) ? DISCLOSURE_FULL : content;
        }
        json_object_set_new(values, "duties", duties);
    }
    fault = notice_render(template->text, template->len, values, &notice);
    json_decref(values);
    if (fault == NULL)
        *ret = (struct dispatch_text){.subject = notice.subject,
                                      .text = notice.text,
                                      .html = notice.html,
                                      .template = template->name,
                                      .template_hash = template->hash,
                                      .content = content};
    return fault;
}

/* An endpoint that is not in the configuration any more has the standard form; it fails all the same. */
char *dispatch_text_body(const struct webhook_endpoint *endpoint, const struct webhook_said *said)
{
    enum webhook_kind kind = endpoint != NULL ? endpoint->kind : WEBHOOK_STANDARD;

    if (kind == WEBHOOK_TEAMS)
        return webhook_body_teams(said);
    if (kind == WEBHOOK_STANDARD)
        return webhook_body_standard(said);
    return webhook_body_notify(said, kind,
                               &(struct webhook_template){endpoint->template_id, endpoint->to, endpoint->personalisation});
}

void dispatch_text_webhook(const struct config *config, const struct webhook_endpoint *endpoint,
                           const struct dispatch_item *item, const char *uid, struct dispatch_text *ret)
{
    json_t *words = values_of(config, item, false);
    char *cites = cites_text(config, item);
    struct webhook_said said = {.duty_id = item->duty_id,
                                .child_id = item->child_id,
                                .case_ref = item->case_ref,
                                .duty = item->duty,
                                .title = item->title,
                                .says = is_duty(item) ? item->says : json_text_at(words, "title"),
                                .kind = item->kind,
                                .role = item->role,
                                .cites = cites,
                                .authority = config->authority,
                                .step = item->step,
                                .immediate = item->immediate,
                                .due_at = item->due_at,
                                .received_at = item->received_at,
                                .words = words,
                                .uid = uid};

    *ret = (struct dispatch_text){.text = dispatch_text_body(endpoint, &said)};
    free(cites);
    json_decref(words);
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
    free(text->calendar);
    *text = (struct dispatch_text){0};
}
