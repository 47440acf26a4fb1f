/* SPDX-License-Identifier: Apache-2.0 */
/* Recursive descent over the grammar of expr.h. The first fault ends it; `reason` is set from then on. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "expr_node.h"
#include "told/mem.h"

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_NUMBER,
    TOKEN_DAY,
    TOKEN_SIGN, /* one of ( ) , = != < <= > >= */
    TOKEN_WRONG,
};

struct parser {
    struct expr *expr;
    int type_index;
    enum term_reach reach;
    size_t at; /* of the token */
    size_t len;
    enum token token;
    int depth;
    char *reason;
};

static void parser_fault(struct parser *parser, char *text)
{
    if (parser->reason == NULL)
        parser->reason = mem_printf("column %zu: %s", parser->at + 1, text);
    free(text);
    parser->token = TOKEN_END;
    parser->at = strlen(parser->expr->text);
    parser->len = 0;
}

static const char *parser_text(const struct parser *parser)
{
    return parser->expr->text + parser->at;
}

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static size_t sign_len(const char *text)
{
    if (strchr("!<>", text[0]) != NULL && text[1] == '=')
        return 2;
    return strchr("(),=<>", text[0]) != NULL ? 1 : 0;
}

static void parser_next(struct parser *parser)
{
    const char *text;
    struct civil_day day;
    char copy[CIVIL_TEXT_SIZE];

    if (parser->reason != NULL)
        return;
    parser->at += parser->len;
    parser->at += strspn(parser_text(parser), " \t\r\n");
    text = parser_text(parser);
    parser->len = 0;
    if (text[0] == '\0') {
        parser->token = TOKEN_END;
    } else if (is_word_byte(text[0])) {
        while (is_word_byte(text[parser->len]))
            parser->len++;
        parser->token = TOKEN_WORD;
        if (strspn(text, "0123456789") == parser->len && parser->len < 10)
            parser->token = TOKEN_NUMBER;
        if (parser->len == 10) {
            memcpy(copy, text, 10);
            copy[10] = '\0';
            parser->token = civil_parse(copy, &day) ? TOKEN_DAY : TOKEN_WORD;
        }
    } else {
        parser->len = sign_len(text);
        parser->token = parser->len > 0 ? TOKEN_SIGN : TOKEN_WRONG;
    }
}

static bool parser_sees(const struct parser *parser, const char *text)
{
    return (parser->token == TOKEN_WORD || parser->token == TOKEN_SIGN) && strlen(text) == parser->len &&
           strncmp(parser_text(parser), text, parser->len) == 0;
}

static bool parser_take(struct parser *parser, const char *text)
{
    if (!parser_sees(parser, text))
        return false;
    parser_next(parser);
    return true;
}

static void parser_expect(struct parser *parser, const char *text)
{
    if (!parser_take(parser, text) && parser->reason == NULL)
        parser_fault(parser, mem_printf("\"%s\" expected; add it", text));
}

/* The word under the reader, NULL and a fault if there is none. The caller frees. */
static char *parser_take_word(struct parser *parser, const char *what)
{
    static const char *const reserved[] = {"and", "or", "not", "in", "has", "is", NULL};
    char *word;
    unsigned found;

    if (parser->reason != NULL)
        return NULL;
    word = parser->token == TOKEN_WORD ? mem_copy_n(parser_text(parser), parser->len) : NULL;
    if (word == NULL || value_find_word(reserved, word, &found)) {
        free(word);
        parser_fault(parser, mem_printf("%s expected", what));
        return NULL;
    }
    parser_next(parser);
    return word;
}

static uint16_t parser_add(struct parser *parser, struct expr_node node)
{
    struct expr *expr = parser->expr;

    if (expr->node_count >= EXPR_NODES_MOST) {
        parser_fault(parser, mem_printf("too long; at most %d parts in one condition", EXPR_NODES_MOST));
        return 0;
    }
    expr->nodes[expr->node_count] = node;
    return (uint16_t)expr->node_count++;
}

