/* SPDX-License-Identifier: Apache-2.0 */
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "told/mem.h"

#define FILE_NAME "%020llu.spool"
#define LOCK_NAME "lock"
#define ASIDE ".unread" /* behind the name of a file that cannot be read: what follows must not wait for it */

static const size_t FILE_BYTES = 16 * 1024 * 1024; /* a file that has grown so far is not written to again */

struct spool {
    int directory, lock, file; /* file: the one written to; -1: none */
    int64_t most, bytes;       /* bytes: in all files, put or synced */
    uint64_t first, last;      /* numbers of the files; last < first: there is none */
    size_t synced, put;        /* of the last file: written to the disk, and in all */
    struct buf pending;        /* put, not written yet */
    uint64_t reading;          /* the file that `read` holds; 0: none */
    struct buf read;
    size_t at;                 /* how far it was read */
    uint64_t aside;            /* files that could not be read, so far */
};

static void name_of(uint64_t number, char out[64])
{
    (void)snprintf(out, 64, FILE_NAME, (unsigned long long)number);
}

/* ---- opening ---- */

static char *check_directory(int fd, const char *directory)
{
    struct stat about;

    if (fstat(fd, &about) != 0 || !S_ISDIR(about.st_mode))
        return mem_printf("%s is no directory", directory);
    if (about.st_uid != geteuid() || (about.st_mode & 077) != 0)
        return mem_printf("%s is not told's alone: give it to the user told runs as, with mode 0700", directory);
    return NULL;
}

static char *open_directory(struct spool *spool, const char *directory)
{
    char *reason;

    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return mem_printf("%s cannot be made: %s", directory, strerror(errno));
    spool->directory = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (spool->directory < 0)
        return mem_printf("%s cannot be opened: %s", directory, strerror(errno));
    reason = check_directory(spool->directory, directory);
    if (reason != NULL)
        return reason;
    spool->lock = openat(spool->directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (spool->lock < 0 || flock(spool->lock, LOCK_EX | LOCK_NB) != 0)
        return mem_printf("%s: %s; does another told use it?", directory, strerror(errno));
    return NULL;
}

/* False: errno says why. */
static bool read_file(struct spool *spool, uint64_t number, struct buf *out)
{
    char name[64], chunk[65536];
    ssize_t got = -1;
    int fd, why;

    name_of(number, name);
    buf_reset(out);
    fd = openat(spool->directory, name, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = read(fd, chunk, sizeof chunk)) > 0)
        buf_append(out, chunk, (size_t)got);
    why = errno;
    if (fd >= 0)
        (void)close(fd);
    if (got != 0)
        log_error("stage=ingest spool=%s reason=\"cannot be read: %s\"", name, strerror(why));
    errno = why;
    return got == 0;
}

/* Where the whole records of the last file end: what a crash has torn off is cut, nothing else. */
static void cut_tail(struct spool *spool)
{
    struct spool_record record;
    enum spool_verdict verdict = SPOOL_RECORD;
    size_t size = 0, end = 0;
    char name[64];

    if (!read_file(spool, spool->last, &spool->read))
        return;
    while ((verdict = spool_record_parse(spool->read.bytes + end, spool->read.len - end, &record, &size)) == SPOOL_RECORD ||
           verdict == SPOOL_DAMAGED)
        end += size;
    if (verdict != SPOOL_TORN)
        return;
    name_of(spool->last, name);
    log_warning("stage=ingest spool=%s bytes=%zu action=cut reason=\"a write that did not end\"", name, size);
    spool->file = openat(spool->directory, name, O_WRONLY | O_CLOEXEC);
    if (spool->file < 0 || ftruncate(spool->file, (off_t)end) != 0 || fsync(spool->file) != 0)
        log_error("stage=ingest spool=%s reason=\"cannot be cut: %s\"", name, strerror(errno));
    else
        spool->bytes -= (int64_t)size;
    if (spool->file >= 0)
        (void)close(spool->file);
    spool->file = -1;
}

