/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   submit ──▶ waiting ──▶ a sender thread: channel_email_send ──▶ done ──▶ take
 *              (as many as go out in QUEUE_MS)                    + eventfd
 *
 * What waits here is claimed: nobody else can send it, and an immediate mail comes behind it. So no more waits than the
 * senders take in a moment, measured by the mails before; a slow server gets one waiting mail a sender.
 * One mutex guards both queues; nothing else is shared but the flags.
 */
#include "email_pool.h"

#include "clock.h"
#include "told/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_MS = 50, WAITING_MOST = 128 };

struct email_pool {
    struct email_relay relay; /* owned copies */
    int wake_fd;
    pthread_mutex_t lock;
    pthread_cond_t work;       /* a job waits, or the pool stops */
    pthread_cond_t ended;      /* a sender has become idle */
    struct email_job *waiting; /* first in, first out; jobs are owned */
    size_t waiting_count;
    size_t waiting_room;
    struct email_done *done;
    size_t done_count, done_room;
    size_t busy; /* senders with a mail in hand */
    size_t busy_most;
    int64_t mail_us; /* how long a mail takes a sender: a running mean */
    size_t granted;  /* how many may wait, as last said: what was claimed on the strength of it is taken */
    bool stopping;
    atomic_bool give_up;
    pthread_t *threads;
    struct channel_email **channels; /* one a sender; owned */
    size_t thread_count;
};

struct sender {
    struct email_pool *pool;
    struct channel_email *channel;
};

/* ---- the queues; the lock is held ---- */

static struct email_job take_waiting(struct email_pool *pool)
{
    struct email_job job = pool->waiting[0];
    pool->waiting_count--;
    for (size_t i = 0; i < pool->waiting_count; i++)
        pool->waiting[i] = pool->waiting[i + 1];
    return job;
}

static void put_waiting(struct email_pool *pool, const struct email_job *job)
{
    if (pool->waiting_count == pool->waiting_room) {
        pool->waiting_room = pool->waiting_room * 2 + WAITING_MOST;
        pool->waiting = mem_grow(pool->waiting, pool->waiting_room, sizeof *pool->waiting);
    }
    pool->waiting[pool->waiting_count++] = *job;
    pthread_cond_signal(&pool->work);
}

static void put_done(struct email_pool *pool, const struct email_job *job, const struct outcome *outcome)
{
    if (pool->done_count == pool->done_room) {
        pool->done_room = pool->done_room * 2 + 16;
        pool->done = mem_grow(pool->done, pool->done_room, sizeof *pool->done);
    }
    pool->done[pool->done_count++] = (struct email_done){*job, *outcome};
    uint64_t one = 1;
    /* A full counter means a wake-up is already pending. */
    if (pool->wake_fd >= 0 && write(pool->wake_fd, &one, sizeof one) < 0)
        return;
}

/* How many may wait now. */
static size_t room(const struct email_pool *pool)
{
    size_t senders = pool->busy_most, fit = WAITING_MOST;

    if (pool->mail_us > 0 && (size_t)(QUEUE_MS * 1000 / pool->mail_us) * senders < fit)
        fit = (size_t)(QUEUE_MS * 1000 / pool->mail_us) * senders;
    return fit > senders ? fit : senders;
}

static void learn(struct email_pool *pool, int64_t took_ms)
{
    pool->mail_us += (took_ms * 1000 - pool->mail_us) / 8;
}

/* ---- senders ---- */

static void *run_sender(void *cookie)
{
    struct sender *sender = cookie;
    struct email_pool *pool = sender->pool;
    struct channel_email *channel = sender->channel;
    free(sender);
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while ((!pool->waiting_count || pool->busy >= pool->busy_most) && !pool->stopping)
            pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->stopping)
            break;
        struct email_job job = take_waiting(pool);
        struct outcome outcome;
        int64_t began_ms = clock_monotonic_ms();
        pool->busy++;
        pthread_mutex_unlock(&pool->lock);
        channel_email_send(channel, &job, &pool->give_up, &outcome);
        pthread_mutex_lock(&pool->lock);
        put_done(pool, &job, &outcome);
        learn(pool, clock_monotonic_ms() - began_ms);
        pool->busy--;
        if (pool->waiting_count)
            pthread_cond_signal(&pool->work);
        pthread_cond_signal(&pool->ended);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are main's: a sender has all of them blocked. */
static bool start_thread(struct email_pool *pool, struct channel_email *channel)
{
    struct sender *sender = mem_new(sizeof *sender);
    sigset_t all, before;
    *sender = (struct sender){.pool = pool, .channel = channel};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = !pthread_create(&pool->threads[pool->thread_count], NULL, run_sender, sender);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pool->thread_count++;
    else
        free(sender);
    return started;
}

