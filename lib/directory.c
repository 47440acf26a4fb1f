/* SPDX-License-Identifier: Apache-2.0 */
#include "told/directory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "directory_store.h"
#include "told/mem.h"

/* Takes over the text; it lives as long as the directory. */
static const char *keep(struct directory *directory, char *text)
{
    if (text == NULL)
        return NULL;
    directory->texts = mem_grow(directory->texts, directory->text_count + 1, sizeof *directory->texts);
    directory->texts[directory->text_count++] = text;
    return text;
}

struct directory *directory_new(const char *last_resort_mailbox)
{
    struct directory *directory = mem_new(sizeof *directory);
    directory->last_resort_mailbox = keep(directory, mem_copy(last_resort_mailbox));
    return directory;
}

void directory_free(struct directory *directory)
{
    if (directory == NULL)
        return;
    for (size_t i = 0; i < directory->stand_count; i++)
        free(directory->stands[i]);
    for (size_t i = 0; i < directory->person_count; i++)
        free(directory->people[i]);
    for (size_t i = 0; i < directory->text_count; i++)
        free(directory->texts[i]);
    for (size_t i = 0; i < directory->turns_count; i++)
        free(directory->turns[i].people);
    free(directory->turns);
    free(directory->absences);
    free(directory->stands);
    free(directory->people);
    free(directory->posts);
    free(directory->texts);
    free(directory);
}

void directory_add_role(struct directory *directory, const struct directory_role *role)
{
    struct directory_stand *stand = mem_new(sizeof *stand);
    stand->role = *role;
    stand->role.name = keep(directory, mem_copy(role->name));
    stand->role.of = keep(directory, mem_copy(role->of));
    stand->role.above = keep(directory, mem_copy(role->above));
    stand->role.line = keep(directory, mem_copy(role->line));
    stand->role.mailbox = keep(directory, mem_copy(role->mailbox));
    stand->role.webhook = keep(directory, mem_copy(role->webhook));
    stand->role.out_of_hours = keep(directory, mem_copy(role->out_of_hours));
    for (size_t i = 0; i < DIRECTORY_FALLS_MOST; i++)
        stand->role.falls_to[i] = keep(directory, mem_copy(role->falls_to[i]));
    stand->mailbox_id = keep(directory, mem_printf("mailbox:%s", role->name));

    directory->stands =
        mem_grow(directory->stands, directory->stand_count + 1, sizeof(struct directory_stand *));
    directory->stands[directory->stand_count++] = stand;
}