/* A name, with the role of child.has(role). False and a fault if it names nothing. */
static bool parser_take_name(struct parser *parser, uint16_t *ret)
{
    struct expr *expr = parser->expr;
    size_t at = parser->at;
    struct term term;
    char *role = NULL;
    char *reason;
    char *name = parser_take_word(parser, "a name such as event.kind or child.in_need");

    if (name == NULL)
        return false;
    if (strcmp(name, "child.has") == 0 && parser_take(parser, "(")) {
        role = parser_take_word(parser, "a role");
        parser_expect(parser, ")");
    }
    reason = parser->reason != NULL ? NULL : term_find(name, role, parser->type_index, parser->reach, &term);
    free(name);
    free(role);
    if (parser->reason != NULL)
        return false;
    if (reason != NULL) {
        parser->at = at;
        parser_fault(parser, reason);
        return false;
    }
    expr->terms = mem_grow(expr->terms, expr->term_count + 1, sizeof(*expr->terms));
    expr->terms[expr->term_count] = term;
    *ret = (uint16_t)expr->term_count++;
    return true;
}

static uint16_t parser_add_value(struct parser *parser, struct value value)
{
    struct expr *expr = parser->expr;

    expr->values = mem_grow(expr->values, expr->value_count + 1, sizeof(*expr->values));
    expr->values[expr->value_count] = value;
    return (uint16_t)expr->value_count++;
}

static const char *parser_keep(struct parser *parser, char *text)
{
    struct expr *expr = parser->expr;

    expr->texts = mem_grow(expr->texts, expr->text_count + 1, sizeof(*expr->texts));
    expr->texts[expr->text_count++] = text;
    return text;
}

static char *wrong_value(const struct term *term)
{
    struct buf reason = {0};

    buf_printf(&reason, "not a value of %s; use ", term->name);
    value_wanted(term->kind, term->words, &reason);
    return buf_take(&reason);
}

/* Text goes to the values of `term`; event.type is the one code whose set the catalogue knows. */
static bool read_word(struct parser *parser, const struct term *term, char *word, struct value *ret)
{
    switch (term->kind) {
    case VALUE_WORD:
    case VALUE_WORDS:
        return value_find_word(term->words, word, &ret->word);
    case VALUE_BOOL:
        ret->truth = strcmp(word, "true") == 0;
        return ret->truth || strcmp(word, "false") == 0;
    case VALUE_TEXT:
        if (term->from == TERM_CONSTANT && field_type_find(word) < 0)
            return false;
        ret->text = parser_keep(parser, mem_copy(word));
        return true;
    default:
        return false;
    }
}

/* One value of the kind of `term`. */
static bool parser_take_value(struct parser *parser, const struct term *term, struct value *ret)
{
    char *word = parser->reason != NULL ? NULL : mem_copy_n(parser_text(parser), parser->len);
    struct value value = {.kind = term->kind};
    bool fits = false;

    if (word == NULL)
        return false;
    if (parser->token == TOKEN_WORD && term_is_name(word)) {
        parser_fault(parser, mem_printf("%s is a name and would be taken for a word here; compare it by itself with =", word));
        free(word);
        return false;
    }
    if (parser->token == TOKEN_WORD || (parser->token == TOKEN_NUMBER && term->kind == VALUE_TEXT)) {
        fits = read_word(parser, term, word, &value);
    } else if (parser->token == TOKEN_NUMBER && term->kind == VALUE_NUMBER) {
        value.number = strtoll(word, NULL, 10);
        fits = true;
    } else if (parser->token == TOKEN_DAY && term->kind == VALUE_DAY) {
        fits = civil_parse(word, &value.day);
    }
    free(word);
    if (fits)
        parser_next(parser);
    else
        parser_fault(parser, wrong_value(term));
    *ret = value;
    return fits;
}

static bool are_same_words(const char *const *a, const char *const *b)
{
    unsigned i = 0;

    if (a == NULL || b == NULL)
        return a == b;
    while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
        i++;
    return a[i] == NULL && b[i] == NULL;
}

