/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line by line. A quote is marked ('>'), or is everything behind a line by which mail programs introduce what they do not
 * mark. Where a guess is wrong, a code that was typed is missed and the reply is kept for a person: never the other way.
 */
#include "told/own_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "html_text.h"
#include "told/mem.h"

enum { LINES_AHEAD = 6, INTRODUCTION_LINES = 3, CODE_DIGITS = OWN_WORDS_CODE_SIZE - 1 };

struct line {
    const char *at;
    size_t len;
};

/* The next line without its end and leading blanks; false at the end of the text. */
static bool next_line(const char **text, struct line *ret)
{
    const char *begin = *text;
    size_t len = strcspn(begin, "\r\n");

    if (*begin == '\0')
        return false;
    *text = begin + len + (begin[len] == '\r' && begin[len + 1] == '\n') + (begin[len] != '\0');
    while (len > 0 && (*begin == ' ' || *begin == '\t'))
        begin++, len--;
    while (len > 0 && (begin[len - 1] == ' ' || begin[len - 1] == '\t'))
        len--;
    *ret = (struct line){begin, len};
    return true;
}

static bool begins(const struct line *line, const char *with)
{
    return line->len >= strlen(with) && strncasecmp(line->at, with, strlen(with)) == 0;
}

static bool holds(const struct line *line, const char *what)
{
    size_t len = strlen(what);

    for (size_t i = 0; i + len <= line->len; i++)
        if (strncasecmp(line->at + i, what, len) == 0)
            return true;
    return false;
}

static bool is_any(const struct line *line, const char *const *with)
{
    while (*with != NULL && !begins(line, *with))
        with++;
    return *with != NULL;
}

/* "From: … / Sent: … / To: …", as Outlook writes it above a quote that it does not mark; in Welsh too. */
static bool is_head_block(const struct line *line, const char *rest)
{
    static const char *const FIRST[] = {"from:", "*from:", "oddi wrth:", "*oddi wrth:", "o:", "von:", "de:", NULL};
    static const char *const MORE[] = {"sent:", "*sent:", "date:", "*date:", "to:", "*to:", "subject:", "*subject:", "anfonwyd:", "*anfonwyd:",
                                       "at:", "pwnc:", "dyddiad:", "gesendet:", "an:", "envoyé:", "objet:", NULL};
    struct line ahead;
    int found = 0;

    if (!is_any(line, FIRST))
        return false;
    for (int i = 0; i < LINES_AHEAD && next_line(&rest, &ahead); i++)
        found += is_any(&ahead, MORE);
    return found >= 2;
}

/* "-----Original Message-----", or the rule that Outlook draws. */
static bool is_divider(const struct line *line)
{
    size_t rule = 0;

    while (rule < line->len && line->at[rule] == '_')
        rule++;
    if (rule >= 20 && rule == line->len)
        return true;
    return begins(line, "--") && (holds(line, "original message") || holds(line, "forwarded message") ||
                                  holds(line, "neges wreiddiol") || holds(line, "neges a anfonwyd"));
}

static bool is_marked(const struct line *line)
{
    return line->len > 0 && (line->at[0] == '>' || (line->at[0] == '|' && line->len > 1 && line->at[1] == ' '));
}

/* "On … wrote:", which may be broken over lines; told's own mails are what is quoted, so its words are enough. Moves *text
 * behind it. */
static bool skip_introduction(const struct line *line, const char **text)
{
    static const char *const BEGINS[] = {"on ", "ar ", "le ", "am ", "el ", NULL};
    const char *at = *text;
    struct line last = *line;

    if (!is_any(line, BEGINS))
        return false;
    for (int i = 0; i < INTRODUCTION_LINES; i++) {
        if (last.len > 0 && last.at[last.len - 1] == ':' &&
            (holds(&last, "wrote") || holds(&last, "ysgrifennodd") || holds(&last, "crit") || holds(&last, "schrieb") ||
             holds(&last, "escribi"))) {
            *text = at;
            return true;
        }
        if (last.len == 0 || !next_line(&at, &last))
            return false;
    }
    return false;
}

