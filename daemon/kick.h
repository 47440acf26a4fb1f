/* SPDX-License-Identifier: Apache-2.0 */
/* "There is work": an eventfd that wakes a stage. A hint only; a poll every second is the truth. */
#ifndef TOLD_KICK_H
#define TOLD_KICK_H

struct kick;

struct kick *kick_new(void);
void kick_free(struct kick *kick);
void kick_wake(struct kick *kick); /* safe from any thread; NULL is fine */
int kick_fd(const struct kick *kick); /* readable when woken */
void kick_clear(struct kick *kick);
/* Waits until woken, one of the other fds is readable (fd < 0: none) or timeout_ms passed; clears the kick. */
void kick_wait(struct kick *kick, int fd, int timeout_ms);

#endif