static void init_sync(struct email_pool *pool)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct email_pool *email_pool_start(const struct email_relay *relay, int wake_fd, const char **ret_reason)
{
    const char *fault = email_relay_validate(relay);
    if (!fault && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        fault = "libcurl could not be started";
    if (fault) {
        *ret_reason = fault;
        return NULL;
    }
    struct email_pool *pool = mem_new(sizeof *pool);
    email_relay_copy(&pool->relay, relay);
    init_sync(pool);
    pool->wake_fd = wake_fd;
    pool->granted = (size_t)relay->senders;
    pool->mail_us = QUEUE_MS * 1000; /* as if it were slow, until it has been seen */
    pool->busy_most = (size_t)relay->senders;
    pool->threads = mem_grow(NULL, (size_t)relay->senders, sizeof *pool->threads);
    pool->channels = mem_new((size_t)relay->senders * sizeof *pool->channels);
    for (size_t i = 0; i < (size_t)relay->senders; i++) {
        pool->channels[i] = channel_email_new(&pool->relay);
        if (pool->channels[i] && start_thread(pool, pool->channels[i]))
            continue;
        *ret_reason = "a sender thread could not be started";
        email_pool_free(pool);
        return NULL;
    }
    return pool;
}

bool email_pool_submit(struct email_pool *pool, const struct email_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool fits = !pool->stopping && pool->waiting_count < pool->granted;
    if (fits) {
        struct email_job copy = email_job_copy(job);
        put_waiting(pool, &copy);
    }
    pthread_mutex_unlock(&pool->lock);
    return fits;
}

bool email_pool_hand_over(struct email_pool *pool, struct email_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool taken = !pool->stopping;
    if (taken)
        put_waiting(pool, job);
    pthread_mutex_unlock(&pool->lock);
    if (taken)
        *job = (struct email_job){0};
    return taken;
}

bool email_pool_withdraw(struct email_pool *pool, struct email_job *ret)
{
    pthread_mutex_lock(&pool->lock);
    bool found = pool->waiting_count > 0;
    if (found)
        *ret = take_waiting(pool);
    pthread_mutex_unlock(&pool->lock);
    return found;
}

void email_pool_limit(struct email_pool *pool, size_t most)
{
    pthread_mutex_lock(&pool->lock);
    pool->busy_most = most < 1 ? 1 : most < (size_t)pool->relay.senders ? most : (size_t)pool->relay.senders;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

size_t email_pool_free_slots(struct email_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->granted = pool->stopping ? 0 : room(pool);
    size_t slots = pool->granted > pool->waiting_count ? pool->granted - pool->waiting_count : 0;
    pthread_mutex_unlock(&pool->lock);
    return slots;
}

size_t email_pool_take(struct email_pool *pool, struct email_done *done, size_t most)
{
    pthread_mutex_lock(&pool->lock);
    size_t count = pool->done_count < most ? pool->done_count : most;
    for (size_t i = 0; i < count; i++)
        done[i] = pool->done[i];
    pool->done_count -= count;
    for (size_t i = 0; i < pool->done_count; i++)
        pool->done[i] = pool->done[i + count];
    pthread_mutex_unlock(&pool->lock);
    return count;
}

/* ---- the end ---- */

static void give_back_waiting(struct email_pool *pool)
{
    while (pool->waiting_count) {
        struct email_job job = take_waiting(pool);
        struct outcome outcome = {.message_id = job.message_id, .fence = job.fence};
        outcome.reply.reason = "told stopped before it was tried";
        put_done(pool, &job, &outcome);
    }
}

void email_pool_stop(struct email_pool *pool, int wait_s)
{
    int64_t until_ms = clock_monotonic_ms() + (int64_t)wait_s * 1000;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    give_back_waiting(pool);
    pthread_cond_broadcast(&pool->work);
    while (pool->busy && !pthread_cond_timedwait(&pool->ended, &pool->lock, &until))
        continue;
    pthread_mutex_unlock(&pool->lock);
    atomic_store(&pool->give_up, true);
    for (; pool->thread_count; pool->thread_count--)
        pthread_join(pool->threads[pool->thread_count - 1], NULL);
}

void email_pool_free(struct email_pool *pool)
{
    if (!pool)
        return;
    email_pool_stop(pool, 0);
    for (size_t i = 0; i < (size_t)pool->relay.senders; i++)
        channel_email_free(pool->channels[i]);
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    email_relay_release(&pool->relay);
    free(pool->waiting);
    for (size_t i = 0; i < pool->done_count; i++)
        email_job_release(&pool->done[i].job);
    free(pool->done);
    free(pool->threads);
    free(pool->channels);
    free(pool);
    curl_global_cleanup();
}
