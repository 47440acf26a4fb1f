/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_keys.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "secret.h"
#include "told/mem.h"
#include "toldctl.h"

enum { KEY_TEXT_SIZE = 41 };

struct keys {
    const char *config_path, *directory;
    bool json;
    struct config *config;
};

static int open_keys(struct keys *keys)
{
    struct toldctl ctl = {.command = "keys", .config_path = keys->config_path};
    int code = toldctl_open_config(&ctl);

    keys->config = ctl.config;
    return code;
}

/* The directory of the configuration file, whether that file can be read yet or not: keys are made before it is whole. */
static char *directory_of(const struct keys *keys)
{
    const char *slash = keys->config_path != NULL ? strrchr(keys->config_path, '/') : NULL;

    if (keys->directory != NULL)
        return mem_copy(keys->directory);
    if (keys->config_path == NULL)
        return mem_copy("/etc/told");
    return slash != NULL ? mem_copy_n(keys->config_path, (size_t)(slash - keys->config_path)) : mem_copy(".");
}

static bool name_is_good(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == len;
}

static int write_public(const char *path, const char *public_key)
{
    FILE *file = fopen(path, "wx");
    bool good = file != NULL && fprintf(file, "%s\n", public_key) > 0;

    if (file != NULL && fclose(file) != 0)
        good = false;
    return good ? 0 : toldctl_refuse(EX_CANTCREAT, "%s cannot be written: %s", path, strerror(errno));
}

static int keys_new(struct keys *keys, const char *name)
{
    char public_key[KEY_TEXT_SIZE], secret_key[KEY_TEXT_SIZE];
    char *directory = directory_of(keys);
    char *secret_path = mem_printf("%s/%s.key", directory, name);
    char *public_path = mem_printf("%s/%s.pub", directory, name);
    char *reason = NULL;
    int code = 0;

    if (!name_is_good(name))
        code = toldctl_refuse(EX_USAGE, "a key's name is made of letters, digits, - and _");
    else if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        code = toldctl_refuse(EX_CANTCREAT, "%s cannot be made: %s", directory, strerror(errno));
    else if (zmq_curve_keypair(public_key, secret_key) != 0)
        code = toldctl_refuse(EX_SOFTWARE, "this libzmq has no CURVE");
    else if ((reason = secret_write(secret_path, secret_key)) != NULL)
        code = toldctl_refuse(EX_CANTCREAT, "%s", reason);
    else
        code = write_public(public_path, public_key);
    explicit_bzero(secret_key, sizeof secret_key);
    if (code == 0) {
        fprintf(stderr, "secret key in %s, public key in %s:\n", secret_path, public_path);
        printf("%s\n", public_key);
    }
    free(reason);
    free(secret_path);
    free(public_path);
    free(directory);
    return code;
}

static const char *kind_text(const struct config_feed *feed)
{
    static const char *const TEXTS[] = {"confirmed", "broadcast", "directory"}; /* enum feed_kind */

    return TEXTS[feed->kind];
}

static void print_key(const struct config_feed *feed, const char *key, const char *file, const char *note)
{
    printf("%-20s %-10s %s%s%s%s\n", feed->name, kind_text(feed), key != NULL ? key : "(no key yet)",
           file != NULL ? "  " : "", file != NULL ? file : "", note);
}

static void print_feed(const struct config_feed *feed)
{
    if (feed->kind == FEED_DIRECTORY)
        printf("%-20s %-10s %s\n", feed->name, kind_text(feed), "(no key: believed by owner and mode)");
    else
        print_key(feed, feed->key, feed->key_file, "");
    if (feed->next_key != NULL || feed->next_key_file != NULL)
        print_key(feed, feed->next_key, feed->next_key_file, "  (next)");
}

static int keys_list(struct keys *keys)
{
    json_t *all = json_array();
    int code = open_keys(keys);

    for (size_t i = 0; code == 0 && i < keys->config->feed_count; i++) {
        const struct config_feed *feed = &keys->config->feeds[i];

        if (keys->json)
            (void)json_array_append_new(all, json_pack("{s:s,s:s,s:s?,s:s?,s:s?,s:s?}", "feed", feed->name, "kind",
                                                       kind_text(feed), "key", feed->key, "key_file", feed->key_file,
                                                       "next_key", feed->next_key, "next_key_file", feed->next_key_file));
        else
            print_feed(feed);
    }
    if (code == 0 && keys->json)
        toldctl_print_json(all);
    json_decref(all);
    return code;
}

/* The allow-list is the configuration, and nobody edits that but its owner: say what to take out of it. */
static int keys_revoke(struct keys *keys, const char *name)
{
    const struct config_feed *feed;
    int code = open_keys(keys);

    if (code != 0)
        return code;
    feed = config_feed(keys->config, name);
    if (feed == NULL)
        return toldctl_refuse(EX_DATAERR, "the configuration has no feed %s; `toldctl keys list` shows them", name);
    printf("Take feed-%s out of %s, or give it another %s; then reload told (systemctl reload told).\n"
           "From its next message on, this key is let in no more: %s\n",
           name, keys->config->names.feeds, feed->key_file != NULL ? "key_file" : "key",
           feed->key != NULL ? feed->key : "(none yet)");
    return 0;
}

int toldctl_keys(int argc, char **argv, const char *config_path)
{
    static const struct option OPTIONS[] = {{"dir", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
                                            {"as", required_argument, NULL, 'a'}, {0}};
    struct keys keys = {.config_path = config_path};
    int option, words, code;

    optind = 1;
    while ((option = getopt_long(argc, argv, "f:", OPTIONS, NULL)) != -1) {
        if (option == 'f')
            keys.config_path = optarg;
        else if (option == 'd')
            keys.directory = optarg;
        else if (option == 'j')
            keys.json = true;
        else if (option != 'a')
            return toldctl_usage("keys");
    }
    words = argc - optind;
    if (words == 2 && strcmp(argv[optind], "new") == 0)
        code = keys_new(&keys, argv[optind + 1]);
    else if (words == 1 && strcmp(argv[optind], "list") == 0)
        code = keys_list(&keys);
    else if (words == 2 && strcmp(argv[optind], "revoke") == 0)
        code = keys_revoke(&keys, argv[optind + 1]);
    else
        code = toldctl_usage("keys");
    config_unref(keys.config);
    return code;
}
