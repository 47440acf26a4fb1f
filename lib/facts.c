/* SPDX-License-Identifier: Apache-2.0 */
#include "facts_slots.h"

#include <stdlib.h>
#include <string.h>

#include "event_slots.h"
#include "told/mem.h"

/* Who said which authority is home; the stronger word stands, whenever it came. */
enum facts_home {
    HOME_UNSAID,
    HOME_BY_PERSON, /* data.person.home_authority */
    HOME_BY_COURT,  /* court.authority-designated */
    HOME_BY_STATUS, /* care.status, an import, an answer */
};

struct facts_allocation {
    char *role;
    char *practitioner; /* NULL: known that nobody holds it */
};

struct facts {
    struct value fields[CHILD_FIELD_COUNT];
    char *home_authority;      /* owns the text of its field */
    char *placement_authority; /* owns the text of its field */
    struct facts_allocation *allocations;
    size_t allocation_count;
    bool allocations_are_whole; /* a role that is not in the list has nobody */
    enum facts_home home;
    bool custody_seen;  /* something is stored that says or may mean custody: silence is no longer "not in
                           custody" */
    bool sentence_seen; /* the same of a custodial sentence */
};

struct facts *facts_new(void)
{
    return mem_new(sizeof(struct facts));
}

static void facts_drop_allocations(struct facts *facts)
{
    for (size_t i = 0; i < facts->allocation_count; i++) {
        free(facts->allocations[i].role);
        free(facts->allocations[i].practitioner);
    }
    free(facts->allocations);
    facts->allocations = NULL;
    facts->allocation_count = 0;
}

void facts_free(struct facts *facts)
{
    if (facts == NULL)
        return;
    facts_drop_allocations(facts);
    free(facts->home_authority);
    free(facts->placement_authority);
    free(facts);
}

static void facts_set_text(struct facts *facts, enum field_child index, char **owner, const char *text)
{
    char *copy = mem_copy(text);

    free(*owner);
    *owner = copy;
    facts->fields[index] = copy == NULL ? VALUE_NONE : (struct value){.kind = VALUE_TEXT, .text = copy};
}

struct facts *facts_copy(const struct facts *facts)
{
    struct facts *copy = facts_new();

    *copy = *facts;
    copy->home_authority = NULL;
    copy->placement_authority = NULL;
    copy->allocations = NULL;
    copy->allocation_count = 0;
    facts_set_text(copy, CHILD_HOME_AUTHORITY, &copy->home_authority, facts->home_authority);
    facts_set_text(copy, CHILD_PLACEMENT_AUTHORITY, &copy->placement_authority, facts->placement_authority);
    for (size_t i = 0; i < facts->allocation_count; i++)
        facts_allocate(copy, facts->allocations[i].role, facts->allocations[i].practitioner);
    return copy;
}

static struct facts_allocation *facts_find_allocation(const struct facts *facts, const char *role)
{
    for (size_t i = 0; i < facts->allocation_count; i++) {
        if (strcmp(facts->allocations[i].role, role) == 0)
            return &facts->allocations[i];
    }
    return NULL;
}

void facts_allocate(struct facts *facts, const char *role, const char *practitioner)
{
    struct facts_allocation *found = facts_find_allocation(facts, role);
    char *copy = mem_copy(practitioner);

    if (found == NULL) {
        facts->allocations = mem_grow(facts->allocations, facts->allocation_count + 1, sizeof(*found));
        found = &facts->allocations[facts->allocation_count++];
        *found = (struct facts_allocation){.role = mem_copy(role)};
    }
    free(found->practitioner);
    found->practitioner = copy;
}

const char *facts_allocated(const struct facts *facts, const char *role)
{
    const struct facts_allocation *found = facts_find_allocation(facts, role);

    return found == NULL ? NULL : found->practitioner;
}

struct value facts_has(const struct facts *facts, const char *role)
{
    const struct facts_allocation *found = facts_find_allocation(facts, role);

    if (found == NULL && !facts->allocations_are_whole)
        return VALUE_NONE;
    return (struct value){.kind = VALUE_BOOL, .truth = found != NULL && found->practitioner != NULL};
}

const struct value *facts_value(const struct facts *facts, enum field_child index)
{
    return &facts->fields[index];
}

static void facts_set_bool(struct facts *facts, enum field_child index, bool truth)
{
    facts->fields[index] = (struct value){.kind = VALUE_BOOL, .truth = truth};
}

static bool facts_is_true(const struct facts *facts, enum field_child index)
{
    return facts->fields[index].kind == VALUE_BOOL && facts->fields[index].truth;
}