/* Where the person stands in the sorted list, or would be put. */
static size_t place_of(const struct directory *directory, const char *id)
{
    size_t low = 0, high = directory->person_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(directory->people[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void fill_person(struct directory *directory, struct directory_person *kept,
                        const struct directory_person *person)
{
    kept->id = keep(directory, mem_copy(person->id));
    kept->name = keep(directory, mem_copy(person->name));
    kept->email = keep(directory, mem_copy(person->email));
    kept->barred = keep(directory, mem_copy(person->barred));
    kept->webhook = keep(directory, mem_copy(person->webhook));
    kept->team = keep(directory, mem_copy(person->team));
    kept->left_at = person->left_at;
}

void directory_add_person(struct directory *directory, const struct directory_person *person)
{
    size_t place = place_of(directory, person->id);
    if (directory_person(directory, person->id) != NULL) { /* said twice: the later word holds */
        fill_person(directory, directory->people[place], person);
        return;
    }
    struct directory_person *kept = mem_new(sizeof *kept);
    fill_person(directory, kept, person);
    directory->people = mem_grow(directory->people, directory->person_count + 1, sizeof *directory->people);
    memmove(&directory->people[place + 1], &directory->people[place],
            (directory->person_count - place) * sizeof *directory->people);
    directory->people[place] = kept;
    directory->person_count++;
}

void directory_bar_address(struct directory *directory, const char *address, const char *because)
{
    for (size_t i = 0; i < directory->person_count; i++) {
        struct directory_person *person = directory->people[i];
        if (person->email == NULL || strcasecmp(person->email, address) != 0)
            continue;
        person->email = NULL;
        person->barred = because;
    }
    for (size_t i = 0; i < directory->stand_count; i++)
        if (directory->stands[i]->role.mailbox != NULL && strcasecmp(directory->stands[i]->role.mailbox, address) == 0)
            directory->stands[i]->barred = because;
}

void directory_add_post(struct directory *directory, const char *person_id, const char *role)
{
    struct directory_post post = {.person_id = keep(directory, mem_copy(person_id)),
                                  .role = keep(directory, mem_copy(role))};
    directory->posts = mem_grow(directory->posts, directory->post_count + 1, sizeof *directory->posts);
    directory->posts[directory->post_count++] = post;
}

/* Keeps the list in order: what begins later, or at the same time and was made later, goes before. */
void directory_add_shift(struct directory *directory, const struct directory_shift *shift)
{
    struct directory_turns kept = {.shift = *shift, .people = mem_new(sizeof(char *) * shift->row.people)};
    size_t place = 0;

    for (size_t i = 0; i < shift->row.people; i++)
        kept.people[i] = keep(directory, mem_copy(shift->people[i]));
    kept.shift.role = keep(directory, mem_copy(shift->role));
    kept.shift.team = keep(directory, mem_copy(shift->team));
    kept.shift.people = kept.people;
    while (place < directory->turns_count) {
        const struct directory_shift *other = &directory->turns[place].shift;
        int order = rota_wall_compare(other->row.from, shift->row.from);
        if (order < 0 || (order == 0 && other->id < shift->id))
            break;
        place++;
    }
    directory->turns = mem_grow(directory->turns, directory->turns_count + 1, sizeof *directory->turns);
    memmove(&directory->turns[place + 1], &directory->turns[place],
            (directory->turns_count - place) * sizeof *directory->turns);
    directory->turns[place] = kept;
    directory->turns_count++;
}

/* Where this person's absences that begin at `from` or earlier stand, or would be put. */
static size_t absence_place(const struct directory *directory, const char *person_id, struct instant from)
{
    size_t low = 0, high = directory->absence_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct directory_absence *one = &directory->absences[middle];
        int order = strcmp(one->person_id, person_id);
        if (order < 0 || (order == 0 && instant_compare(one->from, from) > 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void directory_add_absence(struct directory *directory, const struct directory_absence *absence)
{
    struct directory_absence kept = *absence;
    size_t place = absence_place(directory, absence->person_id, absence->from);

    kept.person_id = keep(directory, mem_copy(absence->person_id));
    kept.cover = keep(directory, mem_copy(absence->cover));
    directory->absences = mem_grow(directory->absences, directory->absence_count + 1, sizeof *directory->absences);
    memmove(&directory->absences[place + 1], &directory->absences[place],
            (directory->absence_count - place) * sizeof *directory->absences);
    directory->absences[place] = kept;
    directory->absence_count++;
}

const struct directory_absence *directory_absence_at(const struct directory *directory, const char *person_id,
                                                     struct instant at)
{
    for (size_t i = absence_place(directory, person_id, at);
         i < directory->absence_count && strcmp(directory->absences[i].person_id, person_id) == 0; i++)
        if (instant_is_none(directory->absences[i].until) || instant_compare(at, directory->absences[i].until) < 0)
            return &directory->absences[i];
    return NULL;
}

const struct directory_role *directory_role(const struct directory *directory, const char *name)
{
    for (size_t i = 0; name != NULL && i < directory->stand_count; i++)
        if (strcmp(directory->stands[i]->role.name, name) == 0)
            return &directory->stands[i]->role;
    return NULL;
}

const struct directory_person *directory_person(const struct directory *directory, const char *id)
{
    if (id == NULL)
        return NULL;
    size_t place = place_of(directory, id);
    if (place == directory->person_count || strcmp(directory->people[place]->id, id) != 0)
        return NULL;
    return directory->people[place];
}

size_t directory_ladder(const struct directory *directory, const char *role, const char *line,
                        const char **ret, size_t most)
{
    /* A role has one way up. Naming the line it is in, or another one that it is not in, leads the same way;
     * lines that climb side by side are those of the several roles told. */
    (void)line;
    const struct directory_role *step = directory_role(directory, role);
    size_t count = 0;
    /* Never longer than there are roles, or a circle that nobody validated would fill `ret`. */
    if (most > directory->stand_count)
        most = directory->stand_count;
    while (step != NULL && count < most) {
        step = directory_role(directory, step->above);
        if (step != NULL)
            ret[count++] = step->name;
    }
    return count;
}
