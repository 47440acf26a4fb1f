/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a parser of HTML: tags are dropped, blocks end lines, quotes are skipped. A browser's tree would be needed to render a
 * mail; here a wrong guess costs a reply that is kept for a person instead of counting.
 */
#include "html_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
    struct buf *out;
    const char *at, *end;
    int quotes;       /* depth of blockquote */
    int quoted_divs;  /* depth of div inside a quoting div; 0: not in one */
    char silent[12];  /* element whose content is no text, or "" */
    bool is_over;     /* all that follows is quoted */
};

/* Where mail programs begin what they quote; `rest`: nothing of one's own comes after it. */
static const struct {
    const char *mark;
    bool rest;
} QUOTES[] = {
    {"gmail_quote", false},    {"moz-cite-prefix", true}, {"divrplyfwdmsg", true},
    {"appendonsend", true},    {"yahoo_quoted", false},   {"protonmail_quote", false},
    {"oriholder", true},       {"x_divrplyfwdmsg", true}, {"mail-editor-reference-message-container", true},
};

static bool is_quoting(const char *tag, size_t len, bool *ret_rest)
{
    char text[512];

    if (len >= sizeof text)
        len = sizeof text - 1;
    memcpy(text, tag, len);
    text[len] = '\0';
    for (size_t i = 0; i < sizeof QUOTES / sizeof *QUOTES; i++)
        if (strcasestr(text, QUOTES[i].mark) != NULL) {
            *ret_rest = QUOTES[i].rest;
            return true;
        }
    return false;
}

static bool is_word(const char *name, const char *const *words)
{
    while (*words != NULL && strcasecmp(name, *words) != 0)
        words++;
    return *words != NULL;
}

static bool is_shown(const struct reading *r)
{
    return r->quotes == 0 && r->quoted_divs == 0 && r->silent[0] == '\0' && !r->is_over;
}

static void end_line(struct reading *r)
{
    if (is_shown(r) && r->out->len > 0 && r->out->bytes[r->out->len - 1] != '\n')
        buf_char(r->out, '\n');
}

static void open_tag(struct reading *r, const char *name, const char *tag, size_t len)
{
    static const char *const SILENT[] = {"style", "script", "title", "head", NULL};
    bool rest = false;

    if (strcasecmp(name, "blockquote") == 0)
        r->quotes++;
    else if (r->quoted_divs > 0 && strcasecmp(name, "div") == 0)
        r->quoted_divs++;
    else if (is_word(name, SILENT) && r->silent[0] == '\0')
        memcpy(r->silent, name, strlen(name) + 1); /* one of ours: it fits */
    else if (is_quoting(tag, len, &rest) && r->quoted_divs == 0) {
        if (rest)
            r->is_over = true;
        else if (strcasecmp(name, "div") == 0)
            r->quoted_divs = 1;
    }
}

static void close_tag(struct reading *r, const char *name)
{
    if (r->silent[0] != '\0' && strcasecmp(name, r->silent) == 0)
        r->silent[0] = '\0';
    else if (strcasecmp(name, "blockquote") == 0 && r->quotes > 0)
        r->quotes--;
    else if (strcasecmp(name, "div") == 0 && r->quoted_divs > 0)
        r->quoted_divs--;
}

/* r->at is behind '<'. */
static void read_tag(struct reading *r)
{
    static const char *const BLOCKS[] = {"p",  "div", "br", "tr", "li", "ul", "ol", "table", "blockquote",
                                         "h1", "h2",  "h3", "h4", "hr", "td", "th", "pre",   NULL};
    const char *close = memchr(r->at, '>', (size_t)(r->end - r->at));
    bool is_end = r->at < r->end && *r->at == '/';
    const char *begin = r->at + is_end;
    char name[16] = "";
    size_t len = 0;

    if (close == NULL) {
        r->at = r->end;
        return;
    }
    while (begin + len < close && len < sizeof name - 1 && ((begin[len] | 32) >= 'a' || (begin[len] >= '0' && begin[len] <= '9')))
        len++;
    memcpy(name, begin, len);
    if (is_word(name, BLOCKS))
        end_line(r);
    if (is_end)
        close_tag(r, name);
    else if (close == r->at || close[-1] != '/')
        open_tag(r, name, r->at, (size_t)(close - r->at));
    r->at = close + 1;
}

/* Scripts and styles may hold anything, comments too: to their own end. */
static bool skip_apart(struct reading *r)
{
    const char *found;

    if (r->end - r->at >= 3 && memcmp(r->at, "!--", 3) == 0) {
        found = memmem(r->at, (size_t)(r->end - r->at), "-->", 3);
        r->at = found != NULL ? found + 3 : r->end;
        return true;
    }
    return false;
}

static void put_scalar(struct buf *out, unsigned long c)
{
    if (c == 0 || c == 0xa0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        buf_char(out, ' ');
    } else if (c < 0x80) {
        buf_char(out, (char)c);
    } else {
        if (c >= 0x10000)
            buf_char(out, (char)(0xf0 | c >> 18));
        if (c >= 0x800)
            buf_char(out, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 63) : 0xe0 | c >> 12));
        buf_char(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xc0 | c >> 6));
        buf_char(out, (char)(0x80 | (c & 63)));
    }
}

/* r->at is at '&'. */
static void read_entity(struct reading *r)
{
    static const struct {
        const char *name;
        unsigned c;
    } NAMED[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&nbsp;", 0xa0}, {"&apos;", '\''}, {"&rsquo;", 0x2019}};
    size_t left = (size_t)(r->end - r->at);
    char number[12] = "", *stop;

    for (size_t i = 0; i < sizeof NAMED / sizeof *NAMED; i++) {
        size_t len = strlen(NAMED[i].name);

        if (left >= len && strncasecmp(r->at, NAMED[i].name, len) == 0) {
            put_scalar(r->out, NAMED[i].c);
            r->at += len;
            return;
        }
    }
    if (left > 3 && r->at[1] == '#') {
        bool hex = (r->at[2] | 32) == 'x';

        memcpy(number, r->at + 2 + hex, left - 2 - hex < sizeof number - 1 ? left - 2 - hex : sizeof number - 1);
        put_scalar(r->out, strtoul(number, &stop, hex ? 16 : 10));
        r->at += 2 + hex + (stop - number);
        r->at += r->at < r->end && *r->at == ';';
        return;
    }
    buf_char(r->out, *r->at++);
}

void html_text_append(struct buf *out, const char *html, size_t len)
{
    struct reading r = {.out = out, .at = html, .end = html + len};

    while (r.at < r.end && !r.is_over) {
        if (*r.at == '<') {
            r.at++;
            if (!skip_apart(&r))
                read_tag(&r);
        } else if (!is_shown(&r)) {
            r.at++;
        } else if (*r.at == '&') {
            read_entity(&r);
        } else {
            /* A line's end in HTML is a blank. */
            buf_char(out, *r.at == '\n' || *r.at == '\r' || *r.at == '\t' || *r.at == '\0' ? ' ' : *r.at);
            r.at++;
        }
    }
}
