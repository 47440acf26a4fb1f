/* SPDX-License-Identifier: Apache-2.0 */
#include "term.h"

#include <stdlib.h>
#include <string.h>

#include "event_slots.h"
#include "facts_slots.h"
#include "told/mem.h"

struct term_row {
    const char *name;
    enum term_from from;
    enum value_kind kind;
    const char *asks; /* NULL: the name itself */
};

static const struct term_row rows[] = {
    {"event.received_at", TERM_RECEIVED_AT, VALUE_INSTANT, NULL},
    {"child.age", TERM_CHILD_AGE, VALUE_NUMBER, "child.born_on"},
    {"child.out_of_borough", TERM_CHILD_OUT_OF_BOROUGH, VALUE_BOOL, "child.placement_authority"},
    {"child.has", TERM_CHILD_HAS, VALUE_BOOL, NULL},
    {"court.is_host", TERM_COURT_IS_HOST, VALUE_BOOL, NULL},
    {"court.is_our_day", TERM_COURT_IS_OUR_DAY, VALUE_BOOL, NULL},
    {"authority", TERM_AUTHORITY, VALUE_TEXT, NULL},
    {"history.entered", TERM_HISTORY_ENTERED, VALUE_BOOL, NULL},
    {"history.custodial", TERM_HISTORY_CUSTODIAL, VALUE_BOOL, NULL},
    {"history.proceedings", TERM_HISTORY_PROCEEDINGS, VALUE_BOOL, NULL},
    {"release.on", TERM_RELEASE_ON, VALUE_DAY, NULL},
};

