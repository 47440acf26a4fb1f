/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shipped_codes.h"
#include "told/adapter.h"
#include "told/buf.h"
#include "told/event.h"
#include "told/mem.h"

/* Every table, as short as it may be; what a test writes in place of one goes through make_text. */
static const char *const EMPTY[] = {
    "court-results = ();\n",   "court-short-codes = ();\n",    "bail-statuses = ();\n",
    "hearing-prompts = ();\n", "authority-affixes = ();\n",    "custody-events = ();\n",
    "custody-reasons = ();\n", "custody-movements = ();\n",    "custody-causes = ();\n",
    "establishments = ();\n",  "spi-custody-statuses = ();\n", "dcf-remand-statuses = ();\n"};
#define TABLES (sizeof EMPTY / sizeof EMPTY[0])

static size_t name_len(const char *text)
{
    return strcspn(text, " :=");
}

/* `table` ("NAME = (…);", it may be broken) on the first line, and the other tables empty. Caller frees. */
static char *make_text(const char *table)
{
    struct buf text = {0};

    buf_printf(&text, "%s\n", table);
    for (size_t i = 0; i < TABLES; i++)
        if (name_len(EMPTY[i]) != name_len(table) || strncmp(EMPTY[i], table, name_len(table)) != 0)
            buf_text(&text, EMPTY[i]);
    return buf_take(&text);
}

static void keep_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", file == NULL ? "-" : file, line, text);
}

/* NULL with *ret_faults (caller frees), or the codes with "". */
static struct codes *parse(const char *text, size_t len, char **ret_faults)
{
    const struct codes_file file = {"codes.conf", text, len};
    struct buf faults = {0};
    struct codes *codes = codes_parse(&file, 1, keep_fault, &faults);

    assert_true((codes == NULL) == (faults.len > 0));
    *ret_faults = faults.len == 0 ? mem_copy("") : buf_take(&faults);
    return codes;
}

static struct codes *parse_good(const char *table)
{
    char *text = make_text(table), *faults;
    struct codes *codes = parse(text, strlen(text), &faults);

    if (codes == NULL)
        fail_msg("%s: %s", table, faults);
    free(faults);
    free(text);
    return codes;
}

static const struct {
    const char *table, *fault;
} REFUSED_ROWS[] = {
    {"court-results = ( { code = \"1\"; event = \"court.hearing\"; } );",
     "court-results 1: event names none that such a code can make; write one of court.sentence, "},
    {"court-results = ( { code = \"1\"; event = \"court.remand\"; to = \"home\"; } );",
     "court-results 1: to is none of its words; write one of local-authority-accommodation, "},
    {"court-results = ( { code = \"1\"; event = \"court.remand\"; } );",
     "court-results 1: to is missing; add it"},
    {"court-results = ( { code = \"1\"; event = 7; } );", "court-results 1: event must be a string"},
    {"court-results = ( { code = \"1\"; nothing = \"a\"; }, { code = \"1\"; look = \"b\"; } );",
     "court-results 1: the code stands in line 1 too; remove one"},
    {"court-results = ( { code = \"1\"; nothing = \"a\"; look = \"b\"; } );",
     "none or several of event, nothing and look"},
    {"court-results = ( { code = \"1\"; } );", "none or several of event, nothing and look"},
    {"court-results = ( { code = \"1\"; nothing = \"a\"; why = \"b\"; } );",
     "\"why\" is no setting of such a row"},
    {"court-results = ( { code = \"1\"; nothing = \"a\"; order = \"b\"; } );",
     "\"order\" is no setting of such a row"},
    {"court-results = ( { code = \"1 \"; nothing = \"a\"; } );",
     "code is empty, longer than 128 bytes, or holds blanks"},
    {"court-results = ( { code = \"1\"; nothing = \"\\x07\"; } );",
     "nothing is empty, longer than 128 bytes, or holds"},
    {"court-results = ( { code = \"1\"; nothing = \"\\xc3\"; } );", "bytes that are no text; correct it"},
    {"court-results = ( { nothing = \"a\"; } );",
     "court-results without a code: code is missing; add it"},
    {"court-results = ( \"1\" );", "court-results: something else than a row"},
    {"court-results = \"1\";", "court-results must be a list of rows"},
    {"court-results = ( { code = \"1\"; event = \"court.sentence\"; kind = \"custody\"; order = \"D T O\"; } );",
     "order is no code"},
    {"court-short-codes = ( { code = \"ABCDEFGHIJKLMNOP\"; nothing = \"a\"; } );",
     "is no short code; write at most 15"},
    {"bail-statuses = ( { code = \"S\"; event = \"court.sentence\"; kind = \"custody\"; order = \"dto\"; } );",
     "write one of court.remand, court.bail\n"},
    {"hearing-prompts = ( { code = \"HDATE\"; names = \"day\"; } );",
     "names is none of its words; write one of date, time"},
    {"authority-affixes = ( { code = \"council\"; } );", "is no part of a name"},
    {"authority-affixes = ( { code = \"-\"; } );", "is no part of a name"},
    {"custody-events = ( { code = \"x\"; look = \"why\"; } );", "event is missing; add it"},
    {"custody-reasons = ( { code = \"x\"; nothing = \"a\"; } );", "when is missing; add it"},
    {"custody-reasons = ( { code = \"x\"; when = \"received\"; event = \"custody.release\"; reason = \"court\"; } );",
     "write one of custody.reception, custody.transfer\n"},
    {"custody-causes = ( { code = \"x\"; of = \"cause\"; sentenced = \"true\"; } );",
     "true or false; add it without quotes"},
    {"establishments = ( { code = \"FMI\"; kind = \"prison\"; } );", "write one of yoi, stc, sch\n"},
    {"spi-custody-statuses = ( { code = \"S\"; status = \"Z\"; } );",
     "write one of S, C, L, R, P, B, U, A\n"},
    {"dcf-remand-statuses = ( { code = \"custody\"; } );", "status is missing; add it"},
    {"prisons = ( );", "\"prisons\" is no table of codes; name one of court-results, "},
    {"@include \"codes\"", "@include is not taken here"},
    {"court-results = ( { code = ", "syntax error; the rest of the file was not read"},
    {"# \xff", "a byte that is not UTF-8"},
};

