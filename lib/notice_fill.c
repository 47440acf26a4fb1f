/* SPDX-License-Identifier: Apache-2.0 */
#include "notice_fill.h"

#include "told/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MOST 32 /* of nested blocks and lists; no notice needs more and the walk is recursive */
#define NAME_MOST 40

struct fill {
    int first_line;
    int depth;
    char *reason; /* owned; the first fault stops the walk */
};

static void fill_fail(struct fill *f, int line, char *what)
{
    if (!f->reason)
        f->reason = mem_printf("line %d: %s", line > 0 ? line + f->first_line - 1 : f->first_line, what);
    free(what);
}

/* ---- names and values ---- */

static size_t name_length(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n <= NAME_MOST ? n : 0;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

/* The value as the innermost scope has it; in a check of names, NULL with *ret_known. */
static const json_t *scope_find(const struct notice_scope *scope, const char *name, bool *ret_known)
{
    for (; scope; scope = scope->outer) {
        const json_t *value = scope->values ? json_object_get(scope->values, name) : NULL;
        *ret_known = value || (!scope->values && is_listed(scope->names, name));
        if (*ret_known)
            return value;
    }
    return NULL;
}

/* Length of the UTF-8 sequence at s and its code point; bytes that are no UTF-8 count one each as U+FFFD. */
static size_t sequence_at(const unsigned char *s, size_t left, uint32_t *ret_point)
{
    size_t len = *s < 0x80                 ? 1
                 : *s >= 0xc2 && *s < 0xe0 ? 2
                 : *s >= 0xe0 && *s < 0xf0 ? 3
                 : *s >= 0xf0 && *s < 0xf5 ? 4
                                           : 0;
    *ret_point = 0xfffd;
    if (!len || len > left)
        return 1;
    uint32_t point = len == 1 ? *s : *s & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 1;
        point = point << 6 | (s[i] & 0x3fu);
    }
    if ((len == 3 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) ||
        (len == 4 && (point < 0x10000 || point > 0x10ffff)))
        return 1;
    *ret_point = point;
    return len;
}

/* Marks that are invisible or turn the reading order round: a reference must look like what it is. */
static bool is_unseen(uint32_t point)
{
    return point == 0xad || point == 0x061c || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
           (point >= 0xfff9 && point <= 0xfffb) || (point >= 0xe0000 && point <= 0xe0fff);
}

static bool is_blank_point(uint32_t point)
{
    return point <= 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0x2028 || point == 0x2029;
}

static void append_clean(struct buf *out, const char *value)
{
    size_t left = strlen(value);
    for (const unsigned char *s = (const unsigned char *)value; left > 0;) {
        uint32_t point;
        size_t len = sequence_at(s, left, &point);
        if (is_blank_point(point))
            buf_char(out, ' ');
        else if (point == 0xfffd)
            buf_text(out, "\xef\xbf\xbd");
        else if (!is_unseen(point))
            buf_append(out, s, len);
        s += len;
        left -= len;
    }
}

/* text is behind "{{"; *ret_len is what the placeholder takes up with its "}}". */
static char *append_placeholder(const char *text, const struct notice_scope *scope, struct buf *out,
                                size_t *ret_len)
{
    size_t len = name_length(text);
    if (!len || strncmp(text + len, "}}", 2) != 0)
        return mem_printf("'{{' without a name in small letters and '}}'; %s",
                          "a list's {{#name}} and {{/name}} stand alone in a paragraph");
    char name[NAME_MOST + 1] = "";
    memcpy(name, text, len);
    bool known = false;
    const json_t *value = scope_find(scope, name, &known);
    if (!known)
        return mem_printf("unknown placeholder {{%s}}; use a name this notice is given", name);
    if (value && !json_is_string(value))
        return mem_printf("{{%s}} is no text; a list is written {{#%s}} and {{/%s}}", name, name, name);
    append_clean(out, value ? json_string_value(value) : "x");
    *ret_len = len + 2;
    return NULL;
}

char *notice_fill_text(const char *text, const struct notice_scope *scope, struct buf *out)
{
    for (const char *at = text;;) {
        const char *open = strstr(at, "{{");
        if (!open) {
            buf_text(out, at);
            return NULL;
        }
        buf_append(out, at, (size_t)(open - at));
        size_t len = 0;
        char *reason = append_placeholder(open + 2, scope, out, &len);
        if (reason)
            return reason;
        at = open + 2 + len;
    }
}

/* ---- the tree ---- */

