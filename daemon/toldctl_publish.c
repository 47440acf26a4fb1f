/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_publish.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "publish_wrap.h"
#include "publisher.h"
#include "secret.h"
#include "told/event.h"
#include "told/mem.h"
#include "told/wire.h"
#include "toldctl.h"

/* A refused key stays refused for as long as nobody reloads told: that is not worth a long wait. */
enum { TIMEOUT_S = 30, UNKNOWN_MS = 3000, TURN_MS = 100 };

/* A long file is read no further than this ahead of what has settled. */
static const size_t AHEAD_BYTES_MOST = 32 * 1024 * 1024;
static const size_t AHEAD_EVENTS_MOST = 4000;

struct publish {
    const char *config_path, *feed_name, *connect, *source, *id, *time;
    int64_t timeout_s, epoch;
    bool resume;
    struct config *config;
    const struct config_feed *feed;
    struct publisher *publisher;
    const char *path; /* being read */
    char *last_source;
    uint64_t line, acked, refused;
};

/* ---- what becomes of each ---- */

static void on_settled(void *cookie, enum publisher_outcome outcome, const char *source, const char *id, uint64_t number,
                       const char *reason)
{
    struct publish *publish = cookie;

    if (outcome == PUBLISHER_ACKED) {
        publish->acked++;
        return;
    }
    publish->refused++;
    fprintf(stderr, "NAK event=%" PRIu64 " source=%s id=%s reason=\"%s\"\n", number, source, id != NULL ? id : "-", reason);
}

static void refuse_here(struct publish *publish, const char *reason)
{
    publish->refused++;
    fprintf(stderr, "NAK event=%" PRIu64 " source=- id=- reason=\"%s; not sent\"\n", publish->line, reason);
}

/* 0, or the exit code: nothing has settled for so long that waiting on is pointless. */
static int check_patience(const struct publish *publish)
{
    enum publisher_state state = publisher_state(publish->publisher);
    int64_t quiet_ms = publisher_quiet_ms(publish->publisher);

    if (publisher_unsettled(publish->publisher) == 0 ||
        (quiet_ms < publish->timeout_s * 1000 && (state != PUBLISHER_UNKNOWN || quiet_ms < UNKNOWN_MS)))
        return 0;
    switch (state) {
    case PUBLISHER_UNKNOWN:
        return toldctl_refuse(EX_UNAVAILABLE, "told does not know the key of feed %s: put its public key into the feed's "
                                              "configuration and reload told", publish->feed->name);
    case PUBLISHER_BUSY:
        return toldctl_refuse(EX_TEMPFAIL, "told stayed busy (%s); publish again, what it has is not stored twice",
                              publisher_busy_reason(publish->publisher));
    case PUBLISHER_OPEN:
        return toldctl_refuse(EX_TEMPFAIL, "told stopped answering; publish again, what it has is not stored twice");
    case PUBLISHER_CONNECTING:
    default:
        return toldctl_refuse(EX_UNAVAILABLE, "told could not be reached at %s; does it run, is its public key the one in "
                                              "the configuration?", publish->connect);
    }
}

/* Until no more than so much is unsettled. */
static int settle_down_to(struct publish *publish, size_t events, size_t bytes)
{
    int code = 0;

    while (code == 0 && (publisher_unsettled(publish->publisher) > events || publisher_bytes(publish->publisher) > bytes)) {
        publisher_turn(publish->publisher, TURN_MS);
        code = check_patience(publish);
    }
    return code;
}

/* ---- what is sent ---- */

/* Whose it is can be read even of what told will refuse; where it cannot, it goes under the source before it, for told
 * is to have it in quarantine rather than nobody. */
static const char *source_of(struct publish *publish, const json_t *root)
{
    const char *text = json_text_at(root, "source");

    if (text != NULL && *text != '\0') {
        free(publish->last_source);
        publish->last_source = mem_copy(text);
    } else if (publish->last_source == NULL) {
        publish->last_source = mem_copy(publish->feed->sources[0]);
    }
    return publish->last_source;
}