static void test_codes_refuses_what_a_row_may_not_say_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED_ROWS / sizeof REFUSED_ROWS[0]; i++) {
        char *text = make_text(REFUSED_ROWS[i].table), *faults;

        assert_null(parse(text, strlen(text), &faults));
        if (strstr(faults, REFUSED_ROWS[i].fault) == NULL || strchr(strchr(faults, '\n') + 1, '\n') != NULL)
            fail_msg("%s: found %s", REFUSED_ROWS[i].table, faults);
        if (strncmp(faults, "codes.conf:", strlen("codes.conf:")) != 0)
            fail_msg("%s: no place in %s", REFUSED_ROWS[i].table, faults);
        free(faults);
        free(text);
    }
}

static void test_codes_names_lines_tables_that_stand_twice_and_those_that_are_missing(void **state)
{
    static const char first[] = "\n\nestablishments = (\n{ code = \"FMI\"; kind = 1; } );\n";
    static const char second[] = "establishments = ();\n", third[] = "bail-statuses = ();\0";
    const struct codes_file files[] = {{"a.conf", first, sizeof first - 1},
                                       {"b.conf", second, sizeof second - 1},
                                       {"c.conf", third, sizeof third - 1}};
    struct buf faults = {0};

    (void)state;
    assert_null(codes_parse(files, 2, keep_fault, &faults));
    assert_non_null(strstr(buf_string(&faults), "a.conf:4: establishments FMI: kind must be a string"));
    assert_non_null(
        strstr(buf_string(&faults), "b.conf:1: establishments stands in another file too; remove one"));
    assert_non_null(
        strstr(buf_string(&faults), "-:0: the table bail-statuses is missing; put bail-statuses.conf there"));
    assert_null(strstr(buf_string(&faults), "the table establishments is missing"));
    buf_reset(&faults);
    assert_null(codes_parse(files, 3, keep_fault, &faults));
    assert_non_null(strstr(buf_string(&faults), "c.conf:1: a NUL byte in the file"));
    assert_null(
        strstr(buf_string(&faults), "is missing")); /* it may stand in the file that could not be read */
    buf_release(&faults);
}

static void test_codes_version_is_of_what_the_rows_say(void **state)
{
    struct codes *one = parse_good("establishments = ( { code = \"FMI\"; kind = \"yoi\"; } );");
    struct codes *same =
        parse_good("establishments = (\n  { kind = \"yoi\"; code = \"FMI\"; }  # a comment\n);");
    struct codes *other = parse_good("establishments = ( { code = \"FMI\"; kind = \"sch\"; } );");

    (void)state;
    assert_string_equal(codes_hash(one), codes_hash(same));
    assert_string_not_equal(codes_hash(one), codes_hash(other));
    assert_int_equal(codes_count(one), 1);
    codes_free(one);
    codes_free(same);
    codes_free(other);
    codes_free(NULL);
}

/* One row of JSON in the form of a file. */
static char *row_text(json_t *row)
{
    struct buf text = {0};
    const char *key;
    json_t *value;

    buf_text(&text, "{");
    json_object_foreach(row, key, value)
    {
        if (json_is_string(value))
            buf_printf(&text, " %s = \"%s\";", key, json_string_value(value));
        else
            buf_printf(&text, " %s = %s;", key, json_is_true(value) ? "true" : "false");
    }
    buf_text(&text, " }");
    return buf_take(&text);
}

