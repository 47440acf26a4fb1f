/* SPDX-License-Identifier: Apache-2.0 */
#include "notice_text.h"

#include <stdbool.h>
#include <string.h>

#define INDENT_MOST 40 /* deeper nesting is printed no further to the right, so that words keep room */

static size_t columns_of(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

/* The longest beginning of text with at most `most` code points. */
static size_t fitting(const char *text, size_t len, size_t most)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80 && columns++ == most)
            return i;
    return len;
}

static void end_line(struct buf *out)
{
    while (out->len > 0 && out->bytes[out->len - 1] == ' ')
        out->bytes[--out->len] = '\0';
    buf_char(out, '\n');
}

/* ---- words to lines ---- */

struct wrap {
    struct buf *out;
    const char *rest; /* what the second and later lines begin with */
    size_t column;    /* where the next byte goes */
    bool fresh;       /* nothing but the beginning is on this line */
};

static void wrap_break(struct wrap *w)
{
    end_line(w->out);
    buf_text(w->out, w->rest);
    w->column = columns_of(w->rest, strlen(w->rest));
    w->fresh = true;
}

static void wrap_word(struct wrap *w, const char *word, size_t len)
{
    size_t columns = columns_of(word, len);
    if (!w->fresh && w->column + 1 + columns > NOTICE_TEXT_COLUMNS)
        wrap_break(w);
    if (!w->fresh) {
        buf_char(w->out, ' ');
        w->column++;
    }
    for (;;) {
        size_t part = fitting(word, len, NOTICE_TEXT_COLUMNS - w->column);
        buf_append(w->out, word, part);
        w->column += columns_of(word, part);
        w->fresh = false;
        word += part;
        len -= part;
        if (len == 0)
            return;
        wrap_break(w);
    }
}

static void print_wrapped(struct buf *out, const char *text, const char *first, const char *rest)
{
    struct wrap w = {.out = out, .rest = rest, .column = columns_of(first, strlen(first)), .fresh = true};
    buf_text(out, first);
    for (const char *at = text; *at;) {
        size_t blanks = strspn(at, " \t"), word = strcspn(at + blanks, " \t\n");
        at += blanks;
        if (word)
            wrap_word(&w, at, word);
        at += word;
        if (*at == '\n') {
            wrap_break(&w);
            at++;
        }
    }
    end_line(out);
}

/* ---- inlines to one string; a hard break is a line feed ---- */

static void print_inlines(cmark_node *parent, struct buf *out)
{
    for (cmark_node *node = cmark_node_first_child(parent); node; node = cmark_node_next(node)) {
        size_t start = out->len;
        switch (cmark_node_get_type(node)) {
        case CMARK_NODE_TEXT:
        case CMARK_NODE_CODE:
            buf_text(out, cmark_node_get_literal(node));
            break;
        case CMARK_NODE_SOFTBREAK:
            buf_char(out, ' ');
            break;
        case CMARK_NODE_LINEBREAK:
            buf_char(out, '\n');
            break;
        case CMARK_NODE_LINK:
            print_inlines(node, out);
            if (strcmp(buf_string(out) + start, cmark_node_get_url(node)) != 0)
                buf_printf(out, " (%s)", cmark_node_get_url(node));
            break;
        default:
            print_inlines(node, out);
        }
    }
}

/* ---- blocks ---- */

static void print_blocks(cmark_node *parent, struct buf *out, const char *first, const char *rest,
                         bool tight);

static void print_heading(cmark_node *node, const char *text, struct buf *out, const char *first,
                          const char *rest)
{
    size_t len = strlen(text), indent = columns_of(rest, strlen(rest));
    while (len > 0 && text[len - 1] == ' ')
        len--;
    size_t columns = columns_of(text, len);
    print_wrapped(out, text, first, rest);
    buf_text(out, rest);
    for (size_t i = 0; i < columns && i < NOTICE_TEXT_COLUMNS - indent; i++)
        buf_char(out, cmark_node_get_heading_level(node) == 1 ? '=' : '-');
    end_line(out);
}

static void print_code(const char *literal, struct buf *out, const char *first, const char *rest)
{
    size_t room = NOTICE_TEXT_COLUMNS - 4 - columns_of(rest, strlen(rest));
    const char *begin = first;
    for (const char *at = literal; *at;) {
        size_t line = strcspn(at, "\n"), part = fitting(at, line, room);
        buf_printf(out, "%s    %.*s", begin, (int)part, at);
        end_line(out);
        begin = rest;
        at += part;
        if (part == line && *at == '\n')
            at++;
    }
}

/* Both beginnings longer by a marker and by blanks of its width. */
static void print_nested(cmark_node *node, struct buf *out, const char *first, const char *rest,
                         const char *marker, const char *below, bool tight)
{
    struct buf inner_first = {0}, inner_rest = {0};
    bool deep = columns_of(rest, strlen(rest)) > INDENT_MOST;
    buf_printf(&inner_first, "%s%s", first, deep ? "" : marker);
    buf_printf(&inner_rest, "%s%s", rest, deep ? "" : below);
    print_blocks(node, out, buf_string(&inner_first), buf_string(&inner_rest), tight);
    buf_release(&inner_rest);
    buf_release(&inner_first);
}

static void print_list(cmark_node *list, struct buf *out, const char *first, const char *rest)
{
    int number = cmark_node_get_list_start(list);
    bool ordered = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST,
         tight = cmark_node_get_list_tight(list);
    for (cmark_node *node = cmark_node_first_child(list); node; node = cmark_node_next(node)) {
        struct buf marker = {0}, below = {0};
        if (ordered)
            buf_printf(&marker, "%d. ", number++);
        else
            buf_text(&marker, "- ");
        for (size_t i = 0; i < marker.len; i++)
            buf_char(&below, ' ');
        print_nested(node, out, first, rest, buf_string(&marker), buf_string(&below), tight);
        first = rest;
        if (!tight && cmark_node_next(node)) {
            buf_text(out, rest);
            end_line(out);
        }
        buf_release(&below);
        buf_release(&marker);
    }
}

static void print_block(cmark_node *node, struct buf *out, const char *first, const char *rest)
{
    struct buf text = {0};
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HEADING:
        print_inlines(node, &text);
        print_heading(node, buf_string(&text), out, first, rest);
        break;
    case CMARK_NODE_LIST:
        print_list(node, out, first, rest);
        break;
    case CMARK_NODE_BLOCK_QUOTE:
        print_nested(node, out, first, rest, "> ", "> ", false);
        break;
    case CMARK_NODE_CODE_BLOCK:
        print_code(cmark_node_get_literal(node), out, first, rest);
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        buf_printf(out, "%s---\n", first);
        break;
    default:
        print_inlines(node, &text);
        print_wrapped(out, buf_string(&text), first, rest);
    }
    buf_release(&text);
}

static void print_blocks(cmark_node *parent, struct buf *out, const char *first, const char *rest, bool tight)
{
    for (cmark_node *node = cmark_node_first_child(parent); node; node = cmark_node_next(node)) {
        if (!tight && cmark_node_previous(node)) {
            buf_text(out, rest);
            end_line(out);
        }
        print_block(node, out, first, rest);
        first = rest;
    }
}

void notice_text_print(cmark_node *root, struct buf *out)
{
    print_blocks(root, out, "", "", false);
}
