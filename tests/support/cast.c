/* SPDX-License-Identifier: Apache-2.0 */
#include "cast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/json.h"
#include "told/mem.h"

#define SETTLED_WITHIN_MS 30000
#define AWAITED_WITHIN_MS 20000

/* What a feed says of a child and nobody may read outside it. */
#define GIVEN "Quillonna"
#define FAMILY "Vantreese"
#define BORN "2009-02-03"
#define POSTCODE "SE98 7ZZ"

static const char *const SECRETS[] = {GIVEN,     FAMILY,      BORN,      "3 February 2009", POSTCODE,
                                      "SE987ZZ", "bluebells", "TH68010", "2019/0000",       "LCS-"};

static void import(struct harness *h, const char *what, const char *text)
{
    char *name = mem_printf("%s.csv", what), *path = harness_path(h, name);

    harness_write(h, name, text);
    assert_int_equal(cast_operate(h, "import", what, path, NULL), 0);
    free(name);
    free(path);
}

void cast_import_people(struct harness *h, const char *leaver, const char *left_on)
{
    static const char *const PEOPLE[][3] = {{"ash", "north", ""},
                                            {"birch", "north", ""},
                                            {"cedar", "north", "social-work-team-manager"},
                                            {"dogwood", "", "social-work-service-manager"},
                                            {"elm", "", "head-of-service"},
                                            {"fir", "", "director"},
                                            {"gorse", "east", ""},
                                            {"hazel", "east", "yos-duty-officer"},
                                            {"ivy", "east", "yos-line-manager;yos-advanced-practitioner"},
                                            {"larch", "", "yos-operations-manager"},
                                            {"maple", "", "yos-service-manager"},
                                            {"nutmeg", "", "yos-head-of-service"}};
    struct buf b = {0};

    buf_text(&b, "person,name,email,team,posts,webhook,login,left_on\n");
    for (size_t i = 0; i < sizeof PEOPLE / sizeof *PEOPLE; i++) {
        const char *const *p = PEOPLE[i];
        bool leaves = leaver != NULL && strcmp(leaver + 2, p[0]) == 0;

        buf_printf(&b, "p-%s,Cast %s,%s@southwark.example,%s,%s,,,%s\n", p[0], p[0], p[0], p[1], p[2],
                   leaves ? left_on : "");
    }
    buf_text(&b, "p-juniper,Cast juniper,juniper@southwark.example,north,,case-system,,\n"
                 "p-kapok,Cast kapok,,north,,case-system,,\n");
    import(h, "directory", b.bytes);
    buf_release(&b);
}

struct harness *cast_begin(void **state, const char *now, const char *smtp_script)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = now, .story_stands = true, .poll_ms = 50, .smtp_script = smtp_script});

    cast_import(h);
    return h;
}

struct harness *cast_play(void **state, const char *now, const char *smtp_script)
{
    struct harness *h = cast_begin(state, now, smtp_script);

    harness_told(h, NULL, NULL);
    return h;
}

void cast_import(struct harness *h)
{
    cast_import_people(h, NULL, NULL);
    import(
        h, "children",
        "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
        "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n"
        "LCS-1," BORN ",s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-2," BORN ",none,true,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-3," BORN ",s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-4," BORN ",s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-5," BORN ",none,false,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-6," BORN ",s31,false,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-7," BORN ",none,,,none,true,true,southwark,southwark,false,false,false,false\n");
    import(h, "allocations",
           "scheme,identifier,role,person,from\n"
           "lcs,LCS-1,social-worker,p-ash,2024-01-08\nlcs,LCS-1,yos-worker,p-gorse,2024-01-08\n"
           "lcs,LCS-2,social-worker,p-ash,2024-01-08\nlcs,LCS-2,yos-worker,p-ash,2024-01-08\n"
           "lcs,LCS-3,social-worker,p-juniper,2024-01-08\nlcs,LCS-3,yos-worker,p-gorse,2024-01-08\n"
           "lcs,LCS-4,social-worker,p-kapok,2024-01-08\nlcs,LCS-4,yos-worker,p-gorse,2024-01-08\n"
           "lcs,LCS-5,social-worker,p-ash,2024-01-08\nlcs,LCS-5,yos-worker,p-gorse,2024-01-08\n"
           "lcs,LCS-6,social-worker,p-birch,2024-01-08\nlcs,LCS-6,yos-worker,p-gorse,2024-01-08\n"
           "lcs,LCS-7,social-worker,p-ash,2024-01-08\nlcs,LCS-7,yos-worker,p-gorse,2024-01-08\n");
}

static const char *const SOURCES[][2] = {{"police", "police/mps"},
                                         {"court", "court/camberwell-youth"},
                                         {"custody", "custody/ycs"},
                                         {"care", "care/southwark"},
                                         {"yos", "yos/southwark"}};

static size_t source_of(const char *type)
{
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++)
        if (strncmp(type, SOURCES[i][0], strlen(SOURCES[i][0])) == 0)
            return i;
    fail_msg("no feed for %s", type);
    return 0;
}

