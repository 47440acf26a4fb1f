/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word of its own in every personal field, then everything that told does: all types of events, an adapter, a doubtful
 * match, reviews, quarantine, tries that fail, kills, a database that goes away and whose log says all it can. None of the
 * words stands in a log, a mail, a webhook, the journal, an alarm, or in what PostgreSQL logs.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "canary.h"
#include "cast.h"
#include "cluster.h"
#include "dealer.h"
#include "dump.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z"
enum { QUIET_MS = 120000 };

/* ---- what goes in ---- */

#define PERSON                                                                                                          \
    "\"person\":{\"identifiers\":{\"pnc\":\"2008/0009876Q\",\"cro\":\"998877/08Q\",\"noms\":\"A9876QQ\",\"asn\":\"01QQ/9876/08\"," \
    "\"ccd\":\"CCD-QQ-98\",\"yos\":\"YOS-QQ-98\",\"lcs\":\"LCS-QQ-98\",\"nhs\":\"QQ-NHS-98\",\"upn\":\"QQ-UPN-98\"},"   \
    "\"given_names\":\"Quillonna Zephyrine\",\"family_name\":\"Vantreese\",\"born_on\":\"" CANARY_BORN "\",\"postcode\":\"SE98 7ZZ\"}"
/* Nobody that is known for certain: the name and the date of a known child, another's numbers. */
#define SOMEBODY                                                                                                        \
    "\"person\":{\"identifiers\":{},\"given_names\":\"Quillonna\",\"family_name\":\"Vantreese\",\"born_on\":\"" CANARY_BORN    \
    "\",\"postcode\":\"SE98 7ZZ\"}"
#define OFFENCES "\"offences\":[{\"code\":\"QQ68010\",\"title\":\"Theft of bluebells\"}]"
#define COURT "\"hearing\":\"h-1\",\"court\":\"camberwell-youth-court\""
#define CONCERN "\"risk\":\"medium\",\"kind\":\"missing\",\"via\":\"school\""

static const char *const EVENTS[][2] = {
    {"police.arrest", "\"gravity\":\"high\",\"admits\":false,\"significant_history\":true,\"detained\":true,\"authority\":\"southwark\""},
    {"police.detention", "\"state\":\"charged-bail-refused\",\"station\":\"walworth\",\"authority\":\"southwark\""},
    {"police.charge", "\"charged_on\":\"2024-05-31\"," OFFENCES ",\"authority\":\"southwark\",\"bail_objected\":true,"
                      "\"exploitation_indicator\":true,\"drug_supply\":true"},
    {"police.disposal", "\"outcome\":\"triage\",\"gravity\":\"low\""},
    {"police.concern", CONCERN},
    {"court.hearing-listed", COURT ",\"at\":\"2024-07-20T09:00:00Z\",\"purpose\":\"first\""},
    {"court.appearance", COURT ",\"on\":\"2024-06-03\""},
    {"court.report-requested", COURT ",\"report\":\"psr\",\"due_on\":\"2024-07-10\""},
    {"court.bail", COURT ",\"decision\":\"refused\",\"objected\":true,\"return_home_prohibited\":true,\"parents\":\"absent\""},
    {"court.home-concern", COURT},
    {"court.remand", COURT ",\"to\":\"youth-detention-accommodation\",\"on\":\"2024-06-03\",\"designated_authority\":\"southwark\""},
    {"court.conviction", COURT ",\"on\":\"2024-06-03\"," OFFENCES},
    {"court.sentence", COURT ",\"on\":\"2024-06-03\",\"kind\":\"custody\",\"order\":\"dto\",\"term_months\":8"},
    {"court.authority-designated", "\"from\":\"southwark\",\"to\":\"southwark\",\"on\":\"2024-06-03\""},
    {"custody.reception", "\"establishment\":\"feltham\",\"establishment_kind\":\"yoi\",\"on\":\"2024-06-03\",\"sentenced\":true"},
    {"custody.transfer", "\"from\":\"feltham\",\"to\":\"cookham-wood\",\"on\":\"2024-06-03\""},
    {"custody.release-dates", "\"early_on\":\"2024-09-01\",\"mandatory_on\":\"2024-10-01\",\"early_entitled\":true"},
    {"custody.meeting-arranged", "\"meeting\":\"sentence-plan-first\",\"at\":\"2024-06-10T09:00:00Z\""},
    {"custody.meeting-held", "\"meeting\":\"release-preparation\",\"on\":\"2024-06-03\",\"placement_identified\":false,\"address_available\":false"},
    {"custody.plan-changed", "\"plan\":\"sentence-plan\""},
    {"custody.release", "\"on\":\"2024-06-03\",\"reason\":\"released\",\"supervised\":true"},
    {"yos.assessment", "\"state\":\"completed\",\"found\":[\"need\",\"safeguarding\",\"accommodation\"]"},
    {"yos.plan-changed", "\"plan\":\"intervention\""},
    {"yos.meeting-arranged", "\"meeting\":\"professionals\",\"at\":\"2024-06-10T09:00:00Z\""},
    {"yos.concern", CONCERN ",\"significant\":true,\"after_sentence\":true"},
};

