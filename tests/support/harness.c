/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <arpa/inet.h>
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
#include <zmq.h>

#include "cluster.h"
#include "told/mem.h"
#include "whole_file.h"
#include "loopback.h"

#define TOLD_MOST 16

static const char *const FEEDS[] = {"police", "court", "custody", "care", "yos", "register", "hearing", "broadcast"};
#define FEED_COUNT (sizeof FEEDS / sizeof *FEEDS)

struct harness {
    struct harness_options options;
    struct cluster *cluster;
    char *directory, *config, *build, *root; /* build: where told, toldctl and the sinks are; root: of the project */
    char public_key[41], public_keys[FEED_COUNT][41], secret_keys[FEED_COUNT][41];
    char *endpoint, *broadcast_endpoint, *replay_endpoint, *webhook_secret;
    int smtp_port, hook_port, port_fds[5]; /* as long as the box stands, its ports are nobody else's */
    pid_t smtp, hook, told[TOLD_MOST];
    int notify_fd;
    struct buf notified;
    PGconn *sql;
};

static void die(const char *what)
{
    fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
    abort();
}

char *harness_path(const struct harness *h, const char *name)
{
    return mem_printf("%s/%s", h->directory, name);
}

void harness_write(const struct harness *h, const char *name, const char *text)
{
    char *path = harness_path(h, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
        die(path);
    free(path);
}

char *harness_secret(const struct harness *h, const char *feed)
{
    char *name = mem_printf("%s.secret", feed), *path = harness_path(h, name);

    free(name);
    return path;
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
        die("/proc/self/exe");
    path[len] = '\0';
    cut = strstr(path, "/tests/");
    if (cut == NULL)
        cut = strrchr(path, '/');
    *cut = '\0';
    return mem_copy(path);
}

static void make_keys(struct harness *h)
{
    unsigned char secret[24];
    char key[41], base64[64], *text;

    if (zmq_curve_keypair(h->public_key, key) != 0)
        die("zmq_curve_keypair");
    harness_write(h, "told.key", key);
    for (size_t i = 0; i < FEED_COUNT; i++) {
        char *name = mem_printf("%s.secret", FEEDS[i]);

        if (zmq_curve_keypair(h->public_keys[i], h->secret_keys[i]) != 0)
            die("zmq_curve_keypair");
        harness_write(h, name, h->secret_keys[i]);
        free(name);
    }
    randombytes_buf(secret, sizeof secret);
    sodium_bin2base64(base64, sizeof base64, secret, sizeof secret, sodium_base64_VARIANT_ORIGINAL);
    text = mem_printf("whsec_%s", base64);
    harness_write(h, "webhook.secret", text);
    h->webhook_secret = text;
}

static const char *const FEED_GRANTS[FEED_COUNT] = {
    "sources = [ \"police/\" ]; types = [ \"*\" ];",  "sources = [ \"court/\" ]; types = [ \"*\" ];",
    "sources = [ \"custody/\" ]; types = [ \"*\" ];", "sources = [ \"care/\" ]; types = [ \"*\" ];",
    "sources = [ \"yos/\" ]; types = [ \"*\" ];",
    "sources = [ \"register/southwark\" ]; types = [ \"*\" ]; adapter = \"hmcts-court-register\";",
    "sources = [ \"hearing/southwark\" ]; types = [ \"*\" ]; adapter = \"hmcts-hearing\";",
    "sources = [ \"broadcast/\" ]; types = [ \"*\" ];",
};

/* Files of events, and bare foreign ones. */
static void write_drop(struct harness *h)
{
    char *path = harness_path(h, "drop"), *foreign = harness_path(h, "drop-register");
    char *text = mem_printf("feed-drop = { kind = \"directory\"; path = \"%s\"; sources = [ \"drop/\" ]; types = [ \"*\" ]; };\n"
                            "feed-drop-register = { kind = \"directory\"; path = \"%s\"; sources = [ \"drop-register/one\" ];"
                            " types = [ \"*\" ]; adapter = \"hmcts-court-register\"; };\n", path, foreign);

    if (mkdir(path, 0700) != 0 || mkdir(foreign, 0700) != 0)
        die(path);
    harness_write(h, "feeds/drop.conf", text);
    free(text);
    free(path);
    free(foreign);
}

static void write_feeds(struct harness *h)
{
    char *folder = harness_path(h, "feeds");

    if (mkdir(folder, 0700) != 0)
        die(folder);
    free(folder);
    if (h->options.drop)
        write_drop(h);
    for (size_t i = 0; i < FEED_COUNT; i++) {
        bool broadcast = strcmp(FEEDS[i], "broadcast") == 0,
             expects = h->options.expects != NULL && strcmp(FEEDS[i], "police") == 0;
        bool replay = broadcast && h->options.replay;
        char *name = mem_printf("feeds/%s.conf", FEEDS[i]), *text;

        if (broadcast && !h->options.broadcast) {
            free(name);
            continue;
        }
        text = mem_printf("feed-%s = { kind = \"%s\"; key = \"%s\"; secret_key = \"%s.secret\"; %s%s%s%s%s%s%s%s%s%s };\n", FEEDS[i],
                          broadcast ? "broadcast" : "confirmed", h->public_keys[i], FEEDS[i], FEED_GRANTS[i],
                          broadcast ? " connect = \"" : "", broadcast ? h->broadcast_endpoint : "", broadcast ? "\";" : "",
                          replay ? " replay = \"" : "", replay ? h->replay_endpoint : "", replay ? "\";" : "", expects ? " expects = { " : "", expects ? h->options.expects : "",
                          expects ? " };" : "");
        harness_write(h, name, text);
        free(text);
        free(name);
    }
}

static int or_else(int value, int otherwise)
{
    return value != 0 ? value : otherwise;
}

static void write_hooks(const struct harness *h, struct buf *b)
{
    for (const char *at = h->options.more_hooks; at != NULL && *at != '\0';) {
        const char *mark = strstr(at, "@HOOK@");

        if (mark == NULL) {
            buf_text(b, at);
            return;
        }
        buf_append(b, at, (size_t)(mark - at));
        buf_printf(b, "%d", h->hook_port);
        at = mark + strlen("@HOOK@");
    }
}

static void write_config(struct harness *h)
{
    struct buf b = {0};

    buf_printf(&b,
               "authority = \"southwark\";\nreference_domain = \"told.southwark.example\";\n"
               "last_resort = \"last-resort@southwark.example\";\n"
               "trusted = [ \"pnc\", \"cro\", \"noms\", \"ccd\", \"yos\", \"lcs\", \"nhs\", \"upn\" ];\npoll_ms = %d;\n"
               "feeds = \"feeds\";\nprotocol = \"%s/conf/protocol\";\ncalendar = \"%s/conf/calendar/bank-holidays.json\";\n"
               "codes = \"%s/conf/codes\";\nroles = \"%s/conf/roles.conf\";\ntemplates = \"%s/conf/templates\";\n",
               or_else(h->options.poll_ms, 100), h->root, h->root, h->root, h->root, h->root);
    buf_printf(&b, "database = { conninfo = \"%s\"; deadline_ms = %d; };\n", cluster_conninfo(h->cluster),
               or_else(h->options.deadline_ms, 10000));
    buf_text(&b, "identity = { looked_after_role = \"mash\"; };\n");
    buf_printf(&b,
               "ingest = { bind = \"%s\"; secret_key = \"told.key\"; public_key = \"%s\"; spool = \"spool\"; "
               "gap_after_s = %d; replay_every_s = %d; };\n",
               h->endpoint, h->public_key, or_else(h->options.gap_after_s, 60), or_else(h->options.replay_every_s, 30));
    buf_printf(&b, "brake = { %s };\n",
               h->options.brake != NULL ? h->options.brake : "message_most = 1000000; hour_most = 1000000000;");
    buf_printf(&b, "dispatch = { lease_ms = %d; dead_after_s = %d; };\n", or_else(h->options.lease_ms, 6000),
               or_else(h->options.dead_after_s, 900));
    buf_printf(&b,
               "email = { tls = \"none\"; from = \"told@southwark.example\"; connect_timeout_s = 20; response_timeout_s = %d;"
               " final_timeout_s = %d; senders = %d;",
               or_else(h->options.response_timeout_s, 20), or_else(h->options.response_timeout_s, 20), or_else(h->options.senders, 2));
    if (h->options.second_relay_port != 0)
        buf_printf(&b,
                   " relays = ( { name = \"first\"; url = \"smtp://127.0.0.1:%d\"; },"
                   " { name = \"second\"; url = \"smtp://127.0.0.1:%d\"; } ); };\n",
                   or_else(h->options.smtp_port, h->smtp_port), h->options.second_relay_port);
    else
        buf_printf(&b, " url = \"smtp://127.0.0.1:%d\"; };\n", or_else(h->options.smtp_port, h->smtp_port));
    buf_printf(&b,
               "webhooks = { case-system = { url = \"http://127.0.0.1:%d/told\"; secrets = [ \"webhook.secret\" ];"
               " allow_private = true; connect_timeout_s = 20; timeout_s = 20; };\n",
               or_else(h->options.hook_port, h->hook_port));
    write_hooks(h, &b);
    buf_text(&b,
               " };\ncourts = ( { court = \"camberwell-youth-court\"; host = true; days = [ \"monday\", \"tuesday\", \"wednesday\","
               " \"thursday\", \"friday\" ]; } );\n");
    buf_text(&b, h->options.more_config != NULL ? h->options.more_config : "");
    harness_write(h, "told.conf", b.bytes);
    buf_release(&b);
    h->config = harness_path(h, "told.conf");
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
        die("pipe");
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
        die(program);
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
        die(path);
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
        die(PQerrorMessage(h->sql));
    free(conninfo);
}

struct harness *harness_start(const struct harness_options *options)
{
    struct harness *h = mem_new(sizeof *h);

    if (sodium_init() < 0)
        die("libsodium");
    h->options = *options;
    h->build = find_build();
    h->root = realpath(".", NULL);
    h->cluster = cluster_start(options->durable);
    h->directory = mem_printf("%s/w", cluster_directory(h->cluster));
    if (mkdir(h->directory, 0700) != 0)
        die(h->directory);
    make_keys(h);
    h->endpoint = mem_printf("tcp://127.0.0.1:%d", loopback_hold_port(&h->port_fds[0]));
    h->broadcast_endpoint = mem_printf("tcp://127.0.0.1:%d", loopback_hold_port(&h->port_fds[1]));
    h->replay_endpoint = mem_printf("tcp://127.0.0.1:%d", loopback_hold_port(&h->port_fds[2]));
    h->smtp_port = loopback_hold_port(&h->port_fds[3]);
    h->hook_port = loopback_hold_port(&h->port_fds[4]);
    harness_sinks_restart(h, options->smtp_script, options->hook_script);
    write_feeds(h);
    write_config(h);
    open_notify(h);
    init_database(h);
    return h;
}

void harness_stop(struct harness *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < TOLD_MOST; i++)
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

    for (int i = 0; i < TOLD_MOST && slot == NULL; i++)
        if (h->told[i] == 0)
            slot = &h->told[i];
    if (slot == NULL)
        die("too many told");
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
    for (int i = 0; i < TOLD_MOST; i++)
        if (h->told[i] == told)
            h->told[i] = 0;
    return status;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool harness_await_notify(struct harness *h, const char *want, int timeout_ms)
{
    int64_t end_ms = now_ms() + timeout_ms;
    struct pollfd p = {.fd = h->notify_fd, .events = POLLIN};
    char text[4096], *found;

    for (;;) {
        found = strstr(buf_string(&h->notified), want);
        if (found != NULL) {
            /* What was found is used up: the next wait is for a new one. */
            memset(found, '.', strlen(want));
            return true;
        }
        if (now_ms() >= end_ms)
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

char *harness_read(const struct harness *h, const char *name)
{
    char *path = harness_path(h, name), *text = whole_file(path, NULL);

    free(path);
    return text != NULL ? text : mem_copy("");
}

char *harness_log(const struct harness *h)
{
    return harness_read(h, "told.log");
}

static void run_toldctl(const struct harness *h, const char *user, const char *const argv[], const int fds[3])
{
    char *program = mem_printf("%s/toldctl", h->build);
    const char *list[40] = {program, "-f", h->config};
    int n = 3;

    while (argv[n - 3] != NULL && n < 39) {
        list[n] = argv[n - 3];
        n++;
    }
    list[n] = NULL;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("PGUSER", user != NULL ? user : "amara", 1);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            dup2(fds[i], i);
    execv(program, (char *const *)(uintptr_t)list);
    _exit(71);
}

/* Feeds the input and gathers both outputs until the program closes them. */
static void converse(int in, const char *input, int out, int err, struct buf *ret_out, struct buf *ret_err)
{
    struct pollfd p[3] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}, {.fd = in, .events = POLLOUT}};
    struct buf *to[2] = {ret_out, ret_err};
    size_t left = input != NULL ? strlen(input) : 0;
    char chunk[65536];

    while (p[0].fd >= 0 || p[1].fd >= 0) {
        if (left == 0 && p[2].fd >= 0) {
            close(p[2].fd);
            p[2].fd = -1;
        }
        if (poll(p, 3, -1) < 0)
            continue;
        if (p[2].fd >= 0 && p[2].revents != 0) {
            ssize_t n = write(p[2].fd, input + strlen(input) - left, left);

            left = n > 0 ? left - (size_t)n : 0;
        }
        for (int i = 0; i < 2; i++) {
            ssize_t n;

            if (p[i].fd < 0 || p[i].revents == 0)
                continue;
            n = read(p[i].fd, chunk, sizeof chunk);
            if (n > 0 && to[i] != NULL)
                buf_append(to[i], chunk, (size_t)n);
            if (n <= 0) {
                close(p[i].fd);
                p[i].fd = -1;
            }
        }
    }
    if (p[2].fd >= 0)
        close(p[2].fd);
}

int harness_toldctl_input(struct harness *h, const char *user, const char *const argv[], const char *input, struct buf *out,
                          struct buf *err)
{
    int in_pipe[2], out_pipe[2], err_pipe[2], status = 0;
    pid_t pid;

    if (pipe2(in_pipe, O_CLOEXEC) != 0 || pipe2(out_pipe, O_CLOEXEC) != 0 || pipe2(err_pipe, O_CLOEXEC) != 0)
        die("pipe");
    signal(SIGPIPE, SIG_IGN);
    pid = fork();
    if (pid == 0)
        run_toldctl(h, user, argv, (int[]){in_pipe[0], out_pipe[1], err_pipe[1]});
    close(in_pipe[0]);
    close(out_pipe[1]);
    close(err_pipe[1]);
    converse(in_pipe[1], input, out_pipe[0], err_pipe[0], out, err);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int harness_toldctl(struct harness *h, const char *user, const char *const argv[], struct buf *out, struct buf *err)
{
    return harness_toldctl_input(h, user, argv, NULL, out, err);
}

pid_t harness_publish_start(struct harness *h, const char *feed, const char *path, const char *output_path)
{
    const char *argv[] = {"publish", "--feed", feed, "--timeout", "300", path, NULL};
    int fd = open(output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_t pid = fork();

    if (pid == 0)
        run_toldctl(h, NULL, argv, (int[]){-1, fd, fd});
    close(fd);
    return pid;
}

static bool is_good(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
}

/* No SQLSTATE: libpq itself lost the server. 57P: the server says good-bye. */
static bool is_connection_error(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state == NULL || strncmp(state, "57P", 3) == 0;
}

PGresult *harness_query(struct harness *h, const char *sql)
{
    PGresult *result = PQexec(h->sql, sql);

    /* A test that stops the database comes back here after it, over a connection that has ended. */
    for (int i = 0; i < 50 && !is_good(result) && is_connection_error(result); i++) {
        PQclear(result);
        poll(NULL, 0, 100);
        PQreset(h->sql);
        result = PQexec(h->sql, sql);
    }
    if (!is_good(result)) {
        fprintf(stderr, "harness: %s\n  in: %s\n", PQresultErrorMessage(result), sql);
        abort();
    }
    return result;
}

char *harness_value(struct harness *h, const char *sql)
{
    PGresult *result = harness_query(h, sql);
    char *text = mem_copy(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");

    PQclear(result);
    return text;
}

long harness_count(struct harness *h, const char *sql)
{
    char *text = harness_value(h, sql);
    long n = strtol(text, NULL, 10);

    free(text);
    return n;
}

bool harness_await(struct harness *h, const char *sql, const char *want, int timeout_ms)
{
    int64_t end_ms = now_ms() + timeout_ms;

    for (;;) {
        char *text = harness_value(h, sql);
        bool there = strcmp(text, want) == 0;

        if (!there && now_ms() >= end_ms)
            fprintf(stderr, "harness: waited %d ms for \"%s\", there is \"%s\"\n  in: %s\n", timeout_ms, want, text, sql);
        free(text);
        if (there)
            return true;
        if (now_ms() >= end_ms)
            return false;
        poll(NULL, 0, 20);
    }
}

void harness_jump(struct harness *h, const char *to)
{
    char *sql = mem_printf("UPDATE told.installation SET told_from = '%s', real_from = clock_timestamp()", to);

    PQclear(harness_query(h, sql));
    free(sql);
}

long harness_lines(const struct harness *h, const char *name)
{
    char *text = harness_read(h, name);
    long lines = 0;

    for (const char *p = text; *p != '\0'; p++)
        lines += *p == '\n';
    free(text);
    return lines;
}
