/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "told/json.h"

static const struct {
    const char *name, *id;
} SINKS[] = {[BENCH_SINK_MAILS] = {"mails.ndjson", "message_id"}, [BENCH_SINK_HOOKS] = {"hooks.ndjson", "webhook_id"}};

json_t *bench_sink_read(const struct harness *h, enum bench_sink sink)
{
    json_t *at = json_object();
    char *path = harness_path(h, SINKS[sink].name), *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");

    while (f != NULL && getline(&line, &room, f) > 0) {
        json_t *one = json_loads(line, 0, NULL);
        const char *id = json_text_at(one, SINKS[sink].id);

        if (id != NULL)
            json_object_set(at, id, json_object_get(one, "at"));
        json_decref(one);
    }
    if (f != NULL)
        fclose(f);
    free(line);
    free(path);
    return at;
}
