/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "config.h"
#include "told/mem.h"

struct config_current {
    pthread_mutex_t lock;
    struct config *config;
};

struct config_current *config_current_new(struct config *config)
{
    struct config_current *current = mem_new(sizeof *current);

    pthread_mutex_init(&current->lock, NULL);
    current->config = config;
    return current;
}

void config_current_free(struct config_current *current)
{
    if (current == NULL)
        return;
    config_unref(current->config);
    pthread_mutex_destroy(&current->lock);
    free(current);
}

struct config *config_current_get(struct config_current *current)
{
    struct config *config;

    /* Under the lock: between reading the pointer and counting, a swap could free what it points to. */
    pthread_mutex_lock(&current->lock);
    config = config_ref(current->config);
    pthread_mutex_unlock(&current->lock);
    return config;
}

void config_current_set(struct config_current *current, struct config *config)
{
    struct config *old;

    pthread_mutex_lock(&current->lock);
    old = current->config;
    current->config = config;
    pthread_mutex_unlock(&current->lock);
    config_unref(old);
}