static void put_body(struct publish *publish, const char *body, size_t len)
{
    json_t *root;
    uint64_t sequence;
    bool has_sequence;

    if (len > publish->feed->max_bytes) {
        char *reason = mem_printf("body: %zu bytes, more than the %zu this feed may send", len, publish->feed->max_bytes);

        refuse_here(publish, reason);
        free(reason);
        return;
    }
    root = json_loadb(body, len, 0, NULL); /* told judges; here only its name is wanted */
    has_sequence = wire_sequence_parse(json_text_at(root, "sequence"), &sequence);
    publisher_put(publish->publisher, source_of(publish, root), json_text_at(root, "id"), has_sequence ? &sequence : NULL,
                  body, len, publish->line);
    json_decref(root);
}

static int publish_lines(struct publish *publish, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int code = 0;

    while (code == 0 && (len = getline(&line, &room, file)) >= 0) {
        size_t mark = publish->line++ == 0 ? json_mark(line, (size_t)len) : 0;

        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if ((size_t)len <= mark)
            continue;
        put_body(publish, line + mark, (size_t)len - mark);
        publisher_turn(publish->publisher, 0);
        code = settle_down_to(publish, AHEAD_EVENTS_MOST, AHEAD_BYTES_MOST);
    }
    if (code == 0 && ferror(file))
        code = toldctl_refuse(EX_IOERR, "%s cannot be read: %s", publish->path, strerror(errno));
    free(line);
    return code;
}

/* The same message sent again must be the same event: its time is the file's, not that of the sending. */
static int publish_foreign(struct publish *publish, FILE *file)
{
    struct stat about;
    struct instant time = clock_real();
    struct buf body = {0};
    char *bytes = NULL;
    char *source = mem_copy(publish->source != NULL ? publish->source : publish->feed->sources[0]);
    size_t len = 0;
    int code = 0;

    if (fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode))
        time = (struct instant){(int64_t)about.st_mtim.tv_sec * 1000000};
    if (publish->time != NULL && !instant_parse(publish->time, &time)) {
        code = toldctl_refuse(EX_USAGE, "--time is no RFC 3339 time with a zone");
        goto done;
    }
    if (!toldctl_read(publish->path, &bytes, &len)) {
        code = EX_NOINPUT;
        goto done;
    }
    if (source[strlen(source) - 1] == '/') /* a granted prefix; told's grammar of sources ends with a name */
        source[strlen(source) - 1] = '\0';
    publish->line++;
    publish_wrap(&body, publish->feed->adapter, source, publish->id, time, bytes, len);
    put_body(publish, buf_string(&body), body.len);
    code = settle_down_to(publish, AHEAD_EVENTS_MOST, AHEAD_BYTES_MOST);
done:
    buf_release(&body);
    free(bytes);
    free(source);
    return code;
}

static int publish_file(struct publish *publish, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "r");
    int code;

    publish->path = path;
    if (file == NULL)
        return toldctl_refuse(EX_NOINPUT, "%s cannot be opened: %s", path, strerror(errno));
    if (strcmp(publish->feed->adapter, "cloudevents") == 0)
        code = publish_lines(publish, file);
    else
        code = publish_foreign(publish, file);
    if (!is_stdin)
        (void)fclose(file);
    return code;
}

/* ---- options and opening ---- */

static int read_options(struct publish *publish, int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"feed", required_argument, NULL, 'F'},   {"connect", required_argument, NULL, 'c'},
        {"timeout", required_argument, NULL, 't'}, {"epoch", required_argument, NULL, 'e'},
        {"source", required_argument, NULL, 's'}, {"id", required_argument, NULL, 'i'},
        {"time", required_argument, NULL, 'T'},   {"resume", no_argument, NULL, 'r'},
        {"as", required_argument, NULL, 'a'},     {"json", no_argument, NULL, 'j'}, {0}};
    int option;
    bool good = true;

    optind = 1;
    while ((option = getopt_long(argc, argv, "f:", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'f': publish->config_path = optarg; break;
        case 'F': publish->feed_name = optarg; break;
        case 'c': publish->connect = optarg; break;
        case 's': publish->source = optarg; break;
        case 'i': publish->id = optarg; break;
        case 'T': publish->time = optarg; break;
        case 'r': publish->resume = true; break;
        case 't': good = toldctl_number(optarg, &publish->timeout_s) && good; break;
        case 'e': good = toldctl_number(optarg, &publish->epoch) && good; break;
        case 'a': case 'j': break;
        default: good = false; break;
        }
    }
    return good && publish->feed_name != NULL && optind < argc ? 0 : toldctl_usage("publish");
}