static bool facts_is_basis(const struct facts *facts, enum field_basis basis)
{
    const struct value *found = &facts->fields[CHILD_LOOKED_AFTER_BASIS];

    return found->kind == VALUE_WORD && found->word == (unsigned)basis;
}

static void facts_set_basis(struct facts *facts, unsigned basis)
{
    facts->fields[CHILD_LOOKED_AFTER_BASIS] = (struct value){.kind = VALUE_WORD, .word = basis};
    facts_set_bool(facts, CHILD_LOOKED_AFTER, basis != BASIS_NONE);
}

/* The basis and the yes-or-no say the same thing; what is said of one holds for the other. A null takes away
 * what was known by that field and leaves what only the other one said. */
static void facts_set_looked_after(struct facts *facts, enum field_child index, const struct value *value)
{
    bool basis_known = facts->fields[CHILD_LOOKED_AFTER_BASIS].kind != VALUE_UNKNOWN;

    if (value->kind == VALUE_WORD) {
        facts_set_basis(facts, value->word);
    } else if (value->kind == VALUE_BOOL && !value->truth) {
        facts_set_basis(facts, BASIS_NONE);
    } else if (value->kind == VALUE_BOOL) {
        if (facts_is_basis(facts, BASIS_NONE))
            facts->fields[CHILD_LOOKED_AFTER_BASIS] = VALUE_NONE;
        facts_set_bool(facts, CHILD_LOOKED_AFTER, true);
    } else if (index == CHILD_LOOKED_AFTER_BASIS ? basis_known : !basis_known) {
        facts->fields[CHILD_LOOKED_AFTER_BASIS] = VALUE_NONE;
        facts->fields[CHILD_LOOKED_AFTER] = VALUE_NONE;
    }
}

static void facts_put(struct facts *facts, enum field_child index, const struct value *value)
{
    const char *text = value->kind == VALUE_TEXT ? value->text : NULL;

    switch (index) {
    case CHILD_LOOKED_AFTER:
    case CHILD_LOOKED_AFTER_BASIS:
        facts_set_looked_after(facts, index, value);
        break;
    case CHILD_HOME_AUTHORITY:
        facts_set_text(facts, index, &facts->home_authority, text);
        facts->home = text == NULL ? HOME_UNSAID : HOME_BY_STATUS;
        break;
    case CHILD_PLACEMENT_AUTHORITY:
        facts_set_text(facts, index, &facts->placement_authority, text);
        break;
    default:
        facts->fields[index] = *value;
        break;
    }
}

/* "allocations" is the whole list; "allocations_known" only says of some roles who holds them. */
static const char *facts_set_allocations(struct facts *facts, const json_t *value, bool whole)
{
    json_t *open = (json_t *)(uintptr_t)value; /* jansson's iterators know no const */

    if (!json_is_object(value) && !json_is_null(value))
        return "must be an object of role and practitioner";
    for (void *at = json_object_iter(open); at != NULL; at = json_object_iter_next(open, at)) {
        const json_t *practitioner = json_object_iter_value(at);

        if (!json_is_string(practitioner) && !json_is_null(practitioner))
            return "a practitioner must be a string, or null for nobody";
    }
    if (whole) {
        facts_drop_allocations(facts);
        facts->allocations_are_whole = json_is_object(value);
    }
    for (void *at = json_object_iter(open); at != NULL; at = json_object_iter_next(open, at))
        facts_allocate(facts, json_object_iter_key(at), json_string_value(json_object_iter_value(at)));
    return NULL;
}

const char *facts_set(struct facts *facts, const char *field, const json_t *value)
{
    static const char *const wanted[] = {
        [VALUE_BOOL] = "must be true, false or null",
        [VALUE_WORD] = "must be null or a word of this field's set",
        [VALUE_WORDS] = "must be null or an array of words of this field's set",
        [VALUE_TEXT] = "must be a string or null",
        [VALUE_DAY] = "must be a date YYYY-MM-DD or null",
    };
    int index = field_child_find(field);
    struct value found;

    if (strcmp(field, "allocations") == 0 || strcmp(field, "allocations_known") == 0)
        return facts_set_allocations(facts, value, strcmp(field, "allocations") == 0);
    if (index < 0)
        return "no such field of a child";
    if (!value_read(field_child((enum field_child)index)->kind, field_child((enum field_child)index)->words,
                    value, &found))
        return wanted[field_child((enum field_child)index)->kind];
    facts_put(facts, (enum field_child)index, &found);
    return NULL;
}

