/* SPDX-License-Identifier: Apache-2.0 */
#include "config_text.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "told/buf.h"
#include "told/mem.h"

enum { CONFIG_TEXT_MOST = 4 * 1024 * 1024 };

static void fault_pass(struct config_reading *reading, const char *file, int line, const char *format, va_list args)
{
    char text[1024];

    (void)vsnprintf(text, sizeof text, format, args);
    reading->faults++;
    reading->fault(reading->cookie, file, line, text);
}

void config_text_fault(struct config_reading *reading, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fault_pass(reading, file, line, format, args);
    va_end(args);
}

void config_text_fault_at(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                          const char *format, ...)
{
    const char *included = at != NULL ? config_setting_source_file(at) : NULL;
    unsigned line = at != NULL ? config_setting_source_line(at) : 0;
    va_list args;

    va_start(args, format);
    fault_pass(reading, included != NULL ? included : text->path, line > 0 ? (int)line : 1, format, args);
    va_end(args);
}

char *config_text_path(const struct config *config, const char *name)
{
    if (name[0] == '/' || strcmp(config->directory, ".") == 0)
        return mem_copy(name);
    return mem_printf("%s/%s", config->directory, name);
}

char *config_text_read(const char *path, size_t *ret_len, char **ret_reason)
{
    struct buf bytes = {0};
    char *text = NULL;
    FILE *file = fopen(path, "re");
    char some[16384];
    size_t got;

    if (file == NULL) {
        *ret_reason = mem_printf("%s cannot be opened (%s), name a file that can be read", path, strerror(errno));
        return NULL;
    }
    while (bytes.len <= CONFIG_TEXT_MOST && (got = fread(some, 1, sizeof some, file)) > 0)
        buf_append(&bytes, some, got);
    if (ferror(file) != 0)
        *ret_reason = mem_printf("%s cannot be read (%s), name a file that can be read", path, strerror(errno));
    else if (bytes.len > CONFIG_TEXT_MOST)
        *ret_reason = mem_printf("%s is larger than %d bytes, name the right file", path, CONFIG_TEXT_MOST);
    else if (bytes.len > 0 && memchr(bytes.bytes, '\0', bytes.len) != NULL)
        *ret_reason = mem_printf("%s holds a NUL byte, name a text file", path);
    else {
        *ret_len = bytes.len;
        text = buf_take(&bytes);
    }
    buf_release(&bytes);
    fclose(file);
    return text;
}

/* A value may begin with @include only outside strings; told reads lists of files instead, because libconfig cannot say
 * which file of an include is missing. */
static const char *syntax_advice(const char *error)
{
    if (strstr(error, "duplicate") != NULL)
        return "the name stands twice (or the value does not fit), remove one";
    if (strstr(error, "include") != NULL)
        return "name files in feeds and protocol instead of @include";
    return "correct this line or the one before";
}

bool config_text_open(struct config_text *text, struct config_reading *reading, const char *path)
{
    char *reason = NULL;
    char *bytes;
    size_t len = 0;
    bool is_good = false;

    text->path = mem_copy(path);
    config_init(&text->parsed);
    bytes = config_text_read(path, &len, &reason);
    if (bytes == NULL) {
        config_text_fault(reading, path, 1, "%s", reason);
    } else if (config_read_string(&text->parsed, bytes) != CONFIG_TRUE) {
        const char *error = config_error_text(&text->parsed);

        error = error != NULL ? error : "unreadable";
        config_text_fault(reading, path, config_error_line(&text->parsed), "%s, %s", error, syntax_advice(error));
    } else {
        is_good = true;
    }
    free(bytes);
    free(reason);
    return is_good;
}

void config_text_close(struct config_text *text)
{
    config_destroy(&text->parsed);
    free(text->path);
    text->path = NULL;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t len = strlen(name), tail = strlen(ending);

    return len > tail && strcmp(name + len - tail, ending) == 0;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

static char **directory_names(DIR *directory, const char *path, const char *ending)
{
    char **list = mem_new(sizeof *list);
    size_t count = 0;
    struct dirent *entry;

    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ending))
            continue;
        list = mem_grow(list, count + 2, sizeof *list);
        list[count++] = mem_printf("%s/%s", path, entry->d_name);
        list[count] = NULL;
    }
    qsort(list, count, sizeof *list, compare_names);
    return list;
}

char **config_text_list(struct config_reading *reading, const char *path, const char *ending, const char *file, int line)
{
    struct stat at;
    DIR *directory;
    char **list;

    if (stat(path, &at) != 0) {
        config_text_fault(reading, file, line, "%s cannot be found (%s), name a file or a directory of *%s files", path,
                          strerror(errno), ending);
        return NULL;
    }
    if (!S_ISDIR(at.st_mode)) {
        list = mem_new(2 * sizeof *list);
        list[0] = mem_copy(path);
        return list;
    }
    directory = opendir(path);
    if (directory == NULL) {
        config_text_fault(reading, file, line, "%s cannot be read (%s), let told read it", path, strerror(errno));
        return NULL;
    }
    list = directory_names(directory, path, ending);
    closedir(directory);
    if (list[0] == NULL) {
        config_text_fault(reading, file, line, "%s holds no *%s file, put one there or name another directory", path, ending);
        config_text_free_list(list);
        return NULL;
    }
    return list;
}

void config_text_free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

bool config_text_read_list(struct config_reading *reading, const char *path, const char *file, int line,
                           struct config_files *ret)
{
    char **names = config_text_list(reading, path, ".conf", file, line);
    bool is_good = names != NULL;

    *ret = (struct config_files){0};
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        struct config_file one = {.name = names[i]};
        char *reason = NULL;

        one.text = config_text_read(names[i], &one.len, &reason);
        if (one.text == NULL)
            config_text_fault(reading, names[i], 1, "%s", reason);
        is_good = is_good && one.text != NULL;
        free(reason);
        ret->items = mem_grow(ret->items, ret->count + 1, sizeof *ret->items);
        ret->items[ret->count++] = one;
    }
    free(names); /* the names went into the list */
    return is_good;
}

void config_text_release_list(struct config_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].name);
        free(files->items[i].text);
    }
    free(files->items);
    *files = (struct config_files){0};
}
