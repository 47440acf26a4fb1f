/* SPDX-License-Identifier: Apache-2.0 */
#include "told/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"

#define ALL_ENDED "*" /* the role of a stint that ends all others */

struct instants {
    struct instant *list;
    size_t count;
};

struct look {
    const struct directory *directory;
    const struct calendar *calendar;
    struct instant from, until;
    struct instants common;
    struct coverage *ret;
};

/* ---- instants ---- */

static void add_instant(struct instants *all, struct instant at)
{
    all->list = mem_grow(all->list, all->count + 1, sizeof *all->list);
    all->list[all->count++] = at;
}

static void find_common(struct look *look)
{
    for (struct instant at = look->from; instant_compare(at, look->until) < 0;
         at = directory_next_change(look->directory, look->calendar, at))
        add_instant(&look->common, at);
}

static int by_time(const void *a, const void *b)
{
    return instant_compare(*(const struct instant *)a, *(const struct instant *)b);
}

/* Those that all have in common and those of this child, in order; some may stand twice. */
static struct instants instants_of(const struct look *look, const struct coverage_child *child)
{
    struct instants all = {0};
    all.list = mem_grow(NULL, look->common.count + child->stint_count + child->spell_count + 1, sizeof *all.list);
    memcpy(all.list, look->common.list, look->common.count * sizeof *all.list);
    all.count = look->common.count;
    for (size_t i = 0; i < child->stint_count; i++)
        if (instant_compare(child->stints[i].from, look->from) > 0 && instant_compare(child->stints[i].from, look->until) < 0)
            all.list[all.count++] = child->stints[i].from;
    for (size_t i = 0; i < child->spell_count; i++)
        if (instant_compare(child->spells[i].from, look->from) > 0 && instant_compare(child->spells[i].from, look->until) < 0)
            all.list[all.count++] = child->spells[i].from;
    if (all.count > look->common.count)
        qsort(all.list, all.count, sizeof *all.list, by_time);
    return all;
}

/* ---- what a role's answer depends on ---- */

struct names {
    const char **list;
    size_t count;
};

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return true;
    return false;
}

static void add_name(struct names *names, const char *name)
{
    names->list = mem_grow(names->list, names->count + 1, sizeof *names->list);
    names->list[names->count++] = name;
}

/* The allocated roles that a search from `name` may look at: none, and it is the same for every child. */
static void find_allocated(const struct directory *directory, const char *name, struct names *seen, struct names *ret)
{
    const struct directory_role *role = directory_role(directory, name);
    if (role == NULL || has_name(seen, name))
        return;
    add_name(seen, name);
    const char *allocated = role->held == ROLE_HELD_ALLOCATION ? role->name : role->held == ROLE_HELD_TEAM ? role->of : NULL;
    if (allocated != NULL && !has_name(ret, allocated))
        add_name(ret, allocated);
    find_allocated(directory, role->out_of_hours, seen, ret);
    for (size_t i = 0; i < sizeof role->falls_to / sizeof *role->falls_to; i++)
        find_allocated(directory, role->falls_to[i], seen, ret);
}

/* ---- one role, one child ---- */

/* Who is allocated at an instant; `list` has room for all stints. */
static size_t allocations_at(const struct coverage_child *child, struct instant at, struct allocation *list)
{
    size_t count = 0;
    for (size_t i = 0; i < child->stint_count && instant_compare(child->stints[i].from, at) <= 0; i++) {
        const struct coverage_stint *stint = &child->stints[i];
        size_t place = 0;
        if (strcmp(stint->role, ALL_ENDED) == 0) {
            count = 0;
            continue;
        }
        while (place < count && strcmp(list[place].role, stint->role) != 0)
            place++;
        list[place] = (struct allocation){stint->role, stint->person_id};
        count += place == count;
    }
    return count;
}

static bool is_open_at(const struct coverage_child *child, struct instant at)
{
    bool open = false;
    for (size_t i = 0; i < child->spell_count && instant_compare(child->spells[i].from, at) <= 0; i++)
        open = child->spells[i].open;
    return open;
}

static bool reaches_nobody(const struct look *look, const struct recipient *who, bool immediate, struct instant at)
{
    if (who->kind == RECIPIENT_LAST_RESORT)
        return true;
    if (who->kind != RECIPIENT_MAILBOX || !immediate)
        return false;
    const struct directory_role *role = directory_role(look->directory, who->role);
    return role != NULL && role->office_hours && !directory_is_office_hours(look->calendar, at);
}

/* Whether it is said of all duties already. */
static bool is_said(const struct coverage *coverage, const struct coverage_gap *gap)
{
    for (size_t i = coverage->gap_count; gap->immediate && i-- > 0 && coverage->gaps[i].role == gap->role;) {
        const struct coverage_gap *other = &coverage->gaps[i];
        if (!other->immediate && other->child_id == gap->child_id && instant_compare(other->from, gap->from) <= 0 &&
            instant_compare(gap->until, other->until) <= 0)
            return true;
    }
    return false;
}

