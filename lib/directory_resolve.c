/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a role comes to. The rule is A07: "Send to the team manager; none known: MASH duty; out of hours:
 * Emergency Duty Team." and that the duty "does not fall away". With names of roles taken out, for one role:
 *
 *   1  held by allocation, and the one allocated can be told            that person, at any hour
 *   2  the duty is immediate, the offices are closed, a stand-in named  whoever the stand-in comes to
 *   3  held in a team or as a post, and who is on its rota can be told  that person
 *      or else a holder can be told                                     that person
 *   4  has a mailbox that is read now, or was asked for itself          the mailbox
 *   5  each role it falls to, in order, by the same steps
 *
 * Who is absent is told through their cover; without cover they are nobody, as a leaver is ("or the worker is absent").
 * If all that found nobody: a mailbox that is read in the morning, met on the way; if none, the last resort.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_store.h"
#include "told/mem.h"

#define HOW_SIZE 192

/* One search. A role found empty once is not tried again, so a circle of falls_to ends. */
struct search {
    const struct directory *directory;
    const struct allocation *allocations;
    size_t allocation_count;
    struct instant now;
    bool immediate;
    bool closed;                         /* outside office hours */
    bool *tried;                         /* by index of the role */
    const struct directory_stand *later; /* a mailbox that is not read before morning */
    struct recipient *ret;
};

/* A text that was cut off may end within a character; without that piece it is UTF-8 again. */
static void trim_piece(char *text)
{
    size_t len = strlen(text), lead = len;
    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead > 0 && (unsigned char)text[lead - 1] >= 0x80)
        text[lead - 1] = '\0';
}

/* Appends to a text; what does not fit is cut. */
static void __attribute__((format(printf, 3, 0)))
append_list(char *text, size_t room, const char *format, va_list values)
{
    size_t len = strlen(text);
    int wanted = vsnprintf(text + len, room - len, format, values);
    if (wanted < 0 || (size_t)wanted >= room - len)
        trim_piece(text);
}

static void __attribute__((format(printf, 3, 4))) append(char *text, size_t room, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    append_list(text, room, format, values);
    va_end(values);
}

/* Appends "role: what" to the reasons. */
static void __attribute__((format(printf, 3, 4)))
note(struct search *search, const char *role, const char *format, ...)
{
    char *text = search->ret->because;
    size_t room = sizeof search->ret->because;
    va_list values;

    append(text, room, "%s%s: ", text[0] != '\0' ? "; " : "", role);
    va_start(values, format);
    append_list(text, room, format, values);
    va_end(values);
}

static bool take_person(struct search *search, const struct directory_role *role,
                        const struct directory_person *person)
{
    struct recipient *ret = search->ret;
    ret->kind = RECIPIENT_PERSON;
    ret->id = person->id;
    ret->email = person->email;
    ret->webhook = person->webhook;
    ret->role = role->name;
    return true;
}

static bool take_mailbox(struct search *search, const struct directory_stand *stand)
{
    struct recipient *ret = search->ret;
    ret->kind = RECIPIENT_MAILBOX;
    ret->id = stand->mailbox_id;
    ret->email = stand->barred == NULL ? stand->role.mailbox : NULL;
    ret->webhook = stand->role.webhook;
    ret->role = stand->role.name;
    return true;
}

/* An operator must hear of it, also where a webhook tells them. */
static void note_barred(const struct search *search, const char *id, const char *because)
{
    struct recipient *ret = search->ret;
    for (size_t i = 0; i < ret->barred_count; i++)
        if (strcmp(ret->barred[i].id, id) == 0)
            return;
    if (ret->barred_count == RECIPIENT_BARRED_MOST)
        return;
    ret->barred[ret->barred_count].id = id;
    ret->barred[ret->barred_count++].because = because;
}

/* NULL, or why this person cannot be told. */
static const char *why_not(const struct search *search, const struct directory_person *person)
{
    if (!instant_is_none(person->left_at) && instant_compare(person->left_at, search->now) <= 0)
        return "has left";
    if (person->barred != NULL)
        note_barred(search, person->id, person->barred);
    if (person->email == NULL && person->webhook == NULL)
        return person->barred != NULL ? "has an address that may not be used" : "has no address";
    return NULL;
}