static void test_codes_json_says_all_that_the_shipped_files_do(void **state)
{
    json_t *all = codes_json(shipped_codes()), *table, *row;
    struct buf text = {0};
    size_t i, k;
    char *faults;

    (void)state;
    json_array_foreach(json_object_get(all, "tables"), i, table)
    {
        assert_true(json_array_size(json_object_get(table, "rows")) > 0);
        buf_printf(&text, "%s = (", json_text_at(table, "name"));
        json_array_foreach(json_object_get(table, "rows"), k, row)
        {
            char *one = row_text(row);
            buf_printf(&text, "%s%s", k == 0 ? " " : ", ", one);
            free(one);
        }
        buf_text(&text, " );\n");
    }
    struct codes *again = parse(buf_string(&text), text.len, &faults);
    if (again == NULL)
        fail_msg("%s", faults);
    assert_string_equal(codes_hash(again), codes_hash(shipped_codes()));
    assert_string_equal(codes_hash(again), json_text_at(all, "hash"));
    assert_int_equal(codes_count(again), codes_count(shipped_codes()));
    codes_free(again);
    free(faults);
    buf_release(&text);
    json_decref(all);
}

/* ---- what a row does to a message ---- */

#define HEARING(result, status)                                                                                           \
    "{\"sharedTime\":\"2024-11-15T15:30:00Z\",\"hearing\":{\"id\":\"h\",\"hearingDays\":[{\"sittingDay\":"                \
    "\"2024-11-15T10:00:00Z\"}],\"hasSharedResults\":true,\"prosecutionCases\":[{\"defendants\":[{\"masterDefendantId\":" \
    "\"m\",\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"2009-02-03\"},\"bailStatus\":{\"code\":\"" status    \
    "\"}},\"offences\":[{\"judicialResults\":[{" result "}]}]}]}]}}"
#define RECEIVED(more)                                                                                       \
    "{\"eventType\":\"prison-offender-events.prisoner.received\",\"occurredAt\":\"2024-11-15T10:00:00Z\","   \
    "\"additionalInformation\":{\"nomsNumber\":\"A1234BC\"," more "}}"
#define EVENTS "custody-events = ( { code = \"prisoner.received\"; event = \"custody.reception\"; } );\n"

static const struct {
    const char *adapter, *message;
    const char *tables; /* in place of the empty ones */
    const char *says;   /* of all that came of it */
} MEANINGS[] = {
    {"hmcts-hearing", HEARING("\"cjsCode\":\"4029\"", "A"), "establishments = ();", NULL},
    {"hmcts-hearing", HEARING("\"cjsCode\":\"4029\"", "A"),
     "court-results = ( { code = \"4029\"; event = \"court.remand\"; to = \"custody\"; } );",
     "\"to\":\"custody\""},
    {"hmcts-hearing", HEARING("\"cjsCode\":\"9029\"", "A"),
     "court-results = ( { code = \"9029\"; event = \"court.sentence\"; kind = \"custody\"; order = \"new\"; } );",
     "\"order\":\"new\""},
    {"hmcts-hearing", HEARING("\"cjsCode\":\"1029\",\"category\":\"FINAL\",\"isConvictedResult\":true", "A"),
     "establishments = ();", "court.sentence"},
    {"hmcts-hearing", HEARING("\"cjsCode\":\"1029\",\"category\":\"FINAL\",\"isConvictedResult\":true", "A"),
     "court-results = ( { code = \"1029\"; nothing = \"varied\"; } );", NULL},
    {"hmcts-hearing", HEARING("\"cjsCode\":\"1029\"", "A"),
     "court-results = ( { code = \"1029\"; look = \"varied\"; } );",
     "result code 1029 makes no event (varied): look at the message itself"},
    {"hmcts-hearing", HEARING("\"shortCode\":\"newla\"", "A"),
     "court-short-codes = ( { code = \"NEWLA\"; event = \"court.bail\"; decision = \"refused\"; } );",
     "\"decision\":\"refused\""},
    {"hmcts-hearing", HEARING("\"shortCode\":\"NEWLA\",\"cjsCode\":\"1\"", "A"),
     "court-results = ( { code = \"1\"; nothing = \"a\"; } ); court-short-codes = ( { code = \"NEWLA\"; nothing = \"b\"; } );",
     NULL},
    {"hmcts-hearing", HEARING("\"shortCode\":\"NEWLA\",\"cjsCode\":\"1\"", "A"),
     "court-results = ( { code = \"1\"; nothing = \"a\"; } ); court-short-codes = ( { code = \"NEWLA\"; look = \"b\"; } );",
     "say different things"},
    {"hmcts-hearing", HEARING("", "Z"),
     "bail-statuses = ( { code = \"Z\"; event = \"court.bail\"; decision = \"conditional\"; } );",
     "\"decision\":\"conditional\""},
    {"hmcts-hearing", HEARING("", "Z"), "bail-statuses = ( { code = \"Z\"; look = \"unheard of\"; } );",
     "bailStatus Z (unheard of) makes no event: look at the hearing itself"},
    {"hmcts-hearing",
     HEARING("\"judicialResultPrompts\":[{\"label\":\"Day of hearing\",\"value\":\"2024-12-02\"}]", "A"),
     "hearing-prompts = ( { code = \"day of Hearing\"; names = \"date\"; } );",
     "\"at\":\"2024-12-02T00:00:00"},
    {"hmpps-domain-event", RECEIVED("\"reason\":\"TAGGED\""), EVENTS,
     "additionalInformation.reason: missing, or none"},
    {"hmpps-domain-event", RECEIVED("\"reason\":\"TAGGED\""),
     EVENTS
     "custody-reasons = ( { code = \"TAGGED\"; when = \"received\"; event = \"custody.transfer\"; } );",
     "custody.transfer"},
    {"hmpps-domain-event", RECEIVED("\"reason\":\"TAGGED\""),
     EVENTS "custody-reasons = ( { code = \"TAGGED\"; when = \"received\"; look = \"nobody came\"; } );",
     "nobody came: look at the message itself"},
    {"hmpps-domain-event", RECEIVED("\"reason\":\"TAGGED\",\"prisonId\":\"XYI\""),
     EVENTS
     "custody-reasons = ( { code = \"TAGGED\"; when = \"received\"; event = \"custody.reception\"; } );"
     "custody-causes = ( { code = \"TAGGED\"; of = \"cause\"; sentenced = false; } );"
     "establishments = ( { code = \"XYI\"; kind = \"yoi\"; } );",
     "\"establishment\":\"xyi\",\"establishment_kind\":\"yoi\",\"on\":\"2024-11-15\",\"person\":{\"identifiers\":{\"noms\":"
     "\"A1234BC\"}},\"sentenced\":false"},
};

