/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a directory, what of its roles is refused, who is above whom; and conf/roles.conf as it ships.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libconfig.h>

#include "told/directory.h"

static struct directory *make_directory(const struct directory_role *roles, size_t count)
{
    struct directory *directory = directory_new("last@southwark.example");
    for (size_t i = 0; i < count; i++)
        directory_add_role(directory, &roles[i]);
    return directory;
}

static void test_directory_copies_what_it_is_given(void **state)
{
    (void)state;
    char name[] = "worker", email[] = "w@southwark.example";
    struct directory *directory = directory_new("last@southwark.example");
    directory_add_role(directory,
                       &(struct directory_role){.name = name, .mailbox = email, .falls_to = {name}});
    directory_add_person(directory,
                         &(struct directory_person){.id = name, .email = email, .left_at = INSTANT_NONE});
    memset(name, 'x', 6);
    memset(email, 'x', 3);

    assert_string_equal(directory_role(directory, "worker")->mailbox, "w@southwark.example");
    assert_string_equal(directory_role(directory, "worker")->falls_to[0], "worker");
    assert_string_equal(directory_person(directory, "worker")->email, "w@southwark.example");
    assert_null(directory_role(directory, "nobody"));
    assert_null(directory_role(directory, NULL));
    assert_null(directory_person(directory, "p-1"));
    assert_null(directory_person(directory, NULL));
    directory_free(directory);
    directory_free(NULL);
}

static void test_directory_finds_people_added_in_any_order(void **state)
{
    (void)state;
    static const char *const ids[] = {"p-5", "p-1", "p-9", "p-3", "p-7", "p-2"};
    struct directory *directory = directory_new(NULL);
    for (size_t i = 0; i < 6; i++)
        directory_add_person(
            directory, &(struct directory_person){.id = ids[i], .team = ids[i], .left_at = INSTANT_NONE});
    const struct directory_person *third = directory_person(directory, "p-3");
    directory_add_person(directory,
                         &(struct directory_person){.id = "p-3", .team = "north", .left_at = INSTANT_NONE});

    for (size_t i = 0; i < 6; i++)
        assert_string_equal(directory_person(directory, ids[i])->id, ids[i]);
    assert_ptr_equal(directory_person(directory, "p-3"), third);
    assert_string_equal(third->team, "north"); /* the later word holds */
    assert_null(directory_person(directory, "p-4"));
    assert_null(directory_person(directory, "p-99"));
    directory_free(directory);
}

static void test_directory_validate_says_every_fault_of_the_roles(void **state)
{
    (void)state;
    static const struct directory_role roles[] = {
        {.name = "good", .held = ROLE_HELD_POST, .mailbox = "g@southwark.example"},
        {.name = "good", .held = ROLE_HELD_MAILBOX, .mailbox = "g@southwark.example"},
        {.name = "bare", .held = ROLE_HELD_MAILBOX},
        {.name = "team", .held = ROLE_HELD_TEAM, .falls_to = {"good"}},
        {.name = "team-of-post", .held = ROLE_HELD_TEAM, .of = "good", .falls_to = {"good"}},
        {.name = "lost",
         .held = ROLE_HELD_TEAM,
         .of = "a",
         .above = "b",
         .out_of_hours = "c",
         .falls_to = {"good", "d"}},
        {.name = "round", .held = ROLE_HELD_POST, .falls_to = {"about"}},
        {.name = "about", .held = ROLE_HELD_ALLOCATION, .falls_to = {"round"}},
        {.name = "self", .held = ROLE_HELD_POST, .falls_to = {"self", "good"}},
        {.name = "night",
         .held = ROLE_HELD_MAILBOX,
         .mailbox = "n@southwark.example",
         .out_of_hours = "night"},
        {.name = "enters", .held = ROLE_HELD_MAILBOX, .mailbox = "e@southwark.example", .above = "one"},
        {.name = "one", .held = ROLE_HELD_MAILBOX, .mailbox = "o@southwark.example", .above = "two"},
        {.name = "two", .held = ROLE_HELD_MAILBOX, .mailbox = "t@southwark.example", .above = "one"},
    };
    static const char *const faults[] = {
        "role good: stands twice: remove one",
        "role bare: is held by a mailbox, but has none: add mailbox",
        "role team: is held in a team, but not whose: add of = \"the allocated role\"",
        "role team-of-post: of names good, which is not allocated to a child: name one that is",
        "role lost: of names a, which is no role: add that role, or name another",
        "role lost: above names b, which is no role: add that role, or name another",
        "role lost: out_of_hours names c, which is no role: add that role, or name another",
        "role lost: falls_to names d, which is no role: add that role, or name another",
        "role round: falling through does not end in a mailbox: add mailbox, or falls_to a role with one",
        "role about: falling through does not end in a mailbox: add mailbox, or falls_to a role with one",
        "role self: falls_to itself: name another",
        "role night: stands in for itself: name another in out_of_hours",
        "role one: above it the line comes back to it: end the line at its top",
    };
    struct directory *directory = make_directory(roles, sizeof roles / sizeof roles[0]);
    size_t cursor = 0, count = 0;
    for (char *fault; (fault = directory_validate(directory, &cursor)) != NULL; free(fault), count++) {
        assert_true(count < sizeof faults / sizeof faults[0]);
        assert_string_equal(fault, faults[count]);
    }
    assert_int_equal(count, sizeof faults / sizeof faults[0]);
    assert_null(directory_validate(directory, &cursor));
    directory_free(directory);
}