static char *event_text(const char *id, const char *type, const char *person, const char *fields)
{
    int feed = (int)strcspn(type, ".");

    return mem_printf("{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%.*s/canary\",\"type\":\"%s\","
                      "\"time\":\"2024-06-03T08:50:00Z\",\"data\":{%s,\"case\":\"01MP77\",%s}}",
                      id, feed, type, type, person, fields);
}

static void publish(struct harness *h, const char *feed, const char *lines)
{
    const char *const argv[] = {"publish", "--feed", feed, "-", NULL};
    struct buf out = {0}, err = {0};

    /* What told takes into quarantine it has taken; the publisher is told so. */
    harness_toldctl_input(h, NULL, argv, lines, &out, &err);
    buf_release(&out);
    buf_release(&err);
}

static void say_all(struct harness *h, const char *feed, const char *run, const char *person)
{
    struct buf lines = {0};

    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        char *id = mem_printf("%s-%zu", run, i), *text;

        if (strncmp(EVENTS[i][0], feed, strlen(feed)) == 0) {
            text = event_text(id, EVENTS[i][0], person, EVENTS[i][1]);
            buf_printf(&lines, "%s\n", text);
            free(text);
        }
        free(id);
    }
    publish(h, feed, buf_string(&lines));
    buf_release(&lines);
}

/* Bodies that are not understood: kept whole, shown to a person who asks for them, and nowhere else. */
static void say_nonsense(struct harness *h)
{
    struct dealer *dealer = dealer_open(h, "police");
    static const char *const BODIES[] = {
        "{\"specversion\":\"1.0\",\"id\":\"q-1\",\"source\":\"police/canary\",\"type\":\"police.charge\",\"sequence\":"
        "\"00000000000000000001\",\"time\":\"2024-06-03T08:50:00Z\",\"data\":{" PERSON ",\"charged_on\":\"Quillonna\"}}",
        "{\"specversion\":\"1.0\",\"id\":\"Vantreese\",\"source\":\"Quillonna\",\"type\":\"Zephyrine\",\"sequence\":"
        "\"00000000000000000002\",\"time\":\"" CANARY_BORN "\",\"data\":{" PERSON "}}",
        "{\"specversion\":\"1.0\",\"id\":\"q-3\",\"source\":\"police/canary\",\"type\":\"police.vantreese\",\"sequence\":"
        "\"00000000000000000003\",\"time\":\"2024-06-03T08:50:00Z\",\"data\":{\"person\":{\"born_on\":\"Vantreese\"}}}",
        "Quillonna Vantreese, born " CANARY_BORN, "{\"given_names\":\"Quillonna\",",
    };

    dealer_hello(dealer, "police/canary", 1, 1);
    json_decref(dealer_hear(dealer, "WELCOME"));
    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++)
        dealer_say(dealer, "EVENT", BODIES[i]);
    cast_await(h, "t", "SELECT count(*) >= 3 FROM told.quarantine");
    dealer_close(dealer);
}

static void say_register(struct harness *h)
{
    const char *const argv[] = {"publish",  "--feed",     "register", "--source", "register/southwark", "--id", "canary-register",
                                "--time", "2024-06-03T10:41:00Z", "-", NULL};
    struct buf out = {0}, err = {0};

    harness_toldctl_input(
        h, NULL, argv,
        "{\"courtRegisterDocumentRequests\":[{\"courtCentreId\":\"00000000-0000-4000-8000-000000000001\","
        "\"hearingId\":\"00000000-0000-4000-8000-000000000205\",\"hearingDate\":\"2024-06-03T09:30:00.000Z\","
        "\"registerDate\":\"2024-06-03T10:40:00.000Z\",\"hearingVenue\":{\"courtHouse\":\"Camberwell Youth Court\",\"ljaName\":"
        "\"South London\"},\"defendants\":[{\"masterDefendantId\":\"5f0c1a52-0b7e-4a0e-9d55-0c3f5c2f1002\",\"name\":"
        "\"Quillonna Zephyrine Vantreese\",\"dateOfBirth\":\"" CANARY_BORN "\",\"address\":{\"address1\":\"1 Ombrelake\","
        "\"postcode\":\"SE98 7ZZ\"},\"hearing\":{\"defendantPresent\":true,\"hearingType\":\"Sentence\",\"jurisdiction\":"
        "\"MAGISTRATES\"},\"postHearingCustodyStatus\":\"Not Applicable\",\"prosecutionCasesOrApplications\":[{"
        "\"arrestSummonsNumber\":\"01QQ/9876/08\",\"caseOrApplicationReference\":\"01MP1000524\",\"offences\":[{\"offenceCode\":"
        "\"QQ68010\",\"offenceTitle\":\"Theft of bluebells\",\"orderIndex\":1,\"results\":[{\"cjsResultCode\":\"1141\","
        "\"resultText\":\"YRO - Youth rehabilitation order England / Wales\"}]}]}]}]}]}\n",
        &out, &err);
    buf_release(&out);
    buf_release(&err);
}

