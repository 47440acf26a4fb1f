/* SPDX-License-Identifier: Apache-2.0 */
#include "drop_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "told/mem.h"

enum { NUMBER_MOST = 10000 };

struct drop_directory {
    int directory, done, failed;
    uid_t owner;
    char **stuck; /* names that could not be moved */
    size_t stuck_count;
};

/* ---- opening ---- */

static char *open_below(const struct drop_directory *drop, const char *name, int *ret)
{
    if (mkdirat(drop->directory, name, 0700) != 0 && errno != EEXIST)
        return mem_printf("%s/ cannot be made in it: %s", name, strerror(errno));
    *ret = openat(drop->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret >= 0 ? NULL : mem_printf("%s/ in it cannot be opened: %s", name, strerror(errno));
}

static char *open_all(struct drop_directory *drop, const char *path, const char *owner)
{
    const struct passwd *login = owner != NULL ? getpwnam(owner) : NULL;
    struct stat about;
    char *reason;

    if (owner != NULL && login == NULL)
        return mem_printf("its owner %s is no login here", owner);
    drop->owner = login != NULL ? login->pw_uid : geteuid();
    drop->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (drop->directory < 0 || fstat(drop->directory, &about) != 0)
        return mem_printf("it cannot be opened: %s", strerror(errno));
    /* Who may rename into it may put another's file there: others may not, a group that told shares may. */
    if ((about.st_uid != drop->owner && about.st_uid != geteuid()) || (about.st_mode & S_IWOTH) != 0)
        return mem_copy("others may write to it: give it to its owner, without o+w");
    reason = open_below(drop, "done", &drop->done);
    return reason != NULL ? reason : open_below(drop, "failed", &drop->failed);
}

struct drop_directory *drop_directory_open(const char *path, const char *owner, char **ret_reason)
{
    struct drop_directory *drop = mem_new(sizeof *drop);

    drop->directory = drop->done = drop->failed = -1;
    *ret_reason = open_all(drop, path, owner);
    if (*ret_reason == NULL)
        return drop;
    drop_directory_close(drop);
    return NULL;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void drop_directory_close(struct drop_directory *drop)
{
    if (drop == NULL)
        return;
    close_fd(drop->directory);
    close_fd(drop->done);
    close_fd(drop->failed);
    for (size_t i = 0; i < drop->stuck_count; i++)
        free(drop->stuck[i]);
    free(drop->stuck);
    free(drop);
}

/* ---- reading ---- */

static bool is_stuck(const struct drop_directory *drop, const char *name)
{
    for (size_t i = 0; i < drop->stuck_count; i++)
        if (strcmp(drop->stuck[i], name) == 0)
            return true;
    return false;
}

static bool is_dropped(const struct drop_directory *drop, const char *name)
{
    return name[0] != '.' && strcmp(name, "done") != 0 && strcmp(name, "failed") != 0 && !is_stuck(drop, name);
}

char *drop_directory_next(struct drop_directory *drop)
{
    int fd = openat(drop->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* an offset of its own */
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    char *first = NULL;

    while (listing != NULL && (entry = readdir(listing)) != NULL)
        if (is_dropped(drop, entry->d_name) && (first == NULL || strcmp(entry->d_name, first) < 0)) {
            free(first);
            first = mem_copy(entry->d_name);
        }
    if (listing != NULL)
        (void)closedir(listing);
    return first;
}

static const char *judge(const struct drop_directory *drop, const struct stat *about)
{
    if (!S_ISREG(about->st_mode))
        return "file: is no regular file; rename a file into the directory, no link and no directory";
    if (about->st_uid != drop->owner)
        return "owner: is not the one whose files are believed; let that login write it, or correct owner in the feed";
    if ((about->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "mode: group or others may write to it; take that away before it is renamed into the directory";
    if (about->st_nlink > 1)
        return "file: has another name besides this one; rename it, do not link it";
    if (about->st_size > DROP_FILE_MOST)
        return "file: is larger than 64 MiB; split it";
    return NULL;
}

static bool read_whole(int fd, struct drop_file *file, size_t len)
{
    file->bytes = mem_grow(NULL, len + 1, 1);
    while (file->len < len) {
        ssize_t got = read(fd, file->bytes + file->len, len - file->len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        file->len += (size_t)got;
    }
    file->bytes[file->len] = '\0';
    return file->len == len;
}

char *drop_directory_read(struct drop_directory *drop, const char *name, struct drop_file *ret)
{
    /* Neither a link is followed nor a pipe waited for. */
    int fd = openat(drop->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct drop_file file = {0};
    struct stat about;
    const char *why;
    char *reason = NULL;

    if (fd < 0 || fstat(fd, &about) != 0)
        reason = mem_printf("file: cannot be opened: %s", errno == ELOOP ? "it is a link" : strerror(errno));
    else if ((why = judge(drop, &about)) != NULL)
        reason = mem_copy(why);
    else if (!read_whole(fd, &file, (size_t)about.st_size))
        reason = mem_copy("file: changed while it was read; rename it in when it is whole");
    close_fd(fd);
    if (reason != NULL) {
        free(file.bytes);
        return reason;
    }
    file.changed_at.us = (int64_t)about.st_mtim.tv_sec * 1000000;
    *ret = file;
    return NULL;
}

/* ---- moving ---- */

/* Under a name that is free there. The caller frees; NULL when it could not be moved. */
static char *move(struct drop_directory *drop, const char *name, int to)
{
    for (int i = 0; i < NUMBER_MOST; i++) {
        char *there = i == 0 ? mem_copy(name) : mem_printf("%s.%d", name, i);

        if (renameat2(drop->directory, name, to, there, RENAME_NOREPLACE) == 0)
            return there;
        free(there);
        if (errno != EEXIST)
            break;
    }
    drop->stuck = mem_grow(drop->stuck, drop->stuck_count + 1, sizeof(char *));
    drop->stuck[drop->stuck_count++] = mem_copy(name);
    return NULL;
}

bool drop_directory_done(struct drop_directory *drop, const char *name)
{
    char *there = move(drop, name, drop->done);
    bool is_moved = there != NULL;

    free(there);
    return is_moved;
}

bool drop_directory_fail(struct drop_directory *drop, const char *name, const char *reason)
{
    char *there = move(drop, name, drop->failed);
    char *beside = there != NULL ? mem_printf("%s.reason", there) : NULL;
    int fd = beside != NULL ? openat(drop->failed, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640) : -1;
    bool is_said = fd >= 0 && dprintf(fd, "%s", reason) >= 0;

    close_fd(fd);
    free(beside);
    free(there);
    return is_said;
}
