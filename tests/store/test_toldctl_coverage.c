/* SPDX-License-Identifier: Apache-2.0 */
/* Rota and absences from their files into rows, into who is told, and what coverage sees of them. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "desk.h"
#include "directory_load.h"
#include "log.h"
#include "told/mem.h"
#include "whole_file.h"

static const char PEOPLE[] = "person,name,email,team,posts,webhook,left_on\n"
                             "p-ash,Ash,ash@southwark.example,north,,,\n"
                             "p-birch,Birch,birch@southwark.example,north,,,\n"
                             "p-cedar,Cedar,cedar@southwark.example,north,social-work-team-manager,,\n"
                             "p-hazel,Hazel,hazel@southwark.example,east,,,\n"
                             "p-ivy,Ivy,ivy@southwark.example,east,yos-line-manager,,\n"
                             "p-larch,Larch,larch@southwark.example,,yos-operations-manager,,\n"
                             "p-hook,Hook,,,yos-duty-officer,case-system,\n"
                             "p-gone,Gone,gone@southwark.example,east,,,2024-06-10\n";

static int import(struct desk *desk, const char *subject, const char *text)
{
    int code = desk_toldctl(desk, "amara", "import", subject, desk_write(desk, "file.csv", text), NULL);
    if (code > 65) /* neither good nor a fault of the file */
        print_message("import %s: %s", subject, desk_err(desk));
    return code;
}

