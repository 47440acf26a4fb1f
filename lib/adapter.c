/* SPDX-License-Identifier: Apache-2.0 */
#include "told/adapter.h"

#include <stdlib.h>
#include <string.h>

#include "adapted_list.h"
#include "adapter_court_register.h"
#include "adapter_dcf.h"
#include "adapter_hearing.h"
#include "adapter_hmpps.h"
#include "adapter_spi.h"
#include "foreign_number.h"
#include "told/buf.h"
#include "told/event.h"
#include "told/mem.h"

/* An event that is one already: handed on as it is, its own source and id kept. */
static char *run_cloudevents(const json_t *root, const struct adapter_origin *origin,
                             struct adapted_list *list)
{
    json_t *copy = json_deep_copy(root);

    (void)origin;
    adapted_list_add_event(list, "the message", copy);
    return NULL;
}

static const struct {
    const char *name;
    char *(*run)(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list);
    /* Instead, for messages that are not JSON. */
    char *(*run_bytes)(const char *bytes, size_t len, const struct adapter_origin *origin,
                       struct adapted_list *list);
    bool spells;      /* codes and references written as numbers are taken as the text they are */
    bool takes_twice; /* real messages of it have been seen in which a key stands twice: that must not lose a
                         child */
} ADAPTERS[] = {
    {"cloudevents", run_cloudevents, NULL, false, false},
    {"hmcts-court-register", adapter_court_register_run, NULL, true, true},
    {"hmcts-hearing", adapter_hearing_run, NULL, true, true},
    {"spi-xml", NULL, adapter_spi_run, false, false},
    {"hmpps-domain-event", adapter_hmpps_run, NULL, false, false},
    {"dcf", adapter_dcf_run, NULL, true, false},
};

#define ADAPTER_COUNT (sizeof ADAPTERS / sizeof ADAPTERS[0])

bool adapter_is_known(const char *name)
{
    for (size_t i = 0; i < ADAPTER_COUNT; i++)
        if (strcmp(ADAPTERS[i].name, name) == 0)
            return true;
    return false;
}

char *adapter_names(void)
{
    struct buf names = {0};

    for (size_t i = 0; i < ADAPTER_COUNT; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : i + 1 == ADAPTER_COUNT ? " and " : ", ", ADAPTERS[i].name);
    return buf_take(&names);
}

static char *refuse_name(void)
{
    char *names = adapter_names();
    char *reason = mem_printf("no adapter of that name: told has %s", names);

    free(names);
    return reason;
}

/* An adapter copies foreign text into events. What the catalogue would refuse is found here, where the part
 * of the message it came from is still known. */
static void refuse_invalid(struct adapted *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct adapted *adapted = &items[i];
        enum event_fault fault;
        char *reason = NULL;
        if (adapted->event == NULL)
            continue;
        struct event *event = event_from_json(adapted->event, &fault, &reason);
        if (event == NULL) {
            json_decref(adapted->event);
            adapted->event = NULL;
            adapted->reason = reason;
        }
        event_free(event);
    }
}

static json_t *parse(size_t adapter, const char *bytes, size_t len, char **ret_twice, char **ret_reason)
{
    size_t mark = json_mark(bytes, len);
    json_t *root;

    bytes += mark;
    len -= mark;
    if (ADAPTERS[adapter].takes_twice)
        root = json_parse_foreign(bytes, len, ret_twice, ret_reason);
    else
        root = json_parse_within(bytes, len, JSON_DEPTH_FOREIGN, ret_reason);
    if (ADAPTERS[adapter].spells)
        foreign_number_spell(root);
    return root;
}

char *adapter_run(const char *name, const struct codes *codes, const char *bytes, size_t len, const char *source,
                  const char *id, struct instant sent_at, struct adapted_list *ret)
{
    const struct adapter_origin origin = {.source = source, .id = id, .sent_at = sent_at, .codes = codes};
    struct adapted_list list = {0};
    char *reason = NULL, *twice = NULL;
    json_t *root = NULL;
    size_t i = 0;

    while (i < ADAPTER_COUNT && strcmp(ADAPTERS[i].name, name) != 0)
        i++;
    if (i == ADAPTER_COUNT)
        return refuse_name();
    if (ADAPTERS[i].run == NULL)
        reason = ADAPTERS[i].run_bytes(bytes, len, &origin, &list);
    else if ((root = parse(i, bytes, len, &twice, &reason)) != NULL)
        reason = ADAPTERS[i].run(root, &origin, &list);
    if (reason != NULL)
        goto done;
    if (twice != NULL)
        adapted_list_add_fault(&list, "the message", twice);
    if (list.count == 0)
        adapted_list_add_nothing(&list, "the message", "an empty list");
    refuse_invalid(list.items, list.count);
    refuse_invalid(list.of_age, list.of_age_count);
    *ret = list;
    list = (struct adapted_list){0};
done:
    adapted_list_release(&list);
    json_decref(root);
    free(twice);
    return reason;
}