/* Whether the next line that is not empty is marked as quoted. */
static bool is_marked_ahead(const char *text)
{
    struct line line;

    while (next_line(&text, &line))
        if (line.len > 0)
            return is_marked(&line);
    return false;
}

static char *without_quotes(const char *text)
{
    struct buf out = {0};
    struct line line;

    while (next_line(&text, &line)) {
        if (is_divider(&line) || is_head_block(&line, text))
            break;
        if (is_marked(&line))
            continue;
        if (skip_introduction(&line, &text)) {
            if (is_marked_ahead(text))
                continue;
            break;
        }
        buf_append(&out, line.at, line.len);
        buf_char(&out, '\n');
    }
    return out.len > 0 ? buf_take(&out) : mem_copy("");
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

char *own_words_of(const char *text, const char *html)
{
    struct buf plain = {0};
    char *words;

    if (!is_blank(text))
        buf_append(&plain, text, strnlen(text, OWN_WORDS_BYTES_MOST));
    else if (html != NULL)
        html_text_append(&plain, html, strnlen(html, OWN_WORDS_BYTES_MOST));
    words = without_quotes(buf_string(&plain));
    buf_release(&plain);
    return words;
}

/* Whether the words right before `at` are the notice's own, however they were broken into lines. */
static bool is_introduced(const char *words, const char *at)
{
    const char *want = OWN_WORDS_QUOTED;

    for (size_t left = strlen(want); left > 0;) {
        while (at > words && strchr(" \t\r\n>*", at[-1]) != NULL)
            at--;
        while (left > 0 && want[left - 1] == ' ')
            left--;
        for (; left > 0 && want[left - 1] != ' '; left--, at--)
            if (at == words || tolower((unsigned char)at[-1]) != want[left - 1])
                return false;
    }
    return true;
}

/* What people and their programs put between the halves: a blank or a hyphen, also both, and what typography makes of them
 * (no-break space, U+2010 to U+2015, the minus). Its bytes. */
static size_t skip_dash(const char *at)
{
    size_t i = 0;

    for (int many = 0; many < 3; many++) {
        if (at[i] == '-' || at[i] == ' ')
            i++;
        else if (strncmp(at + i, "\xc2\xa0", 2) == 0)
            i += 2;
        else if ((strncmp(at + i, "\xe2\x80", 2) == 0 && (unsigned char)at[i + 2] >= 0x90 && (unsigned char)at[i + 2] <= 0x95) ||
                 strncmp(at + i, "\xe2\x88\x92", 3) == 0)
            i += 3;
        else
            break;
    }
    return i;
}

/* The code that begins at `at`: its bytes, 0 if there is none. */
static size_t read_code(const char *at, char out[OWN_WORDS_CODE_SIZE])
{
    size_t digits = 0, i = 0;

    while (digits < CODE_DIGITS) {
        if (digits == CODE_DIGITS / 2 && i == digits)
            i += skip_dash(at + i);
        if (!isxdigit((unsigned char)at[i]))
            return 0;
        out[digits++] = (char)toupper((unsigned char)at[i++]);
    }
    out[digits] = '\0';
    return isalnum((unsigned char)at[i]) ? 0 : i;
}

static size_t find_codes(const char *words, bool quoted, char (*out)[OWN_WORDS_CODE_SIZE], size_t most)
{
    size_t count = 0;

    for (const char *at = words; *at != '\0' && count < most;) {
        char code[OWN_WORDS_CODE_SIZE];
        size_t len = at > words && isalnum((unsigned char)at[-1]) ? 0 : read_code(at, code), known = 0;

        if (len > 0 && (quoted || !is_introduced(words, at))) {
            while (known < count && strcmp(out[known], code) != 0)
                known++;
            if (known == count)
                memcpy(out[count++], code, sizeof code);
        }
        at += len > 0 ? len : 1;
    }
    return count;
}

size_t own_words_codes(const char *words, char (*out)[OWN_WORDS_CODE_SIZE], size_t most)
{
    return find_codes(words, false, out, most);
}

size_t own_words_codes_anywhere(const char *text, char (*out)[OWN_WORDS_CODE_SIZE], size_t most)
{
    return find_codes(text, true, out, most);
}
