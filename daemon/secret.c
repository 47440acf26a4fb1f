/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "told/mem.h"

enum { SECRET_MOST = 16 * 1024 };

static char *secret_path_in(const char *directory, const char *name)
{
    if (name[0] == '/' || directory == NULL)
        return mem_copy(name);
    return mem_printf("%s/%s", directory, name);
}

/* Where the secret stands. systemd gives a service read access to its credentials by an ACL, whose mask looks like
 * group permission; their directory is private to the service, so there only others count. */
static char *secret_path(const char *directory, const char *name, mode_t *ret_forbidden)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");

    *ret_forbidden = S_IRWXG | S_IRWXO;
    if (credentials != NULL && strchr(name, '/') == NULL) {
        char *path = secret_path_in(credentials, name);

        if (access(path, F_OK) == 0) {
            *ret_forbidden = S_IRWXO;
            return path;
        }
        free(path);
    }
    return secret_path_in(directory, name);
}

char *secret_find(const char *directory, const char *name)
{
    mode_t forbidden;

    return secret_path(directory, name, &forbidden);
}

/* The errors that have an advice of their own; the rest is said in the system's words. */
static char *secret_open_reason(const char *path, int error)
{
    if (error == ENOENT)
        return mem_printf("secret file %s does not exist, create it with mode 0600", path);
    if (error == EACCES)
        return mem_printf("secret file %s cannot be read, give it to the user told runs as, mode 0600", path);
    return mem_printf("secret file %s cannot be opened (%s), repair it", path, strerror(error));
}

static char *secret_refusal(const char *path, int fd, mode_t forbidden)
{
    struct stat at;

    if (fstat(fd, &at) != 0)
        return mem_printf("secret file %s cannot be examined (%s), repair it", path, strerror(errno));
    if (!S_ISREG(at.st_mode))
        return mem_printf("secret file %s is no regular file, name one that is", path);
    if ((at.st_mode & forbidden) != 0)
        return mem_printf("secret file %s is open to group or others (mode %04o), run chmod 600 on it", path,
                          (unsigned)(at.st_mode & 07777));
    if (at.st_size > SECRET_MOST)
        return mem_printf("secret file %s is larger than %d bytes, name the right file", path, SECRET_MOST);
    return NULL;
}

static size_t secret_trimmed(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    return len;
}

static char *secret_read_all(const char *path, int fd, char **ret_reason)
{
    char bytes[SECRET_MOST + 1];
    char *secret = NULL;
    size_t len = 0;
    ssize_t got;

    while (len < sizeof bytes && (got = read(fd, bytes + len, sizeof bytes - len)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *ret_reason = mem_printf("secret file %s cannot be read (%s), repair it", path, strerror(errno));
            goto done;
        }
        len += (size_t)got;
    }
    if (memchr(bytes, '\0', len) != NULL)
        *ret_reason = mem_printf("secret file %s holds a NUL byte, write it as text", path);
    else if (secret_trimmed(bytes, len) == 0)
        *ret_reason = mem_printf("secret file %s is empty, write the secret into it", path);
    else
        secret = mem_copy_n(bytes, secret_trimmed(bytes, len));
done:
    explicit_bzero(bytes, sizeof bytes);
    return secret;
}

char *secret_read(const char *directory, const char *name, char **ret_reason)
{
    mode_t forbidden;
    char *path = secret_path(directory, name, &forbidden);
    char *secret = NULL;
    char *refusal = NULL;
    /* Without O_NONBLOCK a FIFO in the file's place would hold the start up for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        refusal = secret_open_reason(path, errno);
    else
        refusal = secret_refusal(path, fd, forbidden);
    if (refusal != NULL)
        *ret_reason = refusal;
    else
        secret = secret_read_all(path, fd, ret_reason);
    if (fd >= 0)
        close(fd);
    free(path);
    return secret;
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

static bool secret_write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, text, len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text += put;
        len -= (size_t)put;
    }
    return fsync(fd) == 0;
}

char *secret_write(const char *path, const char *text)
{
    char *reason = NULL;
    /* O_EXCL: a key that is overwritten locks every publisher out that has its public half. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return mem_printf("%s cannot be created (%s), choose a new file in a directory you may write", path,
                          strerror(errno));
    if (!secret_write_all(fd, text, strlen(text)) || !secret_write_all(fd, "\n", 1)) {
        reason = mem_printf("%s cannot be written (%s), make room and repeat", path, strerror(errno));
        unlink(path);
    }
    close(fd);
    return reason;
}
