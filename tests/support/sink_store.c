/* SPDX-License-Identifier: Apache-2.0 */
#include "sink_store.h"

#include "told/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct sink_store {
    pthread_mutex_t lock;
    char *folder; /* DIR/LIST; NULL: counts only */
    char *suffix;
    int lines; /* fd of DIR/LIST.ndjson */
    long count, first;
};

static long count_lines(int fd)
{
    char chunk[65536];
    ssize_t got;
    long lines = 0;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        for (ssize_t i = 0; i < got; i++)
            lines += chunk[i] == '\n';
    return lines;
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

struct sink_store *sink_store_new(const char *directory, const char *list, const char *suffix)
{
    struct sink_store *store = mem_new(sizeof *store);
    pthread_mutex_init(&store->lock, NULL);
    store->lines = -1;
    if (!directory)
        return store;
    char *path = mem_printf("%s/%s.ndjson", directory, list);
    store->folder = suffix ? mem_printf("%s/%s", directory, list) : NULL;
    store->suffix = mem_copy(suffix);
    store->lines = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    free(path);
    if (store->lines < 0 || (store->folder && !make_folder(store->folder))) {
        sink_store_free(store);
        return NULL;
    }
    store->first = count_lines(store->lines);
    return store;
}

void sink_store_free(struct sink_store *store)
{
    if (!store)
        return;
    if (store->lines >= 0)
        close(store->lines);
    pthread_mutex_destroy(&store->lock);
    free(store->folder);
    free(store->suffix);
    free(store);
}

static void write_whole(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0)
            return;
        bytes += done;
        len -= (size_t)done;
    }
}

static void write_file(const struct sink_store *store, long number, const char *bytes, size_t len)
{
    char *path = mem_printf("%s/%06ld.%s", store->folder, number, store->suffix);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        write_whole(fd, bytes, len);
        close(fd);
    }
    free(path);
}

static void write_line(const struct sink_store *store, json_t *object, long number)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_object_set_new(object, "n", json_integer(number));
    json_object_set_new(object, "at", json_real((double)now.tv_sec + (double)now.tv_nsec / 1e9));
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(16));
    if (text) {
        char *line = mem_printf("%s\n", text);
        write_whole(store->lines, line, strlen(line));
        free(line);
    }
    free(text);
}

void sink_store_add(struct sink_store *store, json_t *object, const char *bytes, size_t len)
{
    pthread_mutex_lock(&store->lock);
    long number = store->first + ++store->count;
    if (store->folder && bytes)
        write_file(store, number, bytes, len);
    if (store->lines >= 0)
        write_line(store, object, number);
    pthread_mutex_unlock(&store->lock);
    json_decref(object);
}

long sink_store_count(struct sink_store *store)
{
    pthread_mutex_lock(&store->lock);
    long count = store->count;
    pthread_mutex_unlock(&store->lock);
    return count;
}
