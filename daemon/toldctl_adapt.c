/* SPDX-License-Identifier: Apache-2.0 */
/* adapt: the events that somebody else's message becomes, one a line, and what could not be used on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/adapter.h"
#include "told/event.h"
#include "told/hashchain.h"
#include "toldctl.h"

static void print_part(const char *path, const struct adapted *part)
{
    char *reason = NULL;
    enum event_fault fault;
    if (!part->event) {
        fprintf(stderr, "%s: %s: %s%s\n", path, part->part, part->nothing ? "nothing to say: " : "",
                part->reason);
        return;
    }
    json_dumpf(part->event, stdout, JSON_COMPACT);
    putchar('\n');
    struct event *event = event_from_json(part->event, &fault, &reason);
    if (!event)
        fprintf(stderr, "%s: %s: the event made of it is refused: %s\n", path, part->part, reason);
    event_free(event);
    free(reason);
}

/* Of a message all of whose parts are faults nothing was understood. */
static bool is_unusable(const struct adapted_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].event || list->items[i].nothing)
            return false;
    return list->count > 0;
}

/* A file is one foreign message. Its bytes name it, so that the same file gives the same ids. */
static int adapt(const struct codes *codes, const char *adapter, const char *path, const char *source, struct instant sent_at)
{
    char *bytes, hash[65];
    size_t len;
    struct adapted_list list = {0};
    if (!toldctl_read(path, &bytes, &len))
        return EX_NOINPUT;
    hashchain_hex(bytes, len, hash);
    hash[16] = 0;
    char *reason = adapter_run(adapter, codes, bytes, len, source, hash, sent_at, &list);
    int code = 0;
    if (reason)
        code = toldctl_refuse(EX_DATAERR, "%s: %s", path, reason);
    else
        for (size_t i = 0; i < list.count; i++)
            print_part(path, &list.items[i]);
    if (!reason && is_unusable(&list))
        code = EX_DATAERR;
    adapted_list_release(&list);
    free(reason);
    free(bytes);
    return code;
}

int toldctl_adapt(struct toldctl *ctl, int argc, char **argv)
{
    const char *time = NULL, *source = "adapt";
    struct instant sent_at = clock_real();
    const struct toldctl_option options[] = {
        {.name = "time", .ret_text = &time}, {.name = "source", .ret_text = &source}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 2, -1), code = 0;
    if (at < 0)
        return EX_USAGE;
    if (time && !instant_parse(time, &sent_at))
        return toldctl_refuse(EX_USAGE, "--time takes an instant as in 2024-05-31T17:00:00Z");
    if (!adapter_is_known(argv[at])) {
        char *names = adapter_names();
        code = toldctl_refuse(EX_USAGE, "there is no adapter %s; known are %s", argv[at], names);
        free(names);
        return code;
    }
    code = toldctl_open_local_config(ctl);
    if (code)
        return code;
    for (int i = at + 1; i < argc; i++) {
        int one = adapt(ctl->config->codes, argv[at], argv[i], source, sent_at);
        code = code ? code : one;
    }
    return code;
}
