/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toldctl.h"

#define OPTIONS_MOST 16

int toldctl_refuse(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "toldctl: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    return code;
}

bool toldctl_number(const char *text, int64_t *ret)
{
    /* Notices and listings say D-17, C-4, W-3 and H-2; people type what they read. */
    if (*text && strchr("DCWH", *text) && text[1] == '-')
        text += 2;
    if (!*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text) ||
        strtoll(text, NULL, 10) == 0)
        return false;
    *ret = strtoll(text, NULL, 10);
    return true;
}

bool toldctl_since(const char *text, struct instant *ret)
{
    struct civil_day day;
    if (!civil_parse(text, &day))
        return instant_parse(text, ret);
    *ret = civil_instant(day, 0, 0);
    return true;
}

static bool take(const struct toldctl_option *option, const char *value)
{
    if (option->ret_flag) {
        *option->ret_flag = true;
        return true;
    }
    if (option->ret_text) {
        *option->ret_text = value;
        return true;
    }
    for (size_t i = 0; i + 1 < TOLDCTL_LIST_MOST; i++)
        if (!option->ret_list[i]) {
            option->ret_list[i] = value;
            return true;
        }
    fprintf(stderr, "toldctl: --%s stands more than %d times\n", option->name, TOLDCTL_LIST_MOST - 1);
    return false;
}

/* getopt's table from ours: the common options first. */
static void table_of(const struct toldctl_option *options, struct option table[OPTIONS_MOST])
{
    size_t count = 0;
    table[count++] = (struct option){"json", no_argument, NULL, 'j'};
    table[count++] = (struct option){"as", required_argument, NULL, 'a'};
    for (size_t i = 0; options && options[i].name && count + 1 < OPTIONS_MOST; i++)
        table[count++] = (struct option){
            options[i].name, options[i].ret_flag ? no_argument : required_argument, NULL, 1000 + (int)i};
    table[count] = (struct option){0};
}

int toldctl_options(struct toldctl *ctl, int argc, char **argv, const struct toldctl_option *options,
                    int words_least, int words_most)
{
    struct option table[OPTIONS_MOST];
    table_of(options, table);
    int got;
    optind = 0; /* glibc: begin anew */
    while ((got = getopt_long(argc, argv, "f:", table, NULL)) != -1) {
        if (got == 'j')
            ctl->json = true;
        else if (got == 'a')
            ctl->as = optarg;
        else if (got == 'f')
            ctl->config_path = optarg;
        else if (got < 1000 || !take(&options[got - 1000], optarg)) {
            toldctl_usage(ctl->command);
            return -1;
        }
    }
    int words = argc - optind;
    if (words < words_least || (words_most >= 0 && words > words_most)) {
        toldctl_usage(ctl->command);
        return -1;
    }
    return optind;
}

bool toldctl_read(const char *path, char **ret_bytes, size_t *ret_len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    struct buf all = {0};
    char part[65536];
    size_t got;
    bool good = file != NULL;
    while (good && (got = fread(part, 1, sizeof part, file)) > 0)
        buf_append(&all, part, got);
    good = good && !ferror(file);
    if (file && file != stdin)
        fclose(file);
    if (!good) {
        toldctl_refuse(EX_NOINPUT, "%s: cannot be read (%m); give the name of a readable file", path);
        buf_release(&all);
        return false;
    }
    buf_char(&all, 0);
    *ret_len = all.len - 1;
    *ret_bytes = buf_take(&all);
    return true;
}
