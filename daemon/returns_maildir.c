/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Maildir that the mail server delivers into: new/NAME is taken, and moved to cur/NAME:2,S when it is committed
 * (https://cr.yp.to/proto/maildir.html). NAME is unique for ever, so it is the mail's place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "returned_mime.h"
#include "returns.h"
#include "told/mem.h"

enum { NAME_MOST = 200 };

static int is_mail(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A name of odd bytes is told by its hash. */
static char *place_of(const char *name)
{
    static const char FINE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,_=+-";
    size_t len = strcspn(name, ":");
    unsigned char hash[32];
    char hex[2 * sizeof hash + 1];

    if (len <= NAME_MOST && strspn(name, FINE) >= len)
        return mem_printf("maildir:%.*s", (int)len, name);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)name, len, NULL, 0);
    return mem_printf("maildir:#%s", sodium_bin2hex(hex, sizeof hex, hash, sizeof hash));
}

/* The first bytes of a regular file; NULL if it is none, or has gone. */
static char *read_mail(int folder, const char *name, size_t *ret_len)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat is;
    char *bytes = NULL;
    size_t len = 0;
    ssize_t got = 1;

    if (fd < 0 || fstat(fd, &is) != 0 || !S_ISREG(is.st_mode))
        goto done;
    bytes = mem_new(RETURNED_MIME_BYTES_MOST);
    while (len < RETURNED_MIME_BYTES_MOST && (got = read(fd, bytes + len, RETURNED_MIME_BYTES_MOST - len)) > 0)
        len += (size_t)got;
    if (got < 0) {
        free(bytes);
        bytes = NULL;
    }
    *ret_len = len;
done:
    if (fd >= 0)
        close(fd);
    return bytes;
}

static void put_away(int fresh, int seen, const char *name)
{
    char *to = mem_printf("%.*s:2,S", (int)strcspn(name, ":"), name);

    if (renameat(fresh, name, seen, to) != 0 && errno != ENOENT)
        log_error("stage=returns errno=%d do=\"let told's user move mails from new to cur: one that was taken stays in new\"", errno);
    free(to);
}

/* False: nothing more now. */
static bool take_one(int fresh, int seen, const char *name, returns_take_fn *take, void *cookie)
{
    size_t len = 0;
    char *bytes = read_mail(fresh, name, &len), *place;
    enum returns_taken taken;

    if (bytes == NULL) {
        log_warning("stage=returns errno=%d do=\"look into the Maildir: something in new is no mail that can be read\"", errno);
        return true;
    }
    place = place_of(name);
    taken = take(cookie, place, bytes, len);
    if (taken == RETURNS_TAKEN)
        put_away(fresh, seen, name);
    free(place);
    free(bytes);
    return taken != RETURNS_AGAIN;
}

bool returns_maildir(const struct config_returns *from, size_t *left, returns_take_fn *take, void *cookie)
{
    char *new_path = mem_printf("%s/new", from->maildir), *cur_path = mem_printf("%s/cur", from->maildir);
    int fresh = open(new_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), seen = open(cur_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent **list = NULL;
    int count = fresh >= 0 && seen >= 0 ? scandir(new_path, &list, is_mail, alphasort) : -1, i = 0;
    bool go_on = true;

    if (count < 0)
        log_error("stage=returns maildir=\"%s\" errno=%d do=\"make it a Maildir that told's user may read and write\"", from->maildir, errno);
    for (; i < count && go_on && *left > 0; i++, (*left)--)
        go_on = take_one(fresh, seen, list[i]->d_name, take, cookie);
    for (int n = 0; n < count; n++)
        free(list[n]);
    free(list);
    if (fresh >= 0)
        close(fresh);
    if (seen >= 0)
        close(seen);
    free(new_path);
    free(cur_path);
    return go_on && i < count;
}
