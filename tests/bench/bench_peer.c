/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_peer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_feed.h"
#include "scratch.h"
#include "told/mem.h"
#include "loopback.h"

enum { START_MS = 10000 };

struct bench_peer {
    pid_t pid;
    int port, port_fd;
    char *directory;
};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s; make bench installs what it needs (tests/support/deps.sh bench)\n", what);
    abort();
}

static pid_t begin(const char *const argv[])
{
    pid_t pid;

    if (access(argv[0], X_OK) != 0)
        die(argv[0]);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(71);
    }
    return pid;
}

static void await(const struct bench_peer *peer, const char *what)
{
    for (int i = 0; i < START_MS / 10; i++) {
        if (loopback_answers(peer->port))
            return;
        poll(NULL, 0, 10);
    }
    die(what);
}

struct bench_peer *bench_peer_smtp_sink(void)
{
    struct bench_peer *peer = mem_new(sizeof *peer);
    bool root = geteuid() == 0; /* it wants to be somebody else then */
    char *endpoint;

    peer->port = loopback_hold_port(&peer->port_fd);
    endpoint = mem_printf("inet:127.0.0.1:%d", peer->port);
    peer->pid = begin(root ? (const char *[]){"/usr/sbin/smtp-sink", "-4", "-u", "nobody", endpoint, "64", NULL}
                           : (const char *[]){"/usr/sbin/smtp-sink", "-4", endpoint, "64", NULL});
    await(peer, "smtp-sink does not answer");
    free(endpoint);
    return peer;
}

static const char NGINX[] =
    "daemon off; worker_processes 1; pid %s/nginx.pid; error_log %s/error.log;\n"
    "events { worker_connections 512; }\n"
    "http { access_log off; client_body_temp_path %s/body; proxy_temp_path %s/proxy; fastcgi_temp_path %s/fastcgi;\n"
    "uwsgi_temp_path %s/uwsgi; scgi_temp_path %s/scgi; keepalive_requests 1000000;\n"
    "server { listen 127.0.0.1:%d backlog=512; location / { return 204; } } }\n";

static char *write_nginx(const struct bench_peer *peer)
{
    const char *d = peer->directory;
    char *path = mem_printf("%s/nginx.conf", d);
    FILE *file = fopen(path, "we");

    if (file == NULL || fprintf(file, NGINX, d, d, d, d, d, d, d, peer->port) < 0 || fclose(file) != 0)
        die(path);
    return path;
}

struct bench_peer *bench_peer_nginx(void)
{
    struct bench_peer *peer = mem_new(sizeof *peer);
    char *conf, *log;

    peer->port = loopback_hold_port(&peer->port_fd);
    peer->directory = scratch_new();
    if (peer->directory == NULL)
        die("no directory for nginx");
    conf = write_nginx(peer);
    log = mem_printf("%s/error.log", peer->directory);
    peer->pid = begin((const char *[]){"/usr/sbin/nginx", "-p", peer->directory, "-c", conf, "-e", log, NULL});
    await(peer, "nginx does not answer");
    free(conf);
    free(log);
    return peer;
}

int bench_peer_port(const struct bench_peer *peer)
{
    return peer->port;
}

void bench_peer_stop(struct bench_peer *peer)
{
    if (peer == NULL)
        return;
    kill(peer->pid, SIGTERM);
    waitpid(peer->pid, NULL, 0);
    close(peer->port_fd);
    scratch_free(peer->directory);
    free(peer);
}

double bench_peer_smtp_source(const struct bench_peer *sink, int sessions, int mails, long len)
{
    char *endpoint = mem_printf("inet:127.0.0.1:%d", sink->port), side[16], count[16], length[24];
    int64_t from_us = bench_feed_now_us();
    int status = 0;
    pid_t pid;

    snprintf(side, sizeof side, "%d", sessions);
    snprintf(count, sizeof count, "%d", mails);
    snprintf(length, sizeof length, "%ld", len);
    pid = begin((const char *[]){"/usr/sbin/smtp-source", "-4", "-d", "-s", side, "-m", count, "-l", length, "-f",
                                 "told@southwark.example", "-t", "worker1@southwark.example", endpoint, NULL});
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("smtp-source could not send");
    free(endpoint);
    return mails * 1e6 / (double)(bench_feed_now_us() - from_us);
}
