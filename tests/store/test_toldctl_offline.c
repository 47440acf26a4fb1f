/* SPDX-License-Identifier: Apache-2.0 */
/* explain, test, adapt and protocol: in a fresh clone, without a database. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "told/buf.h"
#include "told/mem.h"

struct offline {
    char *directory, *root, *toldctl;
    struct buf out;
};

static const char EVENT[] =
    "\"event\": {\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"police/mps\", \"type\": \"police.charge\","
    " \"time\": \"2024-05-31T17:50:00Z\", \"data\": {\"person\": {}, \"charged_on\": \"2024-05-31\"}}";

static char *find(const char *from, const char *below)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(len > 0);
    path[len] = 0;
    char *cut = strstr(path, from);
    assert_non_null(cut);
    *cut = 0;
    return mem_printf("%s/%s", path, below);
}

static int start(void **state)
{
    struct offline *o = mem_new(sizeof *o);
    o->directory = scratch_new();
    o->toldctl = find("/tests/", "toldctl");
    o->root = find("/build/", "");
    *state = o;
    return o->directory ? 0 : -1;
}

static int stop(void **state)
{
    struct offline *o = *state;
    scratch_free(o->directory);
    free(o->root);
    free(o->toldctl);
    buf_release(&o->out);
    free(o);
    return 0;
}

/* Runs toldctl in the root of the project; both outputs come in one text. */
static int run(struct offline *o, const char *arguments)
{
    char part[4096];
    size_t got;
    char *command = mem_printf("cd %s && PGHOST=/nonexistent %s %s 2>&1", o->root, o->toldctl, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    buf_reset(&o->out);
    while ((got = fread(part, 1, sizeof part, pipe)) > 0)
        buf_append(&o->out, part, got);
    free(command);
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Writes a case; its path, in the caller's hands. */
static char *write_case(const struct offline *o, const char *name, const char *expect)
{
    char *path = mem_printf("%s/%s.json", o->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "{\"name\": \"%s\", \"received_at\": \"2024-05-31T18:20:00Z\", \"authority\": \"southwark\", \"child\":"
            " {\"born_on\": \"2009-02-03\", \"looked_after_basis\": \"s20\", \"allocations\": {\"social-worker\":"
            " \"p-okafor\"}}, \"history\": [], %s, %s}",
            name, EVENT, expect);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_offline_test_counts_what_passed_and_failed(void **state)
{
    struct offline *o = *state;
    char *good = write_case(o, "good",
                            "\"expect\": [{\"duty\": \"D41\", \"tell\": [\"social-worker\"], \"due_at\":"
                            " \"2024-06-03T16:00:00Z\"}]");
    char *bad = write_case(o, "bad", "\"expect_not\": [\"D41\"]");
    char *arguments = mem_printf("test %s", good);
    assert_int_equal(run(o, arguments), 0);
    assert_string_equal(buf_string(&o->out), "1 passed, 0 failed\n");
    free(arguments);
    arguments = mem_printf("test %s %s /nonexistent.json", good, bad);
    assert_int_equal(run(o, arguments), 1);
    assert_non_null(strstr(buf_string(&o->out), "bad.json: bad: "));
    assert_non_null(strstr(buf_string(&o->out), "1 passed, 2 failed\n"));
    free(arguments);
    free(good);
    free(bad);
}

static void test_offline_explain_says_who_and_why(void **state)
{
    struct offline *o = *state;
    char *path = write_case(o, "why", "\"expect\": []"), *arguments = mem_printf("explain --json %s", path);
    assert_int_equal(run(o, arguments), 0);
    json_t *said = json_loads(buf_string(&o->out), 0, NULL);
    assert_non_null(said);
    const json_t *duty, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(said, "duties"), i, duty)
        if (strcmp(json_string_value(json_object_get(duty, "duty")), "D41") == 0)
            found = duty;
    assert_non_null(found);
    assert_string_equal(json_string_value(json_array_get(json_object_get(found, "recipients"), 0)), "p-okafor");
    assert_string_equal(json_string_value(json_array_get(json_array_get(json_object_get(found, "ladder"), 0), 1)),
                        "social-work-team-manager");
    assert_true(json_array_size(json_object_get(found, "because")) > 0);
    assert_true(json_is_array(json_object_get(said, "watches")));
    json_decref(said);
    free(arguments);
    arguments = mem_printf("explain %s", path);
    assert_int_equal(run(o, arguments), 0);
    assert_non_null(strstr(buf_string(&o->out), "2024-06-03 17:00"));
    free(arguments);
    free(path);
    assert_int_equal(run(o, "explain conf/told.conf"), 65);
}

static void test_offline_protocol_prints_the_rules(void **state)
{
    struct offline *o = *state;
    assert_int_equal(run(o, "protocol"), 0);
    assert_non_null(strstr(buf_string(&o->out), "D41"));
    assert_int_equal(run(o, "protocol --json"), 0);
    json_t *table = json_loads(buf_string(&o->out), 0, NULL);
    assert_true(json_array_size(json_object_get(table, "rules")) > 0);
    json_decref(table);
    assert_int_equal(run(o, "-f /nonexistent.conf protocol"), 78);
    assert_int_equal(run(o, "-f /nonexistent.conf"), 64);
    assert_int_equal(run(o, "--help"), 0);
}

/* A copy of conf/ below the directory, changed by sed in one of its files; the path of its told.conf. */
static char *copy_conf(const struct offline *o, const char *sed, const char *name)
{
    char *command = mem_printf("cp -r %sconf %s/ && sed -i '%s' %s/conf/%s", o->root, o->directory, sed, o->directory, name);
    assert_int_equal(system(command), 0);
    free(command);
    return mem_printf("%s/conf/told.conf", o->directory);
}

static void test_offline_adapt_takes_what_the_configuration_says_codes_mean(void **state)
{
    static const char message[] = "{\"defendants\": [{\"masterDefendantId\": \"m\", \"prosecutionCasesOrApplications\": [{\"offences\":"
                                  " [{\"results\": [{\"cjsResultCode\": \"4029\"}]}]}]}]}";
    struct offline *o = *state;
    char *conf = copy_conf(o, "s/\\(\"4029\".*to = \\)\"[a-z-]*\"/\\1\"custody\"/", "codes/court-results.conf");
    char *path = mem_printf("%s/register.json", o->directory), *arguments;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(message, file);
    assert_int_equal(fclose(file), 0);
    arguments = mem_printf("adapt hmcts-court-register %s", path);
    assert_int_equal(run(o, arguments), 0);
    assert_non_null(strstr(buf_string(&o->out), "\"to\":\"local-authority-accommodation\""));
    free(arguments);
    arguments = mem_printf("-f %s adapt hmcts-court-register %s", conf, path);
    assert_int_equal(run(o, arguments), 0);
    assert_non_null(strstr(buf_string(&o->out), "\"to\":\"custody\""));
    free(conf);
    conf = copy_conf(o, "s/\\(\"4029\".*to = \\)\"[a-z-]*\"/\\1\"home\"/", "codes/court-results.conf");
    assert_int_equal(run(o, arguments), 78);
    assert_non_null(strstr(buf_string(&o->out), "codes/court-results.conf:"));
    assert_non_null(strstr(buf_string(&o->out), "court-results 4029: to is none of its words"));
    free(arguments);
    free(path);
    free(conf);
}

static void test_offline_adapt_refuses_what_is_no_message(void **state)
{
    struct offline *o = *state;
    assert_int_equal(run(o, "adapt hmcts-court-register conf/told.conf"), 65);
    assert_int_equal(run(o, "adapt no-such-adapter conf/told.conf"), 64);
    assert_int_equal(run(o, "adapt hmcts-court-register /nonexistent"), 66);
    /* Nor is it one where each of its parts is a fault; what is understood and says nothing is one. */
    assert_int_equal(run(o, "adapt hmpps-domain-event conf/calendar/bank-holidays.json"), 65);
    assert_int_equal(run(o, "adapt cloudevents conf/calendar/bank-holidays.json"), 65);
    assert_int_equal(run(o, "adapt hmcts-court-register conf/demo/register.json"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offline_test_counts_what_passed_and_failed),
        cmocka_unit_test(test_offline_explain_says_who_and_why),
        cmocka_unit_test(test_offline_protocol_prints_the_rules),
        cmocka_unit_test(test_offline_adapt_takes_what_the_configuration_says_codes_mean),
        cmocka_unit_test(test_offline_adapt_refuses_what_is_no_message),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