static void find_files(struct spool *spool)
{
    DIR *listing = fdopendir(dup(spool->directory));
    const struct dirent *entry;

    spool->first = UINT64_MAX;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        struct stat about;
        char name[64];
        uint64_t number = strtoull(entry->d_name, NULL, 10);

        name_of(number, name);
        if (number == 0 || strcmp(name, entry->d_name) != 0 || fstatat(spool->directory, name, &about, 0) != 0)
            continue;
        spool->bytes += (int64_t)about.st_size;
        spool->first = number < spool->first ? number : spool->first;
        spool->last = number > spool->last ? number : spool->last;
    }
    if (listing != NULL)
        (void)closedir(listing);
    if (spool->last == 0)
        spool->first = 1;
}

struct spool *spool_open(const char *directory, int64_t most_bytes, char **ret_reason)
{
    struct spool *spool = mem_new(sizeof *spool);

    spool->directory = spool->lock = spool->file = -1;
    spool->most = most_bytes;
    *ret_reason = open_directory(spool, directory);
    if (*ret_reason != NULL) {
        spool_close(spool);
        return NULL;
    }
    find_files(spool);
    if (spool->last > 0)
        cut_tail(spool);
    buf_reset(&spool->read);
    return spool;
}

void spool_close(struct spool *spool)
{
    const int fds[] = {spool != NULL ? spool->file : -1, spool != NULL ? spool->lock : -1,
                       spool != NULL ? spool->directory : -1};

    if (spool == NULL)
        return;
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    buf_release(&spool->pending);
    buf_release(&spool->read);
    free(spool);
}

void spool_set_most(struct spool *spool, int64_t most_bytes)
{
    spool->most = most_bytes;
}

bool spool_is_empty(const struct spool *spool)
{
    return spool->last < spool->first;
}

int64_t spool_bytes(const struct spool *spool)
{
    return spool->bytes;
}

int64_t spool_most(const struct spool *spool)
{
    return spool->most;
}

/* ---- writing ---- */

