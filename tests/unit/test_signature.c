/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "told/signature.h"

static void test_signature_agrees_with_the_published_vector(void **state)
{
    (void)state;
    /* The example of the Standard Webhooks reference libraries. */
    static const char body[] = "{\"test\": 2432232314}";
    struct signature_key key;
    char out[SIGNATURE_TEXT_SIZE];

    assert_null(signature_key_parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &key));
    assert_int_equal(key.len, 24);
    signature_sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body), out);
    assert_string_equal(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void test_signature_changes_with_every_part(void **state)
{
    (void)state;
    struct signature_key key = {.len = 64}, other = {.len = 63};
    char first[SIGNATURE_TEXT_SIZE], next[SIGNATURE_TEXT_SIZE];

    signature_sign(&key, "m-1", 1, "body", 4, first);
    signature_sign(&key, "m-1", 1, "body", 4, next);
    assert_string_equal(first, next);
    signature_sign(&key, "m-2", 1, "body", 4, next);
    assert_string_not_equal(first, next);
    signature_sign(&key, "m-1", -1, "body", 4, next);
    assert_string_not_equal(first, next);
    signature_sign(&key, "m-1", 1, "body", 3, next);
    assert_string_not_equal(first, next);
    signature_sign(&key, "m-1", 1, "", 0, next);
    assert_string_not_equal(first, next);
    other.bytes[0] = 1;
    signature_sign(&other, "m-1", 1, "body", 4, next);
    assert_string_not_equal(first, next);
}

static void test_signature_refuses_what_is_no_key(void **state)
{
    (void)state;
    static const char
        *const
            bad[] =
                {
                    "",
                    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                    "whsec_",
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ==", /* 22 bytes */
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa w",
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA", /* not padded */
                    "whsec_"
                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                    "=", /* 65 bytes */
                };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct signature_key key = {.len = 7};
        if (signature_key_parse(bad[i], &key) == NULL)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(key.len, 7);
    }
    struct signature_key key;
    assert_non_null(signature_key_parse(NULL, &key));
    /* 64 bytes are the most. */
    assert_null(signature_key_parse(
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        &key));
    assert_int_equal(key.len, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_agrees_with_the_published_vector),
        cmocka_unit_test(test_signature_changes_with_every_part),
        cmocka_unit_test(test_signature_refuses_what_is_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