static int start(void **state)
{
    log_open();
    struct desk *desk = *state = desk_start();
    assert_int_equal(import(desk, "directory", PEOPLE), 0);
    assert_int_equal(import(desk, "children",
                            "lcs,born_on,open_to_social_care,open_to_yos\n"
                            "L1,2009-02-03,true,true\nL2,2009-02-03,true,false\nL3,2009-02-03,false,false\n"),
                     0);
    assert_int_equal(import(desk, "allocations",
                            "scheme,identifier,role,person\nlcs,L1,social-worker,p-ash\nlcs,L1,yos-worker,p-hazel\n"),
                     0);
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

static void expect_faults(struct desk *desk, const char *const *faults)
{
    for (; *faults; faults++)
        if (!strstr(desk_err(desk), *faults))
            fail_msg("%s is not in:\n%s", *faults, desk_err(desk));
}

static const char *live_rota(struct desk *desk)
{
    return desk_value(desk, "SELECT coalesce(string_agg(concat_ws(' ', rota_id, role, team_id, people, turn_days, begins, ends), ', '"
                            " ORDER BY rota_id), 'none') FROM told.rota WHERE withdrawn_at IS NULL");
}

static void test_import_rota_is_the_whole_rota_of_the_roles_it_names(void **state)
{
    struct desk *desk = *state;
    char *version = mem_copy(desk_value(desk, "SELECT directory_version + 1 FROM told.installation"));
    assert_int_equal(import(desk, "rota",
                            "role,team,people,from,until,turn\n"
                            "yos-duty-officer,, p-hazel ; p-ivy,2024-06-03 09:00,,week\n"
                            "yos-duty-officer,,p-larch,2024-06-12 09:00,2024-06-13 09:00,\n"
                            "yos-line-manager,east,p-larch,2024-06-01,2024-07-01,\n"),
                     0);
    assert_non_null(strstr(desk_out(desk), "3 rows read, 3 changed"));
    assert_string_equal(live_rota(desk), "1 yos-duty-officer {p-hazel,p-ivy} 7 2024-06-03 09:00:00, "
                                         "2 yos-duty-officer {p-larch} 0 2024-06-12 09:00:00 2024-06-13 09:00:00, "
                                         "3 yos-line-manager east {p-larch} 0 2024-06-01 00:00:00 2024-07-01 00:00:00");
    assert_string_equal(desk_value(desk, "SELECT directory_version FROM told.installation"), version);
    assert_string_equal(desk_value(desk, "SELECT string_agg(DISTINCT recorded_by, ' ') FROM told.rota"), "amara");
    /* The same keeps its number, what is no more said is withdrawn, other roles stay. */
    assert_int_equal(import(desk, "rota",
                            "role,people,from,turn,until\nyos-duty-officer,p-hazel;p-ivy,2024-06-03T09:00,7 days,\n"
                            "yos-duty-officer,p-birch,2024-06-20 09:00,,2024-06-21 09:00\n"),
                     0);
    assert_non_null(strstr(desk_out(desk), "2 changed"));
    assert_string_equal(desk_value(desk, "SELECT string_agg(rota_id::text, ' ' ORDER BY rota_id) FROM told.rota WHERE withdrawn_at IS NULL"),
                        "1 3 4");
    assert_string_equal(desk_value(desk, "SELECT withdrawn_at = '" DESK_STORY "' FROM told.rota WHERE rota_id = 2"), "t");
    /* A role alone has none. */
    assert_int_equal(import(desk, "rota", "role,team,people,from\nyos-line-manager,east,,\n"), 0);
    assert_string_equal(desk_value(desk, "SELECT string_agg(rota_id::text, ' ' ORDER BY rota_id) FROM told.rota WHERE withdrawn_at IS NULL"),
                        "1 4");
    free(version);
}

static void test_import_rota_names_every_bad_row_and_imports_none(void **state)
{
    struct desk *desk = *state;
    char *before = mem_copy(live_rota(desk));
    assert_int_equal(import(desk, "rota",
                            "role,team,people,from,until,turn\n"
                            "wizard,,p-ash,2024-06-03,,\n"
                            "social-worker,,p-ash,2024-06-03,,\n"
                            "mash,,p-ash,2024-06-03,,\n"
                            "yos-line-manager,,p-ash,2024-06-03,,\n"
                            "yos-duty-officer,east,p-ash,2024-06-03,,\n"
                            "yos-duty-officer,,p-ash,soon,,\n"
                            "yos-duty-officer,,p-ash;p-ivy,2024-06-03,,\n"
                            "yos-duty-officer,,p-ash,2024-06-03,2024-06-02,\n"
                            "yos-duty-officer,,,2024-06-03,,week\n"
                            "yos-duty-officer,,p-ash,2024-06-03,,fortnight\n"),
                     65);
    static const char *const faults[] = {"file.csv:2: role is none",      "file.csv:3: role is held",
                                         "file.csv:4: role is held",      "file.csv:5: team is empty",
                                         "file.csv:6: team is filled in", "file.csv:7: from is no time",
                                         "file.csv:8: several people",    "file.csv:9: until is not after",
                                         "file.csv:10: people is empty",  "file.csv:11: turn is no time",
                                         "10 faults; nothing was imported", NULL};
    expect_faults(desk, faults);
    assert_null(strstr(desk_err(desk), "wizard"));
    /* What only several rows, or the database, show. */
    assert_int_equal(import(desk, "rota",
                            "role,team,people,from,until,turn\n"
                            "yos-duty-officer,,p-ivy,2024-06-10 09:00,2024-06-17 09:00,\n"
                            "yos-duty-officer,,p-hazel,2024-06-03 09:00,2024-06-10 08:30,\n"
                            "yos-duty-officer,,p-ash,2024-06-10 09:00,2024-06-11 09:00,\n"
                            "yos-line-manager,west,p-nobody,2024-06-03,,\n"),
                     65);
    static const char *const more[] = {"file.csv:2: nobody is on from 2024-06-10 08:30 until this row begins; close the gap",
                                       "file.csv:4: line 2 begins at the same time", "file.csv:5: people names somebody",
                                       "file.csv:5: team is none of the directory's", NULL};
    expect_faults(desk, more);
    assert_null(strstr(desk_err(desk), "p-nobody"));
    /* The rota that runs would stop today. */
    assert_int_equal(import(desk, "rota", "role,people,from\nyos-duty-officer,p-ivy,2024-07-01 09:00\n"), 65);
    static const char *const now[] = {"file.csv:2: the rota that runs now would end", NULL};
    expect_faults(desk, now);
    assert_int_equal(import(desk, "rota", "role,people\nyos-duty-officer,p-ivy\n"), 65);
    assert_string_equal(live_rota(desk), before);
    free(before);
}

static const char *live_absences(struct desk *desk)
{
    return desk_value(desk, "SELECT coalesce(string_agg(concat_ws(' ', absence_id, person_id, away_from AT TIME ZONE 'UTC',"
                            " back_at AT TIME ZONE 'UTC', cover), ', ' ORDER BY absence_id), 'none')"
                            " FROM told.absence WHERE withdrawn_at IS NULL");
}

static void test_import_absences_are_all_of_the_people_it_names(void **state)
{
    struct desk *desk = *state;
    char *version = mem_copy(desk_value(desk, "SELECT directory_version + 1 FROM told.installation"));
    assert_int_equal(import(desk, "absences",
                            "person,from,back,cover\n"
                            "p-ash,2024-06-04,2024-06-10,p-birch\n"
                            "p-ash,2024-08-01 13:30,,\n"
                            "p-cedar,2024-06-05T09:00:00+01:00,2024-06-06,\n"),
                     0);
    assert_string_equal(live_absences(desk), "1 p-ash 2024-06-03 23:00:00 2024-06-09 23:00:00 p-birch, 2 p-ash 2024-08-01 12:30:00, "
                                             "3 p-cedar 2024-06-05 08:00:00 2024-06-05 23:00:00");
    assert_string_equal(desk_value(desk, "SELECT directory_version FROM told.installation"), version);
    assert_int_equal(import(desk, "absences", "person,from,back,cover\np-ash,2024-06-04,2024-06-10,p-birch\n"), 0);
    assert_string_equal(live_absences(desk), "1 p-ash 2024-06-03 23:00:00 2024-06-09 23:00:00 p-birch, "
                                             "3 p-cedar 2024-06-05 08:00:00 2024-06-05 23:00:00");
    assert_int_equal(import(desk, "absences", "person,from,back\np-cedar,,\n"), 0);
    assert_string_equal(live_absences(desk), "1 p-ash 2024-06-03 23:00:00 2024-06-09 23:00:00 p-birch");
    free(version);
}

static void test_import_absences_names_every_bad_row_and_imports_none(void **state)
{
    struct desk *desk = *state;
    char *before = mem_copy(live_absences(desk));
    assert_int_equal(import(desk, "absences",
                            "person,from,back,cover\n"
                            ",2024-06-04,,\n"
                            "p-ash,soon,,\n"
                            "p-ash,,2024-06-04,\n"
                            "p-ash,2024-06-04,2024-06-04,\n"
                            "p-ash,2024-06-04,,p-ash\n"),
                     65);
    static const char *const faults[] = {"file.csv:2: person is empty", "file.csv:3: from is no time", "file.csv:4: from is empty",
                                         "file.csv:5: back is not after", "file.csv:6: cover is the person", NULL};
    expect_faults(desk, faults);
    assert_int_equal(import(desk, "absences",
                            "person,from,back,cover\n"
                            "p-birch,2024-06-04,2024-06-08,\n"
                            "p-birch,2024-06-07,,\n"
                            "p-nobody,2024-06-07,,\n"
                            "p-ivy,2024-06-07,,p-nobody\n"
                            "p-hazel,2024-06-11,,p-gone\n"),
                     65);
    static const char *const more[] = {"file.csv:3: the same person is away in line 2", "file.csv:4: nobody has this person id",
                                       "file.csv:5: cover is nobody", "file.csv:6: cover has left", NULL};
    expect_faults(desk, more);
    assert_null(strstr(desk_err(desk), "p-nobody"));
    /* Three who cover for each other; a fourth whose cover is away only later. */
    assert_int_equal(import(desk, "absences",
                            "person,from,back,cover\n"
                            "p-birch,2024-06-04,2024-06-08,p-ivy\n"
                            "p-ivy,2024-06-06,,p-hazel\n"
                            "p-ash,2024-06-01,2024-06-06,p-ivy\n"
                            "p-hazel,2024-06-07,2024-06-12,p-birch\n"),
                     65);
    static const char *const circle[] = {"file.csv:5: cover is away at the same time and covered by this person",
                                         "1 fault; nothing was imported", NULL};
    expect_faults(desk, circle);
    assert_string_equal(live_absences(desk), before);
    free(before);
}

static void fail_on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fail_msg("%s:%d: %s", file, line, text);
}

