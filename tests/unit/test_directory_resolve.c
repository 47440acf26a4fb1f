/* SPDX-License-Identifier: Apache-2.0 */
/* Who a role comes to. The roles here are a small line of the same shape as the shipped ones, under other
 * names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/directory.h"

#define BOX(name) name "@southwark.example"

#define DAY "2024-06-03T09:00:00Z"     /* Monday 10:00 by the wall clock */
#define NIGHT "2024-06-01T22:30:00Z"   /* Saturday night */
#define EVENING "2024-05-31T18:20:00Z" /* Friday evening */
#define HOLIDAY "2024-05-27T10:00:00Z" /* a Monday that is none */

static const char HOLIDAYS[] =
    "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
    "{\"title\":\"Spring bank holiday\",\"date\":\"2024-05-27\",\"notes\":\"\",\"bunting\":true}]}}";

static const struct directory_role ROLES[] = {
    {.name = "worker",
     .held = ROLE_HELD_ALLOCATION,
     .above = "team-lead",
     .falls_to = {"team-lead", "front-door", "night-team"}},
    {.name = "team-lead",
     .held = ROLE_HELD_TEAM,
     .of = "worker",
     .above = "chief",
     .falls_to = {"front-door", "night-team"}},
    {.name = "front-door",
     .held = ROLE_HELD_MAILBOX,
     .mailbox = BOX("front"),
     .office_hours = true,
     .out_of_hours = "night-team"},
    {.name = "night-team", .held = ROLE_HELD_MAILBOX, .mailbox = BOX("night"), .webhook = "pager"},
    {.name = "chief", .held = ROLE_HELD_POST, .mailbox = BOX("chief")},
    {.name = "officer", .held = ROLE_HELD_POST, .falls_to = {"chief"}},
    {.name = "clerk", .held = ROLE_HELD_POST, .falls_to = {"desk"}},
    {.name = "desk", .held = ROLE_HELD_MAILBOX, .mailbox = BOX("desk"), .office_hours = true},
    {.name = "round", .held = ROLE_HELD_POST, .falls_to = {"about"}},
    {.name = "about", .held = ROLE_HELD_POST, .falls_to = {"round", "nowhere"}},
};

struct fixture {
    struct directory *directory;
    struct calendar *calendar;
};

static struct instant at(const char *text)
{
    struct instant instant;
    assert_true(instant_parse(text, &instant));
    return instant;
}