static void facts_set_home(struct facts *facts, const char *authority, enum facts_home by)
{
    if (authority == NULL || authority[0] == '\0' || facts->home > by)
        return;
    facts_set_text(facts, CHILD_HOME_AUTHORITY, &facts->home_authority, authority);
    facts->home = by;
}

static void facts_apply_person(struct facts *facts, const json_t *person)
{
    const char *born_on = json_text_at(person, "born_on");
    struct civil_day day;

    if (facts->fields[CHILD_BORN_ON].kind == VALUE_UNKNOWN && born_on != NULL && civil_parse(born_on, &day))
        facts->fields[CHILD_BORN_ON] = (struct value){.kind = VALUE_DAY, .day = day};
    facts_set_home(facts, json_text_at(person, "home_authority"), HOME_BY_PERSON);
}

/* Sent to custody, and no reception yet: whether the child is there is unknown, unless it was there already.
 */
static void facts_apply_committal(struct facts *facts)
{
    facts->custody_seen = true;
    if (!facts_is_true(facts, CHILD_IN_CUSTODY))
        facts->fields[CHILD_IN_CUSTODY] = VALUE_NONE;
}

static void facts_end_remand(struct facts *facts)
{
    if (facts_is_basis(facts, BASIS_REMAND))
        facts_set_basis(facts, BASIS_NONE);
}

/* LASPO 2012 s.92 and s.104(1): a remanded child becomes looked after that day, and stays what it was if it
 * was. */
static void facts_apply_remand(struct facts *facts, const struct event *event)
{
    if (!event_says(event, "to", "local-authority-accommodation"))
        facts_apply_committal(facts);
    if (event_word(event, "to") == NULL || event_says(event, "to", "custody"))
        return;
    if (facts_is_basis(facts, BASIS_NONE))
        facts_set_basis(facts, BASIS_REMAND);
    else
        facts_set_bool(facts, CHILD_LOOKED_AFTER, true);
}

/* Every basis but a care order ends with the custodial sentence, and is remembered. A second sentence of a
 * child who is serving one already ends nothing, and must not make us forget what the first one ended. */
static void facts_apply_custodial_sentence(struct facts *facts)
{
    bool serving = facts_is_true(facts, CHILD_IN_CUSTODY) && facts_is_true(facts, CHILD_SENTENCED);

    if (!serving || !facts_is_basis(facts, BASIS_NONE))
        facts->fields[CHILD_LOOKED_AFTER_BEFORE_CUSTODY] = facts->fields[CHILD_LOOKED_AFTER_BASIS];
    if (facts->fields[CHILD_LOOKED_AFTER_BASIS].kind == VALUE_UNKNOWN)
        facts->fields[CHILD_LOOKED_AFTER] = VALUE_NONE;
    else if (!facts_is_basis(facts, BASIS_S31))
        facts_set_basis(facts, BASIS_NONE);
    facts_apply_committal(facts);
    facts->sentence_seen = true;
    facts_set_bool(facts, CHILD_SENTENCED, true);
}

static void facts_apply_court(struct facts *facts, const struct event *event)
{
    if (event_is_type(event, "court.remand")) {
        facts_apply_remand(facts, event);
    } else if (event_is_type(event, "court.sentence")) {
        if (event_says(event, "kind", "custody"))
            facts_apply_custodial_sentence(facts);
        else if (event_says(event, "kind", "community"))
            facts_end_remand(facts);
    } else if (event_is_type(event, "court.bail")) {
        if (event_says(event, "decision", "unconditional") || event_says(event, "decision", "conditional"))
            facts_end_remand(facts);
    } else if (event_is_type(event, "court.proceedings-ended")) {
        facts_end_remand(facts);
    } else if (event_is_type(event, "court.authority-designated")) {
        facts_set_home(facts, event_word(event, "to"), HOME_BY_COURT);
    }
}

static void facts_apply_custody(struct facts *facts, const struct event *event)
{
    facts->custody_seen = true;
    if (event_is_type(event, "custody.reception") || event_is_type(event, "custody.transfer"))
        facts_set_bool(facts, CHILD_IN_CUSTODY, true);
    if (event_is_type(event, "custody.release") && event_says(event, "reason", "released"))
        facts_set_bool(facts, CHILD_IN_CUSTODY, false);
    if (event_is_type(event, "custody.reception") && event_is_true(event, "sentenced")) {
        facts->sentence_seen = true;
        facts_set_bool(facts, CHILD_SENTENCED, true);
    }
}

