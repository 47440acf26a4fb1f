/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster.h"
#include "scratch.h"
#include "told/mem.h"

#define WORDS_MOST 24

struct desk {
    struct cluster *cluster;
    char *directory, *config, *toldctl, *path;
    struct pg *super;
    struct buf out, err, value;
};

static void die(const char *what)
{
    fprintf(stderr, "desk: %s: %s\n", what, strerror(errno));
    abort();
}

/* Where this test stands says where toldctl is (its build) and where conf/ is (the project). */
static char *find(const char *from, const char *below)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len < 0)
        die("/proc/self/exe");
    path[len] = 0;
    char *cut = strstr(path, from);
    if (!cut)
        die("a test runs from its build directory");
    *cut = 0;
    return mem_printf("%s/%s", path, below);
}

static void write_config(struct desk *desk)
{
    char *conf = find("/build/", "conf");
    char *text = mem_printf(
        "authority = \"southwark\";\n"
        "reference_domain = \"told.southwark.example\";\n"
        "last_resort = \"last-resort@southwark.example\";\n"
        "trusted = [ \"pnc\", \"cro\", \"noms\", \"yos\", \"lcs\", \"nhs\", \"upn\" ];\n"
        "feeds = \"%s/feeds.conf\";\nprotocol = \"%s/protocol\";\nroles = \"%s/roles.conf\";\n"
        "calendar = \"%s/calendar/bank-holidays.json\";\ntemplates = \"%s/templates\";\ncodes = \"%s/codes\";\n"
        "database: { conninfo = \"%s\"; deadline_ms = 5000; };\n"
        "email: { url = \"smtp://127.0.0.1:25\"; tls = \"none\"; from = \"told@southwark.example\"; };\n"
        "webhooks: { case-system: { url = \"https://hooks.example/told\"; secrets = [ \"hook\" ]; }; };\n",
        desk->directory, conf, conf, conf, conf, conf, cluster_conninfo(desk->cluster));
    desk_write(desk, "feeds.conf",
               "feed-police: { kind = \"confirmed\"; key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\";"
               " sources = [ \"police/\" ]; types = [ \"*\" ]; };\n");
    desk->config = mem_copy(desk_write(desk, "told.conf", text));
    free(text);
    free(conf);
}

struct desk *desk_start(void)
{
    struct desk *desk = mem_new(sizeof *desk);
    desk->directory = scratch_new();
    if (!desk->directory)
        die("its directory");
    desk->toldctl = find("/tests/", "toldctl");
    desk->cluster = cluster_start(false);
    write_config(desk);
    if (desk_toldctl(desk, "postgres", "init", "--authority", "southwark", "--demonstration", DESK_STORY,
                     "--rate", "0", "--operator", "amara", "--operator", "ben", NULL) != 0) {
        fprintf(stderr, "%s%s", desk_out(desk), desk_err(desk));
        desk_stop(desk);
        die("toldctl init");
    }
    desk->super = desk_connect(desk, "postgres");
    return desk;
}

void desk_stop(struct desk *desk)
{
    if (!desk)
        return;
    pg_free(desk->super);
    cluster_stop(desk->cluster);
    scratch_free(desk->directory);
    free(desk->config);
    free(desk->toldctl);
    free(desk->path);
    buf_release(&desk->out);
    buf_release(&desk->err);
    buf_release(&desk->value);
    free(desk);
}

struct cluster *desk_cluster(struct desk *desk)
{
    return desk->cluster;
}

const char *desk_conninfo(const struct desk *desk)
{
    return cluster_conninfo(desk->cluster);
}

const char *desk_config(const struct desk *desk)
{
    return desk->config;
}

static void slurp(const char *directory, const char *name, struct buf *ret)
{
    char *text = scratch_read(directory, name);
    buf_reset(ret);
    buf_text(ret, text ? text : "");
    free(text);
}

/* The child of a fork. */
static void become(const struct desk *desk, const char *user, char **argv, const char *out, const char *err)
{
    int fd_out = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
        fd_err = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd_out < 0 || fd_err < 0 || dup2(fd_out, 1) < 0 || dup2(fd_err, 2) < 0)
        _exit(71);
    setenv("PGUSER", user, 1);
    unsetenv("JOURNAL_STREAM");
    execv(desk->toldctl, argv);
    _exit(72);
}

int desk_toldctl(struct desk *desk, const char *user, ...)
{
    char *argv[WORDS_MOST] = {desk->toldctl, mem_copy("-f"), desk->config};
    char *out = mem_printf("%s/out", desk->directory), *err = mem_printf("%s/err", desk->directory);
    size_t count = 3;
    va_list words;
    va_start(words, user);
    for (const char *word; count + 1 < WORDS_MOST && (word = va_arg(words, const char *));)
        argv[count++] = mem_copy(word);
    va_end(words);
    pid_t pid = fork();
    if (pid == 0)
        become(desk, user, argv, out, err);
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        die("toldctl");
    slurp(desk->directory, "out", &desk->out);
    slurp(desk->directory, "err", &desk->err);
    free(argv[1]);
    for (size_t i = 3; i < count; i++)
        free(argv[i]);
    free(out);
    free(err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *desk_out(const struct desk *desk)
{
    return buf_string(&desk->out);
}

const char *desk_err(const struct desk *desk)
{
    return buf_string(&desk->err);
}

const char *desk_value(struct desk *desk, const char *sql)
{
    PGresult *rows = PQexec(pg_conn(desk->super), sql);
    if (PQresultStatus(rows) != PGRES_TUPLES_OK && PQresultStatus(rows) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s\n%s\n", sql,
                PQresultVerboseErrorMessage(rows, PQERRORS_DEFAULT, PQSHOW_CONTEXT_NEVER));
        die("SQL of a test");
    }
    buf_reset(&desk->value);
    if (PQntuples(rows) > 0 && PQnfields(rows) > 0)
        buf_text(&desk->value, PQgetvalue(rows, 0, 0));
    PQclear(rows);
    return buf_string(&desk->value);
}

struct pg *desk_connect(struct desk *desk, const char *user)
{
    struct pg *pg = pg_new(cluster_conninfo(desk->cluster), user, 5000);
    if (!pg_is_up(pg)) {
        fprintf(stderr, "as %s: %s\n", user, pg_message(pg));
        die("connect");
    }
    return pg;
}

const char *desk_write(struct desk *desk, const char *name, const char *text)
{
    free(desk->path);
    desk->path = mem_printf("%s/%s", desk->directory, name);
    FILE *file = fopen(desk->path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        die(desk->path);
    return desk->path;
}
