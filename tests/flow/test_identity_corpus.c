/* SPDX-License-Identifier: Apache-2.0 */
/* Twins, namesakes and slips of the keyboard through told as it runs: nobody wrong is ever certain. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "identity_corpus.h"

static int teardown(void **state)
{
    harness_stop(*state);
    return 0;
}

static void test_identity_corpus_has_no_wrong_certain_match_and_every_doubt_in_review(void **state)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = "2024-06-03T09:00:00Z", .story_stands = true, .poll_ms = 50});
    struct corpus corpus;
    struct corpus_score score;

    harness_told(h, "ingest,decide", NULL);
    corpus_make(&corpus, 20240603);
    assert_true(corpus.count >= 200);
    corpus_play(h, &corpus, &score);
    corpus_release(&corpus);
    print_message("certain %zu right %zu wrong, doubtful %zu/%zu, none %zu/%zu, %.2f s\n", score.certain_right, score.certain_wrong,
                  score.doubtful_right, score.doubtful_wrong, score.none_right, score.none_wrong, score.seconds);
    assert_int_equal(score.certain_wrong, 0);
    assert_int_equal(score.doubtful_unasked, 0);
    assert_int_equal(score.unexpected, 0);
    assert_int_equal(score.leaked, 0);
    assert_true(score.certain_right > 0 && score.doubtful_right > 0 && score.none_right > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_identity_corpus_has_no_wrong_certain_match_and_every_doubt_in_review, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
