/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/address.h"
#include "told/mem.h"
#include "told/verp.h"

static const unsigned char KEY[VERP_KEY_SIZE] = "a key of thirty-two bytes, no mo";
static const unsigned char OTHER[VERP_KEY_SIZE] = "another key of thirty-two bytes";
#define DOMAIN "told.southwark.example"

static void test_verp_names_message_and_attempt_again(void **state)
{
    (void)state;
    static const struct verp table[] = {{1, 1}, {17, 3}, {INT64_C(4294967296), 999}, {INT64_MAX, INT32_MAX}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *address = verp_print(KEY, &table[i], DOMAIN);
        struct verp got = {0};

        assert_null(address_validate(address));
        assert_int_equal(strlen(address), strlen("told+@" DOMAIN) + VERP_TOKEN_SIZE - 1);
        assert_null(verp_parse(KEY, address, DOMAIN, &got));
        assert_int_equal(got.message_id, table[i].message_id);
        assert_int_equal(got.attempt, table[i].attempt);
        free(address);
    }
}

static void test_verp_token_stays_what_it_is(void **state)
{
    (void)state;
    /* Worked out by other means: bounces come days after the mail, from a told that may have been replaced. */
    char token[VERP_TOKEN_SIZE];

    verp_token(KEY, &(struct verp){17, 3}, token);
    assert_string_equal(token, "aaaaaaaaaaabcaaaaab5esukotty3mq3shy52izsi5l72");
}

static void test_verp_may_come_back_in_capitals(void **state)
{
    (void)state;
    char *address = verp_print(KEY, &(struct verp){17, 3}, DOMAIN);
    struct verp got = {0};

    for (char *c = address; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    assert_null(verp_parse(KEY, address, DOMAIN, &got));
    assert_int_equal(got.message_id, 17);
    free(address);
}

static void test_verp_of_somebody_else_is_refused(void **state)
{
    (void)state;
    char *fine = verp_print(KEY, &(struct verp){17, 3}, DOMAIN);
    struct verp got = {.message_id = -1};

    assert_non_null(verp_parse(OTHER, fine, DOMAIN, &got));
    assert_non_null(verp_parse(KEY, fine, "told.lambeth.example", &got));
    /* Any one character of the token. */
    for (size_t i = strlen("told+"); fine[i] != '@'; i++) {
        char *bent = mem_copy(fine);

        bent[i] = bent[i] == 'b' ? 'c' : 'b';
        if (verp_parse(KEY, bent, DOMAIN, &got) == NULL)
            fail_msg("a token bent at %zu was taken", i);
        free(bent);
    }
    static const char *const table[] = {NULL, "", "told@" DOMAIN, "told+@" DOMAIN, "told+aaaa@" DOMAIN, "x+y@" DOMAIN,
                                        "told+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@" DOMAIN,
                                        "told+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab@" DOMAIN,
                                        "told+11111111111111111111111111111111111111111111@" DOMAIN,
                                        "told+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_non_null(verp_parse(KEY, table[i], DOMAIN, &got));
    assert_int_equal(got.message_id, -1);
    free(fine);
}

static void test_verp_of_no_attempt_is_refused(void **state)
{
    (void)state;
    static const struct verp table[] = {{0, 1}, {-1, 1}, {1, 0}, {1, -1}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *address = verp_print(KEY, &table[i], DOMAIN);
        struct verp got;

        assert_string_equal(verp_parse(KEY, address, DOMAIN, &got), "its token names no attempt");
        free(address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verp_names_message_and_attempt_again),
        cmocka_unit_test(test_verp_token_stays_what_it_is),
        cmocka_unit_test(test_verp_may_come_back_in_capitals),
        cmocka_unit_test(test_verp_of_somebody_else_is_refused),
        cmocka_unit_test(test_verp_of_no_attempt_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
