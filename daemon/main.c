/* SPDX-License-Identifier: Apache-2.0 */
/* told: makes sure the right person is told. Options, the configuration, and then service.c. */
#include <curl/curl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "code_table.h"
#include "dump.h"
#include "log.h"
#include "rule_table.h"
#include "service.h"
#include "service_config.h"

static const char VERSION[] = "0.1.0";
static const char FILE_DEFAULT[] = "/etc/told/told.conf";

struct options {
    struct service_options service;
    bool check;
    bool print;
    bool without_secrets;
    bool help, version;
};

static void print_usage(FILE *out)
{
    fprintf(out,
            "Usage: told [-f FILE] [-n [--without-secrets]] [-v] [--stages LIST] [--shadow]\n"
            "\n"
            "  -f FILE             the configuration; else %s\n"
            "  -n                  check it and exit: 0 with the decision table, or 78 with every fault\n"
            "  --without-secrets   with -n: do not look at keys and secrets\n"
            "  -v                  print the effective configuration, secrets left out\n"
            "  --stages LIST       run a part: of ingest,decide,escalate,dispatch,returns\n"
            "  --shadow            decide and record, tell nobody\n"
            "  --help  --version\n"
            "\n"
            "SIGHUP reads the configuration again, SIGTERM finishes what is in flight.\n",
            FILE_DEFAULT);
}

static bool parse_stages(const char *list, bool ret[STAGE_COUNT])
{
    if (stage_parse(list, ret))
        return true;
    fprintf(stderr, "told: --stages %s: not a list of stages, write some of ingest,decide,escalate,dispatch,returns\n", list);
    return false;
}

static bool parse_options(int argc, char **argv, struct options *ret)
{
    enum { OPTION_STAGES = 256, OPTION_SHADOW, OPTION_WITHOUT_SECRETS, OPTION_HELP, OPTION_VERSION };
    static const struct option words[] = {
        {"stages", required_argument, NULL, OPTION_STAGES},
        {"shadow", no_argument, NULL, OPTION_SHADOW},
        {"without-secrets", no_argument, NULL, OPTION_WITHOUT_SECRETS},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "f:nvh", words, NULL)) != -1) {
        switch (option) {
        case 'f':
            ret->service.file = optarg;
            break;
        case 'n':
            ret->check = true;
            break;
        case 'v':
            ret->print = true;
            break;
        case OPTION_STAGES:
            if (!parse_stages(optarg, ret->service.stages))
                return false;
            break;
        case OPTION_SHADOW:
            ret->service.shadow = true;
            break;
        case OPTION_WITHOUT_SECRETS:
            ret->without_secrets = true;
            break;
        case 'h':
        case OPTION_HELP:
            ret->help = true;
            break;
        case OPTION_VERSION:
            ret->version = true;
            break;
        default:
            return false; /* getopt has said what */
        }
    }
    if (optind < argc)
        fprintf(stderr, "told: %s: no arguments are taken\n", argv[optind]);
    else if (ret->without_secrets && !ret->check)
        fprintf(stderr, "told: --without-secrets goes with -n only: a running told needs its keys\n");
    else
        return true;
    return false;
}

static void print_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

static void print_warning(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: warning: %s\n", file, line, text);
}

/* All stages, where none are named; without an endpoint to bind there is no ingest. */
static bool settle_stages(const struct config *config, bool stages[STAGE_COUNT])
{
    bool is_named = false;

    for (int i = 0; i < STAGE_COUNT; i++)
        is_named = is_named || stages[i];
    for (int i = 0; i < STAGE_COUNT && !is_named; i++)
        stages[i] = i != STAGE_INGEST || config->ingest_bind != NULL;
    if (!stages[STAGE_INGEST] || config->ingest_bind != NULL)
        return true;
    print_fault(NULL, config->file, 1, "ingest.bind is missing, add it or leave ingest out of --stages");
    return false;
}

static int run(struct options *options)
{
    struct config *config = config_load(options->service.file, !options->without_secrets, print_fault, NULL);
    int exit_code = EX_OK;

    if (config == NULL)
        return EX_CONFIG;
    service_config_warn(config, clock_real(), print_warning, NULL);
    if (options->print)
        config_print(config);
    if (!settle_stages(config, options->service.stages)) {
        exit_code = EX_CONFIG;
    } else if (options->check) {
        rule_table_print(config->protocol);
        printf("\n");
        code_table_print(config->codes);
    } else {
        (void)fflush(stdout);
        exit_code = service_run(&options->service, config_ref(config));
    }
    config_unref(config);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct options options = {.service.file = FILE_DEFAULT};
    int exit_code;

    if (!parse_options(argc, argv, &options)) {
        print_usage(stderr);
        return EX_USAGE;
    }
    if (options.help || options.version) {
        if (options.help)
            print_usage(stdout);
        else
            printf("told %s\n", VERSION);
        return EX_OK;
    }
    umask(S_IRWXG | S_IRWXO);
    log_open();
#ifndef TOLD_FAULTS
    if (!dump_forbid())
        log_warning("dumps=allowed do=\"set LimitCORE=0: a core dump of told holds names\"");
#endif
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fprintf(stderr, "told: libsodium or libcurl cannot be initialised\n");
        return EX_SOFTWARE;
    }
    exit_code = run(&options);
    curl_global_cleanup();
    if (fflush(stdout) != 0 && exit_code == EX_OK)
        exit_code = EX_IOERR;
    return exit_code;
}
