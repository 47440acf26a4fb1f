/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreign XML as a tree, read by expat: names without their prefixes, text without the blanks around it.
 * Refused: a DOCTYPE (and with it every entity but XML's own five and every reference to the outside),
 * nesting, tags and numbers of elements beyond anything a court or a police force sends. Private to the
 * adapters.
 */
#ifndef TOLD_XML_H
#define TOLD_XML_H

#include <stddef.h>

#define XML_DEPTH_MOST 64        /* an SPI case within all its envelopes is 15 deep */
#define XML_ELEMENTS_MOST 200000 /* of one document; a case with five defendants has 500 */
#define XML_TAG_MOST 262144      /* bytes of one tag or comment: they are kept whole while they are read */

struct xml_node {
    const char
        *name; /* the local name: whatever the prefix, whatever the version of the schema it stands for */
    const char *text; /* NULL: no text, or blanks only, or there are elements inside */
    unsigned long line;
    struct xml_node *parent, *first, *last, *next;
};

struct xml_document;

/* encoding: of bytes that were decoded before and whose own declaration is out of date; NULL: as the document
 * says. NULL and *ret_reason (caller frees; line and column, never the text) on failure. */
struct xml_document *xml_parse(const char *bytes, size_t len, const char *encoding, char **ret_reason);
void xml_free(struct xml_document *document);
const struct xml_node *xml_root(const struct xml_document *document);

const struct xml_node *xml_child(const struct xml_node *node,
                                 const char *name);           /* the first of that name, or NULL */
const struct xml_node *xml_next(const struct xml_node *node); /* the next of the same name, or NULL */
/* The one element at the end of a path of local names, all of them under 64 bytes. *ret_twice: an element that stands twice
 * where it must stand once, so that nobody can say which of them is meant; untouched where there is none. */
const struct xml_node *xml_find(const struct xml_node *from, const char *path, const struct xml_node **ret_twice);
/* The first of that name after `node` (NULL: at the root), in the order of the text and at any depth. */
const struct xml_node *xml_search(const struct xml_document *document, const struct xml_node *node,
                                  const char *name);
/* Every element in the order of the text: the one after `node`, or NULL. */
const struct xml_node *xml_walk(const struct xml_node *node);

#endif