/* Its data from the person on. */
static void publish(struct harness *h, const char *type, const char *id, const char *time, const char *data)
{
    size_t source = source_of(type);
    const char *argv[] = {"publish", "--feed", SOURCES[source][0], "-", NULL};
    char *line = mem_printf("{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"%s\",\"data\":{%s}}\n", id,
                            SOURCES[source][1], type, time, data);
    struct buf out = {0}, err = {0};
    int code = harness_toldctl_input(h, NULL, argv, line, &out, &err);

    if (code != 0)
        fail_msg("publish ended with %d: %s%s\n%s", code, buf_string(&out), buf_string(&err), line);
    free(line);
    buf_release(&out);
    buf_release(&err);
}

void cast_publish(struct harness *h, const struct cast_event *e)
{
    char *case_ref = e->case_ref != NULL ? mem_copy(e->case_ref) : mem_printf("01MP7%s", e->lcs != NULL ? e->lcs + 4 : "00");
    char *data = mem_printf("\"person\":{\"identifiers\":{\"%s\":\"%s\"},\"given_names\":\"" GIVEN "\",\"family_name\":\"" FAMILY
                            "\",\"born_on\":\"" BORN "\",\"postcode\":\"" POSTCODE "\"},\"case\":\"%s\"%s",
                            e->lcs != NULL ? "lcs" : "pnc", e->lcs != NULL ? e->lcs : "2019/0000123A", case_ref,
                            e->fields != NULL ? e->fields : "");

    publish(h, e->type, e->id, e->time, data);
    free(case_ref);
    free(data);
}

/* "TIME ID", or an ID of 09:50 on Monday 3 June 2024 in London. The caller frees the time. */
static char *time_before(const char *id, const char **ret_id)
{
    const char *blank = strchr(id, ' ');

    *ret_id = blank != NULL ? blank + 1 : id;
    return blank != NULL ? mem_copy_n(id, (size_t)(blank - id)) : mem_copy("2024-06-03T08:50:00Z");
}

void cast_say(struct harness *h, const char *type, const char *id, const char *lcs, const char *fields)
{
    char *time = time_before(id, &id);

    cast_publish(h, &(struct cast_event){.type = type, .id = id, .time = time, .lcs = lcs, .fields = fields});
    free(time);
}

void cast_hear_of(struct harness *h, const char *type, const char *id, const char *person, const char *fields)
{
    char *time = time_before(id, &id), *data = mem_printf("\"person\":%s%s", person, fields);

    publish(h, type, id, time, data);
    cast_settle(h);
    free(time);
    free(data);
}

void cast_hear(struct harness *h, const char *type, const char *id, const char *lcs, const char *fields)
{
    cast_say(h, type, id, lcs, fields);
    cast_settle(h);
}

void cast_bystander(struct harness *h)
{
    char *n = cast_value(h, "SELECT count(*) FROM told.event"), *id = mem_printf("bystander-%s", n),
         *case_ref = mem_printf("01MP6%s", n);

    cast_publish(
        h, &(struct cast_event){.type = "court.conviction",
                                .id = id,
                                .time = "2024-05-31T10:00:00Z",
                                .lcs = "LCS-6",
                                .case_ref = case_ref,
                                .fields = CAST_COURT ",\"on\":\"2024-05-31\",\"hearing\":\"h-bystander\""});
    cast_await(
        h, "1",
        "SELECT count(*) FROM told.message m JOIN told.notification n USING (message_id) JOIN told.duty d USING (duty_id)"
        " JOIN told.event e USING (event_id) WHERE e.id = '%s' AND m.state = 'sent'",
        id);
    cast_await(
        h, "0",
        "SELECT count(*) FROM told.journal j LEFT JOIN told.journal_seal s USING (journal_id) WHERE s.link IS NULL");
    free(n);
    free(id);
    free(case_ref);
}

int cast_operate(struct harness *h, ...)
{
    const char *argv[24];
    struct buf out = {0}, err = {0};
    size_t n = 0;
    va_list list;
    int code;

    va_start(list, h);
    while (n < 23 && (argv[n] = va_arg(list, const char *)) != NULL)
        n++;
    argv[n] = NULL;
    va_end(list);
    code = harness_toldctl(h, "amara", argv, &out, &err);
    if (code != 0)
        print_message("toldctl %s ended with %d: %s%s\n", argv[0], code, buf_string(&out), buf_string(&err));
    buf_release(&out);
    buf_release(&err);
    return code;
}

void cast_settle(struct harness *h)
{
    assert_true(harness_await(
        h,
        "WITH t AS (SELECT told_from + (clock_timestamp() - real_from) * rate AS now FROM told.installation)"
        " SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting')"
        " + (SELECT count(*) FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
        " + (SELECT count(*) FROM told.message WHERE state = 'claimed' OR (state = 'waiting' AND next_at <= (SELECT now FROM t)))"
        " + (SELECT count(*) FROM told.alarm WHERE duty_id IS NULL AND cleared_at IS NULL)"
        " + (SELECT count(*) FROM told.duty WHERE state <> 'closed' AND next_at <= (SELECT now FROM t))"
        " + (SELECT count(*) FROM told.watch WHERE state = 'open' AND at <= (SELECT now FROM t))"
        " + (SELECT count(*) FROM told.journal j LEFT JOIN told.journal_seal s USING (journal_id) WHERE s.link IS NULL)",
        "0", SETTLED_WITHIN_MS));
}

