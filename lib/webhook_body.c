/* SPDX-License-Identifier: Apache-2.0 */
#include "told/webhook_body.h"

#include <stdlib.h>
#include <string.h>

#include "notice_fill.h"
#include "told/mem.h"

const char *const WEBHOOK_WORDS[] = {"reference", "case",      "child", "title", "due",       "due_short", "immediate_note",
                                     "event",     "told_next", "why",   "role",  "authority", "link",      NULL};

bool webhook_word_is_known(const char *name)
{
    for (size_t i = 0; WEBHOOK_WORDS[i] != NULL; i++)
        if (strcmp(WEBHOOK_WORDS[i], name) == 0)
            return true;
    return false;
}

static json_t *take(char *text)
{
    json_t *value = json_string(text);

    free(text);
    return value;
}

static json_t *print_instant(struct instant at)
{
    char text[INSTANT_TEXT_SIZE];

    return json_string(instant_print(at, text));
}

/* Without the marks that hide or turn text round: a case reference is another's. */
static char *word(const struct webhook_said *said, const char *name)
{
    struct notice_scope scope = {.values = said->words};
    char *placeholder = mem_printf("{{%s}}", name), *reason, *clean;
    struct buf text = {0};

    reason = webhook_word_is_known(name) ? notice_fill_text(placeholder, &scope, &text) : NULL;
    free(reason); /* a word that was not given is empty */
    free(placeholder);
    clean = mem_copy(buf_string(&text));
    buf_release(&text);
    return clean;
}

static char *print_json(json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);

    json_decref(root);
    return text;
}

/* ---- Standard Webhooks: "type", "timestamp", "data" ---- */

char *webhook_body_standard(const struct webhook_said *said)
{
    json_t *root = json_object(), *data = json_object();

    json_object_set_new(data, "reference", take(mem_printf("D-%lld", (long long)said->duty_id)));
    json_object_set_new(data, "child", said->child_id != 0 ? take(mem_printf("C-%lld", (long long)said->child_id))
                                                           : json_string("not known yet"));
    json_object_set_new(data, "case", said->case_ref != NULL ? json_string(said->case_ref) : json_null());
    json_object_set_new(data, "duty", json_string(said->duty));
    json_object_set_new(data, "title", json_string(said->title));
    json_object_set_new(data, "says", json_string(said->says));
    json_object_set_new(data, "cites", json_string(said->cites));
    json_object_set_new(data, "kind", json_string(said->kind));
    json_object_set_new(data, "role", json_string(said->role));
    json_object_set_new(data, "step", json_integer(said->step));
    json_object_set_new(data, "immediate", json_boolean(said->immediate));
    json_object_set_new(data, "authority", json_string(said->authority));
    json_object_set_new(data, "due_at", print_instant(said->due_at));
    json_object_set_new(data, "received_at", print_instant(said->received_at));
    json_object_set_new(root, "type", json_string("told.notification"));
    json_object_set_new(root, "timestamp", print_instant(said->received_at));
    json_object_set_new(root, "data", data);
    return print_json(root);
}

/* ---- Teams: runs of rich text, for a TextBlock would read Markdown, and a link in a case reference with it ---- */

static json_t *run(const char *text, bool bold)
{
    json_t *run = json_pack("{s:s, s:s}", "type", "TextRun", "text", text);

    if (bold)
        json_object_set_new(run, "weight", json_string("Bolder"));
    return run;
}

static void add_line(json_t *body, const char *label, char *text)
{
    json_t *runs = json_array();

    if (*text != '\0') {
        if (*label != '\0')
            json_array_append_new(runs, run(label, true));
        json_array_append_new(runs, run(text, *label == '\0'));
        json_array_append_new(body, json_pack("{s:s, s:O}", "type", "RichTextBlock", "inlines", runs));
    }
    json_decref(runs);
    free(text);
}

static json_t *card_of(const struct webhook_said *said)
{
    json_t *body = json_array(), *card;
    char *link = word(said, "link"), *due = word(said, "due"), *title = word(said, "title"), *reference = word(said, "reference");

    /* A copy and a correction ask nothing of whoever reads them. */
    if (strcmp(said->kind, "copy") == 0)
        add_line(body, "", mem_printf("For your information: %s", title));
    else if (strcmp(said->kind, "correction") == 0)
        add_line(body, "", mem_printf("Taken back, nothing to do: %s", title));
    else
        add_line(body, "", mem_printf("Act by %s: %s", due, title));
    add_line(body, "", word(said, "immediate_note"));
    add_line(body, "What happened: ", word(said, "event"));
    add_line(body, "Case: ", word(said, "case"));
    add_line(body, "Reference: ", mem_copy(reference));
    add_line(body, "What comes next: ", word(said, "told_next"));
    add_line(body, "Why: ", word(said, "why"));
    card = json_pack("{s:s, s:s, s:s, s:o}", "$schema", "http://adaptivecards.io/schemas/adaptive-card.json", "type",
                     "AdaptiveCard", "version", "1.4", "body", body);
    if (*link != '\0') {
        char *open = mem_printf("Open %s in told", reference);

        json_object_set_new(card, "actions",
                            json_pack("[{s:s, s:s, s:s}]", "type", "Action.OpenUrl", "title", open, "url", link));
        free(open);
    }
    free(link);
    free(due);
    free(title);
    free(reference);
    return card;
}

char *webhook_body_teams(const struct webhook_said *said)
{
    return print_json(json_pack("{s:s, s:[{s:s, s:n, s:o}]}", "type", "message", "attachments", "contentType",
                                "application/vnd.microsoft.card.adaptive", "contentUrl", "content", card_of(said)));
}

/* ---- GOV.UK Notify ---- */

char *webhook_body_notify(const struct webhook_said *said, enum webhook_kind kind, const struct webhook_template *template)
{
    json_t *root = json_object(), *given = json_object();

    for (char *const *name = template->personalisation; name != NULL && *name != NULL; name++) {
        const char *equals = strchr(*name, '=');
        char *theirs = mem_copy_n(*name, equals != NULL ? (size_t)(equals - *name) : strlen(*name));

        json_object_set_new(given, theirs, take(word(said, equals != NULL ? equals + 1 : *name)));
        free(theirs);
    }
    json_object_set_new(root, kind == WEBHOOK_NOTIFY_SMS ? "phone_number" : "email_address", json_string(template->to));
    json_object_set_new(root, "template_id", json_string(template->id));
    json_object_set_new(root, "personalisation", given);
    json_object_set_new(root, "reference", json_string(said->uid));
    return print_json(root);
}

const char *webhook_body_path(enum webhook_kind kind)
{
    switch (kind) {
    case WEBHOOK_NOTIFY_EMAIL:
        return "/v2/notifications/email";
    case WEBHOOK_NOTIFY_SMS:
        return "/v2/notifications/sms";
    case WEBHOOK_STANDARD:
    case WEBHOOK_TEAMS:
        break;
    }
    return "";
}
