/* SPDX-License-Identifier: Apache-2.0 */
#include "told/notice.h"

#include "notice_fill.h"
#include "notice_text.h"
#include "told/buf.h"
#include "told/disclosure.h"
#include "told/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_WORD "Subject: "
#define SUBJECT_MOST 200 /* what address_validate_header takes */

struct source {
    char *subject;    /* owned; with placeholders */
    const char *body; /* into the template */
    size_t body_len;
    int body_line; /* the file's line of the body's first */
};

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* Takes "Subject: …", an empty line and the rest apart; NULL or the reason. */
static char *source_split(const char *text, size_t len, struct source *ret)
{
    size_t word = strlen(SUBJECT_WORD);
    const char *end = memchr(text, '\n', len);
    if (memchr(text, '\0', len))
        return mem_copy("line 1: a NUL byte; a template is a text file");
    if (!end || len < word || memcmp(text, SUBJECT_WORD, word) != 0)
        return mem_copy("line 1: no \"Subject: …\"; a template begins with its subject");
    size_t line_len = (size_t)(end - text), rest = len - line_len - 1;
    bool is_crlf = line_len > word && text[line_len - 1] == '\r';
    size_t blank = rest >= 2 && !memcmp(end + 1, "\r\n", 2) ? 2 : rest >= 1 && end[1] == '\n' ? 1 : 0;
    if (rest > 0 && !blank)
        return mem_copy("line 2: not empty; one empty line parts the subject from the text");
    char *subject = mem_copy_n(text + word, line_len - word - (is_crlf ? 1 : 0));
    if (!is_printable(subject)) {
        free(subject);
        return mem_copy(
            "line 1: the subject is not plain ASCII; write it without accents and control characters");
    }
    *ret = (struct source){
        .subject = subject, .body = end + 1 + blank, .body_len = rest - blank, .body_line = 3};
    return NULL;
}

static cmark_node *source_parse(const struct source *source)
{
    cmark_node *root = cmark_parse_document(source->body, source->body_len, CMARK_OPT_VALIDATE_UTF8);
    cmark_consolidate_text_nodes(root); /* the parser cuts text at every '_', names have some */
    return root;
}

/* The template is ours and must be ASCII; a value may be another's reference, and a notice that is never sent
 * for an odd letter in it would be worse than a '?' in the subject. */
static void make_header(struct buf *text)
{
    size_t to = 0;
    bool in_blank = true;
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->bytes[i];
        bool is_blank = c <= 0x20 || c == 0x7f, is_tail = (c & 0xc0) == 0x80;
        if (!is_tail && !(is_blank && in_blank))
            text->bytes[to++] = is_blank ? ' ' : c > 0x7e ? '?' : (char)c;
        in_blank = is_blank;
    }
    while (to > 0 && text->bytes[to - 1] == ' ')
        to--;
    text->len = to;
    if (to > SUBJECT_MOST) {
        memcpy(text->bytes + SUBJECT_MOST - 3, "...", 3);
        text->len = SUBJECT_MOST;
    }
    if (text->bytes)
        text->bytes[text->len] = '\0';
}

/* A subject is shown on locked screens and kept in the logs of every server on its way. */
static char *refuse_names(const char *subject)
{
    for (size_t i = 0; DISCLOSURE_NAMES[i]; i++) {
        char *placeholder = mem_printf("{{%s}}", DISCLOSURE_NAMES[i]);
        bool found = strstr(subject, placeholder) != NULL;
        char *reason =
            found ? mem_printf("%s in the subject; a subject names nobody, use it in the text", placeholder) : NULL;
        free(placeholder);
        if (reason)
            return reason;
    }
    return NULL;
}

static char *fill_subject(const struct source *source, const struct notice_scope *scope, struct buf *subject)
{
    char *reason = refuse_names(source->subject);
    if (!reason)
        reason = notice_fill_text(source->subject, scope, subject);
    if (reason) {
        char *with_line = mem_printf("line 1: %s", reason);
        free(reason);
        return with_line;
    }
    make_header(subject);
    return subject->len ? NULL : mem_copy("line 1: the subject is empty");
}

static void append_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            buf_text(out, "&amp;");
        else if (*text == '<')
            buf_text(out, "&lt;");
        else if (*text == '>')
            buf_text(out, "&gt;");
        else
            buf_char(out, *text);
    }
}

static char *print_html(cmark_node *root, const char *subject)
{
    struct buf out = {0};
    char *body =
        cmark_render_html(root, CMARK_OPT_DEFAULT); /* not UNSAFE: raw HTML and script links are left out */
    buf_text(&out, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    append_escaped(&out, subject);
    buf_text(&out,
             "</title>\n</head>\n<body style=\"font-family: Arial, Helvetica, sans-serif; font-size: 16px; "
             "line-height: 1.5; color: #0b0c0c; background: #ffffff; max-width: 40em; padding: 1em\">\n");
    buf_text(&out, body);
    buf_text(&out, "</body>\n</html>\n");
    free(body);
    return buf_take(&out);
}

char *notice_render(const char *template_text, size_t len, const json_t *values, struct notice *ret)
{
    struct notice_scope scope = {.values = values};
    struct source source = {0};
    struct buf subject = {0}, text = {0};
    cmark_node *parsed = NULL, *filled = NULL;

    char *reason = json_is_object(values) ? source_split(template_text, len, &source)
                                          : mem_copy("the values are no object");
    if (!reason)
        reason = fill_subject(&source, &scope, &subject);
    if (reason)
        goto done;
    parsed = source_parse(&source);
    filled = notice_fill_tree(parsed, source.body_line, &scope, &reason);
    if (!filled)
        goto done;
    notice_text_print(filled, &text);
    ret->html = print_html(filled, buf_string(&subject));
    ret->text = text.len ? buf_take(&text) : mem_copy("");
    ret->subject = buf_take(&subject);

done:
    if (filled)
        cmark_node_free(filled);
    if (parsed)
        cmark_node_free(parsed);
    buf_release(&text);
    buf_release(&subject);
    free(source.subject);
    return reason;
}

void notice_release(struct notice *notice)
{
    if (!notice)
        return;
    free(notice->subject);
    free(notice->text);
    free(notice->html);
    *notice = (struct notice){0};
}

char *notice_validate(const char *template_text, size_t len, const char *const *names)
{
    struct notice_scope scope = {.names = names};
    struct source source = {0};
    struct buf subject = {0};
    cmark_node *parsed = NULL, *filled = NULL;

    char *reason = source_split(template_text, len, &source);
    if (!reason)
        reason = fill_subject(&source, &scope, &subject);
    if (reason)
        goto done;
    parsed = source_parse(&source);
    filled = notice_fill_tree(parsed, source.body_line, &scope, &reason);
    if (filled && !cmark_node_first_child(filled))
        reason = mem_copy("line 3: no text; a notice says what to do and by when");

done:
    if (filled)
        cmark_node_free(filled);
    if (parsed)
        cmark_node_free(parsed);
    buf_release(&subject);
    free(source.subject);
    return reason;
}
