/* SPDX-License-Identifier: Apache-2.0 */
#include "version_shelf.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "told/mem.h"

struct version {
    char *hash;
    struct protocol *protocol; /* NULL: it cannot be read again */
    struct calendar *calendar; /* the same */
};

struct version_shelf {
    struct version *versions;
    size_t count;
};

struct version_shelf *version_shelf_new(void)
{
    return mem_new(sizeof(struct version_shelf));
}

void version_shelf_free(struct version_shelf *shelf)
{
    if (shelf == NULL)
        return;
    for (size_t i = 0; i < shelf->count; i++) {
        free(shelf->versions[i].hash);
        protocol_free(shelf->versions[i].protocol);
        calendar_free(shelf->versions[i].calendar);
    }
    free(shelf->versions);
    free(shelf);
}

const struct protocol *version_shelf_protocol(struct version_shelf *shelf, struct pg *pg, const char *hash, bool *ret_ok)
{
    struct protocol *protocol;
    char *reason = NULL;

    *ret_ok = true;
    for (size_t i = 0; i < shelf->count; i++)
        if (strcmp(shelf->versions[i].hash, hash) == 0)
            return shelf->versions[i].protocol; /* the hash of a calendar is never that of a protocol */
    protocol = version_load_protocol(pg, hash, NULL, &reason);
    if (protocol == NULL && reason == NULL) {
        *ret_ok = false;
        return NULL;
    }
    if (protocol == NULL)
        log_error("protocol=%s state=unreadable reason=\"%s\" do=\"close its open duties by hand: no event will\"", hash, reason);
    free(reason);
    shelf->versions = mem_grow(shelf->versions, shelf->count + 1, sizeof *shelf->versions);
    shelf->versions[shelf->count++] = (struct version){mem_copy(hash), protocol, NULL};
    return protocol;
}

const struct calendar *version_shelf_calendar(struct version_shelf *shelf, struct pg *pg, const char *hash, bool *ret_ok)
{
    struct calendar *calendar;
    char *reason = NULL;

    *ret_ok = true;
    for (size_t i = 0; i < shelf->count; i++)
        if (strcmp(shelf->versions[i].hash, hash) == 0)
            return shelf->versions[i].calendar;
    calendar = version_load_calendar(pg, hash, NULL, NULL, &reason);
    if (calendar == NULL && reason == NULL) {
        *ret_ok = false;
        return NULL;
    }
    if (calendar == NULL)
        log_error("calendar=%s state=unreadable reason=\"%s\"", hash, reason);
    free(reason);
    shelf->versions = mem_grow(shelf->versions, shelf->count + 1, sizeof *shelf->versions);
    shelf->versions[shelf->count++] = (struct version){mem_copy(hash), NULL, calendar};
    return calendar;
}

const struct rule *version_shelf_rule(struct version_shelf *shelf, struct pg *pg, const struct protocol *in_use, const char *hash,
                                      const char *name, bool *ret_ok)
{
    const struct protocol *protocol = in_use;

    *ret_ok = true;
    if (strcmp(hash, protocol_hash(in_use)) != 0)
        protocol = version_shelf_protocol(shelf, pg, hash, ret_ok);
    return protocol != NULL ? protocol_find(protocol, name) : NULL;
}