static void import(struct harness *h, const char *what, const char *text)
{
    char *name = mem_printf("canary-%s.csv", what), *path = harness_path(h, name);

    harness_write(h, name, text);
    cast_succeed(h, "import", what, path);
    free(path);
    free(name);
}

static void make_people(struct harness *h)
{
    cast_import(h);
    import(h, "directory",
           "person,name,email,team,posts,webhook\n"
           "p-oak,Quarry Workerly,workerly@southwark.example,north,,case-system\n"
           "p-elder,Ada Workerly,ada.workerly@southwark.example,north,social-work-team-manager,\n");
    import(h, "children",
           "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
           "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n"
           "LCS-QQ-98," CANARY_BORN ",s20,false,false,none,true,true,southwark,southwark,false,false,,\n");
    import(h, "allocations", "scheme,identifier,role,person,from\nlcs,LCS-QQ-98,social-worker,p-oak,2024-01-08\n"
                             "lcs,LCS-QQ-98,yos-worker,p-gorse,2024-01-08\n");
}

/* An administrator who wants to know everything. */
static void make_the_server_talk(struct harness *h)
{
    static const char *const SETTINGS[] = {
        "log_statement = 'all'",       "log_min_duration_statement = 0",  "log_error_verbosity = 'verbose'",
        "log_min_messages = 'notice'", "log_min_error_statement = 'error'", "log_parameter_max_length = -1",
        "log_parameter_max_length_on_error = -1",
    };

    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        char *sql = mem_printf("ALTER SYSTEM SET %s", SETTINGS[i]);

        PQclear(harness_query(h, sql));
        free(sql);
    }
    cluster_halt(harness_cluster(h));
    cluster_resume(harness_cluster(h));
}

static void await_quiet(struct harness *h)
{
    assert_true(harness_await(
        h,
        "WITH t AS (SELECT told_from + (clock_timestamp() - real_from) * rate AS now FROM told.installation)"
        " SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting')"
        " + (SELECT count(*) FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
        " + (SELECT count(*) FROM told.message WHERE state = 'claimed' OR (state = 'waiting' AND next_at <= (SELECT now FROM t)))"
        " + (SELECT count(*) FROM told.alarm WHERE duty_id IS NULL AND cleared_at IS NULL)",
        "0", QUIET_MS));
}

/* ---- what comes out ---- */

/* Quoted-printable undone, base64 there is none. */
static void search_mail(const char *mail)
{
    char *plain = mem_copy(mail), *to = plain;
    unsigned byte;

    assert_null(strcasestr(mail, "\nContent-Transfer-Encoding: base64"));
    for (const char *at = mail; *at != '\0';) {
        if (strncmp(at, "=\r\n", 3) == 0)
            at += 3;
        else if (*at == '=' && sscanf(at + 1, "%2X", &byte) == 1)
            *to++ = (char)byte, at += 3;
        else
            *to++ = *at++;
    }
    *to = '\0';
    /* The address it goes to is the worker's own. */
    to = strstr(plain, "\r\nTo: ");
    assert_non_null(to);
    memset(to + 6, '-', strcspn(to + 6, "\r"));
    canary_search("a mail", plain);
    free(plain);
}

static void search_sinks(struct harness *h)
{
    long mails = harness_lines(h, "mails.ndjson"), hooks = harness_lines(h, "hooks.ndjson");

    assert_true(mails > 10 && hooks > 5);
    for (long i = 1; i <= mails; i++) {
        char *mail = cast_mail(h, (int)i);

        search_mail(mail);
        free(mail);
    }
    for (long i = 1; i <= hooks; i++) {
        char *name = mem_printf("hooks/%06ld.json", i), *text = harness_read(h, name);

        assert_true(*text != '\0');
        canary_search("a webhook", text);
        free(text);
        free(name);
    }
}