static int open_feed(struct publish *publish)
{
    struct toldctl ctl = {.command = "publish", .config_path = publish->config_path};
    int code = toldctl_open_config(&ctl);

    publish->config = ctl.config;
    if (code != 0)
        return code;
    publish->feed = config_feed(publish->config, publish->feed_name);
    if (publish->feed == NULL)
        return toldctl_refuse(EX_CONFIG, "the configuration has no feed %s", publish->feed_name);
    if (publish->feed->kind != FEED_CONFIRMED)
        return toldctl_refuse(EX_CONFIG, publish->feed->kind == FEED_BROADCAST
                                             ? "feed %s is a broadcast: its publisher sends, told subscribes"
                                             : "feed %s is a directory: rename a file into it",
                              publish->feed_name);
    if (publish->feed->secret_key == NULL)
        return toldctl_refuse(EX_CONFIG, "feed %s has no secret_key here: it names the file with the publisher's key",
                              publish->feed_name);
    if (publish->feed->sources == NULL || publish->feed->sources[0] == NULL || publish->feed->sources[0][0] == '\0')
        return toldctl_refuse(EX_CONFIG, "feed %s is granted no source", publish->feed_name);
    if (publish->config->ingest_public_key == NULL)
        return toldctl_refuse(EX_CONFIG, "told's public key is not known here: name it as ingest's public_key");
    return 0;
}

static int open_publisher(struct publish *publish)
{
    struct publisher_options options = {.server_key = publish->config->ingest_public_key, .epoch = publish->epoch,
                                        .resume = publish->resume, .settled = on_settled, .cookie = publish};
    char *reason = NULL;
    char *secret = secret_read(publish->config->directory, publish->feed->secret_key, &reason);
    int code = 0;

    if (publish->connect == NULL)
        publish->connect = publish->feed->connect != NULL ? publish->feed->connect : publish->config->ingest_bind;
    if (publish->connect == NULL) {
        code = toldctl_refuse(EX_CONFIG, "where told listens is not known: give --connect or the feed's connect");
        goto done;
    }
    if (secret != NULL) {
        options.endpoint = publish->connect;
        options.secret_key = secret;
        publish->publisher = publisher_new(&options, &reason);
    }
    if (publish->publisher == NULL)
        code = toldctl_refuse(EX_CONFIG, "%s", reason);
done:
    secret_free(secret);
    free(reason);
    return code;
}

int toldctl_publish(int argc, char **argv, const char *config_path)
{
    struct publish publish = {.config_path = config_path, .timeout_s = TIMEOUT_S, .epoch = 1};
    int code = read_options(&publish, argc, argv);

    if (code == 0)
        code = open_feed(&publish);
    if (code == 0)
        code = open_publisher(&publish);
    for (int i = optind; code == 0 && i < argc; i++) {
        publish.line = 0;
        code = publish_file(&publish, argv[i]);
    }
    if (code == 0)
        code = settle_down_to(&publish, 0, 0);
    if (publish.publisher != NULL)
        printf("acknowledged %" PRIu64 ", refused %" PRIu64 ", unsettled %zu\n", publish.acked, publish.refused,
               publisher_unsettled(publish.publisher));
    if (code == 0 && publish.refused > 0)
        code = EX_DATAERR;
    publisher_free(publish.publisher);
    config_unref(publish.config);
    free(publish.last_source);
    return code;
}
