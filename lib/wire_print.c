/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h, the other half: bodies written, and what was parsed released. */
#include <stdlib.h>

#include "told/json.h"
#include "told/wire.h"

static void put(json_t *root, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new(root, key, value) != 0)
        abort(); /* no memory: see mem.h */
}

/* A member that is NULL is left out. */
static void put_text(json_t *root, const char *key, const char *text)
{
    json_t *value = json_string(text);

    if (text == NULL)
        return;
    /* Never fail over a text: a peer waits for this answer. */
    put(root, key, value != NULL ? value : json_string("(not UTF-8)"));
}

static void put_sequence(json_t *root, const char *key, uint64_t sequence)
{
    char text[24];

    put(root, key, json_string(wire_sequence_print(sequence, text)));
}

static char *finish(json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT);

    if (text == NULL)
        abort();
    json_decref(root);
    return text;
}

char *wire_hello_print(const struct wire_hello *m)
{
    json_t *root = json_object();

    put(root, "wire", json_integer(m->version));
    put_text(root, "source", m->source);
    put(root, "epoch", json_integer(m->epoch));
    put_sequence(root, "first_unacked", m->first_unacked);
    return finish(root);
}

char *wire_welcome_print(const struct wire_welcome *m)
{
    json_t *root = json_object();

    put_text(root, "source", m->source);
    put(root, "epoch", json_integer(m->epoch));
    put_sequence(root, "next_sequence", m->next_sequence);
    put(root, "credit", json_integer(m->credit));
    return finish(root);
}

char *wire_ack_print(const struct wire_ack *m)
{
    json_t *root = json_object();

    put_text(root, "source", m->source);
    if (m->id != NULL)
        put_text(root, "id", m->id);
    else
        put_sequence(root, "sequence", m->sequence);
    return finish(root);
}

char *wire_nak_print(const struct wire_nak *m)
{
    json_t *root = json_object();

    put_text(root, "source", m->source);
    put_text(root, "id", m->id);
    put_text(root, "sha256", m->sha256);
    put_text(root, "reason", m->reason);
    return finish(root);
}

char *wire_busy_print(const struct wire_busy *m)
{
    json_t *root = json_object();

    put_text(root, "reason", m->reason);
    put(root, "retry_after", json_integer(m->retry_after_s));
    return finish(root);
}

char *wire_get_print(const struct wire_get *m)
{
    json_t *root = json_object();

    put_text(root, "source", m->source);
    put(root, "epoch", json_integer(m->epoch));
    put_sequence(root, "from", m->from);
    put(root, "max", json_integer(m->max));
    return finish(root);
}

char *wire_confirm_print(const char *source, uint64_t sequence)
{
    json_t *root = json_object();

    put_text(root, "source", source);
    put_sequence(root, "sequence", sequence);
    return finish(root);
}