/* Whom to tell for this person: themselves or, while they are absent, who covers. NULL if nobody. `how` receives what
 * `because` says after the person's id, in either case. */
static const struct directory_person *stand_in(const struct search *search, const struct directory_person *person,
                                               const char *role_text, char how[HOW_SIZE])
{
    const struct directory_absence *away;
    const char *reason = why_not(search, person);
    how[0] = '\0';
    if (reason == NULL)
        append(how, HOW_SIZE, "%s", role_text);
    for (int covers = 0; reason == NULL; covers++) {
        if ((away = directory_absence_at(search->directory, person->id, search->now)) == NULL)
            return person;
        append(how, HOW_SIZE, "%s (absence %lld)", covers > 0 ? ", who is absent" : ", absent", (long long)away->id);
        const struct directory_person *cover = directory_person(search->directory, away->cover);
        if (cover == NULL || covers == DIRECTORY_COVERS_MOST) {
            append(how, HOW_SIZE, cover == NULL ? " without cover" : ", covered in a circle");
            return NULL;
        }
        append(how, HOW_SIZE, ", covered by %s", cover->id);
        reason = why_not(search, cover);
        append(how, HOW_SIZE, "%s%s", reason != NULL ? ", who " : "", reason != NULL ? reason : "");
        person = cover;
    }
    if (how[0] == '\0')
        append(how, HOW_SIZE, " %s", reason);
    return NULL;
}

/* Takes this person or their cover, and says so; says why not unless `silent` about leavers and missing addresses. */
static bool try_person(struct search *search, const struct directory_role *role, const struct directory_person *person,
                       const char *role_text, bool silent)
{
    char how[HOW_SIZE];
    const struct directory_person *told = stand_in(search, person, role_text, how);
    if (told != NULL || !silent || person->barred != NULL || why_not(search, person) == NULL)
        note(search, role->name, "%s%s", person->id, how);
    return told != NULL && take_person(search, role, told);
}

/* ---- step 1: who is allocated to the child ---- */

static bool find_allocated(struct search *search, const struct directory_role *role)
{
    bool anybody = false;
    for (size_t i = 0; i < search->allocation_count; i++) {
        const struct allocation *allocation = &search->allocations[i];
        if (strcmp(allocation->role, role->name) != 0 || allocation->person_id == NULL)
            continue;
        anybody = true;
        const struct directory_person *person = directory_person(search->directory, allocation->person_id);
        if (person == NULL) /* the id came with an event: it may be anything, a name too */
            note(search, role->name, "the one allocated is not in the directory");
        else if (try_person(search, role, person, " is allocated", false))
            return true;
    }
    if (!anybody)
        note(search, role->name, "nobody allocated");
    return false;
}

/* ---- step 3: who is on the rota, who holds the post ---- */

static bool is_of_team(const char *team, const char *wanted)
{
    return wanted == NULL ? team == NULL : team != NULL && strcmp(team, wanted) == 0;
}

/* team NULL: the rota of the whole authority. */
static bool find_on_rota(struct search *search, const struct directory_role *role, const char *team)
{
    for (size_t i = 0; i < search->directory->turns_count; i++) {
        const struct directory_shift *shift = &search->directory->turns[i].shift;
        size_t on[ROTA_ON_MOST];
        if (strcmp(shift->role, role->name) != 0 || !is_of_team(shift->team, team))
            continue;
        size_t count = rota_on(&shift->row, search->now, on);
        for (size_t k = 0; k < count; k++) {
            char text[64] = "";
            const struct directory_person *person = directory_person(search->directory, shift->people[on[k]]);
            append(text, sizeof text, " is on (rota %lld)", (long long)shift->id);
            if (person != NULL && try_person(search, role, person, text, false))
                return true;
        }
    }
    return false;
}

