/* SPDX-License-Identifier: Apache-2.0 */
#include "kick.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "told/mem.h"

struct kick {
    int fd;
};

struct kick *kick_new(void)
{
    struct kick *kick = mem_new(sizeof *kick);

    kick->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (kick->fd < 0)
        abort(); /* out of descriptors at start: as out of memory */
    return kick;
}

void kick_free(struct kick *kick)
{
    if (kick == NULL)
        return;
    close(kick->fd);
    free(kick);
}

void kick_wake(struct kick *kick)
{
    uint64_t one = 1;

    /* A full counter already says what we came to say. */
    if (kick != NULL && write(kick->fd, &one, sizeof one) < 0)
        return;
}

int kick_fd(const struct kick *kick)
{
    return kick->fd;
}

void kick_clear(struct kick *kick)
{
    uint64_t count;

    if (read(kick->fd, &count, sizeof count) < 0)
        return; /* nobody had kicked */
}

void kick_wait(struct kick *kick, int fd, int timeout_ms)
{
    struct pollfd waits[2] = {
        {.fd = kick->fd, .events = POLLIN},
        {.fd = fd, .events = POLLIN}, /* poll skips a negative one */
    };

    /* A signal, or any other reason to come back early, does no harm: the caller looks at what is due. */
    (void)poll(waits, 2, timeout_ms);
    kick_clear(kick);
}
