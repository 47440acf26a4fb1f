/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: the reasons of ministryofjustice/prison-offender-events and hmpps-prisoner-search (received,
 * released); the messages of hmpps-probation-integration-services for the movement codes; the location codes
 * of the youth estate from hmpps-book-secure-move-api. Only what is sure stands here.
 */
#include "custody_code.h"

#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const struct {
    const char *type;
    struct custody_code code;
    enum custody_direction direction;
} TYPES[] = {
    {"prisoner.received", {"", CUSTODY_RECEPTION, NULL}, CUSTODY_IN},
    {"prisoner.released", {"", CUSTODY_RELEASE, NULL}, CUSTODY_OUT},
    {"prisoner.sentence-dates-changed", {"", CUSTODY_RELEASE_DATES, NULL}, CUSTODY_IN},
    {"SENTENCE_DATES-CHANGED", {"", CUSTODY_RELEASE_DATES, NULL}, CUSTODY_IN},
    {"CONFIRMED_RELEASE_DATE-CHANGED", {"", CUSTODY_RELEASE_DATES, NULL}, CUSTODY_IN},
    {"calculate-release-dates.prisoner.changed", {"", CUSTODY_RELEASE_DATES, NULL}, CUSTODY_IN},
};

/* Not a reception: who comes back never stopped being in custody, and a plan begun at the entry is not begun
 * again. */
static const struct custody_code IN[] = {
    {"ADMISSION", CUSTODY_RECEPTION, NULL},
    {"NEW_ADMISSION", CUSTODY_RECEPTION, NULL},
    {"READMISSION", CUSTODY_RECEPTION, NULL},
    {"RECALL", CUSTODY_RECEPTION, NULL},
    {"REMAND", CUSTODY_RECEPTION, NULL},
    {"CONVICTED", CUSTODY_RECEPTION, NULL},
    {"TRANSFERRED", CUSTODY_TRANSFER, NULL},
    {"RETURN_FROM_COURT", CUSTODY_NOTHING, "back from court: custody went on"},
    {"TEMPORARY_ABSENCE_RETURN", CUSTODY_NOTHING, "back from a temporary absence: custody went on"},
    {"READMISSION_SWITCH_BOOKING", CUSTODY_NOTHING, "a record that changed, nobody who came"},
    {"POST_MERGE_ADMISSION", CUSTODY_NOTHING, "a record that changed, nobody who came"},
};

/* Only RELEASED is a release. */
static const struct custody_code OUT[] = {
    {"RELEASED", CUSTODY_RELEASE, "released"},
    {"REMOVED_FROM_HOSPITAL", CUSTODY_RELEASE, "released"}, /* out of the secure hospital they were held in */
    {"TRANSFERRED", CUSTODY_RELEASE, "transferred"},
    {"SENT_TO_COURT", CUSTODY_RELEASE, "court"},
    {"TEMPORARY_ABSENCE_RELEASE", CUSTODY_RELEASE, "temporary"},
    {"RELEASED_TO_HOSPITAL", CUSTODY_RELEASE, "hospital"},
};

/* These come with the reason RELEASED, and are none. */
static const struct custody_code OUT_MOVEMENTS[] = {
    {"HO", CUSTODY_RELEASE, "hospital"}, {"HP", CUSTODY_RELEASE, "hospital"},
    {"HQ", CUSTODY_RELEASE, "hospital"}, {"MRG", CUSTODY_NOTHING, "a record that changed, nobody who went"},
    {"DEC", CUSTODY_LOOK, NULL},         {"UAL", CUSTODY_LOOK, NULL},
    {"UAL_ECL", CUSTODY_LOOK, NULL},     {"ESCP", CUSTODY_LOOK, NULL},
};
static const struct custody_code IN_MOVEMENTS[] = {
    {"INT", CUSTODY_TRANSFER, NULL},
    {"MRG", CUSTODY_NOTHING, "a record that changed, nobody who came"},
};

static const struct {
    const char *word;
    enum custody_truth sentenced;
} CAUSES[] =
    {
        {"RECALL", CUSTODY_YES},
        {"CONVICTED", CUSTODY_YES},
        {"REMAND", CUSTODY_NO},
        {"IMMIGRATION_DETAINEE", CUSTODY_NO},
},
  MOVEMENTS[] = {
      {"I", CUSTODY_YES}, /* imprisonment without option of a fine */
      {"N", CUSTODY_NO},  /* unconvicted remand */
};

static const struct {
    const char *prison_id, *kind;
} ESTABLISHMENTS[] = {
    {"FMI", "yoi"},  {"PRI", "yoi"},  {"CKI", "yoi"},  {"WNI", "yoi"},  {"WYI", "yoi"},
    {"STC2", "stc"}, {"STC3", "stc"}, {"SCH1", "sch"}, {"SCH2", "sch"}, {"SCH3", "sch"},
    {"SCH4", "sch"}, {"SCH5", "sch"}, {"SCH6", "sch"}, {"SCH8", "sch"}, {"SCH9", "sch"},
};

static const struct custody_code *find(const struct custody_code *rows, size_t count, const char *code)
{
    for (size_t i = 0; code != NULL && i < count; i++)
        if (strcmp(rows[i].code, code) == 0)
            return &rows[i];
    return NULL;
}

const struct custody_code *custody_code_of_type(const char *event_type, enum custody_direction *ret_direction)
{
    for (size_t i = 0; i < ROWS(TYPES); i++) {
        size_t len = strlen(event_type), end = strlen(TYPES[i].type);
        bool is_whole = len == end, is_behind_dot = len > end && event_type[len - end - 1] == '.';
        if ((!is_whole && !is_behind_dot) || strcmp(event_type + len - end, TYPES[i].type) != 0)
            continue;
        if (TYPES[i].code.sort != CUSTODY_RELEASE_DATES)
            *ret_direction = TYPES[i].direction;
        return &TYPES[i].code;
    }
    return NULL;
}

const struct custody_code *custody_code_of_reason(enum custody_direction direction, const char *reason)
{
    return direction == CUSTODY_IN ? find(IN, ROWS(IN), reason) : find(OUT, ROWS(OUT), reason);
}

const struct custody_code *custody_code_of_movement(enum custody_direction direction, const char *movement)
{
    return direction == CUSTODY_IN ? find(IN_MOVEMENTS, ROWS(IN_MOVEMENTS), movement)
                                   : find(OUT_MOVEMENTS, ROWS(OUT_MOVEMENTS), movement);
}

enum custody_truth custody_code_sentenced(const char *cause, const char *movement)
{
    for (size_t i = 0; cause != NULL && i < ROWS(CAUSES); i++)
        if (strcmp(CAUSES[i].word, cause) == 0)
            return CAUSES[i].sentenced;
    for (size_t i = 0; movement != NULL && i < ROWS(MOVEMENTS); i++)
        if (strcmp(MOVEMENTS[i].word, movement) == 0)
            return MOVEMENTS[i].sentenced;
    return CUSTODY_NOT_SAID;
}

const char *custody_code_establishment(const char *prison_id)
{
    for (size_t i = 0; i < ROWS(ESTABLISHMENTS); i++)
        if (strcmp(ESTABLISHMENTS[i].prison_id, prison_id) == 0)
            return ESTABLISHMENTS[i].kind;
    return NULL;
}
