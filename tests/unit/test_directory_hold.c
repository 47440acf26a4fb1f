/* SPDX-License-Identifier: Apache-2.0 */
/* Whether somebody has a role: what lets them answer for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "told/directory.h"

static const struct directory_role ROLES[] = {
    {.name = "worker", .held = ROLE_HELD_ALLOCATION},
    {.name = "team-lead", .held = ROLE_HELD_TEAM, .of = "worker"},
    {.name = "officer", .held = ROLE_HELD_POST},
    {.name = "desk", .held = ROLE_HELD_MAILBOX, .mailbox = "desk@southwark.example"},
};

static const struct directory_person PEOPLE[] = {
    {.id = "p-ana", .name = "A", .team = "north"}, {.id = "p-bo", .name = "B", .team = "north"},
    {.id = "p-cy", .name = "C", .team = "south"},  {.id = "p-di", .name = "D"},
    {.id = "p-el", .name = "E"},
};

static struct instant at(const char *text)
{
    struct instant instant;

    assert_true(instant_parse(text, &instant));
    return instant;
}

static struct rota_wall wall(const char *text)
{
    struct rota_wall ret;

    assert_true(rota_wall_parse(text, &ret));
    return ret;
}

/* p-ana works, p-bo and p-cy lead, in the south p-el does by rota; p-di is on as officer in the first week of June, and away
 * on its Tuesday, covered by p-el; p-cy reads the desk's mailbox. */
static struct directory *make(void)
{
    static const char *const di[] = {"p-di"}, *const el[] = {"p-el"};
    struct directory *d = directory_new("last@southwark.example");

    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++) {
        struct directory_role role = ROLES[i];

        role.line = "a";
        directory_add_role(d, &role);
    }
    for (size_t i = 0; i < sizeof PEOPLE / sizeof PEOPLE[0]; i++) {
        struct directory_person person = PEOPLE[i];

        person.left_at = INSTANT_NONE;
        directory_add_person(d, &person);
    }
    directory_add_post(d, "p-bo", "team-lead");
    directory_add_post(d, "p-cy", "team-lead");
    directory_add_post(d, "p-cy", "desk");
    directory_add_shift(d, &(struct directory_shift){.id = 1, .role = "officer", .people = di,
                                                     .row = {wall("2024-06-03 09:00"), wall("2024-06-10 09:00"), 0, 1}});
    directory_add_shift(d, &(struct directory_shift){.id = 2, .role = "team-lead", .team = "south", .people = el,
                                                     .row = {wall("2024-06-03 09:00"), ROTA_WALL_NONE, 0, 1}});
    directory_add_absence(d, &(struct directory_absence){.id = 1, .person_id = "p-di", .from = at("2024-06-04T00:00:00Z"),
                                                         .until = at("2024-06-05T00:00:00Z"), .cover = "p-el"});
    return d;
}

static void test_directory_holds_by_allocation_rota_post_and_cover(void **state)
{
    static const struct allocation ANA[] = {{"worker", "p-ana"}}, CY[] = {{"worker", "p-cy"}};
    static const struct {
        const char *role, *person, *at;
        const struct allocation *allocations;
        bool holds;
    } rows[] = {
        {"worker", "p-ana", "2024-06-03T12:00:00Z", ANA, true},
        {"worker", "p-bo", "2024-06-03T12:00:00Z", ANA, false},
        {"worker", "p-ana", "2024-06-03T12:00:00Z", NULL, false},
        /* the child's team counts; where none is known, any */
        {"team-lead", "p-bo", "2024-06-03T12:00:00Z", ANA, true},
        {"team-lead", "p-cy", "2024-06-03T12:00:00Z", ANA, false},
        {"team-lead", "p-cy", "2024-06-03T12:00:00Z", CY, true},
        {"team-lead", "p-cy", "2024-06-03T12:00:00Z", NULL, true},
        {"team-lead", "p-el", "2024-06-03T12:00:00Z", CY, true},
        {"team-lead", "p-el", "2024-06-03T12:00:00Z", ANA, false},
        /* the rota, to the minute of the hand-over, and the cover of whoever is on */
        {"officer", "p-di", "2024-06-03T07:59:00Z", NULL, false},
        {"officer", "p-di", "2024-06-03T08:00:00Z", NULL, true},
        {"officer", "p-di", "2024-06-10T08:00:00Z", NULL, false},
        {"officer", "p-el", "2024-06-03T12:00:00Z", NULL, false},
        {"officer", "p-el", "2024-06-04T12:00:00Z", NULL, true},
        /* a post of a role that is a mailbox; nobody of a role that is none */
        {"desk", "p-cy", "2024-06-03T12:00:00Z", NULL, true},
        {"desk", "p-bo", "2024-06-03T12:00:00Z", NULL, false},
        {"nothing", "p-bo", "2024-06-03T12:00:00Z", ANA, false},
    };
    struct directory *directory = make();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (directory_holds(directory, rows[i].role, rows[i].allocations, rows[i].allocations != NULL, rows[i].person,
                            at(rows[i].at)) != rows[i].holds)
            fail_msg("row %zu: %s as %s", i, rows[i].person, rows[i].role);
    directory_free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory_holds_by_allocation_rota_post_and_cover),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
