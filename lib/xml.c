/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"

#define CHUNK 65536
#define PATH_NAME_MOST 64
#define NAMESPACE_END '\n' /* between the namespace and the local name: stands in neither */

/* Nodes and texts live as long as the document: they come from blocks and go with them. */
struct block {
    struct block *next;
    size_t used, room;
    char bytes[];
};

struct xml_document {
    struct block *blocks;
    struct xml_node *root;
};

struct reading {
    XML_Parser parser;
    struct xml_document *document;
    struct xml_node *open; /* the innermost element that has not ended */
    struct buf text;       /* of it, while it has no elements inside */
    size_t depth, elements;
    const char *refusal; /* why we stopped; NULL: expat did, or nobody */
};

static void *take(struct xml_document *document, size_t size)
{
    struct block *block = document->blocks;

    size = (size + 15) / 16 * 16;
    if (block == NULL || block->room - block->used < size) {
        size_t room = size > CHUNK ? size : CHUNK;
        block = mem_new(sizeof *block + room);
        block->room = room;
        block->next = document->blocks;
        document->blocks = block;
    }
    void *taken = block->bytes + block->used;
    block->used += size;
    return taken;
}

static char *take_text(struct xml_document *document, const char *bytes, size_t len)
{
    char *text = take(document, len + 1);

    memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}

static void refuse(struct reading *reading, const char *why)
{
    reading->refusal = why;
    XML_StopParser(reading->parser, XML_FALSE);
}

static void begin_element(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *reading = user;
    const char *end = strrchr(name, NAMESPACE_END);
    const char *local = end == NULL ? name : end + 1;

    (void)attributes;
    if (reading->depth == XML_DEPTH_MOST) {
        refuse(reading, "nested too deeply");
        return;
    }
    if (++reading->elements > XML_ELEMENTS_MOST) {
        refuse(reading, "too many elements; the sender must split the message");
        return;
    }
    reading->depth++;
    struct xml_node *node = take(reading->document, sizeof *node);
    *node = (struct xml_node){.name = take_text(reading->document, local, strlen(local)),
                              .line = XML_GetCurrentLineNumber(reading->parser),
                              .parent = reading->open};
    if (reading->open == NULL)
        reading->document->root = node;
    else if (reading->open->first == NULL)
        reading->open->first = node;
    else
        reading->open->last->next = node;
    if (reading->open != NULL)
        reading->open->last = node;
    reading->open = node;
    buf_reset(&reading->text);
}

/* Of windows-1252, what stands from 0x80 to 0x9f; below and above it is ISO-8859-1. -1: nothing. */
static const int WINDOWS_1252[32] = {
    0x20ac, -1,     0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, -1,     0x017d, -1,
    -1,     0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, -1,     0x017e, 0x0178,
};

