/* SPDX-License-Identifier: Apache-2.0 */
/* Tables only: one row a field, in the order of the catalogue. The order of words is the order of their
 * numbers. */
#include "field.h"

#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define COUNT(rows) ((unsigned)(sizeof(rows) / sizeof((rows)[0])))

#define MEMBER_BOOL(name)                                                                                    \
    {                                                                                                        \
        name, VALUE_BOOL, NULL                                                                               \
    }
#define MEMBER_NUMBER(name)                                                                                  \
    {                                                                                                        \
        name, VALUE_NUMBER, NULL                                                                             \
    }
#define MEMBER_TEXT(name)                                                                                    \
    {                                                                                                        \
        name, VALUE_TEXT, NULL                                                                               \
    }
#define MEMBER_DAY(name)                                                                                     \
    {                                                                                                        \
        name, VALUE_DAY, NULL                                                                                \
    }
#define MEMBER_INSTANT(name)                                                                                 \
    {                                                                                                        \
        name, VALUE_INSTANT, NULL                                                                            \
    }
#define MEMBER_LIST(name)                                                                                    \
    {                                                                                                        \
        name, VALUE_LIST, NULL                                                                               \
    }
#define MEMBER_WORD(name, ...)                                                                               \
    {                                                                                                        \
        name, VALUE_WORD, WORDS(__VA_ARGS__)                                                                 \
    }
#define MEMBER_WORDS(name, ...)                                                                              \
    {                                                                                                        \
        name, VALUE_WORDS, WORDS(__VA_ARGS__)                                                                \
    }

#define CONCERN_KINDS                                                                                        \
    "offending", "antisocial-behaviour", "gang", "sexual-exploitation", "harmful-sexual-behaviour",          \
        "county-lines", "radicalisation", "missing"
#define CUSTODY_MEETINGS "sentence-plan-first", "sentence-plan-review", "release-preparation", "pre-release"
#define BASES "s20", "s31", "remand", "police-protection", "none" /* as enum field_basis */

/* Of a child and of `care.status`, which may say any of them anew. */
#define STATUS_ROWS                                                                                          \
    MEMBER_BOOL("looked_after"), MEMBER_WORD("looked_after_basis", BASES), MEMBER_BOOL("in_need"),           \
        MEMBER_BOOL("protection_plan"),                                                                      \
        MEMBER_WORD("care_leaver", "none", "eligible", "relevant", "former-relevant"),                       \
        MEMBER_BOOL("open_to_social_care"), MEMBER_BOOL("open_to_yos"), MEMBER_TEXT("home_authority"),       \
        MEMBER_TEXT("placement_authority"), MEMBER_BOOL("in_custody"), MEMBER_BOOL("sentenced"),             \
        MEMBER_WORD("looked_after_before_custody", BASES), MEMBER_BOOL("vulnerable"),                        \
        MEMBER_BOOL("estranged"), MEMBER_BOOL("cusp_of_custody"),                                            \
        MEMBER_WORDS("markers", "gang", "sexual-exploitation", "harmful-sexual-behaviour", "county-lines",   \
                     "migrant", "modern-slavery", "missing-education")

static const struct field child_fields[CHILD_FIELD_COUNT] = {MEMBER_DAY("born_on"), STATUS_ROWS};

