/* SPDX-License-Identifier: Apache-2.0 */
#include "nginx_peer.h"

#include <ctype.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "loopback.h"
#include "scratch.h"
#include "told/buf.h"
#include "told/mem.h"

#define CLOSED_PORT NGINX_PORTS_MOST /* the place of the one nobody listens at */
#define WAIT_MS 20000

struct nginx_peer {
    char *directory;
    int ports[NGINX_PORTS_MOST + 1], port_fds[NGINX_PORTS_MOST + 1];
    pid_t pid;
};

struct nginx_peer *nginx_peer_new(void)
{
    struct nginx_peer *peer = mem_new(sizeof *peer);

    peer->directory = scratch_new();
    assert_non_null(peer->directory);
    for (size_t i = 0; i <= NGINX_PORTS_MOST; i++)
        peer->ports[i] = loopback_hold_port(&peer->port_fds[i]);
    return peer;
}

const char *nginx_peer_directory(const struct nginx_peer *peer)
{
    return peer->directory;
}

int nginx_peer_port(const struct nginx_peer *peer, size_t number)
{
    return peer->ports[number];
}

static void fill(const struct nginx_peer *peer, const char *servers, struct buf *b)
{
    for (const char *c = servers; *c != '\0'; c++) {
        if (*c != '@') {
            buf_char(b, *c);
        } else if (*++c == 'd') {
            buf_text(b, peer->directory);
        } else {
            assert_true(*c == 'x' || isdigit((unsigned char)*c));
            buf_printf(b, "%d", peer->ports[*c == 'x' ? CLOSED_PORT : *c - '0']);
        }
    }
}

static void write_conf(const struct nginx_peer *peer, const char *servers)
{
    char *path = mem_printf("%s/nginx.conf", peer->directory);
    struct buf b = {0};
    FILE *file = fopen(path, "w");

    if (geteuid() == 0)
        buf_text(&b, "user root;\n"); /* the directory is its owner's alone */
    fill(peer,
         "daemon off; worker_processes 1; pid @d/nginx.pid; error_log @d/error.log notice;\n"
         "events { worker_connections 64; }\n"
         "http { log_format told '$status $server_protocol $ssl_client_verify'; access_log @d/access.log told;\n"
         "client_body_temp_path @d/body; proxy_temp_path @d/proxy; fastcgi_temp_path @d/fastcgi; uwsgi_temp_path @d/uwsgi;\n"
         "scgi_temp_path @d/scgi; default_type text/plain;\n",
         &b);
    fill(peer, servers, &b);
    buf_text(&b, "}\n");
    assert_non_null(file);
    assert_true(fputs(buf_string(&b), file) >= 0);
    assert_int_equal(fclose(file), 0);
    buf_release(&b);
    free(path);
}

/* How often its own log says so. */
static long count(const struct nginx_peer *peer, const char *name, const char *text)
{
    char *log = scratch_read(peer->directory, name);
    long found = 0;

    for (const char *at = log; at != NULL && (at = strstr(at, text)) != NULL; at++)
        found++;
    free(log);
    return found;
}

static long await(const struct nginx_peer *peer, const char *name, const char *text, long want)
{
    long found = 0;

    for (int i = 0; i < WAIT_MS / 10 && (found = count(peer, name, text)) < want; i++)
        poll(NULL, 0, 10);
    return found;
}

void nginx_peer_run(struct nginx_peer *peer, const char *servers)
{
    char *conf = mem_printf("%s/nginx.conf", peer->directory), *log = mem_printf("%s/error.log", peer->directory);

    write_conf(peer, servers);
    peer->pid = fork();
    if (peer->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execl("/usr/sbin/nginx", "nginx", "-p", peer->directory, "-c", conf, "-e", log, (char *)NULL);
        _exit(71);
    }
    free(conf);
    free(log);
    if (await(peer, "error.log", "start worker process ", 1) != 1) {
        log = scratch_read(peer->directory, "error.log");
        fail_msg("nginx did not start: %s", log != NULL ? log : "no log");
    }
}

void nginx_peer_reload(struct nginx_peer *peer)
{
    long before = count(peer, "error.log", "start worker process "), ended = count(peer, "error.log", "exited with code 0");

    assert_int_equal(kill(peer->pid, SIGHUP), 0);
    assert_int_equal(await(peer, "error.log", "start worker process ", before + 1), before + 1);
    assert_int_equal(await(peer, "error.log", "exited with code 0", ended + 1), ended + 1);
}

long nginx_peer_logged(const struct nginx_peer *peer, const char *line, long want)
{
    return await(peer, "access.log", line, want);
}

void nginx_peer_stop(struct nginx_peer *peer)
{
    if (peer == NULL)
        return;
    if (peer->pid > 0) {
        kill(peer->pid, SIGTERM);
        waitpid(peer->pid, NULL, 0);
    }
    for (size_t i = 0; i <= NGINX_PORTS_MOST; i++)
        close(peer->port_fds[i]);
    scratch_free(peer->directory);
    free(peer);
}
