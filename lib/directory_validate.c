/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of roles as configured. "A step with nobody in it is a configuration error that must be refused
 * at start, not skipped at run time." (the protocol, roles and escalation) */
#include <stdlib.h>
#include <string.h>

#include "directory_store.h"
#include "told/mem.h"

/* A check looks at one role and returns NULL or its fault, which the caller frees. */
typedef char *check_fn(const struct directory *directory, size_t index);

static const struct directory_role *role_at(const struct directory *directory, size_t index)
{
    return &directory->stands[index]->role;
}

static size_t index_of(const struct directory *directory, const char *name)
{
    size_t index = 0;
    while (index < directory->stand_count && strcmp(role_at(directory, index)->name, name) != 0)
        index++;
    return index;
}

/* A key that names a role which is not there. */
static char *missing(const struct directory *directory, const char *role, const char *key, const char *named)
{
    if (named == NULL || directory_role(directory, named) != NULL)
        return NULL;
    return mem_printf("role %s: %s names %s, which is no role: add that role, or name another", role, key,
                      named);
}

static char *check_once(const struct directory *directory, size_t index)
{
    const char *name = role_at(directory, index)->name;
    if (index_of(directory, name) == index)
        return NULL;
    return mem_printf("role %s: stands twice: remove one", name);
}

static char *check_of(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    if (role->held != ROLE_HELD_TEAM)
        return NULL;
    if (role->of == NULL)
        return mem_printf("role %s: is held in a team, but not whose: add of = \"the allocated role\"",
                          role->name);
    const struct directory_role *worker = directory_role(directory, role->of);
    if (worker != NULL && worker->held != ROLE_HELD_ALLOCATION)
        return mem_printf("role %s: of names %s, which is not allocated to a child: name one that is",
                          role->name, role->of);
    return missing(directory, role->name, "of", role->of);
}

static char *check_mailbox(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    if (role->held != ROLE_HELD_MAILBOX || role->mailbox != NULL)
        return NULL;
    return mem_printf("role %s: is held by a mailbox, but has none: add mailbox", role->name);
}

static char *check_above(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    return missing(directory, role->name, "above", role->above);
}

static char *check_out_of_hours(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    return missing(directory, role->name, "out_of_hours", role->out_of_hours);
}

static char *check_falls_to(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    char *fault = NULL;
    for (size_t i = 0; i < DIRECTORY_FALLS_MOST && role->falls_to[i] != NULL && fault == NULL; i++)
        fault = missing(directory, role->name, "falls_to", role->falls_to[i]);
    return fault;
}

/* Said once for each circle, at the role of it that was configured first. */
static char *check_circle(const struct directory *directory, size_t index)
{
    const struct directory_role *first = role_at(directory, index);
    const struct directory_role *step = first;
    for (size_t i = 0; i < directory->stand_count; i++) {
        step = directory_role(directory, step->above);
        if (step == NULL || index_of(directory, step->name) < index)
            return NULL;
        if (step == first)
            return mem_printf("role %s: above it the line comes back to it: end the line at its top",
                              first->name);
    }
    return NULL;
}

/* With every post empty and nobody allocated: does the way down end in a mailbox? */
static bool reaches_mailbox(const struct directory *directory, const struct directory_role *role, bool *tried)
{
    size_t index = index_of(directory, role->name);
    if (role->mailbox != NULL)
        return true;
    if (tried[index])
        return false;
    tried[index] = true;
    for (size_t i = 0; i < DIRECTORY_FALLS_MOST && role->falls_to[i] != NULL; i++) {
        const struct directory_role *next = directory_role(directory, role->falls_to[i]);
        if (next != NULL && reaches_mailbox(directory, next, tried))
            return true;
    }
    return false;
}

static char *check_end(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    if (role->held == ROLE_HELD_MAILBOX)
        return NULL; /* check_mailbox speaks of it */
    bool *tried = mem_new(directory->stand_count * sizeof *tried);
    bool ends = reaches_mailbox(directory, role, tried);
    free(tried);
    if (ends)
        return NULL;
    return mem_printf(
        "role %s: falling through does not end in a mailbox: add mailbox, or falls_to a role with one",
        role->name);
}

static char *check_itself(const struct directory *directory, size_t index)
{
    const struct directory_role *role = role_at(directory, index);
    for (size_t i = 0; i < DIRECTORY_FALLS_MOST && role->falls_to[i] != NULL; i++)
        if (strcmp(role->falls_to[i], role->name) == 0)
            return mem_printf("role %s: falls_to itself: name another", role->name);
    if (role->out_of_hours != NULL && strcmp(role->out_of_hours, role->name) == 0)
        return mem_printf("role %s: stands in for itself: name another in out_of_hours", role->name);
    return NULL;
}

static check_fn *const CHECKS[] = {
    check_once,         check_of,       check_mailbox, check_above, check_circle,
    check_out_of_hours, check_falls_to, check_itself,  check_end,
};

char *directory_validate(const struct directory *directory, size_t *cursor)
{
    size_t checks = sizeof CHECKS / sizeof CHECKS[0];
    while (*cursor < directory->stand_count * checks) {
        size_t at = (*cursor)++;
        char *fault = CHECKS[at % checks](directory, at / checks);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}
