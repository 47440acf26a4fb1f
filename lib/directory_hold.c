/* SPDX-License-Identifier: Apache-2.0 */
/* The other way round: not who a role comes to, but whether somebody has it. */
#include <string.h>

#include "directory_store.h"

struct hold {
    const struct directory *directory;
    const char *role; /* it may be one that the configuration has lost since */
    const char *team; /* that counts; NULL: any */
    const char *person_id;
    struct instant at;
};

const char *directory_team(const struct directory *directory, const char *worker_role, const struct allocation *allocations,
                           size_t allocation_count)
{
    for (size_t i = 0; worker_role != NULL && i < allocation_count; i++) {
        const struct directory_person *person;

        if (strcmp(allocations[i].role, worker_role) != 0)
            continue;
        person = directory_person(directory, allocations[i].person_id);
        if (person != NULL && person->team != NULL)
            return person->team;
    }
    return NULL;
}

/* They are whoever has it, or cover for them, or for whoever covers. */
static bool is_or_covers(const struct hold *hold, const char *holder)
{
    const struct directory_absence *away;

    for (int covers = 0; holder != NULL && covers <= DIRECTORY_COVERS_MOST; covers++) {
        if (strcmp(holder, hold->person_id) == 0)
            return true;
        away = directory_absence_at(hold->directory, holder, hold->at);
        holder = away != NULL ? away->cover : NULL;
    }
    return false;
}

static bool is_allocated(const struct hold *hold, const struct allocation *allocations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(allocations[i].role, hold->role) == 0 && is_or_covers(hold, allocations[i].person_id))
            return true;
    return false;
}

static bool is_other_team(const struct hold *hold, const char *team)
{
    return hold->team != NULL && (team == NULL || strcmp(team, hold->team) != 0);
}

static bool is_on_rota(const struct hold *hold)
{
    for (size_t i = 0; i < hold->directory->turns_count; i++) {
        const struct directory_shift *shift = &hold->directory->turns[i].shift;
        size_t on[ROTA_ON_MOST], count;

        if (strcmp(shift->role, hold->role) != 0 || is_other_team(hold, shift->team))
            continue;
        count = rota_on(&shift->row, hold->at, on);
        for (size_t k = 0; k < count; k++)
            if (is_or_covers(hold, shift->people[on[k]]))
                return true;
    }
    return false;
}

static bool has_post(const struct hold *hold)
{
    for (size_t i = 0; i < hold->directory->post_count; i++) {
        const struct directory_post *post = &hold->directory->posts[i];
        const struct directory_person *holder;

        if (strcmp(post->role, hold->role) != 0)
            continue;
        holder = directory_person(hold->directory, post->person_id);
        if (holder != NULL && !is_other_team(hold, holder->team) && is_or_covers(hold, post->person_id))
            return true;
    }
    return false;
}

bool directory_holds(const struct directory *directory, const char *role, const struct allocation *allocations,
                     size_t allocation_count, const char *person_id, struct instant at)
{
    struct hold hold = {.directory = directory, .role = role, .person_id = person_id, .at = at};
    const struct directory_role *known = directory_role(directory, role);

    if (known != NULL && known->held == ROLE_HELD_TEAM)
        hold.team = directory_team(directory, known->of, allocations, allocation_count);
    return is_allocated(&hold, allocations, allocation_count) || is_on_rota(&hold) || has_post(&hold);
}
