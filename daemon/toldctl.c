/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "log.h"
#include "toldctl_keys.h"
#include "toldctl_publish.h"
#include "toldctl_usage.h"

/* These two stand apart: they speak ZeroMQ and read secrets, and touch no database. */
static int publish(struct toldctl *ctl, int argc, char **argv)
{
    return toldctl_publish(argc, argv, ctl->config_path);
}

static int keys(struct toldctl *ctl, int argc, char **argv)
{
    return toldctl_keys(argc, argv, ctl->config_path);
}

static const struct {
    const char *name;
    toldctl_fn *run;
} commands[] = {
    {"status", toldctl_status},
    {"events", toldctl_events},
    {"duties", toldctl_duties},
    {"duty", toldctl_duty},
    {"notifications", toldctl_notifications},
    {"retry", toldctl_retry},
    {"test-message", toldctl_test_message},
    {"destinations", toldctl_destinations},
    {"notice", toldctl_notice},
    {"endpoints", toldctl_endpoints},
    {"ack", toldctl_ack},
    {"done", toldctl_done},
    {"void", toldctl_void},
    {"reviews", toldctl_reviews},
    {"watches", toldctl_watches},
    {"answer", toldctl_answer},
    {"match", toldctl_match},
    {"quarantine", toldctl_quarantine},
    {"feeds", toldctl_feeds},
    {"returns", toldctl_returns},
    {"address", toldctl_address},
    {"import", toldctl_import},
    {"coverage", toldctl_coverage},
    {"protocol", toldctl_protocol},
    {"explain", toldctl_explain},
    {"why", toldctl_why},
    {"why-not", toldctl_why_not},
    {"what-if", toldctl_what_if},
    {"test", toldctl_test},
    {"adapt", toldctl_adapt},
    {"publish", publish},
    {"keys", keys},
    {"journal", toldctl_journal},
    {"migrate", toldctl_migrate},
    {"init", toldctl_init},
};

/* Tables want UTF-8 even where cron gives us none. */
static void choose_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

/* -f and --as may stand before the command as well as after it. */
static int read_leading(struct toldctl *ctl, int argc, char **argv)
{
    int at = 1;
    while (at < argc && argv[at][0] == '-') {
        if (strcmp(argv[at], "--json") == 0)
            ctl->json = true;
        else if (strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0)
            return 0;
        else if (strcmp(argv[at], "-f") == 0 && at + 1 < argc)
            ctl->config_path = argv[++at];
        else if (strcmp(argv[at], "--as") == 0 && at + 1 < argc)
            ctl->as = argv[++at];
        else
            return -1;
        at++;
    }
    return at < argc ? at : -1;
}

int main(int argc, char **argv)
{
    struct toldctl ctl = {0};
    choose_locale();
    log_open();
#ifndef TOLD_FAULTS
    (void)dump_forbid(); /* what told does too; a command that ends in a moment says nothing of it */
#endif
    int at = read_leading(&ctl, argc, argv);
    if (at <= 0) {
        toldctl_usage_print(at < 0 ? stderr : stdout);
        return at < 0 ? EX_USAGE : 0;
    }
    int code = -1;
    ctl.command = argv[at];
    for (size_t i = 0; i < sizeof commands / sizeof *commands && code < 0; i++)
        if (strcmp(commands[i].name, argv[at]) == 0)
            code = commands[i].run(&ctl, argc - at, argv + at);
    if (code < 0) {
        fprintf(stderr, "toldctl: there is no command of that name; `toldctl --help` lists them\n");
        code = EX_USAGE;
    }
    pg_free(ctl.pg);
    config_unref(ctl.config);
    clock_free(ctl.clock);
    if (fflush(stdout) != 0 && code == 0)
        code = toldctl_refuse(EX_IOERR, "standard output cannot be written");
    return code;
}