static void facts_apply_yos(struct facts *facts, const struct event *event)
{
    struct value found = event_value(event, "found");
    unsigned estranged;

    if (event_is_type(event, "yos.cusp-of-custody"))
        facts_set_bool(facts, CHILD_CUSP_OF_CUSTODY, true);
    if (event_is_type(event, "yos.order-ended"))
        facts_set_bool(facts, CHILD_SENTENCED, false);
    if (event_is_type(event, "yos.assessment") && found.kind == VALUE_WORDS) {
        const struct field_type *type = field_type_at((size_t)event_type_index(event));

        if (value_find_word(type->fields[field_find(type, "found")].words, "estranged", &estranged) &&
            (found.words >> estranged & 1) != 0)
            facts_set_bool(facts, CHILD_ESTRANGED, true);
    }
}

/* The rows of care.status and of a child share one table, so slot n of one is field n + 1 of the other
 * (born_on). */
static void facts_apply_status(struct facts *facts, const struct event *event)
{
    for (unsigned i = 1; i < CHILD_FIELD_COUNT; i++) {
        const struct value *said = event_slot(event, i - 1);

        if (said->kind != VALUE_UNKNOWN)
            facts_put(facts, (enum field_child)i, said);
    }
}

static void facts_apply_care(struct facts *facts, const struct event *event)
{
    const char *role = event_word(event, "role");
    const char *practitioner = event_word(event, "practitioner");

    if (event_is_type(event, "care.status")) {
        facts_apply_status(facts, event);
    } else if (event_is_type(event, "care.allocation") && role != NULL) {
        facts_allocate(facts, role, practitioner);
        /* The one role the contract names for a fact: whoever has a YOS worker is open to the YOS. */
        if (strcmp(role, "yos-worker") == 0 && practitioner != NULL)
            facts_set_bool(facts, CHILD_OPEN_TO_YOS, true);
    } else if (event_is_type(event, "care.placement") && event_word(event, "authority") != NULL) {
        facts_set_text(facts, CHILD_PLACEMENT_AUTHORITY, &facts->placement_authority,
                       event_word(event, "authority"));
    }
}

void facts_apply(struct facts *facts, const struct event *event)
{
    const char *type = event_type(event);

    /* A retraction unsays another event; what it carries itself was never said. */
    if (event_type_index(event) < 0 || event_retracts(event) != NULL)
        return;
    facts_apply_person(facts, event_person(event));
    if (strncmp(type, "court.", 6) == 0)
        facts_apply_court(facts, event);
    else if (strncmp(type, "custody.", 8) == 0)
        facts_apply_custody(facts, event);
    else if (strncmp(type, "yos.", 4) == 0)
        facts_apply_yos(facts, event);
    else if (strncmp(type, "care.", 5) == 0)
        facts_apply_care(facts, event);
}

void facts_close(struct facts *facts)
{
    if (facts->fields[CHILD_IN_CUSTODY].kind == VALUE_UNKNOWN && !facts->custody_seen)
        facts_set_bool(facts, CHILD_IN_CUSTODY, false);
    if (facts->fields[CHILD_SENTENCED].kind == VALUE_UNKNOWN && !facts->sentence_seen)
        facts_set_bool(facts, CHILD_SENTENCED, false);
}

json_t *facts_json(const struct facts *facts)
{
    json_t *json = json_object();
    json_t *allocations = json_object();

    for (unsigned i = 0; i < CHILD_FIELD_COUNT; i++) {
        const struct field *field = field_child((enum field_child)i);

        if (i == CHILD_LOOKED_AFTER && facts->fields[CHILD_LOOKED_AFTER_BASIS].kind != VALUE_UNKNOWN)
            continue; /* the basis says it */
        if (facts->fields[i].kind != VALUE_UNKNOWN)
            json_object_set_new(json, field->name, value_json(&facts->fields[i], field->words));
    }
    for (size_t i = 0; i < facts->allocation_count; i++) {
        const struct facts_allocation *one = &facts->allocations[i];

        json_object_set_new(allocations, one->role,
                            one->practitioner == NULL ? json_null() : json_string(one->practitioner));
    }
    if (facts->allocations_are_whole)
        json_object_set(json, "allocations", allocations);
    else if (facts->allocation_count > 0)
        json_object_set(json, "allocations_known", allocations);
    json_decref(allocations);
    return json;
}

void facts_digest(const struct facts *facts, char out[65])
{
    json_t *json = facts_json(facts);

    json_digest(json, NULL, out);
    json_decref(json);
}