/* A new file's name is durable before what is in it. */
static bool begin_file(struct spool *spool)
{
    char name[64];

    name_of(spool->last + 1, name);
    spool->file = openat(spool->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (spool->file < 0 || fsync(spool->directory) != 0)
        return false;
    spool->last++;
    spool->synced = spool->put = 0;
    return true;
}

static bool write_pending(struct spool *spool)
{
    size_t done = 0;

    if (spool->file < 0 && !begin_file(spool))
        return false;
    while (done < spool->pending.len) {
        ssize_t wrote = write(spool->file, spool->pending.bytes + done, spool->pending.len - done);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    spool->put += done;
    buf_reset(&spool->pending);
    return true;
}

static bool give_up(struct spool *spool)
{
    log_error("stage=ingest reason=\"the spool cannot be written: %s; make room\"", strerror(errno));
    spool->bytes -= (int64_t)(spool->pending.len + spool->put - spool->synced);
    buf_reset(&spool->pending);
    if (spool->file >= 0 && ftruncate(spool->file, (off_t)spool->synced) == 0 &&
        lseek(spool->file, (off_t)spool->synced, SEEK_SET) >= 0) {
        spool->put = spool->synced;
    } else if (spool->file >= 0) {
        (void)close(spool->file); /* its torn tail is passed over by whoever reads it; what follows has a file of its own */
        spool->file = -1;
    }
    return false;
}

bool spool_put(struct spool *spool, const struct spool_record *record)
{
    size_t before = spool->pending.len;

    spool_record_print(&spool->pending, record);
    if (spool->bytes + (int64_t)(spool->pending.len - before) > spool->most) {
        spool->pending.len = before;
        return false;
    }
    spool->bytes += (int64_t)(spool->pending.len - before);
    if (spool->pending.len > FILE_BYTES / 4 && !write_pending(spool))
        return give_up(spool);
    return true;
}

bool spool_sync(struct spool *spool)
{
    if (spool->pending.len == 0 && spool->put == spool->synced)
        return true;
    if (!write_pending(spool) || fdatasync(spool->file) != 0)
        return give_up(spool);
    spool->synced = spool->put;
    if (spool->synced >= FILE_BYTES) {
        (void)close(spool->file);
        spool->file = -1;
    }
    return true;
}

/* ---- reading ---- */

/* Whether reading it again will not help. */
static bool is_lasting(int why)
{
    return why != EINTR && why != EAGAIN && why != EMFILE && why != ENFILE && why != ENOMEM;
}

/* A file that cannot be read keeps its bytes, under another name, and is passed over as an empty one. */
static void set_aside(struct spool *spool, uint64_t number, int why)
{
    char name[64], there[64 + sizeof ASIDE];
    struct stat about = {0};

    if (!is_lasting(why))
        return;
    name_of(number, name);
    (void)snprintf(there, sizeof there, "%s" ASIDE, name);
    (void)fstatat(spool->directory, name, &about, 0);
    if (why != ENOENT && renameat(spool->directory, name, spool->directory, there) != 0) {
        log_error("stage=ingest spool=%s reason=\"cannot be set aside: %s\"", name, strerror(errno));
        return;
    }
    spool->aside += why != ENOENT;
    spool->bytes -= (int64_t)about.st_size;
    if (number == spool->last && spool->file >= 0) {
        (void)close(spool->file); /* what comes has a file of its own */
        spool->file = -1;
        spool->synced = spool->put = 0;
    }
    spool->reading = number;
    spool->at = 0;
}

uint64_t spool_set_aside(const struct spool *spool)
{
    return spool->aside;
}

/* The file at hand once more: it may have grown. */
static bool load(struct spool *spool)
{
    size_t before = spool->read.len;
    uint64_t number = spool->reading != 0 ? spool->reading : spool->first;

    if (spool->reading == 0)
        before = spool->at = 0;
    if (!read_file(spool, number, &spool->read)) {
        set_aside(spool, number, errno);
        return false;
    }
    spool->reading = number;
    if (number == spool->last && spool->file >= 0 && spool->read.len > spool->synced)
        spool->read.len = spool->synced;
    return spool->read.len > before;
}

static bool has_unread(struct spool *spool)
{
    while (spool->reading == 0 || spool->at >= spool->read.len) {
        if (spool_is_empty(spool))
            return false;
        if (load(spool))
            continue;
        if (spool->reading == 0 || spool->reading >= spool->last)
            return false;
        spool->reading++;
        spool->at = 0;
        buf_reset(&spool->read);
    }
    return true;
}

enum spool_verdict spool_next(struct spool *spool, struct spool_record *ret)
{
    enum spool_verdict verdict;
    const char *bytes;
    size_t size = 0;

    if (!has_unread(spool))
        return SPOOL_END;
    bytes = spool->read.bytes + spool->at;
    verdict = spool_record_parse(bytes, spool->read.len - spool->at, ret, &size);
    spool->at += size;
    if (verdict != SPOOL_RECORD) {
        /* The tail was cut when it was opened: what is no record now has been damaged since. */
        *ret = (struct spool_record){.received_at = INSTANT_NONE, .body = bytes, .len = size};
        verdict = SPOOL_DAMAGED;
    }
    return verdict;
}

static void remove_file(struct spool *spool, uint64_t number)
{
    struct stat about;
    char name[64];

    name_of(number, name);
    if (fstatat(spool->directory, name, &about, 0) == 0)
        spool->bytes -= (int64_t)about.st_size;
    if (unlinkat(spool->directory, name, 0) != 0 && errno != ENOENT)
        log_error("stage=ingest spool=%s reason=\"cannot be removed: %s\"", name, strerror(errno));
}

void spool_forget(struct spool *spool)
{
    bool is_last = spool->reading == spool->last && spool->pending.len == 0 && spool->put == spool->synced;
    bool is_done = spool->reading != 0 && spool->at >= spool->read.len && is_last &&
                   (spool->file < 0 || spool->read.len >= spool->synced);

    while (spool->reading != 0 && spool->first < spool->reading)
        remove_file(spool, spool->first++);
    if (!is_done)
        return;
    if (spool->file >= 0)
        (void)close(spool->file);
    spool->file = -1;
    spool->synced = spool->put = 0;
    remove_file(spool, spool->first++);
    spool->reading = 0;
    buf_release(&spool->read);
    spool->at = 0;
}
