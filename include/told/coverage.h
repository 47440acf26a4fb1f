/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom roles would come to in the days ahead, and when that is nobody. The answers change at certain instants only: a
 * hand-over, an absence, an allocation, somebody leaving, the offices opening or closing, a child becoming open to a
 * service. Each is looked at, and between two of them nothing can differ. A birthday changes which rules hold for a child
 * and so which roles they tell; here every role is looked at for every child at any age, so it needs no instant of its own.
 */
#ifndef TOLD_COVERAGE_H
#define TOLD_COVERAGE_H

#include "told/directory.h"

struct coverage_role {
    const char *role;
    bool immediate; /* an immediate duty may be told to it: a mailbox that is read in the morning is nobody then */
};

struct coverage_stint {
    struct instant from;
    const char *role;      /* "*": nobody holds any role from then on */
    const char *person_id; /* NULL: nobody */
};

struct coverage_spell {
    struct instant from;
    bool open; /* to either service */
};

/* Both lists in order of from; what is before `from` of the search counts as well. */
struct coverage_child {
    int64_t child_id;
    const struct coverage_stint *stints;
    size_t stint_count;
    const struct coverage_spell *spells;
    size_t spell_count;
};

struct coverage_gap {
    int64_t child_id; /* 0: a role that is the same for every child */
    const char *role; /* of coverage_role */
    bool immediate;   /* for immediate duties only */
    struct instant from, until; /* until: or the end of the days looked at */
    struct recipient comes_to;  /* at `from`; borrowed from the directory */
};

struct coverage {
    struct coverage_gap *gaps; /* in order of roles, then children, then time */
    size_t gap_count;
    size_t instants; /* that all have in common */
    size_t resolved; /* how often the directory was asked */
};

void coverage_look(const struct directory *directory, const struct calendar *calendar, const struct coverage_role *roles,
                   size_t role_count, const struct coverage_child *children, size_t child_count, struct instant from,
                   struct instant until, struct coverage *ret);
void coverage_release(struct coverage *coverage);

#endif