static void copy_list(cmark_node *from, cmark_node *to)
{
    cmark_node_set_list_type(to, cmark_node_get_list_type(from));
    if (cmark_node_get_list_type(from) == CMARK_ORDERED_LIST) {
        cmark_node_set_list_delim(to, cmark_node_get_list_delim(from));
        cmark_node_set_list_start(to, cmark_node_get_list_start(from));
    }
    cmark_node_set_list_tight(to, cmark_node_get_list_tight(from));
}

/* A whole URL of a page: what a value may be where a link leads. */
static bool is_page(const char *url)
{
    return (!strncmp(url, "https://", 8) || !strncmp(url, "http://", 7)) && !strpbrk(url, " <>\"\r\n\t");
}

/* [text]({{link}}): of all values this one alone may say where a link leads, for it is ours; an empty one drops the link. */
static void copy_destination(struct fill *f, cmark_node *from, const struct notice_scope *scope, cmark_node *to)
{
    struct buf url = {0};
    char *reason = notice_fill_text(cmark_node_get_url(from), scope, &url);
    if (!reason && scope->values && url.len && !is_page(buf_string(&url)))
        reason = mem_copy("a link whose value is no http:// or https:// URL");
    if (reason)
        fill_fail(f, cmark_node_get_start_line(from), reason);
    cmark_node_set_url(to, buf_string(&url));
    buf_release(&url);
}

static void copy_link(struct fill *f, cmark_node *from, const struct notice_scope *scope, cmark_node *to)
{
    const char *url = cmark_node_get_url(from), *title = cmark_node_get_title(from);
    bool is_value = !strcmp(url, "{{link}}");
    if ((strstr(url, "{{") && !is_value) || strstr(title, "{{"))
        fill_fail(f, cmark_node_get_start_line(from),
                  mem_copy("a placeholder in a link; it leads to ({{link}}) or to a fixed page"));
    else if (is_value)
        copy_destination(f, from, scope, to);
    else
        cmark_node_set_url(to, url);
    cmark_node_set_title(to, title);
}

static void copy_literal(struct fill *f, cmark_node *from, const struct notice_scope *scope, cmark_node *to)
{
    struct buf text = {0};
    char *reason = notice_fill_text(cmark_node_get_literal(from), scope, &text);
    if (reason)
        fill_fail(f, cmark_node_get_start_line(from), reason);
    cmark_node_set_literal(to, buf_string(&text));
    buf_release(&text);
}

/* The node without its children; what a notice may not hold is a fault. */
static cmark_node *copy_node(struct fill *f, cmark_node *from, const struct notice_scope *scope)
{
    cmark_node_type type = cmark_node_get_type(from);
    cmark_node *to = cmark_node_new(type);
    cmark_node_set_user_data(to, from);
    switch (type) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
    case CMARK_NODE_CODE_BLOCK:
        copy_literal(f, from, scope, to);
        break;
    case CMARK_NODE_HEADING:
        cmark_node_set_heading_level(to, cmark_node_get_heading_level(from));
        break;
    case CMARK_NODE_LIST:
        copy_list(from, to);
        break;
    case CMARK_NODE_LINK:
        copy_link(f, from, scope, to);
        break;
    case CMARK_NODE_IMAGE:
        fill_fail(f, cmark_node_get_start_line(from),
                  mem_copy("an image; a notice loads nothing from elsewhere"));
        break;
    case CMARK_NODE_HTML_BLOCK:
    case CMARK_NODE_HTML_INLINE:
        fill_fail(f, cmark_node_get_start_line(from), mem_copy("HTML; write Markdown"));
        break;
    default:
        break;
    }
    return to;
}

static bool has_ink(cmark_node *node)
{
    const char *literal = cmark_node_get_literal(node);
    if (literal && literal[strspn(literal, " \t\r\n")])
        return true;
    for (cmark_node *child = cmark_node_first_child(node); child; child = cmark_node_next(child))
        if (has_ink(child))
            return true;
    return false;
}

/* Whether the node had something to say in the template and says nothing with these values. */
static bool is_emptied(cmark_node *from, cmark_node *to)
{
    switch (cmark_node_get_type(from)) {
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
    case CMARK_NODE_EMPH:
    case CMARK_NODE_STRONG:
        return !has_ink(to);
    case CMARK_NODE_LINK:
        return !has_ink(to) || (*cmark_node_get_url(from) && !*cmark_node_get_url(to));
    case CMARK_NODE_ITEM:
    case CMARK_NODE_LIST:
    case CMARK_NODE_BLOCK_QUOTE:
        return !cmark_node_first_child(to) && cmark_node_first_child(from);
    default:
        return false;
    }
}