static bool parser_take_order(struct parser *parser, enum expr_order *ret)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};

    for (unsigned i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (parser_take(parser, signs[i])) {
            *ret = (enum expr_order)i;
            return true;
        }
    }
    return false;
}

static void parser_against_name(struct parser *parser, struct expr_node *node)
{
    size_t at = parser->at;
    const struct term *term;
    const struct term *other;

    node->against_name = true;
    if (!parser_take_name(parser, &node->other))
        return;
    term = &parser->expr->terms[node->name];
    other = &parser->expr->terms[node->other];
    if (term->kind != other->kind || !are_same_words(term->words, other->words)) {
        parser->at = at;
        parser_fault(parser, mem_printf("%s and %s are of different kinds; compare like with like",
                                        term->name, other->name));
    }
}

static void parser_compare(struct parser *parser, struct expr_node *node)
{
    /* The kind is copied: another name may move the array of terms. */
    struct term term = parser->expr->terms[node->name];
    bool ordered = term.kind == VALUE_NUMBER || term.kind == VALUE_DAY || term.kind == VALUE_INSTANT;
    struct value value;
    char *word;

    node->op = EXPR_COMPARE;
    if (term.kind == VALUE_WORDS || term.kind == VALUE_LIST) {
        parser_fault(parser,
                     mem_printf("%s is a list; write %s has WORD, or is known", term.name, term.name));
        return;
    }
    if (!ordered && node->order > EXPR_UNEQUAL) {
        parser_fault(parser, mem_printf("%s has no order; use = or !=", term.name));
        return;
    }
    word = parser->token == TOKEN_WORD ? mem_copy_n(parser_text(parser), parser->len) : NULL;
    if (word != NULL && term_is_name(word))
        parser_against_name(parser, node);
    else if (parser_take_value(parser, &term, &value))
        node->first = parser_add_value(parser, value);
    free(word);
}

static void parser_in(struct parser *parser, struct expr_node *node)
{
    struct term term = parser->expr->terms[node->name];
    struct value value;

    node->op = EXPR_IN;
    node->first = (uint16_t)parser->expr->value_count;
    if (term.kind == VALUE_WORDS || term.kind == VALUE_LIST || term.kind == VALUE_INSTANT)
        parser_fault(parser, mem_printf("%s cannot be one of a list; see = and has", term.name));
    parser_expect(parser, "(");
    do {
        if (!parser_take_value(parser, &term, &value))
            return;
        if (term.kind == VALUE_WORD)
            node->words |= UINT64_C(1) << value.word;
        (void)parser_add_value(parser, value);
        node->count++;
    } while (node->count < EXPR_NODES_MOST && parser_take(parser, ","));
    parser_expect(parser, ")");
}

static void parser_has(struct parser *parser, struct expr_node *node)
{
    struct term term = parser->expr->terms[node->name];
    struct value value;

    node->op = EXPR_HAS;
    if (term.kind != VALUE_WORDS)
        parser_fault(parser, mem_printf("%s holds no set of words; use =", term.name));
    else if (parser_take_value(parser, &term, &value))
        node->words = UINT64_C(1) << value.word;
}

static uint16_t parser_test(struct parser *parser)
{
    struct expr_node node = {.op = EXPR_NAME, .begin = (uint16_t)parser->at};

    if (!parser_take_name(parser, &node.name))
        return 0;
    node.end = (uint16_t)parser->at;
    if (parser_take_order(parser, &node.order))
        parser_compare(parser, &node);
    else if (parser_take(parser, "in"))
        parser_in(parser, &node);
    else if (parser_take(parser, "has"))
        parser_has(parser, &node);
    else if (parser->reason == NULL && parser->expr->terms[node.name].kind != VALUE_BOOL &&
             !parser_sees(parser, "is"))
        parser_fault(parser, mem_printf("%s is no yes-or-no; compare it, or write: is known",
                                        parser->expr->terms[node.name].name));
    if (parser->reason != NULL)
        return 0;
    node.end = (uint16_t)parser->at;
    while (node.end > node.begin && isspace((unsigned char)parser->expr->text[node.end - 1]))
        node.end--;
    return parser_add(parser, node);
}