/* As dispatch sees it, under its own rights. */
static void test_directory_load_brings_rota_and_absences_to_dispatch(void **state)
{
    struct desk *desk = *state;
    struct config *config = config_load(desk_config(desk), false, fail_on_fault, NULL);
    struct pg *pg = desk_connect(desk, "told_dispatch");
    int64_t version = 0;
    struct directory *directory = directory_load(pg, config, &version);
    assert_non_null(directory);
    static const struct {
        const char *role, *now, *because;
    } rows[] = {
        {"yos-duty-officer", "2024-06-03T07:59:00Z", "yos-duty-officer: p-hook holds the post"},
        {"yos-duty-officer", "2024-06-03T09:00:00Z", "yos-duty-officer: p-hazel is on (rota 1)"},
        {"yos-duty-officer", "2024-06-20T09:00:00Z", "yos-duty-officer: p-birch is on (rota 4)"},
        {"social-worker", "2024-06-05T09:00:00Z", "social-worker: p-ash is allocated, absent (absence 1), covered by p-birch"},
        {"social-worker", "2024-06-10T09:00:00Z", "social-worker: p-ash is allocated"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct allocation allocation = {"social-worker", "p-ash"};
        struct recipient who;
        struct instant now;
        assert_true(instant_parse(rows[i].now, &now));
        directory_resolve(directory, config->calendar, rows[i].role, &allocation, 1, false, now, &who);
        assert_string_equal(who.because, rows[i].because);
    }
    directory_free(directory);
    pg_free(pg);
    config_unref(config);
}

static void test_coverage_of_the_shipped_roles_reaches_somebody_always(void **state)
{
    struct desk *desk = *state;
    int code = desk_toldctl(desk, "amara", "coverage", NULL);
    if (code != 0)
        fail_msg("%d: %s%s", code, desk_out(desk), desk_err(desk));
    assert_non_null(strstr(desk_out(desk), " 2 children, "));
    assert_non_null(strstr(desk_out(desk), "until 2024-07-01 10:00: 0 would reach nobody"));
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", "--days", "1", "--json", NULL), 0);
    assert_string_equal(desk_out(desk), "[]\n");
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", "--days", "0", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", "--days", "367", NULL), 64);
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", "more", NULL), 64);
}