static void add_people(struct directory *directory)
{
    static const struct directory_person people[] = {
        {.id = "p-1", .name = "Ada Made-Up", .email = BOX("ada"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "p-2", .name = "Ben Made-Up", .email = BOX("ben"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "p-3", .name = "Cal Made-Up", .email = BOX("cal"), .team = "south", .left_at = {INT64_MIN}},
        {.id = "p-4", .name = "Dee Made-Up", .team = "south", .left_at = {INT64_MIN}},
        {.id = "p-5", .name = "Eve Made-Up", .email = BOX("eve"), .left_at = {INT64_MIN}},
        {.id = "p-6", .name = "Fay Made-Up", .webhook = "fay-hook", .left_at = {INT64_MIN}},
    };
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        directory_add_person(directory, &people[i]);
    struct directory_person leaver = {
        .id = "p-7", .email = BOX("gus"), .team = "north", .left_at = at("2024-06-01T00:00:00Z")};
    directory_add_person(directory, &leaver);
    directory_add_post(directory, "p-99", "team-lead"); /* nobody */
    directory_add_post(directory, "p-7", "team-lead");  /* a leaver */
    directory_add_post(directory, "p-2", "team-lead");
    directory_add_post(directory, "p-4", "officer"); /* without an address */
}

static int make_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char *reason = NULL;
    fixture->calendar = calendar_parse(HOLIDAYS, strlen(HOLIDAYS), &reason);
    fixture->directory = directory_new(BOX("last"));
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        directory_add_role(fixture->directory, &ROLES[i]);
    add_people(fixture->directory);
    *state = fixture;
    return fixture->calendar == NULL;
}

static int free_fixture(void **state)
{
    struct fixture *fixture = *state;
    directory_free(fixture->directory);
    calendar_free(fixture->calendar);
    free(fixture);
    return 0;
}

static void test_directory_resolve_follows_the_way_down(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *label, *role, *worker; /* worker: who is allocated, NULL nobody */
        bool immediate;
        const char *now, *id, *from;
        bool fell_through;
    } rows[] = {
        {"allocated", "worker", "p-1", false, DAY, "p-1", "worker", false},
        {"allocated, at night", "worker", "p-1", true, NIGHT, "p-1", "worker", false},
        {"allocated, by webhook only", "worker", "p-6", false, DAY, "p-6", "worker", false},
        {"allocated, before the day of leaving", "worker", "p-7", false, EVENING, "p-7", "worker", false},
        {"left: the lead of that team", "worker", "p-7", false, DAY, "p-2", "team-lead", true},
        {"left: the lead, at night too", "worker", "p-7", true, NIGHT, "p-2", "team-lead", true},
        {"no address, no lead in the team", "worker", "p-4", false, DAY, "mailbox:front-door", "front-door",
         true},
        {"nobody: the front door", "worker", NULL, false, DAY, "mailbox:front-door", "front-door", true},
        {"nobody, in the evening", "worker", NULL, false, EVENING, "mailbox:night-team", "night-team", true},
        {"nobody, on a bank holiday", "worker", NULL, false, HOLIDAY, "mailbox:night-team", "night-team",
         true},
        {"nobody, immediate, at night", "worker", NULL, true, NIGHT, "mailbox:night-team", "night-team",
         true},
        {"nobody, immediate, in the day", "worker", NULL, true, DAY, "mailbox:front-door", "front-door",
         true},
        {"not in the directory", "worker", "p-88", false, DAY, "mailbox:front-door", "front-door", true},

        {"the front door itself", "front-door", NULL, false, DAY, "mailbox:front-door", "front-door", false},
        {"the front door, not immediate, at night", "front-door", NULL, false, NIGHT, "mailbox:front-door",
         "front-door", false},
        {"the front door, immediate, at night", "front-door", NULL, true, NIGHT, "mailbox:night-team",
         "night-team", true},
        {"the lead of the worker's team", "team-lead", "p-1", false, DAY, "p-2", "team-lead", false},
        {"a team without a lead", "team-lead", "p-3", false, DAY, "mailbox:front-door", "front-door", true},
        {"a worker without a team", "team-lead", "p-5", false, DAY, "mailbox:front-door", "front-door", true},
        {"a post with nobody: its mailbox", "chief", NULL, false, DAY, "mailbox:chief", "chief", false},
        {"a holder without an address", "officer", NULL, false, DAY, "mailbox:chief", "chief", true},
        {"fell to a desk that is closed, and to nothing else", "clerk", NULL, false, NIGHT, "mailbox:desk",
         "desk", true},
        {"the same, immediate", "clerk", NULL, true, NIGHT, "mailbox:desk", "desk", true},
        {"a circle", "round", NULL, false, DAY, "last-resort", "round", true},
        {"no such role", "stranger", NULL, false, DAY, "last-resort", "last-resort", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct allocation allocation = {.role = "worker", .person_id = rows[i].worker};
        struct recipient got;
        directory_resolve(fixture->directory, fixture->calendar, rows[i].role, &allocation,
                          rows[i].worker != NULL, rows[i].immediate, at(rows[i].now), &got);
        if (strcmp(got.id, rows[i].id) != 0 || strcmp(got.role, rows[i].from) != 0 ||
            got.fell_through != rows[i].fell_through)
            fail_msg("%s: %s of %s, because %s", rows[i].label, got.id, got.role, got.because);
        assert_true(got.email != NULL || got.webhook != NULL);
    }
}

static struct recipient resolve(const struct fixture *fixture, const char *role, const char *worker,
                                const char *now)
{
    struct allocation allocation = {.role = "worker", .person_id = worker};
    struct recipient got;
    directory_resolve(fixture->directory, fixture->calendar, role, &allocation, 1, false, at(now), &got);
    return got;
}

static void test_directory_resolve_gives_the_channels_of_whom_it_found(void **state)
{
    struct recipient got = resolve(*state, "worker", "p-1", DAY);
    assert_int_equal(got.kind, RECIPIENT_PERSON);
    assert_string_equal(got.email, BOX("ada"));
    assert_null(got.webhook);

    got = resolve(*state, "night-team", NULL, DAY);
    assert_int_equal(got.kind, RECIPIENT_MAILBOX);
    assert_string_equal(got.email, BOX("night"));
    assert_string_equal(got.webhook, "pager");

    got = resolve(*state, "stranger", NULL, DAY);
    assert_int_equal(got.kind, RECIPIENT_LAST_RESORT);
    assert_string_equal(got.email, BOX("last"));
}

static void test_directory_resolve_says_why_in_ids_and_roles_only(void **state)
{
    assert_string_equal(resolve(*state, "worker", "p-1", DAY).because, "worker: p-1 is allocated");
    assert_string_equal(resolve(*state, "worker", "p-7", DAY).because,
                        "worker: p-7 has left; team-lead: p-2 of team north");
    assert_string_equal(
        resolve(*state, "worker", NULL, NIGHT).because,
        "worker: nobody allocated; team-lead: no team known; front-door: closed; night-team: mailbox");
    assert_string_equal(resolve(*state, "clerk", NULL, NIGHT).because,
                        "clerk: nobody holds the post; desk: closed; desk: its mailbox, for the morning");
    assert_string_equal(
        resolve(*state, "round", NULL, DAY).because,
        "round: nobody holds the post; about: nobody holds the post; last-resort: nobody at all");
    /* What came with an event may be a name. */
    assert_null(strstr(resolve(*state, "worker", "Ada Made-Up", DAY).because, "Ada"));
    assert_null(strstr(resolve(*state, "worker", "p-1", DAY).because, "Ada"));
}

/* A barred address is nobody's: its person and its mailbox are passed over as leavers are, each named for the operators. */
static void test_directory_resolve_passes_over_barred_addresses(void **state)
{
    const struct fixture *fixture = *state;
    struct recipient got;

    directory_bar_address(fixture->directory, "Ada@Southwark.example", "came back");
    directory_bar_address(fixture->directory, BOX("ben"), "came back too");
    directory_bar_address(fixture->directory, BOX("front"), "full");
    directory_bar_address(fixture->directory, BOX("night"), "full");
    directory_bar_address(fixture->directory, BOX("last"), "full");
    got = resolve(fixture, "worker", "p-1", DAY);
    /* The pager is left. */
    assert_string_equal(got.id, "mailbox:night-team");
    assert_null(got.email);
    assert_string_equal(got.webhook, "pager");
    assert_true(got.fell_through);
    assert_int_equal(got.barred_count, 4);
    assert_string_equal(got.barred[0].id, "p-1");
    assert_string_equal(got.barred[0].because, "came back");
    assert_string_equal(got.barred[1].id, "p-2");
    assert_string_equal(got.barred[2].id, "mailbox:front-door");
    assert_string_equal(got.barred[3].id, "mailbox:night-team");
    assert_non_null(strstr(got.because, "worker: p-1 has an address that may not be used; "));
    assert_non_null(strstr(got.because, "front-door: its mailbox may not be used"));
    /* Nor is it kept for the morning. */
    directory_bar_address(fixture->directory, BOX("desk"), "full");
    got = resolve(fixture, "clerk", NULL, NIGHT);
    assert_int_equal(got.kind, RECIPIENT_LAST_RESORT);
    assert_string_equal(got.email, BOX("last"));
    /* Who has it and is told by webhook alone is told. */
    directory_add_person(fixture->directory, &(struct directory_person){.id = "p-8", .email = BOX("hal"), .webhook = "hal-hook",
                                                                       .left_at = {INT64_MIN}});
    directory_bar_address(fixture->directory, BOX("hal"), "came back");
    got = resolve(fixture, "worker", "p-8", DAY);
    assert_string_equal(got.id, "p-8");
    assert_null(got.email);
    assert_string_equal(got.barred[0].id, "p-8");
}

static void test_directory_resolve_tries_every_one_allocated(void **state)
{
    struct fixture *fixture = *state;
    const struct allocation two[] = {{"other", "p-5"}, {"worker", "p-4"}, {"worker", "p-1"}};
    struct recipient got;
    directory_resolve(fixture->directory, fixture->calendar, "worker", two, 3, false, at(DAY), &got);
    assert_string_equal(got.id, "p-1");
    assert_string_equal(got.because, "worker: p-4 has no address; worker: p-1 is allocated");
}

static void test_directory_resolve_cuts_a_long_reason_at_a_character(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        char id[302] =
            "x"; /* letters of two bytes from `shift` on, so that one of the two cuts falls within one */
        for (size_t i = shift; i + 2 < sizeof id; i += 2)
            memcpy(id + i, "\xc3\xa9", 2);
        void *own = NULL;
        make_fixture(&own);
        struct fixture *fixture = own;
        directory_add_person(
            fixture->directory,
            &(struct directory_person){.id = id, .email = BOX("long"), .left_at = INSTANT_NONE});
        directory_add_post(fixture->directory, id, "officer");

        struct recipient got = resolve(fixture, "officer", NULL, DAY);
        size_t len = strlen(got.because);
        assert_in_range(len, 250, 255);
        assert_int_equal((len - strlen("officer: ") - shift) % 2, 0);
        free_fixture(&own);
    }
}

