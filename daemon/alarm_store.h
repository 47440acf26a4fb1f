/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms of what lasts: raised when it begins, ended by the fact that it is over. In the caller's transaction. */
#ifndef TOLD_ALARM_STORE_H
#define TOLD_ALARM_STORE_H

#include "duty_store.h"

/* Raises it unless it is open already, by whatever process. *ret_is_new: it was not. */
bool alarm_store_begin(struct duty_store *s, const char *kind, const char *key, const char *detail, bool *ret_is_new);
/* Ends it and closes the duty it had become. *ret_was_open: there was one; NULL where nobody asks. */
bool alarm_store_end(struct duty_store *s, const char *kind, const char *key, const char *reason, bool *ret_was_open);

#endif
