/* SPDX-License-Identifier: Apache-2.0 */
/* Imports: all or nothing, every bad row named, and what they change decided again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk.h"
#include "log.h"
#include "told/mem.h"

static int start(void **state)
{
    log_open();
    *state = desk_start();
    return 0;
}

static int stop(void **state)
{
    desk_stop(*state);
    return 0;
}

static int import(struct desk *desk, const char *subject, const char *text)
{
    return desk_toldctl(desk, "amara", "import", subject, desk_write(desk, "file.csv", text), NULL);
}

static void test_import_directory_adds_and_changes_people(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(
        import(desk, "directory",
               "person,name,email,team,posts,webhook,login,left_on\n"
               "p-1,\"One, Ona\",one@southwark.example,north, social-work-team-manager ; director,,amara,\n"
               "p-2,Two,two@southwark.example,north,,case-system,,\n"
               "p-3,Three,,,mash,,ben,2024-06-30\n"),
        0);
    assert_string_equal(
        desk_value(desk, "SELECT string_agg(role, ' ' ORDER BY role) FROM told.post WHERE person_id = 'p-1'"),
        "director social-work-team-manager");
    assert_string_equal(
        desk_value(desk, "SELECT name || team_id || login FROM told.person WHERE person_id = 'p-1'"),
        "One, Onanorthamara");
    assert_string_equal(
        desk_value(desk, "SELECT left_at = '2024-06-29 23:00Z' FROM told.person WHERE person_id = 'p-3'"),
        "t");
    assert_string_equal(desk_value(desk, "SELECT directory_version FROM told.installation"), "2");
    /* The logins change hands in one file, a post goes, and who is not in the file stays. */
    assert_int_equal(
        import(desk, "directory", "person,name,posts,login\np-1,One,director,ben\np-3,Three,,amara\n"), 0);
    assert_string_equal(
        desk_value(
            desk,
            "SELECT string_agg(person_id || coalesce(login, '-'), ' ' ORDER BY person_id) FROM told.person"),
        "p-1ben p-2- p-3amara");
    assert_string_equal(desk_value(desk, "SELECT string_agg(person_id || role, ' ') FROM told.post"),
                        "p-1director");
}

