/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "told/buf.h"
#include "told/mem.h"
#include "whole_file.h"

#define PG_BIN "/usr/lib/postgresql/15/bin"

struct cluster {
    char *directory; /* /tmp/told-XXXXXX */
    char *home;      /* directory/pg: data and socket, owned by the server's user */
    char *conninfo;
    uid_t uid; /* who runs the server */
    gid_t gid;
    char *user;
    bool durable;
    pid_t pid; /* postmaster; 0 while halted */
    pid_t janitor; /* removes the directory if we die before cluster_stop */
    int alive_fd;  /* closed by our end, however it comes */
};

static void fail(const char *what)
{
    fprintf(stderr, "private PostgreSQL cluster: %s: %s\n", what, strerror(errno));
    exit(70);
}

/* initdb and postgres refuse to run as root, so root hands them to the package's own user. */
static void choose_user(struct cluster *c)
{
    struct passwd *who = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());

    if (who == NULL)
        fail("no user to run it as; is postgresql-15 installed? (make deps)");
    c->uid = who->pw_uid;
    c->gid = who->pw_gid;
    c->user = mem_copy(who->pw_name);
}

/* The child of a fork: becomes the server's user and the program. */
static void become(const struct cluster *c, const char *log, char *const argv[])
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(c->gid) != 0 || setuid(c->uid) != 0))
        _exit(71);
    /* Fast shutdown when whoever started us is gone, however it went. */
    prctl(PR_SET_PDEATHSIG, SIGINT);
    dup2(out, 1);
    dup2(out, 2);
    if (chdir("/") != 0)
        _exit(71);
    execv(argv[0], argv);
    _exit(71);
}

static pid_t start(const struct cluster *c, char *const argv[])
{
    char *log = mem_printf("%s/pg.log", c->directory);
    pid_t pid = fork();

    if (pid == 0) {
        setpgid(0, 0); /* a Ctrl-C is for the story, which then ends us in order */
        become(c, log, argv);
    }
    free(log);
    if (pid < 0)
        fail("fork");
    return pid;
}

static void run_initdb(const struct cluster *c)
{
    char *data = mem_printf("%s/data", c->home);
    char program[] = PG_BIN "/initdb", auth[] = "-Apeer", sync[] = "--no-sync", encoding[] = "-EUTF8",
         locale[] = "--locale=C.UTF-8", super[] = "-Upostgres", where[] = "-D";
    char *argv[] = {program, auth, sync, encoding, locale, super, where, data, NULL};
    int status;
    pid_t pid = start(c, argv);

    if (waitpid(pid, &status, 0) != pid || status != 0)
        fail("initdb failed; see pg.log; is postgresql-15 installed? (make deps)");
    free(data);
}

static void write_file(const struct cluster *c, const char *name, const char *mode, const char *text)
{
    char *path = mem_printf("%s/data/%s", c->home, name);
    FILE *f = fopen(path, mode);

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chown(path, c->uid, c->gid) != 0)
        fail(path);
    free(path);
}

static void configure(const struct cluster *c)
{
    static const char *const LOGINS[] = {"postgres",     "told_owner",   "told_ingest", "told_decide", "told_dispatch",
                                         "told_console", "told_reader",  "amara",       "ben",         "carys"};
    struct buf b = {0};
    struct passwd *me = getpwuid(geteuid());

    buf_printf(&b,
               "listen_addresses = ''\nunix_socket_directories = '%s'\nunix_socket_permissions = 0777\n"
               "max_connections = 60\nshared_buffers = 64MB\nmax_wal_size = 512MB\n"
               "log_error_verbosity = terse\nlog_min_error_statement = panic\nlog_parameter_max_length = 0\n"
               "log_parameter_max_length_on_error = 0\njit = off\n%s",
               c->home, c->durable ? "" : "fsync = off\nfull_page_writes = off\n");
    write_file(c, "postgresql.conf", "a", b.bytes);
    write_file(c, "pg_hba.conf", "w", "local all all peer map=told\n");
    buf_reset(&b);
    for (size_t i = 0; i < sizeof LOGINS / sizeof *LOGINS; i++) {
        buf_printf(&b, "told %s %s\n", me->pw_name, LOGINS[i]);
        if (strcmp(me->pw_name, c->user) != 0)
            buf_printf(&b, "told %s %s\n", c->user, LOGINS[i]);
    }
    write_file(c, "pg_ident.conf", "w", b.bytes);
    buf_release(&b);
}

