/* SPDX-License-Identifier: Apache-2.0 */
#include "harness_box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cluster.h"
#include "loopback.h"
#include "told/mem.h"

void harness_die(const char *what)
{
    fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
    abort();
}

/* Tests and programs of one build stand together: build/asan/tests/flow/test_x and build/asan/told. */
static char *find_build(void)
{
    char path[4096], *cut;
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *told = getenv("TOLD_BUILD");

    if (told != NULL)
        return realpath(told, NULL);
    if (len < 0)
        harness_die("/proc/self/exe");
    path[len] = '\0';
    cut = strstr(path, "/tests/");
    if (cut == NULL)
        cut = strrchr(path, '/');
    *cut = '\0';
    return mem_copy(path);
}

/* Starts a sink and waits for its "PORT n". */
static pid_t start_sink(struct harness *h, const char *name, int *port, const char *script)
{
    char *program = mem_printf("%s/%s", h->build, name), number[16], *script_path = NULL, *script_name;
    int out[2];
    char line[64];
    FILE *f;
    pid_t pid;

    if (script != NULL) {
        script_name = mem_printf("%s.script", name);
        harness_write(h, script_name, script);
        script_path = harness_path(h, script_name);
        free(script_name);
    }
    snprintf(number, sizeof number, "%d", *port);
    if (pipe2(out, O_CLOEXEC) != 0)
        harness_die("pipe");
    pid = fork();
    if (pid == 0) {
        const char *argv[16] = {program, "--port", number, "--exit-when-parent-dies"};
        int n = 4;

        setpgid(0, 0);
        dup2(out[1], 1);
        argv[n++] = h->options.count_only ? "--quiet-store" : "--dir";
        if (!h->options.count_only)
            argv[n++] = h->directory;
        if (script_path != NULL) {
            argv[n++] = "--script";
            argv[n++] = script_path;
        }
        if (strcmp(name, "webhook_sink") == 0) {
            argv[n++] = "--secret";
            argv[n++] = h->webhook_secret;
        }
        argv[n] = NULL;
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(71);
    }
    close(out[1]);
    f = fdopen(out[0], "r");
    if (pid < 0 || f == NULL || fgets(line, sizeof line, f) == NULL || sscanf(line, "PORT %d", port) != 1)
        harness_die(program);
    fclose(f);
    free(program);
    free(script_path);
    return pid;
}

void harness_sinks_restart(struct harness *h, const char *smtp_script, const char *hook_script)
{
    harness_sinks_stop(h);
    h->smtp = start_sink(h, "smtp_sink", &h->smtp_port, smtp_script);
    h->hook = start_sink(h, "webhook_sink", &h->hook_port, hook_script);
}

static void end(pid_t *pid, int signo)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGCONT);
    kill(*pid, signo);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *pid = 0;
}

void harness_sinks_stop(struct harness *h)
{
    end(&h->smtp, SIGTERM);
    end(&h->hook, SIGTERM);
}

void harness_sinks_freeze(struct harness *h)
{
    kill(h->smtp, SIGSTOP);
    kill(h->hook, SIGSTOP);
}

void harness_sinks_thaw(struct harness *h)
{
    kill(h->smtp, SIGCONT);
    kill(h->hook, SIGCONT);
}

static void open_notify(struct harness *h)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char *path = harness_path(h, "notify");

    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    h->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (h->notify_fd < 0 || bind(h->notify_fd, (struct sockaddr *)&a, sizeof a) != 0)
        harness_die(path);
    free(path);
}

static void init_database(struct harness *h)
{
    char *conninfo = mem_printf("%s user=postgres", cluster_conninfo(h->cluster));
    const char *argv[] = {"--as",       "postgres", "init",  "--authority", "southwark", "--operator", "amara",
                          "--operator", "ben",      "--operator", "carys",  NULL,        NULL,         NULL,     NULL,   NULL};
    struct buf out = {0}, err = {0};

    if (h->options.story_from != NULL) {
        argv[11] = "--demonstration";
        argv[12] = h->options.story_from;
        argv[13] = "--rate";
        argv[14] = h->options.story_stands ? "0" : "1";
    }
    if (harness_toldctl(h, "postgres", argv, &out, &err) != 0) {
        fprintf(stderr, "harness: toldctl init failed:\n%s%s", buf_string(&out), buf_string(&err));
        abort();
    }
    buf_release(&out);
    buf_release(&err);
    h->sql = PQconnectdb(conninfo);
    if (PQstatus(h->sql) != CONNECTION_OK)
        harness_die(PQerrorMessage(h->sql));
    free(conninfo);
}

struct harness *harness_start(const struct harness_options *options)
{
    struct harness *h = mem_new(sizeof *h);