static void test_import_directory_names_every_bad_row_and_imports_none(void **state)
{
    struct desk *desk = *state;
    char *before = mem_copy(
        desk_value(desk, "SELECT md5(string_agg(p::text, '' ORDER BY person_id)) FROM told.person p"));
    assert_int_equal(import(desk, "directory",
                            "person,name,email,posts,webhook,login,left_on\n"
                            "p-9,Nine,nine@southwark.example,,,,\n"
                            "p-4,Four,\"four\r\nRCPT TO:<x@y.example>\",,,,\n"
                            "p-5,Five,,no-such-role,,,\n"
                            ",Six,,,,,\n"
                            "p-7,Seven,,,nowhere,,soon\n"
                            "p-9,,,,,ben,\n"
                            "p-10,\"Ten\r\nBcc: x@y.example\",,,,,\n"),
                     65);
    static const char *const faults[] = {"file.csv:3: email",
                                         "file.csv:5: posts",
                                         "file.csv:6: person is empty",
                                         "file.csv:7: webhook",
                                         "file.csv:7: left_on",
                                         "file.csv:8: name is empty",
                                         "file.csv:8: the person of this row stands in line 2",
                                         "file.csv:9: person, name or team is longer",
                                         "nothing was imported"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (!strstr(desk_err(desk), faults[i]))
            fail_msg("%s is not in:\n%s", faults[i], desk_err(desk));
    assert_null(strstr(desk_err(desk), "no-such-role"));
    assert_string_equal(
        desk_value(desk, "SELECT md5(string_agg(p::text, '' ORDER BY person_id)) FROM told.person p"),
        before);
    assert_int_equal(import(desk, "directory", "person,name,shoe\np-1,One,44\n"), 65);
    assert_int_equal(import(desk, "directory", "name\nOne\n"), 65);
    assert_int_equal(import(desk, "directory", "person,name,login\np-2,Two,ben\n"),
                     65); /* p-1 has it and is not in the file */
    assert_non_null(strstr(desk_err(desk), "file.csv:2: the login belongs to somebody"));
    assert_int_equal(desk_toldctl(desk, "amara", "import", "directory", "/nonexistent.csv", NULL), 66);
    assert_int_equal(desk_toldctl(desk, "amara", "import", "cats", "/nonexistent.csv", NULL), 64);
    free(before);
}

static void add_events(struct desk *desk, const char *child)
{
    char *sql =
        mem_printf("INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body)"
                   " SELECT 'care/x', 'e-%s-' || n, 'care', 'care.visit', timestamptz '2024-04-01Z' + n * "
                   "interval '30 days',"
                   " '2024-05-01', '', '' FROM generate_series(0, 3) n;"
                   "INSERT INTO told.event_state (event_id, state, child_id) SELECT event_id, CASE WHEN id "
                   "LIKE '%%-3' THEN 'held'"
                   " ELSE 'decided' END, %s FROM told.event WHERE id LIKE 'e-%s-%%'",
                   child, child, child);
    desk_value(desk, sql);
    free(sql);
}

static void test_import_children_makes_finds_and_states(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(import(desk, "children",
                            "pnc,yos,born_on,looked_after,markers,valid_from\n"
                            "24/1A,Y1,2009-02-03,true,gang;county-lines,2024-05-01\n"
                            ",Y2,,false,,\n"
                            "24/1a,,,,,\n"),
                     0);
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.child"), "2");
    assert_string_equal(
        desk_value(
            desk,
            "SELECT string_agg(concat_ws(' ', field, value, origin, recorded_by), ', ' ORDER BY status_id)"
            " FROM told.child_status WHERE child_id = 1"),
        "looked_after true import amara, markers [\"gang\", \"county-lines\"] import amara");
    assert_string_equal(
        desk_value(desk, "SELECT valid_from = 'epoch' FROM told.child_status WHERE child_id = 2"), "t");
    add_events(desk, "1");
    /* The same again says nothing new: nothing is decided again. */
    assert_int_equal(import(desk, "children", "yos,looked_after,valid_from\nY1,true,2024-05-01\n"), 0);
    assert_non_null(strstr(desk_out(desk), "0 changed"));
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.event_state WHERE state = 'waiting'"),
                        "0");
    assert_int_equal(import(desk, "children", "yos,in_need,valid_from\nY1,true,2024-05-01\n"), 0);
    assert_string_equal(
        desk_value(desk, "SELECT string_agg(state, ' ' ORDER BY event_id) FROM told.event_state"),
        "decided waiting waiting held");
    desk_value(desk, "UPDATE told.event_state SET state = 'decided'");
}

static void test_import_children_keeps_names_for_matching_only(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(import(desk, "children",
                            "yos,family_name,given_names,postcode,born_on\nN1,O'Fennimore,Zo\xc3\xab,se15 3ab,2010-01-30\nN2,,,,\n"),
                     0);
    assert_string_equal(desk_value(desk, "SELECT string_agg(concat_ws('|', family_name, given_names, family, given, postcode, origin,"
                                         " recorded_by), ', ') FROM told.child_detail"),
                        "O'Fennimore|Zo\xc3\xab|ofennimore|zoe|SE153AB|import|amara");
    /* The same is no news; a new surname stands beside the old one, and decides nothing again. */
    assert_int_equal(import(desk, "children", "yos,family_name,given_names\nN1,OFENNIMORE,zoe\n"), 0);
    assert_non_null(strstr(desk_out(desk), "0 changed"));
    assert_int_equal(import(desk, "children", "yos,family_name,given_names\nN1,Wedlock,Zoe\n"), 0);
    assert_non_null(strstr(desk_out(desk), "1 changed"));
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.child_detail WHERE withdrawn_at IS NULL"), "2");
    /* A value that says nothing is named without itself. */
    assert_int_equal(import(desk, "children", "yos,family_name,postcode\nN1,unknown,\nN2,Fine,nowhere\n"), 65);
    assert_non_null(strstr(desk_err(desk), "file.csv:2: family_name"));
    assert_non_null(strstr(desk_err(desk), "file.csv:3: postcode"));
    assert_null(strstr(desk_err(desk), "nowhere"));
    desk_value(desk, "DELETE FROM told.child_detail; DELETE FROM told.child_identifier WHERE value LIKE 'N%';"
                     "DELETE FROM told.child c WHERE NOT EXISTS (SELECT FROM told.child_identifier i WHERE i.child_id = c.child_id)");
}