/* The tables named, and the others empty, but for the status that the messages above have. */
static struct codes *parse_tables(const char *tables)
{
    struct buf text = {0};
    char *faults;

    buf_printf(&text, "%s\n", tables);
    for (size_t i = 0; i < TABLES; i++) {
        char *name = mem_printf("%.*s = ", (int)name_len(EMPTY[i]), EMPTY[i]);
        if (strstr(tables, name) == NULL)
            buf_text(&text, strcmp(name, "bail-statuses = ") == 0
                                ? "bail-statuses = ( { code = \"A\"; nothing = \"not applicable\"; } );\n"
                                : EMPTY[i]);
        free(name);
    }
    struct codes *codes = parse(buf_string(&text), text.len, &faults);
    if (codes == NULL)
        fail_msg("%s: %s", tables, faults);
    free(faults);
    buf_release(&text);
    return codes;
}

/* Events and faults, but for those that no code decides. */
static char *said(const struct adapted_list *list)
{
    struct buf text = {0};

    for (size_t i = 0; i < list->count; i++) {
        char *event = list->items[i].event == NULL ? mem_copy(list->items[i].reason)
                                                   : json_canonical(list->items[i].event);
        if (strstr(event, "court.appearance") == NULL && strstr(event, "court.conviction") == NULL)
            buf_printf(&text, "%s\n", event);
        free(event);
    }
    return text.len == 0 ? mem_copy("") : buf_take(&text);
}

static void test_codes_decide_what_a_message_becomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MEANINGS / sizeof MEANINGS[0]; i++) {
        struct codes *codes = parse_tables(MEANINGS[i].tables);
        struct adapted_list list = {0};
        char *reason =
            adapter_run(MEANINGS[i].adapter, codes, MEANINGS[i].message, strlen(MEANINGS[i].message),
                        "feed/one", "m", (struct instant){INT64_C(1731693600000000)}, &list);
        assert_null(reason);
        char *text = said(&list);

        if (MEANINGS[i].says == NULL ? text[0] != '\0' : strstr(text, MEANINGS[i].says) == NULL)
            fail_msg("row %zu, %s: found %s", i, MEANINGS[i].tables, text);
        free(text);
        adapted_list_release(&list);
        codes_free(codes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_refuses_what_a_row_may_not_say_with_its_line),
        cmocka_unit_test(test_codes_names_lines_tables_that_stand_twice_and_those_that_are_missing),
        cmocka_unit_test(test_codes_version_is_of_what_the_rows_say),
        cmocka_unit_test(test_codes_json_says_all_that_the_shipped_files_do),
        cmocka_unit_test(test_codes_decide_what_a_message_becomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
