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

struct looking {
    int fresh, seen; /* folders */
    size_t *left;
    int foreign; /* what is no mail that can be read */
};

/* False: nothing more now. What stays where it is takes no other's turn. */
static bool take_one(struct looking *l, const char *name, returns_take_fn *take, void *cookie)
{
    size_t len = 0;
    char *bytes = read_mail(l->fresh, name, &len), *place;
    enum returns_taken taken;

    if (bytes == NULL) {
        l->foreign++;
        return true;
    }
    place = place_of(name);
    taken = take(cookie, place, bytes, len);
    if (taken == RETURNS_TAKEN) {
        put_away(l->fresh, l->seen, name);
        (*l->left)--;
    }
    free(place);
    free(bytes);
    return taken != RETURNS_AGAIN;
}

bool returns_maildir(const struct config_returns *from, size_t *left, returns_take_fn *take, void *cookie, bool *ret_more)
{
    char *new_path = mem_printf("%s/new", from->maildir), *cur_path = mem_printf("%s/cur", from->maildir);
    struct looking l = {.fresh = open(new_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                        .seen = open(cur_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                        .left = left};
    struct dirent **list = NULL;
    int count = l.fresh >= 0 && l.seen >= 0 ? scandir(new_path, &list, is_mail, alphasort) : -1, i = 0;
    bool go_on = true;

    if (count < 0)
        log_error("stage=returns maildir=\"%s\" errno=%d do=\"make it a Maildir that told's user may read and write\"", from->maildir, errno);
    for (; i < count && go_on && *left > 0; i++)
        go_on = take_one(&l, list[i]->d_name, take, cookie);
    if (l.foreign > 0)
        log_warning("stage=returns maildir=\"%s\" foreign=%d do=\"look into new: what is there is no mail that told can read\"",
                    from->maildir, l.foreign);
    for (int n = 0; n < count; n++)
        free(list[n]);
    free(list);
    if (l.fresh >= 0)
        close(l.fresh);
    if (l.seen >= 0)
        close(l.seen);
    free(new_path);
    free(cur_path);
    *ret_more = go_on && i < count;
    return count >= 0;
}