static void test_import_children_names_every_bad_row_and_imports_none(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(import(desk, "children",
                            "pnc,yos,born_on,looked_after,valid_from\n"
                            "24/77X,,yesterday,,\n"
                            ",,2009-01-01,,\n"
                            ",Y7,,perhaps,soon\n"
                            ",Y8,2024-06-04,,\n"
                            ",Y9,2024-06-03,,\n"),
                     65);
    static const char *const faults[] = {"file.csv:2: born_on", "file.csv:3: no trusted identifier",
                                         "file.csv:4: looked_after", "file.csv:4: valid_from",
                                         "file.csv:5: born_on is in the future", "5 faults; nothing was imported"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_non_null(strstr(desk_err(desk), faults[i]));
    /* What only the database knows is named in one run too. */
    assert_int_equal(import(desk, "children", "pnc,yos,born_on\n24/78X,,\n24/1A,Y2,\n,Y1,2009-02-04\n"), 65);
    assert_non_null(strstr(desk_err(desk), "file.csv:3: its identifiers belong to different children"));
    assert_non_null(strstr(desk_err(desk), "file.csv:4: born_on differs"));
    /* A child twice from the same day, by whichever identifier; from another day it is another statement. */
    assert_int_equal(import(desk, "children", "yos,in_need\nY20,true\nY21,true\nY20,false\n"), 65);
    assert_non_null(strstr(desk_err(desk), "file.csv:4: the child of this row stands in line 2 as well"));
    assert_int_equal(import(desk, "children", "pnc,yos,in_need\n24/20X,Y20,true\n,Y21,true\n24/20X,,true\n"), 65);
    assert_non_null(strstr(desk_err(desk), "file.csv:4: the child of this row stands in line 2 as well"));
    assert_int_equal(import(desk, "children", "yos,looked_after,looked_after_basis\nY20,true,none\nY21,false,s20\nY22,true,s31\n"), 65);
    assert_non_null(strstr(desk_err(desk), "file.csv:2: looked_after and looked_after_basis contradict"));
    assert_non_null(strstr(desk_err(desk), "file.csv:3: looked_after and looked_after_basis contradict"));
    assert_non_null(strstr(desk_err(desk), "2 faults; nothing was imported"));
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.child"), "2");
    assert_int_equal(import(desk, "children", "yos,shoe\nY1,3\n"), 65);
    assert_int_equal(import(desk, "children", "yos,allocations\nY1,3\n"), 65);
}

/* Who holds what today, as the fold over the rows gives it. */
static const char *holders(struct desk *desk)
{
    return desk_value(
        desk,
        "SELECT string_agg(child_id || role || '=' || coalesce(person_id, '-'), ' ' ORDER BY child_id, role)"
        " FROM (SELECT DISTINCT ON (child_id, role) child_id, role, person_id FROM told.child_allocation"
        " WHERE valid_from <= '" DESK_STORY
        "' ORDER BY child_id, role, valid_from DESC, allocation_id DESC) a");
}

static void test_import_allocations_is_the_whole_list(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(import(desk, "allocations",
                            "scheme,identifier,role,person,from\n"
                            "yos,Y1,social-worker,p-1,2024-05-15\n"
                            "pnc,24/1A,yos-worker,p-2,\n"),
                     0);
    /* Child 2 is not in it: known to have nobody, from the beginning. */
    assert_string_equal(holders(desk), "1*=- 1social-worker=p-1 1yos-worker=p-2 2*=-");
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.event_state WHERE state = 'waiting'"),
                        "4");
    desk_value(desk, "UPDATE told.event_state SET state = 'decided'");
    assert_int_equal(import(desk, "allocations",
                            "scheme,identifier,role,person,from\n"
                            "yos,Y1,social-worker,p-1,2024-05-15\n"
                            "pnc,24/1A,yos-worker,p-2,\n"),
                     0);
    assert_non_null(strstr(desk_out(desk), " 0 changed"));
    assert_string_equal(desk_value(desk, "SELECT count(*) FROM told.event_state WHERE state = 'waiting'"),
                        "0");
    /* An event said otherwise of a later day: the list, being of today, holds. Who is no more in it has left
     * the child. */
    desk_value(
        desk, "INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
              " VALUES (1, 'social-worker', 'p-2', '2024-06-01', now(), 'event'), (2, 'yos-worker', 'p-2', "
              "'2024-06-01', now(), 'event')");
    assert_int_equal(import(desk, "allocations",
                            "scheme,identifier,role,person,from\nyos,Y1,social-worker,p-1,2024-05-15\n"),
                     0);
    assert_string_equal(holders(desk), "1*=- 1social-worker=p-1 1yos-worker=- 2*=- 2yos-worker=-");
    /* Known that nobody holds a role. */
    assert_int_equal(
        import(desk, "allocations", "scheme,identifier,role,person,from\nyos,Y1,social-worker,,2024-06-02\n"),
        0);
    assert_string_equal(holders(desk), "1*=- 1social-worker=- 1yos-worker=- 2*=- 2yos-worker=-");
}