/* A rota has an end, people leave and fall ill: it is no mailbox. */
static void test_directory_validate_counts_no_rota_as_the_end(void **state)
{
    (void)state;
    struct directory *directory = directory_new("last@southwark.example");
    const char *const people[] = {"p-1", "p-2"};
    size_t cursor = 0;
    directory_add_role(directory, &(struct directory_role){.name = "duty", .held = ROLE_HELD_POST, .line = "yos"});
    directory_add_person(directory, &(struct directory_person){.id = "p-1", .email = "one@southwark.example", .left_at = INSTANT_NONE});
    directory_add_person(directory, &(struct directory_person){.id = "p-2", .email = "two@southwark.example", .left_at = INSTANT_NONE});
    struct directory_shift shift = {1, "duty", NULL, people, {{civil_day_of_date(2024, 6, 3), 540}, ROTA_WALL_NONE, 7, 2}};
    directory_add_shift(directory, &shift);
    char *fault = directory_validate(directory, &cursor);
    assert_non_null(fault);
    assert_non_null(strstr(fault, "role duty: falling through does not end in a mailbox"));
    free(fault);
    directory_free(directory);
}

static void test_directory_ladder_ends_even_in_a_circle_nobody_validated(void **state)
{
    (void)state;
    static const struct directory_role roles[] = {
        {.name = "one", .mailbox = "o@southwark.example", .above = "two"},
        {.name = "two", .mailbox = "t@southwark.example", .above = "one"},
    };
    struct directory *directory = make_directory(roles, 2);
    const char *steps[16];
    assert_int_equal(directory_ladder(directory, "one", "", steps, 16), 2);
    assert_int_equal(directory_ladder(directory, "one", NULL, steps, 1), 1);
    assert_int_equal(directory_ladder(directory, "three", NULL, steps, 16), 0);
    directory_free(directory);
}

/* ---- conf/roles.conf ---- */

static const char *text_of(const config_setting_t *role, const char *key)
{
    const char *text = NULL;
    config_setting_lookup_string(role, key, &text);
    return text;
}

static bool flag_of(const config_setting_t *role, const char *key)
{
    int flag = 0;
    config_setting_lookup_bool(role, key, &flag);
    return flag != 0;
}

static enum role_held held_of(const config_setting_t *role)
{
    static const char *const words[] = {"mailbox", "allocation", "team", "post"};
    const char *held = text_of(role, "held");
    assert_non_null(held);
    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], held) == 0)
            return (enum role_held)i;
    fail_msg("%s: held = \"%s\"", config_setting_name(role), held);
    return ROLE_HELD_MAILBOX;
}

static void add_configured(struct directory *directory, const config_setting_t *role)
{
    struct directory_role one = {
        .name = config_setting_name(role),
        .held = held_of(role),
        .of = text_of(role, "of"),
        .above = text_of(role, "above"),
        .line = text_of(role, "line"),
        .mailbox = text_of(role, "mailbox"),
        .webhook = text_of(role, "webhook"),
        .out_of_hours = text_of(role, "out_of_hours"),
        .office_hours = flag_of(role, "office_hours"),
        .chase = flag_of(role, "chase"),
    };
    const config_setting_t *falls = config_setting_get_member(role, "falls_to");
    int count = falls != NULL ? config_setting_length(falls) : 0;
    assert_in_range(count, 0, 4);
    for (int i = 0; i < count; i++)
        one.falls_to[i] = config_setting_get_string_elem(falls, i);
    directory_add_role(directory, &one);
}