    if (sodium_init() < 0)
        harness_die("libsodium");
    h->options = *options;
    h->build = find_build();
    h->root = realpath(".", NULL);
    h->cluster = cluster_start(options->durable);
    h->directory = mem_printf("%s/w", cluster_directory(h->cluster));
    if (mkdir(h->directory, 0700) != 0)
        harness_die(h->directory);
    harness_files_keys(h);
    h->endpoint = mem_printf("tcp://127.0.0.1:%d", loopback_hold_port(&h->port_fds[0]));
    h->broadcast_endpoint = mem_printf("tcp://127.0.0.1:%d", loopback_hold_port(&h->port_fds[1]));
    h->replay_endpoint = mem_printf("tcp://127.0.0.1:%d", loopback_hold_port(&h->port_fds[2]));
    h->smtp_port = loopback_hold_port(&h->port_fds[3]);
    h->hook_port = loopback_hold_port(&h->port_fds[4]);
    harness_sinks_restart(h, options->smtp_script, options->hook_script);
    harness_files_feeds(h);
    harness_files_config(h);
    open_notify(h);
    init_database(h);
    return h;
}

void harness_stop(struct harness *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < HARNESS_TOLD_MOST; i++)
        end(&h->told[i], SIGKILL);
    harness_sinks_stop(h);
    for (size_t i = 0; i < sizeof h->port_fds / sizeof *h->port_fds; i++)
        close(h->port_fds[i]);
    PQfinish(h->sql);
    if (h->notify_fd > 0)
        close(h->notify_fd);
    cluster_stop(h->cluster);
    buf_release(&h->notified);
    free(h->webhook_secret);
    free(h->endpoint);
    free(h->broadcast_endpoint);
    free(h->replay_endpoint);
    free(h->config);
    free(h->directory);
    free(h->build);
    free(h->root);
    free(h);
}

int harness_teardown(void **state)
{
    harness_stop(*state);
    return 0;
}

const char *harness_directory(const struct harness *h)
{
    return h->directory;
}

const char *harness_config(const struct harness *h)
{
    return h->config;
}

struct cluster *harness_cluster(struct harness *h)
{
    return h->cluster;
}

const char *harness_public_key(const struct harness *h)
{
    return h->public_key;
}

const char *harness_endpoint(const struct harness *h)
{
    return h->endpoint;
}

const char *harness_broadcast_endpoint(const struct harness *h)
{
    return h->broadcast_endpoint;
}

const char *harness_replay_endpoint(const struct harness *h)
{
    return h->replay_endpoint;
}

static void run_told(struct harness *h, const char *stages, const char *extra)
{
    char *program = mem_printf("%s/told", h->build), *log = harness_path(h, "told.log"), *notify = harness_path(h, "notify");
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *argv[] = {program, "-f", h->config, stages != NULL ? "--stages" : NULL, stages, NULL};

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(fd, 1);
    dup2(fd, 2);
    setenv("NOTIFY_SOCKET", notify, 1);
    unsetenv("JOURNAL_STREAM");
    if (extra != NULL)
        putenv(mem_copy(extra));
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(71);
}

pid_t harness_told_begin(struct harness *h, const char *stages, const char *extra)
{
    pid_t *slot = NULL;

    for (int i = 0; i < HARNESS_TOLD_MOST && slot == NULL; i++)
        if (h->told[i] == 0)
            slot = &h->told[i];
    if (slot == NULL)
        harness_die("too many told");
    buf_reset(&h->notified);
    *slot = fork();
    if (*slot == 0)
        run_told(h, stages, extra);
    return *slot;
}

pid_t harness_told(struct harness *h, const char *stages, const char *extra)
{
    pid_t pid = harness_told_begin(h, stages, extra);
    char *log;

    if (!harness_await_notify(h, "READY=1", 30000)) {
        log = harness_log(h);
        fprintf(stderr, "harness: told did not become ready; it said:\n%s\n", log);
        abort();
    }
    return pid;
}

int harness_signal(struct harness *h, pid_t told, int signo)
{
    int status = 0;

    kill(told, signo);
    if (signo == SIGHUP || signo == SIGSTOP || signo == SIGCONT)
        return 0;
    while (waitpid(told, &status, 0) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < HARNESS_TOLD_MOST; i++)
        if (h->told[i] == told)
            h->told[i] = 0;
    return status;
}

int64_t harness_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool harness_await_notify(struct harness *h, const char *want, int timeout_ms)
{
    int64_t end_ms = harness_now_ms() + timeout_ms;
    struct pollfd p = {.fd = h->notify_fd, .events = POLLIN};
    char text[4096], *found;

    for (;;) {
        found = strstr(buf_string(&h->notified), want);
        if (found != NULL) {
            /* What was found is used up: the next wait is for a new one. */
            memset(found, '.', strlen(want));
            return true;
        }
        if (harness_now_ms() >= end_ms)
            return false;
        if (poll(&p, 1, 50) > 0) {
            ssize_t len = recv(h->notify_fd, text, sizeof text, 0);

            if (len > 0) {
                buf_append(&h->notified, text, (size_t)len);
                buf_char(&h->notified, '\n');
            }
        }
    }
}

bool harness_reload(struct harness *h, pid_t told)
{
    char text[4096];

    while (recv(h->notify_fd, text, sizeof text, 0) > 0)
        ;
    buf_reset(&h->notified);
    kill(told, SIGHUP);
    return harness_await_notify(h, "RELOADING=1", 10000) && harness_await_notify(h, "READY=1", 10000);
}