static const struct field police_arrest[] = {
    MEMBER_WORD("gravity", "low", "high"),
    MEMBER_BOOL("admits"),
    MEMBER_BOOL("significant_history"),
    MEMBER_BOOL("detained"),
    MEMBER_TEXT("authority"),
};
static const struct field police_detention[] = {
    MEMBER_WORD("state", "charged-bail-refused", "transfer-requested", "transferred", "released"),
    MEMBER_TEXT("station"),
    MEMBER_TEXT("authority"),
};
static const struct field police_charge[] = {
    MEMBER_DAY("charged_on"),           MEMBER_LIST("offences"),
    MEMBER_TEXT("authority"),           MEMBER_TEXT("first_hearing.court"),
    MEMBER_INSTANT("first_hearing.at"), MEMBER_WORD("remand_status", "S", "C", "L", "R", "P", "B", "U", "A"),
    MEMBER_BOOL("bail_objected"),       MEMBER_BOOL("exploitation_indicator"),
    MEMBER_BOOL("drug_supply"),
};
static const struct field police_disposal[] = {
    MEMBER_WORD("outcome", "triage", "youth-caution", "youth-conditional-caution", "no-further-action"),
    MEMBER_WORD("gravity", "low", "high"),
};
static const struct field police_concern[] = {
    MEMBER_WORD("via", "merlin", "asb", "school", "parent", "young-person", "community", "housing",
                "intelligence", "social-care"),
    MEMBER_WORD("kind", CONCERN_KINDS),
    MEMBER_WORD("risk", "low", "medium", "high"),
};
static const struct field court_hearing_listed[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_INSTANT("at"),
    MEMBER_TEXT("purpose"),
};
static const struct field court_appearance[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_DAY("on"),
};
static const struct field court_report_requested[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_WORD("report", "psr"),
    MEMBER_DAY("due_on"),
};
static const struct field court_bail[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_WORD("decision", "unconditional", "conditional", "being-refused", "refused"),
    MEMBER_BOOL("objected"),
    MEMBER_BOOL("reside_as_directed"),
    MEMBER_BOOL("return_home_prohibited"),
    MEMBER_WORD("parents", "present", "refused", "absent", "uncontactable"),
};
static const struct field court_home_concern[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
};
static const struct field court_remand[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_WORD("to", "local-authority-accommodation", "youth-detention-accommodation", "custody"),
    MEMBER_DAY("on"),
    MEMBER_TEXT("designated_authority"),
};
static const struct field court_conviction[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_DAY("on"),
    MEMBER_LIST("offences"),
};
static const struct field court_sentence[] = {
    MEMBER_TEXT("hearing"), MEMBER_TEXT("court"),
    MEMBER_DAY("on"),       MEMBER_WORD("kind", "custody", "community", "other"),
    MEMBER_TEXT("order"),   MEMBER_NUMBER("term_months"),
};
static const struct field court_authority_designated[] = {
    MEMBER_TEXT("from"),
    MEMBER_TEXT("to"),
    MEMBER_DAY("on"),
};
static const struct field court_proceedings_ended[] = {
    MEMBER_TEXT("hearing"),
    MEMBER_TEXT("court"),
    MEMBER_DAY("on"),
    MEMBER_WORD("outcome", "acquitted", "dismissed", "withdrawn", "discontinued"),
};
static const struct field custody_reception[] = {
    MEMBER_TEXT("establishment"),
    MEMBER_WORD("establishment_kind", "yoi", "stc", "sch"),
    MEMBER_DAY("on"),
    MEMBER_BOOL("sentenced"),
};
static const struct field custody_transfer[] = {
    MEMBER_TEXT("from"),
    MEMBER_TEXT("to"),
    MEMBER_DAY("on"),
};
static const struct field custody_release_dates[] = {
    MEMBER_DAY("early_on"),
    MEMBER_DAY("mandatory_on"),
    MEMBER_BOOL("early_entitled"),
};
static const struct field custody_meeting_arranged[] = {
    MEMBER_WORD("meeting", CUSTODY_MEETINGS),
    MEMBER_INSTANT("at"),
};
static const struct field custody_meeting_held[] = {
    MEMBER_WORD("meeting", CUSTODY_MEETINGS),
    MEMBER_DAY("on"),
    MEMBER_BOOL("placement_identified"),
    MEMBER_BOOL("address_available"),
};
static const struct field custody_plan_changed[] = {MEMBER_WORD("plan", "sentence-plan")};
static const struct field custody_release[] = {
    MEMBER_DAY("on"),
    MEMBER_WORD("reason", "released", "transferred", "court", "temporary", "hospital"),
    MEMBER_BOOL("supervised"),
};
static const struct field yos_assessment[] = {
    MEMBER_WORD("state", "started", "completed"),
    MEMBER_WORDS("found", "need", "safeguarding", "accommodation", "home-concern", "estranged"),
};
static const struct field yos_plan_changed[] = {MEMBER_TEXT("plan")};
static const struct field yos_meeting_arranged[] = {
    MEMBER_WORD("meeting", "initial-planning", "review", "practice-group", "risk-management-panel",
                "custody-scrutiny-panel", "network", "professionals", "channel"),
    MEMBER_INSTANT("at"),
};
static const struct field yos_concern[] = {
    MEMBER_WORD("kind", CONCERN_KINDS, "need", "safeguarding", "live-with-family-on-release"),
    MEMBER_BOOL("significant"),
    MEMBER_BOOL("after_sentence"),
    MEMBER_WORD("risk", "low", "medium", "high", "very-high"),
};
static const struct field yos_conflict[] = {MEMBER_WORD("about", "resources", "joint-work")};
static const struct field yos_governor_informed[] = {
    MEMBER_BOOL("address"),
    MEMBER_BOOL("monitoring_suitable"),
};
static const struct field yos_order_ended[] = {MEMBER_DAY("on")};
static const struct field care_status[] = {STATUS_ROWS, MEMBER_DAY("on")};
static const struct field care_allocation[] = {
    MEMBER_TEXT("role"),
    MEMBER_TEXT("practitioner"),
    MEMBER_DAY("on"),
};
static const struct field care_placement[] = {
    MEMBER_TEXT("authority"),
    MEMBER_DAY("on"),
};
static const struct field care_assessment[] = {
    MEMBER_WORD("state", "started", "completed"),
    MEMBER_WORD("kind", "single", "other"),
};
static const struct field care_plan_changed[] = {
    MEMBER_WORD("plan", "care-plan", "detention-placement-plan")};