/* What is shown to operators, sealed for ever, or read by monitoring. */
static void search_tables(struct harness *h)
{
    static const char *const TABLES[] = {"journal", "alarm", "attempt", "notification", "duty_line", "event_state", "watch"};

    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        char *text = cast_value(h, "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM told.%s t", TABLES[i]);

        canary_search(TABLES[i], text);
        free(text);
    }
}

static void search_listings(struct harness *h)
{
    static const char *const COMMANDS[][2] = {{"status", NULL},        {"duties", NULL},   {"notifications", NULL},
                                              {"feeds", NULL},         {"reviews", NULL}, {"watches", "--all"}};

    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        const char *const argv[] = {COMMANDS[i][0], COMMANDS[i][1], NULL};
        struct buf out = {0}, err = {0};

        assert_int_equal(harness_toldctl(h, "amara", argv, &out, &err), 0);
        canary_search(COMMANDS[i][0], buf_string(&out));
        canary_search(COMMANDS[i][0], buf_string(&err));
        buf_release(&out);
        buf_release(&err);
    }
}

static void search_server_log(struct harness *h)
{
    char *log = cluster_log(harness_cluster(h));

    /* It does talk: what told asked stands there, without the values. */
    assert_non_null(strstr(log, "INSERT INTO told.event"));
    assert_non_null(strstr(log, "$1"));
    canary_search("PostgreSQL's log", log);
    free(log);
}

static void run(struct harness *h)
{
    static const char *const FEEDS[] = {"police", "court", "custody", "yos"};
    pid_t told = harness_told(h, NULL, NULL);

    for (size_t i = 0; i < sizeof FEEDS / sizeof *FEEDS; i++)
        say_all(h, FEEDS[i], "known", PERSON);
    say_nonsense(h);
    cast_await(h, "t", "SELECT count(*) > 5 FROM told.attempt");
    harness_signal(h, told, SIGKILL);
    told = harness_told(h, NULL, NULL);
    say_all(h, "police", "unknown", SOMEBODY);
    say_register(h);
    await_quiet(h);
    cluster_halt(harness_cluster(h));
    cluster_resume(harness_cluster(h));
    harness_jump(h, "2024-06-03T10:30:00Z");
    await_quiet(h);
    harness_jump(h, "2024-06-05T17:00:00Z");
    await_quiet(h);
    harness_signal(h, told, SIGTERM);
}

static void test_canary_of_every_personal_field_is_nowhere(void **state)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = NOW, .story_stands = true, .poll_ms = 50,
        .smtp_script = "match=workerly@ stage=rcpt do=451 times=2\nmatch=gorse@ stage=dot do=accept-then-drop times=2\n"
                       "match=cedar@ stage=rcpt do=550\n",
        .hook_script = "path=/told do=503 times=2\n"});
    char *log;

    make_people(h);
    make_the_server_talk(h);
    run(h);
    /* It was all of that: decided, asked, kept apart, tried again. */
    cast_expect(h, "t", "SELECT count(*) > 15 FROM told.event_state WHERE state = 'decided'");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.duty WHERE kind IN ('match', 'review')");
    cast_expect(h, "t", "SELECT count(*) >= 3 FROM told.quarantine");
    cast_expect(h, "t", "SELECT count(*) > 3 FROM told.attempt WHERE outcome <> 'delivered'");
    log = harness_log(h);
    canary_search("the log", log);
    search_sinks(h);
    search_tables(h);
    search_listings(h);
    search_server_log(h);
    free(log);
}

/* What told does first in a build that is not for tests. */
static void test_canary_a_crash_leaves_no_core(void **state)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    char folder[] = "/tmp/told-core.XXXXXX";
    int status = 0;
    pid_t pid;

    (void)state;
    assert_non_null(mkdtemp(folder));
    if ((pid = fork()) == 0) {
        (void)setrlimit(RLIMIT_CORE, &all);
        if (chdir(folder) != 0 || prctl(PR_GET_DUMPABLE) != 1 || !dump_forbid() || prctl(PR_GET_DUMPABLE) != 0)
            _exit(1);
        signal(SIGABRT, SIG_DFL);
        kill(getpid(), SIGABRT);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_false(WCOREDUMP(status));
    assert_int_equal(rmdir(folder), 0); /* empty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_canary_of_every_personal_field_is_nowhere, harness_teardown),
        cmocka_unit_test(test_canary_a_crash_leaves_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
