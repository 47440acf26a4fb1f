/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a message says. A Markdown template is parsed first (cmark); values are put into text nodes of the parsed
 * tree, so a value can never become markup.
 *
 * A template file: first line "Subject: …", an empty line, then Markdown. {{name}} stands for a value, in the subject
 * and in text. A paragraph or list item whose only content is {{name}} and whose value is empty is dropped.
 * {{#name}} … {{/name}} around blocks (each alone in its paragraph) repeats them for each item of a list.
 */
#ifndef TOLD_NOTICE_H
#define TOLD_NOTICE_H

#include "told/json.h"

struct notice {
    char *subject; /* ASCII, one line */
    char *text;    /* text/plain, UTF-8, lines of at most 78 columns */
    char *html;    /* text/html, UTF-8, a whole document, no remote content */
};

/* values: object of strings, and of arrays of such objects. NULL on success; else the reason (caller frees): unknown
 * placeholder, unclosed list, subject not ASCII or with a byte that is no header's. */
char *notice_render(const char *template_text, size_t len, const json_t *values, struct notice *ret);
void notice_release(struct notice *notice);
/* Checks a template against the names a caller will give: NULL or the reason with its line (caller frees). */
char *notice_validate(const char *template_text, size_t len, const char *const *names);

#endif