static bool term_starts(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

bool term_is_name(const char *name)
{
    /* Types of event begin with "court." too, and are values: court.hearing-listed. */
    return strcmp(name, "authority") == 0 || term_starts(name, "event.") || term_starts(name, "child.") ||
           term_starts(name, "court.is_") || term_starts(name, "history.") || term_starts(name, "release.");
}

static char *term_no_such_event_field(const char *name, const struct field_type *type)
{
    struct buf reason = {0};

    buf_printf(&reason, "\"%s\" is no field of %s; take it from another type, or use one of:", name,
               type->name);
    for (unsigned i = 0; i < type->count; i++)
        buf_printf(&reason, " event.%s", type->fields[i].name);
    if (type->count == 0)
        buf_text(&reason, " (it has none)");
    return buf_take(&reason);
}

static char *term_find_event(const char *name, int type_index, struct term *term)
{
    const struct field_type *type = field_type_at((size_t)type_index);
    const char *field = name + strlen("event.");
    int slot;

    if (strcmp(field, "type") == 0) {
        term->kind = VALUE_TEXT;
        term->constant = (struct value){.kind = VALUE_TEXT, .text = type->name};
        return NULL;
    }
    slot = field_find(type, field);
    if (slot < 0)
        return term_no_such_event_field(name, type);
    term->from = TERM_EVENT;
    term->slot = (unsigned)slot;
    term->kind = type->fields[slot].kind;
    term->words = type->fields[slot].words;
    return NULL;
}

static char *term_find_child(const char *name, struct term *term)
{
    int index = field_child_find(name + strlen("child."));

    if (index < 0)
        return mem_printf("\"%s\" is no field of a child; correct the name", name);
    term->from = TERM_CHILD;
    term->slot = (unsigned)index;
    term->kind = field_child((enum field_child)index)->kind;
    term->words = field_child((enum field_child)index)->words;
    return NULL;
}

static const struct term_row *term_find_row(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

char *term_find(const char *name, const char *role, int type_index, enum term_reach reach, struct term *ret)
{
    const struct term_row *row = term_find_row(name);
    struct term term = {.from = TERM_CONSTANT};
    char *reason = NULL;

    if (reach == TERM_REACH_EVENT && (!term_starts(name, "event.") || row != NULL))
        return mem_printf(
            "\"%s\" is not known here; what closes a duty may only look at event.… of the later event", name);
    if (row != NULL && (row->from == TERM_CHILD_HAS) != (role != NULL))
        return mem_printf("\"%s\": write child.has(role), and a role with nothing else", name);
    if (row != NULL) {
        term.from = row->from;
        term.kind = row->kind;
        term.asks = row->asks;
    } else if (term_starts(name, "event.")) {
        reason = term_find_event(name, type_index, &term);
    } else if (term_starts(name, "child.")) {
        reason = term_find_child(name, &term);
    } else {
        reason = mem_printf(
            "\"%s\" names nothing that a rule may test; see event.…, child.…, court.…, history.…", name);
    }
    if (reason != NULL)
        return reason;
    term.role = mem_copy(role);
    term.name = role == NULL ? mem_copy(name) : mem_printf("%s(%s)", name, role);
    if (term.asks == NULL)
        term.asks = term.name;
    *ret = term;
    return NULL;
}

void term_release(struct term *term)
{
    free(term->name);
    free(term->role);
    *term = (struct term){.from = TERM_CONSTANT};
}

void term_scope_init(struct term_scope *scope, const struct decide_input *input)
{
    *scope = (struct term_scope){.input = input};
}

static struct value term_truth(enum truth truth)
{
    if (truth == TRUTH_UNKNOWN)
        return VALUE_NONE;
    return (struct value){.kind = VALUE_BOOL, .truth = truth == TRUTH_TRUE};
}

static struct value term_court(const struct term_scope *scope, enum truth truth, const char *name)
{
    return truth == TRUTH_UNKNOWN ? event_answer_value(scope->input->event, name) : term_truth(truth);
}

static struct value term_bool(bool truth)
{
    return (struct value){.kind = VALUE_BOOL, .truth = truth};
}

static void term_read_history(struct term_scope *scope)
{
    if (scope->history_ready)
        return;
    history_init(&scope->history, scope->input);
    scope->entered = term_bool(history_entered(&scope->history));
    scope->custodial = term_bool(history_custodial(&scope->history));
    scope->proceedings = term_bool(history_proceedings(&scope->history));
    scope->history_ready = true;
}

/* What is stored says it, or else whoever answered a review. */
static struct value term_release_on(struct term_scope *scope)
{
    struct civil_day on;

    if (!scope->release_ready) {
        history_init(&scope->history, scope->input);
        on = history_release_on(&scope->history);
        scope->release_on = civil_is_none(on) ? event_answer_value(scope->input->event, "release.on")
                                              : (struct value){.kind = VALUE_DAY, .day = on};
        scope->release_ready = true;
    }
    return scope->release_on;
}

/* What the store does not know, the event's own person may say. */
static struct value term_born_on(const struct term_scope *scope)
{
    const struct value *born = facts_value(scope->input->facts, CHILD_BORN_ON);
    const char *text = json_text_at(event_person(scope->input->event), "born_on");
    struct civil_day day;

    if (born->kind == VALUE_DAY)
        return *born;
    if (text == NULL || !civil_parse(text, &day))
        return VALUE_NONE;
    return (struct value){.kind = VALUE_DAY, .day = day};
}

/* A25: whole years on the local day of the event. */
static struct value term_age(const struct term_scope *scope)
{
    struct value born = term_born_on(scope);

    if (born.kind == VALUE_UNKNOWN)
        return VALUE_NONE;
    return (struct value){.kind = VALUE_NUMBER, .number = civil_age(born.day, event_day(scope->input->event))};
}

static struct value term_out_of_borough(const struct term_scope *scope)
{
    const struct value *placed = facts_value(scope->input->facts, CHILD_PLACEMENT_AUTHORITY);

    if (placed->kind != VALUE_TEXT || scope->input->authority == NULL)
        return VALUE_NONE;
    return term_bool(strcmp(placed->text, scope->input->authority) != 0);
}

static struct value term_text(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return VALUE_NONE;
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

static struct value term_child(const struct term *term, const struct term_scope *scope)
{
    const struct facts *facts = scope->input->facts;
    const struct value *found = facts_value(facts, (enum field_child)term->slot);
    const struct value *plan = facts_value(facts, CHILD_PROTECTION_PLAN);

    /* A06: a child on a protection plan is a child in need. */
    if (term->slot == CHILD_IN_NEED && plan->kind == VALUE_BOOL && plan->truth)
        return *plan;
    if (term->slot == CHILD_BORN_ON && found->kind == VALUE_UNKNOWN)
        return term_born_on(scope);
    if (term->slot == CHILD_HOME_AUTHORITY && found->kind == VALUE_UNKNOWN)
        return term_text(json_text_at(event_person(scope->input->event), "home_authority"));
    return *found;
}

struct value term_value(const struct term *term, struct term_scope *scope)
{
    switch (term->from) {
    case TERM_CONSTANT:
        return term->constant;
    case TERM_EVENT:
        return *event_slot(scope->input->event, term->slot);
    case TERM_RECEIVED_AT:
        return (struct value){.kind = VALUE_INSTANT, .at = scope->input->received_at};
    case TERM_CHILD:
        return term_child(term, scope);
    case TERM_CHILD_AGE:
        return term_age(scope);
    case TERM_CHILD_OUT_OF_BOROUGH:
        return term_out_of_borough(scope);
    case TERM_CHILD_HAS:
        return facts_has(scope->input->facts, term->role);
    case TERM_COURT_IS_HOST:
        return term_court(scope, scope->input->court_is_host, "court.is_host");
    case TERM_COURT_IS_OUR_DAY:
        return term_court(scope, scope->input->court_is_our_day, "court.is_our_day");
    case TERM_AUTHORITY:
        return term_text(scope->input->authority);
    case TERM_HISTORY_ENTERED:
        term_read_history(scope);
        return scope->entered;
    case TERM_HISTORY_CUSTODIAL:
        term_read_history(scope);
        return scope->custodial;
    case TERM_HISTORY_PROCEEDINGS:
        term_read_history(scope);
        return scope->proceedings;
    case TERM_RELEASE_ON:
        return term_release_on(scope);
    }
    return VALUE_NONE;
}
