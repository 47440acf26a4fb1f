/* SPDX-License-Identifier: Apache-2.0 */
#include "imap_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
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
#include "loopback.h"

struct imap_server {
    char directory[32];
    char *certificate;
    uid_t uid;
    gid_t gid;
    int ports[2], port_fds[2]; /* STARTTLS, implicit */
    pid_t pid;
};

static void die(const char *what)
{
    fprintf(stderr, "imap_server: %s: %s\n", what, strerror(errno));
    abort();
}

static char *path_of(const struct imap_server *s, const char *name)
{
    return mem_printf("%s/%s", s->directory, name);
}

static void own(const struct imap_server *s, const char *path)
{
    if (chown(path, s->uid, s->gid) != 0)
        die(path);
}

static void write_file(const struct imap_server *s, const char *name, const char *text)
{
    char *path = path_of(s, name);
    FILE *f = fopen(path, "w");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        die(path);
    own(s, path);
    free(path);
}

static void make_folder(const struct imap_server *s, const char *name)
{
    char *path = path_of(s, name);

    if (mkdir(path, 0700) != 0)
        die(path);
    own(s, path);
    free(path);
}

static void make_certificate(struct imap_server *s)
{
    char *key = path_of(s, "key.pem"), *command;

    s->certificate = path_of(s, "cert.pem");
    command = mem_printf("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
                         " -addext subjectAltName=DNS:localhost -keyout %s -out %s >/dev/null 2>&1",
                         key, s->certificate);
    if (system(command) != 0)
        die("openssl");
    own(s, key);
    own(s, s->certificate);
    free(command);
    free(key);
}

/* chroot, users and groups of Dovecot's processes all as the one user: what a plain user may do. */
static void write_config(const struct imap_server *s)
{
    struct passwd *user = getpwuid(s->uid);
    struct group *group = getgrgid(s->gid);
    struct buf b = {0};

    if (user == NULL || group == NULL)
        die("a user without a name");
    buf_printf(&b,
               "base_dir = %1$s/run\nstate_dir = %1$s/state\nlog_path = %1$s/dovecot.log\nprotocols = imap\nlisten = 127.0.0.1\n"
               "default_internal_user = %2$s\ndefault_internal_group = %3$s\ndefault_login_user = %2$s\nfirst_valid_uid = 1\n"
               "ssl = required\nssl_cert = <%1$s/cert.pem\nssl_key = <%1$s/key.pem\ndisable_plaintext_auth = yes\n"
               "mail_location = maildir:%1$s/mail\nmail_fsync = never\n",
               s->directory, user->pw_name, group->gr_name);
    buf_printf(&b,
               "passdb {\n  driver = passwd-file\n  args = scheme=plain username_format=%%u %1$s/users\n}\n"
               "userdb {\n  driver = static\n  args = uid=%2$u gid=%3$u home=%1$s\n}\n"
               "service anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n"
               "service imap-login {\n  chroot =\n  inet_listener imap {\n    port = %4$d\n  }\n  inet_listener imaps {\n    port = %5$d\n"
               "    ssl = yes\n  }\n}\n",
               s->directory, (unsigned)s->uid, (unsigned)s->gid, s->ports[0], s->ports[1]);
    write_file(s, "dovecot.conf", buf_string(&b));
    write_file(s, "users", IMAP_SERVER_LOGIN ":" IMAP_SERVER_PASSWORD "\n");
    buf_release(&b);
}

static void run(const struct imap_server *s)
{
    char *config = path_of(s, "dovecot.conf"), *log = path_of(s, "start.log");
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    setpgid(0, 0);
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(s->gid) != 0 || setuid(s->uid) != 0))
        _exit(71);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(out, 1);
    dup2(out, 2);
    if (chdir("/") == 0)
        execl("/usr/sbin/dovecot", "dovecot", "-F", "-c", config, (char *)NULL);
    _exit(71);
}

struct imap_server *imap_server_start(void)
{
    static const char *const FOLDERS[] = {"run", "state", "mail", "mail/new", "mail/cur", "mail/tmp"};
    struct imap_server *s = mem_new(sizeof *s);
    struct passwd *nobody = getpwnam("nobody");

    s->uid = geteuid() == 0 && nobody != NULL ? nobody->pw_uid : geteuid();
    s->gid = geteuid() == 0 && nobody != NULL ? nobody->pw_gid : getegid();
    snprintf(s->directory, sizeof s->directory, "/tmp/told-imap.XXXXXX");
    if (mkdtemp(s->directory) == NULL)
        die("mkdtemp");
    own(s, s->directory);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        make_folder(s, FOLDERS[i]);
    s->ports[0] = loopback_hold_port(&s->port_fds[0]);
    s->ports[1] = loopback_hold_port(&s->port_fds[1]);
    make_certificate(s);
    write_config(s);
    s->pid = fork();
    if (s->pid == 0)
        run(s);
    for (int i = 0; i < 200 && !(loopback_answers(s->ports[0]) && loopback_answers(s->ports[1])); i++)
        poll(NULL, 0, 50);
    if (!loopback_answers(s->ports[1]))
        die("dovecot does not answer; see start.log and dovecot.log in its directory; is dovecot-imapd installed? (make deps)");
    return s;
}

static int drop(const char *path, const struct stat *is, int type, struct FTW *at)
{
    (void)is, (void)type, (void)at;
    return remove(path);
}

void imap_server_stop(struct imap_server *s)
{
    if (s == NULL)
        return;
    kill(s->pid, SIGTERM);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    /* Its processes end with it, some a moment later, and may write until then. */
    for (int i = 0; i < 100 && nftw(s->directory, drop, 16, FTW_DEPTH | FTW_PHYS) != 0; i++)
        poll(NULL, 0, 20);
    free(s->certificate);
    close(s->port_fds[0]);
    close(s->port_fds[1]);
    free(s);
}

int imap_server_port(const struct imap_server *s, bool implicit_tls)
{
    return s->ports[implicit_tls];
}

const char *imap_server_certificate(const struct imap_server *s)
{
    return s->certificate;
}

void imap_server_deliver(struct imap_server *s, int number, const char *text)
{
    char *name = mem_printf("mail/tmp/1717404000.%d.mail", number), *from = path_of(s, name), *to = path_of(s, name);

    write_file(s, name, text);
    memcpy(strstr(to, "/tmp/1717"), "/new/", 5);
    if (rename(from, to) != 0)
        die(to);
    free(from);
    free(to);
    free(name);
}

long imap_server_count(const struct imap_server *s, const char *folder)
{
    static const char *const PARTS[] = {"new", "cur"};
    long count = 0;

    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        char *name = mem_printf("mail/%s%s%s", folder, *folder != '\0' ? "/" : "", PARTS[i]), *path = path_of(s, name);
        DIR *list = opendir(path);

        for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
            count += entry->d_name[0] != '.';
        if (list != NULL)
            closedir(list);
        free(path);
        free(name);
    }
    return count;
}
