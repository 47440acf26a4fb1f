/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

enum { CHUNK_BYTES = 8192 }; /* most decisions fit into one */

struct chunk {
    struct chunk *older;
    size_t used;
    size_t room;
    alignas(max_align_t) char bytes[];
};

struct decide_memory {
    struct chunk *newest;
};

/* Not zeroed as a whole: what is taken is, and most of a chunk is never taken. */
static struct chunk *chunk_new(struct chunk *older, size_t room)
{
    struct chunk *chunk = mem_grow(NULL, sizeof(*chunk) + room, 1);

    chunk->older = older;
    chunk->used = 0;
    chunk->room = room;
    return chunk;
}

struct decide_memory *decide_memory_new(void)
{
    struct chunk *chunk = chunk_new(NULL, CHUNK_BYTES);
    struct decide_memory *memory =
        (struct decide_memory *)(void *)chunk->bytes; /* lives in its own first chunk */

    chunk->used = sizeof(max_align_t);
    memory->newest = chunk;
    return memory;
}

void decide_memory_free(struct decide_memory *memory)
{
    struct chunk *chunk = memory == NULL ? NULL : memory->newest;

    while (chunk != NULL) {
        struct chunk *older = chunk->older;

        free(chunk);
        chunk = older;
    }
}

static char *take(struct decide_memory *memory, size_t bytes)
{
    struct chunk *chunk = memory->newest;
    char *taken;

    if (bytes > SIZE_MAX / 4)
        abort();
    bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (chunk->room - chunk->used < bytes) {
        chunk = chunk_new(chunk, bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES);
        memory->newest = chunk;
    }
    taken = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return taken;
}

void *decide_memory_take(struct decide_memory *memory, size_t count, size_t size)
{
    void *taken;

    if (size != 0 && count > SIZE_MAX / 4 / size)
        abort();
    taken = take(memory, count * size);
    memset(taken, 0, count * size);
    return taken;
}

char *decide_memory_text(struct decide_memory *memory, const char *bytes, size_t len)
{
    char *text = take(memory, len + 1);

    memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}