/* team NULL: in the whole authority. */
static bool find_holder(struct search *search, const struct directory_role *role, const char *team)
{
    char text[HOW_SIZE] = "";
    append(text, sizeof text, "%s%s", team != NULL ? " of team " : " holds the post", team != NULL ? team : "");
    for (size_t i = 0; i < search->directory->post_count; i++) {
        const struct directory_post *post = &search->directory->posts[i];
        if (strcmp(post->role, role->name) != 0)
            continue;
        const struct directory_person *person = directory_person(search->directory, post->person_id);
        if (person == NULL || (team != NULL && !is_of_team(person->team, team)))
            continue;
        if (try_person(search, role, person, text, true))
            return true;
    }
    if (team != NULL)
        note(search, role->name, "nobody in team %s", team);
    else
        note(search, role->name, "nobody holds the post");
    return false;
}

static bool find_post(struct search *search, const struct directory_role *role)
{
    const char *team = NULL;
    if (role->held != ROLE_HELD_POST && role->held != ROLE_HELD_TEAM)
        return false;
    if (role->held == ROLE_HELD_TEAM && (team = directory_team(search->directory, role->of, search->allocations,
                                                                    search->allocation_count)) == NULL) {
        note(search, role->name, "no team known");
        return false;
    }
    return find_on_rota(search, role, team) || find_holder(search, role, team);
}

/* ---- step 4: the shared mailbox ---- */

static bool find_mailbox(struct search *search, const struct directory_stand *stand, bool asked_for)
{
    const struct directory_role *role = &stand->role;
    if (role->mailbox == NULL)
        return false;
    if (stand->barred != NULL)
        note_barred(search, stand->mailbox_id, stand->barred);
    if (stand->barred != NULL && role->webhook == NULL) {
        note(search, role->name, "its mailbox may not be used");
        return false;
    }
    if (role->office_hours && search->closed && !asked_for) {
        note(search, role->name, "closed");
        search->later = search->later != NULL ? search->later : stand;
        return false;
    }
    note(search, role->name, "mailbox");
    return take_mailbox(search, stand);
}

/* ---- all of it ---- */

static bool find(struct search *search, const char *name, bool asked_for)
{
    const struct directory *directory = search->directory;
    size_t index = 0;
    while (index < directory->stand_count && strcmp(directory->stands[index]->role.name, name) != 0)
        index++;
    if (index == directory->stand_count || search->tried[index])
        return false;
    search->tried[index] = true;

    const struct directory_stand *stand = directory->stands[index];
    const struct directory_role *role = &stand->role;
    if (role->held == ROLE_HELD_ALLOCATION && find_allocated(search, role))
        return true;
    if (search->immediate && search->closed && role->out_of_hours != NULL) {
        note(search, role->name, "out of hours");
        if (find(search, role->out_of_hours, false))
            return true;
    }
    if (find_post(search, role) || find_mailbox(search, stand, asked_for))
        return true;
    for (size_t i = 0; i < DIRECTORY_FALLS_MOST && role->falls_to[i] != NULL; i++)
        if (find(search, role->falls_to[i], false))
            return true;
    return false;
}

static void take_last_resort(struct search *search, const char *role)
{
    struct recipient *ret = search->ret;
    const struct directory_role *asked = directory_role(search->directory, role);
    ret->kind = RECIPIENT_LAST_RESORT;
    ret->id = "last-resort";
    ret->email = search->directory->last_resort_mailbox;
    ret->role = asked != NULL ? asked->name : "last-resort";
    ret->fell_through = true;
    note(search, "last-resort", asked != NULL ? "nobody at all" : "the role asked for is not configured");
}

void directory_resolve(const struct directory *directory, const struct calendar *calendar, const char *role,
                       const struct allocation *allocations, size_t allocation_count, bool immediate,
                       struct instant now, struct recipient *ret)
{
    *ret = (struct recipient){0};
    struct search search = {
        .directory = directory,
        .allocations = allocations,
        .allocation_count = allocation_count,
        .now = now,
        .immediate = immediate,
        .closed = !directory_is_office_hours(calendar, now),
        .tried = mem_new(directory->stand_count + 1),
        .ret = ret,
    };
    if (find(&search, role, true)) {
        ret->fell_through = strcmp(ret->role, role) != 0;
    } else if (search.later != NULL) {
        note(&search, search.later->role.name, "its mailbox, for the morning");
        take_mailbox(&search, search.later);
        ret->fell_through = strcmp(ret->role, role) != 0;
    } else {
        take_last_resort(&search, role);
    }
    free(search.tried);
}