static int read_roles(void **state)
{
    config_t config;
    config_init(&config);
    struct directory *directory = directory_new("last@southwark.example");
    *state = directory;
    if (config_read_file(&config, "conf/roles.conf") == CONFIG_FALSE)
        fail_msg("conf/roles.conf:%d: %s", config_error_line(&config), config_error_text(&config));
    const config_setting_t *roles = config_lookup(&config, "roles");
    assert_non_null(roles);
    for (int i = 0; i < config_setting_length(roles); i++)
        add_configured(directory, config_setting_get_elem(roles, (unsigned)i));
    config_destroy(&config);
    return 0;
}

static int free_directory(void **state)
{
    directory_free(*state);
    return 0;
}

static void test_directory_roles_as_shipped_have_no_fault(void **state)
{
    size_t cursor = 0;
    char *fault = directory_validate(*state, &cursor);
    if (fault != NULL)
        fail_msg("%s", fault);
    assert_true(cursor > 0);
}

static void test_directory_roles_as_shipped_name_every_role_of_the_contract(void **state)
{
    static const char *const names[] = {
        "social-worker",
        "social-work-team-manager",
        "social-work-service-manager",
        "head-of-service",
        "director",
        "yos-worker",
        "yos-duty-officer",
        "yos-court-officer",
        "yos-tracking-officer",
        "yos-line-manager",
        "yos-operations-manager",
        "yos-service-manager",
        "yos-head-of-service",
        "yos-advanced-practitioner",
        "yos-looked-after-lead",
        "yos-mash-representative",
        "yos-triage",
        "yos-analyst",
        "mash",
        "mash-manager",
        "assessment-intervention",
        "integrated-homeless-team",
        "quality-assurance",
        "independent-reviewing-officer",
        "care-service",
        "personal-adviser",
        "emergency-duty-team",
        "governor",
        "ycs-placements",
        "assetplus-inbox",
        "business-change-adviser",
        "home-yos",
        "host-yos",
        "police",
        "custody-scrutiny-panel",
        "resettlement-officer",
        "risk-management-panel",
        "education-lead",
        "first-responder",
        "clinical-practitioner",
        "siblings-workers",
        "integrated-gangs-team",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct directory_role *role = directory_role(*state, names[i]);
        if (role == NULL || role->line == NULL)
            fail_msg("%s: %s", names[i], role == NULL ? "no such role" : "in no line");
    }
    assert_non_null(directory_role(*state, "operators"));
}

static void test_directory_lines_as_shipped_are_those_of_the_protocol(void **state)
{
    static const struct {
        const char *role, *line, *steps[8];
    } rows[] = {
        {"social-worker",
         "csc",
         {"social-work-team-manager", "social-work-service-manager", "head-of-service", "director"}},
        {"yos-worker",
         "yos",
         {"yos-line-manager", "yos-operations-manager", "yos-service-manager", "yos-head-of-service",
          "director"}},
        {"yos-worker",
         "csc",
         {"yos-line-manager", "yos-operations-manager", "yos-service-manager", "yos-head-of-service",
          "director"}},
        {"social-work-service-manager", "csc", {"head-of-service", "director"}},
        {"mash", "", {"mash-manager", "social-work-service-manager", "head-of-service", "director"}},
        {"emergency-duty-team", NULL, {"social-work-service-manager", "head-of-service", "director"}},
        {"governor",
         NULL,
         {"yos-line-manager", "yos-operations-manager", "yos-service-manager", "yos-head-of-service",
          "director"}},
        {"director", NULL, {NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *steps[16];
        size_t count = directory_ladder(*state, rows[i].role, rows[i].line, steps, 16), expected = 0;
        for (; rows[i].steps[expected] != NULL; expected++) {
            assert_true(expected < count);
            assert_string_equal(steps[expected], rows[i].steps[expected]);
        }
        assert_int_equal(count, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory_copies_what_it_is_given),
        cmocka_unit_test(test_directory_finds_people_added_in_any_order),
        cmocka_unit_test(test_directory_validate_says_every_fault_of_the_roles),
        cmocka_unit_test(test_directory_validate_counts_no_rota_as_the_end),
        cmocka_unit_test(test_directory_ladder_ends_even_in_a_circle_nobody_validated),
        cmocka_unit_test_setup_teardown(test_directory_roles_as_shipped_have_no_fault, read_roles,
                                        free_directory),
        cmocka_unit_test_setup_teardown(test_directory_roles_as_shipped_name_every_role_of_the_contract,
                                        read_roles, free_directory),
        cmocka_unit_test_setup_teardown(test_directory_lines_as_shipped_are_those_of_the_protocol, read_roles,
                                        free_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
