/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a test message: no template of the installation, so that it can be sent while one of those is wrong. */
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "told/mem.h"
#include "told/notice.h"

static const char TEMPLATE[] = "Subject: Test message from told for {{authority}}\n"
                               "\n"
                               "**This is a test. Nobody has to do anything.**\n"
                               "\n"
                               "An operator of told for {{authority}} sent it on {{at}} to see that messages arrive here."
                               " It is about no child and no case.\n"
                               "\n"
                               "If you did not expect it, tell your told operators, with the reference {{reference}}.\n";

char *dispatch_test_email(const struct config *config, const char *uid, struct instant at, struct dispatch_text *ret)
{
    char when[INSTANT_TEXT_SIZE];
    json_t *values = json_pack("{s:s, s:s, s:s}", "authority", config->authority, "at", instant_print(at, when),
                               "reference", uid);
    struct notice notice = {0};
    char *fault = notice_render(TEMPLATE, strlen(TEMPLATE), values, &notice);

    json_decref(values);
    if (fault == NULL)
        *ret = (struct dispatch_text){.subject = notice.subject, .text = notice.text, .html = notice.html};
    return fault;
}

/* In the form the endpoint wants: a card or a template is about nothing too. */
static char *other_body(const struct config *config, const struct webhook_endpoint *endpoint, const char *uid)
{
    json_t *words = json_pack("{s:s, s:s, s:s, s:s}", "title", "this is a test of told, and nobody has to do anything", "event",
                              "test message", "reference", "test", "authority", config->authority);
    char *body = dispatch_text_body(endpoint, &(struct webhook_said){.kind = "copy", .words = words, .uid = uid});

    json_decref(words);
    return body;
}

void dispatch_test_webhook(const struct config *config, const struct webhook_endpoint *endpoint, const char *uid,
                           struct instant at, struct dispatch_text *ret)
{
    char when[INSTANT_TEXT_SIZE];
    json_t *root;

    if (endpoint != NULL && endpoint->kind != WEBHOOK_STANDARD) {
        ret->text = other_body(config, endpoint, uid);
        return;
    }
    root = json_pack("{s:s, s:s, s:{s:s, s:s}}", "type", "told.test", "timestamp", instant_print(at, when), "data",
                     "authority", config->authority, "reference", uid);
    ret->text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
}
