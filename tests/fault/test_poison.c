/* SPDX-License-Identifier: Apache-2.0 */
/* One bad part of a message, and one event that ends whoever decides it: they are set aside, and the others
 * go on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */

/* Three defendants; what is said of the second cannot be read. */
static const char REGISTER[] =
    "{\"courtRegisterDocumentRequests\":[{\"courtCentreId\":\"00000000-0000-4000-8000-000000000001\","
    "\"hearingId\":\"00000000-0000-4000-8000-000000000301\",\"hearingDate\":\"2024-06-03T08:30:00.000Z\","
    "\"registerDate\":\"2024-06-03T08:40:00.000Z\",\"hearingVenue\":{\"courtHouse\":\"Camberwell Youth Court\",\"ljaName\":\"South\"},"
    "\"defendants\":[%s,%s,%s],\"recipients\":[]}],\"systemGenerated\":true}";

static char *defendant(const char *id, const char *born)
{
    return mem_printf(
        "{\"masterDefendantId\":\"%s\",\"name\":\"Quillonna Vantreese\",\"dateOfBirth\":%s,\"hearing\":{"
        "\"defendantPresent\":true,\"hearingType\":\"Sentence\",\"jurisdiction\":\"MAGISTRATES\"},"
        "\"postHearingCustodyStatus\":\"Not Applicable\",\"prosecutionCasesOrApplications\":[{"
        "\"arrestSummonsNumber\":\"2401MP0000000000102A\",\"caseOrApplicationReference\":\"01MP1000524\",\"offences\":[{"
        "\"offenceCode\":\"TH68010\",\"offenceTitle\":\"Theft of bluebells\",\"orderIndex\":1,\"results\":[{"
        "\"cjsResultCode\":\"1141\",\"resultText\":\"YRO - Youth rehabilitation order England / Wales\"}]}]}]}",
        id, born);
}

static void test_poison_a_register_sets_aside_the_one_bad_defendant(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    char *one = defendant("5f0c1a52-0b7e-4a0e-9d55-0c3f5c2f2001", "\"2009-02-03\""),
         *bad = defendant("5f0c1a52-0b7e-4a0e-9d55-0c3f5c2f2002", "17"),
         *three = defendant("5f0c1a52-0b7e-4a0e-9d55-0c3f5c2f2003", "\"2009-02-03\""),
         *text = mem_printf(REGISTER, one, bad, three), *path = harness_path(h, "register.json");

    harness_told(h, NULL, NULL);
    harness_write(h, "register.json", text);
    cast_succeed(h, "publish", "--feed", "register", path);
    cast_settle(h);
    cast_expect(
        h, "t",
        "SELECT count(*) >= 2 AND bool_and(state IN ('review', 'decided')) FROM told.event_state JOIN told.event USING (event_id)"
        " WHERE parent_id IS NOT NULL");
    /* The odd date of birth is set aside with its part, and loses nobody: that child is one whose age is unknown. */
    cast_expect(
        h, "3",
        "SELECT count(DISTINCT encode(body, 'escape')::json->'data'->'person'->'identifiers'->>'ccd') FROM told.event"
        " WHERE parent_id IS NOT NULL");
    cast_expect(h, "1", "SELECT count(*) FROM told.quarantine WHERE state = 'open'");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'quarantine' AND duty_id IS NOT NULL");
    free(one);
    free(bad);
    free(three);
    free(text);
    free(path);
    cast_check(h);
}

static void test_poison_sets_poison_aside_and_goes_on(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    pid_t ingest;

    /* The third of five ends whoever decides it. */
    ingest = harness_told(h, "ingest,dispatch,escalate", NULL);
    cast_say(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    cast_say(h, "police.charge", "charge-2", "LCS-2", CAST_CHARGE);
    cast_say(h, "police.charge", "charge-3", "LCS-2", CAST_CHARGE);
    cast_say(h, "police.charge", "charge-4", "LCS-2", CAST_CHARGE);
    cast_say(h, "police.charge", "charge-5", "LCS-3", CAST_CHARGE);
    for (int i = 0; i < 2; i++)
        assert_true(
            WIFSIGNALED(harness_signal(h, harness_told_begin(h, "decide", "TOLD_POISON=charge-3"), 0)));
    harness_told(h, "decide", "TOLD_POISON=charge-3");
    cast_settle(h);
    cast_expect(h, "charge-3 quarantined",
                "SELECT string_agg(concat_ws(' ', id, state), ', ') FROM told.event JOIN told.event_state"
                " USING (event_id) WHERE state <> 'decided'");
    cast_expect(h, "4", "SELECT count(*) FROM told.duty WHERE duty = 'D41'");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'quarantine' AND duty_id IS NOT NULL");
    /* One that comes after it is decided without a mark or a restart. */
    cast_hear(h, "police.charge", "charge-6", "LCS-2", CAST_CHARGE);
    cast_expect(h, "5", "SELECT count(*) FROM told.duty WHERE duty = 'D41'");
    assert_int_equal(harness_signal(h, ingest, SIGTERM), 0);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_poison_a_register_sets_aside_the_one_bad_defendant, harness_teardown),
        cmocka_unit_test_teardown(test_poison_sets_poison_aside_and_goes_on, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
