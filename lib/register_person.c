/* SPDX-License-Identifier: Apache-2.0 */
#include "register_person.h"

#include <string.h>

#include "court_event.h"
#include "part_kind.h"

/* One string holds the whole name. Its last word is taken for the family name; a single word could be either,
 * so nothing is claimed for it. */
static void add_names(json_t *person, const char *name)
{
    size_t from = strspn(name, " ");
    size_t end = strlen(name);

    while (end > from && name[end - 1] == ' ')
        end--;
    size_t family = end;
    while (family > from && name[family - 1] != ' ')
        family--;
    size_t given_end = family;
    while (given_end > from && name[given_end - 1] == ' ')
        given_end--;
    if (given_end == from)
        return;
    json_object_set_new(person, "given_names", json_stringn(name + from, given_end - from));
    json_object_set_new(person, "family_name", json_stringn(name + family, end - family));
}

/* Everything here is the defendant's own: parentGuardian stands beside it with an address, and elsewhere in
 * the same feed with a date of birth, and neither is the child's. */
json_t *register_person_make(const json_t *defendant, struct civil_day born)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *person = json_object();
    const char *name = part_kind_text(defendant, "name");
    const char *master = part_kind_text(defendant, "masterDefendantId");

    if (master != NULL)
        json_object_set_new(person, "identifiers", json_pack("{ss}", "ccd", master));
    if (name != NULL)
        add_names(person, name);
    if (!civil_is_none(born))
        court_event_set(person, "born_on", civil_print(born, day));
    court_event_set(person, "postcode", part_kind_text(json_object_get(defendant, "address"), "postCode"));
    return person;
}