/* "{{#name}}" (kind '#') or "{{/name}}" (kind '/') alone in a paragraph. */
static bool is_marker(cmark_node *node, char kind, char ret_name[NAME_MOST + 1])
{
    cmark_node *text = cmark_node_first_child(node);
    if (cmark_node_get_type(node) != CMARK_NODE_PARAGRAPH || !text || cmark_node_next(text) ||
        cmark_node_get_type(text) != CMARK_NODE_TEXT)
        return false;
    const char *literal = cmark_node_get_literal(text);
    if (strncmp(literal, "{{", 2) != 0 || literal[2] != kind)
        return false;
    size_t len = name_length(literal + 3);
    if (!len || strcmp(literal + 3 + len, "}}") != 0)
        return false;
    memcpy(ret_name, literal + 3, len);
    ret_name[len] = '\0';
    return true;
}

static cmark_node *find_close(cmark_node *open, const char *name)
{
    char other[NAME_MOST + 1];
    size_t inside = 0;
    for (cmark_node *node = cmark_node_next(open); node; node = cmark_node_next(node)) {
        if (is_marker(node, '#', other) && !strcmp(other, name))
            inside++;
        else if (is_marker(node, '/', other) && !strcmp(other, name) && inside-- == 0)
            return node;
    }
    return NULL;
}

static void fill_siblings(struct fill *f, cmark_node *from, cmark_node *end, const struct notice_scope *scope,
                          cmark_node *to);

/* Copies from open to its close once for each item; the node to go on behind, NULL after a fault. */
static cmark_node *fill_list(struct fill *f, cmark_node *open, const char *name,
                             const struct notice_scope *scope, cmark_node *to)
{
    int line = cmark_node_get_start_line(open);
    cmark_node *close = find_close(open, name);
    bool known = false;
    const json_t *items = scope_find(scope, name, &known);
    if (!close)
        fill_fail(f, line,
                  mem_printf("{{#%s}} without {{/%s}} after it, alone in its paragraph", name, name));
    else if (!known)
        fill_fail(f, line, mem_printf("unknown list {{#%s}}; use a name this notice is given", name));
    else if (!items)
        fill_siblings(f, cmark_node_next(open), close, scope, to);
    else if (!json_is_array(items))
        fill_fail(f, line, mem_printf("{{#%s}} is no list; a text is written {{%s}}", name, name));
    for (size_t i = 0; !f->reason && i < json_array_size(items); i++) {
        struct notice_scope inner = {.values = json_array_get(items, i), .outer = scope};
        fill_siblings(f, cmark_node_next(open), close, &inner, to);
    }
    return f->reason ? NULL : close;
}

/* A Markdown list inside {{#name}} gives one list of all its items, not a list for each. */
static void append_block(cmark_node *to, cmark_node *block)
{
    cmark_node *last = cmark_node_last_child(to), *child;
    if (!last || cmark_node_get_type(block) != CMARK_NODE_LIST ||
        cmark_node_get_user_data(last) != cmark_node_get_user_data(block)) {
        cmark_node_append_child(to, block);
        return;
    }
    while ((child = cmark_node_first_child(block)))
        cmark_node_append_child(last, child);
    cmark_node_free(block);
}

static void fill_node(struct fill *f, cmark_node *from, const struct notice_scope *scope, cmark_node *to)
{
    cmark_node *copy = copy_node(f, from, scope);
    fill_siblings(f, cmark_node_first_child(from), NULL, scope, copy);
    if (f->reason || is_emptied(from, copy))
        cmark_node_free(copy);
    else
        append_block(to, copy);
}

static void fill_siblings(struct fill *f, cmark_node *from, cmark_node *end, const struct notice_scope *scope,
                          cmark_node *to)
{
    char name[NAME_MOST + 1];
    if (++f->depth > DEPTH_MOST && from)
        fill_fail(f, cmark_node_get_start_line(from),
                  mem_copy("nested too deeply; a notice is a simple page"));
    for (cmark_node *node = from; node && node != end && !f->reason; node = cmark_node_next(node)) {
        if (is_marker(node, '#', name)) {
            if (!(node = fill_list(f, node, name, scope, to)))
                break;
        } else if (is_marker(node, '/', name)) {
            fill_fail(f, cmark_node_get_start_line(node),
                      mem_printf("{{/%s}} without {{#%s}} before it", name, name));
        } else {
            fill_node(f, node, scope, to);
        }
    }
    f->depth--;
}

cmark_node *notice_fill_tree(cmark_node *template_root, int first_line, const struct notice_scope *scope,
                             char **ret_reason)
{
    struct fill f = {.first_line = first_line};
    cmark_node *root = cmark_node_new(CMARK_NODE_DOCUMENT);
    fill_siblings(&f, cmark_node_first_child(template_root), NULL, scope, root);
    if (!f.reason)
        return root;
    cmark_node_free(root);
    *ret_reason = f.reason;
    return NULL;
}
