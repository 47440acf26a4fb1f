/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `make bench`: figures of told, each beside a ceiling that the same run has measured on the same machine.
 * All of it is loopback and bounded; `bench PART…` measures a part (core, store, decided, …).
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "bench_burst.h"
#include "bench_core.h"
#include "bench_decided.h"
#include "bench_email.h"
#include "bench_identity.h"
#include "bench_latency.h"
#include "bench_memory.h"
#include "bench_store.h"
#include "bench_webhook.h"

static void measure_emails(const struct bench_figure *to)
{
    bench_email(to, 1);
    bench_email(to, 2);
}

static const struct {
    const char *name;
    void (*measure)(const struct bench_figure *to);
} PARTS[] = {{"core", bench_core}, {"store", bench_store}, {"decided", bench_decided}, {"email", measure_emails}, {"webhook", bench_webhook}, {"latency", bench_latency}, {"burst", bench_burst},
             {"identity", bench_identity}, {"memory", bench_memory}};

enum { PART_COUNT = sizeof PARTS / sizeof *PARTS };

static int usage(void)
{
    fprintf(stderr, "usage: bench [core] [store] [decided] [email] [webhook] [latency] [burst] [identity] [memory]\n");
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    bool wanted[PART_COUNT] = {false};
    struct bench_figure to = {0};

    for (int i = 1; i < argc; i++) {
        int part = 0;

        while (part < PART_COUNT && strcmp(PARTS[part].name, argv[i]) != 0)
            part++;
        if (part == PART_COUNT)
            return usage();
        wanted[part] = true;
    }
    to.tsv = fopen("bench.tsv", "we");
    if (to.tsv == NULL) {
        perror("bench: bench.tsv");
        return EX_CANTCREAT;
    }
    for (int part = 0; part < PART_COUNT; part++)
        if (argc == 1 || wanted[part])
            PARTS[part].measure(&to);
    fclose(to.tsv);
    return EX_OK;
}