static void test_import_allocations_names_every_bad_row_and_imports_none(void **state)
{
    struct desk *desk = *state;
    char *before = mem_copy(holders(desk));
    assert_int_equal(import(desk, "allocations",
                            "scheme,identifier,role,person,from\nurn,1,social-worker,p-1,\nyos,Y1,wizard,p-1,"
                            "\nyos,Y1,mash,p-1,soon\n"),
                     65);
    assert_non_null(strstr(desk_err(desk), "file.csv:2: scheme"));
    assert_non_null(strstr(desk_err(desk), "file.csv:3: role"));
    assert_non_null(strstr(desk_err(desk), "file.csv:4: from"));
    assert_int_equal(
        import(desk, "allocations",
               "scheme,identifier,role,person\nyos,Y404,mash,p-1\nyos,Y1,mash,p-404\nyos,Y1,mash,p-1\n"),
        65);
    assert_non_null(strstr(desk_err(desk), "file.csv:2: no child"));
    assert_non_null(strstr(desk_err(desk), "file.csv:3: nobody has this person id"));
    /* Two people in one role from one day on; the child is named in two ways, and the same row twice says one thing. */
    assert_int_equal(import(desk, "allocations",
                            "scheme,identifier,role,person,from\n"
                            "yos,Y1,social-worker,p-1,2024-05-01\n"
                            "yos,Y2,social-worker,p-2,2024-05-01\n"
                            "pnc,24/1A,social-worker,p-2,2024-05-01\n"
                            "yos,Y1,yos-worker,p-2,2024-05-01\n"
                            "yos,Y2,social-worker,p-2,2024-05-01\n"
                            "yos,Y1,social-worker,p-3,2024-05-20\n"),
                     65);
    assert_non_null(strstr(desk_err(desk), "file.csv:4: line 2 gives another person this role of the same child"));
    assert_non_null(strstr(desk_err(desk), "1 fault; nothing was imported"));
    assert_string_equal(holders(desk), before);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_directory_adds_and_changes_people),
        cmocka_unit_test(test_import_directory_names_every_bad_row_and_imports_none),
        cmocka_unit_test(test_import_children_makes_finds_and_states),
        cmocka_unit_test(test_import_children_keeps_names_for_matching_only),
        cmocka_unit_test(test_import_children_names_every_bad_row_and_imports_none),
        cmocka_unit_test(test_import_allocations_is_the_whole_list),
        cmocka_unit_test(test_import_allocations_names_every_bad_row_and_imports_none),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