/* A small service of its own: everything here is about who is on and who is away. */
static struct directory *make_service(void)
{
    static const struct directory_role roles[] = {
        {.name = "worker", .held = ROLE_HELD_ALLOCATION, .falls_to = {"team-lead", "duty"}},
        {.name = "team-lead", .held = ROLE_HELD_TEAM, .of = "worker", .falls_to = {"duty"}},
        {.name = "duty", .held = ROLE_HELD_POST, .mailbox = BOX("duty")},
    };
    static const struct directory_person people[] = {
        {.id = "a-1", .email = BOX("a1"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "a-2", .email = BOX("a2"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "a-3", .email = BOX("a3"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "b-1", .email = BOX("b1"), .team = "south", .left_at = {INT64_MIN}},
        {.id = "d-1", .email = BOX("d1"), .left_at = {INT64_MIN}},
        {.id = "d-2", .email = BOX("d2"), .left_at = {INT64_MIN}},
        {.id = "d-3", .left_at = {INT64_MIN}},
    };
    struct directory *directory = directory_new(BOX("last"));
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        directory_add_role(directory, &roles[i]);
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        directory_add_person(directory, &people[i]);
    directory_add_person(directory, &(struct directory_person){.id = "z-9", .email = BOX("z9"), .left_at = at("2024-06-01T00:00:00Z")});
    directory_add_post(directory, "a-3", "team-lead");
    directory_add_post(directory, "d-2", "duty");
    return directory;
}

static void add_absence(struct directory *directory, int64_t id, const char *person, const char *from, const char *until,
                        const char *cover)
{
    struct directory_absence absence = {id, person, at(from), until != NULL ? at(until) : INSTANT_NONE, cover};
    directory_add_absence(directory, &absence);
}

static void add_shift(struct directory *directory, int64_t id, const char *role, const char *team, const char *from,
                      const char *until, int turn_days, const char *first, const char *second)
{
    const char *people[] = {first, second};
    struct directory_shift shift = {id, role, team, people, {ROTA_WALL_NONE, ROTA_WALL_NONE, turn_days, second != NULL ? 2 : 1}};
    assert_true(rota_wall_parse(from, &shift.row.from));
    if (until != NULL)
        assert_true(rota_wall_parse(until, &shift.row.until));
    assert_null(rota_validate(&shift.row));
    directory_add_shift(directory, &shift);
}

static void expect(const struct fixture *fixture, const struct directory *directory, const char *role, const char *worker,
                   const char *now, const char *id, const char *because)
{
    struct allocation allocation = {.role = "worker", .person_id = worker};
    struct recipient got;
    directory_resolve(directory, fixture->calendar, role, &allocation, worker != NULL, false, at(now), &got);
    if (strcmp(got.id, id) != 0 || strcmp(got.because, because) != 0)
        fail_msg("%s for %s at %s: %s, because %s", role, worker, now, got.id, got.because);
}

static void test_directory_resolve_tells_the_cover_of_who_is_absent(void **state)
{
    struct directory *directory = make_service();
    add_absence(directory, 4, "a-1", "2024-06-03T08:00:00Z", "2024-06-07T16:00:00Z", "a-2");
    add_absence(directory, 5, "b-1", "2024-06-03T08:00:00Z", NULL, NULL);
    static const struct {
        const char *worker, *now, *id, *because;
    } rows[] = {
        {"a-1", "2024-06-03T07:59:59Z", "a-1", "worker: a-1 is allocated"},
        {"a-1", "2024-06-03T08:00:00Z", "a-2", "worker: a-1 is allocated, absent (absence 4), covered by a-2"},
        {"a-1", "2024-06-07T15:59:59Z", "a-2", "worker: a-1 is allocated, absent (absence 4), covered by a-2"},
        {"a-1", "2024-06-07T16:00:00Z", "a-1", "worker: a-1 is allocated"},
        /* A07: no cover is as nobody allocated; here the team has no lead either. */
        {"b-1", "2025-01-01T12:00:00Z", "d-2",
         "worker: b-1 is allocated, absent (absence 5) without cover; team-lead: nobody in team south; duty: d-2 holds the post"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(*state, directory, "worker", rows[i].worker, rows[i].now, rows[i].id, rows[i].because);
    directory_free(directory);
}

static void test_directory_resolve_follows_covers_and_ends_in_a_circle(void **state)
{
    struct directory *directory = make_service();
    add_absence(directory, 1, "a-1", "2024-06-03T00:00:00Z", NULL, "a-2");
    add_absence(directory, 2, "a-2", "2024-06-04T00:00:00Z", "2024-06-05T00:00:00Z", "a-3");
    add_absence(directory, 3, "a-2", "2024-06-05T00:00:00Z", "2024-06-06T00:00:00Z", "a-1");
    add_absence(directory, 6, "a-2", "2024-06-06T00:00:00Z", "2024-06-07T00:00:00Z", NULL);
    add_absence(directory, 7, "a-2", "2024-06-07T00:00:00Z", "2024-06-08T00:00:00Z", "z-9");
    static const struct {
        const char *now, *id, *because;
    } rows[] = {
        {"2024-06-04T09:00:00Z", "a-3",
         "worker: a-1 is allocated, absent (absence 1), covered by a-2, who is absent (absence 2), covered by a-3"},
        {"2024-06-06T09:00:00Z", "a-3",
         "worker: a-1 is allocated, absent (absence 1), covered by a-2, who is absent (absence 6) without cover;"
         " team-lead: a-3 of team north"},
        {"2024-06-07T09:00:00Z", "a-3",
         "worker: a-1 is allocated, absent (absence 1), covered by a-2, who is absent (absence 7), covered by z-9, who has left;"
         " team-lead: a-3 of team north"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(*state, directory, "worker", "a-1", rows[i].now, rows[i].id, rows[i].because);
    struct allocation allocation = {"worker", "a-1"};
    struct recipient got;
    struct fixture *fixture = *state;
    directory_resolve(directory, fixture->calendar, "worker", &allocation, 1, false, at("2024-06-05T09:00:00Z"), &got);
    assert_string_equal(got.id, "a-3"); /* a-1 covers for a-2 who covers for a-1: the lead */
    assert_string_equal(got.role, "team-lead");
    assert_true(got.fell_through);
    directory_free(directory);
}

static void test_directory_resolve_asks_the_rota_before_the_post(void **state)
{
    struct directory *directory = make_service();
    add_shift(directory, 12, "duty", NULL, "2024-06-03 09:00", "2024-12-02 09:00", 7, "d-1", "d-2");
    add_shift(directory, 14, "duty", NULL, "2024-06-08 12:00", "2024-06-12 12:00", 0, "b-1", NULL);
    add_shift(directory, 15, "duty", NULL, "2024-09-02 09:00", "2024-09-03 09:00", 0, "d-3", NULL);
    add_shift(directory, 16, "team-lead", "south", "2024-06-03", NULL, 0, "a-2", NULL);
    add_absence(directory, 8, "d-2", "2024-06-17T00:00:00Z", "2024-06-27T00:00:00Z", NULL);
    static const struct {
        const char *role, *worker, *now, *id, *because;
    } rows[] = {
        {"duty", NULL, "2024-06-03T07:59:59Z", "d-2", "duty: d-2 holds the post"},
        {"duty", NULL, "2024-06-03T08:00:00Z", "d-1", "duty: d-1 is on (rota 12)"},
        /* An exchange, over a hand-over of the longer row. */
        {"duty", NULL, "2024-06-08T11:00:00Z", "b-1", "duty: b-1 is on (rota 14)"},
        {"duty", NULL, "2024-06-10T09:00:00Z", "b-1", "duty: b-1 is on (rota 14)"},
        {"duty", NULL, "2024-06-12T11:00:00Z", "d-2", "duty: d-2 is on (rota 12)"},
        /* Whoever is on is away, and is the holder of the post as well: the mailbox. */
        {"duty", NULL, "2024-06-25T09:00:00Z", "mailbox:duty",
         "duty: d-2 is on (rota 12), absent (absence 8) without cover; duty: d-2 holds the post, absent (absence 8) without"
         " cover; duty: nobody holds the post; duty: mailbox"},
        {"duty", NULL, "2024-09-02T09:00:00Z", "d-2", "duty: d-3 has no address; duty: d-2 is on (rota 12)"},
        {"duty", NULL, "2024-12-02T09:00:00Z", "d-2", "duty: d-2 holds the post"},
        {"team-lead", "b-1", "2024-06-03T09:00:00Z", "a-2", "team-lead: a-2 is on (rota 16)"},
        {"team-lead", "a-1", "2024-06-03T09:00:00Z", "a-3", "team-lead: a-3 of team north"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(*state, directory, rows[i].role, rows[i].worker, rows[i].now, rows[i].id, rows[i].because);
    directory_free(directory);
}

/* While both are on, who comes is told; if they cannot be, who goes. */
static void test_directory_resolve_has_somebody_in_the_hour_that_comes_twice(void **state)
{
    struct directory *directory = make_service();
    add_shift(directory, 1, "duty", NULL, "2024-10-26 01:30", NULL, 1, "d-1", "b-1");
    expect(*state, directory, "duty", NULL, "2024-10-27T00:29:59Z", "d-1", "duty: d-1 is on (rota 1)");
    expect(*state, directory, "duty", NULL, "2024-10-27T00:30:00Z", "b-1", "duty: b-1 is on (rota 1)");
    add_absence(directory, 2, "b-1", "2024-10-27T00:00:00Z", "2024-10-28T00:00:00Z", NULL);
    expect(*state, directory, "duty", NULL, "2024-10-27T01:29:59Z", "d-1",
           "duty: b-1 is on (rota 1), absent (absence 2) without cover; duty: d-1 is on (rota 1)");
    directory_free(directory);
}

static void test_directory_next_change_is_when_answers_change(void **state)
{
    struct fixture *fixture = *state;
    struct directory *directory = make_service();
    static const struct {
        const char *after, *next;
    } rows[] = {
        {"2024-05-31T23:00:00Z", "2024-06-01T00:00:00Z"}, /* somebody leaves */
        {"2024-06-01T00:00:00Z", "2024-06-03T08:00:00Z"}, /* Monday */
        {"2024-06-03T08:00:00Z", "2024-06-03T10:00:00Z"}, /* a rota begins */
        {"2024-06-03T10:00:00Z", "2024-06-03T16:00:00Z"},
        {"2024-06-03T16:00:00Z", "2024-06-03T20:15:00Z"}, /* an absence */
        {"2024-06-03T20:15:00Z", "2024-06-04T08:00:00Z"},
        {"2024-06-10T08:00:00Z", "2024-06-10T10:00:00Z"}, /* a hand-over */
        {"2024-05-24T16:00:00Z", "2024-05-28T08:00:00Z"}, /* over a bank holiday */
        {"2024-10-25T16:00:00Z", "2024-10-28T09:00:00Z"}, /* nine o'clock in winter */
    };
    add_shift(directory, 1, "duty", NULL, "2024-06-03 11:00", "2024-07-01 11:00", 7, "d-1", "d-2");
    add_absence(directory, 1, "a-1", "2024-06-03T20:15:00Z", NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[INSTANT_TEXT_SIZE];
        instant_print(directory_next_change(directory, fixture->calendar, at(rows[i].after)), text);
        if (strcmp(text, rows[i].next) != 0)
            fail_msg("after %s: %s", rows[i].after, text);
    }
    directory_free(directory);
}

static void test_directory_is_office_hours_by_the_wall_clock(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *now;
        bool open;
    } rows[] = {
        {"2024-06-03T07:59:59Z", false}, {"2024-06-03T08:00:00Z", true}, /* 09:00 in summer */
        {"2024-06-03T15:59:59Z", true},  {"2024-06-03T16:00:00Z", false}, {"2024-12-02T08:59:59Z", false},
        {"2024-12-02T09:00:00Z", true},  {"2024-06-01T10:00:00Z", false}, {"2024-06-02T10:00:00Z", false},
        {"2024-05-27T10:00:00Z", false}, {"2024-05-28T10:00:00Z", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(directory_is_office_hours(fixture->calendar, at(rows[i].now)), rows[i].open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory_resolve_follows_the_way_down),
        cmocka_unit_test(test_directory_resolve_gives_the_channels_of_whom_it_found),
        cmocka_unit_test(test_directory_resolve_says_why_in_ids_and_roles_only),
        cmocka_unit_test(test_directory_resolve_tries_every_one_allocated),
        cmocka_unit_test(test_directory_resolve_cuts_a_long_reason_at_a_character),
        cmocka_unit_test(test_directory_resolve_tells_the_cover_of_who_is_absent),
        cmocka_unit_test(test_directory_resolve_follows_covers_and_ends_in_a_circle),
        cmocka_unit_test(test_directory_resolve_asks_the_rota_before_the_post),
        cmocka_unit_test(test_directory_resolve_has_somebody_in_the_hour_that_comes_twice),
        cmocka_unit_test(test_directory_next_change_is_when_answers_change),
        cmocka_unit_test(test_directory_is_office_hours_by_the_wall_clock),
        cmocka_unit_test(test_directory_resolve_passes_over_barred_addresses),
    };
    return cmocka_run_group_tests(tests, make_fixture, free_fixture);
}
