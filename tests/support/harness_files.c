/* SPDX-License-Identifier: Apache-2.0 */
/* What told reads in a box: keys, feeds, the configuration; and what is written there. */
#include "harness_box.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "cluster.h"
#include "told/mem.h"
#include "whole_file.h"

static const char *const FEEDS[HARNESS_FEEDS] = {"police", "court", "custody", "care", "yos", "register", "hearing", "broadcast"};

char *harness_path(const struct harness *h, const char *name)
{
    return mem_printf("%s/%s", h->directory, name);
}

void harness_write(const struct harness *h, const char *name, const char *text)
{
    char *path = harness_path(h, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
        harness_die(path);
    free(path);
}

char *harness_secret(const struct harness *h, const char *feed)
{
    char *name = mem_printf("%s.secret", feed), *path = harness_path(h, name);

    free(name);
    return path;
}

void harness_files_keys(struct harness *h)
{
    unsigned char secret[24];
    char key[41], base64[64], *text;

    if (zmq_curve_keypair(h->public_key, key) != 0)
        harness_die("zmq_curve_keypair");
    harness_write(h, "told.key", key);
    for (size_t i = 0; i < HARNESS_FEEDS; i++) {
        char *name = mem_printf("%s.secret", FEEDS[i]);

        if (zmq_curve_keypair(h->public_keys[i], h->secret_keys[i]) != 0)
            harness_die("zmq_curve_keypair");
        harness_write(h, name, h->secret_keys[i]);
        free(name);
    }
    randombytes_buf(secret, sizeof secret);
    sodium_bin2base64(base64, sizeof base64, secret, sizeof secret, sodium_base64_VARIANT_ORIGINAL);
    text = mem_printf("whsec_%s", base64);
    harness_write(h, "webhook.secret", text);
    h->webhook_secret = text;
}

static const char *const FEED_GRANTS[HARNESS_FEEDS] = {
    "sources = [ \"police/\" ]; types = [ \"*\" ];",  "sources = [ \"court/\" ]; types = [ \"*\" ];",
    "sources = [ \"custody/\" ]; types = [ \"*\" ];", "sources = [ \"care/\" ]; types = [ \"*\" ];",
    "sources = [ \"yos/\" ]; types = [ \"*\" ];",
    "sources = [ \"register/southwark\" ]; types = [ \"*\" ]; adapter = \"hmcts-court-register\";",
    "sources = [ \"hearing/southwark\" ]; types = [ \"*\" ]; adapter = \"hmcts-hearing\";",
    "sources = [ \"broadcast/\" ]; types = [ \"*\" ];",
};

/* Files of events, and bare foreign ones. */
static void write_drop(struct harness *h)
{
    char *path = harness_path(h, "drop"), *foreign = harness_path(h, "drop-register");
    char *text = mem_printf("feed-drop = { kind = \"directory\"; path = \"%s\"; sources = [ \"drop/\" ]; types = [ \"*\" ]; };\n"
                            "feed-drop-register = { kind = \"directory\"; path = \"%s\"; sources = [ \"drop-register/one\" ];"
                            " types = [ \"*\" ]; adapter = \"hmcts-court-register\"; };\n", path, foreign);

    if (mkdir(path, 0700) != 0 || mkdir(foreign, 0700) != 0)
        harness_die(path);
    harness_write(h, "feeds/drop.conf", text);
    free(text);
    free(path);
    free(foreign);
}

void harness_files_feeds(struct harness *h)
{
    char *folder = harness_path(h, "feeds");

    if (mkdir(folder, 0700) != 0)
        harness_die(folder);
    free(folder);
    if (h->options.drop)
        write_drop(h);
    for (size_t i = 0; i < HARNESS_FEEDS; i++) {
        bool broadcast = strcmp(FEEDS[i], "broadcast") == 0,
             expects = h->options.expects != NULL && strcmp(FEEDS[i], "police") == 0;
        bool replay = broadcast && h->options.replay;
        char *name = mem_printf("feeds/%s.conf", FEEDS[i]), *text;

        if (broadcast && !h->options.broadcast) {
            free(name);
            continue;
        }
        text = mem_printf("feed-%s = { kind = \"%s\"; key = \"%s\"; secret_key = \"%s.secret\"; %s%s%s%s%s%s%s%s%s%s };\n", FEEDS[i],
                          broadcast ? "broadcast" : "confirmed", h->public_keys[i], FEEDS[i], FEED_GRANTS[i],
                          broadcast ? " connect = \"" : "", broadcast ? h->broadcast_endpoint : "", broadcast ? "\";" : "",
                          replay ? " replay = \"" : "", replay ? h->replay_endpoint : "", replay ? "\";" : "", expects ? " expects = { " : "", expects ? h->options.expects : "",
                          expects ? " };" : "");
        harness_write(h, name, text);
        free(text);
        free(name);
    }
}

static int or_else(int value, int otherwise)
{
    return value != 0 ? value : otherwise;
}

static void write_hooks(const struct harness *h, struct buf *b)
{
    for (const char *at = h->options.more_hooks; at != NULL && *at != '\0';) {
        const char *mark = strstr(at, "@HOOK@");

        if (mark == NULL) {
            buf_text(b, at);
            return;
        }
        buf_append(b, at, (size_t)(mark - at));
        buf_printf(b, "%d", h->hook_port);
        at = mark + strlen("@HOOK@");
    }
}

void harness_files_config(struct harness *h)
{
    struct buf b = {0};

    buf_printf(&b,
               "authority = \"southwark\";\nreference_domain = \"told.southwark.example\";\n"
               "last_resort = \"last-resort@southwark.example\";\n"
               "trusted = [ \"pnc\", \"cro\", \"noms\", \"ccd\", \"yos\", \"lcs\", \"nhs\", \"upn\" ];\npoll_ms = %d;\n"
               "feeds = \"feeds\";\nprotocol = \"%s/conf/protocol\";\ncalendar = \"%s/conf/calendar/bank-holidays.json\";\n"
               "codes = \"%s/conf/codes\";\nroles = \"%s/conf/roles.conf\";\ntemplates = \"%s/conf/templates\";\n",
               or_else(h->options.poll_ms, 100), h->root, h->root, h->root, h->root, h->root);
    buf_printf(&b, "database = { conninfo = \"%s\"; deadline_ms = %d; };\n", cluster_conninfo(h->cluster),
               or_else(h->options.deadline_ms, 10000));
    buf_text(&b, "identity = { looked_after_role = \"mash\"; };\n");
    buf_printf(&b,
               "ingest = { bind = \"%s\"; secret_key = \"told.key\"; public_key = \"%s\"; spool = \"spool\"; "
               "gap_after_s = %d; replay_every_s = %d; };\n",
               h->endpoint, h->public_key, or_else(h->options.gap_after_s, 60), or_else(h->options.replay_every_s, 30));
    buf_printf(&b, "brake = { %s };\n",
               h->options.brake != NULL ? h->options.brake : "message_most = 1000000; hour_most = 1000000000;");
    buf_printf(&b, "dispatch = { lease_ms = %d; dead_after_s = %d; };\n", or_else(h->options.lease_ms, 6000),
               or_else(h->options.dead_after_s, 900));
    buf_printf(&b,
               "email = { tls = \"none\"; from = \"told@southwark.example\"; connect_timeout_s = 20; response_timeout_s = %d;"
               " final_timeout_s = %d; senders = %d;",
               or_else(h->options.response_timeout_s, 20), or_else(h->options.response_timeout_s, 20), or_else(h->options.senders, 2));
    if (h->options.second_relay_port != 0)
        buf_printf(&b,
                   " relays = ( { name = \"first\"; url = \"smtp://127.0.0.1:%d\"; },"
                   " { name = \"second\"; url = \"smtp://127.0.0.1:%d\"; } ); };\n",
                   or_else(h->options.smtp_port, h->smtp_port), h->options.second_relay_port);
    else
        buf_printf(&b, " url = \"smtp://127.0.0.1:%d\"; };\n", or_else(h->options.smtp_port, h->smtp_port));
    buf_printf(&b,
               "webhooks = { case-system = { url = \"http://127.0.0.1:%d/told\"; secrets = [ \"webhook.secret\" ];"
               " allow_private = true; connect_timeout_s = 20; timeout_s = 20; };\n",
               or_else(h->options.hook_port, h->hook_port));
    write_hooks(h, &b);
    buf_text(&b,
               " };\ncourts = ( { court = \"camberwell-youth-court\"; host = true; days = [ \"monday\", \"tuesday\", \"wednesday\","
               " \"thursday\", \"friday\" ]; } );\n");
    buf_text(&b, h->options.more_config != NULL ? h->options.more_config : "");
    harness_write(h, "told.conf", b.bytes);
    buf_release(&b);
    h->config = harness_path(h, "told.conf");
}

char *harness_read(const struct harness *h, const char *name)
{
    char *path = harness_path(h, name), *text = whole_file(path, NULL);

    free(path);
    return text != NULL ? text : mem_copy("");
}

char *harness_log(const struct harness *h)
{
    return harness_read(h, "told.log");
}

long harness_lines(const struct harness *h, const char *name)
{
    char *text = harness_read(h, name);
    long lines = 0;

    for (const char *p = text; *p != '\0'; p++)
        lines += *p == '\n';
    free(text);
    return lines;
}