static void await_server(const struct cluster *c)
{
    char *conninfo = mem_printf("host=%s dbname=postgres user=postgres connect_timeout=2", c->home);

    for (int i = 0; PQping(conninfo) != PQPING_OK; i++) {
        if (i > 600)
            fail("it does not answer; see pg.log");
        usleep(50 * 1000);
    }
    free(conninfo);
}

void cluster_resume(struct cluster *c)
{
    char *data = mem_printf("%s/data", c->home);
    char program[] = PG_BIN "/postgres", where[] = "-D";
    char *argv[] = {program, where, data, NULL};

    c->pid = start(c, argv);
    await_server(c);
    free(data);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(path);
}

static void remove_all(const char *directory)
{
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A test that aborts leaves nothing behind either: this child waits for our end, however it comes, then for the server's
 * (which the kernel tells to stop), and removes the directory. */
static void start_janitor(struct cluster *c)
{
    int fds[2];
    char nothing;

    if (pipe2(fds, O_CLOEXEC) != 0 || (c->janitor = fork()) < 0)
        fail("fork");
    if (c->janitor == 0) {
        setpgid(0, 0);
        if (dup2(fds[0], 0) != 0 || close_range(1, ~0U, 0) != 0)
            _exit(71);
        while (read(0, &nothing, 1) < 0 && errno == EINTR)
            ;
        for (int i = 0; i < 100 && access(c->home, F_OK) == 0; i++) {
            char *pid_file = mem_printf("%s/data/postmaster.pid", c->home);
            bool running = access(pid_file, F_OK) == 0;

            free(pid_file);
            if (!running)
                break;
            usleep(100 * 1000);
        }
        remove_all(c->directory);
        _exit(0);
    }
    close(fds[0]);
    c->alive_fd = fds[1];
}

struct cluster *cluster_start(bool durable)
{
    struct cluster *c = mem_new(sizeof *c);
    char template[] = "/tmp/told-XXXXXX";

    choose_user(c);
    c->durable = durable;
    if (mkdtemp(template) == NULL)
        fail("mkdtemp");
    c->directory = mem_copy(template);
    c->home = mem_printf("%s/pg", template);
    c->conninfo = mem_printf("host=%s dbname=told", c->home);
    if (chmod(template, 0711) != 0 || mkdir(c->home, 0700) != 0 || chown(c->home, c->uid, c->gid) != 0)
        fail("its directory");
    start_janitor(c);
    run_initdb(c);
    configure(c);
    cluster_resume(c);
    return c;
}

void cluster_stop(struct cluster *c)
{
    char *pid_file;

    if (c == NULL)
        return;
    cluster_halt(c);
    pid_file = mem_printf("%s/data/postmaster.pid", c->home);
    unlink(pid_file); /* an immediate stop leaves it; the janitor need not wait */
    free(pid_file);
    close(c->alive_fd);
    while (waitpid(c->janitor, NULL, 0) < 0 && errno == EINTR)
        ;
    free(c->directory);
    free(c->home);
    free(c->conninfo);
    free(c->user);
    free(c);
}

const char *cluster_conninfo(const struct cluster *c)
{
    return c->conninfo;
}

const char *cluster_directory(const struct cluster *c)
{
    return c->directory;
}

char *cluster_log(const struct cluster *c)
{
    char *path = mem_printf("%s/pg.log", c->directory), *text = whole_file(path, NULL);

    if (text == NULL)
        fail(path);
    free(path);
    return text;
}

void cluster_halt(struct cluster *c)
{
    if (c->pid == 0)
        return;
    kill(c->pid, SIGCONT);
    kill(c->pid, SIGQUIT); /* immediate: as if the power had failed */
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    c->pid = 0;
}

/* The backends are children of the postmaster; those that exist are stopped one by one, the postmaster first so that
 * it starts no more. */
static void signal_children(pid_t parent, int signo)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        char path[64];
        int pid = atoi(entry->d_name), ppid = 0;
        FILE *f;

        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        if ((f = fopen(path, "re")) == NULL)
            continue;
        if (fscanf(f, "%*d (%*[^)]) %*c %d", &ppid) == 1 && ppid == parent)
            kill(pid, signo);
        fclose(f);
    }
    if (proc != NULL)
        closedir(proc);
}

void cluster_freeze(struct cluster *c)
{
    kill(c->pid, SIGSTOP);
    signal_children(c->pid, SIGSTOP);
}

void cluster_thaw(struct cluster *c)
{
    signal_children(c->pid, SIGCONT);
    kill(c->pid, SIGCONT);
}
