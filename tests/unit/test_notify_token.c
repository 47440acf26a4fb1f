/* SPDX-License-Identifier: Apache-2.0 */
/* API keys and tokens of GOV.UK Notify; the token was made by Python's hmac and base64. */
#include "told/notify_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SERVICE "26785a09-ab16-4eb0-8407-a37497a57506"
#define SECRET "3d844edf-8d35-48ac-975b-e847b4f122b0"

static void test_notify_token_is_what_another_implementation_makes(void **state)
{
    (void)state;
    struct notify_key key;
    char token[NOTIFY_TOKEN_SIZE];
    assert_null(notify_key_parse("told_live-" SERVICE "-" SECRET, &key));
    assert_string_equal(key.service_id, SERVICE);
    assert_string_equal(key.secret, SECRET);
    notify_token(&key, 1717405200, token);
    assert_string_equal(token, "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiIyNjc4NWEwOS1hYjE2LTRlYjAtODQwNy1hMzc0OTdhNTc1MDYiLCJ"
                               "pYXQiOjE3MTc0MDUyMDB9.pNEFz5Wope6eTBMJFBfrSb6jUAmBoRPBiZKFlNsKdUw");
}

static void test_notify_token_refuses_what_is_no_key(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "told",
                                        SECRET,
                                        SERVICE "-" SECRET,
                                        "told-" SERVICE "x" SECRET,
                                        "told-" SERVICE "-3D844EDF-8d35-48ac-975b-e847b4f122b0",
                                        "told-" SERVICE "-" SECRET "0",
                                        "told-" SERVICE "-3d844edf08d35-48ac-975b-e847b4f122b0",
                                        "told-26785a09-ab16-4eb0-8407-a37497a5750\xc3-" SECRET};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct notify_key key = {.secret = "untouched"};
        if (notify_key_parse(texts[i], &key) == NULL)
            fail_msg("%s", texts[i]);
        assert_string_equal(key.secret, "untouched");
    }
    assert_null(notify_id_validate(SERVICE));
    assert_non_null(notify_id_validate(""));
    assert_non_null(notify_id_validate(SERVICE "0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notify_token_is_what_another_implementation_makes),
        cmocka_unit_test(test_notify_token_refuses_what_is_no_key),
    };
    return cmocka_run_group_tests_name("notify_token", tests, NULL, NULL);
}
