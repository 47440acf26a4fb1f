/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timeline_load.h"
#include "told/mem.h"
#include "toldctl_coverage.h"

/* Whoever was ever said to be open, or was allocated to somebody, which says the same of one service: the rest can only be
 * closed or unknown, and need not be read. */
static const struct pg_statement candidates = {
    "coverage_children",
    "SELECT c.child_id FROM told.child c WHERE EXISTS (SELECT FROM told.child_status s WHERE s.child_id = c.child_id"
    " AND s.field LIKE 'open\\_to\\_%' AND s.value = 'true') OR EXISTS (SELECT FROM told.child_allocation a"
    " WHERE a.child_id = c.child_id AND a.person_id IS NOT NULL) ORDER BY c.child_id",
    0};

static const struct pg_statement allocations = {
    "coverage_allocations",
    "SELECT a.child_id, " PG_INSTANT("a.valid_from") ", a.role, a.person_id FROM told.child_allocation_said a"
    " WHERE a.child_id = ANY ($1::bigint[]) AND a.valid_from < $2"
    " ORDER BY a.child_id, a.valid_from, a.by_event, a.heard_at, a.number",
    2};

/* ---- open to a service, and since when ---- */

static bool is_open(const struct facts *facts)
{
    json_t *known = facts_json(facts);
    bool open = json_is_true(json_object_get(known, "open_to_social_care")) ||
                json_is_true(json_object_get(known, "open_to_yos"));
    json_decref(known);
    return open;
}

/* Writes down a change; what was before the search is one spell. */
static void add_spell(struct coverage_child *child, struct coverage_spell **spells, struct instant at, bool open, struct instant from)
{
    if (instant_compare(at, from) < 0)
        at = from;
    if (child->spell_count > 0 && instant_compare((*spells)[child->spell_count - 1].from, at) == 0)
        child->spell_count--;
    if (child->spell_count > 0 ? (*spells)[child->spell_count - 1].open == open : !open)
        return;
    *spells = mem_grow(*spells, child->spell_count + 1, sizeof **spells);
    (*spells)[child->spell_count++] = (struct coverage_spell){at, open};
}

/* Of two statements the later valid-from holds: imports and answers go before an event of the same instant. */
static void find_spells(const struct timeline *t, struct instant from, struct instant until, struct coverage_child *child)
{
    struct coverage_spell *spells = NULL;
    struct facts *facts = facts_new();
    size_t fact = 0, event = 0;
    while (fact < t->fact_count || event < t->count) {
        bool is_fact = event == t->count ||
                       (fact < t->fact_count && instant_compare(t->facts[fact].valid_from, t->events[event].valid_from) <= 0);
        struct instant at = is_fact ? t->facts[fact].valid_from : t->events[event].valid_from;
        const struct timeline_event *e = is_fact ? NULL : &t->events[event];
        if (instant_compare(at, until) >= 0)
            break;
        if (is_fact && t->facts[fact].field)
            facts_set(facts, t->facts[fact].field, t->facts[fact].value);
        if (e && e->event && (e->state == TIMELINE_DECIDED || e->outcome) && e->state != TIMELINE_OUT &&
            !timeline_is_replaced(t, event))
            facts_apply(facts, e->event);
        add_spell(child, &spells, at, is_open(facts), from);
        if (is_fact)
            fact++;
        else
            event++;
    }
    facts_free(facts);
    child->spells = spells;
}

/* Keeps the child if it is open at some instant. */
static bool add_child(struct coverage_children *children, struct pg *pg, int64_t child_id, struct instant from, struct instant until)
{
    struct timeline timeline;
    struct coverage_child child = {.child_id = child_id};
    bool good = timeline_load(&timeline, pg, child_id);
    if (good)
        find_spells(&timeline, from, until, &child);
    timeline_release(&timeline);
    if (child.spell_count > 0)
        children->list[children->count++] = child;
    else
        free((void *)(uintptr_t)child.spells);
    return good;
}

/* ---- who is allocated ---- */

static void add_stints(struct coverage_children *children)
{
    int count = PQntuples(children->rows);
    struct coverage_stint *stints = mem_new(sizeof *stints * (size_t)(count + 1));
    size_t at = 0;
    for (int i = 0; i < count; i++)
        stints[i] = (struct coverage_stint){pg_column_instant(children->rows, i, 1), pg_column(children->rows, i, 2),
                                            pg_column(children->rows, i, 3)};
    for (size_t i = 0; i < children->count; i++) {
        children->list[i].stints = &stints[at]; /* the first child's owns them all */
        for (; at < (size_t)count && pg_column_int(children->rows, (int)at, 0) == children->list[i].child_id; at++)
            children->list[i].stint_count++;
    }
    if (children->count == 0)
        free(stints);
}

bool toldctl_coverage_children_load(struct coverage_children *children, struct pg *pg, struct instant from, struct instant until)
{
    *children = (struct coverage_children){0};
    struct buf ids = {0};
    char id[24], end[INSTANT_TEXT_SIZE];
    PGresult *rows = pg_run(pg, &candidates, NULL);
    bool good = rows != NULL;
    int count = good ? PQntuples(rows) : 0;
    children->list = mem_new(sizeof *children->list * (size_t)(count + 1));
    for (int i = 0; i < count && good; i++)
        good = add_child(children, pg, pg_column_int(rows, i, 0), from, until);
    PQclear(rows);
    for (size_t i = 0; i < children->count; i++) {
        snprintf(id, sizeof id, "%lld", (long long)children->list[i].child_id);
        pg_array_add(&ids, id);
    }
    const char *const values[] = {pg_array_end(&ids), instant_print(until, end)};
    children->rows = good ? pg_run(pg, &allocations, values) : NULL;
    buf_release(&ids);
    if (children->rows)
        add_stints(children);
    return children->rows != NULL;
}

void toldctl_coverage_children_release(struct coverage_children *children)
{
    for (size_t i = 0; i < children->count; i++)
        free((void *)(uintptr_t)children->list[i].spells);
    if (children->rows && children->count > 0)
        free((void *)(uintptr_t)children->list[0].stints);
    free(children->list);
    PQclear(children->rows);
    *children = (struct coverage_children){0};
}