/* As `returns` does. */
static void mark(struct desk *desk, const char *address)
{
    char *sql = mem_printf("WITH r AS (INSERT INTO told.returned (place, digest, kind, state, did, reason, returned_at) VALUES"
                           " ('maildir:%s', '\\x00' || convert_to('%s', 'UTF8'), 'bounce', 'done', 'failed', 'a test', now())"
                           " RETURNING returned_id) INSERT INTO told.address_state (address, returned_id, marked_at)"
                           " SELECT '%s', returned_id, now() FROM r",
                           address, address, address);

    desk_value(desk, sql);
    free(sql);
}

static void test_coverage_counts_a_marked_address_as_nobody(void **state)
{
    struct desk *desk = *state;

    /* The one mailbox behind the roles of alarms, and a worker's. */
    mark(desk, desk_value(desk, "SELECT 'ash@southwark.example'"));
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", NULL), 0);
    assert_non_null(strstr(desk_out(desk), "1 address is marked by mail that came back: toldctl address"));
    mark(desk, "told-operators@southwark.example");
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", NULL), 1);
    assert_non_null(strstr(desk_out(desk), "its mailbox may not be used"));
    assert_non_null(strstr(desk_out(desk), "2 addresses are marked"));
    assert_int_equal(desk_toldctl(desk, "amara", "address", "clear", "told-operators@southwark.example", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "address", "clear", "p-ash", NULL), 0);
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", NULL), 0);
    assert_null(strstr(desk_out(desk), "marked"));
}

/* Takes every stand-in for the nights out of the desk's roles. */
static void drop_stand_ins(struct desk *desk)
{
    char *config = whole_file(desk_config(desk), NULL), *name = strstr(config, "roles = \"") + strlen("roles = \""), *end = strchr(name, '"');
    char *path = mem_copy_n(name, (size_t)(end - name)), *roles = whole_file(path, NULL);
    for (char *at; (at = strstr(roles, "out_of_hours = \"")) && at[strlen("out_of_hours = \"")] != '\n';)
        memset(at, ' ', (size_t)(strchr(at, ';') - at + 1));
    free(path);
    path = mem_copy(desk_write(desk, "roles.conf", roles));
    char *text = mem_printf("%.*s%s%s", (int)(name - config), config, path, end);
    desk_write(desk, "told.conf", text);
    free(text);
    free(path);
    free(roles);
    free(config);
}

static void test_coverage_lists_what_reaches_nobody_and_when(void **state)
{
    struct desk *desk = *state;
    /* Nobody stands in for MASH at night any more: an immediate notice would lie there until the morning. */
    drop_stand_ins(desk);
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", "--days", "2", "--json", NULL), 1);
    json_t *rows = json_loads(desk_out(desk), 0, NULL);
    size_t i, at_mash = 0;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "role")), "mash") != 0)
            continue;
        at_mash++;
        assert_true(json_is_null(json_object_get(row, "child")));
        assert_true(json_is_true(json_object_get(row, "immediate")));
        assert_string_equal(json_string_value(json_object_get(row, "comes_to")), "mailbox:mash");
        assert_string_equal(json_string_value(json_object_get(row, "from_at")),
                            at_mash == 1 ? "2024-06-03T16:00:00Z" : "2024-06-04T16:00:00Z");
        assert_string_equal(json_string_value(json_object_get(row, "until_at")),
                            at_mash == 1 ? "2024-06-04T08:00:00Z" : "2024-06-05T08:00:00Z");
    }
    assert_int_equal(at_mash, 2);
    json_decref(rows);
    assert_int_equal(desk_toldctl(desk, "amara", "coverage", "--days", "2", NULL), 1);
    assert_non_null(strstr(desk_out(desk), "mailbox:mash"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_rota_is_the_whole_rota_of_the_roles_it_names),
        cmocka_unit_test(test_import_rota_names_every_bad_row_and_imports_none),
        cmocka_unit_test(test_import_absences_are_all_of_the_people_it_names),
        cmocka_unit_test(test_import_absences_names_every_bad_row_and_imports_none),
        cmocka_unit_test(test_directory_load_brings_rota_and_absences_to_dispatch),
        cmocka_unit_test(test_coverage_of_the_shipped_roles_reaches_somebody_always),
        cmocka_unit_test(test_coverage_counts_a_marked_address_as_nobody),
        cmocka_unit_test(test_coverage_lists_what_reaches_nobody_and_when),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