/* The one encoding beside expat's own that senders have been seen to declare. */
static int know_encoding(void *cookie, const XML_Char *name, XML_Encoding *ret)
{
    (void)cookie;
    if (strcasecmp(name, "windows-1252") != 0)
        return XML_STATUS_ERROR;
    *ret = (XML_Encoding){0};
    for (int i = 0; i < 256; i++)
        ret->map[i] = i >= 0x80 && i < 0xa0 ? WINDOWS_1252[i - 0x80] : i;
    return XML_STATUS_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void end_element(void *user, const XML_Char *name)
{
    struct reading *reading = user;
    const char *bytes = buf_string(&reading->text);
    size_t from = 0, end = reading->text.len;

    (void)name;
    while (from < end && is_blank(bytes[from]))
        from++;
    while (end > from && is_blank(bytes[end - 1]))
        end--;
    if (reading->open->first == NULL && end > from)
        reading->open->text = take_text(reading->document, bytes + from, end - from);
    buf_reset(&reading->text);
    reading->open = reading->open->parent;
    reading->depth--;
}

static void add_text(void *user, const XML_Char *bytes, int len)
{
    struct reading *reading = user;

    if (reading->open != NULL && reading->open->first == NULL)
        buf_append(&reading->text, bytes, (size_t)len);
}

/* Before anything inside it is read: no entity is ever declared, so none can grow or fetch. */
static void refuse_doctype(void *user, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                           int inside)
{
    (void)name;
    (void)system;
    (void)public;
    (void)inside;
    refuse(user, "a DOCTYPE; take it out: told reads no entities and no DTD");
}

static const char *fault_text(const struct reading *reading)
{
    if (reading->refusal != NULL)
        return reading->refusal;
    switch (XML_GetErrorCode(reading->parser)) {
    case XML_ERROR_NO_MEMORY:
        abort(); /* as everywhere: see mem.h */
    case XML_ERROR_NO_ELEMENTS:
        return "no element, or the last one does not end; send the whole message";
    case XML_ERROR_UNCLOSED_TOKEN:
    case XML_ERROR_UNCLOSED_CDATA_SECTION:
        return "the text ends too early; send the whole message";
    case XML_ERROR_TAG_MISMATCH:
        return "an end tag that fits no start tag";
    case XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
        return "something follows the last element";
    case XML_ERROR_UNDEFINED_ENTITY:
        return "an entity that is none of XML's own";
    case XML_ERROR_UNBOUND_PREFIX:
        return "a prefix without a namespace";
    case XML_ERROR_DUPLICATE_ATTRIBUTE:
        return "an attribute stands twice in one tag";
    case XML_ERROR_UNKNOWN_ENCODING:
    case XML_ERROR_INCORRECT_ENCODING:
    case XML_ERROR_PARTIAL_CHAR:
        return "an encoding that cannot be read; send UTF-8, UTF-16, ISO-8859-1 or windows-1252, and declare the one it "
               "is";
    default:
        return "not well-formed XML";
    }
}

static bool fail(struct reading *reading, char **ret_reason)
{
    *ret_reason = mem_printf("line %lu column %lu: %s", XML_GetCurrentLineNumber(reading->parser),
                             XML_GetCurrentColumnNumber(reading->parser) + 1, fault_text(reading));
    return false;
}

/*
 * In pieces, for expat hands text on as it comes but keeps a tag until it has all of it: what a tag can make
 * it keep, and how often it looks at the same bytes again, ends at XML_TAG_MOST.
 */
static bool feed(struct reading *reading, const char *bytes, size_t len, char **ret_reason)
{
    size_t done = 0;

    do {
        size_t piece = len - done < CHUNK ? len - done : CHUNK;
        done += piece;
        if (XML_Parse(reading->parser, bytes + done - piece, (int)piece, done == len) != XML_STATUS_OK)
            return fail(reading, ret_reason);
        XML_Index begun = XML_GetCurrentByteIndex(reading->parser);
        if (done < len && begun >= 0 && done - (size_t)begun > XML_TAG_MOST) {
            reading->refusal = "a tag or comment that does not end";
            return fail(reading, ret_reason);
        }
    } while (done < len);
    return true;
}

/* NULL: *ret_code says what expat found, if it was expat. */
static struct xml_document *parse(const char *bytes, size_t len, const char *encoding, enum XML_Error *ret_code,
                                  char **ret_reason)
{
    struct reading reading = {.document = mem_new(sizeof *reading.document)};
    bool is_read = false;

    reading.parser = XML_ParserCreateNS(encoding, NAMESPACE_END);
    if (reading.parser == NULL)
        abort();
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, begin_element, end_element);
    XML_SetCharacterDataHandler(reading.parser, add_text);
    XML_SetStartDoctypeDeclHandler(reading.parser, refuse_doctype);
    XML_SetUnknownEncodingHandler(reading.parser, know_encoding, NULL);
    is_read = feed(&reading, bytes, len, ret_reason);
    *ret_code = XML_GetErrorCode(reading.parser);
    buf_release(&reading.text);
    XML_ParserFree(reading.parser);
    if (!is_read) {
        xml_free(reading.document);
        return NULL;
    }
    return reading.document;
}

struct xml_document *xml_parse(const char *bytes, size_t len, const char *encoding, char **ret_reason)
{
    struct xml_document *document;
    enum XML_Error code;
    char *reason = NULL;

    /* Before <?xml no blank may stand; those who paste a message put some there, and they mean nothing. */
    while (len > 0 && is_blank(*bytes)) {
        bytes++;
        len--;
    }
    document = parse(bytes, len, encoding, &code, ret_reason);
    if (document != NULL || encoding != NULL || code != XML_ERROR_INCORRECT_ENCODING)
        return document;
    /* A text that was UTF-16 in memory keeps saying so where it was written down as UTF-8. */
    document = parse(bytes, len, "UTF-8", &code, &reason);
    if (document != NULL) {
        free(*ret_reason);
        *ret_reason = NULL;
    }
    free(reason);
    return document;
}

void xml_free(struct xml_document *document)
{
    if (document == NULL)
        return;
    for (struct block *block = document->blocks; block != NULL;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(document);
}

const struct xml_node *xml_root(const struct xml_document *document)
{
    return document->root;
}

static const struct xml_node *named(const struct xml_node *node, const char *name)
{
    while (node != NULL && strcmp(node->name, name) != 0)
        node = node->next;
    return node;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
    return node == NULL ? NULL : named(node->first, name);
}

const struct xml_node *xml_next(const struct xml_node *node)
{
    return named(node->next, node->name);
}

const struct xml_node *xml_find(const struct xml_node *from, const char *path, const struct xml_node **ret_twice)
{
    char name[PATH_NAME_MOST];

    while (from != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");
        memcpy(name, path, len);
        name[len] = '\0';
        path += len + (path[len] == '/');
        from = xml_child(from, name);
        if (from != NULL && xml_next(from) != NULL) {
            *ret_twice = xml_next(from);
            return NULL;
        }
    }
    return from;
}

const struct xml_node *xml_walk(const struct xml_node *node)
{
    if (node->first != NULL)
        return node->first;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node == NULL ? NULL : node->next;
}

const struct xml_node *xml_search(const struct xml_document *document, const struct xml_node *node,
                                  const char *name)
{
    node = node == NULL ? document->root : xml_walk(node);
    while (node != NULL && strcmp(node->name, name) != 0)
        node = xml_walk(node);
    return node;
}
