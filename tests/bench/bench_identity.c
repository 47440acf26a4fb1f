/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_identity.h"

#include <signal.h>

#include "identity_corpus.h"

enum { SEED = 20240603 };

static double share(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

/* Certain: precision must be 1. Found: certain, or among those whom a person is shown. Their ceiling is 1. */
void bench_identity(const struct bench_figure *to)
{
    static const struct harness_options options = {.count_only = true, .deadline_ms = 15000, .poll_ms = 100};
    struct harness *h = harness_start(&options);
    pid_t told = harness_told(h, "ingest,decide", NULL);
    struct corpus corpus;
    struct corpus_score s;
    size_t same, certain, doubtful;

    corpus_make(&corpus, SEED);
    corpus_play(h, &corpus, &s);
    same = s.certain_right + s.doubtful_right + s.none_wrong;
    certain = s.certain_right + s.certain_wrong;
    doubtful = s.doubtful_right + s.doubtful_wrong;
    bench_figure_rate(to, "identity-certain-precision", share(s.certain_right, certain), "share", 1, "every-certain-match-right");
    bench_figure_rate(to, "identity-certain-recall", share(s.certain_right, same), "share", 1, "no-person-asked");
    bench_figure_rate(to, "identity-doubtful-precision", share(s.doubtful_right, doubtful), "share", 1, "every-question-needed");
    bench_figure_rate(to, "identity-found-recall", share(s.certain_right + s.doubtful_right, same), "share", 1, "every-known-child-found");
    bench_figure_plain(to, "identity-pairs", (double)corpus.count, "pairs");
    bench_figure_plain(to, "identity-events-matched-by-name", (double)corpus.count / s.seconds, "events/s");
    corpus_release(&corpus);
    harness_signal(h, told, SIGTERM);
    harness_stop(h);
}