static void add_gap(struct coverage *coverage, const struct coverage_gap *gap)
{
    if (is_said(coverage, gap))
        return;
    coverage->gaps = mem_grow(coverage->gaps, coverage->gap_count + 1, sizeof *coverage->gaps);
    coverage->gaps[coverage->gap_count++] = *gap;
}

/* child NULL: for nobody in particular. A gap lasts until the first instant at which somebody is reached. */
static void look_at(struct look *look, const char *role, bool immediate, const struct coverage_child *child)
{
    struct instants own = child != NULL ? instants_of(look, child) : (struct instants){0};
    const struct instants *all = child != NULL ? &own : &look->common;
    struct allocation *list = mem_new(sizeof *list * (child != NULL ? child->stint_count + 1 : 1));
    struct coverage_gap gap;
    bool is_in_gap = false;

    for (size_t i = 0; i < all->count; i++) {
        struct recipient who;
        struct instant at = all->list[i];
        bool nobody = false;
        if (child == NULL || is_open_at(child, at)) {
            size_t count = child != NULL ? allocations_at(child, at, list) : 0;
            directory_resolve(look->directory, look->calendar, role, list, count, immediate, at, &who);
            nobody = reaches_nobody(look, &who, immediate, at);
            look->ret->resolved++;
        }
        if (nobody && !is_in_gap)
            gap = (struct coverage_gap){child != NULL ? child->child_id : 0, role, immediate, at, look->until, who};
        if (!nobody && is_in_gap) {
            gap.until = at;
            add_gap(look->ret, &gap);
        }
        is_in_gap = nobody;
    }
    if (is_in_gap)
        add_gap(look->ret, &gap);
    free(list);
    free(own.list);
}

/* ---- all children ---- */

/* What of a child this role can see: children that look the same to it have the same gaps. */
static char *sight_of(const struct coverage_child *child, const struct names *allocated)
{
    struct buf b = {0};
    for (size_t i = 0; i < child->stint_count; i++) {
        const struct coverage_stint *stint = &child->stints[i];
        if (strcmp(stint->role, ALL_ENDED) == 0 || has_name(allocated, stint->role))
            buf_printf(&b, "%lld %s=%s\n", (long long)stint->from.us, stint->role, stint->person_id != NULL ? stint->person_id : "");
    }
    for (size_t i = 0; i < child->spell_count; i++)
        buf_printf(&b, "%lld %d\n", (long long)child->spells[i].from.us, child->spells[i].open);
    buf_char(&b, '\0');
    return buf_take(&b);
}

struct seen {
    char *sight;
    size_t first, count; /* its gaps */
};

static void copy_gaps(struct coverage *coverage, const struct seen *seen, int64_t child_id)
{
    for (size_t i = 0; i < seen->count; i++) {
        struct coverage_gap gap = coverage->gaps[seen->first + i];
        gap.child_id = child_id;
        add_gap(coverage, &gap);
    }
}

static void look_at_children(struct look *look, const char *role, bool immediate, const struct names *allocated,
                             const struct coverage_child *children, size_t child_count)
{
    struct seen *seen = mem_new(sizeof *seen * (child_count + 1));
    size_t seen_count = 0;
    for (size_t i = 0; i < child_count; i++) {
        char *sight = sight_of(&children[i], allocated);
        size_t place = 0;
        while (place < seen_count && strcmp(seen[place].sight, sight) != 0)
            place++;
        if (place < seen_count) {
            copy_gaps(look->ret, &seen[place], children[i].child_id);
            free(sight);
            continue;
        }
        seen[seen_count] = (struct seen){.sight = sight, .first = look->ret->gap_count};
        look_at(look, role, immediate, &children[i]);
        seen[seen_count].count = look->ret->gap_count - seen[seen_count].first;
        seen_count++;
    }
    for (size_t i = 0; i < seen_count; i++)
        free(seen[i].sight);
    free(seen);
}

void coverage_look(const struct directory *directory, const struct calendar *calendar, const struct coverage_role *roles,
                   size_t role_count, const struct coverage_child *children, size_t child_count, struct instant from,
                   struct instant until, struct coverage *ret)
{
    struct look look = {.directory = directory, .calendar = calendar, .from = from, .until = until, .ret = ret};
    *ret = (struct coverage){0};
    find_common(&look);
    ret->instants = look.common.count;
    for (size_t i = 0; i < role_count; i++) {
        struct names searched = {0}, allocated = {0};
        find_allocated(directory, roles[i].role, &searched, &allocated);
        /* Every role can be told at leisure too: a step of a line, a duty with another clock. */
        for (int immediate = 0; immediate <= (int)roles[i].immediate; immediate++) {
            if (allocated.count == 0)
                look_at(&look, roles[i].role, immediate != 0, NULL);
            else
                look_at_children(&look, roles[i].role, immediate != 0, &allocated, children, child_count);
        }
        free(searched.list);
        free(allocated.list);
    }
    free(look.common.list);
}

void coverage_release(struct coverage *coverage)
{
    free(coverage->gaps);
    *coverage = (struct coverage){0};
}