void cast_jump(struct harness *h, const char *to)
{
    harness_jump(h, to);
    cast_settle(h);
}

static char *__attribute__((format(printf, 1, 0))) print(const char *sql, va_list values)
{
    char *text = NULL;

    if (vasprintf(&text, sql, values) < 0)
        abort();
    return text;
}

char *cast_value(struct harness *h, const char *sql, ...)
{
    va_list values;
    char *text, *value;

    va_start(values, sql);
    text = print(sql, values);
    va_end(values);
    value = harness_value(h, text);
    free(text);
    return value;
}

void cast_expect(struct harness *h, const char *want, const char *sql, ...)
{
    va_list values;
    char *text, *value;

    va_start(values, sql);
    text = print(sql, values);
    va_end(values);
    value = harness_value(h, text);
    if (strcmp(value, want) != 0)
        fail_msg("not \"%s\" but \"%s\"\n  in: %s", want, value, text);
    free(text);
    free(value);
}

void cast_expect_duty(struct harness *h, const char *duty, const char *want)
{
    cast_expect(
        h, want,
        "SELECT string_agg(concat_ws(' ', state, closed_as, to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), telling), '; '"
        " ORDER BY duty_id) FROM told.duty WHERE duty = '%s'",
        duty);
}

void cast_await(struct harness *h, const char *want, const char *sql, ...)
{
    va_list values;
    char *text;

    va_start(values, sql);
    text = print(sql, values);
    va_end(values);
    assert_true(harness_await(h, text, want, AWAITED_WITHIN_MS));
    free(text);
}

json_t *cast_lines(struct harness *h, const char *name)
{
    char *text = harness_read(h, name), *save = NULL;
    json_t *lines = json_array();

    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        json_array_append_new(lines, json_loads(line, 0, NULL));
    free(text);
    return lines;
}

long cast_mails_to(struct harness *h, const char *person)
{
    char *address = mem_printf("%s@southwark.example", person);
    json_t *mails = cast_lines(h, "mails.ndjson"), *mail;
    long count = 0;
    size_t i;

    json_array_foreach(mails, i, mail) count += strcmp(json_text_at(mail, "to"), address) == 0;
    json_decref(mails);
    free(address);
    return count;
}

char *cast_mail(struct harness *h, int number)
{
    char *name = mem_printf("mails/%06d.eml", number), *text = harness_read(h, name);

    free(name);
    return text;
}

bool cast_log_has(struct harness *h, const char *text)
{
    char *log = harness_log(h);
    bool has = strstr(log, text) != NULL;

    free(log);
    return has;
}

static void check_thin(const char *what, const char *text)
{
    for (size_t i = 0; i < sizeof SECRETS / sizeof *SECRETS; i++)
        if (strcasestr(text, SECRETS[i]) != NULL)
            fail_msg("%s holds \"%s\":\n%s", what, SECRETS[i], text);
}

/* Quoted-printable undone, so that no value hides in an escape or behind a soft line break. */
static void unquote(char *text)
{
    char *to = text;
    unsigned byte;

    for (const char *at = text; *at != '\0';) {
        if (at[0] == '=' && (at[1] == '\n' || (at[1] == '\r' && at[2] == '\n'))) {
            at += at[1] == '\n' ? 2 : 3;
        } else if (at[0] == '=' && sscanf(at + 1, "%2X", &byte) == 1 && byte != 0) {
            *to++ = (char)byte;
            at += 3;
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
}

static void check_mails(struct harness *h)
{
    json_t *mails = cast_lines(h, "mails.ndjson"), *mail;
    size_t i;

    json_array_foreach(mails, i, mail)
    {
        const char *subject = json_text_at(mail, "subject");
        char *text = cast_mail(h, (int)json_integer_value(json_object_get(mail, "n")));

        assert_true(subject != NULL && *subject != '\0');
        for (const char *p = subject; *p != '\0'; p++)
            assert_true(*p >= 0x20 && *p < 0x7f);
        assert_true(*text != '\0');
        check_thin("a mail as sent", text);
        unquote(text);
        check_thin("a mail", text);
        free(text);
    }
    json_decref(mails);
}

static void check_hooks(struct harness *h)
{
    long count = harness_lines(h, "hooks.ndjson");

    for (long i = 1; i <= count; i++) {
        char *name = mem_printf("hooks/%06ld.json", i), *text = harness_read(h, name);

        assert_true(*text != '\0');
        check_thin("a webhook", text);
        free(text);
        free(name);
    }
}

void cast_check(struct harness *h)
{
    char *log = harness_log(h),
         *journal = cast_value(h, "SELECT coalesce(string_agg(j::text, E'\\n'), '') FROM told.journal j");

    check_thin("the log", log);
    check_thin("the journal", journal);
    check_mails(h);
    check_hooks(h);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE (state = 'closed') <> (next_at IS NULL)");
    free(journal);
    free(log);
}
