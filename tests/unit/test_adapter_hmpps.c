/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "adapted.h"

#define HMPPS "hmpps-domain-event"
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* An event with the members of additionalInformation that a row wants; single quotes stand for double ones.
 */
#define EVENT(type, more)                                                                                    \
    "{'eventType':'" type                                                                                    \
    "','occurredAt':'2024-07-31T23:30:00Z','additionalInformation':{'nomsNumber':'A1234BC'" more "}}"
#define RECEIVED(more) EVENT("prison-offender-events.prisoner.received", more)
#define RELEASED(more) EVENT("prison-offender-events.prisoner.released", more)
#define REASON(word) ",'reason':'" word "'"
#define MOVED(code) ",'nomisMovementReasonCode':'" code "'"

static char *quoted(const char *text)
{
    char *copy = mem_copy(text);

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

/* An SNS notification around it; attributes as they came. */
static char *notified(const char *inner, const char *attributes)
{
    json_t *envelope =
        json_pack("{s:s, s:s, s:s, s:s}", "Type", "Notification", "MessageId", "same-as-others", "Message",
                  inner, "Timestamp", "2024-08-01T09:06:46.65281576+01:00");
    char *text = quoted(attributes), *out, *reason = NULL;

    json_object_set_new(envelope, "MessageAttributes", json_parse(text, strlen(text), &reason));
    assert_null(reason);
    out = json_canonical(envelope);
    json_decref(envelope);
    free(text);
    return out;
}

static void expect(const char *event, const char *outline, const char *what)
{
    char *bare = quoted(event),
         *envelope = notified(bare, "{'eventType':{'Type':'String','Value':'x'},'id':'bare'}");

    adapted_expect(HMPPS, bare, outline, what);
    adapted_expect(HMPPS, envelope, outline, what);
    free(envelope);
    free(bare);
}

static void test_adapter_hmpps_agrees_with_golden_files(void **state)
{
    (void)state;
    adapted_check_golden(HMPPS, "hmpps-records", "json");
    adapted_check_golden(HMPPS, "hmpps-bare", "json");
}

static void test_adapter_hmpps_says_what_each_message_comes_to(void **state)
{
    static const struct {
        const char *what, *event, *outline;
    } rows[] = {
        {"an admission", RECEIVED(REASON("ADMISSION")), "custody.reception"},
        {"a new admission", RECEIVED(REASON("NEW_ADMISSION")), "custody.reception"},
        {"a recall", RECEIVED(REASON("RECALL")), "custody.reception"},
        {"a transfer in", RECEIVED(REASON("TRANSFERRED")), "custody.transfer"},
        {"an admission that its movement calls a transfer", RECEIVED(REASON("ADMISSION") MOVED("INT")),
         "custody.transfer"},
        {"back from court", RECEIVED(REASON("RETURN_FROM_COURT")), "nothing"},
        {"back from an absence", RECEIVED(REASON("TEMPORARY_ABSENCE_RETURN")), "nothing"},
        {"records merged", RECEIVED(REASON("POST_MERGE_ADMISSION")), "nothing"},
        {"a release", RELEASED(REASON("RELEASED")), "custody.release"},
        {"a transfer out", RELEASED(REASON("TRANSFERRED")), "custody.release"},
        {"to court", RELEASED(REASON("SENT_TO_COURT")), "custody.release"},
        {"a release that is a merger of records", RELEASED(REASON("RELEASED") MOVED("MRG")), "nothing"},
        {"a release that is a death", RELEASED(REASON("RELEASED") MOVED("DEC")), "fault"},
        {"a release that is an escape", RELEASED(REASON("RELEASED") MOVED("UAL")), "fault"},
        {"a reason of tomorrow", RELEASED(REASON("TELEPORTED")), "fault"},
        {"UNKNOWN is no reason", RECEIVED(REASON("UNKNOWN")), "fault"},
        {"no reason", RELEASED(""), "fault"},
        {"a reason that is no word", RELEASED(",'reason':true"), "fault"},
        {"dates that changed", EVENT("prison-offender-events.prisoner.sentence-dates-changed", ""),
         "custody.release-dates"},
        {"dates calculated anew", EVENT("calculate-release-dates.prisoner.changed", ""),
         "custody.release-dates"},
        {"the search's word for a reception",
         EVENT("prisoner-offender-search.prisoner.received", REASON("READMISSION")), "custody.reception"},
        {"another type", EVENT("prison-offender-events.prisoner.cell.move", ""), "nothing"},
        {"a type that only ends like one", EVENT("xprisoner.received", REASON("ADMISSION")), "nothing"},
        {"no prison number",
         "{'eventType':'prisoner.received','additionalInformation':{'reason':'ADMISSION'}}", "fault"},
        {"a prison number of another form",
         "{'eventType':'prisoner.received','additionalInformation':{'reason':'ADMISSION',"
         "'nomsNumber':'12345678'}}",
         "fault"},
        {"two prison numbers",
         "{'eventType':'prisoner.received','additionalInformation':{'reason':'ADMISSION',"
         "'nomsNumber':'A1234BC'},'personReference':{'identifiers':[{'type':'NOMS','value':'A9999ZZ'}]}}",
         "fault"},
        {"the number in the reference only",
         "{'eventType':'prisoner.received','occurredAt':'2024-01-01T00:00:00Z',"
         "'additionalInformation':{'reason':'ADMISSION'},'personReference':{'identifiers':"
         "[{'type':'CRN','value':'X1'},{'type':'NOMS','value':'a1234bc'}]}}",
         "custody.reception"},
        {"a time that is none",
         "{'eventType':'prisoner.received','occurredAt':'yesterday','additionalInformation':{'reason':"
         "'ADMISSION','nomsNumber':'A1234BC'}}",
         "fault custody.reception"},
        {"a type that is no text", "{'eventType':{'Type':'String'},'additionalInformation':{}}", "fault"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        expect(rows[i].event, rows[i].outline, rows[i].what);
}

static void test_adapter_hmpps_reads_the_fields(void **state)
{
    static const struct {
        const char *path, *event, *expected;
    } rows[] = {
        {"reason", RELEASED(REASON("RELEASED")), "released"},
        {"reason", RELEASED(REASON("TRANSFERRED")), "transferred"},
        {"reason", RELEASED(REASON("SENT_TO_COURT")), "court"},
        {"reason", RELEASED(REASON("TEMPORARY_ABSENCE_RELEASE")), "temporary"},
        {"reason", RELEASED(REASON("RELEASED_TO_HOSPITAL")), "hospital"},
        {"reason", RELEASED(REASON("RELEASED") MOVED("HO")), "hospital"},
        {"reason", RELEASED(REASON("TRANSFERRED") MOVED("HO")), "transferred"},
        {"supervised", RELEASED(REASON("RELEASED")), NULL},
        {"on", RELEASED(REASON("RELEASED")), "2024-08-01"}, /* half past midnight in London */
        {"sentenced", RECEIVED(REASON("ADMISSION") ",'probableCause':'CONVICTED'"), "true"},
        {"sentenced", RECEIVED(REASON("ADMISSION") ",'probableCause':'RECALL'"), "true"},
        {"sentenced", RECEIVED(REASON("ADMISSION") ",'probableCause':'REMAND'"), "false"},
        {"sentenced", RECEIVED(REASON("ADMISSION") MOVED("N")), "false"},
        {"sentenced", RECEIVED(REASON("ADMISSION") ",'sentenced':'true'"), NULL},
        {"sentenced", RECEIVED(REASON("ADMISSION")), NULL},
        {"establishment", RECEIVED(REASON("ADMISSION") ",'prisonId':'WYI'"), "wyi"},
        {"establishment_kind", RECEIVED(REASON("ADMISSION") ",'prisonId':'STC2'"), "stc"},
        {"establishment_kind", RECEIVED(REASON("ADMISSION") ",'prisonId':'LEI'"), NULL},
        {"establishment", RECEIVED(REASON("ADMISSION") ",'prisonId':null"), NULL},
        {"to", RECEIVED(REASON("TRANSFERRED") ",'prisonId':'FMI'"), "fmi"},
        {"person.identifiers.noms", RECEIVED(REASON("ADMISSION")), "A1234BC"},
        {"person.born_on", RECEIVED(REASON("ADMISSION")), NULL},
        {"early_on", EVENT("x.prisoner.sentence-dates-changed", ",'early_on':'2024-01-01'"), NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *event = quoted(rows[i].event);
        adapted_expect_data(HMPPS, event, rows[i].path, rows[i].expected, rows[i].event);
        free(event);
    }
}

static void test_adapter_hmpps_keeps_the_times_apart(void **state)
{
    static const struct {
        const char *times, *time, *recorded;
    } rows[] = {
        /* what happened, and what was published; nine digits and an offset */
        {"'occurredAt':'2024-06-11T15:14:46.123456789+01:00','publishedAt':'2024-06-11T15:15:47.049605521+01:00',",
         "2024-06-11T14:14:46.123456Z", "2024-06-11T14:15:47.049605Z"},
        {"'occurredAt':'2012-06-11T15:14:46Z',", "2012-06-11T15:14:46Z", "2024-08-01T08:06:46.652815Z"},
        {"'eventDatetime':'2024-07-31T10:37:28',", "2024-07-31T09:37:28Z", "2024-08-01T08:06:46.652815Z"},
        /* never the clock on the wall: the envelope's time, and the day unknown */
        {"", "2024-08-01T08:06:46.652815Z", "2024-08-01T08:06:46.652815Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = mem_printf(
            "{%s'eventType':'prisoner.released','additionalInformation':{'nomsNumber':'A1234BC','reason':"
            "'RELEASED'}}",
            rows[i].times);
        char *event = quoted(text), *message = notified(event, "{}");
        struct adapted_list list;

        assert_null(adapted_run(HMPPS, message, strlen(message), &list));
        assert_int_equal(list.count, 1);
        assert_string_equal(json_text_at(list.items[0].event, "time"), rows[i].time);
        assert_string_equal(json_text_at(list.items[0].event, "recordedtime"), rows[i].recorded);
        char *on = adapted_data(&list, 0, "on");
        assert_true((on == NULL) == (*rows[i].times == '\0'));
        free(on);
        adapted_list_release(&list);
        free(message);
        free(event);
        free(text);
    }
}

static void test_adapter_hmpps_opens_envelopes_as_strictly_as_messages(void **state)
{
    static const struct {
        const char *what, *message, *outline;
    } rows[] = {
        {"a queue's list", "{'Messages':[{'Body':'{}'},{'Body':{'eventType':'a'}}]}", "fault nothing"},
        {"text that is no JSON", "{'Message':'hello'}", "fault"},
        {"a key that stands twice inside", "{'Message':'{\\'eventType\\':1,\\'eventType\\':2}'}", "fault"},
        {"about the subscription", "{'Type':'SubscriptionConfirmation','Message':'You have chosen …'}",
         "nothing"},
        {"the type in an attribute only",
         "{'Message':'{}','MessageAttributes':{'eventType':{'Value':'x.y'}}}", "nothing"},
        {"the type as a bare attribute", "{'Message':'{}','MessageAttributes':{'eventType':'x.y'}}",
         "nothing"},
        {"an envelope with nothing in it", "{'Records':[]}", "refused"},
        {"a message that is a list", "{'Message':[1]}", "fault"},
        {"no envelope and no event", "{'a':1}", "fault"},
        {"a list of records that are none", "{'Records':[1,'x',null]}", "fault fault fault"},
        {"a key that stands twice", "{'eventType':'a','eventType':'b'}", "refused"},
        {"something for others on the same topic", "{'Message':{'eventType':'COMMON_PLATFORM_HEARING'}}",
         "nothing"},
    };
    struct buf deep = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf message = {0};
        for (const char *c = rows[i].message; *c != '\0'; c++) {
            if (*c == '\\' && c[1] == '\'') {
                buf_text(&message, "\\\"");
                c++;
            } else {
                buf_char(&message, *c == '\'' ? '"' : *c);
            }
        }
        adapted_expect(HMPPS, buf_string(&message), rows[i].outline, rows[i].what);
        buf_release(&message);
    }
    for (int i = 0; i < 9; i++)
        buf_text(&deep, "{\"Message\":");
    buf_text(&deep, "{}}}}}}}}}}");
    adapted_expect(HMPPS, buf_string(&deep), "fault", "envelopes without end");
    buf_release(&deep);
}

static void test_adapter_hmpps_tells_events_of_one_message_id_apart(void **state)
{
    char *one = quoted("{'Records':[{'Message':" RECEIVED(REASON(
        "ADMISSION")) ",'MessageId':'x'},{'Message':" RECEIVED(REASON("ADMISSION")) ",'MessageId':'x'}]}");

    (void)state;
    adapted_expect(HMPPS, one, "custody.reception custody.reception", "two receptions of one MessageId");
    free(one);
}

/* How this flow has failed elsewhere: one row for each row of the public register of its defects. */
static void test_adapter_hmpps_withstands_each_known_defect(void **state)
{
    static const struct {
        const char *defect, *what, *message, *path, *expected; /* path NULL: the outline */
    } rows[] = {
        {"C6, C33, P1", "nothing to do has a name of its own", RECEIVED(REASON("RETURN_FROM_COURT")), NULL,
         "nothing"},
        {"C6, C33, P1", "and is not an envelope with nothing in it", "{'Messages':[]}", NULL, "refused"},
        {"C7", "a word is no truth", RECEIVED(REASON("ADMISSION") ",'sentenced':'false'"), "sentenced", NULL},
        {"C10, C12", "half an hour before midnight UTC is London's next day", RELEASED(REASON("RELEASED")),
         "on", "2024-08-01"},
        {"C17", "one MessageId, two receptions",
         "{'Records':[{'MessageId':'x','Message':" RECEIVED(
             REASON("RECALL")) "},{'MessageId':'x','Message':" RECEIVED(REASON("RECALL")) "}]}",
         NULL, "custody.reception custody.reception"},
        {"C19, C21, C29", "no details",
         "{'Records':[{'Message':{'eventType':'prisoner.received'}},{'Message':" RECEIVED(
             REASON("RECALL")) "}]}",
         NULL, "fault custody.reception"},
        {"C32", "a payload that is missing", "{'Type':'Notification','Message':''}", NULL, "fault"},
        {"C35", "a day that is missing",
         "{'eventType':'prisoner.released','additionalInformation':{'reason':'RELEASED','nomsNumber':'A1234BC'}}",
         "on", NULL},
        {"P5", "one bad record between two",
         "{'Records':[{'Message':" RELEASED(REASON("RELEASED")) "},{'Message':'x'},{'Message':" RELEASED(
             REASON("RELEASED")) "}]}",
         NULL, "custody.release fault custody.release"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *what = mem_printf("%s: %s", rows[i].defect, rows[i].what);
        char *message = quoted(rows[i].message);
        if (rows[i].path == NULL)
            adapted_expect(HMPPS, message, rows[i].expected, what);
        else
            adapted_expect_data(HMPPS, message, rows[i].path, rows[i].expected, what);
        free(message);
        free(what);
    }
}

static void test_adapter_hmpps_reasons_never_quote_the_message(void **state)
{
    static const char *const secrets[] = {"SECRET", "A1234BC", NULL};
    static const char *const messages[] = {
        RECEIVED(REASON("SECRET")),
        RELEASED(REASON("RELEASED") MOVED("UAL") ",'x':'SECRET'"),
        EVENT("SECRET", ""),
        "{'Message':'SECRET'}",
        "{'SECRET':'SECRET'}",
        "{'eventType':'prisoner.received','additionalInformation':{'reason':'RECALL','nomsNumber':'SECRET'}}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        char *message = quoted(messages[i]);
        adapted_assert_discreet(HMPPS, message, strlen(message), secrets);
        free(message);
    }
}

/* Real messages of other systems, given to this adapter by mistake: each has an end, and none is an event. */
static void test_adapter_hmpps_gives_samples_of_others_an_end(void **state)
{
    static const char *const files[] = {
        "moj-hmpps-person-record/examples__commonPlatformMessage.json",
        "moj-hmpps-person-record/examples__commonPlatformMessageAttributes.json",
        "moj-court-hearing-event-receiver/json__court-application-invalid.json",
        "moj-court-hearing-event-receiver/json__hearing-1.json",
    };
    char *samples = adapted_samples();

    (void)state;
    assert_non_null(samples);
    for (size_t i = 0; i < COUNT(files); i++) {
        char *path = mem_printf("%s/%s", samples, files[i]);
        size_t len;
        char *message = adapted_read(path, &len);
        adapted_expect(HMPPS, message, "fault", files[i]);
        free(message);
        free(path);
    }
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter_hmpps_agrees_with_golden_files),
        cmocka_unit_test(test_adapter_hmpps_says_what_each_message_comes_to),
        cmocka_unit_test(test_adapter_hmpps_reads_the_fields),
        cmocka_unit_test(test_adapter_hmpps_keeps_the_times_apart),
        cmocka_unit_test(test_adapter_hmpps_opens_envelopes_as_strictly_as_messages),
        cmocka_unit_test(test_adapter_hmpps_tells_events_of_one_message_id_apart),
        cmocka_unit_test(test_adapter_hmpps_withstands_each_known_defect),
        cmocka_unit_test(test_adapter_hmpps_reasons_never_quote_the_message),
        cmocka_unit_test(
            test_adapter_hmpps_gives_samples_of_others_an_end), /* last: only where the samples are */
    };
    char *samples = adapted_samples();
    size_t count = sizeof tests / sizeof *tests - (samples == NULL);

    free(samples);
    return _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
}
