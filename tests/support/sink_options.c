/* SPDX-License-Identifier: Apache-2.0 */
#include "sink_options.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

static _Noreturn void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s --dir DIR | --quiet-store [--port N] [--script FILE] [--secret whsec_…] "
            "[--exit-when-parent-dies]\n",
            program);
    exit(EX_USAGE);
}

static struct sink_script *load_script(const char *path)
{
    int line = 0;
    struct sink_script *script = sink_script_load(path, &line);
    if (script)
        return script;
    fprintf(stderr, "%s:%d: %s\n", path, line,
            line ? "not understood: words are in sink_script.h" : "cannot be read");
    exit(EX_USAGE);
}

/* A parent that is gone before prctl would never be noticed. */
static void follow_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
        exit(EX_UNAVAILABLE);
}

static int make_stop_fd(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0)
        return -1;
    return signalfd(-1, &ends, SFD_CLOEXEC);
}

int sink_options_read(int argc, char **argv, struct sink_options *ret)
{
    static const struct option words[] = {
        {"dir", required_argument, NULL, 'd'},
        {"port", required_argument, NULL, 'p'},
        {"script", required_argument, NULL, 's'},
        {"secret", required_argument, NULL, 'k'},
        {"quiet-store", no_argument, NULL, 'q'},
        {"exit-when-parent-dies", no_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    pid_t parent = getppid();
    size_t secrets = 0;
    bool quiet = false;
    *ret = (struct sink_options){0};
    for (int word; (word = getopt_long(argc, argv, "", words, NULL)) != -1;) {
        if (word == 'd')
            ret->directory = optarg;
        else if (word == 'p')
            ret->port = atoi(optarg);
        else if (word == 's' && !ret->script)
            ret->script = load_script(optarg);
        else if (word == 'k' && secrets < SINK_SECRETS_MOST)
            ret->secrets[secrets++] = optarg;
        else if (word == 'q')
            quiet = true;
        else if (word == 'e')
            follow_parent(parent);
        else
            usage(argv[0]);
    }
    if (optind < argc || quiet == !!ret->directory || ret->port < 0 || ret->port > 65535)
        usage(argv[0]);
    return make_stop_fd();
}

void sink_options_announce(int port)
{
    printf("PORT %d\n", port);
    fflush(stdout);
}