static const struct field care_visit[] = {
    MEMBER_DAY("on"),
    MEMBER_TEXT("by"),
};
static const struct field care_accommodation_proposed[] = {MEMBER_NUMBER("section")};
static const struct field care_meeting_arranged[] = {
    MEMBER_WORD("meeting", "looked-after-review", "first-looked-after-review", "care-planning", "strategy",
                "practice-group"),
    MEMBER_WORDS("about", "gang", "sexual-exploitation", "harmful-sexual-behaviour"),
    MEMBER_INSTANT("at"),
};
static const struct field care_proceedings_learned[] = {
    MEMBER_WORD("of", "charge", "appearance", "conviction"),
    MEMBER_DAY("on"),
};
/* told's own: the moment that a watch waits for, or a new calendar under the clocks of a child. */
static const struct field told_instant[] = {
    MEMBER_WORD("what", "watch", "calendar"),
    MEMBER_TEXT("rule"),
    MEMBER_TEXT("calendar"),
    MEMBER_DAY("on"),
    MEMBER_INSTANT("at"),
};

#define TYPE(name, rows)                                                                                     \
    {                                                                                                        \
        name, rows, COUNT(rows)                                                                              \
    }

static const struct field_type types[] = {
    TYPE("police.arrest", police_arrest),
    TYPE("police.detention", police_detention),
    TYPE("police.charge", police_charge),
    TYPE("police.disposal", police_disposal),
    TYPE("police.concern", police_concern),
    TYPE("court.hearing-listed", court_hearing_listed),
    TYPE("court.appearance", court_appearance),
    TYPE("court.report-requested", court_report_requested),
    TYPE("court.bail", court_bail),
    TYPE("court.home-concern", court_home_concern),
    TYPE("court.remand", court_remand),
    TYPE("court.conviction", court_conviction),
    TYPE("court.sentence", court_sentence),
    TYPE("court.authority-designated", court_authority_designated),
    TYPE("court.proceedings-ended", court_proceedings_ended),
    TYPE("custody.reception", custody_reception),
    TYPE("custody.transfer", custody_transfer),
    TYPE("custody.release-dates", custody_release_dates),
    TYPE("custody.meeting-arranged", custody_meeting_arranged),
    TYPE("custody.meeting-held", custody_meeting_held),
    TYPE("custody.plan-changed", custody_plan_changed),
    TYPE("custody.release", custody_release),
    TYPE("yos.assessment", yos_assessment),
    TYPE("yos.plan-changed", yos_plan_changed),
    TYPE("yos.meeting-arranged", yos_meeting_arranged),
    TYPE("yos.concern", yos_concern),
    TYPE("yos.conflict", yos_conflict),
    {"yos.cusp-of-custody", NULL, 0},
    TYPE("yos.governor-informed", yos_governor_informed),
    TYPE("yos.order-ended", yos_order_ended),
    TYPE("care.status", care_status),
    TYPE("care.allocation", care_allocation),
    TYPE("care.placement", care_placement),
    TYPE("care.assessment", care_assessment),
    TYPE("care.plan-changed", care_plan_changed),
    TYPE("care.visit", care_visit),
    TYPE("care.accommodation-proposed", care_accommodation_proposed),
    TYPE("care.meeting-arranged", care_meeting_arranged),
    {"care.parent-contacted", NULL, 0},
    TYPE("care.proceedings-learned", care_proceedings_learned),
    TYPE("told.instant", told_instant),
};

_Static_assert(COUNT(care_status) <= FIELD_COUNT_MOST, "care.status is the type with most fields");
_Static_assert(COUNT(care_status) == CHILD_FIELD_COUNT, "every status field has a row, in both tables");

size_t field_type_count(void)
{
    return COUNT(types);
}

const struct field_type *field_type_at(size_t index)
{
    return &types[index];
}

int field_type_find(const char *name)
{
    for (size_t i = 0; i < COUNT(types); i++) {
        if (strcmp(types[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static int field_search(const struct field *fields, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

int field_find(const struct field_type *type, const char *name)
{
    return field_search(type->fields, type->count, name);
}

const struct field *field_child(enum field_child index)
{
    return &child_fields[index];
}

int field_child_find(const char *name)
{
    return field_search(child_fields, CHILD_FIELD_COUNT, name);
}
