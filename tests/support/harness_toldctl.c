/* SPDX-License-Identifier: Apache-2.0 */
/* toldctl as a person or a publisher runs it. */
#include "harness_box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "told/mem.h"

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
        harness_die("pipe");
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