static uint16_t parser_or(struct parser *parser);

static uint16_t parser_primary(struct parser *parser)
{
    uint16_t inner;

    if (parser_take(parser, "true"))
        return parser_add(parser, (struct expr_node){.op = EXPR_TRUE});
    if (parser_take(parser, "false"))
        return parser_add(parser, (struct expr_node){.op = EXPR_FALSE});
    if (!parser_take(parser, "("))
        return parser_test(parser);
    inner = parser_or(parser);
    parser_expect(parser, ")");
    return inner;
}

static uint16_t parser_judged(struct parser *parser)
{
    uint16_t left = parser_primary(parser);

    while (parser->reason == NULL && parser_take(parser, "is")) {
        struct expr_node node = {.left = left};

        if (parser_take(parser, "known")) {
            node.op = EXPR_IS_KNOWN;
        } else if (parser->expr->nodes[left].op == EXPR_NAME &&
                   parser->expr->terms[parser->expr->nodes[left].name].kind != VALUE_BOOL) {
            parser_fault(parser, mem_printf("only a yes-or-no can be true or false; write: is known"));
        } else if (parser_take(parser, "true")) {
            node.op = EXPR_IS_TRUE;
        } else {
            node.op = EXPR_IS_FALSE;
            parser_expect(parser, "false");
        }
        left = parser_add(parser, node);
    }
    return left;
}

static uint16_t parser_not(struct parser *parser)
{
    uint16_t inner;

    if (++parser->depth > EXPR_DEPTH_MOST)
        parser_fault(parser, mem_printf("nested too deeply; at most %d levels", EXPR_DEPTH_MOST));
    if (parser_take(parser, "not")) {
        inner = parser_not(parser);
        inner = parser_add(parser, (struct expr_node){.op = EXPR_NOT, .left = inner});
    } else {
        inner = parser->reason == NULL ? parser_judged(parser) : 0;
    }
    parser->depth--;
    return inner;
}

static uint16_t parser_and(struct parser *parser)
{
    uint16_t left = parser_not(parser);

    while (parser_take(parser, "and")) {
        uint16_t right = parser_not(parser);

        left = parser_add(parser, (struct expr_node){.op = EXPR_AND, .left = left, .right = right});
    }
    return left;
}

static uint16_t parser_or(struct parser *parser)
{
    uint16_t left = parser_and(parser);

    while (parser_take(parser, "or")) {
        uint16_t right = parser_and(parser);

        left = parser_add(parser, (struct expr_node){.op = EXPR_OR, .left = left, .right = right});
    }
    return left;
}

struct expr *expr_parse(const char *text, int type_index, enum term_reach reach, char **ret_reason)
{
    struct expr *expr;
    struct parser parser = {.type_index = type_index, .reach = reach};

    if (strlen(text) > EXPR_TEXT_MOST) {
        *ret_reason = mem_printf("column 1: too long; at most %d bytes", EXPR_TEXT_MOST);
        return NULL;
    }
    expr = mem_new(sizeof(*expr));
    expr->text = mem_copy(text);
    expr->nodes = mem_grow(NULL, EXPR_NODES_MOST, sizeof(*expr->nodes));
    parser.expr = expr;
    parser_next(&parser);
    expr->root = parser_or(&parser);
    if (parser.reason == NULL && parser.token != TOKEN_END)
        parser_fault(&parser, mem_copy("\"and\", \"or\" or the end expected; take out what follows"));
    if (parser.reason == NULL) {
        expr->nodes = mem_grow(expr->nodes, expr->node_count, sizeof(*expr->nodes));
        return expr;
    }
    expr_free(expr);
    *ret_reason = parser.reason;
    return NULL;
}
