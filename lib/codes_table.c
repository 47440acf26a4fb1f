/* SPDX-License-Identifier: Apache-2.0 */
#include "codes_table.h"

#include <string.h>

#include "field.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define NEITHER (CODES_SORT(CODES_NOTHING) | CODES_SORT(CODES_LOOK))
#define LIBERTY (CODES_SORT(CODES_REMAND) | CODES_SORT(CODES_BAIL))
#define RESULTS                                                                                              \
    (CODES_SORT(CODES_SENTENCE) | LIBERTY | CODES_SORT(CODES_ENDING) | CODES_SORT(CODES_DESIGNATION) |       \
     NEITHER)
#define RECEPTIONS (CODES_SORT(CODES_RECEPTION) | CODES_SORT(CODES_TRANSFER) | NEITHER)
#define RELEASES (CODES_SORT(CODES_RELEASE) | NEITHER)
#define MESSAGES (CODES_SORT(CODES_RECEPTION) | CODES_SORT(CODES_RELEASE) | CODES_SORT(CODES_RELEASE_DATES))

static const char *const DIRECTIONS[] = {"received", "released", NULL};
static const char *const PLACES[] = {"cause", "movement", NULL};
static const char *const PROMPTS[] = {"date", "time", "court", "purpose", "existing", "report", NULL};

static const char *refuse_short(const char *code)
{
    if (strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != strlen(code) ||
        strlen(code) >= CODES_SHORT_SIZE)
        return "is no short code; write at most 15 capitals and digits";
    return NULL;
}

static const char *refuse_affix(const char *code)
{
    size_t len = strlen(code);
    bool is_behind = code[0] == '-', is_before = code[len - 1] == '-';

    if (strspn(code, "abcdefghijklmnopqrstuvwxyz-") != len || is_behind == is_before)
        return "is no part of a name; write lower-case words with hyphens, and a hyphen at the end where the rest of the "
               "name follows (city-of-) or goes before (-council)";
    return NULL;
}

static const struct codes_spec TABLES[CODES_TABLES] = {
    [CODES_COURT_RESULTS] = {"court-results", .makes = {RESULTS}},
    [CODES_COURT_SHORT_CODES] = {"court-short-codes", .makes = {RESULTS}, .refuse = refuse_short},
    [CODES_BAIL_STATUSES] = {"bail-statuses", .makes = {LIBERTY | NEITHER}},
    [CODES_HEARING_PROMPTS] = {"hearing-prompts", .setting = "names", .words = PROMPTS,
                               .is_case_blind = true},
    [CODES_AUTHORITY_AFFIXES] = {"authority-affixes", .refuse = refuse_affix},
    [CODES_CUSTODY_EVENTS] = {"custody-events", .makes = {MESSAGES}, .is_bare = true},
    [CODES_CUSTODY_REASONS] = {"custody-reasons", "when", DIRECTIONS, {RECEPTIONS, RELEASES}},
    [CODES_CUSTODY_MOVEMENTS] = {"custody-movements", "when", DIRECTIONS, {RECEPTIONS, RELEASES}},
    [CODES_CUSTODY_CAUSES] = {"custody-causes", "of", PLACES, .setting = "sentenced",
                              .type = "custody.reception", .field = "sentenced"},
    [CODES_ESTABLISHMENTS] = {"establishments", .setting = "kind", .type = "custody.reception",
                              .field = "establishment_kind"},
    [CODES_SPI_CUSTODY_STATUSES] = {"spi-custody-statuses", .setting = "status", .type = "police.charge",
                                    .field = "remand_status"},
    [CODES_DCF_REMAND_STATUSES] = {"dcf-remand-statuses", .setting = "status", .type = "police.charge",
                                   .field = "remand_status"},
};

static const struct codes_event EVENTS[] = {
    {CODES_SENTENCE, "court.sentence", "kind", true},
    {CODES_REMAND, "court.remand", "to", false},
    {CODES_BAIL, "court.bail", "decision", false},
    {CODES_ENDING, "court.proceedings-ended", "outcome", false},
    {CODES_DESIGNATION, "court.authority-designated", NULL, false},
    {CODES_RECEPTION, "custody.reception", NULL, false},
    {CODES_TRANSFER, "custody.transfer", NULL, false},
    {CODES_RELEASE, "custody.release", "reason", false},
    {CODES_RELEASE_DATES, "custody.release-dates", NULL, false},
};

const struct codes_spec *codes_table_spec(enum codes_table table)
{
    return &TABLES[table];
}

int codes_table_find(const char *name)
{
    for (int i = 0; i < CODES_TABLES; i++)
        if (strcmp(TABLES[i].name, name) == 0)
            return i;
    return -1;
}

const struct codes_event *codes_table_event(enum codes_sort sort)
{
    for (size_t i = 0; i < COUNT(EVENTS); i++)
        if (EVENTS[i].sort == sort)
            return &EVENTS[i];
    return NULL;
}

const struct codes_event *codes_table_event_find(const char *type)
{
    for (size_t i = 0; i < COUNT(EVENTS); i++)
        if (strcmp(EVENTS[i].type, type) == 0)
            return &EVENTS[i];
    return NULL;
}

const char *const *codes_table_words(const char *type, const char *field)
{
    const struct field_type *of = field_type_at((size_t)field_type_find(type));

    return of->fields[field_find(of, field)].words;
}
