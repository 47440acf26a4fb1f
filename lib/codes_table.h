/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables of codes there are, and what a row of each may say. Private to codes.c and the adapters. */
#ifndef TOLD_LIB_CODES_TABLE_H
#define TOLD_LIB_CODES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum codes_table {
    CODES_COURT_RESULTS,     /* CJS result codes */
    CODES_COURT_SHORT_CODES, /* the courts' own words for results */
    CODES_BAIL_STATUSES,
    CODES_HEARING_PROMPTS,
    CODES_AUTHORITY_AFFIXES,
    CODES_CUSTODY_EVENTS,
    CODES_CUSTODY_REASONS,
    CODES_CUSTODY_MOVEMENTS,
    CODES_CUSTODY_CAUSES,
    CODES_ESTABLISHMENTS,
    CODES_SPI_CUSTODY_STATUSES,
    CODES_DCF_REMAND_STATUSES,
    CODES_TABLES,
};

#define CODES_SHORT_SIZE 16 /* of a court's short code, with its NUL */

/* What a code makes. */
enum codes_sort {
    CODES_VALUE,       /* no event: word is what the code stands for */
    CODES_SENTENCE,    /* word: kind of court.sentence */
    CODES_REMAND,      /* word: to of court.remand */
    CODES_BAIL,        /* word: decision of court.bail */
    CODES_ENDING,      /* word: outcome of court.proceedings-ended, of this one offence */
    CODES_DESIGNATION, /* another authority is designated: prompts say which */
    CODES_RECEPTION,
    CODES_TRANSFER,      /* into the prison it names */
    CODES_RELEASE,       /* word: reason of custody.release */
    CODES_RELEASE_DATES, /* that they changed, not what they are */
    CODES_NOTHING,       /* word: why there is nothing to say */
    CODES_LOOK,          /* a person must look; word: why */
};

#define CODES_SORT(sort) (1U << (sort))

struct codes_spec {
    const char *name;
    /* Where a code may stand in two places of a message and mean two things: the setting that says which, its
     * two words. */
    const char *apart;
    const char *const *sides;
    unsigned makes[2]; /* CODES_SORT of each that a row may be: of the first side, or of all; of the second */
    bool is_bare;      /* the event alone is meant, without a field of it */
    /* CODES_VALUE: the setting that holds it, NULL where a code stands for itself; its words, or those of a
     * field of the catalogue. */
    const char *setting;
    const char *const *words;
    const char *type, *field;
    bool is_case_blind;
    const char *(*refuse)(
        const char *code); /* NULL, or "what; what to do" of a code that no message could hold */
};

/* An event that a code may make, with the one field of it that the code decides. */
struct codes_event {
    enum codes_sort sort;
    const char *type;
    const char *field; /* or NULL */
    bool has_order;    /* `order` beside it: which one, as a code of our own */
};

const struct codes_spec *codes_table_spec(enum codes_table table);
int codes_table_find(const char *name);                            /* -1: no such table */
const struct codes_event *codes_table_event(enum codes_sort sort); /* NULL: it makes none */
const struct codes_event *codes_table_event_find(const char *type);
/* The words a field of the catalogue takes, NULL-terminated; NULL: it is true or false. */
const char *const *codes_table_words(const char *type, const char *field);

#endif
